"""The link to the county: what may be asked over it, what it carried, and how much the next request should."""

from __future__ import annotations

import contextlib
import ipaddress
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from app.errors import KnownError
from sync.wire import MEDIA_TYPE

CONNECT_SECONDS, STALL_SECONDS = 10.0, 30.0
PIECE = 4 << 10
"""Bytes handed to the network at once: a stall is noticed for so few, however slow the link."""
_SLOW, _FAST = 64 << 10, 4 << 20
_UNKNOWN_RATE, _LOOPBACK_RATE = 32 << 10, 64 << 20
_BUSY = {502, 503, 504}


class Cut(Exception):  # noqa: N818 - what happens every day is no error
    """The link broke, or nothing answers: what came through counts, the rest is tried again."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What suits a link of *rate* bytes a second."""

    rate: float

    @property
    def batch(self) -> int:
        """Bytes that one request should carry: 15 seconds of the link."""
        return int(min(max(self.rate * 15, 16 << 10), 64 << 20))

    @property
    def frame(self) -> int:
        """Bytes that a frame should have: a second of the link, 2 to 64 KB."""
        return int(min(max(self.rate, 2 << 10), 64 << 10))

    @property
    def level(self) -> int:
        """How hard zstd should try."""
        return 19 if self.rate < _SLOW else 6 if self.rate < _FAST else 1


def is_loopback(url: str) -> bool:
    """Whether *url* leads back to this machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def checked(url: str) -> str:
    """*url* without a slash at its end; KnownError unless it is https, or plain http to this machine."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise KnownError("sync.url_wrong", url=url)
    if parts.scheme == "http" and not is_loopback(url):
        raise KnownError("sync.plain_http", url=url)
    return url.rstrip("/")


def first_pace(url: str, rate: float | None) -> Pace:
    """What to begin with: the rate measured before, or a guess. On this machine it is the programs that take time."""
    return Pace(_LOOPBACK_RATE if is_loopback(url) else rate or _UNKNOWN_RATE)


@contextlib.contextmanager
def network() -> Iterator[None]:
    """Turn whatever the network does wrong into a ``Cut``; a wrong certificate is no matter of trying again."""
    try:
        yield
    except requests.exceptions.SSLError as bad:
        raise KnownError("sync.certificate") from bad
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as bad:
        raise Cut(type(bad).__name__) from bad


def post(http: requests.Session, url: str, body: Iterable[bytes], token: str, ca: str) -> requests.Response:
    """Send *body* as a stream and return the answer, unread; KnownError for what the county refuses."""
    headers: dict[str, Any] = {
        "Authorization": f"Bearer {token}",
        "Content-Type": MEDIA_TYPE,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "xzt",
    }
    with network():
        response = http.post(
            f"{url}/v1/exchange",
            data=body,
            headers=headers,
            timeout=(CONNECT_SECONDS, STALL_SECONDS),
            stream=True,
            verify=ca or True,
            allow_redirects=False,
        )
        if response.status_code != requests.codes.ok:
            raise refusal(response)
    if response.headers.get("Content-Type", "").partition(";")[0] != MEDIA_TYPE:
        response.close()
        raise KnownError("sync.not_a_county", url=url)
    return response


def refusal(response: requests.Response) -> Exception:
    """Why the county, or something before it, said no."""
    with response:
        try:
            said = response.json()
        except (requests.RequestException, ValueError):
            said = None
    code = said.get("code") if isinstance(said, dict) else None
    if response.status_code in _BUSY or code == "sync.busy":
        return Cut(f"HTTP {response.status_code}")
    if isinstance(code, str):
        return KnownError(code, **{name: said[name] for name in ("least", "version", "detail") if name in said})
    return KnownError("sync.not_a_county", url=urllib.parse.urlsplit(response.url).netloc)

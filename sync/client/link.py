"""The link to the county: what may be asked over it, what it carried, and how much the next request should."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from app.errors import KnownError
from app.schema.dates import china_time
from app.store.store import Store
from sync.wire import MEDIA_TYPE, Message, Reader, WireError

CONNECT_SECONDS, STALL_SECONDS = 10.0, 30.0
PIECE = 4 << 10
"""Bytes handed to the network at once: a stall is noticed for so few, however slow the link."""
_PORTION = 1 << 10
_SLOW, _FAST = 64 << 10, 4 << 20
_UNKNOWN_RATE, _LOOPBACK_RATE = 32 << 10, 64 << 20
_MADE = 1_767_225_600
"""Seconds since 1970 at the beginning of 2026: a clock before that is wrong."""
_BUSY = {502, 503, 504}
_LONGEST_REST = 60.0
_LEAST_BUFFER = 16 << 10


class Cut(Exception):  # noqa: N818 - what happens every day is no error
    """The link broke, or nothing answers: what came through counts, the rest is tried again.

    ``after``: seconds that the county asked to be left alone; 0 where it didn't.
    """

    def __init__(self, what: str, after: float = 0.0) -> None:
        self.after = after
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Pace:
    """What suits a link of *rate* bytes a second up; *rate_down* where the way down was measured too, *most* after cuts."""

    rate: float
    rate_down: float = 0.0
    most: int = 0

    @property
    def batch(self) -> int:
        """Bytes that one request should carry: 15 seconds of the link."""
        return int(min(max(self.rate * 15, 16 << 10), 64 << 20))

    @property
    def frame(self) -> int:
        """Bytes that a frame going up should have: a quarter of a second of the link, 2 to 64 KB; fewer after a cut."""
        return self._frame(self.rate)

    @property
    def frame_down(self) -> int:
        """Bytes that a frame coming down should have."""
        return self._frame(self.rate_down or self.rate)

    def _frame(self, rate: float) -> int:
        wanted = int(min(max(rate / 4, 2 << 10), 64 << 10))
        return min(wanted, self.most) if self.most else wanted

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


def suited(store: Store, url: str) -> Pace:
    """What suits the link to *url*: the rates measured before, or a guess. On this machine it is the programs that take time."""
    rate = store.meta.get("sync.rate")
    if rate is None and is_loopback(url):
        return Pace(_LOOPBACK_RATE, _LOOPBACK_RATE, store.meta.integer("sync.most_bytes"))
    down = store.meta.get("sync.rate_down") or 0.0
    return Pace(rate or _UNKNOWN_RATE, down, store.meta.integer("sync.most_bytes"))


class Stopwatch:
    """Tells how long the link took, and not the work of this end."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """From now on."""
        self._begun, self._own = time.monotonic(), 0.0

    @contextlib.contextmanager
    def own_work(self) -> Iterator[None]:
        """Work of this end, during which the link isn't waited for."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._own += time.monotonic() - begun

    def waited(self, worked: float = 0.0) -> float:
        """Seconds since the start, less this end's work and *worked*; never nothing, for they overlap."""
        passed = time.monotonic() - self._begun
        return max(passed - self._own - worked, passed / 20, 1e-3)


def link_session(rate: float | None) -> requests.Session:
    """A session whose sockets hold no more than about half a second of a link of *rate* bytes a second in each direction.

    What lies in a buffer of the system can't be overtaken by anything urgent. None: the link isn't known, or is fast.
    """
    session = requests.Session()
    adapter = _Adapter(max(int(rate / 2), _LEAST_BUFFER) if rate and rate < _FAST else 0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Stalling:
    """A connection whose every send, too, may stall for as long as an answer may."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock.settimeout(STALL_SECONDS)


class _Plain(_Stalling, HTTPConnection):
    pass


class _Secure(_Stalling, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def __init__(self, buffer: int) -> None:
        self._buffer = buffer
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        if self._buffer:
            sized = [(socket.SOL_SOCKET, kind, self._buffer) for kind in (socket.SO_SNDBUF, socket.SO_RCVBUF)]
            options["socket_options"] = [*HTTPConnection.default_socket_options, *sized]
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


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


def incoming(response: requests.Response, arrived: Callable[[int], None]) -> Iterator[Message]:
    """The messages of an answer as they come; *arrived* hears of every portion of bytes before it is read."""
    for messages in portions(response, arrived, Reader()):
        yield from messages


def portions(response: requests.Response, arrived: Callable[[int], None], reader: Reader) -> Iterator[list[Message]]:
    """The messages of an answer by *reader*, those together that came together; see ``incoming``.

    What came before something that can't be read is given before the WireError.
    """
    # In small portions: what came of a long one before a cut would else be lost.
    stream = response.iter_content(_PORTION)
    while True:
        with network():
            data = next(stream, b"")
        if not data:
            return
        arrived(len(data))
        found: list[Message] = []
        try:
            for message in reader.feed(data):
                found.append(message)  # noqa: PERF402 - what came before a fault stays
        except WireError:
            yield found
            raise
        yield found


def said_in(response: requests.Response) -> Any:
    """What a refusal says, None where it isn't JSON; Cut where the link broke in it: then it says nothing at all."""
    with response:
        try:
            return response.json()
        except ValueError:
            return None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as bad:
            raise Cut(type(bad).__name__) from bad


def refusal(response: requests.Response) -> Exception:
    """Why the county, or something before it, said no; Cut where the link broke in saying so."""
    said = said_in(response)
    code = said.get("code") if isinstance(said, dict) else None
    if response.status_code in _BUSY or code == "sync.busy":
        asked = response.headers.get("Retry-After", "")
        return Cut(
            f"HTTP {response.status_code}",
            min(float(asked), _LONGEST_REST) if asked.isascii() and asked.isdigit() else 0,
        )
    if isinstance(code, str):
        return KnownError(code, **{name: said[name] for name in ("least", "version", "detail") if name in said})
    return KnownError("sync.not_a_county", url=urllib.parse.urlsplit(response.url).netloc)


def explained(bad: KnownError, now: float, *, doubted: bool = False) -> KnownError:
    """*bad*, but for a certificate that only a wrong clock makes wrong: at *now* (seconds) this program did not exist yet, or the
    clock is *doubted* for other reasons.
    """
    if bad.code == "sync.certificate" and (doubted or now < _MADE):
        return KnownError("sync.certificate_clock", shows=china_time(int(now * 1000))[:10])
    return bad

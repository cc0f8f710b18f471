"""What the county's files are asked over HTTP: tus 1.0 on the way up, Range on the way down; one request a call."""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from app.errors import KnownError
from sync.client.link import CONNECT_SECONDS, PIECE, STALL_SECONDS, Cut, network, refusal, said_in

PATH = "/v1/files"
_ITEM = struct.Struct(">32sI")
_MOST_THUMB = 256 << 10
_AT_ONCE = 64 << 10
_BUSY = {423, 502, 503, 504}
_BARE = {401: "sync.no_token", 403: "sync.revoked", 404: "files.unknown", 410: "files.unknown"}
"""What an answer without a body says."""


@dataclass
class Moved:
    """Bytes of bodies and requests so far, and how fast the link last was, in bytes a second."""

    up: int = 0
    down: int = 0
    requests: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """The county's answer to what a device has; see docs/sync.md."""

    folder: str
    here: frozenset[str]
    send: frozenset[str]
    lost: tuple[str, ...]


class FileHttp:
    """One county's files; whatever the network does wrong is a ``Cut``, what the county refuses a KnownError."""

    def __init__(self, http: requests.Session, url: str, token: str, ca: str, moved: Moved) -> None:
        self._http = http
        self._url = url
        self._ca = ca
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "xzt",
        }
        self.moved = moved

    def ask(self, have: Sequence[str]) -> Asked:
        """Which of *have* the county holds, which it waits for, and what it has lost."""
        with self._send("POST", f"{PATH}/ask", json={"have": list(have)}) as response:
            said = self._json(response)
        try:
            return Asked(str(said["folder"]), frozenset(said["here"]), frozenset(said["send"]), tuple(said["lost"]))
        except (KeyError, TypeError) as bad:
            raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc) from bad

    def create(self, sha256: str, size: int) -> str:
        """Open an upload; return its path."""
        told = base64.b64encode(sha256.encode()).decode()
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": f"sha256 {told}"}
        with self._send("POST", PATH, headers=headers, data=b"") as response:
            place = urlsplit(response.headers.get("Location", "")).path.rpartition("/")[2]
        if not place:
            raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc)
        return f"{PATH}/{place}"

    def offset(self, upload: str) -> int | None:
        """How many bytes of an upload the county has; None where it knows nothing of it."""
        try:
            with self._send("HEAD", upload, headers={"Tus-Resumable": "1.0.0"}) as response:
                return int(response.headers["Upload-Offset"])
        except KnownError as bad:
            if bad.code == "files.unknown":
                return None
            raise
        except (KeyError, ValueError) as bad:
            raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc) from bad

    def append(self, upload: str, offset: int, content: Iterator[bytes], length: int) -> int:
        """Send *length* bytes that belong at *offset*; return how many the county has now."""
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
        }
        begun = time.monotonic()
        body = _Body(_counted(content, self._up), length)
        with self._send("PATCH", upload, headers=headers, data=body) as response:
            try:
                now = int(response.headers["Upload-Offset"])
            except (KeyError, ValueError) as bad:
                raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc) from bad
        self._measure(length, begun)
        return now

    def fetch(self, sha256: str, start: int, end: int) -> Iterator[bytes]:
        """The content from *start* up to *end*, as it comes."""
        begun, came = time.monotonic(), 0
        with self._send("GET", f"{PATH}/{sha256}", headers={"Range": f"bytes={start}-{end - 1}"}) as response:
            told = response.headers.get("Content-Range", "")
            if response.status_code != requests.codes.partial or not told.startswith(f"bytes {start}-"):
                raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc)
            for piece in self._pieces(response):
                came += len(piece)
                yield piece
        self._measure(came, begun)

    def thumbs(self, want: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """(SHA-256, content) of those that the county has, as they come."""
        with self._send("POST", f"{PATH}/thumbs", json={"want": list(want)}) as response:
            if "thumbs" not in response.headers.get("Content-Type", ""):
                raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc)
            held = bytearray()
            for piece in self._pieces(response):
                held += piece
                while len(held) >= _ITEM.size:
                    sha, length = _ITEM.unpack_from(held)
                    if length > _MOST_THUMB:
                        raise KnownError("sync.garbage", detail="thumbs")
                    if len(held) < _ITEM.size + length:
                        break
                    yield sha.hex(), bytes(held[_ITEM.size : _ITEM.size + length])
                    del held[: _ITEM.size + length]
            if held:
                raise Cut("thumbs")

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        while True:
            with network():
                # What is there, and no waiting for a full buffer: a cut must cost nothing that came.
                piece = response.raw.read1(_AT_ONCE)
            if not piece:
                return
            self.moved.down += len(piece)
            yield piece

    def _send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, json: Any = None, data: Any = None
    ) -> requests.Response:
        self.moved.requests += 1
        with network():
            response = self._http.request(
                method,
                f"{self._url}{path}",
                headers={**self._headers, **(headers or {})},
                json=json,
                data=data,
                timeout=(CONNECT_SECONDS, STALL_SECONDS),
                stream=True,
                verify=self._ca or True,
                allow_redirects=False,
            )
            if json is not None:
                self.moved.up += len(response.request.body or b"")
            if not response.ok or response.is_redirect:
                raise _refusal(response, method)
        if method in {"HEAD", "PATCH"} or path == PATH:
            with network():
                response.content  # noqa: B018 - an answer that is read whole leaves the connection open for the next
            told = response.headers.get("Tus-Resumable", "")
            if told != "1.0.0":
                response.close()
                raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc)
        return response

    def _json(self, response: requests.Response) -> Any:
        with network():
            self.moved.down += len(response.content)
        try:
            return response.json()
        except ValueError as bad:
            raise KnownError("sync.not_a_county", url=urlsplit(self._url).netloc) from bad

    def _up(self, length: int) -> None:
        self.moved.up += length

    def _measure(self, length: int, begun: float) -> None:
        if length >= 4 * PIECE:
            self.moved.rate = length / max(time.monotonic() - begun, 1e-3)


class _Body:
    """A body of known length that is handed over piece by piece."""

    def __init__(self, content: Iterator[bytes], length: int) -> None:
        self._content = content
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return self._content


def _counted(content: Iterator[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    for block in content:
        for start in range(0, len(block), PIECE):
            piece = block[start : start + PIECE]
            tell(len(piece))
            yield piece


def _refusal(response: requests.Response, method: str) -> Exception:
    if response.status_code in _BUSY:
        response.close()
        return Cut(f"HTTP {response.status_code}")
    if method == "HEAD":
        # An answer without a body: 404 and 410 speak of the upload, the rest is said again where there is one.
        response.close()
        code = _BARE.get(response.status_code)
        return KnownError(code) if code else Cut(f"HTTP {response.status_code}")
    if response.status_code in {404, 409, 410, 460, 507}:
        said = said_in(response)
        # The library puts what it says itself under "detail".
        detail = said.get("detail", said) if isinstance(said, dict) else None
        code = detail.get("code") if isinstance(detail, dict) else None
        if isinstance(code, str):
            return KnownError(code)
        if detail is not None and response.status_code in {404, 409, 410}:
            return KnownError("files.unknown" if response.status_code != 409 else "files.request_wrong")
        return Cut(f"HTTP {response.status_code}")
    return refusal(response)

"""Files over HTTP below /v1/files: tus 1.0 on the way up, Range on the way down, and what is missing on either side."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import anyio.to_thread
import sqlalchemy as sa
from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field
from tuspyserver import create_tus_router

from app.errors import KnownError
from app.sealed import Reader, SealBrokenError
from sync.county.county import County
from sync.county.database import parts
from sync.county.file_room import FileRoom
from sync.county.named import Named, Names
from sync.county.rights import Device
from sync.county.tables import FILE, THROWN
from sync.county.tus import Uploads, asking

PATH = "/v1/files"
MOST = 1 << 30
"""Bytes of the largest file that a county takes."""
TUS, PATCH_TYPE = "1.0.0", "application/offset+octet-stream"
THUMBS_TYPE = "application/vnd.xiangzhitong.thumbs"
EXTENSIONS = "creation,expiration,termination"
_THUMB_MOST = 256 << 10
_DAYS = 30
_LOST = 200
_SHA = re.compile(r"[0-9a-f]{64}")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_ITEM = struct.Struct(">32sI")
Authorize = Callable[[County, str], Device]


class AskRequest(BaseModel):
    """What a device has to give."""

    have: list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = Field(max_length=1000)


class AskAnswer(BaseModel):
    """Where the county keeps files, which of those asked after are here, which it waits for, and which it has lost."""

    folder: str
    here: list[str]
    send: list[str]
    lost: list[str]


class ThumbsRequest(BaseModel):
    """Thumbnails that a device lacks."""

    want: list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = Field(max_length=1000)


def mount(app: FastAPI, county: County, authorize: Authorize) -> None:
    """Answer for the files of *county*; *authorize* knows the device that a header of authorization belongs to."""

    async def device_of(authorization: Annotated[str, Header()] = "") -> Device:
        device = await anyio.to_thread.run_sync(authorize, county, authorization)
        _room(county)
        return device

    # Said as a default: the names of this function can't be seen from where annotations are read.
    needed = Depends(device_of)

    async def of_tus(request: Request, device: Device = needed) -> None:
        """Asked before the library reads a byte: it reads the body of a PATCH before it asks anything else."""
        asking.set(device.id)
        _check_headers(request)
        uid = request.path_params.get("uuid")
        if uid is not None:
            note = await anyio.to_thread.run_sync(_room(county).note, str(uid))
            if note is None or note.get("device") != device.id:
                raise KnownError("files.unknown")

    async def expected(device: Device = needed) -> Callable[[dict[str, str], Any], Any]:
        async def check(metadata: dict[str, str], told: dict[str, Any]) -> None:
            await anyio.to_thread.run_sync(_check_expected, county, device, metadata, told["size"])

        return check

    own = APIRouter(prefix=PATH, tags=["files"])

    @own.options("", status_code=204, include_in_schema=False)
    @own.options("/", status_code=204, include_in_schema=False)
    def options() -> Response:
        told = {
            "Tus-Resumable": TUS,
            "Tus-Version": TUS,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(MOST),
        }
        return Response(status_code=204, headers=told)

    @own.post("/ask")
    def ask(asked: AskRequest, device: Device = needed) -> AskAnswer:
        return _ask(county, device, asked.have)

    @own.post("/thumbs", response_class=Response, responses={200: {"content": {THUMBS_TYPE: {}}}})
    def thumbs(asked: ThumbsRequest, device: Device = needed) -> Response:
        with county.database.snapshot() as conn:
            named = Names(county, conn, device).of(asked.want)
        allowed = [sha for sha in dict.fromkeys(asked.want) if sha in named and named[sha].read]
        return StreamingResponse(_thumbs(county, allowed), media_type=THUMBS_TYPE)

    @own.get("/{sha256}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
    def get(sha256: str, device: Device = needed, range_: Annotated[str, Header(alias="range")] = "") -> Response:
        return _file(county, device, sha256, range_)

    # What the library declares of its routes is not what a county takes: docs/sync.md says that.
    tus = create_tus_router(
        prefix=PATH.lstrip("/"),
        max_size=MOST,
        days_to_keep=_DAYS,
        pre_create_dep=expected,  # type: ignore[arg-type]
        storage=Uploads(lambda: _room(county), lambda sha, size, device: came(county, sha, size, device)),
    )
    app.include_router(own)
    app.include_router(tus, dependencies=[Depends(of_tus)], include_in_schema=False)


def _room(county: County) -> FileRoom:
    if county.files is None:
        raise KnownError("files.no_room")
    return county.files


def _check_headers(request: Request) -> None:
    method = request.headers.get("x-http-method-override", request.method).upper()
    if request.headers.get("tus-resumable") != TUS or "upload-concat" in request.headers:
        raise KnownError("files.request_wrong")
    length = request.headers.get("content-length", "0")
    offset = request.headers.get("upload-offset", "0")
    if not (length.isdigit() and offset.isdigit()):
        raise KnownError("files.request_wrong")
    if method == "PATCH" and request.headers.get("content-type") != PATCH_TYPE:
        raise KnownError("files.request_wrong")
    if method == "PATCH" and "content-length" not in request.headers:
        raise KnownError("files.request_wrong")
    if method == "POST" and length != "0":
        raise KnownError("files.request_wrong")  # the library would write what comes with a creation in clear


def _check_expected(county: County, device: Device, metadata: dict[str, str], size: int | None) -> None:
    sha256 = metadata.get("sha256", "")
    if not _SHA.fullmatch(sha256) or size is None or not 0 < size <= MOST:
        raise KnownError("files.request_wrong")
    with county.database.snapshot() as conn:
        named = Names(county, conn, device).of([sha256]).get(sha256)
    if named is None or not named.write:
        raise KnownError("files.not_expected")
    if named.size and named.size != size:
        raise KnownError("files.size_wrong")
    if _room(county).free() < size:
        raise KnownError("files.county_full")


def _ask(county: County, device: Device, have: list[str]) -> AskAnswer:
    room = _room(county)
    throw_away(county)
    with county.database.snapshot() as conn:
        names = Names(county, conn, device)
        named = names.of(have)
        lost = names.lost(_LOST)
    # Who may only give a file, not see it, isn't told whether it is here: he gives it.
    here = [sha for sha in have if sha in named and named[sha].read and room.has(sha)]
    send = [sha for sha in have if sha in named and named[sha].write and sha not in set(here)]
    return AskAnswer(folder=room.identity(), here=here, send=send, lost=lost)


def _thumbs(county: County, shas: list[str]) -> Iterator[bytes]:
    """SHA-256, length, content; one that can't be given is passed over."""
    room = _room(county)
    for sha256 in shas:
        try:
            with room.reader(sha256) as reader:
                content = reader.read() if reader.size <= _THUMB_MOST else b""
        except (KnownError, SealBrokenError):
            _lost(county, sha256)
            continue
        if content:
            yield _ITEM.pack(bytes.fromhex(sha256), len(content)) + content


def _file(county: County, device: Device, sha256: str, asked: str) -> Response:
    if not _SHA.fullmatch(sha256):
        raise KnownError("files.unknown")
    with county.database.snapshot() as conn:
        named: Named | None = Names(county, conn, device).of([sha256]).get(sha256)
    if named is None or not named.read:
        raise KnownError("files.unknown")
    try:
        reader = _room(county).reader(sha256)
    except KnownError:
        _lost(county, sha256)
        raise
    start, end = _bounds(asked, reader.size)
    headers = {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if start >= reader.size or start >= end:
        reader.close()
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{reader.size}"})
    headers["Content-Length"] = str(end - start)
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{reader.size}"
    if start == 0:
        county.note(device, "file", sha256=sha256)
    return StreamingResponse(
        _pieces(county, reader, sha256, start, end), 206 if asked else 200, headers, "application/octet-stream"
    )


def _bounds(asked: str, size: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(asked.strip())
    if found is None:
        return 0, size
    return int(found[1]), min(int(found[2]) + 1, size) if found[2] else size


def _pieces(county: County, reader: Reader, sha256: str, start: int, end: int) -> Iterator[bytes]:
    try:
        yield from reader.pieces(start, end)
    except SealBrokenError:
        # The answer ends too early, and the device tries again: by then it is asked for from whoever holds it.
        _room(county).drop(sha256)
        _lost(county, sha256)
        raise
    finally:
        reader.close()


def came(county: County, sha256: str, size: int, device: str) -> None:
    """Note that the file is here, brought by *device*."""
    row = {"county": county.code, "sha256": sha256, "size": size, "device": device, "at": county.now_ms(), "lost": 0}
    with county.database.plain() as conn:
        county.database.put(conn, FILE, [row])
        county.audit(conn, "file came", device=device, sha256=sha256, size=size)


def throw_away(county: County) -> int:
    """Throw away what only showed people who were pseudonymised; how many files."""
    room = county.files
    if room is None:
        return 0
    with county.database.plain() as conn:
        key = [FILE.c.county == county.code, FILE.c.lost == THROWN]
        marked = list(conn.scalars(sa.select(FILE.c.sha256).where(*key)))
        named: set[str] = set()
        for form in county.forms.attachments if marked else ():
            table = county.tables.by_form[form.name]
            for column in ("sha256", "thumb"):
                for some in parts(marked):
                    query = sa.select(table.c[column]).where(table.c.county == county.code, table.c[column].in_(some))
                    named |= set(conn.scalars(query))
        for sha256 in marked:
            one = [FILE.c.county == county.code, FILE.c.sha256 == sha256]
            if sha256 in named:
                conn.execute(sa.update(FILE).where(*one).values(lost=0))
                continue
            room.drop(sha256)
            conn.execute(sa.delete(FILE).where(*one))
    return len(marked) - len(named)


def _lost(county: County, sha256: str) -> None:
    """A record names it and it isn't here: whoever holds it is asked for it, also if this database was set back since it came."""
    key = FILE.c.county == county.code, FILE.c.sha256 == sha256
    with county.database.plain() as conn:
        row = conn.execute(sa.select(FILE.c.lost).where(*key)).one_or_none()
        if row is None:
            missed = {
                "county": county.code,
                "sha256": sha256,
                "size": 0,
                "device": "",
                "at": county.now_ms(),
                "lost": 1,
            }
            county.database.put(conn, FILE, [missed])
        elif not row.lost:
            conn.execute(sa.update(FILE).where(*key).values(lost=1))

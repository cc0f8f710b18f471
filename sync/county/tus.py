"""The storage under tuspyserver: uploads sealed as they come, their offset read from what is on the disk, nobody else's touched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from fastapi import HTTPException
from tuspyserver.storage import TusStorage

from app.errors import KnownError
from app.messages import sentence
from app.sealed import Changed, SealBrokenError, Writer
from sync.county.file_room import FileRoom

HASH_WRONG, FULL, CONFLICT = 460, 507, 409
_writing: ContextVar[Writer | None] = ContextVar("writing", default=None)
asking: ContextVar[str] = ContextVar("asking", default="")
"""The device whose request is being answered."""


class Uploads(TusStorage):
    """``done`` is told (SHA-256, size, device) of each file that came whole. *room* is asked for at each use."""

    def __init__(self, room: Callable[[], FileRoom], done: Callable[[str, int, str], None]) -> None:
        self._room = room
        self._done = done

    async def create(self, uid: str) -> None:
        await asyncio.to_thread(self._room().begin, uid)

    async def exists(self, uid: str) -> bool:
        return await asyncio.to_thread(self._room().note, uid) is not None

    async def size(self, uid: str) -> int:
        return await asyncio.to_thread(self._offset, uid)

    async def append(self, uid: str, chunk: bytes) -> None:
        """Seal a part of a request's body; an upload that another request went on with is left to that one."""
        writer = _writing.get()
        if writer is None:
            raise RuntimeError("append outside of a lock")
        await _kept(writer.write, chunk)

    async def flush(self, uid: str) -> None:
        writer = _writing.get()
        if writer is not None:
            await _kept(writer.flush)

    async def finalize(self, uid: str) -> None:
        """Take the upload over if its content is what was said: 460 otherwise, and the upload is gone."""
        await asyncio.to_thread(self._finish, uid)

    async def read(self, uid: str) -> bytes | None:
        return None  # what was uploaded is given out by SHA-256, to whom it concerns

    async def delete(self, uid: str) -> None:
        await asyncio.to_thread(self._room().forget, uid)

    async def read_info(self, uid: str) -> dict[str, Any] | None:
        return await asyncio.to_thread(self._info, uid)

    async def write_info(self, uid: str, data: dict[str, Any]) -> None:
        await asyncio.to_thread(self._keep, uid, data)

    async def list_uids(self) -> list[str]:
        return []  # uploads that nobody goes on with are swept by the room

    def location(self, uid: str) -> str:
        return f"/dev/null/{uid}"  # nothing may ever be written there in clear

    def lock(self, uid: str) -> _Turn:  # type: ignore[override]
        return _Turn(self._room(), uid)

    def _offset(self, uid: str) -> int:
        room = self._room()
        note = room.note(uid)
        # Between the taking over and the noting of it the upload is gone, and the file is there.
        done = note is not None and not room.coming(uid) and room.has(note["sha256"])
        return int(note["size"]) if note and done else room.size(uid)

    def _info(self, uid: str) -> dict[str, Any] | None:
        note = self._room().note(uid)
        if note is None:
            return None
        # The library refuses to tell of an upload without these two; what people call the file is nobody's business here.
        named = {"filename": note["sha256"], "filetype": "application/octet-stream", "sha256": note["sha256"]}
        return {
            "metadata": named,
            "size": note["size"],
            # Never what was noted before a crash, always what is on the disk.
            "offset": self._offset(uid),
            "created_at": note["created"],
            "expires": note["expires"],
        }

    def _keep(self, uid: str, data: dict[str, Any]) -> None:
        room = self._room()
        if room.note(uid) is None:
            room.write_note(
                uid,
                {
                    "sha256": data["metadata"]["sha256"],
                    "size": data["size"],
                    "created": data["created_at"],
                    "expires": data["expires"],
                    "device": asking.get(),
                },
            )

    def _finish(self, uid: str) -> None:
        room = self._room()
        note = room.note(uid)
        if note is None or note.get("done"):
            return
        if not room.finish(uid, note["sha256"], note["size"]):
            raise _refusal(HASH_WRONG, "files.hash_wrong")
        self._done(note["sha256"], note["size"], note["device"])
        # An answer that was lost: the device asks how far the upload is, and hears that it is whole.
        room.write_note(uid, {**note, "done": True})


class _Turn:
    """One request's writing: a later request for the same upload needn't wait for a line that died without a word.

    Whoever comes late finds the file longer than he left it, and is told so.
    """

    def __init__(self, room: FileRoom, uid: str) -> None:
        self._room = room
        self._uid = uid
        self._writer: Writer | None = None

    async def __aenter__(self) -> None:
        try:
            self._writer = await asyncio.to_thread(self._room.writer, self._uid)
        except SealBrokenError as bad:
            await asyncio.to_thread(self._room.forget, self._uid)
            raise _refusal(404, "files.unknown") from bad
        except OSError as bad:
            raise _refusal(FULL, "files.county_full") from bad
        _writing.set(self._writer)

    async def __aexit__(
        self, _kind: type[BaseException] | None, _bad: BaseException | None, _trace: TracebackType | None
    ) -> None:
        _writing.set(None)
        if self._writer is not None:
            self._writer.close()


async def _kept(write: Callable[..., None], *args: bytes) -> None:
    try:
        await asyncio.to_thread(write, *args)
    except Changed as bad:
        raise _refusal(CONFLICT, "files.request_wrong") from bad
    except OSError as bad:
        raise _refusal(FULL, "files.county_full") from bad


def _refusal(status: int, code: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": sentence(code)})


def refuse(bad: KnownError, status: int) -> HTTPException:
    """*bad* as the library lets it through."""
    return HTTPException(status, {"code": bad.code, "message": str(bad)})

"""What emptied devices left: their parcels taken in, and text that was being typed, refused words and logs kept for a person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgpack
import sqlalchemy as sa
import zstandard

from app.errors import KnownError
from app.sealed import Writer
from sync import parcel
from sync.county import bundles
from sync.county.county import County
from sync.county.files import came
from sync.county.rights import Device
from sync.county.tables import LEFT
from sync.sealed import MOST_BYTES

TEXTS = ("draft", "refused", "log")
_MOST_TEXT = 64 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came of a parcel: its changes as of any bundle (None where there were none), and how many of each other thing.

    ``files`` came whole, also those that the county had; ``spoilt`` were damaged at the device. ``log`` counts lines.
    """

    device: Device
    made: int
    changes: bundles.Taken | None
    files: int
    spoilt: int
    drafts: int
    refused: int
    log: int


@dataclass(frozen=True, slots=True)
class Text:
    """One text that a device left; ``content`` is a map of values, or for a log a list of lines. Times in milliseconds since 1970."""

    key: str
    device: str
    kind: str
    form: str
    id: str
    code: str
    time: int
    at: int
    content: Any = None


def take(county: County, path: Path) -> Unpacked:
    """Bring in the parcel at *path*, again and again if need be; nothing of one that isn't whole and signed by its device.

    KnownError("bundle.…"), ("county.need_files", "files.county_full") where it holds files and there is no place for them.
    """
    look = _Sizes()
    found: list[Device] = []

    def public_key(label: parcel.Label) -> bytes | None:
        if label.county != county.code:
            raise KnownError("bundle.not_for_us")
        held = county.device_by_id(label.device)
        found[:] = [held[0]] if held else []
        return held[1] if held else None

    label = parcel.checked(path, county.keys.identity, public_key, look)
    device = found[0]
    if look.files and county.files is None:
        raise KnownError("county.need_files")
    if look.files and county.files and county.files.free() < look.files:
        raise KnownError("files.county_full")
    taking = _Taking(county, device)
    try:
        parcel.unpack(path, county.keys.identity, taking)
    finally:
        taking.close()
    changes = bundles.take(county, bytes(taking.bundle)) if taking.bundle else None
    counts = taking.counts
    county.note(device, "left", made=label.made, files=taking.files, spoilt=taking.spoilt, **counts)
    return Unpacked(device, label.made, changes, taking.files, taking.spoilt, **counts)


def texts(county: County, device: str | None = None) -> list[Text]:
    """What was left and not dropped, without its content; by device and time."""
    query = (
        sa.select(LEFT)
        .with_only_columns(*(column for column in LEFT.c if column.name != "body"))
        .where(LEFT.c.county == county.code, LEFT.c.dropped == 0)
        .order_by(LEFT.c.device, LEFT.c.time, LEFT.c.key)
    )
    if device is not None:
        query = query.where(LEFT.c.device == device)
    with county.database.snapshot() as conn:
        return [_text(row) for row in conn.execute(query).mappings()]


def read(county: County, key: str, reason: str) -> Text:
    """One of them with its content; who looked, and why, is in the county's log. KnownError("bundle.not_left")."""
    with county.database.plain() as conn:
        found = conn.execute(sa.select(LEFT).where(LEFT.c.county == county.code, LEFT.c.key == key))
        row = found.mappings().one_or_none()
        if row is None or row["dropped"]:
            raise KnownError("bundle.not_left", key=key)
        county.audit(conn, "left_show", device=row["device"], key=key, kind=row["kind"], reason=reason)
    return _text(row, msgpack.unpackb(zstandard.decompress(row["body"])))


def drop(county: County, keys: Collection[str]) -> int:
    """These are settled and no longer shown; their bytes stay where they are. KnownError("bundle.not_left"); then none is."""
    wanted = list(dict.fromkeys(keys))
    with county.database.plain() as conn:
        for key in wanted:
            where = LEFT.c.county == county.code, LEFT.c.key == key, LEFT.c.dropped == 0
            if not conn.execute(sa.update(LEFT).where(*where).values(dropped=1)).rowcount:
                raise KnownError("bundle.not_left", key=key)
        county.audit(conn, "left_drop", count=len(wanted))
    return len(wanted)


def _text(row: Mapping[Any, Any], content: Any = None) -> Text:
    return Text(
        row["key"], row["device"], row["kind"], row["form"], row["id"], row["code"], row["time"], row["at"], content
    )


class _Sizes(parcel.Receiver):
    """Bytes of files in a parcel."""

    def __init__(self) -> None:
        self.files = 0

    def begin(self, head: Mapping[str, Any]) -> None:
        if head.get("kind") == "file":
            self.files += _whole(head.get("size"))


@dataclass
class _Taking(parcel.Receiver):
    """Puts each thing where it belongs as it comes; one thing is in memory at a time, of a file one piece."""

    county: County
    device: Device
    bundle: bytearray = field(default_factory=bytearray)
    counts: dict[str, int] = field(default_factory=lambda: {"drafts": 0, "refused": 0, "log": 0})
    files: int = 0
    spoilt: int = 0
    _head: Mapping[str, Any] = field(default_factory=dict)
    _body: bytearray = field(default_factory=bytearray)
    _upload: str = ""
    _writer: Writer | None = None

    def begin(self, head: Mapping[str, Any]) -> None:
        self._head, self._body = head, bytearray()
        room = self.county.files
        if head.get("kind") == "file" and room is not None and not room.has(_word(head.get("sha256"))):
            self._upload = secrets.token_hex(16)
            room.begin(self._upload)
            self._writer = room.writer(self._upload)

    def take(self, piece: bytes) -> None:
        match self._head.get("kind"):
            case "file" if self._writer is not None:
                self._writer.write(piece)
            case "bundle":
                self._add(self.bundle, piece, MOST_BYTES)
            case kind if kind in TEXTS:
                self._add(self._body, piece, _MOST_TEXT)

    def end(self, *, whole: bool) -> None:
        kind = self._head.get("kind")
        if kind == "file":
            self._end_file(_word(self._head.get("sha256")), _whole(self._head.get("size")))
        elif kind in TEXTS and whole:
            self._end_text(str(kind))

    def close(self) -> None:
        """Let go of a file that did not come to its end."""
        if self._writer is not None and self.county.files is not None:
            self._writer.close()
            self._writer = None
            self.county.files.forget(self._upload)

    @staticmethod
    def _add(held: bytearray, piece: bytes, most: int) -> None:
        if len(held) + len(piece) > most:
            raise KnownError("bundle.too_large", size=most >> 20)
        held += piece

    def _end_file(self, sha256: str, size: int) -> None:
        room = self.county.files
        if self._writer is None or room is None:
            self.files += 1  # the county had it already
            return
        self._writer.flush()
        self._writer.close()
        self._writer = None
        if room.finish(self._upload, sha256, size):
            came(self.county, sha256, size, self.device.id)
            self.files += 1
        else:
            self.spoilt += 1

    def _end_text(self, kind: str) -> None:
        body = bytes(self._body)
        head = {name: _word(self._head.get(name)) for name in ("form", "id", "code", "key")}
        named = msgpack.packb([self.device.id, kind, *head.values(), _whole(self._head.get("first")), body])
        row = {
            "county": self.county.code,
            "key": hashlib.blake2b(named, digest_size=8).hexdigest(),
            "device": self.device.id,
            "kind": kind,
            "form": head["form"],
            "id": head["id"],
            "code": head["code"],
            "time": _whole(self._head.get("time")),
            "at": self.county.now_ms(),
            "body": zstandard.compress(body, 9),
        }
        self._keep(row)
        self.counts["drafts" if kind == "draft" else kind] += _whole(self._head.get("count")) if kind == "log" else 1

    def _keep(self, row: Mapping[str, Any]) -> None:
        with self.county.database.plain() as conn:
            where = LEFT.c.county == row["county"], LEFT.c.key == row["key"]
            # One that came before stays as a person left it.
            if conn.execute(sa.select(LEFT.c.key).where(*where)).one_or_none() is None:
                self.county.database.put(conn, LEFT, [row])


def _word(value: object) -> str:
    return value.replace("\0", "")[:200] if isinstance(value, str) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else 0

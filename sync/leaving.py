"""What a device that is to be wiped leaves to its county: everything that is nowhere else, sealed in one parcel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from app.errors import KnownError
from app.store import remains
from app.store.files import Kept
from app.store.store import Store
from sync.bundle import seal_unsent
from sync.parcel import Label, Thing, write

_PIECE = 256 << 10


def seal(store: Store, out: BinaryIO, *, now: Callable[[], float] = time.time) -> None:
    """Write the parcel to *out*: unsent changes as a bundle, unsent files, what was refused, the log, and last what is being typed.

    Files are read as they go out, so that any number of them needs no more memory than one block. KnownError("bundle.no_keys").
    """
    state = store.sync.state
    recipient, _ = store.sync.county_keys
    if not recipient or not store.sync.signing_key:
        raise KnownError("bundle.no_keys")
    label = Label(state.county, state.device, int(now() * 1000))
    write(label, _things(store, now), store.sync.signing_key, recipient, out)


def _things(store: Store, now: Callable[[], float]) -> Iterator[Thing]:
    if store.sync.waiting().total:
        yield Thing({"kind": "bundle"}, _pieces(seal_unsent(store, now=now)))
    for file in remains.unsent_files(store):
        head = {"kind": "file", "sha256": file.sha256, "size": file.size, "small": file.small}
        yield Thing(head, _content(store, file))
    for line in remains.refused(store):
        head = {"kind": "refused", "form": line.form, "id": line.id, "code": line.code, "time": line.time}
        yield Thing(head, _pieces(remains.packed(dict(line.values))))
    for lines in remains.log(store):
        head = {"kind": "log", "first": lines[0][0], "count": len(lines), "time": lines[-1][1]}
        yield Thing(head, _pieces(remains.packed(lines)))
    for draft in remains.drafts(store):
        head = {"kind": "draft", "key": draft.key, "form": draft.form, "id": draft.record, "time": draft.time}
        yield Thing(head, _pieces(remains.packed(draft.values)))


def _content(store: Store, file: Kept) -> Iterable[bytes]:
    try:
        with store.files.reading(file.sha256, want=False) as reader:
            yield from reader.pieces()
    except OSError as bad:
        # A disk that can't be read there: as any other damage, it holds up neither the rest nor the order.
        raise KnownError("files.damaged") from bad


def _pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]

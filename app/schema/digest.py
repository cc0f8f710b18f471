"""The hash of a record's agreed values, and the order-free sum over a stream that proves two replicas equal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgpack

from app.schema.values import Value

SIZE = 16
MARK_SIZE = 8
_MODULUS = 1 << (8 * SIZE)


def record_hash(form: str, record_id: str, area: str, deleted: bool, values: Mapping[str, Value]) -> bytes:
    """16 bytes over everything agreed of one record: where it is, whether it is deleted, every value that isn't empty.

    A deleted record hashes as its tombstone and its values, so a revival brings back what was there.
    """
    held = [(name, value) for name in sorted(values) if (value := values[name]) is not None]
    packed = msgpack.packb([form, record_id, area, deleted, held])
    return hashlib.blake2b(packed, digest_size=SIZE).digest()


def frame_hash(content: bytes) -> bytes:
    """16 bytes that tell two frames of one number apart; its mark are the first ``MARK_SIZE``."""
    return hashlib.blake2b(content, digest_size=SIZE).digest()


def add(total: bytes, gone: bytes | None, come: bytes | None) -> bytes:
    """The stream's sum after a record's hash went from *gone* to *come* (None: not there)."""
    number = (
        int.from_bytes(total or b"", "big") - int.from_bytes(gone or b"", "big") + int.from_bytes(come or b"", "big")
    )
    return (number % _MODULUS).to_bytes(SIZE, "big")


ZERO = bytes(SIZE)

"""The county's epochs: how it is noticed that the county was restored, and what it still has in common with a device."""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa

from app.schema.record import first_rev
from sync.county.tables import COUNTY, EPOCH, FRAME, HISTORY
from sync.wire import Hello

TAG_SIZE = 8
MOST_AHEAD = 1000
"""Epochs that a device may be ahead; one that says more than that says nonsense."""


def chained(before: bytes, digest: bytes) -> bytes:
    """The tag of an entry with content hash *digest* after the one with tag *before*: it stands for all the past."""
    return hashlib.blake2b(before + digest, digest_size=TAG_SIZE).digest()


def tag_at(conn: sa.Connection, county: str, rev: int) -> bytes:
    """What stands at *rev*: a county that has something else there was restored. Empty where nothing does."""
    return next(iter(_tags_at(conn, county, rev)), b"")


def _tags_at(conn: sa.Connection, county: str, rev: int) -> list[bytes]:
    """The tag of *rev*, and after it what devices of an earlier program were told there."""
    query = sa.select(HISTORY.c.chain, HISTORY.c.hash).where(HISTORY.c.county == county, HISTORY.c.rev == rev)
    row = conn.execute(query).one_or_none()
    if row is None:
        start = sa.select(EPOCH.c.begun).where(EPOCH.c.county == county, EPOCH.c.rev == rev)
        found: bytes | None = conn.scalar(start)
        return [found] if found else []
    plain: bytes = row.hash[:TAG_SIZE]
    return [row.chain, plain] if row.chain else [plain]


def begun(conn: sa.Connection, county: str, epoch: int) -> bytes:
    """The tag of the beginning of *epoch*; empty for one that an earlier program began."""
    query = sa.select(EPOCH.c.begun).where(EPOCH.c.county == county, EPOCH.c.epoch == epoch)
    return bytes(conn.scalar(query) or b"")


def begun_at(conn: sa.Connection, county: str, epoch: int) -> int:
    """When *epoch* began, in milliseconds since 1970 UTC; 0 for one that an earlier program began."""
    return int(conn.scalar(sa.select(EPOCH.c.at).where(EPOCH.c.county == county, EPOCH.c.epoch == epoch)) or 0)


def knows(conn: sa.Connection, county: str, device: str, hello: Hello) -> bool:
    """Whether the county, in the epoch that *hello* names, still has everything of which the device was told."""
    row = conn.execute(sa.select(COUNTY.c.epoch, COUNTY.c.rev).where(COUNTY.c.county == county)).one()
    if hello.epoch != row.epoch or (hello.begun and hello.begun != begun(conn, county, row.epoch)):
        return False
    if any(rev > row.rev for rev, _ in hello.cursors.values()):
        return False
    if any(tag and tag not in _tags_at(conn, county, rev) for rev, tag in set(hello.cursors.values())):
        return False
    # Receipts that came before a cut lie beyond the cursors: the frames that they are about must be there.
    return all(
        conn.scalar(
            sa.select(sa.func.count())
            .select_from(FRAME)
            .where(FRAME.c.county == county, FRAME.c.device == device, FRAME.c.incarnation == hello.incarnation)
            .where(FRAME.c.number.between(low, high))
        )
        == high - low + 1
        for low, high in hello.have
    )


def common(conn: sa.Connection, county: str, hello: Hello) -> int:
    """The last rev that stands in the past of both; -1 where there is none."""
    marks = {*hello.marks, *((rev, tag) for rev, tag in hello.cursors.values() if tag)}
    for rev, tag in sorted(marks, reverse=True):
        there = _tags_at(conn, county, rev)
        if tag in there or (not tag and not there and rev == first_rev(1)):
            return rev
    return -1


def write_begin(conn: sa.Connection, county: str, epoch: int, before: bytes, now: int, device: str = "") -> None:
    """Begin *epoch*, the first or a later one, in the caller's transaction; *before*: the tag where the one before it ends."""
    rev = first_rev(epoch)
    # What is drawn here tells this beginning from that of the same epoch in another life of the county.
    tag = chained(before, secrets.token_bytes(16))
    values = {"county": county, "epoch": epoch, "rev": rev, "begun": tag, "at": now, "device": device}
    conn.execute(sa.insert(EPOCH).values(**values))
    conn.execute(sa.update(COUNTY).where(COUNTY.c.county == county), {"epoch": epoch, "rev": rev})

"""Which frames of an incarnation are one machine's work: a copied disk says the same names as its original, and can't vouch for its frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import msgpack
import sqlalchemy as sa

from sync.county.database import among, parts
from sync.county.tables import FRAME
from sync.wire import MARK_SIZE

GIVEN_UP, OWN_GIVEN_UP = 1, 2
"""``void`` of a frame: a device gave the number up; and it proved that what stands there is its own."""
_MOST_EARLIER = 500


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a device says of the frames of its incarnation.

    ``have``: ranges of numbers whose receipts it applied. ``made``: the mark of each frame without receipts, given up ones too.
    ``taken``: the numbers that came in this very request.
    """

    have: tuple[tuple[int, int], ...] = ()
    made: Mapping[int, bytes] = field(default_factory=dict)
    taken: Collection[int] = ()

    def earlier(self, number: int) -> bytes | None:
        """What is kept beside frame *number*: the marks of frames before it that may come later, from a slower road."""
        held = {made: mark for made, mark in self.made.items() if made < number and made not in self.taken}
        nearest = sorted(held, reverse=True)[:_MOST_EARLIER]
        return msgpack.packb({made: held[made] for made in nearest}) if nearest else None


def disputed(
    conn: sa.Connection, county: str, device: str, incarnation: str, made: Mapping[int, bytes], numbers: Collection[int]
) -> list[int]:
    """Those of *numbers* under which the county holds another frame than the one that the device *made*."""
    found: list[int] = []
    for some in parts(sorted(numbers)):
        query = sa.select(FRAME.c.number, FRAME.c.hash).where(*_key(county, device, incarnation))
        for number, digest in conn.execute(query.where(among(conn, FRAME.c.number, some))):
            if digest is not None and number in made and made[number] != mark_of(digest):
                found.append(number)
    return found


def vouched_for(
    conn: sa.Connection,
    county: str,
    device: str,
    incarnation: str,
    said: Vouched,
    mine: tuple[int, bytes],
    numbers: set[int],
) -> set[int]:
    """Those of *numbers* that the machine which sends the frame *mine* (number, hash) wrote itself.

    Because it has their receipts, because it knows what is in them, or because they knew what is in this one.
    """
    number, digest = mine
    found: set[int] = set()
    for some in parts(sorted(numbers)):
        query = sa.select(FRAME.c.number, FRAME.c.hash, FRAME.c.void, FRAME.c.earlier)
        query = query.where(*_key(county, device, incarnation), among(conn, FRAME.c.number, some))
        for row in conn.execute(query):
            # A number that somebody gave up counts as had, whoever's frame stands there.
            has = row.void != GIVEN_UP and any(low <= row.number <= high for low, high in said.have)
            knows = row.hash is not None and said.made.get(row.number) == mark_of(row.hash)
            earlier = msgpack.unpackb(row.earlier, strict_map_key=False) if row.earlier else {}
            if has or knows or row.number in said.taken or earlier.get(number) == mark_of(digest):
                found.add(row.number)
    return found


def mark_of(digest: bytes) -> bytes:
    """What is said of a frame with the hash *digest*."""
    return digest[:MARK_SIZE]


def _key(county: str, device: str, incarnation: str) -> tuple[sa.ColumnElement[bool], ...]:
    return FRAME.c.county == county, FRAME.c.device == device, FRAME.c.incarnation == incarnation

"""A record as everyone passes it on, and one change to it on its way through receipt and delta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgpack

from app.schema.values import Value

AREA = "@area"
DELETED = "@deleted"
"""Moving and deleting are changes like any other: to the merge they are fields."""

EPOCH_BITS = 40

Revs = Mapping[str, int]


def first_rev(epoch: int) -> int:
    """Where the revs of *epoch* begin: greater than every rev of the epochs before it."""
    return epoch << EPOCH_BITS


@dataclass(frozen=True, slots=True)
class Record:
    """One row of one form; ``rev`` 0 and ``pending`` > 0 say that it is only on this machine yet."""

    form: str
    id: str
    area: str
    values: Mapping[str, Value]
    rev: int = 0
    revs: Revs = field(default_factory=dict)
    extra: Mapping[str, Value] = field(default_factory=dict)
    deleted: bool = False
    pending: int = 0

    def rev_of(self, name: str) -> int:
        """The rev of the last agreed change of field *name*; 0 if there was none."""
        return self.revs.get(name, self.revs.get("", 0))


@dataclass(frozen=True, slots=True)
class Change:
    """What one save did to one record.

    ``values`` holds only the fields that changed, ``bases`` the rev of the agreed value that was on the screen for each of
    them; ``time`` is in milliseconds since 1970 UTC by the device's clock, corrected by the offset to the county's clock that the
    device knew; ``counter`` is the device's own.
    """

    form: str
    id: str
    area: str
    values: Mapping[str, Value]
    bases: Revs
    time: int
    counter: int
    user: str

    @property
    def creates(self) -> bool:
        """Whether this change makes the record: only then it says where the record belongs with base 0."""
        return AREA in self.values and self.bases.get(AREA, 0) == 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The county's answer to one change.

    ``status``: accepted, merged, conflict, refused or waiting. ``lost`` names the fields whose value did not stand,
    ``results`` gives values that the merge made and nobody sent, ``code`` the reason of a refusal. ``taken``: when the county took
    a record that is never changed, by its clock, in milliseconds since 1970 UTC; 0 where it doesn't say.
    """

    counter: int
    status: str
    rev: int = 0
    lost: tuple[str, ...] = ()
    results: Mapping[str, Value] = field(default_factory=dict)
    code: str = ""
    taken: int = 0

    @property
    def final(self) -> bool:
        """Whether the change may leave the outbox."""
        return self.status != "waiting"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a device holds of a rev that its county has lost: the fields that stand there, or a change of its own.

    ``change.counter`` is 0 for what others wrote; then nothing but what stands is known. Of a change of the device's own,
    ``lost`` names fields whose loser's record was made at a rev that the device had not read yet, ``gone`` those that something
    later replaced, and ``results`` holds what stands there instead of what was written.
    """

    change: Change
    was: int
    lost: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    results: Mapping[str, Value] = field(default_factory=dict)

    def stands(self) -> dict[str, Value]:
        """The fields that stand at ``was``, with their values."""
        away = {*self.lost, *self.gone}
        return {**{name: value for name, value in self.change.values.items() if name not in away}, **self.results}


@dataclass(frozen=True, slots=True)
class Delta:
    """What the county tells of one record: the fields newer than the cursor, or all where ``whole``.

    ``left``: the record moved out of the stream; the device keeps a stub. ``user`` and ``time`` are those of the last change.
    ``taken``: as in ``Receipt``, of whole records that are never changed.
    """

    form: str
    id: str
    area: str
    rev: int
    values: Mapping[str, Value]
    revs: Revs
    whole: bool = False
    deleted: bool = False
    left: bool = False
    user: str = ""
    time: int = 0
    taken: int = 0


def pack_revs(revs: Revs) -> bytes:
    """The column beside a row: the rev of its creation under "", and of each field changed since."""
    created = revs.get("", 0)
    later = {name: rev for name, rev in revs.items() if name and rev != created}
    packed: bytes = msgpack.packb([created, later] if later else created)
    return packed


def unpack_revs(packed: bytes | None) -> dict[str, int]:
    """The inverse of ``pack_revs``."""
    if not packed:
        return {}
    held = msgpack.unpackb(packed)
    if isinstance(held, int):
        return {"": held}
    return {"": held[0], **held[1]}

"""The messages of an exchange, as values; sync/wire.py has how they travel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.schema.record import Receipt
from sync.frames import Move
from sync.ranges import Question, Reply

Given = tuple[str, tuple[str, ...], tuple[str, ...]] | tuple[str, tuple[str, ...], tuple[str, ...], str]
"""A device's user, his roles and areas, and his unit where the county gave one."""
STATUSES = ("accepted", "merged", "conflict", "refused", "waiting")


@dataclass(frozen=True, slots=True)
class Hello:
    """How a device begins: who it is, how far it is, and which frames it asks after.

    ``cursors``: for each class [rev, tag]; ``behind``: streams that are still catching up, as (class, area, rev).
    ``have``: ranges of frame numbers whose receipts this device has applied. ``asked``: frames it has no receipts for.
    ``void``: numbers that will never count. ``size`` and ``level``: the frames that it would like to get. ``program``, since
    version 2: the version of the program, for the office's list of devices.
    ``resume``: the name of a stream that was cut, and how many of its bytes came.
    ``begun``: the tag of the epoch's beginning. ``marks``: (rev, tag) of cursors that it had, said only to a restored county.
    ``numbers``, where case numbers run short: (a word drawn for this request, years, (before, after, last serial) of each row held).
    ``rules``: (number of the newest version held of the county's rules, tag of all that are in force, names that can't be read here).
    ``made``: (number, the first bytes of its hash) of each frame without receipts and each given up: another machine with this one's
    disk, and so its names, can't say that.
    ``told``, since version 2: the tag of what the county last said of the user's rights; b"0" where it never did.
    ``onward``: the name of an own request's stream that was cut: how much of it came?
    """

    kind: ClassVar[int] = ord("H")
    version: int
    county: str
    device: str
    incarnation: str
    epoch: int
    clock: int
    scope: bytes
    cursors: Mapping[str, tuple[int, bytes]]
    behind: tuple[tuple[str, str, int], ...] = ()
    have: tuple[tuple[int, int], ...] = ()
    asked: tuple[int, ...] = ()
    void: tuple[int, ...] = ()
    size: int = 32 << 10
    level: int = 3
    want: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    program: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    begun: bytes = b""
    marks: tuple[tuple[int, bytes], ...] = ()
    resume: tuple[bytes, int] = (b"", 0)
    numbers: tuple[str, tuple[int, ...], tuple[tuple[str, str, int], ...]] | None = None
    rules: tuple[int, bytes, tuple[str, ...]] | None = None
    made: tuple[tuple[int, bytes], ...] = ()
    onward: bytes = b""
    told: bytes = b""


@dataclass(frozen=True, slots=True)
class Up:
    """One frame going up, its content as it was written down."""

    kind: ClassVar[int] = ord("F")
    content: bytes


@dataclass(frozen=True, slots=True)
class Offers:
    """What a device brings back to a restored county; sync/offers.py lays the content out."""

    kind: ClassVar[int] = ord("O")
    content: bytes


@dataclass(frozen=True, slots=True)
class Area:
    """One division: its 12-digit code, its name, its level and the code above it."""

    code: str
    name: str
    level: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """How the county answers.

    ``worked``: milliseconds that it spent on the frames of this request, so that the device knows what the link took.
    ``areas`` and ``streams`` come where the device's scope tag is not the county's: then only receipts and the end follow,
    and the device asks again with its new scope. ``version`` is that of the hello. ``most``: the newest that the county knows,
    where that is more. Since version 2: ``least``, the oldest that it takes, and ``program``, its own version.
    ``away``: areas that by their digits would be the device's, but were given to others: (code, where that is in words, the code
    above it). ``rights``: the device's user, roles, areas and, where the county gave one, unit, where it may not know.
    ``keys``, where the hello wants them: the county's age recipient, and its Ed25519 key in hex.
    ``begun``: the tag of the epoch's beginning, where the device doesn't know it.
    ``last``: the county's last rev, where the device is far from it, so that it can say how far the way is.
    ``common``: after a restore, the last rev that county and device both know; -1 otherwise.
    ``numbers``, where the hello wanted some: its word, and a block for each year: (year, before, after, width, first, last serial).
    ``rules``, where the hello's are others: (number reached, number after which they follow or 0 for all, (number, name, rev, text)).
    ``came``: bytes of the stream of ``onward`` that came; -1 where it can't be gone on with.
    """

    kind: ClassVar[int] = ord("A")
    version: int
    county: str
    epoch: int
    clock: int
    areas: tuple[Area, ...] | None = None
    streams: tuple[tuple[str, str], ...] | None = None
    capabilities: tuple[str, ...] = ()
    least: int = 1
    most: int = 0
    program: str = ""
    away: tuple[tuple[str, str, str], ...] = ()
    rights: Given | None = None
    keys: tuple[str, ...] = ()
    worked: int = 0
    last: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)
    begun: bytes = b""
    common: int = -1
    numbers: tuple[str, tuple[tuple[int, str, str, int, int, int], ...]] | None = None
    rules: tuple[int, int, tuple[tuple[int, str, int, str], ...]] | None = None
    came: int = -1


@dataclass(frozen=True, slots=True)
class Receipts:
    """The verdict on one frame: a code where it was not taken at all, or a receipt a change.

    ``first`` is the rev of its first change; each further change has the next one, but for ``odd``:
    [position, status, rev, lost, results, code]. ``content``, in an answer to a question: the hash of the frame that it is about.
    ``taken``: [position, ms] of when the county took the records of its changes that are never changed; what is said of one holds for
    those behind it, up to the next.
    """

    kind: ClassVar[int] = ord("R")
    number: int
    first: int = 0
    odd: tuple[tuple[Any, ...], ...] = ()
    code: str = ""
    known: bool = True
    content: bytes = b""
    more: Mapping[str, Any] = field(default_factory=dict)
    taken: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, number: int, receipts: Sequence[Receipt]) -> Receipts:
        """The compact form of *receipts*, which stand in the order of their counters."""
        first = next((item.rev for item in receipts if item.status == "accepted"), 0)
        odd, due = [], first
        for position, item in enumerate(receipts):
            if item.status != "accepted" or item.rev != due or item.lost or item.results:
                status = STATUSES.index(item.status)
                odd.append((position, status, item.rev, list(item.lost), dict(item.results), item.code))
            due += item.rev == due
        taken = [(position, item.taken) for position, item in enumerate(receipts) if item.taken]
        told = [pair for number, pair in enumerate(taken) if not number or pair[1] != taken[number - 1][1]]
        return cls(number, first, tuple(odd), taken=tuple(told))

    def spread(self, counters: Sequence[int]) -> list[Receipt]:
        """One receipt for each of *counters*, the frame's changes in the order in which they were saved."""
        odd = {row[0]: row for row in self.odd}
        times = dict(self.taken)
        found, due, taken = [], self.first, 0
        for position, counter in enumerate(sorted(counters)):
            taken = times.get(position, taken)
            if row := odd.get(position):
                _, status, rev, lost, results, code = row
                found.append(Receipt(counter, STATUSES[status], rev, tuple(lost), results, code, taken))
            else:
                found.append(Receipt(counter, "accepted", due, taken=taken))
            due += found[-1].rev == due
        return found


@dataclass(frozen=True, slots=True)
class Down:
    """One frame coming down; who makes it says beside it how it moves the cursors."""

    kind: ClassVar[int] = ord("D")
    content: bytes
    moves: tuple[Move, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class End:
    """The last message: what the county stands at, in the same instant as the last frame.

    ``digest`` is over all streams of the device; ``streams`` lists them one by one where that was wanted:
    (area, class, records, digest).
    """

    kind: ClassVar[int] = ord("E")
    rev: int
    digest: bytes
    streams: tuple[tuple[str, str, int, bytes], ...] = ()
    again: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the county goes no further; the code names a sentence."""

    kind: ClassVar[int] = ord("X")
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Streamed:
    """From here on everything is one zstd stream. ``content``: its name, 8 bytes, and the place in it, where it can be gone on with."""

    kind: ClassVar[int] = ord("Z")
    content: bytes = b""


Message = Hello | Up | Offers | Head | Receipts | Down | End | Problem | Question | Reply | Streamed

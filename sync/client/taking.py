"""What the county answers, taken message by message: receipts, deltas, the end; from a connection or from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.errors import KnownError
from app.schema.record import Receipt, first_rev
from app.store.agreement import Area, Frame
from app.store.retirement import release
from app.store.store import Store
from sync.client.link import Cut
from sync.client.report import Tally
from sync.client.speaking import heard
from sync.wire import (
    Down,
    End,
    Head,
    Message,
    Move,
    Problem,
    Receipts,
    WireError,
    agreement,
    decode_down,
    frame_hash,
    rights_tag,
)

MOST_CHANGES = 2000
"""Changes that one frame holds at most."""
_TAKEN = {"accepted", "merged", "conflict"}
_NO_VERDICT = {"sync.not_yours", "sync.void"}
_ALIKE = 2
"""How many times as long as one that came through a frame may be to say nothing when it is cut."""
TRIES = 2
"""Failures after which a frame is made smaller, or, if it holds but one change, goes behind all others."""


class Answer:
    """One answer. ``again``: there is more to say; ``ended``: it came whole.

    *open_frames* are the frames without all their receipts, by number; *absent* those that the county said it never got.
    *late*: the answer was days on its way, so that it says nothing about clocks, nor about frames it doesn't know.
    """

    def __init__(
        self,
        store: Store,
        tally: Tally,
        open_frames: dict[int, Frame],
        absent: set[int],
        now: Callable[[], float],
        *,
        late: bool = False,
    ) -> None:
        self._store = store
        self._sync = store.sync
        self._tally = tally
        self._open = open_frames
        self._absent = absent
        self._now = now
        self._late = late
        self._state = self._sync.state
        self._cursors = self._sync.cursors()
        # How far the way down is: where each class began, where the county stands, and what had come before.
        self._began = {name: max(held.values(), default=0) for name, held in self._cursors.items()}
        self._goal, self._before = 0, tally.bytes_down
        self._foreign = False
        self._longest = 0
        self._missing: list[Frame] = []
        self.ended = False
        self.again = False
        self.waiting = False
        self.in_agreement = False

    def take(self, message: Message) -> None:
        """Do what *message* says; KnownError where the county refuses, WireError where it can't be used."""
        match message:
            case Head():
                self._head(message)
            case Receipts():
                self.take_together([message])
            case Down():
                self._down(message)
            case End():
                self._end(message)
            case Problem(code="sync.busy"):
                raise Cut("busy")
            case Problem():
                raise KnownError(message.code, **dict(message.params))

    def _head(self, head: Head) -> None:
        if head.county != self._state.county:
            raise KnownError("sync.foreign_county", county=head.county)
        if head.epoch != self._state.epoch or self._sync.recovery:
            raise KnownError("sync.county_restored")
        if len(head.keys) == 2:
            self._sync.learn_county_keys(*head.keys)
        if head.begun and not self._state.begun:
            self._sync.set_begun(head.begun)
        if not self._late:
            release(self._store)
            self._sync.county_clock(head.clock, int(self._now() * 1000))
        heard(self._store, head)
        if head.numbers is not None:
            self._store.numbers.leased(*head.numbers)
        if head.rules is not None:
            self._store.ruled.take(*head.rules, late=self._late)
        self._goal = head.last
        if head.rights is not None:
            self._sync.set_rights(*head.rights, tag=rights_tag(head.rights))
        if head.areas is not None and head.streams is not None:
            self._sync.set_given_away({code: (words, above) for code, words, above in head.away})
            self._sync.set_areas([Area(area.code, area.name, area.level, area.parent) for area in head.areas])
            self._sync.set_scope(set(head.streams))

    def take_together(self, messages: Iterable[Receipts]) -> None:
        """Do what *messages*, which came together, say one after the other, in as few transactions as hold no more than a long frame."""
        due: list[tuple[Frame, list[Receipt]]] = []
        for message in messages:
            frame = self._open.get(message.number)
            if (
                frame is None
                or self._foreign
                or message.code in _NO_VERDICT
                or not message.known
                or _another(message, frame)
            ):
                # It may say that those behind it are another machine's: those before it are not.
                self._settle(due)
                self._no_verdict(message, frame)
                continue
            receipts = message.spread(frame.counters)
            if any(receipt.rev < first_rev(1) for receipt in receipts if receipt.status in _TAKEN):
                # No county gives such a number: a byte flipped on the way. What was taken without a rev would count nowhere.
                self._settle(due)
                raise WireError("receipts")
            if sum(len(held) for _, held in due) + len(receipts) > MOST_CHANGES:
                self._settle(due)
            due.append((frame, receipts))
            del self._open[frame.number]
        self._settle(due)

    def _settle(self, due: list[tuple[Frame, list[Receipt]]]) -> None:
        """Write down the verdicts that are *due*; none is, after that."""
        if not due:
            return
        self._sync.answered((frame.number, receipts) for frame, receipts in due)
        for frame, receipts in due:
            self._longest = max(self._longest, len(frame.content))
            self._tally.up += sum(receipt.final for receipt in receipts)
            self.waiting = self.waiting or not all(receipt.final for receipt in receipts)
        due.clear()

    def _no_verdict(self, message: Receipts, frame: Frame | None) -> None:
        """The county says something else of *frame* than what became of its changes."""
        # Where it is said of a number without a frame, that was given up: another machine sent it.
        if self._foreign or (frame is None and message.code != "sync.not_yours"):
            return
        if frame is None or message.code == "sync.not_yours" or _another(message, frame):
            # A cloned disk, or a device set back: under a new incarnation everything unanswered is framed anew.
            self._sync.new_incarnation()
            self._foreign = self.again = True
        elif message.code == "sync.void":
            self._sync.void(frame.number)
            self.again = True
        elif not self._late:
            self._absent.add(frame.number)
            self._missing.append(frame)

    def _lost(self, frame: Frame) -> None:
        """The county never got *frame* whole: once more, or, after two failures, anew and smaller."""
        if len(frame.content) <= _ALIKE * self._longest:
            return  # the link carries such frames: the cut came before this one's turn, and would have come before a smaller one's
        if self._sync.failed(frame.number) >= TRIES and len(frame.counters) > 1:
            self._sync.void(frame.number)
            with self._store.transaction():
                self._store.meta.set("sync.most", max(len(frame.counters) // 2, 1))

    def _down(self, message: Down) -> None:
        if self._foreign:
            return
        frame = decode_down(message.content)
        moved, tags = advance(self._cursors, frame.moves)
        self._sync.deltas(frame.deltas, moved, tags=tags)
        self._tally.down += len(frame.deltas)
        self._foresee()

    def _foresee(self) -> None:
        """Reckon the bytes still to come from how far the classes under way have come."""
        shares = []
        for name, held in self._cursors.items():
            # The numbers of an epoch begin high.
            begun = max(self._began.get(name, 0), self._goal >> 40 << 40)
            if held and self._goal > begun:
                shares.append((max(held.values()) - begun) / (self._goal - begun))
        # A class with nothing in it moves at the very end: those that are under way count.
        share = min((share for share in shares if 0 < share < 1), default=1.0)
        come = self._tally.bytes_down - self._before
        self._tally.bytes_due = int(come * (1 - share) / share)

    def _end(self, end: End) -> None:
        self.ended = True
        self._tally.bytes_due = 0
        for frame in self._missing:
            self._lost(frame)
        if end.again or self._foreign:
            self.again = True
            return
        mine = {key: (held.records, held.total) for key, held in self._sync.digests().items()}
        self.in_agreement = agreement(mine) == end.digest
        limit = self._store.meta.integer("sync.most")
        if limit and self._longest:
            # Frames were made smaller on a bad day; a request that brought some through lets them grow again.
            with self._store.transaction():
                self._store.meta.set("sync.most", limit * 2 if limit < MOST_CHANGES else 0)


def _another(message: Receipts, frame: Frame) -> bool:
    """Whether *message* is about another frame of the same number."""
    return bool(message.content) and message.content != frame_hash(frame.content)


def advance(
    cursors: dict[str, dict[str, int]], moves: Iterable[Move]
) -> tuple[dict[tuple[str, str], int], dict[str, str]]:
    """Move *cursors* (class, area -> rev) on; return where each stream is then, and each class's new tag.

    WireError("sync.gap") for a move that begins beyond a cursor: what lies between would be missed.
    """
    moved: dict[tuple[str, str], int] = {}
    tags: dict[str, str] = {}
    for move in moves:
        held = cursors.get(move.stream, {})
        areas = move.areas or [area for area, rev in held.items() if rev >= move.before]
        if any(held.get(area, -1) < move.before for area in areas) or not areas:
            raise WireError("gap", "sync.gap")
        # An old answer, taken late, moves nothing back, neither a cursor nor its tag.
        newest = move.after >= max(held.values())
        for area in areas:
            held[area] = max(held[area], move.after)
            moved[area, move.stream] = held[area]
        if newest:
            tags[move.stream] = f"{move.after}:{move.tag.hex()}"
    return moved, tags

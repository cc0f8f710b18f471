"""One exchange with one device: frames in one by one, then receipts, deltas and the end; or, after a restore, the way back."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app import __version__
from sync.county.comparing import Comparing, checked
from sync.county.county import County
from sync.county.enrolment import scope_areas
from sync.county.epochs import MOST_AHEAD, begun, common, knows
from sync.county.past import knows_rights, read_past, tell
from sync.county.places import given_away, words
from sync.county.pulling import Pull, Scope, frame_size, own_revs
from sync.county.recovering import Recovering, begin_after
from sync.county.rights import Device, Rights
from sync.county.screening import fault
from sync.county.vouching import Vouched, disputed
from sync.wire import (
    DERIVED,
    LEAST,
    MARKED,
    NUMBERS,
    ONWARD,
    RESUMED,
    RULES,
    STREAMED,
    TAKEN,
    VERSION,
    Area,
    End,
    Given,
    Head,
    Hello,
    Message,
    Problem,
    Question,
    Receipts,
    WireError,
    Writer,
    decode_up,
    frame_hash,
    rights_tag,
    scope_tag,
)

CAPABILITIES = ("streams", "ranges", STREAMED, DERIVED, NUMBERS, RULES, MARKED, ONWARD)

_log = logging.getLogger(__name__)
_WATCHED = 2000
"""Revs that the watch reads within an exchange; what is more waits for its own minute."""
_FAR = 1000
"""Revs that a device is behind from which on it is told how far the way is."""


class Session:
    """Made by the device's hello; its methods block, so that a web server calls them off its event loop.

    *late*: the answer goes by a road of its own, for days perhaps, and by then the device may have numbered frames anew.
    *came*: bytes of the stream that came, of which the hello says that it was cut.
    """

    def __init__(self, county: County, device: Device, hello: Hello, *, late: bool = False, came: int = -1) -> None:
        self._county = county
        self._device = device
        self._hello = hello
        self._late = late
        self._came = came
        self._receipts: list[Receipts] = []
        self._taken: set[int] = set()
        self._made = dict(hello.made)
        self._questions: list[Question] = []
        self._worked = 0.0
        self._level = min(max(hello.level, 1), 19)
        self.writer = Writer(self._level if STREAMED in hello.capabilities else None)
        self._rights: Rights | None = None
        self._epoch = 0
        self._recovering: Recovering | None = None
        self._known: Sequence[Area] = ()
        self._changed = False
        self._more_rules = False

    @property
    def keeps(self) -> tuple[Hello, int] | None:
        """The hello and the level of an answer that the device could go on with after a cut."""
        hello = self._hello
        able = {STREAMED, RESUMED} <= set(hello.capabilities) and not self._recovering
        return (hello, self._level) if able else None

    @property
    def resumable(self) -> tuple[Hello, Sequence[tuple[str, str]]] | None:
        """The hello and the device's streams, where it asks to go on with an answer that was cut, and nothing else.

        Known once there is the head.
        """
        if not self._hello.resume[0] or self._recovering or self._changed or self._rights is None:
            return None
        if self._receipts or self._questions:
            return None
        return self._hello, self._rights.streams(self._device)

    def skip_to(self, onward: Hello, writer: Writer) -> None:
        """Go on behind what *writer* said before: the device's next hello would be *onward*."""
        self._hello, self.writer = onward, writer

    @property
    def frame_size(self) -> int:
        """Bytes of the frames that the device would like to get: a cut then costs it no more than one."""
        return frame_size(self._hello)

    def open(self) -> Problem | None:
        """Check what the hello says, and answer the frames that it asks after; a Problem ends the exchange."""
        hello, county = self._hello, self._county
        if bad := fault(hello):
            return Problem(bad)
        with county.database.snapshot() as conn:
            county.ruled.renew(conn)
            least = county.least(conn)
            if not least <= hello.version <= VERSION:
                detail = {"detail": f"{hello.version}", "least": least, "version": VERSION}
                return Problem("sync.version_unknown", detail)
            if hello.county != county.code:
                return Problem("sync.foreign_county", {"county": county.code})
            if hello.device != self._device.id:
                return Problem("sync.foreign_device")
            self._epoch, _ = county.standing(conn)
            known = knows(conn, county.code, self._device.id, hello)
            shared = common(conn, county.code, hello) if hello.marks else -1
            rights = county.rights(conn)
            past = read_past(conn, county.code, self._device.id, rights.areas(self._device), self._device.roles)
            self._rights = replace(rights, past=past)
            asked = hello.asked if known and not hello.marks else ()
            old = county.applier.answered(conn, self._device, hello.incarnation, asked)
            self._receipts += [old.get(number) or Receipts(number, known=False) for number in asked]
            made = self._made if known and not hello.marks else {}
            foreign = disputed(conn, county.code, self._device.id, hello.incarnation, made, made)
        if hello.marks:
            if shared < 0 or hello.epoch > self._epoch + MOST_AHEAD:
                return Problem("sync.other_past")
            self._epoch = self._epoch if known else begin_after(county, self._device, hello)
            self._recovering = Recovering(county, self._rights, self._device, hello, self._epoch, shared)
            return None
        if not known:
            return Problem("sync.county_restored")
        if hello.void and not foreign:
            now = county.now_ms()
            foreign = county.applier.void(self._device, hello.incarnation, hello.void, now, self._made)
        # Its disk is another machine's as well, and both went on under one name: this one takes another.
        self._receipts += [Receipts(number, code="sync.not_yours") for number in foreign]
        return None

    def take(self, content: bytes) -> None:
        """Apply one frame; its receipts go out with the answer."""
        if self._rights is None or self._recovering:
            raise WireError("no hello")
        if any(receipts.code == "sync.not_yours" for receipts in self._receipts):
            # A clone, or a device set back: what it wrote is no hand's work with what stands under that incarnation.
            self._receipts.append(Receipts(decode_up(content).number, code="sync.not_yours"))
            return
        begun = time.monotonic()
        applied = self._county.applier.apply(
            self._rights,
            self._device,
            self._hello.incarnation,
            content,
            self._county.now_ms(),
            epoch=self._epoch,
            vouched=Vouched(self._hello.have, self._made, self._taken),
        )
        if not applied.code:
            self._taken.add(applied.number)
        self._worked += time.monotonic() - begun
        self._receipts.append(replace(applied, content=frame_hash(content)) if self._late else applied)

    def ask(self, question: Question) -> None:
        """Note a question; it is answered after the frames coming down. WireError for too many."""
        self._questions.append(question)
        checked(self._questions)

    def bring_back(self, content: bytes) -> None:
        """Take offers of what a restore lost."""
        if self._recovering is None:
            raise WireError("no marks")
        if taken := self._recovering.take(content):
            self._receipts.append(taken)

    @property
    def recovering(self) -> bool:
        """Whether this is about what a restore lost: then nothing is said before all was taken."""
        return self._recovering is not None

    def answer(self) -> Iterator[Message]:
        """Head, receipts, frames coming down, replies to questions, end."""
        yield from self.head()
        yield from self.rest()

    def head(self) -> list[Message]:
        """The beginning of the answer; frames may still be taken after it."""
        county, hello, device = self._county, self._hello, self._device
        if self._rights is None or self._recovering:
            return []
        streams = self._rights.streams(device)
        with county.database.snapshot() as conn:
            epoch, last = county.standing(conn)
            known = county.areas(conn)
            areas = scope_areas(known, {area for area, _ in streams})
            tag = scope_tag(areas, streams)
            least = county.least(conn)
            # A device of before doesn't say what it knows; it is told once.
            knows = bool(hello.told) or knows_rights(conn, county.code, device.id, device.roles, device.unit)
            start_tag = begun(conn, county.code, epoch)
            rules = county.ruled.answer(conn, hello)
        # Roles and the unit can change without a stream of them.
        given = _rights(device)
        changed = tag != hello.scope or not knows
        news = changed or (hello.told and hello.told != rights_tag(given))
        away = given_away(self._rights, device, known) if changed else ()
        if news:
            with county.database.plain() as conn:
                tell(
                    conn, county.code, device.id, self._rights.areas(device), device.roles, county.now_ms(), device.unit
                )
        start = self._start()
        head = Head(
            hello.version,
            county.code,
            epoch,
            county.now_ms(),
            areas if changed else None,
            tuple(streams) if changed else None,
            CAPABILITIES,
            worked=int(self._worked * 1000),
            last=last if last - start > _FAR else 0,
            most=VERSION if hello.version < VERSION else 0,
            least=least if hello.version > 1 else LEAST,
            program=__version__ if hello.version > 1 else "",
            away=away,
            rights=given if news else None,
            keys=(county.keys.recipient, county.keys.verify) if "keys" in hello.want else (),
            begun=start_tag if start_tag != hello.begun else b"",
            numbers=county.leasing.answer(device, hello, known, county.applier.rules, county.now_ms()),
            rules=rules,
            came=self._came,
        )
        self._known, self._changed = known, changed
        self._more_rules = rules is not None and rules[0] < county.ruled.number
        return [head]

    def receipts(self, told: int = 0) -> list[Receipts]:
        """The receipts that there are so far, from number *told* on."""
        some = self._receipts[told:]
        # A device of before has no use for when they were taken; what was written down with the frame says it all the same.
        return some if TAKEN in self._hello.capabilities else [replace(item, taken=()) for item in some]

    def rest(self, told: int = 0) -> Iterator[Message]:
        """What follows the head, but for the first *told* receipts, once everything was taken.

        The receipts come before anything else is done: nobody waits for them because others' cases are late.
        """
        county, hello, device = self._county, self._hello, self._device
        if self._rights is None:
            return
        if self._recovering:
            yield from self._recovering.answer(self._receipts)
            return
        yield from self.receipts(told)
        streams = self._rights.streams(device)
        self._watch()
        with county.database.snapshot() as conn:
            _, last = county.standing(conn)
            # Only what the device has for certain is left out: a receipt on its way may find the frame given up.
            here = () if self._late else self._receipts
            answered = {item.number for item in here if not item.code and item.known}
            own = own_revs(conn, county.code, device.id, hello, self._start(), answered)
        unread = ",".join(hello.rules[2]) if hello.rules else ""
        county.seen(device, hello.version, hello.program, unread, frames=len(self._receipts))
        if self._changed:
            # Which of its streams are new, only the device can say: it asks again.
            yield End(last, b"", again=True)
        else:
            # A device of version 1 would keep the words as a field of the record, and count them in its digest.
            places = words(self._known) if hello.version > 1 else {}
            pull = Pull(county.database, county.records, county.code, self._scope(streams), own, places)
            for message in pull.messages(hello, self.writer):
                if isinstance(message, End):
                    yield from self._replies(streams)
                    # By half of the rules no case should be judged for long: it asks for the rest at once.
                    yield replace(message, again=True) if self._more_rules and not self._late else message
                else:
                    yield message

    def _watch(self) -> None:
        """What is late by now, after what this device brought, comes down with this answer; if not now, within a minute."""
        try:
            self._county.watching.look(_WATCHED)
        except Exception as bad:  # noqa: BLE001 - the county's edge: an exchange must not fail for it
            _log.warning("the watch over due times comes later: %s", type(bad).__name__)

    def _start(self) -> int:
        """The rev from which on the device lacks something."""
        hello = self._hello
        return min([rev for rev, _ in hello.cursors.values()] + [rev for *_, rev in hello.behind], default=0)

    def _replies(self, streams: list[tuple[str, str]]) -> Iterator[Message]:
        county = self._county
        timed = TAKEN in self._hello.capabilities
        held = Comparing(county.database, county.records, county.forms, county.code, streams, timed=timed)
        return held.replies(self._questions)

    def _scope(self, streams: list[tuple[str, str]]) -> Scope:
        areas: dict[str, tuple[str, ...]] = {}
        for area, name in streams:
            areas[name] = (*areas.get(name, ()), area)
        held = set(streams)
        behind = {(name, area): rev for name, area, rev in self._hello.behind if (area, name) in held}
        cursors = {name: rev for name, (rev, _) in self._hello.cursors.items()}
        return Scope(areas, cursors, behind)


def _rights(device: Device) -> Given:
    """What the user of *device* has; of a unit that the county never gave nothing is said."""
    given = device.account, device.roles, device.areas
    return given if device.unit is None else (*given, device.unit)

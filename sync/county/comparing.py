"""The county's end of mending: what it holds in the ranges that a device asks about, and the records in which they differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa

from app.schema.form import Forms
from app.schema.record import Delta
from sync.county.database import Database
from sync.county.pulling import as_left, as_whole, with_times
from sync.county.records import Held, Records
from sync.county.soundness import sound_only
from sync.ranges import Item, Question, Reply, differing, short, split
from sync.wire import WireError, encode_down

MOST_QUESTIONS, MOST_LISTED = 200, 20_000
"""Questions that one request may ask, and ids and parts that they may list in all."""
_MOST_RECORDS = 2000
"""Records that one answer brings; the device asks for the rest."""
_FRAME = 100
_LEVEL = 6


class Comparing:
    """Answers the questions of one device; *scope* are its streams as (area, class). *timed*: it reads when the county took what."""

    def __init__(
        self,
        database: Database,
        records: Records,
        forms: Forms,
        county: str,
        scope: Collection[tuple[str, str]],
        *,
        timed: bool = False,
    ) -> None:
        self._database = database
        self._records = records
        self._forms = forms
        self._county = county
        self._scope = set(scope)
        self._timed = timed

    def replies(self, questions: Sequence[Question]) -> Iterator[Reply]:
        """What differs; nothing of a stream that isn't the device's own."""
        left = _MOST_RECORDS
        for question in questions:
            if (question.area, question.stream) not in self._scope:
                continue
            # Whoever takes the answer slowly holds no connection meanwhile.
            with self._database.snapshot() as conn:
                mine = self._held(conn, question)
                told = [] if question.items is None else self._told(conn, question, mine, left)
            if question.items is None:
                yield from self._narrowed(question, mine)
            left -= sum(len(ids) for ids, _ in told)
            yield from (reply for _, reply in told)

    def _narrowed(self, question: Question, mine: Sequence[Item]) -> Iterator[Reply]:
        parts = question.parts or ((question.low, 0, b""),)
        for span in differing(parts, question.high, mine):
            yield Reply(question.area, question.stream, span.low, span.high, split(span.mine, span.low))

    def _told(
        self, conn: sa.Connection, question: Question, mine: Sequence[Item], most: int
    ) -> list[tuple[list[str], Reply]]:
        """(ids, reply) pairs: the records in which the device's list differs, as many as *most*."""
        theirs = dict(question.items or ())
        here = {record_id: short(digest) for record_id, digest in mine}
        wanted = sorted(record_id for record_id, digest in here.items() if theirs.get(record_id) != digest)
        strange = sorted(theirs.keys() - here.keys())
        now, rest = wanted[: max(most, 0)], wanted[max(most, 0) :]
        found = self._find(conn, question.stream, [*now, *strange])
        good, bad = sound_only(conn, self._county, found)
        area, name = question.area, question.stream
        replies: list[tuple[list[str], Reply]] = []
        deltas = [self._delta(held) for held in good.values()]
        if self._timed:
            deltas = with_times(conn, self._county, self._forms, deltas)
        for start in range(0, len(deltas), _FRAME):
            some = deltas[start : start + _FRAME]
            frame = encode_down(some, [], _LEVEL)
            replies.append(([delta.id for delta in some], Reply(area, name, question.low, question.high, frame=frame)))
        missing = tuple(record_id for record_id in strange if record_id not in found)
        if missing or bad or rest:
            said = Reply(
                area,
                name,
                question.low,
                question.high,
                missing=missing,
                unsound=tuple(bad),
                rest=rest[0] if rest else "",
            )
            replies.append(([], said))
        return replies

    def _delta(self, held: Held) -> Delta:
        record = held.record
        stream = self._forms[record.form].stream
        return as_whole(record) if (record.area, stream) in self._scope else as_left(record)

    def _held(self, conn: sa.Connection, question: Question) -> list[Item]:
        """(id, kept hash) of the stream's records in the range, by id."""
        found: list[Item] = []
        for form in self._forms.values():
            if form.stream == question.stream:
                found += self._records.hashes(conn, form.name, question.area, question.low, question.high)
        return sorted(found)

    def _find(self, conn: sa.Connection, stream: str, ids: Sequence[str]) -> dict[str, Held]:
        """Those records of the class that exist, wherever they are."""
        found: dict[str, Held] = {}
        for form in self._forms.values():
            if form.stream == stream and ids:
                found.update(self._records.get(conn, form.name, ids))
        return found


def checked(questions: Sequence[Question]) -> None:
    """WireError where a device asks for more than any honest one does."""
    listed = sum(len(question.parts) + len(question.items or ()) for question in questions)
    if len(questions) > MOST_QUESTIONS or listed > MOST_LISTED:
        raise WireError("questions", "sync.too_large")

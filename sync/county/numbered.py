"""No two cases with one number: what machines with the same past, or people who typed it, gave twice is told apart here."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from app.schema.record import Change
from sync.county.records import Records
from sync.losers import KEPT, Loser
from sync.merge import Outcome

STEP, NUMBER, CASE = "event_step", "case_no", "event"


class Numbered:
    """Whose the numbers are that the *changes* of a frame give to cases."""

    def __init__(self, conn: sa.Connection, records: Records, changes: Sequence[Change]) -> None:
        self._conn = conn
        self._records = records
        self._cases: dict[str, set[str]] = {}
        given = {str(c.values[NUMBER]) for c in changes if c.form == STEP and c.values.get(NUMBER)}
        if given:
            self._learn(sorted(given))

    def distinct(self, outcome: Outcome, user: str) -> Outcome:
        """*outcome* of a new step, whose case number gets ``-2``, ``-3`` … where another case has it already.

        Blocks are leased to one device only, so this meets those who couldn't know: two machines with one disk, offline. Whose step
        comes first keeps the number; the other's device, and everybody, is told the longer one, and what was given is kept.
        """
        record = outcome.record
        if record is None or record.form != STEP or not record.values.get(NUMBER):
            return outcome
        given, case = str(record.values[NUMBER]), str(record.values.get(CASE) or "")
        number = next(text for text in _longer(given) if self._free(text, case))
        self._cases.setdefault(number, set()).add(case)
        if number == given:
            return outcome
        return replace(
            outcome,
            status="merged",
            record=replace(record, values={**record.values, NUMBER: number}),
            results={**outcome.results, NUMBER: number},
            losers=(*outcome.losers, Loser((NUMBER,), {}, {NUMBER: given}, {NUMBER: number}, user, "", KEPT)),
        )

    def _free(self, number: str, case: str) -> bool:
        if number not in self._cases:
            self._learn([number])
        return self._cases[number] <= {case}

    def _learn(self, numbers: Sequence[str]) -> None:
        self._cases.update({number: set() for number in numbers})
        for number, case in self._records.pairs(self._conn, STEP, NUMBER, CASE, numbers):
            self._cases[str(number)].add(str(case or ""))


def _longer(number: str) -> itertools.chain[str]:
    return itertools.chain([number], (f"{number}-{count}" for count in itertools.count(2)))

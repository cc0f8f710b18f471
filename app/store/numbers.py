"""The case numbers that this device may give: blocks leased from the county, taken one by one, never twice."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from app.schema.dates import CHINA
from app.schema.ddl import table_name

if TYPE_CHECKING:
    from app.store.store import Store

_KEY = "numbers"
_STEP = "event_step"
_DECEMBER = 12
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers of one year from ``low`` to ``high``, of which ``next`` is the first that wasn't given yet."""

    year: int
    before: str
    after: str
    width: int
    low: int
    high: int
    next: int

    @property
    def left(self) -> int:
        """How many are still to be given."""
        return self.high - self.next + 1

    def number(self, serial: int) -> str:
        """The number as it is printed."""
        return f"{self.before}{serial:0{self.width}}{self.after}"


class Numbers:
    """The blocks of this device, kept in the encrypted store.

    Whoever finds that there is another machine with the same past gives them up: what the other may give as well is given by neither.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def blocks(self) -> list[Block]:
        """What is held, in the order in which it came."""
        return [Block(*row) for row in self._held().get("blocks", ())]

    def take(self, year: int) -> str:
        """The next number of *year*, which nobody gets again; empty where no block has one."""
        with self._store.transaction():
            blocks = self.blocks()
            for place, block in enumerate(blocks):
                if block.year != year:
                    continue
                serial = block.next
                # A store brought back from a copy has forgotten what it gave; its steps have not.
                while serial <= block.high and self._given(block.number(serial)):
                    serial += 1
                if serial <= block.high:
                    blocks[place] = replace(block, next=serial + 1)
                    self._keep(blocks=_rows(blocks))
                    return block.number(serial)
                blocks[place] = replace(block, next=serial)
            return ""

    def wanted(self) -> tuple[str, tuple[int, ...], tuple[tuple[str, str, int], ...]] | None:
        """What the next hello asks for, once less than a third of a block is left; the same words until they are answered.

        (A word drawn for this request, the years, the last serial of each row held.) In December the next year's row is asked for.
        """
        held, now = self._held(), self._store.now_ms()
        if held.get("rest", 0) > now:
            return None
        today = dt.datetime.fromtimestamp(now / 1000, CHINA)
        blocks = self.blocks()
        years = [today.year]
        if today.month == _DECEMBER and any(block.year == today.year for block in blocks):
            years.append(today.year + 1)
        short = tuple(year for year in years if _short([block for block in blocks if block.year == year]))
        if not short:
            return None
        word = str(held.get("word") or "")
        if not word:
            # Written down before it is said: an answer that was cut is given again, and no block is lost on a bad line.
            word = secrets.token_hex(6)
            with self._store.transaction():
                self._keep(word=word)
        last: dict[tuple[str, str], int] = {}
        for block in blocks:
            last[block.before, block.after] = max(block.high, last.get((block.before, block.after), 0))
        return word, short, tuple((before, after, high) for (before, after), high in sorted(last.items()))

    def leased(self, word: str, blocks: Sequence[tuple[int, str, str, int, int, int]]) -> None:
        """The county's answer to *word*; one that isn't waited for any more is passed over."""
        with self._store.transaction():
            held = self._held()
            if not word or held.get("word") != word:
                return
            this_year = dt.datetime.fromtimestamp(self._store.now_ms() / 1000, CHINA).year
            kept = [block for block in self.blocks() if block.left > 0 and block.year >= this_year]
            new = [Block(*row, next=row[4]) for row in blocks if 0 < row[4] <= row[5]]
            rest = 0 if new else self._store.now_ms() + _DAY_MS
            self._keep(blocks=_rows([*kept, *new]), word="", rest=rest)

    def give_up(self) -> None:
        """Inside the caller's transaction: another machine may hold the same blocks, so that this one uses none of them any more."""
        self._store.meta.set(_KEY, {})

    def _held(self) -> dict[str, Any]:
        held: dict[str, Any] = self._store.meta.get(_KEY, {})
        return held

    def _keep(self, **changes: Any) -> None:
        self._store.meta.set(_KEY, {**self._held(), **changes})

    def _given(self, number: str) -> bool:
        if _STEP not in self._store.forms or "case_no" not in self._store.forms[_STEP].fields:
            return False
        query = f"SELECT 1 FROM {table_name(_STEP)} WHERE case_no = ? LIMIT 1"
        return self._store.conn.execute(query, (number,)).fetchone() is not None


def _rows(blocks: Sequence[Block]) -> list[tuple[Any, ...]]:
    return [astuple(block) for block in blocks]


def _short(blocks: Sequence[Block]) -> bool:
    if not blocks:
        return True
    size = blocks[-1].high - blocks[-1].low + 1
    return sum(block.left for block in blocks) * 3 < size

"""Which rows of a roster make one household, however its cells are merged, left blank or repeated."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.exchange.excel.layout import Layout, Row
from app.exchange.excel.workbook import text_of
from app.exchange.roster.people import Person
from app.schema.values import comparable, person_name, plain, tight

NUMBER, HEAD_NAME, ADDRESS, BUILDING, GRID = (
    "household.number",
    "household.head_name",
    "dwelling.address",
    "building.name",
    "grid.name",
)
_GRID = re.compile(r"[(（]([^()（）]*?网格)[)）]|([^\s:：()（）,，、]*?[\d一二三四五六七八九十百零]+网格)")
HEAD_NUMBER = "head.id_number"
_OF_HOUSEHOLD = frozenset({NUMBER, HEAD_NAME, ADDRESS, BUILDING})


@dataclass
class Household:
    """Rows that belong together, with what their cells say of household and home; ``placed`` False: nothing says where they belong.

    ``head_row``: the first row that has the head in columns of his own.
    """

    sheet: str
    number: str = ""
    head_name: str = ""
    address: str = ""
    building: str = ""
    grid: str = ""
    village: str = ""
    group: str = ""
    contact: str = ""
    placed: bool = True
    people: list[Person] = field(default_factory=list)
    addresses: dict[int, str] = field(default_factory=dict)
    head_row: Row | None = None

    def learn(self, row: Row) -> None:
        """Take from *row* what isn't known yet."""
        if self.head_row is None and HEAD_NUMBER in row.cells:
            self.head_row = row
        for name, target, tidy in _LEARNT:
            if not getattr(self, name) and target in row.cells:
                setattr(self, name, tidy(text_of(row.cells[target])))

    def told(self) -> dict[str, str]:
        """What the household's rows say together, by target."""
        return {target: getattr(self, name) for name, target, _ in _LEARNT if name != "contact"}

    def lies_apart(self, other: Household) -> bool:
        """Whether village or villager group say that these are two places."""
        pairs = ((self.village, other.village), (self.group, other.group))
        return any(mine and theirs and mine != theirs for mine, theirs in pairs)

    def agrees(self, other: Household) -> bool | None:
        """Whether *other*, of the same number, can be the same household; None where neither head nor address tells."""
        if self.lies_apart(other):
            return False
        told = self._compared(other)
        if self.sheet == other.sheet and len(told) == 1 and not told[0] and len(self.number) >= 4:
            # On one sheet a long number doesn't begin again; the cell may be a slip or a member who lives elsewhere.
            return None
        return any(told) if told else None

    def contradicts(self, other: Household) -> bool:
        """Whether *other*, of the same number in the next row, must be another household all the same."""
        told = self._compared(other)
        return self.lies_apart(other) or (len(told) == 2 and not any(told))

    def _compared(self, other: Household) -> list[bool]:
        pairs = ((self.head_name, other.head_name), (self.address, other.address))
        return [comparable(mine) == comparable(theirs) for mine, theirs in pairs if mine and theirs]


_LEARNT = (
    ("number", NUMBER, plain), ("head_name", HEAD_NAME, person_name), ("address", ADDRESS, tight), ("building", BUILDING, tight),
    ("grid", GRID, plain), ("village", "place.village", plain), ("group", "place.group", plain), ("contact", "household.contact", person_name),
)  # fmt: skip


def group(layouts: Sequence[Layout], people: Iterable[list[Person]]) -> list[Household]:
    """The households of *layouts* in the order of their first rows; *people* gives the persons of each layout, row by row."""
    runs: list[Household] = []
    for layout, persons in zip(layouts, people, strict=True):
        runs += _runs(layout, persons)
    return _joined(runs)


def _runs(layout: Layout, persons: list[Person]) -> list[Household]:
    """The stretches of rows that one household takes on one sheet."""
    brings = frozenset(layout.by_target)
    within: tuple[str, ...] = ()
    default = grid_in(layout.preface)
    repeated = _is_repeated(layout)
    runs: list[Household] = []
    current: Household | None = None
    for row, person in zip(layout.rows, persons, strict=True):
        fresh = Household(layout.sheet.name)
        fresh.learn(row)
        # A line across the table that names a household begins it, whatever its rows say.
        named = row.context != within and bool((NUMBER in row.cells or HEAD_NAME in row.cells) and row.context)
        within = row.context
        if current is None or named or _starts(fresh, row, person, current, brings, repeated=repeated):
            current = fresh
            current.placed = bool(fresh.number or fresh.head_name or fresh.address or not repeated or person.says_head)
            runs.append(current)
        else:
            current.learn(row)
        if not current.grid:
            current.grid = grid_in(row.context) or default
        if fresh.address and fresh.address != current.address:
            current.addresses[row.number] = fresh.address
        current.people.append(person)
    return runs


def _starts(
    fresh: Household, row: Row, person: Person, current: Household, brings: frozenset[str], *, repeated: bool
) -> bool:
    """Whether a row begins another household than the one before it."""
    other_head = bool(fresh.head_name) and comparable(fresh.head_name) != comparable(current.head_name)
    if NUMBER in brings:
        if fresh.number:
            return fresh.number != current.number or current.contradicts(fresh)
        if repeated:
            return bool(current.number) or other_head or not current.placed
        return bool(current.head_name) and other_head
    if HEAD_NAME in brings:
        other_home = (
            ADDRESS in row.own and bool(current.address) and comparable(fresh.address) != comparable(current.address)
        )
        return other_head or (bool(fresh.head_name) and other_home)
    if "resident.relation" in brings:
        return person.says_head
    return bool(fresh.address) and comparable(fresh.address) != comparable(current.address)


def _is_repeated(layout: Layout) -> bool:
    """Whether the sheet writes the household's number in every row, so that a blank one is missing and not meant as 'the same'."""
    key = NUMBER if NUMBER in layout.by_target else HEAD_NAME
    own = [text_of(row.cells[key]) if key in row.own else "" for row in layout.rows]
    again = sum(1 for before, after in itertools.pairwise(own) if after and before == after)
    blank = sum(1 for text in own if not text)
    return again > blank


def _joined(runs: list[Household]) -> list[Household]:
    """Runs of one number made one household, unless heads and addresses say that the numbers began again."""
    restarts = _numbers_restart(runs)
    held: dict[str, list[Household]] = defaultdict(list)
    kept: list[Household] = []
    for run in runs:
        key = run.number or f"{run.sheet}\0{comparable(run.head_name)}\0{comparable(run.address)}"
        for known in held[key] if run.placed and (run.number or run.head_name) else ():
            agrees = known.agrees(run)
            if agrees or (agrees is None and (known.sheet == run.sheet or not restarts)):
                known.people += run.people
                if known.sheet == run.sheet:
                    away = run.address and run.address != known.address
                    known.addresses |= (
                        dict.fromkeys((p.row for p in run.people), run.address) if away else {}
                    ) | run.addresses
                break
        else:
            held[key].append(run)
            kept.append(run)
    return kept


def _numbers_restart(runs: list[Household]) -> bool:
    by_number: dict[str, list[Household]] = defaultdict(list)
    for run in runs:
        if run.number:
            by_number[run.number].append(run)
    for same in by_number.values():
        for other in same[1:]:
            if other.sheet != same[0].sheet and (same[0].agrees(other) is False or len(other.number) < 4):
                return True
    return False


def grid_in(texts: Iterable[str]) -> str:
    """The grid that a line over the table names: 单位：……一组（第一网格）."""
    for text in texts:
        found = _GRID.search(text)
        if found:
            return plain(found[1] or found[2])
    return ""

"""Coverage: who and what is looked after by nobody, by too few, or hangs nowhere in the chain; each finding names its record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.messages import sentence
from app.rules.coverage import CoverageRules
from app.services.gate import Gate
from app.store import gaps

if TYPE_CHECKING:
    from app.store.store import Store

KINDS = ("no_grid", "no_dwelling", "unplaced", "no_contact", "many", "heads", "empty", "ended", "grids")
_FORM = {"no_grid": "dwelling", "unplaced": "resident"}
MOST = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: the record to open, what it is called, and what is wrong in words."""

    kind: str
    form: str
    id: str
    area: str
    title: str
    note: str
    words: str


@dataclass(frozen=True, slots=True)
class Findings:
    """``total`` counts them all, ``findings`` are the first of them."""

    kind: str
    total: int
    findings: tuple[Finding, ...]


class Coverage:
    """One kind of gap at a time, so that each reading stays short."""

    def __init__(self, store: Store, gate: Gate, rules: CoverageRules) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules

    def of(self, kind: str, area: str = "", *, limit: int = MOST) -> Findings:
        """The findings of *kind* (``KINDS``) in *area*, or wherever this user may look."""
        self._gate.require("read", "household", area or None)
        areas = [area] if area else list(self._gate.session.areas)
        special: dict[str, Callable[[list[str]], list[Finding]]] = {
            "many": self._many,
            "heads": self._heads,
            "grids": self._grids,
        }
        if kind in special:
            found = special[kind](areas)
            return Findings(kind, len(found), tuple(found[:limit]))
        total, rows = gaps.gaps(self._store.conn, kind, areas, limit)
        form = _FORM.get(kind, "household")
        made = [
            Finding(kind, form, key, at, self._title(form, title), note, sentence(f"coverage.{kind}", note=note))
            for key, at, title, note in rows
        ]
        return Findings(kind, total, tuple(made))

    def _heads(self, areas: list[str]) -> list[Finding]:
        found = []
        for key, area, name, count, gone, address in gaps.heads(self._store.conn, areas):
            kind = "head_gone" if gone else "two_heads" if count > 1 else "head_differs" if count else "no_head"
            words = sentence(f"coverage.{kind}", count=count)
            found.append(Finding(kind, "household", key, area, self._title("household", name), address, words))
        return found

    def _many(self, areas: list[str]) -> list[Finding]:
        rules, found = self._rules, []
        grids = gaps.grids(self._store.conn, areas)
        by_member: Counter[tuple[str, str]] = Counter()
        members = {(area, member): key for key, area, _, member, *_ in grids if member}
        for _, area, _, member, _, _, households, _ in grids:
            by_member[area, member] += households
        for (area, member), count in by_member.items():
            if member and count > rules.member_households:
                words = sentence("coverage.many_member", count=count, most=rules.member_households)
                found.append(Finding("many", "grid", members[area, member], area, member, "", words))
        for area, name, count, household in gaps.contacts(self._store.conn, areas, rules.contact_households):
            # A grid's member is asked above, by his own measure.
            if (area, name) not in members:
                words = sentence("coverage.many_contact", count=count, most=rules.contact_households)
                found.append(Finding("many", "household", household, area, name, "", words))
        return found

    def _grids(self, areas: list[str]) -> list[Finding]:
        found: list[Finding] = []
        grids = gaps.grids(self._store.conn, areas)
        numbers = Counter(number for *_, number in grids if number)
        for key, area, name, member, ended, dwellings, _, number in grids:
            said = []
            if numbers[number] > 1:
                # Two drew a grid at once, each without knowing of the other.
                said.append(("grid_number_twice", sentence("coverage.grid_number_twice", number=number)))
            if ended and dwellings:
                said.append(("grid_ended", sentence("coverage.grid_ended", day=ended, count=dwellings)))
            if not ended and not member:
                said.append(("grid_no_member", sentence("coverage.grid_no_member")))
            if area.endswith("000"):
                said.append(("grid_no_village", sentence("coverage.grid_no_village")))
            found += [Finding(kind, "grid", key, area, name, "", words) for kind, words in said]
        return found

    def _title(self, form: str, title: str) -> str:
        shape = self._store.forms[form]
        told = shape.record_title({shape.title_field: title or None})
        return f"{told}户" if form == "household" and title else told

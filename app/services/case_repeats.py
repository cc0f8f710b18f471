"""Repeated places and matters (重复事项): the hint while a case is taken, what a case page shows, and the list of them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.messages import sentence
from app.rules.calendar import iso, parse
from app.rules.repeats import Key, RepeatRules
from app.services.case_folding import EVENT
from app.services.case_taking import Again
from app.services.cases import Cases
from app.services.gate import Gate

if TYPE_CHECKING:
    from app.store.store import Store

_COLUMNS = ("id", "area", "title", "state", "reported_at", "class_now", "dwelling", "grid", "place_key")
# Wrong entries, drafts and what was turned down are no repetition; a merged report is one.
_NOT = frozenset({"draft", "void", "not_accepted"})
_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Cases that repeat one another by one way (dwelling, place, grid), the newest first; ``words`` say what they share.

    ``waiting``: how many of them aren't done.
    """

    way: str
    words: str
    events: tuple[str, ...]
    waiting: int = 0


class CaseRepeats:
    """Asked of indexed columns only. Counts places and matters; no person and no number is ever counted."""

    def __init__(self, store: Store, gate: Gate, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases

    @property
    def rules(self) -> RepeatRules:
        """When something repeats itself, as the county has it now."""
        return self._cases.rules.repeats

    def hints(self, values: Mapping[str, Any], area: str) -> Sequence[Again]:
        """The cases that the one being taken would repeat, each once, the newest first: what ``CaseTaking`` asks."""
        if not self._gate.decide("read", EVENT, area or None, own=True).allowed:
            return ()
        found: dict[str, Again] = {}
        for way, rows in self._alike(values, area, self._since()).items():
            if len(rows) + 1 >= self.rules.count:
                note = sentence(f"links.again_{way}", days=self.rules.days, count=len(rows) + 1)
                for row in rows:
                    found.setdefault(row["id"], Again(row["id"], str(row["title"] or ""), note))
        return tuple(found.values())

    def of(self, event_id: str) -> tuple[Repeat, ...]:
        """How a case repeats others: by each way the most cases that lie with it within so many days."""
        event = self._cases.case(event_id).event
        reported = event.values.get("reported_at")
        if not reported or event.values.get("state") in _NOT:
            return ()
        since = iso(parse(str(reported)) - dt.timedelta(days=self.rules.days))
        found = []
        for way, rows in self._alike(event.values, event.area, since).items():
            near = self._together(rows, str(reported))
            if len(near) >= self.rules.count:
                found.append(self._repeat(way, near))
        return tuple(found)

    def _together(self, rows: Sequence[_Row], moment: str) -> Sequence[_Row]:
        """Of *rows* the most that lie within so many days, *moment* among them; the latest where as many do."""
        best: Sequence[_Row] = ()
        for first in sorted({str(row["reported_at"]) for row in rows if str(row["reported_at"]) <= moment}):
            last = iso(parse(first) + dt.timedelta(days=self.rules.days))
            held = [row for row in rows if first <= str(row["reported_at"]) <= last] if moment <= last else []
            best = held if len(held) >= len(best) else best
        return best

    def all(self, *, area: str | None = None) -> list[Repeat]:
        """Every repetition of the last so many days that this user may see, the largest first; a set of cases stands once."""
        self._gate.require("read", EVENT, None)
        wanted = {"reported_at": (">=", self._since())}
        groups: dict[Key, tuple[str, list[_Row]]] = {}
        areas, divisions = [area] if area else self._gate.session.areas, self._gate.divisions()
        # Where is asked afterwards: by their areas the cases of all years would be gone through.
        for row in self._rows(wanted, None):
            if not divisions.any_covers(areas, row["area"]):
                continue
            for way, key in self.rules.keys(row, row["area"]).items():
                groups.setdefault(key, (way, []))[1].append(row)
        found: dict[frozenset[str], Repeat] = {}
        for way, rows in groups.values():
            if len(rows) >= self.rules.count:
                found.setdefault(frozenset(row["id"] for row in rows), self._repeat(way, rows))
        return sorted(found.values(), key=lambda one: (-len(one.events), one.events))

    def _alike(self, values: Mapping[str, Any], area: str, since: str) -> dict[str, list[_Row]]:
        """The cases since *since* that share a key with *values*, by way, the newest first."""
        found = {}
        for way, key in self.rules.keys(values, area).items():
            wanted: dict[str, object] = {"reported_at": (">=", since)}
            match way:
                case "dwelling":
                    wanted["dwelling"] = key[1]
                case "place":
                    wanted["place_key"] = key[2]
                case _:
                    # With all classes below; what only begins alike the keys tell apart.
                    wanted["matter_key"] = ("between", f"{key[1]} {key[2]}", f"{key[1]} {key[2]}~")
            rows = self._rows(wanted, area if way == "place" else None)
            same = [row for row in rows if self.rules.keys(row, row["area"]).get(way) == key]
            found[way] = sorted(same, key=lambda row: (str(row["reported_at"]), row["id"]), reverse=True)
        return found

    def _rows(self, where: Mapping[str, object], area: str | Sequence[str] | None) -> Iterable[_Row]:
        for values in self._store.query.columns(EVENT, _COLUMNS, where, area=area or None):
            row = dict(zip(_COLUMNS, values, strict=True))
            if row["state"] not in _NOT:
                yield row

    def _repeat(self, way: str, rows: Sequence[_Row]) -> Repeat:
        newest = sorted(rows, key=lambda row: (str(row["reported_at"]), row["id"]), reverse=True)
        words = sentence(f"links.again_{way}", days=self.rules.days, count=len(newest))
        states = self._cases.rules.states
        waiting = sum(1 for row in newest if (state := states.get(str(row["state"]))) and state.waiting)
        return Repeat(way, words, tuple(row["id"] for row in newest), waiting)

    def _since(self) -> str:
        return iso(self._cases.now() - dt.timedelta(days=self.rules.days))

"""Where a record belongs whose parent was moved apart from it, and what goes along when a record moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgpack
import sqlalchemy as sa

from app.rules.case_engine import CaseRules
from app.rules.hanging import bonds, finished, hanging
from app.schema.form import Form, Forms
from app.schema.record import AREA, DELETED, Change, Record
from app.schema.values import Value
from sync.county.database import parts
from sync.county.folding import EVENT, Folding
from sync.county.records import Held, Records
from sync.county.tables import HISTORY

Key = tuple[str, str]
INTO = "merged_into"
"""The field in which a registration that was merged names the one that it went into."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A record that went from one area to another."""

    form: str
    id: str
    before: str
    after: str
    user: str


class Places:
    """Where the parents of a frame's changes are, and where its records ever were; asked in bulk, once a frame."""

    def __init__(
        self,
        conn: sa.Connection,
        records: Records,
        forms: Forms,
        rules: CaseRules,
        county: str,
        changes: Sequence[Change],
        held: Mapping[Key, Held],
    ) -> None:
        self._conn = conn
        self._records = records
        self._forms = forms
        self._rules = rules
        self._county = county
        self._known_bonds: dict[str, tuple[tuple[str, str], ...]] = {}
        self._areas: dict[str, str] = {}
        self._been: dict[str, frozenset[str]] = {}
        self._know_parents(changes, held)
        strayed = [c.id for c in changes if (h := held.get((c.form, c.id))) and h.record.area != c.area]
        self._been.update(ever_in(conn, county, strayed))

    def missing(self, change: Change, held: Mapping[Key, Held]) -> bool:
        """Whether the parent that a new record names isn't at the county."""
        form = self._forms[change.form]
        parent = str(change.values.get(form.parent) or "") if form.parent else ""
        if not parent or parent in self._areas:
            return False
        target = dict(form.references).get(form.parent)
        return target is not None and (target, parent) not in held

    def been(self, record: Record | None, change: Change) -> frozenset[str]:
        """The areas in which the record ever was; asked only where it isn't where the change knew it."""
        return self._ever(record.id) if record is not None and record.area != change.area else frozenset()

    def placed(self, form: Form, change: Change, held: Mapping[Key, Held]) -> Change:
        """A new record is where its parent is, if that was handed over since; else where it was made."""
        made = str(change.values[AREA])
        for name, target in self._bonds(form, change.values):
            where = self._where(target, change.values.get(name), held)
            if where and where != made and made in self._ever(str(change.values[name])):
                # What hangs on it comes in the same frame, and must find it as one that was handed over too.
                self._been[change.id] = frozenset({made, where})
                return replace(change, values={**change.values, AREA: where})
        return change

    def belongs(self, form: Form, stored: Record, change: Change, record: Record, held: Mapping[Key, Held]) -> str:
        """Where *record*, as *change* left it, belongs if not where it is; empty where it may stay.

        That is with its parent: if one of two people gave it a new parent and the other moved it or that parent, and
        neither had seen what the other did. Who moves a record on purpose, without its parent, is left alone.
        """
        bond = next(
            ((name, target) for name, target in self._bonds(form, record.values) if record.values.get(name)), None
        )
        if (
            bond is None
            or finished(self._rules, form.name, record.values, "")
            or not (AREA in change.values or bond[0] in change.values)
        ):
            return ""
        name, target = bond
        where = self._where(target, record.values[name], held)
        if not where or where == record.area:
            return ""
        if name in change.values:
            known = str(change.values.get(AREA, change.area))
            apart = stored.area != change.area or known in self._ever(str(record.values[name]))
        else:
            apart = record.rev_of(name) > change.bases.get(AREA, 0) and record.rev_of(AREA) == record.rev
        return where if apart else ""

    def circle(self, change: Change, held: Mapping[Key, Held]) -> bool:
        """Whether *change* deletes a registration as part of another that has itself become part of this one: then nobody would stand."""
        if not change.values.get(DELETED):
            return False
        seen: set[str] = set()
        into = str(change.values.get(INTO) or "")
        while into and into not in seen:
            if into == change.id:
                return True
            seen.add(into)
            key = change.form, into
            found = held.get(key) or self._records.get(self._conn, change.form, [into]).get(into)
            into = str(found.record.values.get(INTO) or "") if found and found.record.deleted else ""
        return False

    def moved(self, item: Moved) -> None:
        """Within this frame the record moved: who comes after it in the frame meets it there."""
        self._been[item.id] = self._ever(item.id) | {item.before, item.after}

    def _bonds(self, form: Form, values: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
        """``bonds``, reckoned once for each form; what a photo belongs to only its values tell."""
        if "owner_form" in form.fields:
            return bonds(form, values)
        if form.name not in self._known_bonds:
            self._known_bonds[form.name] = bonds(form)
        return self._known_bonds[form.name]

    def _where(self, target: str, record_id: object, held: Mapping[Key, Held]) -> str:
        if not record_id:
            return ""
        key = target, str(record_id)
        return held[key].record.area if key in held else self._areas.get(key[1], "")

    def _ever(self, record_id: str) -> frozenset[str]:
        if record_id not in self._been:
            self._been.update({record_id: frozenset(), **ever_in(self._conn, self._county, [record_id])})
        return self._been[record_id]

    def _know_parents(self, changes: Sequence[Change], held: Mapping[Key, Held]) -> None:
        wanted: dict[str, set[str]] = {}
        for change in changes:
            form = self._forms.get(change.form)
            stored = held.get((change.form, change.id))
            if form is None:
                continue
            for name, target in self._bonds(form, change.values):
                if name in change.values or (AREA in change.values and stored):
                    value = change.values.get(name) or (stored.record.values.get(name) if stored else None)
                    if value:
                        wanted.setdefault(target, set()).add(str(value))
        for target, ids in wanted.items():
            if target not in self._forms:
                continue
            self._areas.update(self._records.areas(self._conn, target, ids))


def ever_in(conn: sa.Connection, county: str, ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each of these records every area in which it ever was, also only for a moment."""
    found: dict[str, set[str]] = {}
    for some in parts(list(ids)):
        query = sa.select(HISTORY.c.id, HISTORY.c.body).where(HISTORY.c.county == county, HISTORY.c.id.in_(some))
        for record_id, body in conn.execute(query):
            values, _, _, results = msgpack.unpackb(body)
            areas = {str(held[AREA]) for held in (values, results) if AREA in held}
            found.setdefault(record_id, set()).update(areas)
    return {record_id: frozenset(areas) for record_id, areas in found.items()}


def followers(
    conn: sa.Connection, records: Records, forms: Forms, rules: CaseRules, moved: Sequence[Moved]
) -> Iterator[tuple[Moved, Held]]:
    """What hangs on *moved* and was left in the old area, each with the one that it follows.

    The one who moved took along what he knew of; this is what others had added without his knowing, and what was said about it.
    Work that is done stays.
    """
    by_way: dict[tuple[str, str, str], dict[str, Moved]] = {}
    for item in moved:
        by_way.setdefault((item.form, item.before, item.after), {})[item.id] = item
    for (name, before, _), items in by_way.items():
        links = [*hanging(forms, name), *((form.name, "record") for form in forms.values() if form.system)]
        for form, field in links:
            found = records.hanging(conn, form, field, list(items), before)
            states = _states(conn, records, rules, found) if form == EVENT else {}
            for held in found:
                values = held.record.values
                if not finished(rules, form, values, states.get(held.record.id, "")):
                    yield items[str(values[field])], held


def _states(conn: sa.Connection, records: Records, rules: CaseRules, events: Sequence[Held]) -> dict[str, str]:
    """The state of each case."""
    folding = Folding(conn, records, rules, [held.record.id for held in events])
    return {event.id: folding.state(event).state for event in folding.events}

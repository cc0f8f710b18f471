"""What this device forgets of a person once the county agreed that he is pseudonymised: names and numbers in the history."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgpack

from app.schema.ddl import table_name
from app.schema.erasing import (
    CALLED,
    INTO,
    MARK,
    QUARREL,
    RESIDENT,
    blanked,
    called_before,
    is_pseudonym,
    naming,
    uncalled,
)
from app.schema.form import Forms
from app.schema.record import Delta
from app.schema.values import Value
from app.store.part import Part
from app.store.rows import Row

_AT_ONCE = 400
Clean = Callable[[Mapping[str, Value]], Mapping[str, Value]]


class Erasing(Part):
    """The rows themselves come as any change does; this is about their past. The caller holds the transaction."""

    def forget(self, touched: Mapping[str, Collection[str]]) -> None:
        """Take out of the history what says who the erased people among *touched* records were, and those that others name."""
        people = self._erased(touched.get(RESIDENT, ()))
        if people:
            self._forget_people(people)
        for kind in naming(self._store.forms):
            if ids := touched.get(kind.form):
                refs = self._refs_of(kind.form, kind.ref, ids)
                gone = self._erased({ref for ref in refs.values() if ref})
                self._clean_history(
                    [one for one, ref in refs.items() if ref in gone], self._without_words(kind.form, kind.words)
                )
        for form in (form for form in self._store.forms.values() if form.system):
            if ids := touched.get(form.name):
                empty = [
                    row.id
                    for row in self._rows.get(form.name, ids).values()
                    if all(row.values.get(n) is None for n in QUARREL)
                ]
                self._clean_history(empty, self._without_words(form.name, QUARREL))
        for name, fields in CALLED.items():
            if ids := touched.get(name):
                rows = self._rows.get(name, ids).values()
                self._forget_called(name, [row.id for row in rows if is_pseudonym(row.values.get(fields[0]))])

    def _forget_people(self, people: Collection[str]) -> None:
        whole = set(people)
        fresh = set(people)
        while fresh:
            fresh = {row.id for row in self._naming(RESIDENT, INTO, fresh)} - whole
            whole |= fresh
        self._clean_history(whole, lambda values: blanked(RESIDENT, None, values))
        named = set(whole)
        for kind in naming(self._store.forms):
            ids = {row.id for row in self._naming(kind.form, kind.ref, whole)}
            self._clean_history(ids, self._without_words(kind.form, kind.words))
            named |= ids
        for form in (form for form in self._store.forms.values() if form.system):
            self._clean_history(
                {row.id for row in self._naming(form.name, "record", named)}, self._without_words(form.name, QUARREL)
            )
        for part in _parts(named):
            marks = ",".join("?" * len(part))
            # What is being typed of him would bring him back; what the county refused waits for its writer.
            self._conn.execute(f"DELETE FROM draft WHERE id IN ({marks})", part)
            self._conn.execute(f"DELETE FROM attention WHERE done = 1 AND id IN ({marks})", part)

    def _forget_called(self, form: str, ids: Iterable[str]) -> None:
        """Each line that calls these records by the person who was pseudonymised forgets it."""
        for record_id in ids:
            name = called_before(form, [line.values for line in self._store.query.history(record_id)])
            if name is not None:
                self._clean_history([record_id], functools.partial(uncalled, form, name))

    def _erased(self, ids: Iterable[str]) -> set[str]:
        """Those of these residents of whom the county agreed; an erasure that is only on its way doesn't count."""
        marked: list[str] = []
        for part in _parts(ids):
            marks = ",".join("?" * len(part))
            sql = f'SELECT id FROM {table_name(RESIDENT)} WHERE "{MARK}" IS NOT NULL AND id IN ({marks})'
            marked += [record_id for (record_id,) in self._conn.execute(sql, part)]
        rows = self._rows.get(RESIDENT, marked).values()
        return {row.id for row in rows if MARK in row.revs or not row.pending}

    def _naming(self, form: str, field: str, ids: Iterable[str]) -> list[Any]:
        found: list[Any] = []
        for part in _parts(ids):
            found += self._rows.read(form, f'WHERE "{field}" IN ({",".join("?" * len(part))})', part)
        return found

    def _refs_of(self, form: str, field: str, ids: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in _parts(ids):
            marks = ",".join("?" * len(part))
            sql = f'SELECT id, "{field}" FROM {table_name(form)} WHERE id IN ({marks})'
            found.update(self._conn.execute(sql, part).fetchall())
        return found

    def _without_words(self, form: str, words: tuple[str, ...]) -> Clean:
        return lambda values: blanked(form, dict.fromkeys(words), values)

    def _clean_history(self, ids: Iterable[str], clean: Clean) -> None:
        for part in _parts(ids):
            marks = ",".join("?" * len(part))
            lines = self._conn.execute(f"SELECT seq, body FROM history WHERE id IN ({marks})", part).fetchall()
            changed = []
            for seq, body in lines:
                values = msgpack.unpackb(body)
                bare = clean(values)
                kept = {name: value if is_pseudonym(value) else bare[name] for name, value in values.items()}
                if kept != values:
                    changed.append((msgpack.packb(kept), seq))
            self._conn.executemany("UPDATE history SET body = ? WHERE seq = ?", changed)


def forgetful(forms: Forms, touched: Mapping[str, Mapping[str, Row]], deltas: Iterable[Delta]) -> dict[str, list[str]]:
    """Those of the rows that deltas just *touched* of which ``forget`` may have to do with: seldom any, and read from nowhere."""
    parts = {(delta.form, delta.id) for delta in deltas if not delta.whole}
    names = {kind.form for kind in naming(forms)}
    found: dict[str, list[str]] = {}
    for form, rows in touched.items():
        for row in rows.values():
            values = row.values
            if (
                (form == RESIDENT and values.get(MARK))
                or (form in CALLED and is_pseudonym(values.get(CALLED[form][0])))
                or ((form, row.id) in parts and (form in names or forms[form].system))
            ):
                found.setdefault(form, []).append(row.id)
    return found


def _parts(ids: Iterable[str]) -> Iterable[list[str]]:
    held = sorted(ids)
    for start in range(0, len(held), _AT_ONCE):
        yield held[start : start + _AT_ONCE]

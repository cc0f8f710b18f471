"""Saving, deleting and showing records of any form, by the gate's leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.schema.dates import china_time
from app.schema.erasing import MARK, RESIDENT
from app.schema.ids import companion
from app.schema.record import DELETED, Record
from app.schema.values import Fault, Value
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.schema.form import Form
    from app.store.store import Store

Check = Callable[[Mapping[str, Value], Mapping[str, Value] | None, str], Sequence[Fault]]
"""(new values, values before or None, today) -> faults that no single field shows."""
Fill = Callable[[Mapping[str, Value], Mapping[str, Value] | None, str], Mapping[str, Value]]
"""(new values, values before or None, today) -> what follows from them."""
Beside = Callable[[str | None, Mapping[str, Value], Mapping[str, Value] | None], Sequence[Fault]]
"""(id or None, new values, values before or None) -> faults that only the other records show."""


_OUTLINE = "grid_shape"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a save came to: the record as it stands now, or the faults for which nothing was saved."""

    record: Record | None
    faults: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was saved."""
        return not self.faults


class Records:
    """Records of every form that has no rules of its own."""

    def __init__(
        self,
        store: Store,
        gate: Gate,
        checks: Mapping[str, Check] | None = None,
        fills: Mapping[str, Fill] | None = None,
        beside: Mapping[str, Beside] | None = None,
        keeps: Mapping[str, Callable[[Record], None]] | None = None,
        owns: Mapping[str, Callable[[str], bool]] | None = None,
    ) -> None:
        """*owns*: by form, whether the record of an id is given to the user himself, for who may read only such."""
        self._store = store
        self._gate = gate
        self._checks = checks or {}
        self._fills = fills or {}
        self._beside = beside or {}
        self._keeps = keeps or {}
        self._owns = owns or {}

    def save(
        self,
        form: str,
        values: Mapping[str, object],
        *,
        record_id: str | None = None,
        area: str = "",
        seen: Mapping[str, int] | None = None,
    ) -> Outcome:
        """Check *values* by the form and save them; a new record goes to *area*, or to the session's own.

        Raises Denied, and KnownError where the store can't take it.
        """
        shape = self._form(form)
        if shape.immutable:
            # Steps are made by acting on a case, where its rules are asked.
            raise KnownError("forms.by_action", form=shape.title)
        if form == RESIDENT and values.get(MARK):
            raise KnownError("leaving.by_list")
        held = self._store.get(form, record_id) if record_id else None
        filled = values if held else {**values, **self._defaults(form, values)}
        clean, faults = shape.clean(filled, partial=held is not None)
        today, before = china_time(self._store.now_ms())[:10], held.values if held else None
        if not faults and form in self._fills:
            clean = {**clean, **self._fills[form](clean, before, today)}
        if not faults and form in self._checks:
            faults = list(self._checks[form](clean, before, today))
        if not faults and form in self._beside:
            faults = list(self._beside[form](record_id, clean, before))
        if faults:
            return Outcome(held, tuple(faults))
        where = held.area if held else area or self._gate.session.area
        if record_id is None and form == _OUTLINE:
            # A grid has one outline, whoever writes it and by whatever way.
            record_id = companion(str(clean["grid"]), form)
            held = self._store.get(form, record_id)
            where = held.area if held else where
        record_id = record_id or self._store.new_id()
        line = self._gate.line(
            "edit" if held else "create", form, where, record=record_id, fields=",".join(clean), own=True
        )
        edit = Edit(form, record_id, area if held and area else where, clean, seen or {})
        with_audit = [line]
        if held and area and area != held.area:
            with_audit.append(self._gate.line("edit", form, area, record=record_id))
        saved = self._store.save([edit], self._gate.session.user, audit=with_audit)
        return Outcome(self._store.get(form, saved.ids[0]))

    def delete(self, form: str, record_id: str, reason: str, *, seen: int | None = None) -> Record:
        """Delete one record, with a reason; its history stays and it can be revived. KnownError where records of *form* are kept.

        *seen*: the record's rev that was on the screen; an edit that came since then meets the deletion as a conflict.
        """
        held = self.get(form, record_id)
        line = self._gate.line("delete", form, held.area, record=record_id, reason=reason, own=True)
        if form in self._keeps:
            self._keeps[form](held)
        edit = Edit(form, record_id, held.area, {}, {} if seen is None else {DELETED: seen}, deleted=True)
        self._store.save([edit], self._gate.session.user, audit=[line])
        return self.get(form, record_id, deleted=True)

    def revive(self, form: str, record_id: str) -> Record:
        """Take a deletion back."""
        held = self.get(form, record_id, deleted=True)
        line = self._gate.line("delete", form, held.area, record=record_id, reason="撤销删除", own=True)
        self._store.save([Edit(form, record_id, held.area, {}, deleted=False)], self._gate.session.user, audit=[line])
        return self.get(form, record_id)

    def get(self, form: str, record_id: str, *, deleted: bool = False) -> Record:
        """One record; KnownError("store.no_record") where there is none, Denied where it isn't for this user."""
        shape = self._form(form)
        found = self._store.get(form, record_id)
        if found is None and (stub := self._store.stubs.get(form, record_id)) is not None:
            raise KnownError("store.handed_over", form=shape.title, went=stub.went)
        if found is None or (found.deleted and not deleted):
            raise KnownError("store.no_record", form=shape.title, id=record_id)
        self._gate.require("read", form, found.area, record=record_id, own=self.owned(form, record_id))
        return found

    def owned(self, form: str, record_id: str) -> bool:
        """Whether this user's right reaches only what is given to him, and the record is."""
        owns = self._owns.get(form)
        return owns is not None and self._gate.decide("read", form, None).reason_code == "not_own" and owns(record_id)

    def reveal(self, form: str, record_id: str, fields: Sequence[str], reason: str) -> dict[str, Value]:
        """The whole values of masked *fields* of one record, for a reason that is logged."""
        found = self.get(form, record_id)
        self._gate.require("reveal", form, found.area, record=record_id, fields=",".join(fields), reason=reason)
        return {name: found.values.get(name) for name in fields}

    def shown(self, record: Record, *, masked: bool = True) -> dict[str, str]:
        """Every field of *record* as people read it, sensitive ones masked."""
        shape = self._store.forms[record.form]
        return {name: shape.show(name, value, masked=masked) for name, value in record.values.items()}

    def masked(self, record: Record) -> dict[str, Value]:
        """The values of *record* with sensitive ones masked; what isn't sensitive stays as it is kept."""
        fields = self._store.forms[record.form].fields
        return {
            name: fields[name].kind.mask(value)
            if name in fields and fields[name].sensitive and value is not None
            else value
            for name, value in record.values.items()
        }

    def _defaults(self, form: str, values: Mapping[str, object]) -> dict[str, Value]:
        fields = self._store.forms[form].stored
        empty = (None, "")
        return {
            item.name: item.default for item in fields if item.default is not None and values.get(item.name) in empty
        }

    def _form(self, name: str) -> Form:
        if name not in self._store.forms:
            raise KnownError("forms.unknown", name=name, known="、".join(sorted(self._store.forms)))
        return self._store.forms[name]

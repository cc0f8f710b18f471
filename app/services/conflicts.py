"""What two people did apart to the same thing, and the person's decision about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.rules.calendar import iso
from app.rules.case_effects import DROP, KEEP
from app.rules.case_engine import CaseRules, CaseState, Step
from app.schema.dates import china_time
from app.schema.record import DELETED, Record
from app.services.case_folding import fold_case
from app.services.cases import EVENT, STEP, Cases, read_steps
from app.services.gate import Gate
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.schema.form import Form
    from app.store.store import Store

FORMS = ("conflict", "mediation_conflict", "care_conflict")


@dataclass(frozen=True, slots=True)
class Conflict:
    """One open question. ``mine`` is what this device proposed where it is a side, ``theirs`` what the other did; values as kept."""

    id: str
    form: str
    record: str
    label: str
    fields: tuple[str, ...]
    base: Mapping[str, Any]
    mine: Mapping[str, Any]
    theirs: Mapping[str, Any]
    who: str
    other: str
    when: str
    step: str = ""
    stands: str = "theirs"
    """Which side the county uses until somebody decides: "mine" or "theirs"."""
    cannot: str = ""
    """Why the contested step can't count as things stand, in a sentence; "" where it can. Its side is shown and not offered."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """The revs of the record's fields when this was read: deciding overwrites nothing that came since."""


@dataclass(frozen=True, slots=True)
class Loser:
    """A value that did not stand, and whose it was."""

    when: str
    who: str
    device: str
    values: Mapping[str, Any]


class Conflicts:
    """The open conflicts and their settling."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules
        self._cases = cases

    def open(self) -> list[Conflict]:
        """Every open conflict this user may see: fields first, then contested steps, oldest first."""
        found = []
        for name in FORMS:
            if self._gate.decide("read", name, None, own=True).allowed:
                found += [self._of(record) for record in self._store.select(name, {"status": "open"}, order=["at"])]
        if self._gate.decide("read", EVENT, None, own=True).allowed:
            found += self._steps()
        return found

    def contested(self) -> set[str]:
        """The cases of which a step waits for a person's word."""
        return {held.record for held in self._steps()}

    def count(self) -> int:
        """How many wait for a person."""
        return len(self.open())

    def losers(self, record_id: str) -> list[Loser]:
        """Every value of the record that lost against another, settled or not; they stay as long as the record does."""
        found = []
        own = self._store.query.history(record_id)
        for name in FORMS:
            if self._gate.decide("read", name, None, own=True).allowed:
                for kept in self._store.select(name, {"record": record_id}, order=["at"]):
                    held = kept.values
                    values = _read(held.get("mine"), _fields(held))
                    # The conflict names the device whose change met the other; the loser may have been either.
                    said = any(line.kind != "county" and values.items() <= line.values.items() for line in own)
                    here = self._store.sync.state.device
                    device = here if said else str(held.get("device") or "")
                    if not said and (device == here or held.get("status") == "kept"):
                        device = ""
                    found.append(Loser(str(held.get("at")), str(held.get("who") or ""), device, values))
        return found

    def masked(self, record: Record) -> dict[str, Any]:
        """The values of a conflict's own record, with restricted values in what it quotes masked."""
        quoted = self._store.forms.get(str(record.values.get("record_form")))
        values = dict(record.values)
        for name in ("base", "mine", "theirs", "chosen"):
            text = values.get(name)
            if quoted is not None and text is not None:
                held = mask(quoted, _read(text, _fields(values)))
                values[name] = json.dumps(held, ensure_ascii=False, sort_keys=True)
        return values

    def resolve(
        self, conflict_id: str, *, keep: str | None = None, value: Any = None, seen: Mapping[str, int] | None = None
    ) -> None:
        """Settle one: keep "mine" or "theirs", or take a third *value* (for several fields a mapping), based on the revs *seen*.

        The loser stays in the conflict record, which stays as long as the record does.
        """
        record = next((r for r in (self._store.get(name, conflict_id) for name in FORMS) if r), None)
        if record is None:
            step = next((held for held in self._steps() if held.id == conflict_id), None)
            if step is not None:
                self._resolve_step(step, keep)
                return
        if record is None or record.values.get("status") != "open":
            raise KnownError("conflicts.gone")
        conflict = self._of(record)
        chosen = self._chosen(conflict, keep, value)
        target = self._store.get(conflict.form, conflict.record)
        edits: list[Edit] = []
        if target is not None:
            edits += [replace(edit, seen=seen or {}) for edit in self._edits(conflict, target, chosen)]
        line = self._gate.line("resolve", conflict.form, record.area, record=conflict.record, own=True)
        decided = {
            "status": "decided",
            "chosen": json.dumps(chosen, ensure_ascii=False, sort_keys=True),
            "decided_by": self._gate.session.name,
            "decided_at": china_time(self._store.now_ms()),
        }
        edits.append(Edit(record.form, record.id, record.area, decided))
        self._store.save(edits, self._gate.session.user, audit=[line])

    def _chosen(self, conflict: Conflict, keep: str | None, value: Any) -> dict[str, Any]:
        if keep == "mine":
            return dict(conflict.mine)
        if keep == "theirs":
            return dict(conflict.theirs)
        if conflict.fields == (DELETED,):
            raise KnownError("conflicts.mine_or_theirs")
        raw = value if isinstance(value, dict) else {conflict.fields[0]: value}
        clean, faults = self._store.forms[conflict.form].clean(raw, partial=True)
        if faults:
            raise KnownError("conflicts.bad_value", message=faults[0].message)
        return clean

    def _edits(self, conflict: Conflict, target: Record, chosen: Mapping[str, Any]) -> list[Edit]:
        if conflict.fields != (DELETED,):
            return [Edit(conflict.form, conflict.record, target.area, chosen)] if not target.deleted else []
        if chosen.get(DELETED):
            return [Edit(conflict.form, conflict.record, target.area, {}, deleted=True)]
        # The edit that met a deletion is wanted after all: a person revives the record and the edit with it.
        values = {name: held for name, held in chosen.items() if not name.startswith("@")}
        return [Edit(conflict.form, conflict.record, target.area, values, deleted=False)]

    def _of(self, record: Record) -> Conflict:
        values = record.values
        fields = _fields(values)
        base, lost, stands = (_read(values.get(name), fields) for name in ("base", "mine", "theirs"))
        swap = self._is_other(values, fields, stands)
        mine, theirs = (stands, lost) if swap else (lost, stands)
        who = values.get("who") if swap else values.get("other")
        return Conflict(
            record.id,
            str(values.get("record_form")),
            str(values.get("record")),
            str(values.get("label") or ""),
            fields,
            base,
            mine,
            theirs,
            str(who or ""),
            str((values.get("other") if swap else values.get("who")) or ""),
            str(values.get("at") or ""),
            stands="mine" if swap else "theirs",
            seen=self._revs(str(values.get("record_form")), str(values.get("record")), fields),
        )

    def _revs(self, form: str, record_id: str, fields: Sequence[str]) -> dict[str, int]:
        target = self._store.get(form, record_id) if form in self._store.forms else None
        if target is None:
            return {}
        return {name: target.rev if name == DELETED else target.rev_of(name) for name in fields}

    def _is_other(self, values: Mapping[str, Any], fields: Sequence[str], stands: Mapping[str, Any]) -> bool:
        """Whether it is this user's change that stands: the county keeps one and the other, who looks decides which is "mine"."""
        who, other = values.get("who"), values.get("other")
        if who != other:
            return bool(other == self._gate.session.user)
        # One person on two devices.
        if fields == (DELETED,):
            lines = self._store.query.history(str(values.get("record")))
            return any(line.kind != "county" and line.values.get(DELETED) == stands.get(DELETED) for line in lines)
        return bool(values.get("device") != self._store.sync.state.device)

    def _steps(self) -> list[Conflict]:
        found = []
        contested = self._store.select(EVENT, {"contested": (">", 0)})
        steps = read_steps(self._store, [event.id for event in contested])
        settled = {
            str(kept.values.get("field"))
            for kept in self._store.select(FORMS[0], {"record": [event.id for event in contested], "status": "decided"})
        }
        for event in contested:
            mine = steps.get(event.id, [])
            state = fold_case(self._store, self._rules, event, mine)
            found += [
                self._of_step(event, state, mine, step)
                for step in mine
                if step.id in state.contested and step.id not in settled
            ]
        return found

    def _of_step(self, event: Record, state: CaseState, steps: Sequence[Step], step: Step) -> Conflict:
        """The question about a step that isn't allowed where it falls: take it after all, or leave what stands."""
        before = [other for other in steps[: steps.index(step)] if other.id not in state.contested]
        # Two assigned it at once: whom it is with, and whom the other meant, is what has to be decided.
        stands = {"state": state.state, "lead_unit": state.lead_unit} if state.lead_unit else {"state": state.state}
        asked = {"action": step.action}
        if meant := step.values.get("lead_unit"):
            asked["lead_unit"] = str(meant)
        way = self._cases.way(event, state, step)
        if way.fault is None:
            # What would come of it is said before somebody chooses it.
            asked |= {"then": way.after.state, **({"as": way.action} if way.action != step.action else {})}
            if way.after.due_at:
                asked["due"] = iso(way.after.due_at)
        author = before[-1].user if before else ""
        # Who took the step that came first looks from the other side.
        swap = author == self._gate.session.user != step.user
        return Conflict(
            step.id,
            EVENT,
            event.id,
            f"{event.values.get('title')}：{self._store.forms[STEP].show('action', step.action)}",
            (),
            {},
            stands if swap else asked,
            asked if swap else stands,
            step.user if swap else author,
            author if swap else step.user,
            step.at.isoformat(),
            step.id,
            "mine" if swap else "theirs",
            cannot=way.fault.message if way.fault else "",
        )

    def _resolve_step(self, conflict: Conflict, keep: str | None) -> None:
        """Say whether the step counts after all; that is a step of the case itself, so that all see who said it."""
        if keep is None:
            raise KnownError("conflicts.step_or_state")
        chosen = conflict.mine if keep == "mine" else conflict.theirs
        outcome = self._cases.settle(conflict.record, conflict.step, KEEP if "action" in chosen else DROP)
        if outcome.faults:
            raise KnownError("conflicts.step_not_now", message=outcome.faults[0].message)


def mask(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """*values* of *form* with sensitive ones masked."""
    return {
        name: form.fields[name].kind.mask(value)
        if name in form.fields and form.fields[name].sensitive and value is not None
        else value
        for name, value in values.items()
    }


def _fields(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(values.get("field") or "").split(","))


def _read(text: object, fields: tuple[str, ...]) -> dict[str, Any]:
    if text is None:
        return {}
    held = json.loads(str(text))
    return held if isinstance(held, dict) else {fields[0]: held}

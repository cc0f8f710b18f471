"""The open conflicts as the page shows them: whose record each is, what references mean, how a step is said; read in the lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.schema.form import Form
from app.schema.kinds import Ref
from app.schema.record import DELETED
from app.services.conflicts import Conflict
from ui.forms.opening import read_targets
from ui.forms.references import Target
from ui.pages.case_words import spoken_time
from ui.pieces.dates import china_now

if TYPE_CHECKING:
    from app.services.office import Office

STEP = "@step"
_SIDES = ("base", "mine", "theirs")


@dataclass(frozen=True)
class Quarrel:
    """One conflict with ``title``, whose record it is, and the records that its values refer to."""

    conflict: Conflict
    title: str
    targets: Mapping[str, Target] = field(default_factory=dict)


def read_quarrels(office: Office) -> list[Quarrel]:
    """Every open one, fields first, then contested steps, oldest first."""
    found = []
    for conflict in office.conflicts.open():
        form = office.forms.get(conflict.form)
        record = office.store.get(conflict.form, conflict.record) if form else None
        title = form.record_title(record.values, masked=True) if form and record else ""
        wanted = set()
        for name in conflict.fields:
            kind = form.fields[name].kind if form and name in form.fields else None
            if isinstance(kind, Ref):
                values = (getattr(conflict, side).get(name) for side in _SIDES)
                wanted |= {(kind.form, str(value)) for value in values if value}
        found.append(Quarrel(conflict, title, read_targets(office, wanted)))
    return found


def step_words(office: Office, values: Mapping[str, Any]) -> str:
    """What a side of a contested step is: doing it after all, or leaving the case as it stands."""
    rules = office.cases.rules

    def state(code: object) -> str:
        known = rules.states.get(str(code or ""))
        return known.label if known else str(code or "")

    unit = f"，主办 {values['lead_unit']}" if values.get("lead_unit") else ""
    if code := values.get("action"):
        instead = f"，按“{rules.label(str(values['as']))}”办" if values.get("as") else ""
        due = f"，{spoken_time(values['due'], china_now())}前办" if values.get("due") else ""
        then = f"。之后事件是“{state(values['then'])}”{due}" if values.get("then") else ""
        return f"照办这一步：{rules.label(str(code))}{unit}{instead}{then}"
    return f"不再办这一步，事件停在“{state(values.get('state'))}”{unit}"


def field_words(
    form: Form, name: str, values: Mapping[str, Any], targets: Mapping[str, Target], *, masked: bool
) -> str:
    """A side's value of one field."""
    item = form.fields.get(name)
    value = values.get(name)
    if item is not None and isinstance(item.kind, Ref) and value:
        return targets[str(value)].title if str(value) in targets else "（本机没有的记录）"
    return form.show(name, value, masked=masked)


def deletion_words(form: Form, values: Mapping[str, Any]) -> str:
    """Deleting, or keeping with what the other changed."""
    if values.get(DELETED):
        return "删除这条记录"
    kept = [form.fields[key].label for key in values if key in form.fields]
    return "留着这条记录" + (f"，并改了{'、'.join(kept)}" if kept else "")

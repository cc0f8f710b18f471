"""How a record is printed: restricted values masked, whole only for a reason and a right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.schema.record import Record
from app.schema.values import Value

if TYPE_CHECKING:
    from app.schema.form import Form
    from app.services.office import Office

Show = Callable[[Record], Mapping[str, Value]]


def known_form(office: Office, name: str) -> Form:
    """The form *name*; KnownError("command.no_form")."""
    if name not in office.forms:
        raise KnownError("command.no_form", name=name, known="、".join(sorted(office.forms)))
    return office.forms[name]


def revealer(office: Office, form: Form, reason: str | None) -> Show:
    """How to give values: masked, or whole where *reason* is given and the gate agrees, which logs it for each record."""
    if reason is None:
        from app.services.conflicts import FORMS

        return office.conflicts.masked if form.name in FORMS else office.records.masked

    def whole(record: Record) -> Mapping[str, Value]:
        sensitive = [item.name for item in form.stored if item.sensitive]
        office.gate.require(
            "reveal", form.name, record.area, record=record.id, fields=",".join(sensitive), reason=reason, own=True
        )
        return record.values

    return whole


def as_json(record: Record, show: Show) -> dict[str, Any]:
    """One record as `list` and `show` print it; what a newer client sent stands among the values."""
    values = {name: value for name, value in {**show(record), **record.extra}.items() if value is not None}
    return {"id": record.id, "area": record.area, "rev": record.rev, "values": values}

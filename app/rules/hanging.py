"""What hangs on what: which records go along when one is moved, and which reference says where a record belongs."""

from __future__ import annotations

from collections.abc import Mapping

from app.schema.form import Form, Forms

# Beside its parent: what else tells where a record of this form is, the nearest first.
_ALSO: Mapping[str, tuple[str, ...]] = {
    "dwelling": ("grid",),
    "mediation": ("event",),
}
# Work that is done for a place: whoever hands the place over hands over what is open of it.
_WORK: Mapping[str, tuple[str, ...]] = {
    "event": ("dwelling", "grid"),
    "dispute": ("grid",),
    "hazard": ("grid",),
}


def bonds(form: Form, *, work: bool = False) -> tuple[tuple[str, str], ...]:
    """(field, form) of the references by which a record of *form* hangs on another, the nearest first.

    With *work* also those by which open work belongs to a place.
    """
    targets = dict(form.references)
    names = ((form.parent,) if form.parent else ()) + _ALSO.get(form.name, ())
    if work:
        names += _WORK.get(form.name, ())
    return tuple((name, targets[name]) for name in names if name in targets)


def hanging(forms: Forms, name: str, *, work: bool = False) -> tuple[tuple[str, str], ...]:
    """(form, field) of everything that hangs on records of the form *name*."""
    return tuple(
        (form.name, field)
        for form in forms.values()
        for field, target in bonds(form, work=work)
        if target == name and not form.system
    )


def finished(form: str, values: Mapping[str, object]) -> bool:
    """Whether open work of *form* (disputes, hazards) is done; of a case its steps tell, not its values."""
    if form == "dispute":
        return bool(values.get("closed_at"))
    if form == "hazard":
        return bool(values.get("struck_off_at"))
    return False

"""What hangs on what: which records go along when one is moved, and which reference says where a record belongs."""

from __future__ import annotations

from collections.abc import Mapping

from app.rules.case_engine import CaseRules
from app.schema.form import Form, Forms

# Beside its parent: what else tells where a record of this form is, the nearest first.
_ALSO: Mapping[str, tuple[str, ...]] = {
    "dwelling": ("grid",),
    "movement": ("dwelling", "building", "organization", "premises"),
    "organization": ("dwelling",),
    "premises": ("dwelling",),
    "sector_place": ("grid", "dwelling", "organization", "premises"),
    "mediation": ("event",),
}
# Work that is done for a place: whoever hands the place over hands over what is open of it.
_WORK: Mapping[str, tuple[str, ...]] = {
    "event": ("dwelling", "grid"),
    "dispute": ("grid",),
    "hazard": ("grid",),
}
_OPEN = frozenset({"none", "reported", "received", "open"})


def bonds(form: Form, values: Mapping[str, object] | None = None) -> tuple[tuple[str, str], ...]:
    """(field, form) of the references by which a record of *form* hangs on another, the nearest first.

    What a photo or scan belongs to, only its *values* tell.
    """
    if values and "owner_form" in form.fields:
        return (("owner", str(values.get("owner_form"))),)
    targets = dict(form.references)
    names = ((form.parent,) if form.parent else ()) + _ALSO.get(form.name, ()) + _WORK.get(form.name, ())
    return tuple((name, targets[name]) for name in names if name in targets)


def hanging(forms: Forms, name: str) -> tuple[tuple[str, str], ...]:
    """(form, field) of everything that hangs on records of the form *name*; photos and scans hang on any record."""
    if forms[name] in forms.attachments:
        return ()
    return tuple((form.name, "owner") for form in forms.attachments) + tuple(
        (form.name, field)
        for form in forms.values()
        for field, target in bonds(form)
        if target == name and not form.system
    )


def finished(rules: CaseRules, form: str, values: Mapping[str, object], state: str) -> bool:
    """Whether this is work that is done: it stays with whoever did it. *state* is that of a case."""
    if form == "event":
        return state in rules.states and rules.states[state].counts not in _OPEN
    if form == "dispute":
        return bool(values.get("closed_at"))
    return form == "hazard" and bool(values.get("struck_off_at"))

"""Pseudonymising a person: which fields go, what stands in their place, and which other records name him.

Read by the device that proposes it and by the county that carries it out, so that all replicas come to the same values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.schema.form import Form, Forms
from app.schema.record import AREA, DELETED, Change, Record
from app.schema.values import Value

RESIDENT, MARK = "resident", "erased_on"
INTO = "merged_into"
_WORD = "已去标识"
_KEEPS = frozenset(
    {
        "sex", "household", "living_since", "relation", "presence", "presence_since", "registered_household", "resident_kind", INTO, MARK,
        AREA, DELETED,
    }
)  # fmt: skip
"""What says nobody by itself, and what figures and the history of a household need."""


@dataclass(frozen=True, slots=True)
class Naming:
    """A form whose records name a person by ``ref``; ``words`` are the fields in which they say who he is.

    ``deleted``: the record is of no use without him, and goes.
    """

    form: str
    ref: str
    words: tuple[str, ...]
    deleted: bool = False


NAMING = (
    Naming("movement", "resident", ("name", "reason", "from_place", "to_place", "from_relation_text")),
    Naming("care_tag", "resident", ("degree", "purpose", "basis_note", "note", "end_reason"), deleted=True),
    Naming("registry_attachment", "owner", ("name", "sha256", "thumb"), deleted=True),
    Naming("case_person", "resident", ("name", "phone", "address", "note")),
    Naming("data_request", "resident", ("name", "asked", "agent", "reason")),
)
QUARREL = ("base", "mine", "theirs", "chosen")
"""The fields of a conflict record in which values stand."""


CALLED = {"household": ("head_name",), "dwelling": ("owner", "owner_id", "owner_phone")}
"""Forms that may be called by a person; the first of the fields says whether they are."""


def called_before(form: str, lines: Sequence[Mapping[str, Value]]) -> Value:
    """By whom a record of *form* was called before the pseudonym: the last name that its past, oldest first, says; None if none."""
    first = CALLED[form][0]
    said = [values[first] for values in lines if values.get(first) and not is_pseudonym(values[first])]
    return said[-1] if said else None


def uncalled(form: str, name: Value, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """*values* of an old line of history without *name* and what stood with it; other people's stay."""
    fields = CALLED[form]
    if values.get(fields[0]) != name:
        return values
    return {key: None if key in fields else value for key, value in values.items()}


def pseudonym(record_id: str) -> str:
    """What an erased person is called: the same on every device, and tells nobody."""
    return f"{_WORD}{record_id[-6:].upper()}"


def is_pseudonym(value: object) -> bool:
    """Whether *value* is what an erased person is called."""
    return isinstance(value, str) and value.startswith(_WORD)


def kept(name: str) -> bool:
    """Whether the field *name* of a resident outlives his name."""
    return name in _KEEPS


def erases(change: Change) -> bool:
    """Whether *change* pseudonymises a person."""
    return change.form == RESIDENT and bool(change.values.get(MARK))


def bare(record: Record, whose: str = "") -> dict[str, Value]:
    """The values that go from a resident's *record*, each with what stands in its place; *whose*: the person's id, where he was merged."""
    held = {**record.values, **record.extra}
    gone: dict[str, Value] = {name: None for name, value in held.items() if value is not None and not kept(name)}
    if held.get("name") != pseudonym(whose or record.id):
        gone["name"] = pseudonym(whose or record.id)
    else:
        gone.pop("name", None)
    return gone


def wordless(form: Form, words: tuple[str, ...], record: Record, person: str) -> dict[str, Value]:
    """What goes from a *record* that names *person* in *words*: its name becomes his pseudonym, what must be filled says so."""
    found: dict[str, Value] = {}
    for name in words:
        item = form.fields.get(name)
        if item is None or record.values.get(name) is None:
            continue
        left: Value = pseudonym(person) if name == "name" else _WORD if item.required else None
        if record.values.get(name) != left:
            found[name] = left
    return found


def unseen(record: Record, change: Change) -> set[int]:
    """The revs of *record* that whoever made *change*, which erases it, had not seen."""
    return {rev for rev in record.revs.values() if rev > change.bases.get(MARK, 0)}


def names_again(record: Record, change: Change) -> bool:
    """Whether *change* writes down again who somebody is who was erased: he came back, and is no longer erased."""
    if record.form != RESIDENT or not record.values.get(MARK) or MARK in change.values:
        return False
    return any(v is not None and not kept(n) and not is_pseudonym(v) for n, v in change.values.items())


def too_late(record: Record, change: Change) -> bool:
    """Whether *change* would write a name, a number or the like into a record that was erased without its maker's knowing."""
    if record.form != RESIDENT or not record.values.get(MARK) or erases(change):
        return False
    erased = record.rev_of(MARK)
    return any(change.bases.get(name, 0) < erased for name in change.values if not kept(name))


def blanked(form: str, words: Mapping[str, Value] | None, values: Mapping[str, Value]) -> dict[str, Value]:
    """*values* of an old line of history without what went: None where a name or the like stood."""
    if form == RESIDENT:
        return {name: value if kept(name) else None for name, value in values.items()}
    return {name: None if words is not None and name in words else value for name, value in values.items()}


def naming(forms: Forms) -> tuple[Naming, ...]:
    """The forms that name people, as far as this installation has them."""
    return tuple(one for one in NAMING if one.form in forms)

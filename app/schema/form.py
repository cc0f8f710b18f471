"""Forms: every record type, declared once in resources/forms."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.messages import sentence
from app.schema.codes import CodeList
from app.schema.kinds import Kind, Ref
from app.schema.values import BadValue, Fault, Value

STREAMS = ("urgent", "ordinary", "mediation", "care")
MERGES = ("last", "ask", "append", "max", "min")


@dataclass(frozen=True)
class Field:
    """One field of a form: its kind, its words, and how concurrent edits of it merge."""

    name: str
    kind: Kind
    label: str
    merge: str = "last"
    required: bool = False
    derived: bool = False
    sensitive: bool = False
    retired: bool = False
    search: str = ""
    help: str = ""
    aliases: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    width: int = 0
    index: bool = False
    default: Value = None

    def show(self, value: Value, *, masked: bool = False) -> str:
        """*value* as people read it, masked where the field is sensitive and *masked* is asked."""
        return self.kind.mask(value) if masked and self.sensitive else self.kind.show(value)


@dataclass(frozen=True)
class Section:
    """A titled group of fields on the page of a form."""

    title: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A record type: fields, their order on page and in lists, and the stream that carries it."""

    name: str
    title: str
    version: int
    stream: str
    fields: Mapping[str, Field]
    sections: tuple[Section, ...]
    list_columns: tuple[str, ...]
    title_field: str
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ledger: bool = False
    system: bool = False
    immutable: bool = False
    parent: str = ""
    note_fields: tuple[str, ...] = ()
    basis: str = ""
    card_only: bool = False
    """Shown on the card of its parent alone: in no list, search, export, import or statistic of single places."""

    @functools.cached_property
    def stored(self) -> tuple[Field, ...]:
        """The fields that travel and count: everything but what is derived on each device."""
        return tuple(item for item in self.fields.values() if not item.derived)

    @functools.cached_property
    def derived(self) -> frozenset[str]:
        """The names of what is reckoned on each device, and never travels."""
        return frozenset(item.name for item in self.fields.values() if item.derived)

    @functools.cached_property
    def blank(self) -> Mapping[str, Value]:
        """The values of a record in which nothing is filled in, without what is derived."""
        return dict.fromkeys(item.name for item in self.stored)

    @functools.cached_property
    def converted(self) -> tuple[Field, ...]:
        """The fields whose columns hold something else than their values: few, so that most needn't be asked."""
        return tuple(item for item in self.fields.values() if item.kind.converts)

    @functools.cached_property
    def searched(self) -> tuple[tuple[str, str], ...]:
        """(field, "name", "number" or "text") of every field that its records are searched by."""
        return tuple(
            (item.name, item.search) for item in self.fields.values() if item.search in {"name", "number", "text"}
        )

    @functools.cached_property
    def required(self) -> tuple[Field, ...]:
        """The fields that a record must have."""
        return tuple(item for item in self.stored if item.required)

    @functools.cached_property
    def unit_of(self) -> Mapping[str, tuple[str, ...]]:
        """For each field the fields that merge as one with it: its group, or itself alone."""
        units: dict[str, tuple[str, ...]] = {name: (name,) for name in self.fields}
        for members in self.groups.values():
            for member in members:
                units[member] = members
        return units

    @functools.cached_property
    def references(self) -> tuple[tuple[str, str], ...]:
        """(field, form) of every reference to another record."""
        return tuple((item.name, item.kind.form) for item in self.stored if isinstance(item.kind, Ref))

    def clean(self, raw: Mapping[str, object], *, partial: bool = False) -> tuple[dict[str, Value], list[Fault]]:
        """Return the canonical values of *raw* and the faults found, by field.

        With *partial* a required field may be missing (but not emptied). Unknown names are faults, derived ones are left out.
        """
        values: dict[str, Value] = {}
        faults: list[Fault] = []
        for name, value in raw.items():
            item = self.fields.get(name)
            if item is None:
                faults.append(
                    Fault(name, "field_unknown", sentence("check.field_unknown", field=name, form=self.title))
                )
            elif not item.derived:
                try:
                    values[name] = item.kind.check(value)
                except BadValue as bad:
                    faults.append(Fault(name, bad.code, bad.message))
        faulty = {fault.field for fault in faults}
        for item in self.required:
            asked = item.name in raw if partial else True
            if asked and item.name not in faulty and values.get(item.name) is None:
                faults.append(Fault(item.name, "required", sentence("check.required", label=item.label)))
        return values, faults

    def check(self, raw: Mapping[str, object], *, partial: bool = False) -> list[Fault]:
        """The faults of *raw*, by field."""
        return self.clean(raw, partial=partial)[1]

    def show(self, name: str, value: Value, *, masked: bool = False) -> str:
        """*value* of field *name* as people read it."""
        item = self.fields.get(name)
        return item.show(value, masked=masked) if item else "" if value is None else str(value)

    def record_title(self, values: Mapping[str, Value], *, masked: bool = False) -> str:
        """What a record is called in lists: its title field, or the form's own title."""
        return self.show(self.title_field, values.get(self.title_field), masked=masked) or f"（未填的{self.title}）"


@dataclass(frozen=True)
class Forms(Mapping[str, Form]):
    """All forms and code lists of one installation."""

    by_name: Mapping[str, Form]
    codes: Mapping[str, CodeList]

    def __getitem__(self, name: str) -> Form:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def __hash__(self) -> int:
        return id(self)

    @functools.cached_property
    def ledgers(self) -> tuple[Form, ...]:
        """The forms that are kept as ledgers."""
        return tuple(form for form in self.values() if form.ledger)

    @functools.cached_property
    def attachments(self) -> tuple[Form, ...]:
        """The forms whose records name a file: one for each group of rights."""
        return tuple(form for form in self.values() if form.name.endswith("_attachment"))

    def conflict_form(self, form: Form) -> Form:
        """The form that keeps conflicts of *form*: of the same restricted class, or the urgent one."""
        name = f"{form.stream}_conflict"
        return self.by_name[name if name in self.by_name else "conflict"]

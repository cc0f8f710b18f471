"""From a form to columns: names, storage classes and indexes, for SQLite and for PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.schema.form import Form
from app.schema.kinds import Ref
from app.schema.values import Value


@dataclass(frozen=True, slots=True)
class Column:
    """One column for one field; ``storage`` is text, integer or real; ``indexed`` where lists look it up, ``everywhere``: also at the county."""

    name: str
    storage: str
    indexed: bool = False
    everywhere: bool = False


def table_name(form: str) -> str:
    """The table that holds the records of *form*, at both ends."""
    return f"record_{form}"


def columns(form: Form, *, derived: bool) -> tuple[Column, ...]:
    """The columns of *form*'s fields in the order of their declaration; *derived* ones only where a device keeps them."""
    return tuple(
        Column(
            item.name,
            item.kind.column,
            item.index or isinstance(item.kind, Ref) or item.name == form.parent,
            item.index,
        )
        for item in form.fields.values()
        if derived or not item.derived
    )


def to_row(form: Form, values: Mapping[str, Value]) -> dict[str, Value]:
    """What the columns hold for *values*; fields that aren't set are empty."""
    return {item.name: item.kind.dump(values.get(item.name)) for item in form.fields.values() if item.name in values}


def from_row(form: Form, row: Mapping[str, Value]) -> dict[str, Value]:
    """The values that a row's columns hold; *row* has columns of *form* only."""
    values = dict(row)
    for item in form.converted:
        if item.name in values:
            values[item.name] = item.kind.load(values[item.name])
    return values

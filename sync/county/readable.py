"""What every device can read: values of the kind that their field has, days and moments in the one spelling."""

from __future__ import annotations

from collections.abc import Mapping

from app.schema.form import Form
from app.schema.kinds import Date, Time
from app.schema.values import BadValue

PLAIN = {"text": frozenset({str}), "integer": frozenset({int, bool}), "real": frozenset({float, int})}
"""The types that a value may have by the kind of its column, as it travels."""


def unreadable(form: Form, values: Mapping[str, object]) -> list[str]:
    """The fields of *values* that would count otherwise than they stand in their columns, or that nobody could reckon with.

    Whether they are right (required, of a code list, not too long) is no question here: what the county took years ago stays.
    """
    found = []
    for name, value in values.items():
        item = form.fields.get(name)
        if item is None or item.derived or value is None:
            continue
        if type(value) not in PLAIN[item.kind.column]:
            found.append(name)
        elif isinstance(item.kind, Date | Time):
            try:
                if item.kind.check(value) != value:
                    found.append(name)
            except BadValue:
                found.append(name)
    return found

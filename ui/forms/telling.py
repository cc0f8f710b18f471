"""What values tell: of a person by the identity number, and of a value in words for people."""

from __future__ import annotations

from collections.abc import Mapping

from app.schema.form import Field
from app.schema.identity import read_identity
from app.schema.kinds import Ref
from app.schema.values import BadValue, Value
from ui.forms.references import Target


def told_by(number: str) -> dict[str, Value]:
    """The fields ``birth_date`` and ``sex`` that a whole and right identity number tells; nothing of any other."""
    if len(number) < 15:
        return {}
    try:
        identity = read_identity(number)
    except BadValue:
        return {}
    return {"birth_date": identity.birth_date, "sex": identity.sex}


def words_of(item: Field, value: Value, targets: Mapping[str, Target]) -> str:
    """*value* of *item* as people read it, masked where it is to be; of a reference the title of what is referred to."""
    if isinstance(item.kind, Ref) and value in targets:
        return targets[str(value)].title
    return item.show(value, masked=True) or "空"

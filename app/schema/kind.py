"""What a kind of field is: checked, kept, shown, masked and written to a cell; text, and the base of all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.schema.values import BadValue, Value, plain


@dataclass(frozen=True)
class Kind:
    """Text, and the base of all others. ``column`` is the storage class: text, integer or real."""

    name: ClassVar[str] = "text"
    column: ClassVar[str] = "text"
    max: int = 200

    def check(self, raw: object) -> Value:
        """Return *raw* in its canonical form, None for empty; raise BadValue."""
        if raw is None:
            return None
        text = self._read(str(raw) if not isinstance(raw, float) or not raw.is_integer() else str(int(raw)))
        if len(text) > self.max:
            raise BadValue("too_long", max=self.max, count=len(text))
        return text or None

    def _read(self, text: str) -> str:
        return plain(text).replace("\n", " ")

    def show(self, value: Value) -> str:
        """*value* as people read it; empty for None."""
        return "" if value is None else str(value)

    def mask(self, value: Value) -> str:
        """*value* as lists and prints show it to whom it doesn't concern."""
        return self.show(value)

    @property
    def converts(self) -> bool:
        """Whether a column holds something else than the value."""
        return type(self).load is not Kind.load or type(self).dump is not Kind.dump

    def load(self, stored: Value) -> Value:
        """The value for what a database column holds."""
        return stored

    def dump(self, value: Value) -> Value:
        """What a database column holds for *value*."""
        return value

    def cell(self, value: Value) -> Value:
        """*value* as an Excel cell holds it."""
        return self.show(value) or None

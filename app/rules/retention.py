"""How long what is kept of people is kept: the periods of resources/rules/retention.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.paths import resource
from app.rules.care import later
from app.rules.reading import read_table
from app.schema.values import Value

_KEPT = ("registry", "cases", "ledger", "mediation", "care", "office", "audit")


@dataclass(frozen=True, slots=True)
class Retention:
    """``presence``: what counts as gone; ``months`` after leaving a person is proposed to be pseudonymised; ``kept``: words by group."""

    presence: tuple[str, ...]
    months: int
    kept: Mapping[str, str]

    @classmethod
    def load(cls, path: Path | None = None) -> Retention:
        """The rules at *path* (default: resources/rules/retention.toml); KnownError by name of what is wrong."""
        root = read_table(path or resource("rules", "retention.toml"))
        root.only("leaving", "kept")
        leaving, kept = root.table("leaving"), root.table("kept")
        leaving.only("presence", "months")
        kept.only(*_KEPT)
        return cls(leaving.texts("presence"), leaving.whole("months"), {name: kept.text(name) for name in _KEPT})

    def gone(self, values: Mapping[str, Value]) -> bool:
        """Whether a resident with these values has left for good."""
        return values.get("presence") in self.presence

    def over(self, left_on: str, today: str) -> bool:
        """Whether the time after leaving on *left_on* has passed."""
        return later(left_on, self.months) <= today

"""From when on somebody looks after too many households: resources/rules/coverage.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.paths import resource
from app.rules.reading import read_table


@dataclass(frozen=True, slots=True)
class CoverageRules:
    """The most households that a grid member, and a building head or household representative, should look after."""

    member_households: int
    contact_households: int

    @classmethod
    def load(cls, path: Path | None = None) -> CoverageRules:
        """The rules at *path* (default: resources/rules/coverage.toml); KnownError("rules.…") where it is wrong."""
        root = read_table(path or resource("rules", "coverage.toml"))
        root.only("member_households", "contact_households")
        return cls(root.whole("member_households"), root.whole("contact_households"))

"""When a place or matter repeats itself: resources/rules/repeats.toml. By place and matter only, never by person."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.paths import resource
from app.rules.reading import Sheet, read_table

WAYS = ("dwelling", "place", "grid")
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepeatRules:
    """``count`` cases within ``days`` are a repetition; classes are compared down to level ``depth``."""

    days: int
    count: int
    depth: int
    by: tuple[str, ...]

    @classmethod
    def load(cls, path: Path | Sheet | None = None) -> RepeatRules:
        """The rules at *path* (default: resources/rules/repeats.toml); KnownError("rules.…") where it is wrong."""
        root = read_table(path or resource("rules", "repeats.toml"))
        root.only("days", "count", "class_depth", "by")
        return cls(root.whole("days"), max(root.whole("count"), 2), root.whole("class_depth"), root.some_of("by", WAYS))

    def keys(self, values: Mapping[str, Any], area: str) -> dict[str, Key]:
        """By which keys a case counts together with others, by way. What isn't classed counts by its dwelling alone."""
        matter = self.matter(values.get("class_now") or values.get("category"))
        place = str(values.get("place_key") or place_key(values.get("place")) or "")
        found: dict[str, Key] = {}
        if values.get("dwelling"):
            found["dwelling"] = ("dwelling", str(values["dwelling"]))
        if place and matter:
            found["place"] = ("place", area, place, matter)
        if values.get("grid") and matter:
            found["grid"] = ("grid", str(values["grid"]), matter)
        return {way: key for way, key in found.items() if way in self.by}

    def matter(self, category: object) -> str:
        """The class down to the level that counts; "" for what isn't classed."""
        code = str(category or "")
        return "" if code == "unclassified" else "_".join(code.split("_")[: self.depth])


def matter_key(grid: object, category: object) -> str | None:
    """Grid and class in one word, to be found by index whatever level counts; None where either is missing."""
    return f"{grid} {category}" if grid and category and category != "unclassified" else None


def place_key(place: object) -> str | None:
    """A place so that two ways to write it are one: without spaces and signs, figures and letters of one width; None for none."""
    text = unicodedata.normalize("NFKC", str(place or "")).casefold()
    return "".join(sign for sign in text if sign.isalnum()) or None

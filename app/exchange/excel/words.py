"""The words by which sheets are read: resources/exchange/*.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.paths import resource
from app.schema.values import comparable

_BRACKETS = re.compile(r"[(（\[【{][^)）\]】}]*[)）\]】}]|[*＊:：!！?？]|\s")

_LONGEST_TITLE = 45
_ASKING = ("是否", "有无", "是不是")


@dataclass(frozen=True)
class Words:
    """Every list, and what patterns are looked for in, in the form that ``comparable`` gives."""

    totals: tuple[str, ...]
    footers: tuple[str, ...]
    others: tuple[str, ...]
    never: tuple[str, ...]
    registers: tuple[re.Pattern[str], ...]
    register_columns: re.Pattern[str]
    nothing: frozenset[str]
    ditto: frozenset[str]
    units: tuple[str, ...]
    village_endings: tuple[str, ...]
    skip: frozenset[str]

    def says_nothing(self, text: str) -> bool:
        """Whether *text* is empty or one of the ways to write that there is nothing."""
        found = comparable(text)
        return not found or found in self.nothing

    def says_same(self, text: str) -> bool:
        """Whether *text* stands for what the cell above it says."""
        return len(text) < 5 and comparable(text) in self.ditto

    def register(self, texts: Iterable[str], headings: Iterable[str] = ()) -> str:
        """Which kind of register that the product doesn't keep is told by *texts* (titles, names) or *headings*; empty for none."""
        for text in map(comparable, texts):
            if len(text) > _LONGEST_TITLE or text.startswith(self.footers):
                # A note how to fill the columns in, or who did, says nothing of what the whole is.
                continue
            for pattern in self.registers:
                if found := pattern.search(text):
                    return found[0]
        told = [h for h in map(bare, headings) if not h.startswith(_ASKING) and self.register_columns.search(h)]
        return "、".join(told[:2]) if len(set(told)) > 1 else ""

    def without_unit(self, text: str) -> str:
        """*text* without the unit behind its number."""
        kept = text.strip()
        for unit in self.units:
            if kept.endswith(unit) and kept[: -len(unit)].strip()[-1:].isdigit():
                return kept[: -len(unit)].strip()
        return kept

    def village(self, text: str) -> str:
        """A village's name as it is compared."""
        name = comparable(text)
        for ending in self.village_endings:
            if name.endswith(ending) and len(name) > len(ending) + 1:
                return name[: -len(ending)] + (
                    "村" if "村" in ending and not name[: -len(ending)].endswith("村") else ""
                )
        return name


def load_words() -> Words:
    """The words as the installation has them."""
    raw = tomllib.loads(resource("exchange", "words.toml").read_text(encoding="utf-8"))
    patterns = raw.pop("registers"), raw.pop("register_columns")
    lists = {key: tuple(comparable(word) for word in words) for key, words in raw.items()}
    return Words(
        lists["totals"], lists["footers"], lists["others"], lists["never"],
        tuple(re.compile(pattern) for pattern in patterns[0]), re.compile(patterns[1]),
        frozenset(lists["nothing"]), frozenset(lists["ditto"]), tuple(raw["units"]), lists["village_endings"],
        frozenset(lists["skip"]),
    )  # fmt: skip


def load_roster_targets() -> tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]:
    """What a roster may bring, in order of preference, and the further aliases of each."""
    raw = tomllib.loads(resource("exchange", "roster.toml").read_text(encoding="utf-8"))
    return tuple(raw["targets"]), {key: tuple(names) for key, names in raw["aliases"].items()}


def bare(heading: str) -> str:
    """A heading without its brackets, stars and spaces, as it is compared."""
    return comparable(_BRACKETS.sub("", heading)) or comparable(heading)

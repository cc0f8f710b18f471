"""What an export of work orders may bring, and what a clerk said of its columns, values and rows."""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import KnownError
from app.exchange.excel.headings import Catalog, Target
from app.exchange.excel.layout import Column
from app.exchange.excel.words import Words, bare
from app.paths import resource
from app.schema.codes import CodeList
from app.schema.values import comparable

KEEP = "@keep"
"""The target of a column whose words are kept as they are."""
SKIP, REOPEN, NOTE = "skip", "reopen", "note"
LISTS = {"class": "event_class", "urgency": "urgency"}
"""The targets whose values are codes of ours."""
_PARTS = re.compile(r"[/\\>＞|｜—→-]+")


@dataclass(frozen=True)
class Shape:
    """The targets of an order, the source's words for its states, and the columns that are never kept."""

    targets: tuple[Target, ...]
    valued: tuple[str, ...]
    states: Mapping[str, str]
    out: frozenset[str]
    never: tuple[str, ...]
    channels: Mapping[str, tuple[str, ...]]

    def catalog(self, words: Words) -> Catalog:
        """What headings mean; a sheet counts that says what the matter is."""
        return Catalog("order", self.targets, ("order.title", "order.detail"), words)

    def channel(self, source: str) -> str:
        """The channel by which orders of *source* come."""
        return next((code for code, found in self.channels.items() if any(w in source for w in found)), "superior")

    def state(self, word: str) -> str:
        """Whether a source's word for its state says open, closed or reopened; "" where nobody knows."""
        return self.states.get(comparable(word), "")

    def target_of(self, column: Column, by_hand: Mapping[str, str]) -> str | None:
        """Where a column goes: a target, ``KEEP``, or None where it is left out."""
        heading = bare(column.heading)
        if column.how == "never" or any(word in heading for word in self.never):
            return None
        if column.target:
            return column.target
        told = by_hand.get(heading)
        if told is not None:
            return KEEP if told == KEEP else None
        return None if heading in self.out else KEEP


@functools.cache
def load_shape() -> Shape:
    """The shape as the installation has it."""
    raw = tomllib.loads(resource("exchange", "orders.toml").read_text(encoding="utf-8"))
    targets = tuple(
        Target(f"order.{row['name']}", row["label"], tuple(row["aliases"]), bool(row.get("days")))
        for row in raw["targets"]
    )
    states = {comparable(word): state for state, found in raw["states"].items() for word in found}
    return Shape(
        targets,
        tuple(row["name"] for row in raw["targets"] if row.get("values")),
        states,
        frozenset(bare(word) for word in raw["leave"]["out"]),
        tuple(raw["leave"]["never"]),
        {code: tuple(found) for code, found in raw["channels"].items()},
    )


@dataclass(frozen=True)
class Told:
    """What a clerk decided: targets by bare heading, codes by target and word, what to do by (sheet, row)."""

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows: Mapping[tuple[str, int], str] = field(default_factory=dict)
    remember: bool = False

    def value(self, target: str, word: str) -> str | None:
        """What *word* stands for by hand; None where nobody said."""
        return self.values.get(target, {}).get(comparable(word))

    def over(self, other: Told) -> Told:
        """This laid over what was told before."""
        targets = {*self.values, *other.values}
        values = {name: {**other.values.get(name, {}), **self.values.get(name, {})} for name in targets}
        return Told({**other.columns, **self.columns}, values, self.rows, self.remember)


def read_told(path: Path) -> Told:
    """What the JSON file *path* says: {"columns", "values", "rows": [{"sheet", "row", "do"}], "remember"}.

    Raises KnownError("orders.choices_wrong").
    """
    try:
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        columns = {bare(str(heading)): str(target or "") for heading, target in held.get("columns", {}).items()}
        values = {
            str(target): {comparable(str(word)): str(code) for word, code in found.items()}
            for target, found in held.get("values", {}).items()
        }
        rows = {(str(item["sheet"]), int(item["row"])): str(item["do"]) for item in held.get("rows", ())}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as bad:
        raise KnownError("orders.choices_wrong", file=path.name) from bad
    if set(rows.values()) - {SKIP, REOPEN, NOTE}:
        raise KnownError("orders.choices_wrong", file=path.name)
    return Told(columns, values, rows, bool(held.get("remember")))


def code_of(codes: CodeList, word: str) -> str | None:
    """The code that *word* names; of a path (城乡建设/道路/路灯) its last part that is known."""
    whole = codes.match(word)
    parts = [part.strip() for part in _PARTS.split(word) if part.strip()]
    return whole or next((code for part in reversed(parts) if (code := codes.match(part))), None)

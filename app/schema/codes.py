"""Code lists: the editable dictionaries of resources/codes."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.values import comparable

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Code:
    """One entry: the code that is kept, the label people read, other spellings, the standard's own code where known."""

    code: str
    label: str
    aliases: tuple[str, ...] = ()
    standard_code: str = ""
    parent: str = ""


@dataclass(frozen=True)
class CodeList:
    """A named list of codes; ``source`` names the standard it follows, or says that the county may edit it."""

    name: str
    title: str
    source: str
    items: tuple[Code, ...]

    def match(self, text: str) -> str | None:
        """The code that *text* names, by code, label or alias; None where nothing fits."""
        return self._spellings.get(comparable(text))

    def label(self, code: str) -> str:
        """The words for *code*; the code itself where a newer list knew it and this one doesn't."""
        return self._by_code.get(code, code)

    @functools.cached_property
    def _by_code(self) -> dict[str, str]:
        return {item.code: item.label for item in self.items}

    @functools.cached_property
    def _spellings(self) -> dict[str, str]:
        table: dict[str, str] = {}
        for item in self.items:
            for alias in item.aliases:
                table.setdefault(comparable(alias), item.code)
        for item in self.items:
            table[comparable(item.label)] = item.code
            table[comparable(item.code)] = item.code
        return table


def load_codes(folder: Path) -> dict[str, CodeList]:
    """Every code list of *folder*, by name."""
    lists = {}
    for path in sorted(folder.glob("*.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        items = tuple(
            Code(
                row["code"], row["label"], tuple(row.get("aliases", ())), row.get("standard", ""), row.get("parent", "")
            )
            for row in raw["items"]
        )
        lists[path.stem] = CodeList(path.stem, raw["title"], raw.get("source", ""), items)
    return lists

"""Code lists: the editable dictionaries of resources/codes."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.values import comparable

if TYPE_CHECKING:
    from pathlib import Path

_CHANGEABLE = "县中心可"
"""What ``source`` says of a list that the county may change: 县中心可改, 县中心可增减."""


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
    """A named list of codes; ``source`` names the standard it follows, or says that the county may edit it.

    ``retired``: codes that are offered no more; what was saved with them keeps its words.
    """

    name: str
    title: str
    source: str
    items: tuple[Code, ...]
    retired: tuple[Code, ...] = ()

    @property
    def changeable(self) -> bool:
        """Whether the county may send another list in its place."""
        return _CHANGEABLE in self.source

    @property
    def known(self) -> tuple[Code, ...]:
        """Every entry, with those that are offered no more."""
        return (*self.retired, *self.items)

    def follow(self, other: CodeList) -> None:
        """Be what *other* is, for all who hold this list already: the county has changed it."""
        # One step, so that nobody beside sees half of it.
        shape = {"title": other.title, "items": other.items, "retired": other.retired}
        self.__dict__.update(shape)
        for name in ("_entries", "_by_code", "_spellings"):
            self.__dict__.pop(name, None)

    def match(self, text: str) -> str | None:
        """The code that *text* names, by code, label or alias; None where nothing fits."""
        return self._spellings.get(comparable(text))

    def path(self, code: str) -> tuple[Code, ...]:
        """The entry of *code* below those above it, the widest first; empty for a code that isn't known."""
        found: list[Code] = []
        while (item := self._entries.get(code)) is not None and item not in found:
            found.insert(0, item)
            code = item.parent
        return tuple(found)

    def within(self, code: str, above: str) -> bool:
        """Whether *code* is *above* or lies below it."""
        return code == above or any(item.code == above for item in self.path(code))

    def label(self, code: str) -> str:
        """The words for *code*; the code itself where a newer list knew it and this one doesn't."""
        return self._by_code.get(code, code)

    @functools.cached_property
    def _entries(self) -> dict[str, Code]:
        return {item.code: item for item in self.known}

    @functools.cached_property
    def _by_code(self) -> dict[str, str]:
        return {item.code: item.label for item in self._entries.values()}

    @functools.cached_property
    def _spellings(self) -> dict[str, str]:
        table: dict[str, str] = {}
        for item in self.items:
            for alias in item.aliases:
                table.setdefault(comparable(alias), item.code)
        for item in self.known:
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

"""Reading a rule file, and saying by name what is wrong with it."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import KnownError


class Table:
    """One table of a TOML file, which knows its place; getters raise KnownError naming file, place and key."""

    def __init__(self, file: str, where: str, raw: Mapping[str, Any]) -> None:
        self.file = file
        self.where = where
        self._raw = raw

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def fault(self, code: str, **params: object) -> KnownError:
        """The error ``rules.<code>`` about this place, to be raised."""
        return KnownError(f"rules.{code}", file=self.file, where=self.where or "开头", **params)

    def only(self, *known: str) -> None:
        """Refuse a key that isn't *known*: a misspelt rule would else be silently without effect."""
        for key in self._raw:
            if key not in known:
                raise self.fault("key_unknown", key=key, known="、".join(known))

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.fault("value_wrong", key=key, wanted="文字")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._get(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.fault("value_wrong", key=key, wanted="一列文字")
        return tuple(value)

    def whole(self, key: str, default: int | None = None) -> int:
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.fault("value_wrong", key=key, wanted="不小于 0 的整数")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.fault("value_wrong", key=key, wanted="true 或 false")
        return value

    def one_of(self, key: str, known: Collection[str], default: str | None = None) -> str:
        value = self.text(key, default)
        self._known(key, value, known)
        return value

    def some_of(self, key: str, known: Collection[str], default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        values = self.texts(key, default)
        for value in values:
            self._known(key, value, known)
        return values

    def raw(self, key: str) -> Any:
        """The value as the file has it; for what is neither text nor number, such as a date."""
        return self._get(key, None)

    def table(self, key: str) -> Table:
        """The table under *key*; empty where the file has none."""
        value = self._raw.get(key, {})
        if not isinstance(value, dict):
            raise self.fault("value_wrong", key=key, wanted="一段 [表]")
        return Table(self.file, f"{self.where}.{key}".lstrip("."), value)

    def tables(self, key: str) -> dict[str, Table]:
        """The tables under *key*, by name, in the order of the file."""
        parent = self.table(key)
        return {name: parent.table(name) for name in parent}

    def rows(self, key: str) -> list[Table]:
        """The rows of an array of tables; none where the file has none."""
        value = self._raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault("value_wrong", key=key, wanted="几段 [[表]]")
        return [Table(self.file, f"{self.where}.{key}[{index}]".lstrip("."), item) for index, item in enumerate(value)]

    def _get(self, key: str, default: Any) -> Any:
        value = self._raw.get(key, default)
        if value is None:
            raise self.fault("key_missing", key=key)
        return value

    def _known(self, key: str, value: str, known: Collection[str]) -> None:
        if value not in known:
            raise self.fault("name_unknown", key=key, name=value, known="、".join(sorted(known)))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A rule file that isn't on the disk: its name and its text."""

    name: str
    text: str

    def read_text(self, encoding: str = "utf-8") -> str:
        """The text."""
        return self.text


@dataclass(frozen=True)
class Sheets:
    """A folder of rule files, of which some have another text; *texts* by file name. None: there is nothing else."""

    folder: Path | None
    texts: Mapping[str, str]

    def __truediv__(self, name: str) -> Path | Sheet:
        return Sheet(name, self.texts[name]) if name in self.texts or self.folder is None else self.folder / name

    def glob(self, pattern: str) -> Iterable[Path | Sheet]:
        """The files whose name fits, whether or not they are on the disk."""
        there = {path.name for path in self.folder.glob(pattern)} if self.folder else set()
        return [self / name for name in sorted({*there, *fnmatch.filter(self.texts, pattern)})]


def read_table(path: Path | Sheet) -> Table:
    """The whole file at *path*; KnownError("rules.no_file") or ("rules.not_toml")."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise KnownError("rules.no_file", file=path.name) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnownError("rules.not_toml", file=path.name, detail=error) from None
    return Table(path.name, "", raw)

"""Long lists of findings, kept as they came: a hundred thousand small objects would hold the window up whenever memory is tidied."""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

Found = Mapping[str, Any]


class Pieces(Sequence[Found]):
    """Rows in their order, decoded where they are looked at; ``keys`` has of each what *key* makes of it."""

    def __init__(self, key: Callable[[Found], tuple[Any, ...]] | None = None) -> None:
        self._key = key
        self._texts: list[str] = []
        self._starts: list[int] = []
        self._count = 0
        self._last: tuple[int, list[Found]] = (-1, [])
        self.keys: list[tuple[Any, ...]] = []

    def add(self, rows: Sequence[Found]) -> None:
        """Put *rows* behind those that are there."""
        if rows:
            self._texts.append(json.dumps(rows, ensure_ascii=False))
            self._starts.append(self._count)
            self._count += len(rows)
            if self._key is not None:
                self.keys += map(self._key, rows)

    def follow(self, other: Pieces) -> None:
        """Put all of *other* behind."""
        self._starts += [self._count + start for start in other._starts]
        self._texts += other._texts
        self._count += other._count
        self.keys += other.keys

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Found: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Found]: ...
    def __getitem__(self, at: int | slice) -> Found | Sequence[Found]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(self._count))]
        place = at + self._count if at < 0 else at
        if not 0 <= place < self._count:
            raise IndexError(at)
        piece = bisect.bisect_right(self._starts, place) - 1
        return self._piece(piece)[place - self._starts[piece]]

    def __iter__(self) -> Iterator[Found]:
        for text in self._texts:
            yield from json.loads(text)

    def _piece(self, number: int) -> list[Found]:
        if self._last[0] != number:
            self._last = number, json.loads(self._texts[number])
        return self._last[1]


class Lines:
    """The sheet's own cells by (sheet, row)."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, int], str] = {}

    def add(self, told: Sequence[Found]) -> None:
        """Take *told*: sheet, row and cells of each."""
        self._cells.update({(line["sheet"], line["row"]): json.dumps(line["cells"]) for line in told})

    def get(self, sheet: str, row: int) -> list[str]:
        """The cells of a row; empty where it wasn't told of."""
        text = self._cells.get((sheet, row))
        return json.loads(text) if text else []

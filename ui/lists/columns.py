"""What a record table shows: columns, cells and group lines, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ui.pieces.chips import State, state

Row = Mapping[str, Any]
Role = Literal["text", "chip", "date", "button", "choice", "mark"]


@dataclass(frozen=True)
class Column:
    """One column. *width* in px at normal size; *stretch* takes the free width; *tone* is text, text-2 or text-3.

    Where it gets narrow, columns with a *spare* give way, the highest first, so that the stretching one has the
    *least* px it can be read in.

    ``text``: the row's value as words, or a `Cell`. ``chip``: a state's word or a `State`. ``date``: an ISO date or
    time, or a `Cell`. ``button``: the words of a button, "" for none.
    ``choice``: what is chosen in words, to be pressed for others; a `Cell` where there is nothing to choose. ``mark``:
    a `Mark`, an icon with its words in the tooltip.
    """

    key: str
    title: str
    width: int = 120
    align: Literal["left", "right", "center"] = "left"
    role: Role = "text"
    tone: str = "text"
    strong: bool = False
    stretch: bool = False
    sortable: bool = True
    hidden: bool = False
    spare: int = 0
    least: int = 200


@dataclass(frozen=True)
class Cell:
    """Words with more to say: a tone, a quieter note behind them, weight."""

    text: str
    note: str = ""
    tone: str = ""
    strong: bool = False
    icon: str = ""

    def __str__(self) -> str:
        return " · ".join(part for part in (self.text, self.note) if part)


@dataclass(frozen=True)
class Mark:
    """A state shown by its icon alone; its word is read aloud and copied, *tip* says more."""

    state: State
    tip: str = ""


@dataclass(frozen=True)
class Group:
    """A line across the table that names the rows below it: ``Group("今天到期 4")``. Given in place of a row."""

    text: str


@dataclass(frozen=True)
class Order:
    """Sorted by the column *key*, the other way round if *down*."""

    key: str
    down: bool = False


# (offset, limit, order or None) -> rows; the order None is the list's own.
Fetch = Callable[[int, int, Order | None], Sequence["Row | Group"]]


def shown(column: Column, value: Any) -> str:
    """The words of a cell, as they are copied and read aloud."""
    if value is None or value == "":
        return "" if column.role in ("chip", "button", "mark") else "—"
    if isinstance(value, Mark):
        return value.state.text
    if isinstance(value, State):
        return value.text
    if column.role == "date" and isinstance(value, str):
        return short_time(value)
    return str(value)


def chip(value: Any) -> State | None:
    """The chip of a value: a `State`, or a state's word."""
    if not value:
        return None
    return value if isinstance(value, State) else state(str(value))


def short_time(iso: str) -> str:
    """``9月21日 12:00`` of an ISO date or time; words that are none come back as they are."""
    if len(iso) < 10 or iso[4] != "-" or iso[7] != "-" or not (iso[5:7] + iso[8:10]).isdigit():
        return iso
    day = f"{int(iso[5:7])}月{int(iso[8:10]):02d}日"
    return f"{day} {iso[11:16]}" if len(iso) >= 16 else f"{iso[:4]}年{int(iso[5:7])}月{int(iso[8:10])}日"

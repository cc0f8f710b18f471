"""The register as an import sees it: who and what is there already, by the keys that rosters use."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from app.exchange.excel.words import Words
from app.schema.record import Record
from app.schema.values import Value, comparable


class Source(Protocol):
    """The reading side of app.store.Store that an import needs."""

    def select(
        self, form: str, where: Mapping[str, object] | None = None, *, area: str | Collection[str] | None = None
    ) -> list[Record]:
        """Records of *form* that aren't deleted."""

    def many(self, form: str, ids: Iterable[str]) -> dict[str, Record]:
        """Records by id."""

    def areas(self) -> list[dict[str, str]]:
        """The areas that this device knows: code, name, level, parent."""


class Register:
    """Reads *source* once for each form and area and answers from indexes; nothing here writes."""

    def __init__(self, source: Source, new_id: Callable[[], str]) -> None:
        self.new_id = new_id
        self._source = source
        self._loaded: set[tuple[str, str]] = set()
        self._records: dict[str, dict[str, Record]] = defaultdict(dict)
        self._by: dict[tuple[str, ...], list[Record]] = defaultdict(list)

    def load(self, form: str, area: str) -> None:
        """Have the records of *form* in *area* at hand."""
        if (form, area) in self._loaded:
            return
        self._loaded.add((form, area))
        for record in self._source.select(form, area=area):
            self._take(record)

    def load_people(self, numbers: Iterable[str]) -> None:
        """Have the residents with one of *numbers* at hand, wherever they live."""
        wanted = sorted(set(numbers) - {key[1] for key in self._by if key[0] == "number"})
        for start in range(0, len(wanted), 500):
            for record in self._source.select("resident", {"id_number": wanted[start : start + 500]}):
                self._take(record)

    def record(self, form: str, record_id: str) -> Record | None:
        """A record by its id."""
        held = self._records[form].get(record_id)
        if held is None:
            held = self._source.many(form, [record_id]).get(record_id)
            if held is not None:
                self._take(held)
        return held

    def all(self, form: str, area: str) -> list[Record]:
        """Every record of *form* whose area is *area* itself."""
        self.load(form, area)
        return [record for record in self._records[form].values() if record.area == area]

    def person(self, number: str) -> Record | None:
        """The resident with this identity number, the oldest record where there are several."""
        found = self._by.get(("number", number))
        return min(found, key=lambda record: record.id) if found else None

    def people(self, name: str, birth: str, area: str) -> Sequence[Record]:
        """The residents of *area* with this name and birth date."""
        return self._by.get(("person", area, comparable(name), birth), ())

    def households(self, area: str, number: str) -> Sequence[Record]:
        """The households of *area* with this number; there may be one in each villager group."""
        return self._by.get(("household", area, comparable(number)), ())

    def members(self, household: str) -> Sequence[Record]:
        """The residents of a household."""
        return self._by.get(("member", household), ())

    def households_at(self, dwelling: str) -> Sequence[Record]:
        """The households that live in a dwelling."""
        return self._by.get(("household_at", dwelling), ())

    def named(self, form: str, area: str, name: str) -> Sequence[Record]:
        """The dwellings, buildings or grids of *area* called *name*, equal after width and spaces."""
        return self._by.get((form, area, comparable(name)), ())

    def village(self, name: str, within: str, words: Words) -> str | None:
        """The code of the village called *name*; one inside *within* goes before others, two of one name are none."""
        return _nearest(self._villages(words).get(words.village(name), ()), within)

    def village_in(self, texts: Iterable[str], within: str, words: Words) -> str | None:
        """The code of the one village that *texts* speak of, the longest name that occurs in them."""
        told = comparable(" ".join(texts))
        names = sorted(
            (name for name in self._villages(words) if len(name) > 1 and name in told), key=len, reverse=True
        )
        return _nearest(self._villages(words)[names[0]], within) if names else None

    @functools.cache  # noqa: B019 - a Register lives for one import
    def _villages(self, words: Words) -> dict[str, tuple[str, ...]]:
        table: dict[str, tuple[str, ...]] = {}
        for area in self._source.areas():
            if not area["code"].endswith("000"):
                key = words.village(area["name"])
                table[key] = (*table.get(key, ()), area["code"])
        return table

    def _take(self, record: Record) -> None:
        if record.id in self._records[record.form]:
            return
        self._records[record.form][record.id] = record
        for key in _keys(record):
            self._by[key].append(record)


def _nearest(found: Sequence[str], within: str) -> str | None:
    stem = within.rstrip("0")
    chosen = [code for code in found if code == within or (stem and code.startswith(stem))] or list(found)
    return chosen[0] if len(chosen) == 1 else None


_TITLES = {"dwelling": "address", "building": "name", "grid": "name"}


def _keys(record: Record) -> list[tuple[str, ...]]:
    values = record.values

    def text(name: str) -> str:
        value: Value = values.get(name)
        return str(value) if value is not None else ""

    if record.form == "resident":
        return [("number", text("id_number"))] * bool(text("id_number")) + [
            ("person", record.area, comparable(text("name")), text("birth_date")),
            ("member", text("household")),
        ]
    if record.form == "household":
        return [("household", record.area, comparable(text("number"))), ("household_at", text("dwelling"))]
    title = _TITLES.get(record.form)
    return [(record.form, record.area, comparable(text(title)))] if title else []

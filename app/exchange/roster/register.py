"""The register as an import sees it: who and what is there already, by the keys that rosters use."""

from __future__ import annotations

import functools
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.exchange.excel.words import Words
from app.schema.record import Record
from app.schema.values import comparable


class Source(Protocol):
    """The reading side of app.store.Store that an import needs."""

    def select(
        self, form: str, where: Mapping[str, object] | None = None, *, area: str | Collection[str] | None = None
    ) -> list[Record]:
        """Records of *form* that aren't deleted."""

    def columns(
        self,
        form: str,
        names: Sequence[str],
        where: Mapping[str, object] | None = None,
        *,
        area: str | Collection[str] | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        """Just the columns *names* of the records that ``select`` finds."""

    def many(self, form: str, ids: Iterable[str]) -> dict[str, Record]:
        """Records by id."""

    def areas(self) -> list[dict[str, str]]:
        """The areas that this device knows: code, name, level, parent."""


@dataclass(frozen=True, slots=True)
class Known:
    """What tells one record of the register from others; a village's whole records would not fit beside a large sheet.

    ``title``: its name or address, of a household its head's; ``number``: of a person or a household; ``within``: the household
    of a person, the dwelling of a household, the grid of a dwelling or a building;
    ``state``: of a person whether he lives here, moved away or died.
    """

    form: str
    id: str
    area: str
    title: str
    number: str = ""
    birth: str = ""
    within: str = ""
    state: str = ""


_COLUMNS = {
    "resident": ("name", "id_number", "birth_date", "household", "presence"),
    "household": ("head_name", "number", "", "dwelling"),
    "dwelling": ("address", "", "", "grid"),
    "building": ("name", "", "", "grid"),
    "grid": ("name", "", "", ""),
}
"""Of each form the fields for ``title``, ``number``, ``birth``, ``within`` and ``state``."""
_AT_HAND = 4000
"""Whole records kept for the rows that are being looked at."""


class Register:
    """Reads keys of *source* once for each form and area and answers from indexes; whole records as they are asked for. Writes nothing."""

    def __init__(self, source: Source, new_id: Callable[[], str]) -> None:
        self.new_id = new_id
        self._source = source
        self._loaded: set[tuple[str, str]] = set()
        self._known: dict[str, dict[str, Known]] = defaultdict(dict)
        self._by: dict[int, Known | list[Known]] = {}
        self._numbers: dict[str, Known] = {}
        self._whole: dict[str, Record] = {}

    def load(self, form: str, area: str) -> None:
        """Have the keys of the records of *form* in *area* at hand."""
        if (form, area) in self._loaded:
            return
        self._loaded.add((form, area))
        for known in self._keys(form, area):
            self._take(known)

    def load_people(self, numbers: Iterable[str]) -> None:
        """Have the residents with one of *numbers* at hand, wherever they live."""
        wanted = {number for number in numbers if number not in self._numbers}
        if not wanted:
            return
        # One walk over all of them: numbers are no index of the table, and each question would be a walk of its own.
        for known in self._keys("resident", None):
            if known.number in wanted:
                self._take(known)

    def fetch(self, form: str, ids: Iterable[str]) -> None:
        """Have these whole records at hand, in place of some that were asked for earlier."""
        wanted = [record_id for record_id in ids if record_id not in self._whole]
        if len(self._whole) + len(wanted) > _AT_HAND:
            self._whole.clear()
        self._whole.update(self._source.many(form, wanted))

    def record(self, form: str, record_id: str) -> Record | None:
        """A whole record by its id."""
        if record_id not in self._whole:
            self.fetch(form, [record_id])
        return self._whole.get(record_id)

    def records(self, form: str, area: str) -> Iterator[Record]:
        """Every whole record of *form* whose area is *area* itself."""
        return (record for record in self._source.select(form, area=area) if record.area == area)

    def known(self, form: str, record_id: str) -> Known | None:
        """A record of the loaded areas by its id."""
        return self._known[form].get(record_id)

    def all(self, form: str, area: str) -> list[Known]:
        """Every record of *form* whose area is *area* itself."""
        self.load(form, area)
        return [known for known in self._known[form].values() if known.area == area]

    def person(self, number: str) -> Known | None:
        """The resident with this identity number, the oldest record where there are several."""
        return self._numbers.get(number)

    def people(self, name: str, birth: str, area: str) -> Sequence[Known]:
        """The residents of *area* with this name and birth date."""
        title = comparable(name)
        return [
            known
            for known in self._filed("person", area, title, birth)
            if known.area == area and known.birth == birth and comparable(known.title) == title
        ]

    def households(self, area: str, number: str) -> Sequence[Known]:
        """The households of *area* with this number; there may be one in each villager group."""
        wanted = comparable(number)
        found = self._filed("household", area, wanted)
        return [known for known in found if known.area == area and comparable(known.number) == wanted]

    def members(self, household: str) -> Sequence[Known]:
        """The residents of a household."""
        return [known for known in self._filed("member", household) if known.within == household]

    def households_at(self, dwelling: str) -> Sequence[Known]:
        """The households that live in a dwelling."""
        return [known for known in self._filed("household_at", dwelling) if known.within == dwelling]

    def named(self, form: str, area: str, name: str) -> Sequence[Known]:
        """The dwellings, buildings or grids of *area* called *name*, equal after width and spaces."""
        title = comparable(name)
        found = self._filed(form, area, title)
        return [known for known in found if known.area == area and comparable(known.title) == title]

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

    def _keys(self, form: str, area: str | None) -> Iterator[Known]:
        fields = _COLUMNS.get(form)
        if fields is None:
            return
        places = [place for place, name in enumerate(fields) if name]
        names = ["id", "area", *(name for name in fields if name)]
        # Names, days and households come again and again, in the sheet as well: one text of each is enough.
        intern = sys.intern
        for record_id, code, *held in self._source.columns(form, names, area=area):
            texts = ["", "", "", "", ""]
            for place, value in zip(places, held, strict=True):
                texts[place] = "" if value is None else str(value)
            title, number, birth, within, state = texts
            yield Known(
                form,
                intern(record_id),
                intern(code),
                intern(title),
                intern(number),
                intern(birth),
                intern(within),
                intern(state),
            )

    def _take(self, known: Known) -> None:
        if known.id in self._known[known.form]:
            return
        self._known[known.form][known.id] = known
        if known.form == "resident":
            if known.number:
                older = self._numbers.get(known.number)
                if older is None or known.id < older.id:
                    self._numbers[known.number] = known
            self._file(known, "person", known.area, comparable(known.title), known.birth)
            if known.within:
                self._file(known, "member", known.within)
        elif known.form == "household":
            self._file(known, "household", known.area, comparable(known.number))
            self._file(known, "household_at", known.within)
        else:
            self._file(known, known.form, known.area, comparable(known.title))

    def _file(self, known: Known, *key: str) -> None:
        """Keep *known* under the hash of *key*: of hundreds of thousands of keys the texts themselves would be too many."""
        place = hash(key)
        held = self._by.get(place)
        if held is None:
            self._by[place] = known
        elif isinstance(held, list):
            held.append(known)
        else:
            self._by[place] = [held, known]

    def _filed(self, *key: str) -> Sequence[Known]:
        """What was kept under *key*, and what has the same hash by chance: the caller looks."""
        held = self._by.get(hash(key))
        return () if held is None else held if isinstance(held, list) else (held,)


def _nearest(found: Sequence[str], within: str) -> str | None:
    stem = within.rstrip("0")
    chosen = [code for code in found if code == within or (stem and code.startswith(stem))] or list(found)
    return chosen[0] if len(chosen) == 1 else None

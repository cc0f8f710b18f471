"""The lists that a clerk lives in: tabs by what waits, filtered, sorted, counted, and the filters that he keeps."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from app.rules.areas import prefix
from app.rules.calendar import iso
from app.rules.case_engine import CaseRules
from app.schema.dates import CHINA
from app.schema.record import Record
from app.services.case_queues import ours, questions
from app.services.gate import Gate
from app.services.kept import Kept
from app.store import case_listing, search
from app.store.case_listing import Wanted, Where
from app.store.listing import Listing

if TYPE_CHECKING:
    from app.store.store import Store

EVENT = "event"
TABS = ("mine", "unit", "today", "late", "returned", "to_verify", "supervised", "to_visit", "open", "all")
"""Mine to act on; my unit's; due today; overdue; returned; to be verified; supervised; closed, to be visited; all that is
open; all, closed ones as well."""
TIMES = {"found": "found_at", "reported": "reported_at", "due": "due_at", "closed": "closed_at"}
MOST_FOUND = 500
"""Of cases found by words so many are listed: who typed so little wants a filter beside it."""
_AT_THE_LATEST = "9999"
_QUEUES = ("mine", "unit", "returned", "to_verify", "supervised", "to_visit")


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a clerk picked; empty means all. ``area`` a division code, ``category`` a class of any level with all below it.

    ``since`` and ``until``: ISO days, both inside, of the time named by ``time`` (one of ``TIMES``).
    """

    text: str = ""
    area: str = ""
    grid: str = ""
    category: str = ""
    unit: str = ""
    state: str = ""
    time: str = ""
    since: str = ""
    until: str = ""

    @property
    def empty(self) -> bool:
        """Whether every case passes."""
        return self == CaseFilter()


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of one tab, and how many pass the filter in each (None: not counted). ``cut``: only the best hits are listed."""

    listing: Listing
    counts: Mapping[str, int | None]
    cut: bool = False


class CaseLists:
    """Lists of the cases that this user may read, by index; none of them folds a step."""

    def __init__(self, store: Store, gate: Gate, rules: CaseRules) -> None:
        self._store = store
        self._gate = gate
        self._rules = rules
        self.filters = Kept(store, gate.session, "cases.filters")
        self.columns = Kept(store, gate.session, "cases.columns")

    def listed(self, tab: str, filter: CaseFilter = CaseFilter(), order: str = "") -> Found:  # noqa: A002
        """The cases of *tab* that pass *filter*; *order* is one of ``case_listing.SORTED_BY``, "-" before it for the other way.

        Words are looked for beside everything else that is picked: the counts of the other tabs say where there are more.
        """
        wanted, tabs = self._wanted(filter), self._tabs()
        order = order or ("-reported_at" if tab == "all" else "due_at")
        conn = self._store.conn
        if not filter.text:
            listing = case_listing.cases(conn, self._in_tab(wanted, tab), order)
            return Found(listing, self._counts(wanted, tabs))
        signs, words = _parted(filter.text)
        if signs and not words:
            return self._by_signs(signs, wanted, tab, order)
        hits = self._hits(filter.text, wanted)
        if len(hits) < MOST_FOUND:
            base = replace(wanted, ids=hits)
            return Found(case_listing.cases(conn, self._in_tab(base, tab), order), self._counts(base, tabs))
        # So many that the best of all may not be those that are asked for: only these are looked through.
        asked = self._in_tab(wanted, tab)
        if tab != "all" or not replace(filter, text="").empty or wanted.all_of:
            hits = self._hits(filter.text, wanted, case_listing.ids(conn, asked))
        listing = case_listing.cases(conn, replace(asked, ids=hits), order)
        return Found(listing, dict.fromkeys(TABS), cut=len(hits) >= MOST_FOUND)

    def _by_signs(self, signs: Sequence[str], wanted: Wanted, tab: str, order: str) -> Found:
        """The index of words begins with two characters; one alone is looked for in every title, which the index of cases holds."""
        base = _titled(wanted, signs)
        listing = case_listing.cases(self._store.conn, self._in_tab(base, tab), order)
        counts = self._counts(base, self._tabs())
        whole = len(listing) if tab == "all" else case_listing.counts(self._store.conn, base, {})[""]
        return Found(listing, {**counts, "all": whole})

    def page(self, listing: Listing, offset: int, limit: int) -> Sequence[Record]:
        """The cases of one page; what left since the list was made is left out."""
        ids = listing.page(offset, limit)
        held = self._store.many(EVENT, ids)
        return [held[one] for one in ids if one in held and not held[one].deleted]

    def counts(self, filter: CaseFilter = CaseFilter()) -> Mapping[str, int | None]:  # noqa: A002
        """How many pass *filter* (its text apart) under each tab; None for "all", which nobody has to act on."""
        return self._counts(self._wanted(filter), self._tabs())

    def soonest(self, tab: str, limit: int) -> Sequence[Record]:
        """The first *limit* cases of *tab*, soonest due first."""
        listing = case_listing.cases(self._store.conn, self._in_tab(self._wanted(CaseFilter()), tab))
        return self.page(listing, 0, limit)

    def by_due(self, tab: str, edges: Sequence[datetime.datetime]) -> list[int]:
        """How many cases of *tab* are due before each of *edges*, none counted twice, and how many later or never."""
        tabs = {str(number): [{"due_at": ("<", iso(edge))}] for number, edge in enumerate(edges)}
        found = case_listing.counts(self._store.conn, self._in_tab(self._wanted(CaseFilter()), tab), tabs)
        before = [0, *(found[name] for name in tabs), found[""]]
        return [after - earlier for earlier, after in itertools.pairwise(before)]

    def units(self) -> list[str]:
        """Every unit that leads a case."""
        return case_listing.units(self._store.conn)

    def kept(self) -> dict[str, CaseFilter]:
        """The filters that this user kept on this device, in the order in which he kept them."""
        known = asdict(CaseFilter())
        return {
            name: CaseFilter(**{key: value for key, value in held.items() if key in known})
            for name, held in self.filters.all().items()
        }

    def keep(self, name: str, filter: CaseFilter) -> None:  # noqa: A002
        """Keep *filter* as *name*. KnownError("ui.filter_unnamed") for no name."""
        self.filters.keep(name, asdict(filter))

    # -- what is asked --------------------------------------------------------------------------------------------------

    def now(self) -> datetime.datetime:
        """The time on the county's clock, in China."""
        return datetime.datetime.fromtimestamp(self._store.now_ms() / 1000, CHINA).replace(microsecond=0)

    def _wanted(self, filter: CaseFilter) -> Wanted:  # noqa: A002
        """What passes *filter*, its text apart, of what this user may read."""
        whole = self._gate.decide("read", EVENT, filter.area or None).allowed
        self._gate.require("read", EVENT, filter.area or None, own=not whole)
        groups: list[tuple[Where, ...]] = []
        if not whole:
            names = ours(self._gate.session)
            user = self._gate.session.user
            groups.append(({"lead_unit": names}, {"assisting": ("names", names)}, {"reported_by": user}))
        one: dict[str, object] = {}
        if filter.category:
            codes = self._store.forms.codes["event_class"]
            one["class_now"] = [item.code for item in codes.known if codes.within(item.code, filter.category)] or [
                filter.category
            ]
        if filter.grid:
            one["grid"] = [filter.grid, *(sub.id for sub in self._store.select("grid", {"upper": filter.grid}))]
        if filter.unit:
            one["lead_unit"] = filter.unit
        if filter.time in TIMES and (filter.since or filter.until):
            low, high = filter.since or "0", filter.until or _AT_THE_LATEST
            # A day's last moment still lies before the next letter after its date.
            one[TIMES[filter.time]] = ("between", low, f"{high}~")
        if one:
            groups.append((one,))
        return Wanted(
            (filter.area,) if filter.area else tuple(self._gate.session.areas),
            (filter.state,) if filter.state else None,
            tuple(groups),
            state_order=tuple(self._rules.states),
        )

    def _tabs(self) -> dict[str, tuple[tuple[str, ...] | None, Sequence[Where]]]:
        """(states, questions) of each tab."""
        waiting = tuple(state.code for state in self._rules.states.values() if state.waiting)
        now = self.now()
        moment, end = iso(now), f"{now.date().isoformat()}~"
        tabs: dict[str, tuple[tuple[str, ...] | None, Sequence[Where]]] = {
            "today": (waiting, [{"due_at": ("between", moment, end)}]),
            "late": (waiting, [{"due_at": ("<", moment)}]),
            "open": (waiting, [{}]),
            "all": (None, [{}]),
        }
        for name in _QUEUES:
            asked = questions(self._rules, self._gate.session, name)
            states = {code for where in asked for code in _states(where)}
            # Said once for the tab, the states lead through the index; a question that asks for fewer says so itself.
            rest = [
                {key: value for key, value in where.items() if key != "state" or set(_states(where)) < states}
                for where in asked
            ]
            tabs[name] = (tuple(code for code in self._rules.states if code in states), rest)
        return {name: tabs[name] for name in TABS}

    def _in_tab(self, wanted: Wanted, tab: str) -> Wanted:
        states, asked = self._tabs()[tab]
        if wanted.states is not None:
            states = wanted.states if states is None else tuple(code for code in wanted.states if code in states)
        return replace(wanted, states=states, all_of=(*wanted.all_of, tuple(asked)))

    def _counts(
        self, wanted: Wanted, tabs: Mapping[str, tuple[tuple[str, ...] | None, Sequence[Where]]]
    ) -> dict[str, int | None]:
        """One look at what is open, and one at what is to be visited."""
        conn = self._store.conn
        found: dict[str, int | None] = dict.fromkeys(TABS)
        open_tabs = {
            name: [{"state": list(states or ()), **where} for where in asked]
            for name, (states, asked) in tabs.items()
            if name not in ("all", "to_visit")
        }
        held = {code for name in open_tabs for code in tabs[name][0] or ()}
        states = tuple(code for code in self._rules.states if code in held)
        found |= case_listing.counts(conn, _only(wanted, states), open_tabs)
        visits = self._in_tab(wanted, "to_visit")
        found["to_visit"] = case_listing.counts(conn, visits, {})[""]
        if wanted.ids is not None:
            found["all"] = case_listing.counts(conn, wanted, {})[""]
        found.pop("")
        return found

    def _hits(self, text: str, wanted: Wanted, inside: Collection[str] | None = None) -> Collection[str]:
        """The ids that the words *text* fit in the areas *wanted*, ``MOST_FOUND`` at most."""
        areas = [prefix(code) for code in wanted.areas]
        areas += self._gate.divisions().strangers(wanted.areas)

        def look(text: str, inside: Collection[str] | None) -> list[str]:
            return search.matching(self._store.conn, text, EVENT, areas=areas, inside=inside, limit=MOST_FOUND)

        found = look(text, inside)
        signs, words = _parted(text)
        if not signs or not words:
            return found
        # One character beside words may be a part of the title that the index of words doesn't begin at.
        titled = case_listing.ids(self._store.conn, _titled(wanted, signs))
        more = look(" ".join(words), titled if inside is None else titled & frozenset(inside))
        return list(dict.fromkeys((*found, *more)))[:MOST_FOUND]


def _parted(text: str) -> tuple[list[str], list[str]]:
    """The single characters of what was typed, letters and digits apart, and its words."""
    signs = [word for word in text.split() if len(word) == 1 and not word.isascii()]
    return signs, [word for word in text.split() if word not in signs]


def _titled(wanted: Wanted, signs: Sequence[str]) -> Wanted:
    """*wanted*, with each of *signs* in its title."""
    return replace(wanted, all_of=(*wanted.all_of, *(({"title": ("has", sign)},) for sign in signs)))


def _states(where: Where) -> Collection[str]:
    held = where.get("state")
    return [str(code) for code in held] if isinstance(held, list | tuple) else []


def _only(wanted: Wanted, states: Sequence[str]) -> Wanted:
    held = states if wanted.states is None else [code for code in wanted.states if code in states]
    return replace(wanted, states=tuple(held))

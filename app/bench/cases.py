"""How fast the lists of a township's cases are, beside a plain look at every case in the same store."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.bench.timing import at, ms
from app.demo import plan, records
from app.demo.population import Row
from app.rules.calendar import iso
from app.rules.permissions import Permissions
from app.services.case_lists import TABS, CaseFilter
from app.services.office import Office, make_office
from app.store import case_listing, search
from app.store.agreement import Area
from app.store.rows import Row as Held
from app.store.saving import Edit
from app.store.store import new_key

if TYPE_CHECKING:
    from app.schema.record import Record

TOWN = "990001101000"
_AT_ONCE = 2_000
_PAGE = 100
_ROUNDS = 30
_SCANS = 3
_OPEN_SHARE = 10
"""One in so many cases is open; the rest were closed over the years before."""
_YEARS = 5
_VISITED = 90
"""After so many days whoever reported a case has been asked."""
_MOMENTS = (
    "found_at", "reported_at", "accepted_at", "closed_at", "due_at", "first_due", "handle_due", "visit_due",
    "patron_due", "returned_at", "last_at",
)  # fmt: skip


def bench_cases(cases: int = 50_000, scale: str = "township", rounds: int = _ROUNDS) -> dict[str, Any]:
    """Fill an encrypted store with *cases* cases and their steps, and time what a clerk does in their list.

    For every tab, filter, sort and search: "p50_ms" and "p99_ms" until its ids, the counts of all tabs and the first
    page of rows are there, "rows" how many it lists. "scan_ms" is the median of reading every case and looking at each
    in Python, as a list without indexes would. *scale*: the demo whose cases are the patterns; *rounds*: how often each is asked.
    "batch" is one step on each of ten marked cases, each saved whole.
    """
    with tempfile.TemporaryDirectory() as folder:
        office = _office(Path(folder))
        try:
            begun = time.perf_counter()
            steps = _fill(office, cases, scale)
            seconds = time.perf_counter() - begun
            runs = [_measure(office, rounds, *asked) for asked in _questions()]
            runs.append({"name": "desk: how many due when", **_times(lambda: _desk(office), rounds)})
            runs.append({"name": "batch: a step on each of ten", **_times(_batches(office), min(rounds, 5))})
            scan = [ms(lambda: _scan(office)) for _ in range(_SCANS)]
        finally:
            office.close()
    worst = max(float(run["p99_ms"]) for run in runs if not str(run["name"]).startswith("batch"))
    return {
        "cases": cases,
        "steps": steps,
        "fill_seconds": round(seconds, 1),
        "worst_p99_ms": worst,
        "scan_ms": at(scan, 0.5, 1),
        "runs": runs,
    }


def _office(home: Path) -> Office:
    account = {
        "name": "林小禾",
        "roles": list(Permissions.load().township_roles()),
        "areas": [TOWN],
        "unit": "综治中心",
    }
    office = make_office(home, new_key(), "lin", "bench-password", account)
    office.store.sync.set_areas(
        [Area(a["code"], a["name"], a["level"], a["parent"]) for a in plan("township").areas if a["level"] != "county"]
    )
    return office


def _fill(office: Office, cases: int, scale: str = "township") -> int:
    """Write *cases* cases with their steps as a first copy would; how many steps there are.

    The demo's cases, each taken through the rules once, are the patterns: copies of them lie in other villages and years.
    """
    now = office.cases.now()
    patterns, steps = _patterns(office, now, scale)
    chance = random.Random(7)  # noqa: S311
    villages = [area["code"] for area in office.store.areas() if area["level"] == "village"]
    still = [one for one in patterns if office.cases.rules.states[str(one.values["state"])].waiting]
    over = [one for one in patterns if one not in still]
    count = 0
    for first in range(0, cases, _AT_ONCE):
        events, acts = [], []
        for number in range(first, min(first + _AT_ONCE, cases)):
            open_now = number % _OPEN_SHARE == 0
            pattern = chance.choice(still if open_now else over)
            days = chance.randint(0, 40) if open_now else chance.randint(40, 365 * _YEARS)
            event, more = _copy(office, pattern, steps[pattern.id], days, chance.choice(villages), number)
            events.append(event)
            acts += more
        count += len(acts)
        store = office.store
        with store.transaction():
            store.rows.put("event", events)
            store.rows.put("event_step", acts)
            search.index(store.conn, store.forms, [("event", e.id, e.area, e.values) for e in events])
    return count


def _patterns(office: Office, now: dt.datetime, scale: str) -> tuple[list[Record], dict[str, list[Record]]]:
    """The cases of the demo township as the rules left them, and the steps of each."""
    rows: list[Row] = [row for row in records(plan(scale), now.replace(tzinfo=None)) if row[0] in _KINDS]
    edits = [Edit(form, record_id, area, values) for form, record_id, area, values in rows]
    for start in range(0, len(edits), 500):
        office.store.save(edits[start : start + 500], "bench", bulk=True)
    found: dict[str, list[Record]] = {}
    for step in office.store.select("event_step"):
        found.setdefault(str(step.values["event"]), []).append(step)
    events = office.store.select("event")
    return [one for one in events if found.get(one.id)], found


_KINDS = ("event", "event_step")


def _copy(
    office: Office, pattern: Record, steps: Sequence[Record], days: int, area: str, number: int
) -> tuple[Held, list[Held]]:
    event_id = office.store.new_id()
    values = {**pattern.values}
    for name in _MOMENTS:
        if values.get(name):
            values[name] = _earlier(str(values[name]), days)
    if days > _VISITED and values.get("visit_due"):
        values |= {"visit_due": None, "owner_role": None, "state": "archived" if number % 2 else values["state"]}
    values["title"] = f"{values['title']}（{number}号）"
    values["case_no"] = f"2026-{number:06d}" if values.get("case_no") else None
    acts = [
        Held(
            "event_step",
            office.store.new_id(),
            area,
            {**step.values, "event": event_id, "at": _earlier(str(step.values["at"]), days)},
            rev=step.rev or 1,
        )
        for step in steps
    ]
    return Held("event", event_id, area, values, rev=1), acts


def _earlier(moment: str, days: int) -> str:
    return iso(dt.datetime.fromisoformat(moment) - dt.timedelta(days=days))


def _questions() -> Iterator[tuple[str, str, CaseFilter, str]]:
    """(name, tab, filter, order) of everything that a clerk picks."""
    for tab in TABS:
        yield f"tab {tab}", tab, CaseFilter(), ""
    year = dt.datetime.now(dt.UTC).year
    filters = {
        "class, first level": CaseFilter(category="hazard"),
        "class, third level": CaseFilter(category="dispute_neighbour_noise"),
        "village": CaseFilter(area="990001101201"),
        "unit": CaseFilter(unit="镇村建办"),
        "state closed": CaseFilter(state="closed"),
        "found this year": CaseFilter(time="found", since=f"{year}-01-01"),
        "reported this month": CaseFilter(time="reported", since=f"{year}-{dt.datetime.now(dt.UTC).month:02d}-01"),
        "due": CaseFilter(time="due", until=f"{year}-12-31"),
        "closed, two years": CaseFilter(time="closed", since=f"{year - 2}-01-01"),
        "class, village, time": CaseFilter(category="hazard", area="990001101201", time="reported", since="2020-01-01"),
        "words, common": CaseFilter(text="路"),
        "words, two": CaseFilter(text="路灯"),
        "words, rare": CaseFilter(text="1234号"),
        "number": CaseFilter(text="2026-004321"),
        "words in a class": CaseFilter(text="路灯", category="facility"),
        "words in a village": CaseFilter(text="路灯", area="990001101201"),
    }
    for name, filter in filters.items():  # noqa: A001
        for tab in ("open", "all"):
            yield f"{name} in {tab}", tab, filter, ""
    for order in case_listing.SORTED_BY:
        for way in ("", "-"):
            yield f"all by {way}{order}", "all", CaseFilter(), way + order


def _measure(office: Office, rounds: int, name: str, tab: str, filter: CaseFilter, order: str) -> dict[str, Any]:  # noqa: A002
    lists = office.case_lists

    def ask() -> int:
        found = lists.listed(tab, filter, order)
        lists.page(found.listing, 0, _PAGE)
        return len(found.listing)

    return {"name": name, "rows": ask(), **_times(ask, rounds)}


def _desk(office: Office) -> None:
    now = office.cases.now()
    office.case_lists.by_due("mine", [now, now + dt.timedelta(days=1), now + dt.timedelta(days=3)])
    office.case_lists.soonest("mine", _PAGE)


def _batches(office: Office) -> Callable[[], object]:
    listing = office.case_lists.listed("open", CaseFilter(state="handling")).listing
    ids = itertools.cycle(listing.page(0, len(listing)))

    def ten() -> None:
        for _ in range(10):
            assert office.batch.act(next(ids), "progress", {"opinion": "已到现场"}) is None

    return ten


def _scan(office: Office) -> int:
    """Every case read and looked at: one tab of one class, sorted."""
    codes = office.forms.codes["event_class"]
    found = [
        case
        for case in office.store.select("event")
        if office.cases.rules.states[str(case.values["state"])].waiting
        and codes.within(str(case.values.get("class_now")), "hazard")
    ]
    return len(sorted(found, key=lambda case: str(case.values.get("due_at") or "~")))


def _times(work: Callable[[], object], rounds: int = _ROUNDS) -> dict[str, float]:
    work()
    times = [ms(work) for _ in range(rounds)]
    return {"p50_ms": at(times, 0.5, 1), "p99_ms": at(times, 0.99, 1)}

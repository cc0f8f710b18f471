"""The whole demo as a stream of records, township by township."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator

from app.demo.care import CareAndRequests
from app.demo.cases import Cases
from app.demo.chain import Chain
from app.demo.ground import DemoGround
from app.demo.ledgers import ledger_records
from app.demo.links import linked
from app.demo.mediations import mediation_records
from app.demo.meetings import MeetingsAndReceptions
from app.demo.numbers import Numbers
from app.demo.plan import DemoPlan
from app.demo.population import Population, Row, VillageSite
from app.rules.case_engine import CaseRules
from app.rules.requests import RequestRules
from app.schema.dates import CHINA

_AMOUNTS = {"village": (32, 12, 10, 8, 4), "township": (120, 60, 40, 25, 12), "county": (120, 60, 40, 25, 12)}


def records(plan: DemoPlan, now: dt.datetime) -> Iterator[Row]:
    """(form, id, area, values) of every record of *plan* as it stands at *now*; nothing refers to what comes later.

    Villages come whole, one after another, then the cases and ledgers of their township: memory is bounded at any
    scale.
    The values are canonical. *now* without a time zone is taken for China's.
    """
    now = (now if now.tzinfo else now.replace(tzinfo=CHINA)).astimezone(CHINA).replace(microsecond=0)
    chance = random.Random(f"{plan.seed}/{plan.scale}")  # noqa: S311 - the same seed must give the same county
    numbers = Numbers(chance, now)
    population = Population(chance, numbers, now, DemoGround(plan))
    chain = Chain(f"{plan.seed}/{plan.scale}", numbers, now)
    rules = CaseRules.load()
    care = CareAndRequests(f"{plan.seed}/{plan.scale}", numbers, now, RequestRules.load(calendar=rules.limits.calendar))
    meetings = MeetingsAndReceptions(numbers, rules, now)
    events, visits, hazards, disputes, mediations = _AMOUNTS[plan.scale]
    for _, villages in itertools.groupby(plan.villages, key=lambda village: village.code[:9]):
        sites = [VillageSite(village) for village in villages]
        for site in sites:
            yield from care.village(chain.village(site, population.village(site)))
        cases = Cases(chance, numbers, rules, sites, now)
        rows = itertools.chain(
            linked(cases.records(events), numbers),
            ledger_records("dispute", disputes, sites, chance, numbers, now),
            mediation_records(mediations, sites, chance, numbers, now),
            ledger_records("visit", visits, sites, chance, numbers, now),
            ledger_records("hazard", hazards, sites, chance, numbers, now),
        )
        names = {site.plan.code: site.plan.name for site in sites}
        yield from meetings.township(rows, f"{sites[0].plan.code:.9}000", names)

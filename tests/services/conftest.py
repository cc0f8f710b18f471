"""Offices over real encrypted stores, with a clock that a test may turn, and a county between two of them."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from app.rules.case_engine import CaseRules
from app.rules.permissions import Permissions
from app.schema.loading import load_forms
from app.services.cases import derive_cases
from app.services.office import Office, make_office
from app.services.session import Session
from app.store.agreement import Area
from app.store.keys import Cost
from app.store.store import Store, new_key
from sync.client import exchange
from tests.sync.conftest import Running, cheap_passwords

__all__ = ["cheap_passwords"]

TOWN, UPPER, LOWER = "990001101000", "990001101201", "990001101202"
CHEAP = Cost(1024, 1, 1)
ALL = Permissions.load().township_roles()
# 2026-09-18, a Friday, 10:00 in China.
FRIDAY = 1_789_696_800


class Clock:
    """Seconds since 1970; stands still until a test turns it."""

    def __init__(self):
        self.at = float(FRIDAY)

    def __call__(self):
        return self.at

    def hours(self, count):
        self.at += 3600 * count


@pytest.fixture(scope="session")
def forms():
    return load_forms()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_office(tmp_path, forms, clock):
    """Makes an office for a user with these roles and areas."""
    numbers = itertools.count(1)
    with contextlib.ExitStack() as stack:

        def made(roles=ALL, areas=(TOWN,), user="lin", unit="云岭镇综治中心", forms=forms):
            account = {"name": "林小禾", "roles": list(roles), "areas": list(areas), "unit": unit}
            home = tmp_path / f"home{next(numbers)}"
            office = make_office(home, new_key(), user, "pw", account, forms=forms, now=clock, cost=CHEAP)
            stack.callback(office.close)
            office.store.sync.set_areas(
                [
                    Area(TOWN, "云岭镇", "township"),
                    Area(UPPER, "上寨村", "village", TOWN),
                    Area(LOWER, "下寨村", "village", TOWN),
                ]
            )
            return office

        yield made


@pytest.fixture
def office(open_office):
    """An office whose user may do everything that a township may."""
    return open_office()


def colleague(office, user, roles=ALL, areas=(TOWN,), unit="云岭镇综治中心"):
    """Another user at the same store."""
    session = Session(user, user, tuple(roles), tuple(areas), unit, office.session.device)
    return Office(office.store, session, CaseRules.load(), Permissions.load())


@pytest.fixture
def county(tmp_path, forms):
    with Running(tmp_path / "county.db", forms).serving() as running:
        yield running


@pytest.fixture
def two(county, tmp_path, forms):
    """Two offices of one township on two devices, in agreement with one county; each ``sync()`` must succeed."""
    with contextlib.ExitStack() as stack:
        made = []
        for number, user in enumerate(("张干事", "李干事"), 1):
            rules = CaseRules.load()
            store = Store.create(tmp_path / f"device{number}", new_key(), forms, derive=derive_cases(rules))
            stack.callback(store.close)
            desk = county.device(store, user, roles=ALL)
            session = Session(user, user, ALL, (TOWN,), f"单位{number}", store.sync.state.device)
            office = Office(store, session, rules, Permissions.load())
            office.sync = lambda desk=desk: _agreed(desk)
            office.sync()
            made.append(office)
        yield tuple(made)


def _agreed(desk):
    report = exchange(desk.store, desk.http, sleep=lambda _: None)
    assert report.ok, report
    assert report.refused == 0, desk.store.sync.attention()
    return report


def codes(outcome):
    return {(fault.field, fault.code) for fault in outcome.faults}

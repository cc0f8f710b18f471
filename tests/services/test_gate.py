"""The gate writes down what was asked, what was answered and why; the chain of its lines shows a missing one."""

from __future__ import annotations

import pytest

from app.errors import Denied
from tests.services.conftest import LOWER, TOWN, UPPER


def last(office):
    return office.store.audit.lines(1)[0]


def test_what_is_allowed_leaves_a_line_with_the_role_that_allows_it(office):
    office.gate.require("report", "event", UPPER, record="r1", fields="n_rep")
    line = last(office)
    assert (line.user, line.action, line.form, line.area, line.record, line.fields, line.result) == (
        "lin", "report", "event", UPPER, "r1", "n_rep", "ok",
    )  # fmt: skip
    assert line.role
    assert line.time == office.store.now_ms()


@pytest.mark.parametrize(
    ("roles", "action", "form", "area", "result"),
    [
        (("helper",), "edit", "resident", UPPER, "no_grant"),
        (("registrar",), "edit", "resident", "990002101201", "outside_area"),
        (("registrar",), "read", "mediation", UPPER, "no_grant"),
        ((), "read", "resident", UPPER, "no_role"),
        (("lead_handler",), "read", "event", UPPER, "not_own"),
    ],
)
def test_what_is_denied_leaves_a_line_too(open_office, roles, action, form, area, result):
    office = open_office(roles)
    with pytest.raises(Denied) as told:
        office.gate.require(action, form, area)
    assert told.value.code == f"rules.denied_{result}"
    assert str(told.value).endswith("。")
    assert (last(office).action, last(office).result) == (action, result)


def test_without_a_reason_nothing_that_needs_one_is_done(office):
    for reason in ("", "  "):
        with pytest.raises(Denied) as told:
            office.gate.require("export", "resident", TOWN, reason=reason)
        assert told.value.code == "accounts.need_reason"
        assert last(office).result == "need_reason"
    office.gate.require("export", "resident", TOWN, reason="核对名册")
    assert (last(office).result, last(office).reason) == ("ok", "核对名册")


def test_reading_again_within_ten_minutes_is_one_line_and_then_another(office, clock):
    def lines():
        return sum(line.action == "read" for line in office.store.audit.lines())

    for _ in range(5):
        office.gate.require("read", "resident", UPPER, record="r1")
    assert lines() == 1
    office.gate.require("read", "resident", UPPER, record="r2")
    office.gate.require("read", "resident", LOWER)
    office.gate.require("read", "event", UPPER, record="r1")
    assert lines() == 4
    # Somebody who looks every five minutes all day long is written down more than once.
    for _ in range(4):
        clock.hours(1 / 12)
        office.gate.require("read", "resident", UPPER, record="r1")
    assert lines() == 6


def test_every_refused_reading_is_a_line(open_office):
    office = open_office(("helper",))
    for _ in range(3):
        with pytest.raises(Denied):
            office.gate.require("read", "resident", UPPER)
    assert [line.result for line in office.store.audit.lines()] == ["no_grant"] * 3


def test_a_line_taken_out_or_changed_is_found(office):
    for number in range(5):
        office.gate.require("report", "event", UPPER, record=str(number))
    assert office.store.audit.broken_at() is None
    with office.store.transaction():
        office.store.conn.execute("UPDATE audit SET user = 'wang' WHERE seq = 3")
    assert office.store.audit.broken_at() == 3
    with office.store.transaction():
        office.store.conn.execute("UPDATE audit SET user = 'lin' WHERE seq = 3")
        office.store.conn.execute("DELETE FROM audit WHERE seq = 2")
    assert office.store.audit.broken_at() == 3

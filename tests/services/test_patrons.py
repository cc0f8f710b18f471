"""Leaders' patron cases: named, reviewed by steps, struck off; and the visitors of a reception day."""

from __future__ import annotations

import docx
import pytest

from app.errors import Denied
from app.exchange.patron_paper import write_patrons
from tests.services.conftest import TOWN, UPPER, colleague
from tests.services.test_cases import act, report, to_feedback
from tests.services.test_meetings import decide, line_of, made, meeting


@pytest.fixture
def taken_on(office):
    """A case that 杨书记 took on a month ago, its first review due on 2026-10-01."""
    event = report(office)
    to_feedback(office, event)
    act(
        office, event, "name_patron", patron="杨书记", team="派出所、司法所", plan="先断电再换线",
        review_on="2026-10-01T17:30:00+08:00",
    )  # fmt: skip
    return event


def test_a_review_is_a_step_and_sets_the_next_one(office, clock, taken_on):
    report(office)
    [one] = office.patrons.cases()
    assert (one.patron, one.team, one.plan, one.named_on, one.first_due) == (
        "杨书记", "派出所、司法所", "先断电再换线", "2026-09-18", "2026-10-01",
    )  # fmt: skip
    assert (one.reviews, one.result, one.late(office.cases.now())) == ((), "稳步推进", False)
    clock.hours(24 * 20)
    assert office.patrons.cases()[0].late(office.cases.now())
    act(office, taken_on, "patron_review", finding="线已换", review_on="2026-11-01T17:30:00+08:00")
    [one] = office.patrons.cases()
    assert [(review.day, review.by, review.finding) for review in one.reviews] == [("2026-10-08", "林小禾", "线已换")]
    assert (one.next_due[:10], one.first_due, one.late(office.cases.now())) == ("2026-11-01", "2026-10-01", False)


def test_what_is_struck_off_stands_in_the_ledger_alone(office, taken_on, tmp_path):
    act(office, taken_on, "patron_review", finding="线已换")
    act(colleague(office, "wang"), taken_on, "verify_pass", finding="亮了")
    assert office.patrons.cases() == []
    [one] = office.patrons.cases(closed=True)
    assert (one.result, one.struck_off, one.next_due) == ("化解", "2026-09-18", "")
    out = tmp_path / "L16.docx"
    assert write_patrons(office, out) == (1, ())
    cells = [cell.text for table in docx.Document(out).tables for row in table.rows for cell in row.cells]
    assert {"杨书记", "先断电再换线", "化解", "2026-09-18 林小禾：线已换"} <= set(cells)
    handler = colleague(office, "zhao", roles=("lead_handler",))
    with pytest.raises(Denied):
        handler.patrons.cases()


def test_a_meeting_makes_a_leader_take_a_case_on(office):
    event = report(office)
    act(office, event, "accept")
    where = meeting(office)
    office.meetings.prepare(where)
    assert decide(office, where, event, "每周过问", owner="李镇长", due="2026-10-18", action="name_patron").ok
    assert line_of(office, where, event).acted == ("name_patron",)
    [one] = office.patrons.cases()
    assert (one.patron, one.plan, one.first_due) == ("李镇长", "每周过问", "2026-10-18")


def test_who_came_on_a_reception_day_is_a_case_of_that_day(office):
    day = made(office, "reception_day", {"date": "2026-09-18", "leader": "杨书记", "place": "接访大厅"}, TOWN)
    came = report(
        office,
        area=UPPER,
        channel="visit_in",
        **{k: v for k, v in office.receptions.taking(day).items() if k != "channel"},
    )
    report(office)
    assert [case.id for case in office.receptions.cases(day)] == [came]
    [link] = office.links.of(came).links
    assert (link.form, link.record, link.kind) == ("reception_day", day, "from")
    other = report(office)
    office.links.add(other, "related", day, "reception_day")
    assert {case.id for case in office.receptions.cases(day)} == {came, other}

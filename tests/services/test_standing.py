"""A case stands where the least far of it stands."""

from __future__ import annotations

from app.schema.record import Receipt
from tests.services.conftest import UPPER


def answered(office, status="accepted", code=""):
    """The county's answer to everything unsent."""
    frame = office.store.sync.compose(100, lambda number, changes: b"%d %d" % (number, len(changes)))
    receipts = [
        Receipt(counter, status, rev=10 * frame.number + place, code=code)
        for place, counter in enumerate(frame.counters)
    ]
    office.store.sync.receipts(frame.number, receipts)


def report(office):
    return office.cases.report({"title": "路灯不亮", "place": "村口", "detail": "一盏不亮。"}).record.id


def test_a_case_with_an_unsent_step_is_not_at_the_county_yet(office):
    event = report(office)
    assert office.standings.of("event", event).state == "here"
    answered(office)
    assert office.standings.of("event", event).state == "county"
    assert office.cases.act(event, "accept", {}).ok
    # The event's own row has nothing unsent in it: the step has.
    assert office.standings.of("event", event).state == "here"
    answered(office)
    assert office.standings.of("event", event).state == "county"


def test_a_refused_step_marks_its_case(office):
    event = report(office)
    answered(office)
    assert office.cases.act(event, "accept", {}).ok
    answered(office, "refused", "sync.not_allowed")
    found = office.standings.of("event", event)
    assert (found.state, found.reason) == ("refused", "sync.not_allowed")


def test_a_mediation_stands_with_its_parties(office):
    mediation = office.mediations.accept({"title": "排水沟纠纷"}, area=UPPER).record
    answered(office)
    party = office.records.save(
        "party", {"mediation": mediation.id, "name": "赵某", "side": "applicant"}, area=mediation.area
    )
    assert party.ok
    assert office.standings.of("mediation", mediation.id).state == "here"


def test_many_are_told_at_once(office):
    events = [report(office) for _ in range(3)]
    assert {held.state for held in office.standings.many("event", events).values()} == {"here"}
    assert office.standings.of("event", "0" * 32) is None

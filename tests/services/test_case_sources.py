"""A case from a row of a ledger: said once, begun once, and what became of it told back."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.rules.case_sources import load_sources
from tests.services.conftest import UPPER, colleague
from tests.services.test_cases import act, event_of, report

VISIT = {
    "visit_date": "2026-09-17", "visitor": "小林", "household_name": "王老四", "content": "家常走访",
    "problems": "屋后排水沟堵了，一下雨就往家里倒灌，想请村里清一清沟", "appeal_kind": "appeal",
}  # fmt: skip
HAZARD = {
    "found_at": "2026-09-16", "found_by": "小林", "object": "上寨小卖部", "hazard_kind": "fire", "level": "major",
    "detail": "楼梯口堆纸箱", "responsible": "张三", "due": "2026-09-30", "place": "上寨村 12 号",
}  # fmt: skip
DISPUTE = {
    "title": "李家与赵家地界纠纷", "dispute_type": "D02", "found_at": "2026-09-15", "found_by": "小林",
    "facts": "两家为滴水争吵", "claim": "要求拆檐",
}  # fmt: skip


def row(office, form, values):
    outcome = office.records.save(form, values, area=UPPER)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def made(office, form, record):
    outcome = office.sources.make(form, record)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def test_a_visit_s_problem_becomes_a_case_and_nothing_is_typed_twice(office):
    visit = row(office, "visit", VISIT)
    event = made(office, "visit", visit)
    held = event_of(office, event)
    assert (held["state"], held["category"], held["channel"]) == ("reported", "appeal", "patrol")
    assert (held["detail"], held["reporter"], held["found_at"][:10]) == (VISIT["problems"], "小林", "2026-09-17")
    assert held["title"].startswith("屋后排水沟堵了")
    assert (held["source_form"], held["source_id"]) == ("visit", visit)
    assert [one.values["name"] for one in office.taking.people(office.store.get("event", event))] == ["王老四"]
    told = office.store.get("visit", visit).values
    assert (told["event"], told["reported_up"]) == (event, True)
    assert [case.id for case in office.links.cases_of("visit", visit)] == [event]
    assert [(link.kind, link.form, link.record) for link in office.links.of(event).links] == [("from", "visit", visit)]
    with pytest.raises(KnownError, match="不再生成"):
        office.sources.make("visit", visit)


def test_a_case_that_came_to_nothing_lets_the_row_begin_another(office):
    visit = row(office, "visit", VISIT)
    first = made(office, "visit", visit)
    act(office, first, "void", reason="记错了", asked_by="小林")
    second = made(office, "visit", visit)
    assert second != first
    assert [case.id for case in office.sources.of("visit", visit)] == [first, second]


def test_a_visit_without_a_problem_begins_no_case(office):
    visit = row(office, "visit", {**VISIT, "problems": None})
    with pytest.raises(KnownError, match="还没有写"):
        office.sources.make("visit", visit)
    with pytest.raises(KnownError, match="不能生成事件"):
        office.sources.make("event", report(office))


def test_what_the_case_of_a_hazard_says_fills_the_ledger_once_it_is_struck_off(office, clock):
    hazard = row(office, "hazard", HAZARD)
    event = made(office, "hazard", hazard)
    held = event_of(office, event)
    assert (held["title"], held["profile_now"], held["urgency"]) == ("上寨小卖部消防隐患", "hazard", "critical")
    assert held["detail"] == "楼梯口堆纸箱\n责任单位/人：张三"
    assert office.sources.news("hazard", hazard) == {}
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村委会")
    act(office, event, "acknowledge")
    clock.hours(24)
    act(office, event, "feed_back", result="清完了", measure="搬走纸箱，装了灭火器")
    assert office.sources.news("hazard", hazard) == {}, "nothing while the case is open"
    clock.hours(24)
    act(colleague(office, "wang"), event, "verify_pass", finding="通了", method="site")
    assert office.sources.take_news("hazard", hazard).ok
    told = office.store.get("hazard", hazard).values
    assert (told["measure"], told["rectified_at"]) == ("搬走纸箱，装了灭火器", "2026-09-19")
    assert (told["rechecked_by"], told["recheck_at"], told["result"]) == ("wang", "2026-09-20", "done")
    assert told["struck_off_at"] == "2026-09-20"
    assert office.sources.news("hazard", hazard) == {}


def test_a_dispute_becomes_a_case_of_its_class(office):
    held = event_of(office, made(office, "dispute", row(office, "dispute", DISPUTE)))
    assert (held["title"], held["category"]) == ("李家与赵家地界纠纷", "dispute_neighbour")
    assert held["detail"] == "两家为滴水争吵\n诉求：要求拆檐"


def test_two_devices_that_begin_a_case_from_one_visit_apart_have_one_case_and_no_quarrel(two):
    first, second = two
    visit = row(first, "visit", VISIT)
    first.sync(), second.sync()
    made(first, "visit", visit), made(second, "visit", visit)
    first.sync(), second.sync(), first.sync(), second.sync()
    for office in two:
        (case,) = office.sources.of("visit", visit)
        assert office.store.count("event") == 1
        assert (case.values["state"], case.values["contested"]) == ("reported", 0)
        assert len(office.cases.case(case.id).steps) == 2
        assert len(office.taking.people(case)) == 1
        assert office.store.get("visit", visit).values["event"] == case.id
        assert office.conflicts.open() == []


def test_a_wrong_source_is_refused_by_place_and_key(forms, tmp_path):
    wrong = tmp_path / "case_sources.toml"
    wrong.write_text('title_most = 40\n[visit]\ntitle = "x"\ndetail = ["nothing"]\n', encoding="utf-8")
    with pytest.raises(KnownError, match="nothing"):
        load_sources(forms, wrong)

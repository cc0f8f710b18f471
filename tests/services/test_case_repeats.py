"""Repeated places and matters: hinted while a case is taken, shown on its page, listed; never counted by person."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.rules.repeats import RepeatRules, place_key
from tests.services.conftest import LOWER, UPPER, colleague
from tests.services.test_cases import act, report

RUBBISH = {"title": "垃圾没人收", "category": "environment_rubbish_overflow", "place": "村口 大榕树下"}


def days(clock, count):
    clock.hours(24 * count)


def test_the_third_case_of_one_place_and_class_in_ninety_days_is_hinted_and_shown(office, clock):
    first = report(office, UPPER, **RUBBISH)
    assert office.taking.repeated({**RUBBISH, "title": "又满了"}, UPPER) == ()
    days(clock, 10)
    second = report(office, UPPER, **{**RUBBISH, "category": "environment_rubbish_dump", "place": "村口大榕树下。"})
    hits = office.taking.repeated(RUBBISH, UPPER)
    assert [(hit.event, hit.note) for hit in hits] == [
        (second, "同一地点同类事 90 天内共 3 件（含这件）"),
        (first, "同一地点同类事 90 天内共 3 件（含这件）"),
    ]
    assert office.taking.repeated(RUBBISH, LOWER) == ()
    assert office.taking.repeated({**RUBBISH, "category": "dispute_family"}, UPPER) == ()
    assert office.repeats.of(second) == ()
    third = report(office, UPPER, **RUBBISH)
    (repeat,) = office.repeats.of(third)
    assert (repeat.way, repeat.events) == ("place", (third, second, first))
    assert office.repeats.all() == [repeat]
    days(clock, 85)
    assert office.taking.repeated(RUBBISH, UPPER)
    days(clock, 30)
    assert office.taking.repeated(RUBBISH, UPPER) == ()
    assert office.repeats.all() == []
    assert office.repeats.of(third) == (repeat,)


def test_a_case_repeats_only_what_lies_with_it_within_ninety_days_whatever_came_later(office, clock):
    events = []
    for after in (0, 50, 50, 30, 20):
        days(clock, after)
        events.append(report(office, UPPER, **RUBBISH))
    # Days 0, 50, 100, 130, 150: with the first lies one other, with the second those of its next 90 days.
    assert office.repeats.of(events[0]) == ()
    (repeat,) = office.repeats.of(events[1])
    assert repeat.events == (events[3], events[2], events[1])
    (last,) = office.repeats.of(events[4])
    assert last.events == (events[4], events[3], events[2])


def test_who_may_not_read_cases_is_told_of_none(office):
    for _ in range(2):
        report(office, UPPER, **RUBBISH)
    assert len(office.taking.repeated(RUBBISH, UPPER)) == 2
    assert colleague(office, "bang", roles=("helper",)).taking.repeated(RUBBISH, UPPER) == ()


def test_a_dwelling_repeats_itself_whatever_the_matter(office):
    dwelling = office.records.save("dwelling", {"address": "上寨村 3 号"}, area=UPPER).record.id
    for category in ("dispute_family", "facility_light"):
        report(office, UPPER, dwelling=dwelling, category=category, place=None)
    hits = office.taking.repeated({"dwelling": dwelling}, UPPER)
    assert [hit.note for hit in hits] == ["同一房屋 90 天内共 3 件（含这件）"] * 2


def test_a_grid_repeats_itself_by_class_wherever_in_it(office):
    grid = office.records.save("grid", {"name": "第一网格", "code": "990001101201001"}, area=UPPER).record
    assert grid is not None
    for place in ("东头", "西头"):
        report(office, UPPER, title="没水", place=place, grid=grid.id, category="appeal_water_cut")
    same = {"grid": grid.id, "category": "appeal_water_pipe", "place": "南头"}
    assert [hit.note for hit in office.taking.repeated(same, UPPER)] == ["同一网格同类事 90 天内共 3 件（含这件）"] * 2
    assert office.taking.repeated({**same, "category": "appeal_power"}, UPPER) == ()


def test_what_was_void_or_turned_down_is_no_repetition_and_what_was_merged_is(office):
    events = [report(office, UPPER, **RUBBISH) for _ in range(3)]
    act(office, events[0], "merge", master=events[1])
    assert len(office.repeats.of(events[2])[0].events) == 3
    act(office, events[2], "void", reason="记错了", asked_by="小林")
    assert office.repeats.of(events[1]) == ()
    assert office.repeats.of(events[2]) == ()


def test_nobody_is_counted_by_name_or_number(office):
    for number in range(4):
        report(office, UPPER, title="反映", place=f"{number} 组", reporter="李四", reporter_phone="19900001234")
    assert office.taking.repeated({"reporter": "李四", "reporter_phone": "19900001234", "place": "9 组"}, UPPER) == ()
    assert office.repeats.all() == []


def test_every_way_is_found_by_an_index(office):
    for field, area in (("dwelling", None), ("place_key", UPPER), ("matter_key", None)):
        tail, params = office.store.query._tail("event", {field: "x", "reported_at": (">=", "2026")}, area)
        plan = office.store.conn.execute(f"EXPLAIN QUERY PLAN SELECT id FROM record_event {tail}", params).fetchall()
        assert all("INDEX" in row[3] and field in row[3] for row in plan), plan


def test_two_ways_to_write_a_place_are_one():
    assert place_key(" 村口（3 号）") == place_key("村口３号") == "村口3号"
    assert place_key("，。") is None


def test_wrong_rules_are_refused_by_name(tmp_path):
    wrong = tmp_path / "repeats.toml"
    wrong.write_text('days = 90\ncount = 3\nclass_depth = 2\nby = ["reporter_phone"]\n', encoding="utf-8")
    with pytest.raises(KnownError, match="reporter_phone"):
        RepeatRules.load(wrong)

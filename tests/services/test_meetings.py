"""Meetings: the list of what is open, decisions followed to the next meeting, and two recorders of whom neither loses a word."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from tests.services.conftest import LOWER, TOWN, UPPER, codes, colleague
from tests.services.test_cases import act, event_of, report

DISPUTE = {
    "title": "王家与李家地界",
    "dispute_type": "D01",
    "found_at": "2026-08-01",
    "found_by": "小王",
    "facts": "界石移动",
    "handler": "杨守义",
    "result": "open",
}
HAZARD = {
    "object": "小卖部电线",
    "hazard_kind": "fire",
    "level": "general",
    "found_at": "2026-09-01",
    "detail": "乱拉",
    "responsible": "店主",
    "due": "2026-09-10",
}


def made(office, form, values, area=UPPER):
    codes_of = office.forms.codes
    for name, item in office.forms[form].fields.items():
        if name in values and getattr(item.kind, "codes", None) is not None:
            known = {code.code for code in codes_of[item.kind.codes.name].items}
            values = {**values, name: values[name] if values[name] in known else min(known)}
    outcome = office.records.save(form, values, area=area)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def meeting(office, date="2026-09-18", area=TOWN, **values):
    return made(office, "meeting", {"kind": "clear", "date": date, "place": "镇三楼", **values}, area)


def line_of(office, where, about):
    return next(line for line in office.meetings.sheet(where).lines if line.item.values["about"] == about)


def decide(office, where, about, decision="限期修好", action="", **values):
    return office.meetings.decide(
        line_of(office, where, about).item.id, {"decision": decision, **values}, action=action
    )


def test_the_list_is_all_that_is_open_by_village_each_once(office):
    upper, lower = report(office), report(office, area=LOWER)
    dispute, hazard = made(office, "dispute", DISPUTE), made(office, "hazard", HAZARD)
    made(office, "dispute", {**DISPUTE, "event": upper, "title": "路灯之争"})
    made(office, "dispute", {**DISPUTE, "result": "resolved", "closed_at": "2026-09-01"})
    made(office, "hazard", {**HAZARD, "struck_off_at": "2026-09-12"})
    where = meeting(office)
    assert office.meetings.sheet(where).new == 4
    done = office.meetings.prepare(where)
    assert (done.added, done.settled) == (4, 0)
    sheet = office.meetings.sheet(where)
    assert [(line.village, line.item.values["about"]) for line in sheet.lines] == [
        ("上寨村", dispute),
        ("上寨村", hazard),
        ("上寨村", upper),
        ("下寨村", lower),
    ]
    assert [line.days for line in sheet.lines] == [48, 17, 0, 0]
    assert sheet.lines[0].matter.owner == "杨守义"
    assert (sheet.new, sheet.left) == (0, 4)
    assert office.meetings.prepare(where).added == 0
    report(office)
    assert office.meetings.sheet(where).new == 1
    assert office.meetings.prepare(where).added == 1


def test_what_was_decided_comes_first_at_the_next_meeting_with_what_became_of_it(office, clock):
    lamp, road, other = report(office), report(office, title="路塌了"), report(office, title="无人说起")
    first = meeting(office)
    office.meetings.prepare(first)
    assert decide(office, first, lamp, owner="电站", due="2026-09-25").ok
    assert decide(office, first, road, "修路", owner="交通站", due="2026-09-25").ok
    clock.hours(24 * 30)
    for action, values in (
        ("accept", {}),
        ("assign", {"lead_unit": "电站"}),
        ("acknowledge", {}),
        ("feed_back", {"result": "修好了"}),
    ):
        act(office, lamp, action, **values)
    act(colleague(office, "wang"), lamp, "verify_pass", finding="亮了")
    second = meeting(office, "2026-10-18")
    done = office.meetings.prepare(second)
    assert (done.added, done.settled) == (3, 1)
    lines = office.meetings.sheet(second).lines
    assert {line.item.values["about"] for line in lines[:2]} == {lamp, road}
    assert lines[2].item.values["about"] == other
    assert (lines[2].before, lines[2].carried) == (None, 1)
    held = line_of(office, second, lamp)
    assert (held.closed, held.carried, held.before.owner, held.before.late("2026-10-18")) == (
        "2026-10-18", 1, "电站", True,
    )  # fmt: skip
    assert held.matter.solved
    open_one = line_of(office, second, road)
    assert (open_one.closed, open_one.before.decision) == ("", "修路")
    assert office.meetings.look_back(open_one.before.item.id, "partly", "修了一半").ok
    assert line_of(office, second, road).before.result == "partly"
    clock.hours(24 * 30)
    third = meeting(office, "2026-11-18")
    office.meetings.prepare(third)
    again = line_of(office, third, road)
    # Nothing new was decided in October: what holds is still what September said, and it has stood on two lists.
    assert (again.carried, again.before.date, again.before.note) == (2, "2026-09-18", "修了一半")
    assert lamp not in {line.item.values["about"] for line in office.meetings.sheet(third).lines}
    assert [one.values["date"] for one, _item in office.meetings.of("event", road)] == [
        "2026-11-18", "2026-10-18", "2026-09-18",
    ]  # fmt: skip


def test_what_was_settled_before_the_last_meeting_is_not_listed_again_though_that_one_said_a_word_about_it(
    office, clock
):
    lamp = report(office)
    first = meeting(office)
    office.meetings.prepare(first)
    assert decide(office, first, lamp, owner="电站", due="2026-09-25").ok
    clock.hours(24 * 10)
    act(office, lamp, "reject", reason="已由电站修好")
    for date, settled in (("2026-10-18", 1), ("2026-11-18", 0)):
        where = meeting(office, date)
        assert office.meetings.prepare(where).settled == settled
        if settled:
            assert decide(office, where, lamp, "销账").ok


def test_what_was_settled_on_the_day_of_the_last_meeting_is_told_at_the_next(office, clock):
    lamp = report(office)
    first = meeting(office)
    office.meetings.prepare(first)
    assert decide(office, first, lamp, owner="电站", due="2026-09-25").ok
    act(office, lamp, "reject", reason="当天修好")
    assert office.meetings.prepare(meeting(office, "2026-10-18")).settled == 1


def test_a_decision_becomes_a_step_once(office):
    event = report(office)
    act(office, event, "accept")
    where = meeting(office)
    office.meetings.prepare(where)
    assert "remind" in office.meetings.offers(line_of(office, where, event).item.id)
    with pytest.raises(KnownError, match="还没有写议定意见"):
        office.meetings.act(line_of(office, where, event).item.id, "remind")
    assert decide(office, where, event, "本周修好", action="remind").ok
    item = line_of(office, where, event)
    assert item.acted == ("remind",)
    assert "remind" not in office.meetings.offers(item.item.id)
    assert office.meetings.act(item.item.id, "remind").ok
    assert [step.action for step in office.cases.case(event).steps] == ["report", "accept", "remind"]
    assert decide(office, where, event, "请书记包案", owner="杨书记", due="2026-09-30", action="name_patron").ok
    held = event_of(office, event)
    assert (held["patron"], held["patron_due"]) == ("杨书记", "2026-09-30T17:30:00+08:00")


def test_a_decision_is_kept_where_its_step_cannot_be_done(office):
    event = report(office)
    where = meeting(office)
    office.meetings.prepare(where)
    outcome = decide(office, where, event, "交电站办", action="assign")
    assert ("lead_unit", "required") in codes(outcome)
    assert line_of(office, where, event).item.values["decision"] == "交电站办"
    dispute = made(office, "dispute", DISPUTE)
    office.meetings.prepare(where)
    with pytest.raises(KnownError, match="没有办理步骤"):
        decide(office, where, dispute, action="remind")
    assert line_of(office, where, dispute).decided


def test_what_was_merged_or_given_up_is_not_said_to_be_done(office):
    lamp, road, dispute = report(office), report(office, title="路塌了"), made(office, "dispute", DISPUTE)
    where = meeting(office)
    office.meetings.prepare(where)
    act(office, lamp, "merge", master=road)
    done = office.records.save("dispute", {"result": "failed", "closed_at": "2026-09-18"}, record_id=dispute)
    assert done.ok
    for about, word in ((lamp, "并案"), (dispute, "未成功")):
        matter = line_of(office, where, about).matter
        assert (matter.closed, matter.solved, matter.state) == ("2026-09-18", False, word)


def test_what_was_taken_off_the_list_stays_off(office):
    event = report(office)
    where = meeting(office)
    office.meetings.prepare(where)
    office.records.delete("meeting_item", line_of(office, where, event).item.id, "不在会上议")
    assert office.meetings.sheet(where).lines == ()
    assert office.meetings.prepare(where).added == 0


def test_the_next_meeting_begins_with_who_and_where_of_the_last(office):
    assert office.meetings.begin(TOWN)["recorder"] == "林小禾"
    meeting(office, "2026-08-18", host="杨书记", present="全体", recorder="小李")
    begun = office.meetings.begin(TOWN)
    assert (begun["place"], begun["host"], begun["present"], begun["recorder"]) == ("镇三楼", "杨书记", "全体", "小李")
    assert begun["date"] == "2026-09-18"


def test_who_may_not_write_meetings_reads_them(office):
    report(office)
    where = meeting(office)
    reader = colleague(office, "zhang", roles=("director",))
    with pytest.raises(Denied):
        reader.meetings.prepare(where)
    office.meetings.prepare(where)
    assert len(reader.meetings.sheet(where).lines) == 1


def test_two_recorders_make_one_list_and_neither_loses_a_word(two):
    one, other = two
    lamp, road = report(one), report(one, title="路塌了")
    act(one, lamp, "accept")
    where = meeting(one)
    one.sync()
    other.sync()
    for office in two:
        office.meetings.prepare(where)
    assert decide(one, where, lamp, "先断电", owner="电站", action="remind").ok
    assert decide(one, where, road, "封路", owner="交通站").ok
    assert decide(other, where, lamp, "换灯杆", owner="村委会", action="remind").ok
    late = report(other, title="水管爆了")
    other.meetings.prepare(where)
    for office in (one, other, one, other):
        office.sync()
    sheets = [office.meetings.sheet(where) for office in two]
    kept, same = ([(line.item.id, dict(line.item.values)) for line in sheet.lines] for sheet in sheets)
    assert kept == same
    assert {line.item.values["about"] for line in sheets[0].lines} == {lamp, road, late}
    held = line_of(one, where, lamp).item.values
    # Decision and owner stay together, and the other one is asked about.
    assert (held["decision"], held["owner"]) in {("先断电", "电站"), ("换灯杆", "村委会")}
    [asked] = one.store.select("conflict", {"status": "open"})
    assert {"先断电", "换灯杆"} <= set("".join(str(asked.values[name]) for name in ("mine", "theirs")).split('"'))
    assert line_of(one, where, road).item.values["decision"] == "封路"
    # Both reminders stand to be read; one counts, on both devices.
    for office in two:
        case = office.cases.case(lamp)
        assert [step.action for step in case.steps] == ["report", "accept", "remind", "remind"]
        assert (case.state.remind_count, case.state.aside) == (1, {})
        assert line_of(office, where, lamp).acted == ("remind",)


def test_a_due_day_that_was_over_when_they_met_is_refused_and_one_that_stands_is_not(office, clock):
    lamp = report(office)
    where = meeting(office, date="2026-09-16")
    office.meetings.prepare(where)
    refused = decide(office, where, lamp, due="2026-09-15")
    assert [(fault.field, fault.code) for fault in refused.faults] == [("due", "limit_past")]
    # Notes that are written down two days later count from the meeting.
    assert decide(office, where, lamp, due="2026-09-17").ok
    clock.hours(24 * 30)
    assert decide(office, where, lamp, "再加一句", due="2026-09-17").ok
    assert line_of(office, where, lamp).item.values["decision"] == "再加一句"
    ahead = meeting(office, date="2026-12-01")
    office.meetings.prepare(ahead)
    assert decide(office, ahead, lamp, due="2026-11-20").ok

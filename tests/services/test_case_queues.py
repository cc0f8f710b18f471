"""What waits for whom: the owner of a case at every moment, kept as columns that lists ask by index."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest

from app.services.case_queues import QUEUES, questions
from app.store.saving import Edit
from app.store.store import Store
from tests.services.conftest import UPPER, codes, colleague
from tests.services.test_cases import act, event_of, report, to_feedback


def ids(office, queue):
    return {case.id for case in office.cases.queue(queue)}


def test_each_queue_has_what_waits_there_and_nothing_else(office, clock):
    power = colleague(office, "zhao", roles=("lead_handler",), unit="村电站")
    clerk = colleague(office, "ma", roles=("registrar",))
    dispatcher = colleague(office, "he", roles=("dispatcher",))
    event = report(office)
    assert (ids(clerk, "mine"), ids(dispatcher, "mine"), ids(power, "mine")) == ({event}, set(), set())
    assert ids(office, "reported_by_me") == {event}
    act(clerk, event, "accept")
    assert (ids(clerk, "mine"), ids(dispatcher, "mine")) == (set(), {event})
    act(dispatcher, event, "assign", lead_unit="村电站")
    assert (ids(dispatcher, "mine"), ids(power, "mine"), ids(power, "unit")) == (set(), {event}, {event})
    act(power, event, "return_back", reason="不归我管")
    assert (ids(dispatcher, "mine"), ids(office, "returned"), event_of(office, event)["return_count"]) == (
        {event},
        {event},
        1,
    )
    act(dispatcher, event, "assign", lead_unit="村电站")
    assert ids(office, "returned") == set()
    act(power, event, "acknowledge")
    act(power, event, "extend_request", days=2, reason="等材料")
    assert ids(office, "asked") == {event}
    act(office, event, "request_refuse", reason="抓紧")
    assert ids(office, "asked") == set()
    act(office, event, "supervise", opinion="限期")
    act(office, event, "name_patron", patron="王镇长")
    assert (ids(office, "supervised"), ids(office, "patron")) == ({event}, {event})
    act(power, event, "feed_back", result="好了")
    assert (ids(office, "to_verify"), ids(power, "mine"), ids(power, "unit")) == ({event}, set(), {event})
    act(clerk, event, "verify_pass", finding="亮了")
    assert {queue for queue in QUEUES if ids(office, queue)} == {"to_visit"}
    act(clerk, event, "return_visit", satisfaction="5")
    assert {queue for queue in QUEUES if ids(office, queue)} == set()
    assert event_of(office, event)["handlers"] == "zhao"


def test_a_queue_is_in_the_order_of_due_times_and_a_bad_name_is_a_mistake(office):
    for _ in range(3):
        to_feedback(office, report(office))
    report(office)
    assert len(office.cases.queue("to_verify", area=UPPER)) == 3
    assert len(office.cases.queue("mine", limit=2)) == 2
    dues = [case.values["due_at"] for case in office.cases.queue("mine")]
    assert dues == sorted(dues)
    with pytest.raises(ValueError, match="yours"):
        questions(office.cases.rules, office.session, "yours")


def test_what_has_risen_to_the_county_is_not_on_the_township_s_desk(office):
    event = report(office)
    act(office, event, "accept")
    act(office, event, "escalate", reason="镇里办不了")
    dispatcher = colleague(office, "he", roles=("dispatcher",))
    county = colleague(office, "xian", roles=("dispatcher",), areas=("990001000000",))
    assert (ids(dispatcher, "mine"), ids(county, "mine")) == (set(), {event})


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_is_found_by_an_index(office, queue):
    table = "record_event"
    for where in questions(office.cases.rules, office.session, queue):
        tail, params = office.store.query._tail("event", where, None)
        plan = office.store.conn.execute(f"EXPLAIN QUERY PLAN SELECT id FROM {table} {tail}", params).fetchall()
        assert all("USING" in row[3] and "INDEX" in row[3] for row in plan if "SCAN" in row[3] or "SEARCH" in row[3]), (
            plan
        )
        assert not any(row[3].startswith("SCAN") for row in plan), plan


def test_a_store_from_before_these_columns_reckons_them_when_it_is_opened(office):
    event = report(office)
    act(office, event, "accept")
    store = office.store
    with store.transaction():
        store.conn.execute("UPDATE record_event SET owner_role = NULL, class_now = NULL, first_due = NULL")
        store.meta.set("derived", {"event": ["state"]})
    assert event_of(office, event)["owner_role"] is None
    store._derive_again()
    held = event_of(office, event)
    assert (held["owner_role"], held["class_now"], held["first_due"]) == ("dispatching", "unclassified", held["due_at"])
    assert isinstance(store, Store)


def test_a_step_says_who_in_which_role_of_which_unit_with_which_device_and_its_files(office, tmp_path: Path):
    event = report(office)
    made = act(office, event, "accept", opinion="受理")
    held = office.store.get("event_step", made.id).values
    assert (held["by"], held["role"], held["unit"]) == ("lin", "registrar", "云岭镇综治中心")
    assert held["device"] == (office.session.device or office.store.sync.state.device or None)
    assert office.cases.case(event).steps[-1].values["name"] == "林小禾"
    paper = tmp_path / "回执.txt"
    paper.write_text("收到", encoding="utf-8")
    assert office.attachments.add("event", event, paper, step=made.id).ok
    [file] = office.attachments.of("event", event)
    assert (file.name, file.step) == ("回执.txt", made.id)
    other = report(office)
    with pytest.raises(Exception, match="步骤"):
        office.attachments.add("event", other, paper, step=made.id)


def test_a_case_is_merged_only_into_one_that_stands(office):
    event, other, gone = report(office), report(office), report(office)
    act(office, gone, "reject", reason="重复", approved_by="主任")
    for master in (event, gone, "0" * 32):
        assert codes(office.cases.act(event, "merge", {"master": master})) == {("master", "not_master")}
    act(office, event, "merge", master=other)
    assert event_of(office, event)["master"] == other
    assert codes(office.cases.act(other, "merge", {"master": event})) == {("master", "not_master")}
    act(office, event, "split_off", reason="不是一回事")
    assert (event_of(office, event)["state"], event_of(office, event)["master"]) == ("reported", None)


def test_a_class_brings_its_profile(office):
    assert event_of(office, report(office, category="hazard_road"))["profile_now"] == "hazard"
    assert event_of(office, report(office, category="hazard_road", profile="six_step"))["profile_now"] == "six_step"
    assert event_of(office, report(office))["profile_now"] == "seven_stage"
    # A form that filled it in by itself would hide the class's.
    assert office.store.forms["event"].fields["profile"].default is None


def test_who_may_only_grant_the_first_extension_is_told_so_at_the_desk(office):
    event = report(office)
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村电站")
    act(office, event, "acknowledge")
    dispatcher = colleague(office, "he", roles=("dispatcher",))
    act(office, event, "extend_request", days=2, reason="等")
    act(dispatcher, event, "extend_grant")
    act(office, event, "extend_request", days=2, reason="还等")
    assert codes(dispatcher.cases.act(event, "extend_grant", {"form_no": "1"})) == {("action", "director_grants")}
    assert "extend_grant" not in [a.code for a in dispatcher.cases.actions(dispatcher.cases.case(event))]


def handled(office):
    event = report(office)
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村电站")
    act(office, event, "acknowledge")
    return event


def offered(office, event):
    return {action.code for action in office.cases.actions(office.cases.case(event))}


def test_who_asks_for_more_time_or_to_suspend_does_not_grant_it_himself(office, clock):
    clock.hours(24 * 90)
    event = handled(office)
    other = colleague(office, "tan", roles=("director",))
    for asks, grants, values in (("extend_request", "extend_grant", {"days": 2}), ("suspend_request", "suspend", {})):
        act(office, event, asks, reason="等材料", **values)
        assert grants not in offered(office, event)
        assert codes(office.cases.act(event, grants, {"reason": "等"})) == {("action", "asker_not_granter")}
        assert grants in offered(other, event)
        act(other, event, grants, reason="等")


def test_a_county_may_only_warn_of_who_grants_his_own_request(office, clock):
    clock.hours(24 * 90)
    rules = office.cases.rules
    held = rules.separations
    warns = [dataclasses.replace(one, mode="warn") if one.code == "asker_not_granter" else one for one in held]
    vars(rules)["separations"] = tuple(warns)
    event = handled(office)
    act(office, event, "extend_request", days=2, reason="等材料")
    [concern] = office.cases.concerns(office.cases.case(event), "extend_grant")
    assert (concern.code, concern.strict) == ("asker_not_granter", False)
    act(office, event, "extend_grant")


def test_a_grant_to_oneself_from_another_program_is_contested_on_every_device(two, clock):
    clock.hours(24 * 90)
    first, second = two
    event = handled(first)
    asked = act(first, event, "extend_request", days=2, reason="等材料")
    own = {**asked.values, "action": "extend_grant", "role": "director", "at": first.cases.now().isoformat()}
    first.store.save([Edit("event_step", None, UPPER, own)], first.session.user)
    first.sync(), second.sync()
    due = {office.store.get("event", event).values["due_at"] for office in two}
    held = [office.cases.case(event).state for office in two]
    assert [(len(one.contested), one.extension_count) for one in held] == [(1, 0), (1, 0)]
    assert len(due) == 1


def test_a_request_that_waits_is_not_made_twice_at_one_desk_and_is_no_quarrel_made_apart(two):
    first, second = two
    event = handled(first)
    first.sync(), second.sync()
    act(first, event, "extend_request", days=2, reason="等材料")
    assert "extend_request" not in offered(first, event)
    assert codes(first.cases.act(event, "extend_request", {"days": 3, "reason": "等"})) == {
        ("action", "extension_waits")
    }
    act(second, event, "extend_request", days=4, reason="等钱")
    first.sync(), second.sync(), first.sync()
    for office in two:
        state = office.cases.case(event).state
        assert (state.contested, state.extension_days) == ((), 4)
    act(first, event, "request_refuse", about="extend", reason="时间够")
    assert "extend_request" in offered(first, event)


def test_two_who_settle_apart_have_settled_it_once_and_all_agree(two):
    first, second = two
    event = report(first)
    first.sync(), second.sync()
    mine = act(second, event, "accept", opinion="这事我来办")
    act(first, event, "accept", opinion="受理")
    for office in (first, second, first):
        office.sync()
    for office, keep in ((first, "mine"), (second, "theirs")):
        [asked] = office.conflicts.open()
        chosen = asked.mine if "state" in asked.mine else asked.theirs
        office.conflicts.resolve(asked.id, keep="mine" if chosen is asked.mine else "theirs")
        assert office.conflicts.open() == []
        assert keep
    for office in (first, second, first):
        office.sync()
    for office in two:
        case = office.cases.case(event)
        assert (case.state.state, case.state.contested, case.state.settled) == ("accepted", (), {mine.id: "drop"})
        assert event_of(office, event)["contested"] == 0
        assert len(case.steps) == 5
        assert office.conflicts.open() == []


def test_a_step_that_counts_after_all_is_done_as_its_author_said_it(two):
    first, second = two
    event = report(first)
    act(first, event, "accept")
    first.sync(), second.sync()
    # One hands it to the power station and it signs; the other, who saw none of it, has it answered at once.
    act(first, event, "assign", lead_unit="村电站")
    act(second, event, "assign", lead_unit="供电所")
    late = act(second, event, "acknowledge")
    act(second, event, "feed_back", result="已换灯泡")
    first.sync(), second.sync(), first.sync()
    case = first.cases.case(event)
    assert (case.state.state, case.state.lead_unit, len(case.state.contested)) == ("feedback", "村电站", 1)
    [asked] = first.conflicts.open()
    assert asked.step != late.id
    keep = "mine" if "action" in asked.mine else "theirs"
    with pytest.raises(Exception, match="现在"):
        first.conflicts.resolve(asked.id, keep=keep)
    assert len(first.conflicts.open()) == 1


@pytest.mark.parametrize("seed", range(3))
def test_no_sequence_of_two_offline_devices_loses_a_step(two, seed):
    chance = random.Random(seed)
    events = [report(two[0]), report(two[1], category="hazard_road")]
    for office in (*two, *two):
        office.sync()
    said = {
        "assign": {"lead_unit": "村电站"}, "reassign": {"lead_unit": "供电所", "reason": "换"}, "progress": {"text": "在修"},
        "feed_back": {"result": "好了", "measure": "修", "assist_open_note": "无"}, "verify_fail": {"reason": "没好"},
        "verify_pass": {"finding": "好", "method": "site"}, "return_back": {"reason": "不归我", "approved_by": "主任"},
        "suspend": {"reason": "等"}, "reopen": {"reason": "又坏"}, "add_assist": {"assist_units": "水利站"},
        "remind": {"text": "快"}, "escalate": {"reason": "难"}, "close_direct": {"reason": "已看"},
        "supervise": {"opinion": "快"}, "void": {"reason": "错"}, "whistle": {"units": "派出所"},
    }  # fmt: skip
    done = {event: set() for event in events}
    for _ in range(3):
        for office in two:
            for event in events:
                for _ in range(chance.randint(0, 3)):
                    offered = [a.code for a in office.cases.actions(office.cases.case(event))]
                    if not offered:
                        break
                    action = chance.choice(offered)
                    outcome = office.cases.act(event, action, said.get(action, {}))
                    if outcome.ok:
                        done[event].add(outcome.record.id)
        for office in chance.sample(two, 2):
            if chance.random() < 0.7:
                office.sync()
    for office in (*two, *two):
        office.sync()
    for event in events:
        views = [office.cases.case(event) for office in two]
        assert views[0].steps == views[1].steps
        assert views[0].state == views[1].state
        assert event_of(two[0], event) == event_of(two[1], event)
        there = [step.id for step in views[0].steps]
        assert len(there) == len(set(there))
        assert done[event] <= set(there)
        assert [move.step for move in views[0].state.moves] == there
    for office in two:
        waiting = {c.step for c in office.conflicts.open() if c.step}
        assert waiting == {one for event in events for one in office.cases.case(event).state.contested}


def test_what_every_save_asks_and_what_few_cases_have_is_found_by_its_own_index(office):
    master, one = report(office), report(office)
    act(office, one, "merge", master=master)
    act(office, master, "accept")
    conn, asked = office.store.conn, []

    def ways(what):
        """How the store looks for cases while *what* is done."""
        asked.clear()
        conn.set_trace_callback(asked.append)
        try:
            what()
        finally:
            conn.set_trace_callback(None)
        found = [sql for sql in asked if sql.startswith("SELECT") and " FROM record_event " in sql]
        return {
            row[3] for sql in found for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}") if "record_event" in row[3]
        }

    saved = ways(lambda: office.store.reckon_again("event", [master, one]))
    assert any("record_event_master (master=?)" in way for way in saved), saved
    assert not any("record_event_state" in way for way in saved), saved
    for what, index in ((office.whistles.lines, "whistled_at"), (office.repeats.all, "reported_at")):
        found = ways(what)
        assert len(found) == 1, found
        assert f"record_event_{index} " in found.pop()

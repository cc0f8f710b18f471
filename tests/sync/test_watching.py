"""What the county does by itself on late cases: once, in order, whoever is offline, and over a restart and a restore."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.rules.renewing import renew
from app.rules.ruling import Version, read_ruling, shipped_text
from app.rules.watching import step_id
from app.schema.loading import load_forms
from app.store.saving import Edit
from sync.county import office, ruled, watching
from sync.county.backup import back_up, put_back
from sync.county.county import County
from sync.county.folding import Folding
from sync.county.tables import COUNTY, RULE
from sync.county.watching import Watching
from tests.sync.conftest import VILLAGES
from tests.sync.offices import ALL, DAY, HOUR, MONDAY, FileDesk, Turned, V


@pytest.fixture
def clock():
    return Turned()


@pytest.fixture
def database(tmp_path):
    """SQLite; one test asks for both."""
    return tmp_path / "county.db"


@pytest.fixture
def desk(make):
    return make


def handled(desk, urgency="normal", title="路灯不亮"):
    """A case that was given to the power station: normal ones are due on Thursday at 17:30."""
    cases = desk.office.cases
    made = cases.report({"title": title, "detail": "村口", "urgency": urgency, "category": "appeal"}, area=V)
    assert made.ok, made.faults
    event = made.record.id
    for action, values in (("accept", {}), ("assign", {"lead_unit": "供电所"}), ("acknowledge", {})):
        done = cases.act(event, action, values)
        assert done.ok, done.faults
    return event


def system(desk, event):
    """The steps that the county made, in their order."""
    return [step for step in desk.office.cases.case(event).steps if step.user == "系统"]


def rules_of(desk, event):
    return [step.values["rule"] for step in system(desk, event)]


class TestBothDatabases:
    """On SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def database(self, request, tmp_path):
        return tmp_path / "county.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")

    def test_two_devices_and_the_countys_own_minute_make_each_step_once_and_in_order(self, county, desk, clock):
        a, b = desk(), desk("李干事")
        event = handled(a)
        assert (a.sync().in_agreement, b.sync().in_agreement) == (True, True)
        assert county.county.watching.look() == 0
        clock.at += 3 * DAY + 10 * HOUR  # Thursday 19:00
        assert county.county.watching.look() == 1
        assert county.county.watching.look() == 0
        assert (a.sync().in_agreement, b.sync().in_agreement) == (True, True)
        assert rules_of(a, event) == rules_of(b, event) == ["overdue_remind"]
        # Two working days after: Tuesday 29, 17:30. Both devices ask before the county's own minute does.
        clock.at += 5 * DAY
        assert (b.sync().in_agreement, a.sync().in_agreement) == (True, True)
        assert county.county.watching.look() == 0
        made = ["overdue_remind", "overdue_remind", "quiet_remind", "overdue_supervise"]
        assert rules_of(a, event) == rules_of(b, event) == made
        case = a.office.cases.case(event)
        assert (case.state.supervise_level, case.state.state, case.state.contested) == (2, "handling", ())
        step = system(a, event)[-1]
        assert step.role == "system"
        assert "超期督办" in step.values["opinion"]
        assert a.store.get("event_step", step.id).values["by"] == "系统"
        assert step.values["due"]["supervise_due"] > "2026-09-29T19:00"


def merged_apart(a, b, **said):
    """Two cases, the first of which *a* merges into the second, and *b* the second into the first; both have told the county."""
    events = []
    for title in ("路灯不亮", "村口灯坏了"):
        made = a.office.cases.report({"title": title, "detail": "村口", "category": "appeal", **said}, area=V)
        assert a.office.cases.act(made.record.id, "accept", {}).ok
        events.append(made.record.id)
    one, other = events
    assert (a.sync().ok, b.sync().ok) == (True, True)
    assert a.office.cases.act(one, "merge", {"master": other}).ok
    assert b.office.cases.act(other, "merge", {"master": one}).ok
    assert (a.sync().ok, b.sync().ok) == (True, True)
    return one, other


def test_of_two_cases_merged_into_each_other_apart_the_one_that_stands_is_still_watched(county, desk, clock):
    a, b = desk(), desk("李干事")
    one, other = merged_apart(a, b)
    county.county.watching.look()
    clock.at += 10 * DAY
    assert county.county.watching.look() > 0
    assert (a.sync().ok, b.sync().ok) == (True, True)
    for here in (a, b):
        assert here.office.cases.case(one).state.state == "merged"
        assert (system(here, one), system(here, other) != []) == ([], True)


def test_what_was_done_offline_in_time_but_comes_late_is_kept_beside_what_the_county_did(county, desk, clock):
    a, b = desk(), desk("李干事")
    event = handled(a)
    assert (a.sync().ok, b.sync().ok) == (True, True)
    clock.at += DAY
    assert a.office.cases.act(event, "feed_back", {"result": "已修好"}).ok
    clock.at += 3 * DAY
    assert b.sync().ok
    assert rules_of(b, event) == ["overdue_remind"]
    assert (a.sync().in_agreement, b.sync().in_agreement) == (True, True)
    for one in (a, b):
        case = one.office.cases.case(event)
        # By now the check is late as well.
        assert (case.state.state, case.state.contested) == ("feedback", ())
        assert [step.action for step in case.steps][4:] == ["remind", "feed_back", "remind"]


def test_a_case_that_was_handled_is_left_alone_and_an_extension_begins_anew(county, desk, clock):
    a = desk()
    done, longer = handled(a), handled(a, title="水管漏水")
    assert a.office.cases.act(done, "feed_back", {"result": "已修好"}).ok
    assert a.office.cases.act(longer, "extend_request", {"days": 5, "day_unit": "day", "reason": "等材料"}).ok
    assert a.office.cases.act(longer, "extend_grant", {}).ok
    assert a.sync().ok
    clock.at += 4 * DAY
    assert a.sync().ok
    assert rules_of(a, longer) == []
    clock.at += 5 * DAY
    assert a.sync().ok
    assert "overdue_remind" in rules_of(a, longer)
    assert not {"overdue_supervise", "overdue_escalate"} & set(rules_of(a, done))


def test_an_urgent_case_is_supervised_within_hours_and_a_villages_case_goes_up(county, desk, clock):
    a = desk()
    urgent = handled(a, "urgent")
    made = a.office.cases.report(
        {"title": "水沟堵了", "detail": "村口", "urgency": "normal", "category": "appeal"}, area=V
    )
    village = made.record.id
    assert a.office.cases.act(village, "accept", {"level": "village"}).ok
    assert a.sync().ok
    clock.at += 26.5 * HOUR
    assert a.sync().ok
    assert rules_of(a, urgent) == ["overdue_remind", "urgent_supervise"]
    assert a.office.cases.case(urgent).state.supervise_level == 3
    # Assigned within a working day: Tuesday 22; five working days after that, over Mid-Autumn, is Wednesday 30.
    clock.at = MONDAY + 9 * DAY + 9 * HOUR
    assert a.sync().ok
    case = a.office.cases.case(village).state
    assert rules_of(a, village)[-1] == "overdue_escalate"
    assert (case.level, case.state, len(case.escalations)) == ("township", "accepted", 1)
    assert a.store.get("event", village).values["due_at"] > "2026-09-30"


def test_a_feedback_without_a_network_counts_though_the_county_escalated_meanwhile(county, desk, clock):
    a, b = desk(), desk("李干事")
    cases = a.office.cases
    made = cases.report({"title": "水沟堵了", "detail": "村口", "urgency": "normal", "category": "appeal"}, area=V)
    village = made.record.id
    for action, values in (
        ("accept", {"level": "village"}), ("assign", {"lead_unit": "供电所"}), ("acknowledge", {}),
    ):  # fmt: skip
        assert cases.act(village, action, values).ok
    assert a.sync().ok
    clock.at += 3 * DAY
    assert cases.act(village, "feed_back", {"result": "通了"}).ok  # without a network from here on
    clock.at = MONDAY + 24 * DAY
    assert b.sync().ok
    assert b.office.cases.case(village).state.level == "township"
    assert a.sync().ok
    assert b.sync().ok
    late = desk("王干事")
    for one in (a, b, late):
        case = one.office.cases.case(village).state
        assert (case.level, case.result, case.contested) == ("village", "通了", ()), one.user
        assert len(case.yielded) == 1
        assert one.office.conflicts.open() == []
    # The county sees it as they do: what it does from now on concerns the verification.
    with county.county.database.snapshot() as conn:
        [(_, seen)] = county.county.watching._cases(conn, county.county.applier.rules, [village]).values()
    assert (seen.state, seen.level, seen.yielded) == (case.state, case.level, case.yielded)


def test_a_county_that_was_stopped_for_long_does_the_last_of_what_it_missed_and_nothing_ancient(county, desk, clock):
    a = desk()
    event = handled(a)
    assert a.sync().ok
    clock.at += 15 * DAY  # three reminders were due meanwhile: only the last is made
    watching = Watching(county.county)  # as after a restart: all that it knows stands in the database
    assert watching.look() > 0
    assert rules_of(a, event) == []
    assert a.sync().ok
    assert rules_of(a, event).count("overdue_remind") == 1
    other = handled(a, title="井盖丢了")
    assert a.sync().ok
    clock.at += 90 * DAY
    assert a.sync().ok
    assert "overdue_supervise" not in rules_of(a, other)


def test_a_restart_between_learning_and_doing_loses_nothing_and_doubles_nothing(county, desk, clock):
    a = desk()
    events = [handled(a, title=f"第{n}件") for n in range(3)]
    assert a.sync().ok
    clock.at += 4 * DAY
    again = County.open(county.county.database.engine.url.database, load_forms(), now=clock)
    try:
        assert again.watching.look() == 3
        assert county.county.watching.look() == 0
    finally:
        again.close()
    assert a.sync().in_agreement
    assert [rules_of(a, event) for event in events] == [["overdue_remind"]] * 3


def test_a_county_set_back_has_the_steps_that_devices_bring_back_once(county, desk, clock, database, tmp_path):
    a, b = desk(), desk("李干事")
    event = handled(a)
    assert (a.sync().ok, b.sync().ok) == (True, True)
    assert back_up(database, tmp_path / "copy.db")
    clock.at += 4 * DAY
    assert (a.sync().ok, b.sync().ok) == (True, True)
    assert rules_of(a, event) == ["overdue_remind"]
    put_back(database, tmp_path / "copy.db", county.forms, now=clock)
    # The restored county makes the step anew before a device brings it back; it is the same step.
    clock.at += HOUR
    county.county.watching.look()
    for one in (a, b, a, b):
        assert one.sync().ok
    assert rules_of(a, event) == rules_of(b, event) == ["overdue_remind"]
    assert (a.sync().in_agreement, b.sync().in_agreement) == (True, True)


def test_a_device_a_day_ahead_or_behind_sets_the_same_due_times_and_the_county_is_never_early(county, tmp_path, clock):
    made = [
        (FileDesk(tmp_path / f"by{by}", load_forms(), county, user, now=lambda by=by: clock.at + by), by)
        for user, by in (("张干事", DAY), ("李干事", -9 * HOUR))
    ]
    try:
        dues = set()
        for desk, by in made:
            # The exchange looks at the same wrong clock, and learns from the county how wrong it is.
            assert desk.desk.sync(now=lambda by=by: clock.at + by).ok
            event = handled(desk)
            dues.add(desk.store.get("event", event).values["due_at"])
            assert desk.desk.sync(now=lambda by=by: clock.at + by).ok
        assert dues == {"2026-09-24T17:30:00+08:00"}
        clock.at = MONDAY + 3 * DAY + 8 * HOUR
        assert county.county.watching.look() == 0
        clock.at += 2 * HOUR
        assert county.county.watching.look() == 2
    finally:
        for desk, _ in made:
            desk.store.close()


def test_other_rules_are_followed_for_the_cases_that_stand(county, desk, clock):
    a = desk()
    event = handled(a)
    assert a.sync().ok
    text = shipped_text("reminders").split("\n[[escalation]]")[0]
    text += "\n[[escalation]]\ncode = 'soon'\nlabel = '到期即督办'\ntimers = ['handle_due']\ndo = 'supervise'\n"
    ruled.put(county.county, "reminders", text)
    clock.at += 3 * DAY + 9 * HOUR
    assert a.sync().ok
    assert rules_of(a, event) == ["soon"]


def test_cases_that_were_learned_while_other_rules_came_are_learned_again(county, desk, clock, monkeypatch):
    a = desk()
    event = handled(a)
    assert a.sync().ok
    text = shipped_text("reminders").split("\n[[escalation]]")[0]
    text += "\n[[escalation]]\ncode = 'soon'\nlabel = '到期即督办'\ntimers = ['handle_due']\ndo = 'supervise'\n"
    note = Watching._note

    def overtaken(watch, conn, rules, *rest):
        # Another request follows the new rules just then.
        version = Version("reminders", 1, 0, text)
        renew(county.county.applier.rules, read_ruling([version]).rules)
        county.county.ruled._read = (1, 0), [(1, "reminders", 0, text)]
        note(watch, conn, rules, *rest)

    with monkeypatch.context() as race:
        race.setattr(Watching, "_note", overtaken)
        with county.county.database.plain() as conn:
            conn.execute(sa.update(COUNTY), {"watched": 0})
        county.county.watching._learn()
    ruled.put(county.county, "reminders", text)
    with county.county.database.plain() as conn:
        conn.execute(sa.update(RULE), {"at": 0})
    clock.at += 3 * DAY + 9 * HOUR
    assert a.sync().ok
    assert rules_of(a, event) == ["soon"]


def test_a_rule_that_cannot_be_done_is_not_tried_for_ever(county, desk, clock):
    a = desk()
    event = handled(a)
    assert a.office.cases.act(event, "escalate", {"reason": "本级办不了"}).ok
    assert a.sync().ok
    text = shipped_text("reminders").split("\n[[escalation]]")[0]
    text += "\n[[escalation]]\ncode = 'up'\nlabel = '升级'\ntimers = ['assign_due']\ndo = 'escalate'\n"
    ruled.put(county.county, "reminders", text)
    clock.at += 4 * DAY
    assert county.county.watching.look() == 0
    assert a.sync().ok
    assert rules_of(a, event) == []
    assert a.office.cases.case(event).state.level == "county"


def test_a_rule_that_cannot_be_done_does_not_hide_the_next_one(county, desk, clock):
    a = desk()
    event = handled(a)
    assert a.office.cases.act(event, "escalate", {"reason": "本级办不了"}).ok
    assert a.sync().ok
    text = shipped_text("reminders").split("\n[[escalation]]")[0]
    text += "\n[[escalation]]\ncode = 'up'\nlabel = '升级'\ntimers = ['assign_due']\ndo = 'escalate'\n"
    text += "\n[[escalation]]\ncode = 'push'\nlabel = '催'\ntimers = ['assign_due']\ndo = 'remind'\nafter = '1 day'\n"
    ruled.put(county.county, "reminders", text)
    clock.at += 2 * DAY  # two working days: neither is due before
    assert county.county.watching.look() == 0
    clock.at += 3 * DAY
    assert county.county.watching.look() == 1
    assert a.sync().ok
    assert rules_of(a, event) == ["push"]


def test_an_id_that_somebody_has_used_is_not_written_over_by_the_county(county, desk, clock):
    a = desk()
    event, other = handled(a), handled(a, title="井盖丢了")
    assert a.sync().ok
    due = a.office.cases.case(event).state.due["handle_due"]
    [rule] = [one for one in a.office.cases.rules.watch.escalations if one.code == "overdue_remind"]
    moment = next(iter(rule.repeat.moments(due, a.office.cases.rules.limits.calendar)))
    taken = step_id(event, rule.code, "handle_due", due, moment)
    said = {
        "event": other,
        "action": "progress",
        "at": "2026-09-22T10:00:00+08:00",
        "by": "张干事",
        "opinion": "我的话",
    }
    a.store.save([Edit("event_step", taken, V, said)], "张干事")
    assert a.sync().ok
    clock.at += 3 * DAY + 10 * HOUR
    county.county.watching.look()
    assert (a.sync().in_agreement, a.sync().in_agreement) == (True, True)
    held = a.store.get("event_step", taken).values
    assert (held["event"], held["opinion"], held["by"]) == (other, "我的话", "张干事")
    assert rules_of(a, other) == ["overdue_remind"]
    assert office.digest(county.county)
    assert all(row.sound for row in office.digest(county.county))


def test_a_step_whose_time_is_no_time_is_refused_and_holds_up_neither_a_device_nor_the_watch(
    county, desk, clock, new_store
):
    a = desk()
    event = handled(a)
    assert a.sync().ok
    # A program that reckons nothing from its steps, so that it sees no harm in one.
    odd = county.device(new_store(), roles=ALL)
    assert odd.sync().ok
    said = {
        "event": event,
        "action": "remind",
        "by": "x",
        "role": a.store.select("event_step", {"event": event, "action": "assign"})[0].values["role"],
        "unit": "综治中心",
    }
    odd.save(Edit("event_step", None, V, {**said, "at": "2026年9月21日 9时"}))
    done = odd.sync()
    assert (done.ok, done.refused) == (True, 1)
    assert [one.code for one in odd.store.sync.attention()] == ["sync.faulty"]
    clock.at += 4 * DAY
    assert (county.county.watching.look(), a.sync().in_agreement) == (1, True)


def test_a_case_that_nobody_can_reckon_holds_up_no_other(county, desk, clock, monkeypatch):
    a = desk()
    bad, good = handled(a), handled(a, title="水管漏水")
    assert a.sync().ok
    fold = Folding.state

    def odd(folding, event):
        if event.id == bad:
            raise ArithmeticError
        return fold(folding, event)

    with monkeypatch.context() as broken:
        broken.setattr(Folding, "state", odd)
        clock.at += 4 * DAY
        assert county.county.watching.look() == 1
        assert (a.sync().in_agreement, rules_of(a, bad), rules_of(a, good)) == (True, [], ["overdue_remind"])
    # Reckoned again as soon as something of it changes.
    assert a.office.cases.act(bad, "remind", {"text": "请抓紧"}).ok
    assert a.sync().in_agreement
    assert rules_of(a, bad) == ["overdue_remind"]


def test_an_exchange_waits_for_one_portion_of_late_cases_and_a_server_that_ends_for_no_more(
    county, desk, clock, monkeypatch
):
    monkeypatch.setattr(watching, "_ACTS", 1)
    a = desk()
    for number in range(4):
        handled(a, title=f"路灯{number}")
    assert a.sync().ok
    clock.at += 4 * DAY
    look = county.county.watching.look
    assert (look(2000), look(2000)) == (1, 1)
    assert look() == 2
    clock.at += 4 * DAY
    assert look(stopped=lambda: True) == 0
    assert look() > 0


def test_of_two_cases_merged_into_each_other_apart_the_one_that_stands_goes_with_its_grid(county, desk):
    a, b = desk(), desk("李干事")
    (grid,) = a.store.save([Edit("grid", None, V, {"name": "一"})], "x").ids
    one, other = merged_apart(a, b, grid=grid)
    # The grid alone is moved: what hangs on it the county moves.
    b.store.save([Edit("grid", grid, VILLAGES[1], {})], "x")
    assert (b.sync().in_agreement, a.sync().in_agreement) == (True, True)
    for here in (a, b):
        assert (here.store.get("event", one).area, here.store.get("event", other).area) == (V, VILLAGES[1])

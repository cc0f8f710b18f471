"""Holes through which a case could fall: words of a step that aren't its own, timers that don't come back, requests that vanish."""

import datetime as dt
import shutil

import pytest

from app.errors import KnownError
from app.paths import resource
from app.rules.case_engine import CaseRules
from tests.rules.test_case_engine import BEGIN, CODES, EVENT, RULES, WAYS, step, walk

AFTER = BEGIN + dt.timedelta(days=2)


def on(case, *actions, event=EVENT, rules=RULES):
    """*case* after more steps: (action, values) or an action."""
    for number, one in enumerate(actions, len(case.moves) + 1):
        action, values = one if isinstance(one, tuple) else (one, {})
        case = rules.apply(case, step(number, action, case, at=AFTER + dt.timedelta(minutes=number), **values))
    return case


def test_only_the_action_that_asks_for_it_changes_profile_class_urgency_or_grade():
    case = walk(*WAYS["handling"])
    said = {"profile": "service_errand", "category": "tip_off", "urgency": "critical", "grade": "major", "case_no": "9"}
    after = on(case, ("progress", said))
    assert (after.profile, after.category, after.urgency, after.grade, after.level, after.case_no) == (
        "seven_stage", "facility_light", "normal", None, "township", case.case_no,
    )  # fmt: skip
    assert after.contested == ()


def test_a_handler_cannot_close_his_case_by_naming_another_profile():
    case = walk(*WAYS["feedback"])
    done = step(40, "pick_up", case, user="王五", role="lead_handler", taken_by="张三", profile="service_errand")
    assert [fault.code for fault in RULES.refusals(case, done)] == ["not_in_profile"]
    assert RULES.apply(case, done).state == "feedback"
    unknown = step(41, "pick_up", case, user="王五", role="lead_handler", taken_by="张三", profile="没有的流程")
    assert RULES.apply(case, unknown).state == "feedback"


def test_the_class_that_forbids_is_that_of_the_case_not_one_named_beside_it():
    appeal = RULES.fold(EVENT, [step(1, "report", category="appeal_water")])
    done = step(2, "reject", appeal, role="registrar", category="other")
    assert [fault.code for fault in RULES.refusals(appeal, done)] == ["director_rejects"]


def test_a_number_that_was_given_stays_whoever_accepts_the_case_again():
    case = walk("report")
    case = on(case, ("accept", {"case_no": "云岭〔2026〕00001"}), "merge", "split_off")
    again = on(case, ("accept", {"case_no": "2026-ABCDEF-0001"}))
    assert (again.state, again.case_no) == ("accepted", "云岭〔2026〕00001")


def test_of_two_requests_each_gets_its_own_answer():
    asked = on(walk(*WAYS["handling"]), ("extend_request", {"days": 3}), "suspend_request")
    assert asked.asked == "suspend"
    granted = on(asked, ("extend_grant", {"days": 3}))
    assert (granted.asked, granted.extension_count) == ("suspend", 1)
    refused = on(asked, ("request_refuse", {"about": "suspend"}))
    assert (refused.asked, refused.extension_days) == ("extend", 3)
    assert on(refused, "request_refuse").asked == ""
    # A step of an older program says of none which it means: then it means all.
    bare = step(60, "request_refuse", asked)
    bare = type(bare)(bare.id, bare.action, bare.at, {"reason": "不同意"}, "李", "director", "", 60)
    assert RULES.apply(asked, bare).asked == ""


@pytest.mark.parametrize(
    ("again", "values"), [("reopen", {}), ("order_reopen", {}), ("return_visit", {"not_solved": True})]
)
def test_a_patron_looks_again_at_a_case_that_comes_back(again, values):
    way = ("order_in", *WAYS["handling"][1:])
    case = on(walk(*way), "name_patron", "feed_back", "verify_pass")
    assert set(case.due) == {"visit_due"}
    back = on(case, (again, values))
    assert back.state == "handling"
    assert back.due["patron_due"] > back.last_at
    assert "patron_due" in RULES.dues(case, step(90, again, case, **values))
    assert "patron_due" not in on(walk("order_in", *WAYS["closed"][1:]), (again, values)).due


def test_only_an_order_that_came_from_elsewhere_is_taken_up_again_by_the_first_desk():
    done = step(40, "order_reopen", role="registrar")
    assert [fault.code for fault in RULES.refusals(walk(*WAYS["closed"]), done)] == ["no_order"]
    assert RULES.refusals(walk("order_in", *WAYS["closed"][1:]), done) == []


def test_an_unsolved_visit_before_the_closing_takes_no_watch_away():
    event = {**EVENT, "profile": "centre_loop"}
    case = RULES.fold(
        event, [step(n, a, profile="centre_loop") for n, a in enumerate(("report", "accept", "assign"), 1)]
    )
    case = on(case, "acknowledge", "name_patron", "supervise", "feed_back", ("return_visit", {"not_solved": True}))
    assert case.state == "handling"
    assert {"supervise_due", "patron_due", "handle_due"} <= set(case.due)
    assert "verify_due" not in case.due
    done = on(case, "feed_back", "return_visit")
    assert (done.state, dict(done.due)) == ("closed", {})


def test_what_was_handed_to_a_body_outside_is_followed_by_the_desk_until_it_has_a_lead_here():
    case = on(walk(*WAYS["handling"]), ("transfer_out", {"follow_up": True}))
    owner = RULES.owner(case)
    assert (case.state, case.lead_unit, owner.unit) == ("handling", "县住建局", "")
    assert {"registrar", "duty_officer"} <= set(owner.roles)
    assert "县住建局" in case.result
    back = on(case, "reassign")
    assert (RULES.owner(back).unit, back.transferred) == ("城管中队", False)


def test_what_was_judged_during_a_suspension_is_waited_for_no_more():
    case = on(walk("report", "accept", "assign", "acknowledge"), ("whistle", {"units": "派出所"}), "suspend")
    assert "arrival_due" in case.held
    back = on(case, "whistle_evaluate", "resume")
    assert back.state == "handling"
    assert "arrival_due" not in back.due


def test_who_took_his_report_back_is_still_known_by_it():
    case = on(walk("report"), "withdraw")
    assert (case.state, case.reporter, case.reported_at) == ("draft", "王五", None)
    again = RULES.apply(case, step(9, "report", case, user="小周"))
    assert (again.reporter, again.reported_at) == ("小周", again.last_at)


def wrong(tmp_path, name, old, new):
    folder = tmp_path / "rules"
    shutil.copytree(resource("rules"), folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnownError) as error:
        CaseRules.load(folder, codes=CODES)
    assert error.value.params["file"] == name
    return error.value


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        # a state that is reached without the timer that runs in it
        ('start = ["ack_due", "handle_due"]', 'start = ["ack_due"]', "rules.no_timer"),
        ('no_start = ["ack_due"]', 'no_start = ["handle_due"]', "rules.no_timer"),
        ('stop = ["verify_due"]\nstart = ["handle_due", "quiet_due"]', 'stop = ["verify_due"]\nstart = []', "rules.no_timer"),
        # an owner who can't do what is usual there
        ('next = "accept", owner = "screeners"', 'next = "accept", owner = "visitors"', None),
        ('owners = { feedback = "visitors" }', 'owners = { feedback = "dispatching" }', "rules.owner_idle"),
        # classes that nobody has
        ('never = ["tip_off"]', 'never = ["tip_of"]', "rules.class_unknown"),
        ('by_director = ["appeal"]', 'by_director = ["appeel"]', "rules.class_unknown"),
        ('classes = ["errand"]', 'classes = ["erand"]', "rules.class_unknown"),
        ('hazard = "hazard"', 'hasard = "hazard"', "rules.class_unknown"),
    ],
)  # fmt: skip
def test_rules_that_would_let_a_case_fall_are_not_taken(tmp_path, old, new, code):
    if code is None:
        # Registrars are visitors and screeners: somebody of the team can act.
        folder = tmp_path / "rules"
        shutil.copytree(resource("rules"), folder)
        text = (folder / "cases.toml").read_text(encoding="utf-8")
        (folder / "cases.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
        assert CaseRules.load(folder, codes=CODES).states["reported"].owner == "visitors"
        return
    assert wrong(tmp_path, "cases.toml", old, new).code == code


def test_limits_and_escalations_of_classes_that_nobody_has_are_not_taken(tmp_path):
    assert (
        wrong(tmp_path, "limits.toml", "[classes.order.handle_due]", "[classes.oder.handle_due]").code
        == "rules.class_unknown"
    )
    shutil.rmtree(tmp_path / "rules")
    assert wrong(tmp_path, "reminders.toml", 'urgency = ["normal"]', 'classes = ["oder"]').code == "rules.class_unknown"

"""The action table of the field, row by row: what each action is bound to beyond where it leads."""

import datetime as dt
import json
import shutil

import pytest

from app.paths import resource
from app.rules.calendar import iso
from app.rules.case_admission import Admission, Span
from app.rules.case_engine import CaseRules
from app.rules.case_fold import Step
from app.rules.permissions import Permissions
from app.schema.codes import load_codes
from tests.rules.test_case_engine import BEGIN, EVENT, RULES, WAYS, step, walk

ROLES = Permissions.load().township_roles()


def classed(way, extra):
    """A case of the class that *extra* names."""
    case = walk(*WAYS[way])
    return case.having(category=extra.pop("category", case.category))


def codes_of(case, done):
    return [fault.code for fault in RULES.refusals(case, done)]


@pytest.mark.parametrize(
    ("way", "action", "role", "values", "code"),
    [
        # who may, and with whose leave
        ("reported", "void", "registrar", {}, "director_voids"),
        ("accepted", "void", "grid_member", {}, "director_voids"),
        ("accepted", "assign", "grid_leader", {}, "own_level"),
        ("handling", "extend_grant", "dispatcher", {"_engineering": True}, "director_grants"),
        ("handling", "extend_grant", "director", {"_engineering": True, "form_no": ""}, "signed_form"),
        ("reported", "reject", "registrar", {"category": "appeal_water"}, "director_rejects"),
        ("assigned", "return_back", "lead_handler", {"reason": ""}, "required"),
        ("assigned", "acknowledge", "grid_member", {"category": "order"}, "not_admitted"),
        ("accepted", "assign", "dispatcher", {"category": "order", "lead_role": "grid_member"}, "not_admitted"),
        ("handling", "patron_review", "director", {}, "no_patron"),
        ("handling", "supervise_answer", "lead_handler", {}, "not_supervised"),
        ("feedback", "verify_pass", "registrar", {"_user": "王五"}, "handler_not_verifier"),
        ("handling", "feed_back", "lead_handler", {"assist_open_note": ""}, "assist_open"),
        ("handling", "feed_back", "lead_handler", {"result": "", "opinion": ""}, "required"),
        ("draft", "self_handle", "grid_member", {"result": ""}, "required"),
        ("accepted", "merge", "registrar", {"master": ""}, "required"),
    ],
)
def test_what_is_not_allowed_is_refused_at_the_desk_and_contested_wherever_it_falls(way, action, role, values, code):
    extra = dict(values)
    case = classed(way, extra)
    if extra.pop("_engineering", None):
        case = RULES.apply(case, step(40, "extend_request", case, engineering=True))
    user = extra.pop("_user", "赵六")
    done = step(50, action, case, user=user, role=role, **{"form_no": "3号", **extra})
    assert code in codes_of(case, done)
    after = RULES.apply(case, done)
    assert (after.state, after.contested, after.due, after.lead_unit) == (
        case.state,
        (done.id,),
        case.due,
        case.lead_unit,
    )


@pytest.mark.parametrize(
    ("way", "action", "role", "values"),
    [
        ("draft", "void", "grid_member", {}),
        ("reported", "void", "director", {}),
        ("reported", "reject", "director", {"category": "appeal_water"}),
        ("reported", "reject", "registrar", {"category": "appeal_water", "approved_by": "陈主任"}),
        ("assigned", "acknowledge", "grid_member", {"category": "environment_rubbish"}),
        ("accepted", "assign", "dispatcher", {"category": "appeal", "lead_role": "grid_member"}),
    ],
)
def test_what_is_allowed_beside_it_is_done(way, action, role, values):
    extra = dict(values)
    case = classed(way, extra)
    done = step(50, action, case, user="赵六", role=role, **extra)
    assert codes_of(case, done) == []
    assert RULES.apply(case, done).contested == ()


def test_a_grid_leader_gives_out_what_is_handled_in_his_village():
    case = walk("report")
    case = RULES.apply(case, step(2, "accept", case, level="village"))
    assert (case.owner_role, RULES.owner(case).roles) == ("leaders", ("grid_leader",))
    assert codes_of(case, step(3, "assign", case, role="grid_leader")) == []
    assert "assign" in [action.code for action in RULES.allowed(case, ["grid_leader"])]
    assert "assign" not in [action.code for action in RULES.allowed(walk("report", "accept"), ["grid_leader"])]


def test_what_was_admitted_for_a_time_is_judged_by_the_day_of_the_step():
    rules = CaseRules(**{**vars(RULES), "admissions": (Admission(frozenset({"order"}), Span(until=BEGIN.date())),)})
    case = walk("report", "accept").having(category="order")
    for later, found in ((0, []), (1, ["not_admitted"])):
        done = step(5, "assign", case, at=BEGIN + dt.timedelta(days=later), lead_role="grid_member")
        assert [fault.code for fault in rules.refusals(case, done)] == found


def test_rework_gets_half_of_what_the_dispatcher_gave():
    case = walk("report", "accept")
    given = step(3, "assign", case, due_at=iso(BEGIN + dt.timedelta(days=10, minutes=30)))
    for number, action in ((4, "acknowledge"), (5, "feed_back")):
        case = RULES.apply(RULES.apply(case, given) if number == 4 else case, step(number, action, case))
    failed = RULES.apply(case, step(6, "verify_fail", case))
    assert failed.due_at - failed.last_at == dt.timedelta(days=5)


def test_a_new_level_has_its_own_limits():
    low = walk("report", "accept")
    high = RULES.apply(low, step(3, "escalate", low))
    assert iso(low.due_at) == "2026-09-22T17:30:00+08:00"
    assert iso(high.due_at) == "2026-09-23T17:30:00+08:00"
    # Whose desk it is at the county, its level says.
    assert (high.level, high.owner_role, high.lead_unit) == ("county", "dispatching", None)


def test_an_application_that_is_refused_no_longer_waits():
    case = walk(*WAYS["handling"])
    assert case.asked == "extend"
    refused = RULES.apply(case, step(20, "request_refuse", case, role="dispatcher"))
    assert (refused.asked, refused.extension_days, refused.due_at) == ("", 0, case.due_at)
    assert codes_of(refused, step(21, "extend_grant", refused)) == ["no_request"]
    assert RULES.apply(case, step(22, "feed_back", case)).asked == ""


def test_progress_keeps_the_watch_quiet_and_a_suspension_holds_it():
    case = walk("report", "accept", "assign", "acknowledge")
    first = case.due["quiet_due"]
    later = RULES.apply(case, step(5, "progress", case, at=BEGIN + dt.timedelta(days=3)))
    assert later.due["quiet_due"] - first == dt.timedelta(days=3)
    held = RULES.apply(later, step(6, "suspend", later))
    assert "quiet_due" in held.held
    assert "quiet_due" not in held.due


def test_nothing_but_the_visit_is_waited_for_once_a_case_is_closed():
    case = walk(*WAYS["handling"], "supervise", "name_patron")
    sent = RULES.apply(case, step(30, "transfer_out", case))
    assert (sent.state, sent.result, set(sent.due)) == ("closed", "已移送县住建局办理", {"visit_due"})
    followed = RULES.apply(case, step(30, "transfer_out", case, follow_up=True))
    assert (followed.state, followed.lead_unit, followed.owner_unit) == ("handling", "县住建局", "")
    assert iso(followed.due_at) == iso(followed.due["follow_due"])


def test_a_merged_case_names_its_master_and_can_be_split_off_again():
    case = walk("report", "accept", "merge")
    assert (case.master, case.owner_role, case.columns()["master"]) == ("a" * 32, "", "a" * 32)
    again = RULES.apply(case, step(4, "split_off", case))
    assert (again.state, again.master, again.owner_role) == ("reported", None, "screeners")
    assert again.due_at is not None


def test_a_supervised_case_is_answered_and_stays_supervised():
    case = walk(*WAYS["handling"], "supervise")
    answered = RULES.apply(case, step(30, "supervise_answer", case))
    assert "supervise_due" in case.due
    assert "supervise_due" not in answered.due
    assert answered.supervise_level == 2


def test_a_separation_that_begins_later_leaves_what_was_done_before(tmp_path):
    folder = shutil.copytree(resource("rules"), tmp_path / "rules")
    text = (folder / "cases.toml").read_text(encoding="utf-8")
    old = 'code = "handler_not_verifier"\nmode = "strict"\n'
    new = f'{old}since = 2026-09-25\nmodes = {{ hazard = "warn" }}\n'
    assert old in text
    (folder / "cases.toml").write_text(text.replace(old, new), encoding="utf-8")
    rules = CaseRules.load(folder, load_codes(resource("codes")))
    for days, category, state in ((0, "other", "closed"), (9, "other", "feedback"), (9, "hazard_fire", "closed")):
        case = rules.fold({**EVENT, "category": category}, [])
        for number, action in enumerate(("report", "accept", "assign", "acknowledge", "feed_back"), 1):
            case = rules.apply(case, step(number, action, case, category=category))
        done = step(9, "verify_pass", case, user="王五", at=BEGIN + dt.timedelta(days=days))
        assert rules.apply(case, done).state == state


def test_a_word_about_a_contested_step_lets_it_count_or_not():
    case = walk("report", "accept", "assign")
    early = step(4, "feed_back", case)
    case = RULES.apply(case, early)
    assert case.contested == (early.id,)
    on = RULES.apply(case, step(5, "acknowledge", case))
    keep = step(6, "settle", on, step=early.id, word="keep")
    kept = RULES.apply(on, keep)
    assert (kept.state, kept.contested, kept.settled) == ("feedback", (), {early.id: "keep"})
    assert kept.handlers == {"王五"}
    assert kept.due_at > keep.at
    dropped = RULES.apply(on, step(6, "settle", on, step=early.id, word="drop"))
    assert (dropped.state, dropped.contested, dropped.settled) == ("handling", (), {early.id: "drop"})
    # Said twice, apart, the county's first word counts and neither is a quarrel of its own.
    twice = RULES.apply(dropped, step(7, "settle", dropped, step=early.id, word="keep"))
    assert (twice.state, twice.contested, twice.settled) == ("handling", (), {early.id: "drop"})
    # What can't be done now either is asked about again.
    asked = RULES.apply(case, step(6, "settle", case, step=early.id, word="keep"))
    assert (asked.state, asked.contested) == ("assigned", (early.id,))


def test_what_a_device_of_another_program_wrote_never_stops_the_fold():
    odd = [
        {"due_at": "下周", "days": "很多", "level": 7, "grade": ["x"]},
        {
            "due": "早",
            "assist_units": {"a": 1},
            "supervise_level": "²",
            "lead_unit": {},
            "patron": ["王"],
            "handler": {},
        },
        {"days": 10**15, "due_at": "9999-12-31T23:59:59-08:00", "result": 5, "reason": 5, "finding": 5, "lead_unit": 5},
        {
            "days": "²",
            "due": {"handle_due": "9999-12-31T23:59:59-08:00"},
            "supervise_level": 10**30,
            "case_no": {"a": 1},
        },
        {
            "resume_on": "9999-12-30",
            "reason": "等",
            "satisfaction": [1],
            "master": ["x"],
            "receiver": {},
            "taken_by": [],
        },
        {"profile": "没有", "category": "没有", "urgency": "没有", "step": 5, "word": 9},
    ]
    for values in odd:
        for action in RULES.actions:
            for way in WAYS.values():
                case = walk(*way)
                read = Step.read("f" * 32, {"action": action, "at": iso(BEGIN), "details": json.dumps(values)}, rev=99)
                after = RULES.apply(case, read)
                assert after.moves[-1].step == "f" * 32
                columns = after.columns()
                assert columns["state"] == after.state
                assert {type(value) for value in columns.values()} <= {str, int, type(None)}
                resumed = Step.read("e" * 32, {"action": "resume", "at": "9999-12-31T12:00:00+08:00"}, rev=100)
                assert RULES.apply(after, resumed).moves[-1].step == "e" * 32

import datetime as dt
import itertools
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import KnownError
from app.paths import resource
from app.rules.calendar import iso, parse
from app.rules.case_engine import CaseRules, Doing
from app.rules.case_fold import CaseState, Step, in_order
from app.rules.permissions import Permissions
from app.schema.codes import load_codes

CODES = load_codes(resource("codes"))
RULES = CaseRules.load(codes=CODES)
ROLES = Permissions.load().township_roles()
EVENT = {
    "title": "村口路灯不亮",
    "category": "facility_light",
    "urgency": "normal",
    "place": "村口",
    "reporter": "张三",
}
BEGIN = parse("2026-09-21T09:00:00+08:00")

# What each action needs to be told; the rest is filled.
NEEDED = {
    "self_handle": {"result": "已换灯泡", "witness": "李大爷"},
    "withdraw": {"reason": "重复"},
    "reject": {"reason": "不属于本镇"},
    "merge": {"master": "a" * 32},
    "tell_reporter": {"told": "路灯修好了"},
    "mediation_failed": {"words": "双方各不相让"},
    "assign": {"lead_unit": "供电所"},
    "return_back": {"reason": "不归本单位", "approved_by": "李镇长"},
    "reassign": {"lead_unit": "城管中队", "reason": "改派"},
    "add_assist": {"assist_units": "派出所"},
    "assist_acknowledge": {"assist_unit": "派出所"},
    "assist_feed_back": {"assist_unit": "派出所", "result": "已到场"},
    "assist_refuse": {"assist_unit": "派出所", "reason": "不归我所"},
    "progress": {"text": "已到现场"},
    "order_reopen": {"reason": "来源系统退回重办"},
    "order_update": {"text": "来源改了内容"},
    "extend_request": {"days": 3, "reason": "等材料"},
    "suspend_request": {"reason": "等立项"},
    "suspend": {"reason": "等立项"},
    "feed_back": {"result": "已修好", "assist_open_note": "协办另报"},
    "verify_pass": {"finding": "灯已亮"},
    "verify_fail": {"reason": "还不亮"},
    "close_direct": {"reason": "当事人已确认"},
    "whistle": {"units": "派出所、供电所"},
    "whistle_arrive": {"called_unit": "派出所"},
    "whistle_evaluate": {"called_unit": "派出所", "evaluation": "on_time"},
    "escalate": {"reason": "本级办不了"},
    "hand_down": {"reason": "村里能办"},
    "transfer_out": {"receiver": "县住建局"},
    "supervise": {"opinion": "限期办结", "supervise_unit": "督查室"},
    "remind": {"text": "请抓紧"},
    "name_patron": {"patron": "王书记"},
    "return_visit": {"words": "修好了"},
    "reopen": {"reason": "又坏了"},
    "archive": {"file_no": "2026-001"},
    "void": {"reason": "录错", "asked_by": "张三"},
    "split_off": {"reason": "不是一回事"},
    "set_profile": {"profile": "six_step"},
    "request_refuse": {"reason": "时间够用"},
    "supervise_answer": {"answer": "三日内办结"},
    "patron_review": {"finding": "双方已坐下来谈"},
    "pick_up": {"taken_by": "张三"},
    "settle": {"step": "0" * 32, "word": "drop"},
}


def step(number, action, case=None, *, at=None, user="", role="", unit="综治中心", rev=None, **values):
    at = at or BEGIN + dt.timedelta(minutes=10 * number)
    # Who checks is not who handled.
    role = role or RULES.role_for(action, ROLES) or ""
    user = user or ("赵六" if action in {"verify", "verify_pass", "verify_fail", "return_visit"} else "王五")
    filled = RULES.fill(
        action,
        {**NEEDED.get(action, {}), **values},
        event=EVENT,
        at=at,
        user=user,
        unit=unit,
        area="990101101201",
        case=case,
    )
    return Step(f"{number:032x}", action, at, filled, user, role, unit, rev if rev is not None else number)


def walk(*actions, **more):
    steps = [step(number, action, **more) for number, action in enumerate(actions, 1)]
    return RULES.fold(EVENT, steps)


# A way into each state of the table.
WAYS = {
    "draft": (),
    "reported": ("report",),
    "screening": ("report", "screen"),
    "accepted": ("report", "accept"),
    "assigned": ("report", "accept", "assign", "add_assist"),
    "handling": ("report", "accept", "assign", "add_assist", "acknowledge", "extend_request"),
    "suspended": ("report", "accept", "assign", "acknowledge", "suspend"),
    "feedback": ("report", "accept", "assign", "acknowledge", "feed_back"),
    "verifying": ("report", "accept", "assign", "acknowledge", "feed_back", "verify"),
    "closed": ("report", "accept", "assign", "acknowledge", "feed_back", "verify_pass"),
    "archived": ("report", "accept", "assign", "acknowledge", "feed_back", "verify_pass", "archive"),
    "not_accepted": ("report", "reject"),
    "merged": ("report", "accept", "merge"),
    "void": ("void",),
}
ROWS = [(action.code, source) for action in RULES.actions.values() for source in sorted(action.sources)]


# What must have been done before, and the profile that knows the action.
BEFORE = {
    "supervise_answer": ("supervise",),
    "mediation_failed": ("to_mediation",),
    "visit_given_up": ("visit_tried", "visit_tried", "visit_tried"),
    "patron_review": ("name_patron",),
}
WITHIN = {"pick_up": "service_errand"}
# Who was called while the case was handled may come when it stands elsewhere.
CALLED = {"accepted": ("escalate",), "assigned": ("reassign",), "suspended": ("suspend",)}


def whistled(source):
    begin = ("report", "accept", "assign", "acknowledge", "whistle")
    return (*begin, *(CALLED[source] if source in CALLED else WAYS[source][4:] if source != "handling" else ()))


def prepared(code, source):
    """A case in *source* in which *code* can be done."""
    event = {**EVENT, "profile": WITHIN.get(code, "grade_routing")}
    graded = {"accept": {"grade": "general"}}
    way = whistled(source) if code in {"whistle_arrive", "whistle_evaluate"} else WAYS[source]
    if code == "order_reopen":
        way = ("order_in", *way[1:])
    if code == "extend_request":
        way = way[:-1]  # nobody asks twice at one time
    steps = [step(number, action, **graded.get(action, {})) for number, action in enumerate(way, 1)]
    steps += [step(50 + number, action) for number, action in enumerate(BEFORE.get(code, ()))]
    return RULES.fold(event, [each for each in steps if each.action != "screen"] if code in WITHIN else steps)


@pytest.mark.parametrize(("code", "source"), ROWS)
def test_every_row_of_the_action_table_leads_where_it_says(code, source):
    case = prepared(code, source)
    assert case.state == source
    assert case.contested == ()
    extra = {"grade": "general"} if code == "accept" else {}
    done = step(99, code, case, user="王五" if code == "withdraw" else "赵六", **extra)
    assert RULES.check(code, done.values, case) == []
    assert RULES.refusals(case, done) == []
    after = RULES.apply(case, done)
    action = RULES.action(code, case.profile)
    assert after.contested == ()
    assert after.state == (source if action.to == "same" else action.to)
    assert after.moves[-1].after == after.state


@pytest.mark.parametrize(
    ("code", "source"), [pair for pair in itertools.product(RULES.actions, WAYS) if pair not in set(ROWS)]
)
def test_every_action_outside_its_row_is_contested_and_moves_nothing(code, source):
    case = walk(*WAYS[source])
    done = step(99, code, case)
    after = RULES.apply(case, done)
    assert after.contested == (done.id,)
    assert (after.state, after.columns()["due_at"]) == (case.state, case.columns()["due_at"])
    assert (after.due, after.lead_unit, after.last_at) == (case.due, case.lead_unit, case.last_at)
    assert [fault.code for fault in RULES.refusals(case, done)][:1] == ["not_here"]


def test_actions_and_states_are_named_as_the_code_lists_name_them():
    assert {code: state.label for code, state in RULES.states.items()} == {
        item.code: item.label for item in CODES["case_state"].items
    }
    assert {code: profile.label for code, profile in RULES.profiles.items()} == {
        item.code: item.label for item in CODES["case_profile"].items
    }
    labels = {item.code: item.label for item in CODES["case_action"].items}
    assert {code: action.label for code, action in RULES.actions.items()}.items() <= labels.items()


def test_every_choice_of_an_action_has_its_list():
    lists = {field.codes for action in RULES.actions.values() for field in action.fields if field.codes}
    assert lists <= set(CODES)


@pytest.mark.parametrize(
    ("profile", "actions", "stages"),
    [
        (
            "six_step",
            ("report", "accept", "assign", "acknowledge", "feed_back", "verify_pass"),
            ["发现", "立案", "派遣", "处置", "处置", "核查", "结案"],
        ),
        (
            "seven_stage",
            ("report", "screen", "accept", "assign", "acknowledge", "feed_back", "verify_pass", "archive"),
            ["发现", "上报", "甄别", "交办", "交办", "处置", "反馈", "办结", "办结"],
        ),
        (
            "hazard",
            ("report", "accept", "assign", "acknowledge", "feed_back", "verify_fail", "feed_back", "verify_pass"),
            ["登记", "登记", "交办", "交办", "整改", "复查", "整改", "复查", "销号"],
        ),
    ],
)
def test_a_profile_goes_from_start_to_end_by_what_is_offered(profile, actions, stages):
    event = {**EVENT, "profile": profile}
    roles = Permissions.load().township_roles()
    case = RULES.begin(event)
    seen = [case.state]
    for number, action in enumerate(actions, 1):
        user = f"人{number}"
        assert action in [offered.code for offered in RULES.allowed(case, roles, user)]
        done = step(number, action, case, user=user, measure="清运坍方", method="site")
        assert RULES.refusals(case, done) == []
        case = RULES.apply(case, done)
        seen.append(case.state)
    table = RULES.profiles[profile]
    assert [table.stages[table.stage(state)].label for state in seen] == stages
    assert case.contested == ()
    assert RULES.stages(case) == [stage.label for stage in table.stages]


def test_the_usual_next_action_comes_first():
    roles = Permissions.load().township_roles()
    for state, way in WAYS.items():
        usual = RULES.states[state].next
        if usual:
            assert RULES.allowed(walk(*way), roles, "别人")[0].code == usual


def test_only_what_the_roles_may_is_offered():
    case = walk("report")
    assert [action.code for action in RULES.allowed(case, ["dispatcher"])] == ["set_profile"]
    assert {action.code for action in RULES.allowed(case, ["registrar"], "别人")} == {
        "accept",
        "screen",
        "reject",
        "merge",
        "set_profile",
    }
    assert "withdraw" in [action.code for action in RULES.allowed(case, ["registrar"], "王五")]
    assert [action.code for action in RULES.allowed(RULES.begin({}), [], author=True)] == ["void"]


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_steps_arrive_changes_nothing(random):
    steps = [step(number, action) for number, action in enumerate((*WAYS["closed"], "report", "progress", "reopen"), 1)]
    mixed = list(steps)
    random.shuffle(mixed)
    assert RULES.fold(EVENT, mixed) == RULES.fold(EVENT, steps)


def test_unsent_steps_follow_the_county_s_by_their_own_count():
    sent = [step(5, "report", rev=7), step(1, "accept", rev=9)]
    unsent = [
        Step("0" * 32, "acknowledge", BEGIN, {}, counter=12),
        Step("f" * 32, "assign", BEGIN, {"lead_unit": "甲"}, counter=3),
    ]
    assert [item.action for item in in_order([*unsent, *reversed(sent)])] == [
        "report",
        "accept",
        "assign",
        "acknowledge",
    ]
    assert RULES.fold(EVENT, [*unsent, *sent]).state == "handling"


def test_of_accept_and_reject_made_apart_the_county_s_first_counts_and_the_other_is_kept():
    report = step(1, "report")
    accept, reject = step(2, "accept", rev=3), step(3, "reject", rev=2)
    case = RULES.fold(EVENT, [report, accept, reject])
    assert (case.state, case.contested) == ("not_accepted", (accept.id,))
    assert case.accepted_at is None


def test_two_progress_notes_written_apart_are_no_conflict():
    assert walk(*WAYS["handling"], "progress", "progress").contested == ()


def test_an_action_of_a_newer_program_is_kept_and_moves_nothing():
    case = RULES.fold(EVENT, [step(1, "report"), Step("2" * 32, "teleport", BEGIN, rev=2)])
    assert (case.state, case.contested) == ("reported", ("2" * 32,))


def test_a_script_needs_to_say_nothing_to_report_and_only_the_reason_to_reject():
    bare = {"title": "有人吵架"}
    values = RULES.fill("report", {}, event=bare, at=BEGIN, user="王五", area="990101101201")
    assert RULES.check("report", values) == []
    assert values["category"] == "unclassified"
    assert values["urgency"] == "normal"
    assert (values["place"], values["reporter"], values["found_at"]) == ("990101101201", "王五", iso(BEGIN))
    assert [fault.field for fault in RULES.check("reject", {})] == ["reason"]
    for name in ("reason", "opinion"):
        given = RULES.fill("reject", {name: "重复上报"}, event=bare, at=BEGIN, user="王五")
        assert RULES.check("reject", given) == []
        assert given["reason"] == given["opinion"] == "重复上报"


@pytest.mark.parametrize(
    ("action", "values", "field", "code"),
    [
        ("assign", {}, "lead_unit", "required"),
        ("assign", {"lead_unit": "  "}, "lead_unit", "required"),
        ("assign", {"lead_unit": "甲", "due_at": "下周"}, "due_at", "time"),
        ("extend_request", {"days": 0, "reason": "等"}, "days", "number"),
        ("report", {"category": "没有这类"}, "category", "choice"),
        ("verify_pass", {"finding": "好", "method": "猜"}, "method", "choice"),
        ("teleport", {}, "action", "unknown_action"),
    ],
)
def test_a_fault_names_its_field_and_says_what_to_do(action, values, field, code):
    filled = RULES.fill(action, values, event=EVENT, at=BEGIN, user="王五")
    assert (field, code) in [(fault.field, fault.code) for fault in RULES.check(action, filled)]
    assert all(
        "请" in fault.message or "可选" in fault.message or "应是" in fault.message
        for fault in RULES.check(action, filled)
    )


def test_labels_stand_for_codes_and_times_are_read_as_clerks_write_them():
    values = RULES.fill("accept", {"category": "路灯", "level": "乡镇（街道）"}, event={}, at=BEGIN)
    assert (values["category"], values["level"]) == ("facility_light", "township")
    given = RULES.fill(
        "assign", {"lead_unit": "甲", "assist_units": "乙，丙 丁", "due_at": "2026-9-25 17:30"}, event={}, at=BEGIN
    )
    assert (given["assist_units"], given["due_at"]) == ("乙、丙、丁", "2026-09-25T17:30:00+08:00")


def test_a_step_comes_back_from_its_record_as_it_was():
    done = step(
        4, "assign", lead_unit="供电所", assist_units="派出所、司法所", due={"handle_due": "2026-09-25T17:30:00+08:00"}
    )
    assert Step.read(done.id, done.row(), rev=4) == done
    assert Step.read("1" * 32, {"action": "progress", "at": iso(BEGIN), "details": "不是JSON"}).values == {
        "details": "不是JSON"
    }


def test_due_times_are_stored_and_a_new_table_of_limits_does_not_move_them():
    case = walk("report", "accept")
    done = step(3, "assign", case)
    dues = RULES.dues(case, done)
    assert dues == {"ack_due": "2026-09-22T17:30:00+08:00", "handle_due": "2026-09-24T17:30:00+08:00"}
    kept = step(3, "assign", case, due={**dues, "handle_due": "2026-12-01T12:00:00+08:00", "ack_due": "不清楚"})
    after = RULES.apply(case, kept)
    assert iso(after.due_at) == "2026-12-01T12:00:00+08:00"
    assert iso(after.due["ack_due"]) == dues["ack_due"]


def test_the_dispatcher_s_own_limit_counts_before_the_table_s():
    assert iso(
        RULES.fold(EVENT, [step(1, "report"), step(2, "accept"), step(3, "assign", due_at="2026-09-30")]).due_at
    ) == ("2026-09-30T00:00:00+08:00")


def test_an_urgent_case_is_overdue_to_the_second():
    steps = [step(1, "report"), step(2, "accept", urgency="urgent"), step(3, "assign"), step(4, "acknowledge")]
    case = RULES.fold(EVENT, steps)
    due = steps[2].at + dt.timedelta(hours=24)
    assert not case.overdue(due)
    assert case.overdue(due + dt.timedelta(seconds=1))
    assert case.late_timers(due + dt.timedelta(seconds=1)) == ("handle_due",)
    assert not walk(*WAYS["closed"][:-1], "verify_pass").overdue(due + dt.timedelta(days=900))


def test_a_suspension_stops_the_clock_and_gives_the_time_back():
    before = walk("report", "accept", "assign", "acknowledge")
    held = RULES.apply(before, step(5, "suspend", before, at=BEGIN + dt.timedelta(days=1), resume_on="2026-10-20"))
    assert not held.overdue(parse("2026-10-15"))
    assert held.overdue(parse("2026-10-21"))
    after = RULES.apply(held, step(6, "resume", held, at=BEGIN + dt.timedelta(days=11)))
    # Three working days, of which the suspension took five: over Mid-Autumn and National Day.
    assert (iso(before.due_at), iso(after.due_at)) == ("2026-09-24T17:30:00+08:00", "2026-10-09T17:30:00+08:00")
    assert after.suspended_for == dt.timedelta(days=10)
    raised = RULES.apply(held, step(6, "escalate", held, at=BEGIN + dt.timedelta(days=4)))
    assert (raised.held, raised.suspended_at, raised.suspended_for) == ({}, None, dt.timedelta(days=3))


def test_an_extension_is_asked_for_then_granted_and_the_second_by_the_director():
    case = walk("report", "accept", "assign", "acknowledge")
    assert [fault.code for fault in RULES.refusals(case, step(5, "extend_grant", case, days=3))] == ["no_request"]
    asked = RULES.apply(case, step(5, "extend_request", case))
    granted = RULES.apply(asked, step(6, "extend_grant", asked, role="dispatcher"))
    # Three working days, as its limit is one of working days, across the Mid-Autumn holiday.
    assert (iso(case.due_at), iso(granted.due_at)) == ("2026-09-24T17:30:00+08:00", "2026-09-30T17:30:00+08:00")
    again = RULES.apply(granted, step(7, "extend_request", granted))
    codes = [fault.code for fault in RULES.refusals(again, step(8, "extend_grant", again, role="dispatcher"))]
    assert codes == ["director_grants", "signed_form"]
    signed = step(8, "extend_grant", again, role="director", form_no="延审〔2026〕3号")
    assert RULES.apply(again, signed).extension_count == 2
    assert RULES.role_for("extend_grant", ["dispatcher", "director"]) == "director"


def test_rework_gets_half_the_time():
    case = walk(*WAYS["feedback"])
    failed = RULES.apply(case, step(9, "verify_fail", case))
    assert (failed.state, failed.rework_count) == ("handling", 1)
    assert iso(failed.due_at) == "2026-09-23T17:30:00+08:00"  # 2 of 3 working days


def test_a_lead_unit_answers_once_the_assisting_units_have_or_says_why_not():
    case = walk(*WAYS["handling"])
    early = step(9, "feed_back", case, assist_open_note="")
    assert [fault.field for fault in RULES.refusals(case, early)] == ["assist_open_note"]
    assert RULES.apply(case, early).state == "handling"
    done = RULES.apply(case, step(8, "assist_feed_back", case))
    assert RULES.apply(done, early).state == "feedback"
    stranger = step(8, "assist_feed_back", case, assist_unit="水利站")
    assert [fault.code for fault in RULES.refusals(case, stranger)] == ["assist_unknown"]


def test_the_second_return_needs_a_leader():
    case = walk("report", "accept", "assign", "return_back", "assign")
    assert (case.return_count, case.state) == (1, "assigned")
    assert [fault.code for fault in RULES.refusals(case, step(9, "return_back", case, approved_by=""))] == [
        "second_return"
    ]
    assert RULES.apply(case, step(9, "return_back", case)).lead_unit is None


def test_a_case_rises_to_the_county_and_no_further():
    case = walk("report", "accept", "escalate")
    assert (case.level, case.state, case.escalations) == ("county", "accepted", (BEGIN + dt.timedelta(minutes=30),))
    assert "escalate" not in [action.code for action in RULES.allowed(case, ["dispatcher"])]
    assert RULES.apply(case, step(9, "hand_down", case)).level == "township"


def test_a_visit_that_finds_it_unsolved_opens_the_case_again():
    case = walk(*WAYS["closed"], "return_visit", "reopen")
    assert (case.state, case.reopen_count, case.closed_at) == ("handling", 1, None)
    unsolved = RULES.fold(
        EVENT, [*(step(n, a) for n, a in enumerate(WAYS["closed"], 1)), step(9, "return_visit", not_solved="是")]
    )
    assert (unsolved.state, unsolved.reopen_count) == ("handling", 1)
    assert unsolved.due_at is not None


def test_who_handled_does_not_verify_and_who_reported_is_warned():
    case = walk(*WAYS["feedback"])
    own = step(9, "verify_pass", case, user="王五")
    assert [fault.code for fault in RULES.refusals(case, own)] == ["handler_not_verifier"]
    assert RULES.refusals(case, step(9, "verify_pass", case, user="赵六")) == []
    assert "verify_pass" not in [action.code for action in RULES.allowed(case, ["registrar"], "王五")]
    assigned = walk("report", "accept", "assign")
    [concern] = RULES.separation(assigned, Doing("acknowledge", {}, "王五"))
    assert (concern.code, concern.strict) == ("reporter_not_handler", False)
    assert RULES.separation(assigned, Doing("acknowledge", {}, "赵六")) == []
    # Wherever the step falls in the county's order: kept, and a person is asked.
    after = RULES.apply(case, own)
    assert (after.state, after.contested) == ("feedback", (own.id,))


def test_a_tip_off_is_never_handled_on_the_spot():
    case = RULES.begin({"category": "tip_off"})
    values = RULES.fill("self_handle", {"result": "好"}, event={"category": "tip_off"}, at=BEGIN)
    assert [fault.code for fault in RULES.refusals(case, Step("1" * 32, "self_handle", BEGIN, values))] == [
        "not_self_handled"
    ]
    done = walk("self_handle")
    assert done.self_handled
    assert done.reported_at == done.accepted_at == done.closed_at


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("cases.toml", 'to = "reported"', 'to = "repotred"', "rules.name_unknown"),
        ("cases.toml", 'start = ["screen_due"]', 'start = ["sreen_due"]', "rules.name_unknown"),
        ("cases.toml", 'does = ["takes_level"]', 'does = ["takes_off"]', "rules.name_unknown"),
        ("cases.toml", 'roles = ["@screeners"]', 'roles = ["@cleaners"]', "rules.name_unknown"),
        ("cases.toml", 'next = "report" }', 'next = "shout" }', "rules.name_unknown"),
        ("cases.toml", 'counts = "reported", due = "screen_due", ', 'counts = "reported", ', "rules.no_due"),
        ("cases.toml", 'mode = "warn"', 'mode = "maybe"', "rules.name_unknown"),
        ("cases.toml", 'label = "派遣", states = ["accepted"]', 'label = "派遣", states = []', "rules.key_missing"),
        ("limits.toml", 'normal = "1 working_day"', 'normal = "soon"', "rules.value_wrong"),
        ("limits.toml", 'normal = "1 working_day"\n', "", "rules.key_missing"),
    ],
)
def test_a_wrong_rule_file_is_refused_by_name(tmp_path, file, old, new, code):
    folder = shutil.copytree(resource("rules"), tmp_path / "rules")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnownError) as error:
        CaseRules.load(folder, CODES)
    assert error.value.code == code
    assert file in str(error.value)


def test_the_derived_fields_are_those_of_the_event_form():
    columns = walk(*WAYS["closed"]).columns()
    assert columns["closed_at"] == "2026-09-21T10:00:00+08:00"
    assert columns["state"] == "closed"
    assert columns["due_at"] is None
    assert CaseState().columns()["state"] == "draft"

"""Every profile from start to end, by a table of steps: what is done by whom, where the case stands then, and who must act."""

import datetime as dt
import shutil

import pytest

from app.errors import KnownError
from app.paths import resource
from app.rules.calendar import iso, parse
from app.rules.case_engine import CaseRules
from app.rules.case_fold import Step
from app.rules.permissions import Permissions
from app.schema.codes import load_codes

CODES = load_codes(resource("codes"))
RULES = CaseRules.load(codes=CODES)
ROLES = Permissions.load().township_roles()
BEGIN = parse("2026-09-21T09:00:00+08:00")
EVENT = {"title": "排洪沟堵塞", "category": "other", "urgency": "normal", "place": "村口", "reporter": "张三"}

# (action, who, role, values, state, stage shown, team that owns it)
REPORT = ("report", "小周", "grid_member", {}, "reported")
HANDLE = ("progress", "老赵", "lead_handler", {"text": "已到现场"}, "handling")
WALKS = {
    "six_step": [
        (*REPORT, "立案", "screeners"),
        ("accept", "小林", "registrar", {}, "accepted", "派遣", "dispatching"),
        ("assign", "小何", "dispatcher", {"lead_unit": "水利站"}, "assigned", "处置", "handlers"),
        ("acknowledge", "老赵", "lead_handler", {}, "handling", "处置", "handlers"),
        (*HANDLE, "处置", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "已疏通"}, "feedback", "核查", "verifiers"),
        ("verify", "小周", "grid_member", {}, "verifying", "核查", "verifiers"),
        ("verify_pass", "小周", "grid_member", {"finding": "水已退"}, "closed", "结案", "visitors"),
        ("return_visit", "小林", "registrar", {"satisfaction": "5"}, "closed", "结案", ""),
        ("archive", "小蒋", "archivist", {"file_no": "2026-1"}, "archived", "结案", ""),
    ],
    "seven_stage": [
        (*REPORT, "上报", "screeners"),
        ("screen", "小林", "registrar", {}, "screening", "甄别", "screeners"),
        ("accept", "小林", "registrar", {}, "accepted", "交办", "dispatching"),
        ("assign", "小何", "dispatcher", {"lead_unit": "水利站"}, "assigned", "交办", "handlers"),
        ("acknowledge", "老赵", "lead_handler", {}, "handling", "处置", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "已疏通"}, "feedback", "反馈", "verifiers"),
        ("verify_pass", "小周", "grid_member", {"finding": "水已退"}, "closed", "办结", "visitors"),
    ],
    "centre_loop": [
        (*REPORT, "受理", "screeners"),
        ("accept", "小林", "registrar", {}, "accepted", "分流", "dispatching"),
        ("assign", "小何", "dispatcher", {"lead_unit": "水利站"}, "assigned", "研判", "handlers"),
        ("acknowledge", "老赵", "lead_handler", {}, "handling", "处置", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "已疏通"}, "feedback", "回访", "visitors"),
        ("return_visit", "小林", "registrar", {"not_solved": True, "words": "还堵"}, "handling", "处置", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "又清了一次"}, "feedback", "回访", "visitors"),
        ("return_visit", "小林", "registrar", {"satisfaction": "4", "words": "通了"}, "closed", "结案", ""),
    ],
    "grade_routing": [
        (*REPORT, "登记", "screeners"),
        ("screen", "小林", "registrar", {}, "screening", "定级", "screeners"),
        ("accept", "小林", "registrar", {"grade": "major"}, "accepted", "交办", "dispatching"),
        ("assign", "小何", "dispatcher", {"lead_unit": "水利局", "meeting": "第3次联席会议"}, "assigned", "交办", "handlers"),
        ("acknowledge", "老赵", "lead_handler", {}, "handling", "处置", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "已疏通"}, "feedback", "反馈", "verifiers"),
        ("verify_pass", "小周", "grid_member", {"finding": "水已退"}, "closed", "办结", "visitors"),
    ],
    "hazard": [
        (*REPORT, "登记", "screeners"),
        ("accept", "小林", "registrar", {}, "accepted", "交办", "dispatching"),
        ("assign", "小何", "dispatcher", {"lead_unit": "水利站"}, "assigned", "交办", "handlers"),
        ("acknowledge", "老赵", "lead_handler", {}, "handling", "整改", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "已清", "measure": "清淤"}, "feedback", "复查", "verifiers"),
        ("verify_fail", "小周", "grid_member", {"reason": "下游还堵"}, "handling", "整改", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "全清", "measure": "清淤"}, "feedback", "复查", "verifiers"),
        ("verify_pass", "小周", "grid_member", {"finding": "合格", "method": "site"}, "closed", "销号", "visitors"),
    ],
    "deliberation": [
        (*REPORT, "谋定", "screeners"),
        ("screen", "小林", "registrar", {}, "screening", "研定", "screeners"),
        ("accept", "小林", "registrar", {}, "accepted", "研定", "dispatching"),
        ("assign", "小何", "dispatcher", {"lead_unit": "村委会", "meeting": "议事会9-1"}, "assigned", "商定", "handlers"),
        (
            "acknowledge", "老赵", "lead_handler", {"decision": "修新沟", "meeting": "村民代表会9-2"},
            "handling", "决定", "handlers",
        ),
        ("feed_back", "老赵", "lead_handler", {"result": "沟已修"}, "feedback", "评定", "verifiers"),
        ("verify_pass", "小周", "grid_member", {"finding": "满意", "score": 92}, "closed", "评定", "visitors"),
    ],
    "patron_case": [
        (*REPORT, "交办", "screeners"),
        ("accept", "小林", "registrar", {}, "accepted", "交办", "dispatching"),
        ("assign", "小何", "dispatcher", {"lead_unit": "司法所", "patron": "王镇长"}, "assigned", "交办", "handlers"),
        ("acknowledge", "老赵", "lead_handler", {}, "handling", "化解", "handlers"),
        ("patron_review", "王镇长", "township_leader", {"finding": "双方愿谈"}, "handling", "化解", "handlers"),
        ("feed_back", "老赵", "lead_handler", {"result": "已和解"}, "feedback", "跟进", "verifiers"),
        ("verify_pass", "小周", "grid_member", {"finding": "属实"}, "closed", "销号", "visitors"),
    ],
    "service_errand": [
        (*REPORT, "受理", "screeners"),
        ("accept", "小林", "registrar", {"receipt_no": "办2026-7"}, "accepted", "受理", "dispatching"),
        (
            "assign", "小何", "dispatcher", {"lead_unit": "水井网格", "lead_role": "grid_member", "category": "errand"},
            "assigned", "代办", "handlers",
        ),
        ("acknowledge", "小周", "grid_member", {}, "handling", "代办", "handlers"),
        ("feed_back", "小周", "grid_member", {"result": "证已办好"}, "feedback", "办结", "handlers"),
        ("pick_up", "小周", "grid_member", {"taken_by": "张三", "receipt": True}, "closed", "评价", "visitors"),
        ("return_visit", "小林", "registrar", {"satisfaction": "5"}, "closed", "评价", ""),
    ],
}  # fmt: skip


def made(number, action, case, user, role, values, event=EVENT, minutes=30):
    at = BEGIN + dt.timedelta(minutes=minutes * number)
    filled = RULES.fill(action, values, event=event, at=at, user=user, unit="综治中心", area="990101101201", case=case)
    step = Step(f"{number:032x}", action, at, filled, user, role, "综治中心", number)
    dues = RULES.dues(case, step)
    return Step(step.id, action, at, {**filled, "due": dues}, user, role, step.unit, number) if dues else step


@pytest.mark.parametrize("profile", WALKS)
def test_a_profile_goes_from_start_to_end(profile):
    event = {**EVENT, "profile": profile}
    case, steps = RULES.begin(event), []
    table = RULES.profiles[profile]
    for number, (action, user, role, values, state, stage, team) in enumerate(WALKS[profile], 1):
        offered = [each.code for each in RULES.allowed(case, ROLES, user, all_profiles=action == "verify")]
        assert action in offered, (number, action)
        step = made(number, action, case, user, role, values, event)
        assert RULES.check(action, step.values, case) == []
        assert RULES.refusals(case, step) == []
        case = RULES.apply(case, step)
        steps.append(Step.read(step.id, step.row(), "", step.rev))
        assert (case.state, table.stages[table.stage(case.state)].label) == (state, stage), action
        assert case.owner_role == team, action
        if RULES.states[state].waiting:
            assert case.due_at is not None
            assert RULES.owner(case).roles
            assert (case.owner_unit == case.lead_unit) is (team == "handlers")
    assert RULES.fold(event, reversed(steps)) == case
    assert RULES.fold(event, steps).contested == ()


@pytest.mark.parametrize(
    ("profile", "place", "missing"),
    [
        ("grade_routing", "accept", "grade"),
        ("grade_routing", "assign", "meeting"),
        ("hazard", "feed_back", "measure"),
        ("hazard", "verify_pass", "method"),
        ("deliberation", "assign", "meeting"),
        ("deliberation", "acknowledge", "decision"),
        ("deliberation", "verify_pass", "score"),
        ("patron_case", "assign", "patron"),
        ("service_errand", "return_visit", "satisfaction"),
        ("six_step", "feed_back", "result"),
        ("six_step", "verify_pass", "finding"),
    ],
)
def test_what_a_profile_asks_for_is_asked_at_the_desk_and_contested_where_it_lacks(profile, place, missing):
    event = {**EVENT, "profile": profile}
    case = RULES.begin(event)
    for number, (action, user, role, values, *_) in enumerate(WALKS[profile], 1):
        if action == place:
            break
        case = RULES.apply(case, made(number, action, case, user, role, values, event))
    bare = made(number, action, case, user, role, {k: v for k, v in values.items() if k != missing}, event)
    assert missing in [fault.field for fault in RULES.check(action, bare.values, case)]
    after = RULES.apply(case, bare)
    assert (after.state, after.contested) == (case.state, (bare.id,))


@pytest.mark.parametrize(
    ("profile", "action"),
    [
        ("six_step", "screen"),
        ("hazard", "screen"),
        ("centre_loop", "verify_pass"),
        ("centre_loop", "verify"),
        ("service_errand", "verify_pass"),
        ("seven_stage", "pick_up"),
        ("deliberation", "self_handle"),
        ("patron_case", "self_handle"),
    ],
)
def test_what_a_profile_skips_is_neither_offered_nor_done(profile, action):
    event = {**EVENT, "profile": profile}
    case = RULES.begin(event)
    ways = {"screen": 1, "self_handle": 0, "verify_pass": 5, "verify": 5, "pick_up": 6}
    for number, (done, user, role, values, *_) in enumerate(WALKS[profile][: ways[action]], 1):
        case = RULES.apply(case, made(number, done, case, user, role, values, event))
    assert action not in [each.code for each in RULES.allowed(case, ROLES, "别人")]
    step = made(9, action, case, "别人", "registrar", {"finding": "好", "result": "好", "taken_by": "张三"}, event)
    assert [fault.code for fault in RULES.refusals(case, step)] == ["not_in_profile"]
    assert RULES.apply(case, step).contested == (step.id,)


def test_the_words_of_an_action_are_those_of_the_profile():
    assert [RULES.label("verify_pass", profile) for profile in ("six_step", "hazard", "deliberation", "seven_stage")] == [
        "核查结案", "复查销号", "评定通过", "核查通过",
    ]  # fmt: skip
    assert RULES.label("teleport") == "teleport"


@pytest.mark.parametrize(
    ("grade", "level", "offered", "refused"),
    [
        ("simple", "village", {"self_handle", "assign"}, set()),
        ("general", "township", {"assign", "hand_down"}, {"self_handle"}),
        ("prominent", "county", {"assign"}, {"self_handle", "hand_down"}),
        ("major", "county", {"assign"}, {"self_handle", "hand_down"}),
    ],
)
def test_the_grade_says_where_a_case_goes(grade, level, offered, refused):
    event = {**EVENT, "profile": "grade_routing"}
    case = RULES.begin(event)
    case = RULES.apply(case, made(1, "report", case, "小周", "grid_member", {}, event))
    case = RULES.apply(case, made(2, "accept", case, "小林", "registrar", {"grade": grade, "level": "township"}, event))
    assert (case.grade, case.level) == (grade, level)
    found = {action.code for action in RULES.allowed(case, ROLES, "别人")}
    assert offered <= found
    assert not refused & found
    for action in refused:
        values = {"result": "好", "reason": "下交"}
        codes = [f.code for f in RULES.refusals(case, made(3, action, case, "小周", "registrar", values, event))]
        assert "not_of_grade" in codes


def test_a_class_has_its_profile():
    assert [RULES.profile_for(code) for code in ("hazard_fire", "hazard", "errand", "dispute", None)] == [
        "hazard", "hazard", "service_errand", None, None,
    ]  # fmt: skip


def test_the_profile_stands_with_the_report_and_changes_only_by_a_step():
    event = {**EVENT, "profile": "hazard"}
    case = RULES.begin(event)
    report = made(1, "report", case, "小周", "grid_member", {}, event)
    assert RULES.fold({**event, "profile": "six_step"}, [report]).profile == "hazard"
    change = made(
        2, "set_profile", RULES.fold(event, [report]), "小林", "registrar", {"profile": "deliberation"}, event
    )
    case = RULES.fold(event, [report, change])
    assert (case.profile, case.state, case.contested) == ("deliberation", "reported", ())


def test_a_patron_looks_at_his_case_month_by_month():
    event = {**EVENT, "profile": "patron_case"}
    case = RULES.begin(event)
    for number, (action, user, role, values, *_) in enumerate(WALKS["patron_case"], 1):
        before = case.due.get("patron_due")
        case = RULES.apply(case, made(number, action, case, user, role, values, event, 60 * 24 * 3))
        if case.patron and RULES.states[case.state].waiting:
            assert case.due["patron_due"] >= case.last_at
        if action == "patron_review":
            assert case.due["patron_due"] > before
            assert case.review_count == 1
    assert "patron_due" not in case.due


def test_a_deliberation_has_no_signing_limit_and_time_until_the_next_meeting():
    event = {**EVENT, "profile": "deliberation"}
    case = RULES.begin(event)
    for number, (action, user, role, values, *_) in enumerate(WALKS["deliberation"][:4], 1):
        case = RULES.apply(case, made(number, action, case, user, role, values, event))
        if action == "accept":
            assert iso(case.due_at) == "2026-10-21T23:59:59+08:00"
    assert set(case.due) == {"handle_due"}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('next = { feedback = "return_visit" }', 'next = { feedback = "go_home" }', "rules.name_unknown"),
        ('owners = { feedback = "visitors" }', 'owners = { feedback = "nobody" }', "rules.name_unknown"),
        ('require = ["measure"]', 'require = ["measures"]', "rules.name_unknown"),
        ('accept = { label = "立案" }', 'acept = { label = "立案" }', "rules.name_unknown"),
        ('accept = { label = "立案" }', 'accept = { lable = "立案" }', "rules.key_unknown"),
        ('opens = ["self_handle"]', 'opens = ["self_handel"]', "rules.name_unknown"),
        ('level = "village", opens', 'level = "hamlet", opens', "rules.name_unknown"),
        ('skips = ["verify", "verify_pass", "verify_fail"]', 'skips = ["verify", "accept", "self_handle"]', "rules.name_unknown"),
        ('in = ["service_errand"]', 'in = ["hazard"]', "rules.name_unknown"),
        ('hazard = "hazard"', 'hazard = "danger"', "rules.name_unknown"),
        (', owner = "screeners" }', " }", "rules.key_missing"),
        ('classes = ["dispute_neighbour",', 'classes = ["dispute_neigbour",', "rules.name_unknown"),
        ("[[admission]]\n", '[[admission]]\nsince = "2026"\n', "rules.value_wrong"),
        ('must = ["master"]', 'must = ["mister"]', "rules.name_unknown"),
        (
            'skips = ["screen"]\n[profiles.hazard.actions]\naccept = { label = "确认登记" }\n',
            'skips = ["screen", "accept", "reject", "merge", "withdraw", "void"]\n[profiles.hazard.actions]\n',
            "rules.no_way",
        ),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_refused_by_file_place_and_key(tmp_path, old, new, code):
    folder = shutil.copytree(resource("rules"), tmp_path / "rules")
    text = (folder / "cases.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "cases.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnownError) as error:
        CaseRules.load(folder, CODES)
    assert error.value.code == code
    assert "cases.toml" in str(error.value)

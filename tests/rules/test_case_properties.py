"""What must hold of every case, whatever was done and in whatever order it reached the county."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from app.paths import resource
from app.rules.case_engine import CaseRules
from app.rules.case_fold import Step
from app.rules.permissions import Permissions
from app.schema.codes import load_codes
from tests.rules.test_case_engine import BEGIN, EVENT, NEEDED

CODES = load_codes(resource("codes"))
RULES = CaseRules.load(codes=CODES)
ROLES = Permissions.load().township_roles()
# What the profiles ask for beyond the general need.
SAID = {
    "measure": "清淤", "method": "site", "meeting": "联席会议", "decision": "修", "score": 90, "patron": "王镇长",
    "grade": "general", "satisfaction": "4", "form_no": "3号", "approved_by": "陈主任",
}  # fmt: skip


def act(case, code, number, at, user, event, **extra):
    """The step of *code* with everything said that it asks for, as a desk would save it."""
    known = {field.name for field in (RULES.action(code, case.profile) or RULES.actions[code]).fields}
    values = {**{name: value for name, value in SAID.items() if name in known}, **NEEDED.get(code, {}), **extra}
    filled = RULES.fill(code, values, event=event, at=at, user=user, unit="供电所", area="990101101201", case=case)
    role = RULES.role_for(code, ROLES) or ""
    step = Step(f"{number:032x}", code, at, filled, user, role, "供电所")
    dues = RULES.dues(case, step)
    return Step(step.id, code, at, {**filled, "due": dues}, user, role, "供电所") if dues else step


def draw_event(data):
    return {
        **EVENT,
        "urgency": data.draw(st.sampled_from(["normal", "urgent", "critical"])),
        "profile": data.draw(st.sampled_from(sorted(RULES.profiles))),
        "category": data.draw(
            st.sampled_from(["hazard_road", "dispute_land", "appeal_water", "order", "errand", "other"])
        ),
    }


def walk(data, case, event, number, at, steps, most, who):
    """Go on from *case* by what is offered; the case then and the steps."""
    for _ in range(data.draw(st.integers(0, most))):
        number += 1
        user = f"{who}{number}"
        choices = [a.code for a in RULES.allowed(case, ROLES, user, all_profiles=True)]
        choices = [code for code in choices if code in RULES.profiles[case.profile].actions]
        if not choices:
            break
        if data.draw(st.integers(0, 7)):
            # Most cases are not ended early, or few would come far.
            choices = [code for code in choices if code not in {"void", "reject", "merge", "archive"}] or choices
        code = data.draw(st.sampled_from(choices))
        at += dt.timedelta(hours=data.draw(st.integers(0, 60)))
        extra = data.draw(st.sampled_from([{}, {"follow_up": True}, {"not_solved": True}, {"engineering": True}]))
        if code == "set_profile":
            extra = {"profile": data.draw(st.sampled_from(sorted(RULES.profiles)))}
        done = act(case, code, number, at, user, event, **extra)
        if RULES.check(code, done.values, case) or RULES.refusals(case, done):
            continue
        case = RULES.apply(case, done)
        steps.append(done)
        sound(case)
    return case


def sound(case):
    """Somebody must act and knows until when, wherever a case waits."""
    state = RULES.states[case.state]
    if state.waiting:
        owner = RULES.owner(case)
        assert owner, case.state
        assert owner.roles, case.state
        assert case.due_at is not None, case.state
        assert set(owner.roles) & set(ROLES)
        usual = RULES.profiles[case.profile].next[case.state]
        ways = [a for a in RULES.profiles[case.profile].actions.values() if case.state in a.sources and not a.quiet]
        assert ways, usual
        if case.transferred:
            assert owner.unit == "", "a body outside is nobody's unit here"
        elif state.of_lead:
            assert owner.unit == case.lead_unit != None, (case.state, case.lead_unit)  # noqa: E711
    if state.counts == "open":
        assert case.lead_unit, case.state
        assert case.accepted_at is not None
    assert (case.closed_at is not None) == (state.counts == "closed")
    if state.counts == "closed":
        assert case.result
    if not state.waiting:
        assert set(case.due) <= {"visit_due"}


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_no_sequence_of_allowed_actions_reaches_a_waiting_state_without_owner_and_due(data):
    event = draw_event(data)
    steps = []
    case = walk(data, RULES.begin(event), event, 0, BEGIN, steps, 14, "人")
    assert case.contested == ()
    assert [move.step for move in case.moves] == [step.id for step in steps]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_of_two_offline_devices_no_step_is_lost_in_whatever_order_the_county_takes_them(data):
    event = draw_event(data)
    steps = []
    seen = walk(data, RULES.begin(event), event, 0, BEGIN, steps, 6, "人")
    apart = [], []
    for device, mine in enumerate(apart):
        walk(data, seen, event, 100 * (device + 1), BEGIN + dt.timedelta(days=20), mine, 5, "甲乙"[device])
    order, left = list(steps), [list(mine) for mine in apart]
    while any(left):
        side = data.draw(st.sampled_from([number for number, mine in enumerate(left) if mine]))
        order.append(left[side].pop(0))
    numbered = [Step(s.id, s.action, s.at, s.values, s.user, s.role, s.unit, rev) for rev, s in enumerate(order, 1)]
    case = RULES.fold(event, numbered)
    # Each is in the case once: it moved it, or it waits for a person's word; what waits is all there to be read.
    assert [move.step for move in case.moves] == [step.id for step in order]
    assert set(case.contested) == set(case.aside)
    assert all(case.aside[one].values == next(s for s in order if s.id == one).values for one in case.contested)
    sound(case)
    mixed = data.draw(st.permutations(numbered))
    assert RULES.fold(event, mixed) == case
    # A person can always settle what is contested, and then nothing waits for him any more.
    for number, one in enumerate(case.contested):
        values = {"step": one, "word": "drop"}
        at = BEGIN + dt.timedelta(days=60)
        case = RULES.apply(case, Step(f"{900 + number:032x}", "settle", at, values, "主任", "director"))
    assert case.contested == ()
    sound(case)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_step_that_counts_after_all_leaves_a_sound_case(data):
    event = draw_event(data)
    steps = []
    seen = walk(data, RULES.begin(event), event, 0, BEGIN, steps, 7, "人")
    apart = [], []
    ends = [
        walk(data, seen, event, 100 * (device + 1), BEGIN + dt.timedelta(days=20), mine, 4, "甲乙"[device])
        for device, mine in enumerate(apart)
    ]
    case = ends[0]
    for late in apart[1]:
        case = RULES.apply(case, late)
    for number, one in enumerate(case.contested):
        at = BEGIN + dt.timedelta(days=60)
        case = RULES.apply(
            case, Step(f"{900 + number:032x}", "settle", at, {"step": one, "word": "keep"}, "主任", "director")
        )
        # Done now, or asked about still: never gone.
        assert one in case.contested or case.settled[one] == "keep"
        sound(case)

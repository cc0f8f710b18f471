"""Nothing falls out of the lists: requests, the parts of assisting units, reports taken back, merged cases, cases of before other rules."""

from __future__ import annotations

from dataclasses import replace

from app.paths import resource
from app.rules.case_fold import Step
from app.rules.ruling import shipped_text
from app.services.office import make_office, office_with_key
from app.services.ruling import Ruling, text_of
from app.store.store import new_key
from tests.services.conftest import ALL, CHEAP, TOWN, UPPER, colleague
from tests.services.test_case_lists import ids
from tests.services.test_case_sources import HAZARD
from tests.services.test_cases import act, event_of, report, to_feedback


def stands(office, tab, event):
    """Whether *event* is listed and counted under *tab*, and given by the queue of that name."""
    listed = event in ids(office, tab)
    assert office.case_lists.counts()[tab] == len(ids(office, tab))
    assert (event in {case.id for case in office.cases.queue(tab)}) == listed
    return listed


def handled(office, event, **assigned):
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村电站", **assigned)
    act(office, event, "acknowledge")


def test_who_may_give_an_answer_has_the_request_on_his_desk(office):
    power = colleague(office, "zhao", roles=("lead_handler",), unit="村电站")
    dispatcher, director = (colleague(office, user, roles=(user,)) for user in ("dispatcher", "director"))
    event = report(office)
    handled(office, event)
    assert not stands(dispatcher, "mine", event)
    act(power, event, "extend_request", days=2, reason="等材料")
    assert stands(dispatcher, "mine", event)
    assert stands(director, "mine", event)
    assert stands(power, "mine", event)
    act(dispatcher, event, "extend_grant", days=2)
    act(power, event, "suspend_request", reason="等立项")
    assert not stands(dispatcher, "mine", event), "a suspension is the director's"
    assert stands(director, "mine", event)
    act(director, event, "suspend", reason="等立项")
    assert not stands(director, "mine", event)


def test_an_assisting_unit_has_its_part_before_it_until_it_is_done(office):
    police = colleague(office, "pc", roles=("assist_handler",), unit="派出所")
    clerk = colleague(office, "pr", roles=("registrar",), unit="派出所")
    event = report(office)
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村电站", assist_units="派出所、林业站")
    for tab in ("mine", "unit"):
        assert stands(police, tab, event)
        assert stands(clerk, tab, event)
        assert not stands(colleague(office, "所", roles=("registrar",), unit="派"), tab, event), (
            "a part of a name is no name"
        )
    act(police, event, "assist_feed_back", result="已到场")
    assert event_of(office, event)["assist_open"] == "林业站"
    assert event_of(office, event)["assisting"] == "派出所、林业站"
    assert not stands(police, "mine", event)
    assert event in ids(police, "open"), "what he helped with he may go on reading"


def test_a_report_that_was_taken_back_lies_before_who_made_it(office):
    event = report(office)
    act(office, event, "withdraw", reason="地点写错了")
    assert stands(office, "mine", event)
    assert not stands(colleague(office, "ma"), "mine", event)
    act(office, event, "report")
    assert office.cases.case(event).state.state == "reported"


def test_who_reported_a_merged_case_is_told_once_the_master_is_closed(office):
    master, middle, one = (report(office) for _ in range(3))
    clerk = colleague(office, "ma", roles=("registrar",))
    act(office, one, "merge", master=middle)
    act(office, middle, "merge", master=master)
    to_feedback(office, master)
    assert not stands(clerk, "to_visit", one)
    act(colleague(office, "wang"), master, "verify_pass", finding="亮了")
    assert stands(clerk, "to_visit", one)
    assert stands(clerk, "to_visit", middle)
    act(clerk, one, "tell_reporter", told="修好了")
    assert not stands(clerk, "to_visit", one)
    act(office, master, "reopen", reason="又坏了")
    assert not stands(clerk, "to_visit", middle)


def test_of_a_chain_of_merged_cases_each_hears_of_the_end_though_the_one_between_was_told_before(office):
    master, middle, one = (report(office) for _ in range(3))
    clerk = colleague(office, "ma", roles=("registrar",))
    act(office, one, "merge", master=middle)
    act(office, middle, "merge", master=master)
    act(clerk, middle, "tell_reporter", told="已经在办了")
    to_feedback(office, master)
    act(colleague(office, "wang"), master, "verify_pass", finding="亮了")
    assert stands(clerk, "to_visit", one)
    act(office, master, "reopen", reason="又坏了")
    assert not stands(clerk, "to_visit", one)


def test_a_merged_case_whose_master_fell_lies_on_the_first_desk(office):
    master, one = report(office), report(office)
    clerk = colleague(office, "ma", roles=("registrar",))
    act(office, one, "merge", master=master)
    assert not stands(clerk, "mine", one)
    act(office, master, "reject", reason="查无此事", approved_by="主任")
    assert stands(clerk, "mine", one)
    assert [case.id for case in office.cases.adrift()] == [one]
    act(clerk, one, "split_off", reason="另办")
    assert office.cases.adrift() == []


def test_cases_of_before_follow_who_must_act_by_the_county_s_new_rules(tmp_path, clock):
    key, home = new_key(), tmp_path / "ruled"
    account = {"name": "林小禾", "roles": list(ALL), "areas": [TOWN], "unit": "综治中心"}
    office = make_office(home, key, "lin", "pw", account, now=clock, cost=CHEAP)
    event = report(office)
    assert event_of(office, event)["owner_role"] == "screeners"
    text = resource("rules", "cases.toml").read_text(encoding="utf-8")
    text = text.replace('"screeners"', '"front"').replace("@screeners", "@front").replace("\nscreeners =", "\nfront =")
    office.store.ruled.take(1, 0, [(1, "cases", 0, text)])
    assert office.renew_rules()
    assert event_of(office, event)["owner_role"] == "front"
    assert event in ids(office, "mine")
    office.close()
    again = office_with_key(home, "lin", key, now=clock)
    reckoned = []
    again.store._derive = lambda _store, touched: reckoned.append(touched)
    assert Ruling(again.forms).note(again.store)
    assert reckoned == [], "what was reckoned by these rules is not reckoned again"
    again.close()


def test_steps_judged_by_former_rules_leave_the_case_with_an_owner_of_now(office):
    rules = office.cases.rules
    event = report(office)
    case = office.cases.case(event)
    former = type(rules)(**{**vars(rules), "teams": {**rules.teams, "old": ("registrar",)}})
    states = {**rules.states, "reported": replace(rules.states["reported"], owner="old")}
    former = type(rules)(**{**vars(former), "states": states})
    now = type(rules)(**{**vars(rules), "former": ((9, former),)})
    steps = [
        type(step)(step.id, step.action, step.at, step.values, step.user, step.role, step.unit, 5)
        for step in case.steps
    ]
    assert former.fold(case.event.values, steps).owner_role == "old"
    assert now.fold(case.event.values, steps).owner_role == "screeners"


def dropped(office, event, action, **values):
    """A step that wasn't allowed where it fell, and that a person dropped."""
    step = Step(office.store.new_id(), action, office.cases.now(), values, "wang", "director", "督查室")
    office.store.save([office.cases._edit(event, UPPER, step)], "wang")
    assert office.cases.case(event).state.contested == (step.id,)
    assert office.cases.settle(event, step.id, "drop").ok


def test_a_step_that_was_dropped_counts_nowhere(office):
    hazard = office.records.save("hazard", HAZARD, area=UPPER).record.id
    made = office.sources.make("hazard", hazard).record.id
    act(office, made, "accept")
    dropped(office, made, "verify_pass", finding="没看过")
    act(office, made, "assign", lead_unit="村电站")
    act(office, made, "acknowledge")
    act(office, made, "feed_back", result="已换线", measure="换线")
    act(office, made, "close_direct", reason="当事人确认")
    assert "rechecked_by" not in office.sources.news("hazard", hazard)

    patron = report(office)
    act(office, patron, "accept")
    dropped(office, patron, "patron_review", finding="没包过案")
    act(office, patron, "name_patron", patron="杨书记")
    assert [one.reviews for one in office.patrons.cases()] == [()]

    master, one = report(office), report(office)
    dropped(office, one, "tell_reporter", told="修好了")
    act(office, one, "merge", master=master)
    assert [part.told for part in office.links.of(master).parts] == [False]


def test_ninety_days_are_ninety_on_the_page_of_a_case_too(office, clock):
    rubbish = {"title": "垃圾没人收", "category": "environment_rubbish", "place": "村口"}
    events = []
    for days in (60, 60, 15, 0):
        events.append(report(office, **rubbish))
        if len(events) == 3:
            assert [office.repeats.of(event) for event in events] == [(), (), ()]
        clock.hours(24 * days)
    assert [repeat.events for repeat in office.repeats.of(events[1])] == [(events[3], events[2], events[1])]
    assert office.repeats.of(events[0]) == ()


def test_the_text_that_counts_is_the_last_that_can_be_read(office):
    good = shipped_text("calendar_2026").replace("08:30-12:00", "09:00-12:00")
    rows = [(1, "calendar_2026", 0, good), (2, "calendar_2026", 0, "year ="), (3, "calendar_2026", 0, "neither")]
    office.store.ruled.take(3, 0, rows)
    assert text_of(office.store, "calendar_2026") == good
    assert text_of(office.store, "calendar_2025") == shipped_text("calendar_2025")


def test_who_is_not_of_the_lead_unit_is_told_so_and_who_stands_in_for_it_is_not(office):
    event = report(office, category="appeal")
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村电站", lead_handler="小周", lead_role="grid_member")

    def told(user, role, unit):
        desk = colleague(office, user, roles=(role,), unit=unit)
        return [(one.code, one.strict) for one in desk.cases.concerns(desk.cases.case(event), "acknowledge")]

    assert told("小吴", "grid_member", "下寨村") == [("handler_of_lead", False)]
    assert told("小周", "grid_member", "上寨村") == []
    assert told("老赵", "grid_leader", "村电站") == []
    assert told("小林", "registrar", "综治中心") == []
    stranger = colleague(office, "小吴", roles=("grid_member",), unit="下寨村")
    act(stranger, event, "acknowledge")
    assert event_of(office, event)["state"] == "handling", "a warning stops nobody"


def test_an_extension_asked_for_before_a_suspension_still_waits_for_its_word_after_it(office):
    power = colleague(office, "zhao", roles=("lead_handler",), unit="村电站")
    dispatcher, director = (colleague(office, user, roles=(user,)) for user in ("dispatcher", "director"))
    event = report(office)
    handled(office, event)
    act(power, event, "extend_request", days=2, reason="等材料")
    act(power, event, "suspend_request", reason="等立项")
    act(director, event, "suspend", reason="等立项")
    assert not stands(dispatcher, "mine", event), "nobody can say a word about it while the clock stands"
    act(director, event, "resume", reason="立项了")
    assert stands(dispatcher, "mine", event)
    before = event_of(office, event)["due_at"]
    act(dispatcher, event, "extend_grant", days=2)
    assert event_of(office, event)["due_at"] > before
    assert not stands(dispatcher, "mine", event)

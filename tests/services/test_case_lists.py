"""The lists of cases: what stands under each tab, what passes a filter, in which order, and all of it by index."""

from __future__ import annotations

import datetime as dt

import pytest

from app.errors import KnownError
from app.services import case_lists
from app.services.case_lists import TABS, CaseFilter, CaseLists
from app.store import case_listing
from app.store.agreement import Area
from tests.services.conftest import LOWER, TOWN, UPPER, colleague
from tests.services.test_cases import act, report, to_feedback

WAITING = {"reported", "screening", "accepted", "assigned", "handling", "suspended", "feedback", "verifying"}


@pytest.fixture
def many(office, clock):
    """Cases in every state that a tab asks for, over two villages, two days, three classes and a grid with one in it."""
    grid = office.records.save("grid", {"name": "第一网格"}, area=UPPER).record.id
    small = office.records.save("grid", {"name": "一微网格", "upper": grid}, area=UPPER).record.id
    clerk, power = colleague(office, "ma"), colleague(office, "zhao", unit="村电站")
    act(clerk, report(clerk, title="路灯不亮", category="facility_light", grid=grid), "accept")
    clock.hours(1)
    water = report(office, title="水管爆裂", category="hazard_road", area=LOWER, urgency="urgent")
    act(office, water, "accept")
    act(office, water, "assign", lead_unit="村电站", assist_units="派出所、林小禾")
    returned = report(office, title="树倒了", grid=small)
    act(office, returned, "accept")
    act(office, returned, "assign", lead_unit="林业站")
    act(colleague(office, "lin2", unit="林业站"), returned, "return_back", reason="不归我管")
    clock.hours(24)
    done = report(clerk, title="井盖破损", category="hazard", profile="seven_stage", area=LOWER)
    to_feedback(office, done)
    act(clerk, done, "verify_pass", finding="好了")
    visited = report(clerk, title="路灯又不亮")
    to_feedback(office, visited)
    act(clerk, visited, "verify_pass", finding="好了")
    act(clerk, visited, "return_visit", satisfaction="5")
    waits = report(clerk, title="噪声扰邻", category="dispute_neighbour_noise")
    to_feedback(office, waits)
    watched = report(clerk, title="路面塌陷", area=LOWER)
    act(clerk, watched, "accept")
    act(clerk, watched, "assign", lead_unit="村建办")
    act(clerk, watched, "supervise", opinion="限期")
    office.cases.keep({"title": "还没写完"}, area=UPPER)
    clock.hours(30)
    office.grid, office.power = grid, power
    return office


def ids(office, tab="all", order="", **asked):
    found = office.case_lists.listed(tab, CaseFilter(**asked), order)
    return found.listing.page(0, len(found.listing))


def titles(office, tab="all", order="", **asked):
    found = office.case_lists.listed(tab, CaseFilter(**asked), order)
    return [case.values["title"] for case in office.case_lists.page(found.listing, 0, 100)]


def test_each_tab_has_what_stands_there_and_counts_it(many):
    for tab in TABS:
        stands(many, tab)


def stands(many, tab):
    cases = many.store.select("event")
    now = many.cases.now()
    if tab in ("mine", "unit", "returned", "to_verify", "supervised", "to_visit"):
        wanted = {case.id for case in many.cases.queue(tab)}
    else:
        passes = {
            "all": lambda _values: True,
            "open": lambda values: values["state"] in WAITING,
            "late": lambda values: values["state"] in WAITING and dt.datetime.fromisoformat(values["due_at"]) < now,
            "today": lambda values: (
                values["state"] in WAITING
                and now <= dt.datetime.fromisoformat(values["due_at"])
                and values["due_at"][:10] == now.date().isoformat()
            ),
        }[tab]
        wanted = {case.id for case in cases if passes(case.values)}
    found = many.case_lists.listed(tab)
    assert set(ids(many, tab)) == wanted, tab
    assert len(found.listing) == len(wanted), "nothing twice"
    assert found.counts[tab] == (None if tab == "all" else len(wanted)), tab
    assert wanted or tab in ("unit", "today"), "this test asks for something"


FILTERS = (
    ({"category": "hazard"}, {"水管爆裂", "井盖破损"}),
    ({"category": "hazard_road"}, {"水管爆裂"}),
    ({"category": "dispute"}, {"噪声扰邻"}),
    ({"category": "dispute_neighbour_noise"}, {"噪声扰邻"}),
    ({"area": LOWER}, {"水管爆裂", "井盖破损", "路面塌陷"}),
    ({"grid": "the first"}, {"路灯不亮", "树倒了"}),
    ({"unit": "村建办"}, {"路面塌陷"}),
    ({"state": "closed"}, {"井盖破损", "路灯又不亮"}),
    ({"time": "reported", "until": "2026-09-18"}, {"路灯不亮", "水管爆裂", "树倒了"}),
    (
        {"time": "reported", "since": "2026-09-19", "until": "2026-09-19"},
        {"井盖破损", "路灯又不亮", "噪声扰邻", "路面塌陷"},
    ),
    ({"time": "closed", "since": "2026-09-19"}, {"井盖破损", "路灯又不亮"}),
    ({"time": "found", "since": "2030-01-01"}, set()),
    ({"text": "路灯"}, {"路灯不亮", "路灯又不亮"}),
    ({"text": "路灯", "state": "closed"}, {"路灯又不亮"}),
    ({"text": "路灯", "category": "facility"}, {"路灯不亮"}),
    ({"text": "没有这件事"}, set()),
    ({"area": UPPER, "category": "hazard"}, set()),
)


def test_a_filter_lets_through_what_it_says(many):
    for asked, found in FILTERS:
        wanted = {**asked, "grid": many.grid} if "grid" in asked else asked
        assert set(titles(many, **wanted)) == found, asked


def test_a_list_is_sorted_either_way_and_what_is_empty_comes_last(many):
    for order in case_listing.SORTED_BY:
        in_order(many, order)


def in_order(many, order):
    cases = {case.id: case for case in many.store.select("event")}
    states = list(many.cases.rules.states)

    def key(one):
        held = cases[one].area if order == "area" else cases[one].values.get(order)
        return states.index(held) if order == "state" else held

    up, down = [[key(one) for one in ids(many, order=way + order)] for way in ("", "-")]
    filled = [value for value in up if value is not None]
    assert up == sorted(filled) + [None] * (len(up) - len(filled))
    assert down == sorted(filled, reverse=True) + [None] * (len(up) - len(filled))


def test_a_long_list_knows_its_length_and_is_read_on_where_somebody_looks(many, monkeypatch):
    whole = ids(many, order="title")
    monkeypatch.setattr(case_listing, "HEAD", 3)
    listing = many.case_lists.listed("all", order="title").listing
    assert (len(listing), len(listing.packed)) == (len(whole), 3 * 16)
    assert listing.page(0, 2) == whole[:2]
    assert listing.page(2, 4) == whole[2:6]
    assert listing.page(0, 100) == whole


def test_the_first_of_all_cases_are_the_first_of_the_whole_list_in_every_order(many, monkeypatch):
    orders = [way + order for order in case_listing.SORTED_BY for way in ("", "-")]
    whole = {order: ids(many, order=order) for order in orders}
    in_village = {order: ids(many, order=order, area=LOWER) for order in orders}
    for head in (1, 2, 5, 100):
        monkeypatch.setattr(case_listing, "HEAD", head)
        monkeypatch.setattr(case_listing, "_WALK", 2 * head)
        for order in orders:
            assert ids(many, order=order) == whole[order], (order, head)
            assert ids(many, order=order, area=LOWER) == in_village[order], (order, head)
            found = many.case_lists.listed("all", order=order).listing
            assert (len(found), found.page(0, head)) == (len(whole[order]), whole[order][:head]), (order, head)


def test_all_cases_are_not_laid_in_order_to_show_the_first(office):
    conn = office.store.conn
    for order in sorted(case_listing.WALKED):
        for way in ("", "-"):
            wanted = office.case_lists._in_tab(office.case_lists._wanted(CaseFilter()), "all")
            asked = []
            conn.set_trace_callback(asked.append)
            case_listing._first(conn, wanted, way + order, None)
            conn.set_trace_callback(None)
            [sql] = [one for one in asked if "INDEXED BY" in one]
            walk = sql.partition("FROM (")[2].partition(") WHERE")[0]
            [step] = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {walk}")]
            name = f"{step} ".partition(" (")[0].split()[-1]
            assert name in {f"record_event_{order}", f"record_event_living_{order}"}, step


def test_one_character_is_found_in_every_title_and_counted_under_every_tab(many):
    assert set(titles(many, text="路")) == {"路灯不亮", "路灯又不亮", "路面塌陷"}
    assert set(titles(many, tab="open", text=" 路 ")) == {"路灯不亮", "路面塌陷"}
    assert set(titles(many, text="路", area=LOWER)) == {"路面塌陷"}
    found = many.case_lists.listed("open", CaseFilter(text="路"))
    assert (found.counts["all"], found.counts["open"], found.cut) == (3, 2, False)
    assert titles(many, text="鑫") == []
    assert titles(many, text="路灯 又") == ["路灯又不亮"]
    assert set(titles(many, text="路灯 亮")) == {"路灯不亮", "路灯又不亮"}
    assert titles(many, text="路灯 鑫") == titles(many, text="塌 灯") == []
    assert titles(many, text="塌 路") == ["路面塌陷"]


def test_words_are_counted_under_every_tab(many):
    found = many.case_lists.listed("late", CaseFilter(text="路灯"))
    assert found.counts["all"] == 2
    assert found.counts["open"] == 1
    assert len(found.listing) == found.counts["late"]


def test_words_that_fit_too_many_look_through_the_tab_alone(many, monkeypatch):
    monkeypatch.setattr(case_lists, "MOST_FOUND", 1)
    found = many.case_lists.listed("to_visit", CaseFilter(text="井盖"))
    assert [case.values["title"] for case in many.case_lists.page(found.listing, 0, 9)] == ["井盖破损"]
    assert found.cut
    monkeypatch.setattr(case_lists, "MOST_FOUND", 2)
    found = many.case_lists.listed("open", CaseFilter(text="路灯"))
    assert [case.values["title"] for case in many.case_lists.page(found.listing, 0, 9)] == ["路灯不亮"]
    assert not found.cut


def test_who_handles_only_his_own_sees_only_his_own(many):
    lead = colleague(many, "zhao", roles=("lead_handler",), unit="村电站")
    assert set(titles(lead)) == {"水管爆裂", "井盖破损", "路灯又不亮", "噪声扰邻"}
    assert titles(lead, text="路面") == []
    assert titles(lead, text="水管") == ["水管爆裂"]
    assert lead.case_lists.counts()["open"] == len(titles(lead, "open")) == 2
    assisting = colleague(many, "pc", roles=("assist_handler",), unit="派出所")
    assert titles(assisting) == ["水管爆裂"]
    assert titles(colleague(many, "出所", roles=("assist_handler",), unit="")) == [], "a part of a name is no name"


def test_what_lies_outside_the_areas_of_a_user_is_not_listed(many):
    assert set(titles(colleague(many, "he", areas=(LOWER,)))) == {"水管爆裂", "井盖破损", "路面塌陷"}
    assert titles(colleague(many, "he", areas=())) == []


def test_words_are_looked_for_in_ones_own_areas_alone_so_that_no_others_hits_use_up_the_most(many, monkeypatch):
    report(many, title="井盖丢了", area=UPPER)
    monkeypatch.setattr(case_lists, "MOST_FOUND", 1)
    for area, title in ((UPPER, "井盖丢了"), (LOWER, "井盖破损")):
        assert titles(colleague(many, "he", areas=(area,)), text="井盖") == [title]


def test_a_village_given_to_the_township_from_elsewhere_is_of_it(many):
    far = "990009999201"
    many.store.sync.set_areas([Area(TOWN, "云岭镇", "township"), Area(far, "远村", "village", TOWN)])
    many.gate.renew()
    report(many, title="远处的事", area=far)
    assert "远处的事" in titles(many)
    assert titles(many, text="远处") == ["远处的事"]


def test_a_deleted_case_is_in_no_list(many):
    [event] = ids(many, text="树倒")
    act(many, event, "void", reason="登重了", asked_by="小林")
    many.records.delete("event", event, "登重了")
    assert event not in ids(many)
    assert titles(many, text="树倒") == []


def test_the_desk_is_told_how_many_are_due_when(many):
    now = many.cases.now()
    found = many.case_lists.by_due("open", [now, now + dt.timedelta(days=400)])
    assert found == [len(ids(many, "late")), len(ids(many, "open")) - len(ids(many, "late")), 0]
    soonest = many.case_lists.soonest("open", 2)
    assert [case.id for case in soonest] == ids(many, "open")[:2]


def test_every_unit_that_leads_a_case_can_be_chosen(many):
    assert many.case_lists.units() == sorted({"村电站", "村建办"})


def test_a_filter_is_kept_for_its_user_by_name(many):
    lists, held = many.case_lists, CaseFilter(category="hazard", time="due", since="2026-09-01")
    lists.keep("隐患", held)
    lists.keep("下寨", CaseFilter(area=LOWER))
    assert lists.kept() == {"隐患": held, "下寨": CaseFilter(area=LOWER)}
    assert colleague(many, "he").case_lists.kept() == {}
    lists.filters.forget("隐患")
    assert list(lists.kept()) == ["下寨"]
    with pytest.raises(KnownError):
        lists.keep(" ", held)


def test_no_tab_reads_the_cases_themselves_and_what_is_closed_is_not_looked_at_for_what_is_open(office):
    for who in (office, colleague(office, "he", roles=("lead_handler",))):
        for tab in TABS:
            searched(who.case_lists, office.store.conn, tab)


def searched(lists: CaseLists, conn, tab):
    wanted = lists._in_tab(lists._wanted(CaseFilter(category="hazard", area=UPPER)), tab)
    source, condition, params = case_listing._asked(conn, wanted)
    for what in ("r.id", "count(*)"):
        plan = conn.execute(f"EXPLAIN QUERY PLAN SELECT {what} FROM {source} WHERE {condition}", params).fetchall()
        [step] = [row[3] for row in plan]
        assert f"COVERING INDEX {case_listing.INDEX}" in step, (tab, step)
        assert step.startswith("SCAN" if tab == "all" else "SEARCH"), (tab, step)
        assert tab == "all" or "(state=?" in step, (tab, step)
        assert tab != "to_visit" or "visit_due>?" in step, (tab, step)

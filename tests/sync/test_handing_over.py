"""Grids, households and people handed over between desks of differing scope, while others go on working without the network."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.errors import Denied, KnownError
from app.rules.case_engine import CaseRules
from app.rules.permissions import Permissions
from app.services.cases import derive_cases
from app.services.office import Office
from app.services.session import Session
from app.store.store import Store
from sync.client import exchange
from sync.county import office as county_office
from sync.wire import Area
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES, Running

OLD, NEW = VILLAGES[:2]
ALL = Permissions.load().township_roles()
RULES = CaseRules.load()
LAMP = {"title": "路灯不亮", "detail": "三天了", "place": "村口"}


class Desks:
    """Offices of one county, each on a device of its own."""

    def __init__(self, running, folder, empty_home, forms, stack):
        self.running = running
        self._folder = folder
        self._empty = empty_home
        self._forms = forms
        self._stack = stack
        self._http = {}

    def office(self, user, areas, roles=ALL):
        home, key = self._empty
        folder = self._folder / user
        shutil.copytree(home, folder)
        store = Store.open(folder, key, self._forms, derive=derive_cases(RULES))
        self._stack.callback(store.close)
        desk = self.running.device(store, user, areas, roles)
        session = Session(user, user, tuple(roles), tuple(areas), "单位", store.sync.state.device)
        made = Office(store, session, RULES, Permissions.load())
        self._http[user] = desk.http
        return made

    def sync(self, *offices):
        for office in offices:
            report = exchange(office.store, self._http[office.session.user], sleep=lambda _: None)
            assert report.ok, report.error

    def settle(self, *offices):
        for _ in range(3):
            self.sync(*offices)
        for office in offices:
            report = exchange(office.store, self._http[office.session.user], sleep=lambda _: None)
            assert report.in_agreement
            assert report.left.total == 0
            assert office.store.sync.attention() == []
            assert office.store.sync.reckon() == office.store.sync.digests()
        assert all(row.sound for row in county_office.digest(self.running.county))


@contextlib.contextmanager
def opened(database, forms, empty_home):
    folder = Path(tempfile.mkdtemp())
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        running = stack.enter_context(Running(database or folder / "county.db", forms).serving())
        yield Desks(running, folder, empty_home, forms, stack)


@pytest.fixture
def desks(database, forms, empty_home):
    with opened(database, forms, empty_home) as made:
        yield made


def make(office, form, area=OLD, **values):
    outcome = office.records.save(form, values, area=area)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def grid_of(office):
    """A grid with a building, a dwelling, a household of two, one open case and one that is closed."""
    grid = make(office, "grid", name="第一网格")
    building = make(office, "building", name="1号楼", grid=grid)
    dwelling = make(office, "dwelling", address="1号楼101", building=building, grid=grid)
    home = make(office, "household", head_name="张文贵", dwelling=dwelling)
    head = make(office, "resident", name="张文贵", household=home, relation="0")
    child = make(office, "resident", name="张小小", household=home)
    case = report(office, grid=grid)
    return {
        "grid": grid,
        "building": building,
        "dwelling": dwelling,
        "home": home,
        "head": head,
        "child": child,
        "case": case,
    }


def report(office, **values):
    outcome = office.cases.report({**LAMP, **values}, area=OLD)
    assert outcome.ok, outcome.faults
    return outcome.record.id


def areas_of(office, ids):
    found = {}
    for form in office.forms:
        found.update({r.id: r.area for r in office.store.many(form, ids).values() if not r.deleted})
    return found


def test_a_grid_is_handed_over_with_all_that_hangs_on_it_in_one_save(desks):
    old, new, township = (
        desks.office(*who) for who in (("张旧村", (OLD,)), ("李新村", (NEW,)), ("王乡镇", (TOWNSHIP,)))
    )
    held = grid_of(old)
    closed = report(old, grid=held["grid"])
    outcome = old.cases.act(closed, "self_handle", {"opinion": "已换灯泡", "result": "已修好", "witness": "李四"})
    if not outcome.ok:
        outcome = old.cases.act(closed, "void", {"reason": "误报", "opinion": "误报"})
    assert outcome.ok, outcome.faults
    desks.settle(old, new, township)
    counts = township.registry.preview("grid", held["grid"])
    before = township.store.meta.integer("counter")
    done = township.registry.hand_over_grid(held["grid"], NEW, reason="区划调整")
    assert dict(counts) == dict(done.counts)
    assert done.counts == {
        "grid": 1, "building": 1, "dwelling": 1, "household": 1, "resident": 2, "event": 1, "event_step": 1,
    }  # fmt: skip
    assert township.store.meta.integer("counter") == before + 8
    desks.settle(township, old, new)
    assert areas_of(new, held.values()) == dict.fromkeys(held.values(), NEW)
    assert areas_of(old, held.values()) == {}
    assert old.store.get("event", closed).area == OLD
    assert new.cases.case(held["case"]).state.state == township.cases.case(held["case"]).state.state != "draft"
    assert {old.store.stubs.get("resident", held["head"]).went} == {"幸福镇幸福2村"}
    assert old.registry.find("张文贵")[0].note == "已移交幸福镇幸福2村"


def test_only_who_may_at_both_ends_may_hand_over(desks):
    old = desks.office("张旧村", (OLD,))
    held = grid_of(old)
    desks.settle(old)
    with pytest.raises(KnownError) as unknown:
        old.registry.hand_over_grid(held["grid"], NEW)
    assert unknown.value.code == "moving.area_unknown"
    reader = desks.office("看的人", (TOWNSHIP,), ("supervisor",))
    desks.settle(reader)
    with pytest.raises(Denied):
        reader.registry.hand_over_grid(held["grid"], NEW)
    assert reader.store.outbox.all() == []


def test_a_household_is_split_and_its_members_move(desks):
    township = desks.office("王乡镇", (TOWNSHIP,))
    held = grid_of(township)
    other = make(township, "dwelling", area=NEW, address="2号楼202")
    done = township.movements.split(held["home"], [held["child"]], dwelling=other)
    new = township.store.get("household", done.household)
    assert (new.area, new.values["head_name"], new.values["dwelling"]) == (NEW, "张小小", other)
    child = township.store.get("resident", held["child"])
    assert (child.area, child.values["household"]) == (NEW, new.id)
    with pytest.raises(KnownError) as refused:
        township.movements.split(held["home"], [held["head"]])
    assert refused.value.code == "movements.all_members"
    desks.settle(township)


def test_one_person_moves_to_another_household(desks):
    township, new = desks.office("王乡镇", (TOWNSHIP,)), desks.office("李新村", (NEW,))
    held = grid_of(township)
    home = make(township, "household", area=NEW, head_name="李新")
    township.registry.move_person(held["child"], household=home)
    desks.settle(township, new)
    assert new.store.get("resident", held["child"]).values["household"] == home
    assert new.store.get("resident", held["head"]) is None


def test_a_mediation_goes_with_its_case_though_the_mover_may_not_read_it(desks):
    roles = tuple(role for role in ALL if role not in {"mediator", "committee_chair", "director"})
    old, new = desks.office("张旧村", (OLD,)), desks.office("李新村", (NEW,))
    township = desks.office("王乡镇", (TOWNSHIP,), roles)
    held = grid_of(old)
    mediation = make(old, "mediation", title="宅基地纠纷", event=held["case"])
    party = make(old, "party", mediation=mediation, name="张三", side="applicant")
    desks.settle(old, township, new)
    assert township.store.get("mediation", mediation) is None
    township.registry.hand_over_grid(held["grid"], NEW)
    desks.settle(township, new, old)
    assert areas_of(new, [mediation, party]) == {mediation: NEW, party: NEW}
    assert areas_of(old, [mediation, party]) == {}


WHO = ("old", "new", "township", "other")


def hand_over_in_every_order(desks, order):
    """Both villages and the township work offline while the township hands the grid over; then all come back in *order*."""
    made = {
        "old": desks.office("张旧村", (OLD,)),
        "new": desks.office("李新村", (NEW,)),
        "township": desks.office("王乡镇", (TOWNSHIP,)),
        "other": desks.office("赵平安", (OTHER,)),
    }
    old, township = made["old"], made["township"]
    held = grid_of(old)
    desks.settle(*made.values())

    def saved(form, record_id, **values):
        assert old.records.save(form, values, record_id=record_id).ok

    saved("resident", held["head"], phone="13900001111")
    saved("dwelling", held["dwelling"], remark="漏雨")
    baby = make(old, "resident", name="张新生", household=held["home"])
    room = make(old, "dwelling", address="1号楼102", building=held["building"])
    again = report(old, grid=held["grid"])
    assert old.cases.act(held["case"], "accept", {}).ok
    old.records.delete("resident", held["child"], "登记重复")
    township.records.save("resident", {"remark": "镇里核实过"}, record_id=held["head"])
    township.registry.hand_over_grid(held["grid"], NEW)
    desks.sync(*(made[name] for name in order))
    desks.settle(*made.values())
    gone = [*held.values(), baby, room]
    assert areas_of(made["new"], gone) == dict.fromkeys(set(gone) - {held["child"]}, NEW)
    assert areas_of(old, gone) == areas_of(made["other"], gone) == {}
    head = made["new"].store.get("resident", held["head"]).values
    assert (head["phone"], head["remark"]) == ("13900001111", "镇里核实过")
    assert made["new"].store.get("resident", held["child"]).deleted
    assert made["new"].cases.case(held["case"]).state.state == "accepted"
    assert township.store.get("event", again).area == NEW
    assert made["new"].cases.case(again).state.state == "reported"
    return made, held


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_grid_handed_over_while_all_work_ends_the_same_in_every_order(kind, request, forms, empty_home):
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None

    @settings(
        max_examples=8 if url is None else 4, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(order=st.permutations(WHO))
    def in_any_order(order):
        with opened(url, forms, empty_home) as made:
            hand_over_in_every_order(made, order)

    in_any_order()


def test_a_grid_that_went_on_to_another_township_takes_late_edits_along(desks):
    made, held = hand_over_in_every_order(desks, WHO)
    made["new"].records.save("resident", {"workplace": "镇卫生院"}, record_id=held["head"])
    made["township"].records.save("resident", {"occupation": "医生"}, record_id=held["head"])
    county_office.add_areas(desks.running.county, [Area(NEW, "幸福2村", "village", OTHER)])
    desks.settle(*(made[name] for name in ("township", "other", "new", "old")))
    person = made["other"].store.get("resident", held["head"]).values
    assert (person["workplace"], person["occupation"]) == ("镇卫生院", "医生")
    assert made["township"].store.get("resident", held["head"]) is None


MARCH, APRIL, JUNE = "2026-03-15", "2026-04-01", "2026-06-01"


def who(office, form, key, day):
    return {person.name for person in office.past_living.who(form, key, day)}


def test_each_village_knows_who_lived_there_though_they_have_gone_to_the_other(desks):
    old, new, township = (
        desks.office(*each) for each in (("张旧村", (OLD,)), ("李新村", (NEW,)), ("王乡镇", (TOWNSHIP,)))
    )
    held = grid_of(old)
    there = make(new, "dwelling", area=NEW, address="2号楼202")
    home = make(new, "household", area=NEW, head_name="李新", dwelling=there)
    desks.settle(old, new, township)
    township.movements.move([held["child"]], home, APRIL, relations={held["child"]: "8"})
    desks.settle(township, old, new)
    # The old village has nothing of the child but that it lived there; the new one knows where it came from.
    assert old.store.get("resident", held["child"]) is None
    [moved] = old.store.select("movement")
    with pytest.raises(KnownError) as away:
        old.undoing.undo(moved.values["act"])
    assert away.value.code == "movements.not_here"
    gone = next(p for p in old.past_living.who("household", held["home"], MARCH) if p.name == "张小小")
    assert (gone.here, gone.told, gone.lived) == (False, True, True)
    for office in (old, township):
        assert who(office, "dwelling", held["dwelling"], MARCH) == {"张文贵", "张小小"}
        assert who(office, "grid", held["grid"], JUNE) == {"张文贵"}
    for office in (new, township):
        assert who(office, "household", home, MARCH) == set()
        assert who(office, "household", home, JUNE) == {"张小小"}
        assert [chapter.kind for chapter in office.life.of("resident", held["child"])] == ["move"]


def test_a_household_that_left_the_village_is_remembered_at_its_old_dwelling(desks):
    old, new, township = (
        desks.office(*each) for each in (("张旧村", (OLD,)), ("李新村", (NEW,)), ("王乡镇", (TOWNSHIP,)))
    )
    held = grid_of(old)
    there = make(new, "dwelling", area=NEW, address="2号楼202")
    desks.settle(old, new, township)
    done = township.movements.relocate(held["home"], there, APRIL)
    desks.settle(township, old, new)
    assert old.store.get("household", held["home"]) is None
    for office in (old, township):
        assert who(office, "dwelling", held["dwelling"], MARCH) == {"张文贵", "张小小"}
        assert who(office, "dwelling", held["dwelling"], JUNE) == set()
    for office in (new, township):
        assert who(office, "dwelling", there, JUNE) == {"张文贵", "张小小"}
        assert who(office, "dwelling", there, MARCH) == set()
    township.undoing.undo(done.act)
    desks.settle(township, old, new)
    assert areas_of(old, [held["home"], held["head"], held["child"]]).keys() == {
        held["home"],
        held["head"],
        held["child"],
    }
    for office in (old, township):
        assert who(office, "dwelling", held["dwelling"], JUNE) == {"张文贵", "张小小"}
    assert new.store.count("household") == 0


def test_the_past_of_a_grid_goes_with_it_to_the_other_village(desks):
    old, new, township = (
        desks.office(*each) for each in (("张旧村", (OLD,)), ("李新村", (NEW,)), ("王乡镇", (TOWNSHIP,)))
    )
    held = grid_of(old)
    old.movements.turn([held["child"]], "move_out", APRIL, place="浙江省")
    desks.settle(old, new, township)
    township.grids.hand_over(held["grid"], NEW, reason="区划调整")
    desks.settle(township, old, new)
    assert areas_of(old, held.values()) == {}
    assert old.store.count("movement") == 0
    for office in (new, township):
        assert office.store.get("grid", held["grid"]).values["code"] == f"{NEW}001"
        assert who(office, "grid", held["grid"], MARCH) == {"张文贵", "张小小"}
        assert who(office, "grid", held["grid"], JUNE) == {"张文贵"}

"""A roster over a register that knows some of it already, and an import that is stopped."""

from __future__ import annotations

import itertools

import pytest

from app.errors import Denied
from app.exchange.intake import Intake
from app.exchange.roster import applying
from app.services.office import make_office
from app.store.keys import Cost
from tests.exchange.excel.conftest import DATA, NEXT_VILLAGE, VILLAGE, codes, number
from tests.exchange.excel.test_rosters import MAN, OTHER, SON, WIFE, people, row

FAMILY = [row("0001", "张三", "户主", "张三", "男", MAN), row("0001", "张三", "妻", "李四", "女", WIFE)]


def test_next_months_roster_tells_new_changed_and_absent_people_apart(bring, office):
    bring([*FAMILY, row("0002", "王五", "户主", "王五", "男", OTHER, address="大岭路2号")])
    said = bring(
        [
            row("0001", "张三", "户主", "张三", "男", MAN, phone="19900001111"),
            FAMILY[1],
            row("0001", "张三", "长子", "张小三", "男", SON),
        ]
    )
    assert (said["created"], said["updated"], said["unchanged"], said["absent"]) == (1, 1, 1, 1)
    assert office.store.count("resident") == 4
    assert people(office)["张三"]["phone"] == "19900001111"


def test_an_empty_cell_takes_nothing_away(bring, office):
    bring([row("0001", "张三", "户主", "张三", "男", MAN, phone="19900001111")])
    said = bring([row("0001", "张三", "户主", "张三", "男", MAN, phone="")])
    assert (said["updated"], said["unchanged"]) == (0, 1)
    assert people(office)["张三"]["phone"] == "19900001111"


def test_a_phone_that_cannot_be_read_leaves_the_one_that_is_known(bring, office):
    bring([row("0001", "张三", "户主", "张三", "男", MAN, phone="19900001111")])
    said = bring([row("0001", "张三", "户主", "张三", "男", MAN, phone="1.99E+10")])
    assert codes(said["flagged"]) == {(2, "phone", "phone_digits_lost")}
    assert people(office)["张三"]["phone"] == "19900001111"


def test_a_move_inside_the_roster_is_followed(bring, office):
    bring([*FAMILY, row("0002", "王五", "户主", "王五", "男", OTHER, address="大岭路2号")])
    bring(
        [
            FAMILY[0],
            row("0002", "王五", "户主", "王五", "男", OTHER, address="大岭路2号"),
            row("0002", "王五", "妻", "李四", "女", WIFE, address="大岭路2号"),
        ]
    )
    assert people(office)["李四"]["household"] == people(office)["王五"]["household"]
    assert office.store.count("household") == 2


def test_a_household_whose_number_lost_its_zeros_is_still_itself(bring, office):
    bring(FAMILY)
    said = bring([row(1.0, "张三", "户主", "张三", "男", MAN), row(1.0, "张三", "妻", "李四", "女", WIFE)])
    assert (said["created"], said["unchanged"], said["same_person"]) == (0, 2, [])
    [household] = office.store.select("household")
    assert household.values["number"] == "1"


def test_a_household_split_off_leaves_the_old_one_its_number(bring, office):
    bring([*FAMILY, row("0001", "张三", "长子", "张小三", "男", SON)])
    bring([row("0002", "张小三", "户主", "张小三", "男", SON), *FAMILY])
    numbers = {record.id: record.values["number"] for record in office.store.select("household")}
    homes = {name: numbers[values["household"]] for name, values in people(office).items()}
    assert homes == {"张三": "0001", "李四": "0001", "张小三": "0002"}


def test_a_roster_without_household_numbers_twice_changes_nothing(bring, office):
    headings = ["户主姓名", "姓名", "与户主关系", "身份证号", "家庭住址"]
    rows = [
        ["张三", "张三", "户主", MAN, "岭上1号"],
        ["张三", "李四", "妻", "无", "岭上1号"],
        ["王五", "王五", "户主", OTHER, "岭上1号"],
    ]
    bring(rows, headings)
    again = bring(rows, headings)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)
    assert office.store.count("household") == 2


def test_a_person_whom_another_roster_has_in_another_household_stays_where_he_is(bring, office):
    bring(FAMILY)
    home = people(office)["李四"]["household"]
    said = bring(
        [
            row("0009", "王五", "户主", "王五", "男", OTHER, address="大岭路9号"),
            row("0009", "王五", "妻", "李四", "女", WIFE, address="大岭路9号"),
        ]
    )
    assert [(item["row"], item["code"]) for item in said["same_person"]] == [(3, "person_in_two_households")]
    assert people(office)["李四"]["household"] == home


def test_a_person_of_another_village_is_not_taken_over(bring, office):
    bring(FAMILY)
    said = bring([row("0001", "李四", "户主", "李四", "女", WIFE)], area=NEXT_VILLAGE)
    assert said["created"] == 0
    assert len(said["same_person"]) == 1
    assert {record.area for record in office.store.select("resident")} == {VILLAGE}


def test_a_number_that_the_register_knows_under_another_name_changes_nobody(bring, office):
    bring(FAMILY)
    said = bring([row("0003", "赵六", "户主", "赵六", "女", WIFE, address="大岭路3号")])
    assert codes(said["refused"]) == {(2, "id_number", "id_of_another_person")}
    assert "赵六" not in people(office)
    assert people(office)["李四"]["id_number"] == WIFE


def test_a_person_without_number_is_found_again_and_gets_it_when_it_comes(bring, office):
    bring([FAMILY[0], row("0001", "张三", "长子", "张小三", "男", "正在补办", "2005-03-03")])
    again = bring([FAMILY[0], row("0001", "张三", "长子", "张小三", "男", "正在补办", "2005-03-03")])
    assert (again["created"], again["unchanged"]) == (0, 2)
    later = bring([FAMILY[0], row("0001", "张三", "长子", "张小三", "男", SON)])
    assert (later["created"], later["updated"]) == (0, 1)
    assert people(office)["张小三"]["id_number"] == SON


def test_same_name_and_birth_over_the_register_is_shown_and_both_stay(bring, office):
    bring(FAMILY)
    said = bring([row("0002", "张三", "户主", "张三", "男", number("19800101", 7), address="大岭路2号")])
    assert said["created"] == 1
    assert [(item["row"], item["code"]) for item in said["possible_duplicates"]] == [
        (2, "same_name_and_birth_other_id")
    ]


def test_a_dry_run_says_the_same_and_saves_nothing(intake, office):
    dry = intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE, dry_run=True)
    assert office.store.count("resident") == 0
    assert intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE) == dry


def test_an_import_that_is_stopped_leaves_whole_households_and_goes_on_later(intake, office):
    done = []
    found = intake.recognise(intake.read(DATA / "roster_clean.xlsx"), "resident")
    plan = intake.plan("resident", found, VILLAGE)
    applied = intake.apply(plan, lambda count, total: done.append((count, total)), lambda: len(done) == 2)
    assert applied.stopped
    assert done[-1][1] == len(plan.records)
    assert office.store.count("resident") == applied.created < 1794
    members = {record.id: 0 for record in plan.records if record.form == "household"}
    for record in plan.records:
        if record.form == "resident":
            members[record.values["household"]] += 1
    for household in office.store.select("household"):
        assert office.store.count("resident", {"household": household.id}) == members[household.id]
        assert office.store.get("dwelling", household.values["dwelling"]) is not None
    rest = intake.run("resident", DATA / "roster_clean.xlsx", area=VILLAGE)
    assert (rest["created"], rest["unchanged"]) == (1794 - applied.created, applied.created)
    assert office.store.count("household") == 520


def test_batches_part_no_household(intake):
    plan = intake.plan("resident", intake.recognise(intake.read(DATA / "roster_messy.xlsx"), "resident"), VILLAGE)
    parts = list(applying.batches(plan.records, 10))
    assert sum(len(part) for part in parts) == len(plan.records)
    bundles = [{record.bundle for record in part} for part in parts]
    assert not any(first & second for first, second in itertools.pairwise(bundles))


def test_who_may_not_import_changes_nothing(tmp_path, forms):
    home = tmp_path / "visitor"
    home.mkdir()
    account = {"name": "访客", "roles": ["mediator"], "areas": [VILLAGE]}
    office = make_office(
        home, b"k" * 32, "guest", "right horse", account, forms=forms, cost=Cost(memory=8, passes=1, lanes=1)
    )
    with pytest.raises(Denied):
        Intake(office).run("resident", DATA / "roster_wps.xls", area=VILLAGE)
    assert office.store.count("resident") == 0
    office.close()

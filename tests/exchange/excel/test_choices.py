"""What a clerk decides about single rows and columns, and what a page is shown before it asks."""

from __future__ import annotations

import json

import pytest

from app.errors import KnownError
from app.exchange.roster.choices import HERE, SKIP, VERIFY, Choices, read_choices
from tests.exchange.excel.conftest import HEADINGS, VILLAGE, number
from tests.exchange.excel.test_rosters import MAN, OTHER, SON, WIFE, people, row

WRONG = MAN[:-1] + ("1" if MAN[-1] != "1" else "2")


@pytest.fixture
def decide(intake, write):
    """Import rows with choices by row number; returns the JSON document."""

    def done(rows, dos, **more):
        choices = Choices(rows={("花名册", number): frozenset({do}) for number, do in dos.items()})
        return intake.run("resident", write({"花名册": [HEADINGS, *rows]}), area=VILLAGE, choices=choices, **more)

    return done


def test_a_row_that_is_left_out_makes_nobody_and_is_told(decide, office):
    said = decide([row("1", "张三", "户主", "张三", "男", MAN), row("1", "张三", "妻", "李四", "女", WIFE)], {3: SKIP})
    assert said["created"] == 1
    assert [(item["row"], item["code"]) for item in said["refused"]] == [(3, "left_out")]
    assert set(people(office)) == {"张三"}


@pytest.mark.parametrize("cell", [WRONG, 9.90012198001011e17])
def test_a_number_at_fault_is_never_kept_and_its_person_comes_in_where_a_clerk_says_so(cell, decide, office):
    rows = [row("1", "张三", "户主", "张三", "男", cell, "1980-01-01")]
    said = decide(rows, {2: VERIFY})
    assert (said["created"], said["refused"]) == (1, [])
    assert [item["code"] for item in said["flagged"]] == ["id_to_verify"]
    person = people(office)["张三"]
    assert (person["id_number"], person["id_written"]) == (None, cell if isinstance(cell, str) else None)
    assert "号码没有填入" in person["verify_note"]
    again = decide(rows, {2: VERIFY})
    assert (again["created"], again["unchanged"]) == (0, 1)
    right = decide([row("1", "张三", "户主", "张三", "男", MAN)], {})
    assert right["updated"] == 1
    assert (people(office)["张三"]["id_number"], people(office)["张三"]["id_written"]) == (MAN, None)


def test_the_second_name_on_a_number_may_come_in_without_it(decide, office):
    said = decide(
        [row("1", "张三", "户主", "张三", "男", MAN), row("1", "张三", "弟", "张四", "男", MAN, "1983-03-03")],
        {3: VERIFY},
    )
    assert said["created"] == 2
    assert (people(office)["张三"]["id_number"], people(office)["张四"]["id_number"]) == (MAN, None)


def test_of_two_households_the_clerk_says_which(decide, office):
    rows = [
        row("1", "张三", "户主", "张三", "男", MAN),
        row("1", "张三", "妻", "李四", "女", WIFE),
        row("2", "王五", "户主", "王五", "男", OTHER, address="大岭路2号"),
        row("2", "王五", "儿媳", "李四", "女", WIFE, address="大岭路2号"),
    ]
    said = decide(rows, {5: HERE})
    assert [(item["row"], item["with"]["row"]) for item in said["same_person"]] == [(3, 5)]
    assert people(office)["李四"]["household"] == people(office)["王五"]["household"]


def test_a_person_registered_elsewhere_in_the_village_moves_where_the_clerk_says_so(decide, office):
    decide([row("1", "张三", "户主", "张三", "男", MAN), row("1", "张三", "子", "张小三", "男", SON)], {})
    later = [
        row("9", "王五", "户主", "王五", "男", OTHER, address="大岭路9号"),
        row("9", "王五", "女婿", "张小三", "男", SON, address="大岭路9号"),
    ]
    assert len(decide(later, {})["same_person"]) == 1
    said = decide(later, {3: HERE})
    assert (said["same_person"], said["updated"]) == ([], 1)
    assert people(office)["张小三"]["household"] == people(office)["王五"]["household"]


def test_a_row_of_a_ledger_and_of_dwellings_may_be_left_out(intake, write, office):
    path = write({"表": [["房屋地址", "建筑面积"], ["岭上1号", 80.0], ["岭上2号", 90.0]]}, "d.xlsx")
    said = intake.run("dwelling", path, area=VILLAGE, choices=Choices(rows={("表", 3): frozenset({SKIP})}))
    assert (said["rows"], said["created"], len(said["refused"])) == (2, 1, 1)
    path = write({"表": [["隐患地点", "隐患类别"], ["岭上1号", "消防"], ["岭上2号", "消防"]]}, "h.xlsx")
    found = intake.recognise(intake.read(path), "grid", by_hand={"隐患地点": "grid.name", "隐患类别": ""})
    plan = intake.plan("grid", found, VILLAGE, Choices(rows={("表", 3): frozenset({SKIP})}))
    assert (plan.created, [item.code for item in plan.refused]) == (1, ["left_out"])


def test_the_preview_masks_numbers_and_says_what_can_be_done(decide, office):
    decide([row("1", "张三", "户主", "张三", "男", MAN), row("1", "张三", "妻", "李四", "女", WIFE)], {})
    said = decide(
        [
            row("1", "张三", "户主", "张三", "男", MAN, phone="19900001111"),
            row("1", "张三", "子", "张小三", "男", WRONG),
        ],
        {},
        shown=True,
        dry_run=True,
    )
    shown = said["preview"]
    assert MAN not in json.dumps(shown, ensure_ascii=False)
    assert "19900001111" not in json.dumps(shown, ensure_ascii=False)
    [problem] = [item for item in shown["problems"] if item["verdict"] == "refused"]
    assert problem["value"] == f"{WRONG[:6]}********{WRONG[-4:]}"
    assert [do for do, _ in problem["dos"]] == ["", VERIFY]
    assert [item["name"] for item in shown["absent"]] == ["李四"]
    assert shown["changed"][0]["fields"] == [["联系电话", "", "199****1111"]]
    assert {line["row"] for line in shown["lines"]} == {2, 3}


def test_headings_that_nobody_understands_are_shown_to_be_matched_by_hand(intake, write, office):
    path = write({"表": [["二〇二六年九月"], ["当家人", "证号", "屋里人"], ["张三", MAN, "张三"], ["", WIFE, "李四"]]})
    with pytest.raises(KnownError):
        intake.run("resident", path, area=VILLAGE)
    shown = intake.run("resident", path, area=VILLAGE, shown=True, dry_run=True)["preview"]
    assert [(column["heading"], column["target"]) for column in shown["columns"]] == [
        ("当家人", None),
        ("证号", None),
        ("屋里人", None),
    ]
    told = {"当家人": "household.head_name", "证号": "resident.id_number", "屋里人": "resident.name"}
    said = intake.run("resident", path, area=VILLAGE, choices=Choices(columns=told, remember=True))
    assert said["created"] == 2
    assert intake.run("resident", path, area=VILLAGE)["unchanged"] == 2


def test_columns_chosen_for_once_are_not_remembered(intake, write):
    path = write({"表": [["户号", "户主", "当家人", "与户主关系", "证号"], ["0001", "张三", "张三", "户主", MAN]]})
    told = {"当家人": "resident.name", "证号": "resident.id_number"}
    assert intake.run("resident", path, area=VILLAGE, choices=Choices(columns=told))["created"] == 1
    assert intake.remembered("resident") == {}


def test_choices_come_from_a_file(tmp_path):
    path = tmp_path / "choices.json"
    path.write_text(
        json.dumps({"columns": {"证号": "resident.id_number"}, "rows": [{"sheet": "表", "row": 3, "do": "skip"}]}),
        encoding="utf-8",
    )
    assert read_choices(path) == Choices({"证号": "resident.id_number"}, {("表", 3): frozenset({SKIP})})
    for wrong in ("", "[]", '{"rows":[{"sheet":"表"}]}', '{"rows":[{"sheet":"表","row":1,"do":"burn"}]}'):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(KnownError) as refused:
            read_choices(path)
        assert refused.value.code == "import.choices_wrong"


def test_an_import_cancelled_while_it_looks_changes_nothing(intake, office, write):
    rows = [row(str(n), f"张{n}", "户主", f"张{n}", "男", number(f"1980010{n + 1}", 2 * n + 1)) for n in range(9)]
    path = write({"花名册": [HEADINGS, *rows]})
    steps = []
    said = intake.run(
        "resident", path, area=VILLAGE, progress=lambda *step: steps.append(step), cancelled=lambda: len(steps) > 1
    )
    assert said["stopped"]
    assert office.store.count("resident") == 0
    assert {text for _, _, text in steps} == {"正在读文件", "正在核对"}


def test_who_died_or_moved_away_is_nobody_who_is_missing(bring, office):
    both = [row("1", "张三", "户主", "张三", "男", MAN), row("1", "张三", "妻", "李四", "女", WIFE)]
    bring([*both, row("1", "张三", "子", "张小三", "男", SON)])
    gone = next(record for record in office.store.select("resident") if record.values["name"] == "张小三")
    office.records.save("resident", {"presence": "dead"}, record_id=gone.id)
    assert bring(both)["absent"] == 0

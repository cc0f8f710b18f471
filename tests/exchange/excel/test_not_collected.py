"""What the product never keeps: columns left out and told, registers of such people refused whole."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from tests.exchange.excel.conftest import HEADINGS, VILLAGE
from tests.exchange.excel.test_rosters import MAN, people, row

PERSON = row("0001", "张三", "户主", "张三", "男", MAN)


@pytest.mark.parametrize(
    "title",
    [
        "大岭村涉邪教人员排查表", "少数民族人口登记表", "刑释解教人员台账", "肇事肇祸精神障碍患者花名册", "重点青少年名单", "信访重点人稳控台账",
        "涉毒人员管控表", "艾滋病感染者登记", "基督教信众花名册", "大岭村上访户名单",
        "安置帮教对象花名册", "重点人员花名册（2026年）", "人脸采集登记表",
    ],
)  # fmt: skip
def test_a_register_of_such_people_is_refused_whole_by_its_title(title, intake, write, office):
    path = write({"表": [[title], HEADINGS, PERSON]})
    with pytest.raises(KnownError) as refused:
        intake.run("resident", path, area=VILLAGE)
    assert refused.value.code == "import.forbidden_register"
    assert "不收集" in str(refused.value)
    assert office.store.count("resident") == 0


@pytest.mark.parametrize("name", ["吸毒人员.xlsx", "2026年社区矫正对象名册.xlsx"])
def test_and_by_the_name_of_the_file_or_the_sheet(name, intake, write):
    for path in (write({"表": [HEADINGS, PERSON]}, name), write({name.removesuffix(".xlsx"): [HEADINGS, PERSON]})):
        with pytest.raises(KnownError) as refused:
            intake.run("resident", path, area=VILLAGE)
        assert refused.value.code == "import.forbidden_register"


def test_and_by_its_columns_where_nothing_else_tells(intake, write):
    path = write(
        {"人员": [["姓名", "身份证号", "与户主关系", "戒毒起止时间", "管控民警"], ["张三", MAN, "户主", "", ""]]}
    )
    with pytest.raises(KnownError, match="戒毒起止时间、管控民警"):
        intake.run("resident", path, area=VILLAGE)


@pytest.mark.parametrize(
    "title",
    [
        "大岭回族自治县少数民族乡大岭村花名册", "大岭村重点大学生名单", "大岭村禁毒宣传入户登记表", "独居老人名单", "低保户花名册",
        "填表说明：民族、宗教信仰、政治面貌、是否重点人员等各栏如实填写，没有的写无，不得空着不填，由村文书核对以后统一上报到乡里。",
    ],
)  # fmt: skip
def test_an_ordinary_roster_is_not_taken_for_one(title, intake, write):
    assert intake.run("resident", write({"表": [[title], HEADINGS, PERSON]}), area=VILLAGE)["created"] == 1


def test_columns_of_such_things_are_left_out_of_an_ordinary_roster_and_said(bring, office):
    headings = [
        *HEADINGS,
        "民族",
        "宗教信仰",
        "政治面貌",
        "是否信教",
        "是否吸毒人员",
        "是否社区矫正",
        "血型",
        "是否上访",
    ]
    said = bring([[*PERSON, "汉", "无", "群众", "否", "否", "否", "A", "否"]], headings)
    assert said["created"] == 1
    assert [item["heading"] for item in said["not_collected"]] == headings[len(HEADINGS) :]
    assert not {"汉", "群众"} & {str(value) for value in people(office)["张三"].values()}


def test_they_are_not_brought_in_by_hand_either(intake, write, office):
    path = write({"表": [[*HEADINGS, "宗教信仰"], [*PERSON, "佛教"]]})
    found = intake.recognise(intake.read(path), "resident", by_hand={"宗教信仰": "resident.remark"})
    intake.apply(intake.plan("resident", found, VILLAGE))
    assert people(office)["张三"]["remark"] is None


def test_of_a_workbook_only_the_sheet_of_such_people_is_left_out(intake, write):
    path = write({"花名册": [HEADINGS, PERSON], "重点人员": [["重点人员名单"], HEADINGS, PERSON]})
    said = intake.run("resident", path, area=VILLAGE)
    assert said["created"] == 1
    assert said["passed_over"] == [{"sheet": "重点人员", "why": "forbidden"}]

"""Rosters as offices make them, each with one habit."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from tests.exchange.excel.conftest import HEADINGS, NEXT_VILLAGE, TOWNSHIP, VILLAGE, codes, number

MAN = number("19800101", 1)
WIFE = number("19820202", 2)
SON = number("20050303", 3)
OTHER = number("19700404", 5)


def row(
    household, head, relation, name, sex, identity, birth="", phone="", address="大岭村大岭路1号", door="大岭路1号"
):
    return ["第一网格", door, address, household, head, relation, name, sex, identity, birth, phone]


def people(office):
    return {record.values["name"]: record.values for record in office.store.select("resident")}


def test_a_roster_without_household_numbers_goes_by_its_heads(bring, office):
    headings = ["户主姓名", "家庭成员", "与户主的关系", "公民身份号码", "家庭住址", "手机号码"]
    said = bring(
        [
            ["张三", "张三", "户主", MAN, "岭上1号", "19900001111"],
            ["", "李四", "妻", WIFE, "", ""],
            ["王五", "王五", "本人", OTHER, "岭上2号", ""],
        ],
        headings,
    )
    assert (said["created"], said["refused"], said["flagged"]) == (3, [], [])
    assert office.store.count("household") == 2
    assert people(office)["张三"]["household"] == people(office)["李四"]["household"]
    assert office.store.count("dwelling") == 2


def test_a_roster_with_nothing_but_relations_begins_a_household_at_each_head(bring, office):
    headings = ["序号", "姓名", "与户主关系", "身份证号码（18位）", "现住址"]
    bring(
        [
            [1, "张三", "户主", MAN, "岭上1号"],
            [2, "李四", "之妻", WIFE, "岭上1号"],
            [3, "王五", "户主", OTHER, "岭上1号"],
        ],
        headings,
    )
    assert office.store.count("household") == 2
    assert office.store.count("dwelling") == 1
    assert {record.values["head_name"] for record in office.store.select("household")} == {"张三", "王五"}


def test_the_groups_of_two_row_headings_need_not_be_merged(intake, write, office):
    rows = [
        ["大岭村人口登记表"],
        ["户信息", "", "人员信息", "", "", "联系电话"],
        ["户号", "户主", "姓名", "与户主关系", "身份证号", ""],
        ["0001", "张三", "张三", "户主", MAN, "19900001111"],
        ["0001", "张三", "李四", "妻", WIFE, ""],
    ]
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["created"], said["flagged"]) == (2, [])
    assert people(office)["张三"]["phone"] == "19900001111"


def test_parts_below_a_merged_heading_are_read(intake, write, office):
    rows = [
        [("户号", 1, 0), ("户主", 1, 0), ("姓名", 1, 0), ("身份证号", 1, 0), ("家庭成员情况", 0, 1)],
        [None, None, None, None, "与户主关系", "联系电话"],
        ["0001", "张三", "张三", MAN, "户主", "19900001111"],
    ]
    assert intake.run("resident", write({"表": rows}), area=VILLAGE)["created"] == 1
    assert people(office)["张三"]["relation"] == "0"


def test_columns_about_somebody_else_are_not_the_persons_own(bring, office):
    headings = [*HEADINGS[:10], "监护人姓名", "监护人电话", "户主身份证号"]
    bring([[*row("0001", "张三", "户主", "张三", "男", MAN)[:10], "李四", "19900002222", OTHER]], headings)
    assert people(office)["张三"]["phone"] is None
    assert people(office)["张三"]["id_number"] == MAN


def test_what_the_product_never_keeps_is_left_out_and_said(bring, office):
    headings = [*HEADINGS, "民族", "政治面貌", "宗教信仰", "是否党员"]
    said = bring([[*row("0001", "张三", "户主", "张三", "男", MAN), "汉", "群众", "无", "否"]], headings)
    assert said["created"] == 1
    assert [item["heading"] for item in said["not_collected"]] == ["民族", "政治面貌", "宗教信仰", "是否党员"]


@pytest.mark.parametrize("title", ["社区矫正人员花名册", "大岭村吸毒人员名单", "信教群众登记表"])
def test_a_register_of_people_under_watch_is_refused_whole(title, intake, write, office):
    path = write({"表": [[title], HEADINGS, row("0001", "张三", "户主", "张三", "男", MAN)]})
    with pytest.raises(KnownError) as refused:
        intake.run("resident", path, area=VILLAGE)
    assert refused.value.code == "import.forbidden_register"
    assert office.store.count("resident") == 0


def test_a_blank_number_where_others_are_written_out_makes_nobody_a_member_of_the_household_above(bring, office):
    said = bring(
        [
            row("0001", "张三", "户主", "张三", "男", MAN),
            row("0001", "张三", "妻", "李四", "女", WIFE),
            row("0001", "张三", "长子", "张小三", "男", SON),
            row("", "", "", "王五", "男", OTHER, address="", door=""),
        ]
    )
    assert people(office)["王五"]["household"] is None
    assert (5, "household", "household_missing") in codes(said["flagged"])


def test_numbers_that_begin_again_below_each_other_are_other_households(bring, office):
    bring(
        [
            row("1", "张三", "户主", "张三", "男", MAN, address="一组1号"),
            row("2", "李四", "户主", "李四", "女", WIFE, address="一组2号"),
            row("1", "王五", "户主", "王五", "男", OTHER, address="二组1号"),
        ]
    )
    assert office.store.count("household") == 3


def test_a_household_that_goes_on_lower_down_stays_one(bring, office):
    bring(
        [
            row("0001", "张三", "户主", "张三", "男", MAN),
            row("0002", "李四", "户主", "李四", "女", WIFE, address="大岭路2号"),
            row("0001", "张三", "长子", "张小三", "男", SON),
        ]
    )
    assert office.store.count("household") == 2


def test_villages_named_in_a_column_are_matched_by_name(bring, office):
    with office.store.transaction():
        for code, name in ((TOWNSHIP, "青石乡"), (VILLAGE, "大岭村"), (NEXT_VILLAGE, "柳河村民委员会")):
            office.store.conn.execute(
                "INSERT INTO area (code, name, level, parent) VALUES (?,?,?,?)", (code, name, "village", TOWNSHIP)
            )
    headings = ["村（社区）", *HEADINGS]
    said = bring(
        [
            ["大岭村", *row("0001", "张三", "户主", "张三", "男", MAN)],
            ["柳河村", *row("0001", "王五", "户主", "王五", "男", OTHER)],
            ["石头村", *row("0002", "李四", "户主", "李四", "女", WIFE, address="石头村1号")],
        ],
        headings,
        area=TOWNSHIP,
    )
    areas = {record.values["name"]: record.area for record in office.store.select("resident")}
    assert areas == {"张三": VILLAGE, "王五": NEXT_VILLAGE, "李四": TOWNSHIP}
    assert codes(said["flagged"]) == {(4, "area", "area_unknown")}


def test_a_name_that_is_a_formula_goes_in_as_text_and_is_told(bring, office):
    said = bring(
        [
            row("0001", "张三", "户主", "张三", "男", MAN),
            row("0001", "张三", "妻", '=HYPERLINK("x")', "女", WIFE),
            row("0001", "张三", "长子", "12345", "男", SON),
        ]
    )
    assert codes(said["flagged"]) == {(3, "name", "name_suspicious"), (4, "name", "name_suspicious")}
    assert '=HYPERLINK("x")' in people(office)


def test_the_identity_number_wins_over_birth_and_sex(bring, office):
    said = bring([row("0001", "张三", "户主", "张三", "女", MAN, "1981-01-01")])
    assert codes(said["flagged"]) == {(2, "sex", "sex_differs_from_id"), (2, "birth_date", "birth_differs_from_id")}
    assert (people(office)["张三"]["sex"], people(office)["张三"]["birth_date"]) == ("1", "1980-01-01")


@pytest.mark.parametrize(
    "written", ["1980年1月", "1980.1", "1980-01", 198001.0, 1980.1, "1980", "80-1-1", "", "1980/01/01", 19800101.0]
)
def test_a_birth_date_that_says_less_but_nothing_else_is_no_question(written, bring, office):
    said = bring([row("0001", "张三", "户主", "张三", "男", MAN, written)])
    assert said["flagged"] == []
    assert people(office)["张三"]["birth_date"] == "1980-01-01"


def test_eighteen_digits_stored_as_a_number_are_lost_even_where_the_check_fits(bring, office):
    said = bring([row("0001", "张三", "户主", "张三", "男", float(number("19800101").replace("X", "0")))])
    assert codes(said["refused"]) == {(2, "id_number", "id_digits_lost")}
    assert said["created"] == 0


def test_two_people_without_number_who_share_name_birth_and_household_are_one(bring, office):
    said = bring(
        [
            row("0001", "张三", "户主", "张三", "男", MAN),
            row("0001", "张三", "长女", "张小妹", "女", "正在补办", "2020-05-05"),
            row("0001", "张三", "长女", "张小妹", "女", "无", "2020-05-05"),
        ]
    )
    assert said["created"] == 2
    assert [(item["row"], item["with"]["row"]) for item in said["same_person"]] == [(4, 3)]


def test_section_lines_inside_the_table_name_the_grid_of_what_follows(intake, write, office):
    headings = ["户号", "户主", "姓名", "与户主关系", "身份证号", "房屋地址"]
    rows = [
        headings,
        [("第一网格", 0, 5)],
        ["0001", "张三", "张三", "户主", MAN, "一组1号"],
        [("第二网格", 0, 5)],
        ["0002", "王五", "王五", "户主", OTHER, "二组1号"],
    ]
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["rows"], said["created"]) == (2, 2)
    assert {record.values["name"] for record in office.store.select("grid")} == {"第一网格", "第二网格"}


def test_a_list_of_grid_staff_beside_the_roster_makes_nobody_a_resident(intake, write, office):
    staff = [["网格", "姓名", "职务", "联系电话"], ["第一网格", "赵六", "网格员", "19900003333"]]
    path = write({"花名册": [HEADINGS, row("0001", "张三", "户主", "张三", "男", MAN)], "网格员": staff})
    assert intake.run("resident", path, area=VILLAGE)["rows"] == 1
    assert set(people(office)) == {"张三"}


def test_columns_matched_by_hand_are_remembered(intake, write, office):
    headings = ["户号", "户主", "当家人", "与户主关系", "证号"]
    path = write({"表": [headings, ["0001", "张三", "张三", "户主", MAN]]})
    with pytest.raises(KnownError):
        intake.recognise(intake.read(path), "resident")
    by_hand = {"当家人": "resident.name", "证号": "resident.id_number"}
    intake.remember("resident", by_hand)
    assert intake.run("resident", path, area=VILLAGE)["created"] == 1
    assert people(office)["张三"]["id_number"] == MAN


def test_ditto_marks_say_what_the_cell_above_says(bring, office):
    headings = ["住址", "户主", "户编号", "姓名", "跟户主的关系", "证件号码", "手机号"]
    said = bring(
        [
            ["岭上1号", "张三", "01", "张三", "户主", MAN, "19900001111"],
            ["同上", "〃", "″", "李四", "妻", WIFE, "同上"],
            ["“", '"', "同 上", "张五", "子", SON, "〃"],
            [],
            ["岭上2号", "王六", "02", "王六", "户主", OTHER, ""],
        ],
        headings,
    )
    assert (said["created"], said["refused"], said["flagged"]) == (4, [], [])
    assert {record.values["address"] for record in office.store.select("dwelling")} == {"岭上1号", "岭上2号"}
    homes = {record.id: record.values for record in office.store.select("household")}
    assert {(home["number"], home["head_name"]) for home in homes.values()} == {("01", "张三"), ("02", "王六")}
    found = people(office)
    assert found["李四"]["household"] == found["张五"]["household"] == found["张三"]["household"]
    assert (found["李四"]["relation"], found["张五"]["phone"]) == ("1", "19900001111")


def test_a_ditto_mark_with_nothing_above_it_is_nothing(bring, office):
    headings = ["住址", "户主", "姓名", "与户主关系", "证件号码"]
    bring([["同上", "张三", "张三", "户主", MAN]], headings)
    assert office.store.count("dwelling") == 0
    assert people(office)["张三"]["id_number"] == MAN


def test_nobody_has_name_number_or_birth_from_the_row_above(bring, office):
    headings = ["住址", "户主", "姓名", "与户主关系", "证件号码", "出生日期"]
    said = bring(
        [["岭上1号", "张三", "张三", "户主", MAN, "1980.1.1"], ["同上", "同上", "李四", "妻", "同上", "同上"]], headings
    )
    assert "id_number" in {item["field"] for item in [*said["refused"], *said["flagged"]]}
    assert [
        record.values["id_number"] for record in office.store.select("resident") if record.values.get("id_number")
    ] == [MAN]


def test_a_door_that_names_the_room_is_a_dwelling_and_no_building_of_its_own(bring, office):
    headings = ["户主", "家庭成员", "关系", "身份证", "门牌"]
    bring(
        [
            ["张三", "张三", "户主", MAN, "大岭村安置小区1幢1单元101室"],
            ["李四", "李四", "户主", WIFE, "大岭路1号"],
        ],
        headings,
    )
    assert {record.values["address"] for record in office.store.select("dwelling")} == {
        "大岭村安置小区1幢1单元101室",
        "大岭路1号",
    }
    assert [record.values["name"] for record in office.store.select("building")] == ["大岭路1号"]

"""Sheets laid out otherwise than in columns alone: lines across, household rows over their people, texts of every encoding."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.exchange.excel.workbook import read_workbook
from tests.exchange.excel.conftest import VILLAGE, number
from tests.exchange.excel.test_rosters import MAN, OTHER, SON, WIFE, people

HEADS = ["户号", "户主", "姓名", "与户主关系", "身份证号", "家庭住址"]
FAMILY = [["1", "张三", "张三", "户主", MAN, "岭上1号,二层"], ["1", "张三", "李四", "妻", WIFE, "岭上1号,二层"]]


def test_a_line_across_the_table_names_the_household_of_the_rows_below(intake, write, office):
    rows = [
        ["姓名", "与户主关系", "身份证号码", "联系电话"],
        [("户号：001  户主：张三  住址：岭上1号", 0, 3)],
        ["张三", "户主", MAN, "19900001111"],
        ["李四", "妻", WIFE, ""],
        [("户号：002  户主：王五  住址：岭上2号", 0, 3)],
        ["张小三", "儿子", SON, ""],
        ["王五", "户主", OTHER, ""],
    ]
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["created"], said["refused"], said["flagged"]) == (4, [], [])
    homes = {h.values["number"]: h.values for h in office.store.select("household")}
    assert {key: home["head_name"] for key, home in homes.items()} == {"001": "张三", "002": "王五"}
    assert office.store.get("dwelling", homes["002"]["dwelling"]).values["address"] == "岭上2号"
    assert people(office)["张小三"]["household"] == people(office)["王五"]["household"]


def test_a_row_of_the_household_alone_stands_over_its_people(intake, write, office):
    rows = [
        ["户号", "户主", "住址", "姓名", "与户主关系", "身份证号"],
        ["1", "张三", "岭上1号", "", "", ""],
        ["", "", "", "张三", "户主", MAN],
        ["", "", "", "李四", "妻", WIFE],
        ["2", "王五", "岭上2号", "", "", ""],
        ["", "", "", "王五", "户主", OTHER],
    ]
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["rows"], said["created"], said["refused"]) == (3, 3, [])
    assert {h.values["number"]: h.values["head_name"] for h in office.store.select("household")} == {
        "1": "张三",
        "2": "王五",
    }


def test_a_row_with_a_number_is_nobodys_footer(intake, write, office):
    rows = [["户主", "姓名", "与户主关系", "身份证号"], ["制表厂宿舍", "制表厂", "户主", MAN], ["合计", "", "", "1人"]]
    assert intake.run("resident", write({"表": rows}), area=VILLAGE)["created"] == 1


@pytest.mark.parametrize(
    ("name", "codec", "separator", "line", "head"),
    [
        ("a.csv", "gb18030", ",", "\r\n", b""),
        ("a.csv", "utf-8", ",", "\n", b""),
        ("a.csv", "utf-8-sig", ";", "\r\n", b""),
        ("a.csv", "utf-16-le", "\t", "\r\n", b"\xff\xfe"),
        ("a.csv", "utf-16-be", ",", "\r\n", b"\xfe\xff"),
        ("a.csv", "utf-16-le", "\t", "\r\n", b""),
        ("a.tsv", "utf-8", "\t", "\n", b""),
        ("a.txt", "gb18030", "\t", "\r\n", b""),
        ("a.csv", "gb18030", ",", "\r", b""),
        ("a.csv", "gb18030", ";", "\r\n", b"sep=;\r\n"),
    ],
)
def test_text_comes_in_whatever_its_encoding_and_separator(
    name, codec, separator, line, head, tmp_path, intake, office
):
    rows = [HEADS, *FAMILY]
    text = line.join(separator.join(f'"{cell}"' for cell in row) for row in rows) + line
    path = tmp_path / name
    path.write_bytes(head + text.encode(codec))
    assert intake.run("resident", path, area=VILLAGE)["created"] == 2
    assert {d.values["address"] for d in office.store.select("dwelling")} == {"岭上1号,二层"}


def test_numbers_of_a_csv_that_went_through_excel_are_lost_and_told(tmp_path, intake):
    lines = ["户号,户主,姓名,与户主关系,身份证号", "1,张三,张三,户主,9.90012E+17", "1,张三,李四,妻,990012198704218000"]
    lines += [f'1,张三,张小三,长子,"=""{SON}"""', f"1,张三,赵六,父亲,\t{OTHER}", f"1,张三,孙七,母亲,身份证：{WIFE}"]
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    said = intake.run("resident", path, area=VILLAGE)
    assert [(item["row"], item["code"]) for item in said["refused"]] == [(2, "id_digits_lost"), (3, "id_digits_lost")]
    assert said["created"] == 3


def test_a_number_that_ends_in_noughts_by_nature_counts_until_the_sheet_shows_that_excel_was_at_work(bring, office):
    right = next(found for day in range(1, 29) if (found := number(f"198704{day:02d}", 100)).endswith("000"))
    row = ["第一网格", "大岭路1号", "大岭村大岭路1号", "0001", "张三", "户主", "张三", "女", right, "", ""]
    assert bring([row])["created"] == 1
    ruined = [*row[:5], "女儿", "张小三", "", WIFE[:15] + "000", "", ""]
    said = bring([row, ruined])
    assert [(item["row"], item["code"]) for item in said["refused"]] == [(2, "id_digits_lost"), (3, "id_digits_lost")]


def test_a_csv_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\x01\x02\x00\x03" * 40)
    with pytest.raises(KnownError) as refused:
        read_workbook(path)
    assert refused.value.code == "import.not_workbook"


def test_heads_in_columns_of_their_own_are_people_like_their_members(intake, write, office):
    rows = [
        [("户主情况", 0, 2), None, None, ("家庭成员情况", 0, 2), None, None, ("住址", 1, 0)],
        ["姓名", "身份证号", "联系电话", "姓名", "与户主关系", "身份证号", None],
        [("张三", 1, 0), (MAN, 1, 0), ("19900001111", 1, 0), "李四", "妻", WIFE, ("岭上1号", 1, 0)],
        [None, None, None, "张小三", "子", SON, None],
        ["王五", OTHER, "", "", "", "", "岭上2号"],
    ]
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["rows"], said["created"], said["refused"], said["flagged"]) == (4, 4, [], [])
    found = people(office)
    assert {name: found[name]["relation"] for name in found} == {"张三": "0", "李四": "1", "张小三": "2", "王五": "0"}
    assert (found["张三"]["id_number"], found["张三"]["phone"]) == (MAN, "19900001111")
    assert found["张三"]["household"] == found["张小三"]["household"] != found["王五"]["household"]
    again = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (again["created"], again["unchanged"]) == (0, 4)


def test_a_head_who_is_listed_among_the_members_is_there_once(intake, write, office):
    rows = [
        ["户主姓名", "户主身份证号", "成员姓名", "与户主关系", "成员身份证号", "住址"],
        ["张三", MAN, "张三", "户主", MAN, "岭上1号"],
        ["张三", MAN, "李四", "妻", WIFE, "岭上1号"],
    ]
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["rows"], said["created"], said["same_person"]) == (2, 2, [])


def test_a_list_of_households_brings_their_heads(intake, write, office):
    rows = [
        ["序号", "户主姓名", "身份证号", "家庭人口", "住址", "联系电话"],
        ["1", "张三", MAN, "4", "岭上1号", "19900001111"],
    ]
    rows.append(["2", "王五", "9900121980", "1", "岭上2号", ""])
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["rows"], said["created"]) == (2, 1)
    assert [(item["row"], item["field"], item["code"]) for item in said["refused"]] == [
        (3, "id_number", "id_length_wrong")
    ]
    assert (people(office)["张三"]["relation"], people(office)["张三"]["phone"]) == ("0", "19900001111")


@pytest.mark.parametrize(
    "below",
    [
        ["（必填）", "（必填）", "（必填）", "（从列表选）", "（18位）", ""],
        ["1", "2", "3", "4", "5", "6"],
        ["甲", "乙", "丙", "1", "2", "3"],
        ["例：1", "张三", "张三", "户主", "11010519491231002X", "某村1号"],
    ],
)
def test_a_row_that_explains_the_headings_is_nobody(below, intake, write, office):
    said = intake.run("resident", write({"表": [HEADS, below, *FAMILY]}), area=VILLAGE)
    assert (said["rows"], said["created"], said["refused"]) == (2, 2, [])


def test_a_second_table_with_its_columns_in_another_order_is_read_by_its_own_headings(intake, write, office):
    rows = [
        ["一组"],
        HEADS,
        *FAMILY,
        [],
        ["二组"],
        ["姓名", "户主", "户号", "身份证号", "与户主关系", "家庭住址", "联系电话"],
        ["王五", "王五", ("2", 1, 0), OTHER, "户主", "岭上2号", "19900001111"],
        ["张小三", "王五", None, SON, "女婿", "岭上2号", ""],
        ["合计", "2人"],
    ]
    said = intake.run("resident", write({"表": rows}), area=VILLAGE)
    assert (said["rows"], said["created"], said["refused"], said["flagged"]) == (4, 4, [], [])
    found = people(office)
    assert (found["王五"]["id_number"], found["王五"]["phone"]) == (OTHER, "19900001111")
    assert found["王五"]["household"] == found["张小三"]["household"] != found["张三"]["household"]

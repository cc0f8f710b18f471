"""Fictional exports of work orders in three dialects; ``python -m tests.exchange.orders.samples DIR`` writes them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import xlsxwriter

HOTLINE = (
    # number, title, detail, village, place, reporter, phone, class, urgency, received, due, unit, state, satisfied last time
    ("RX20260917001", "上寨村路灯不亮", "上寨村村口三盏路灯半个月不亮，夜里走路不安全。", "上寨村", "上寨村村口", "张文贵",
        "19900000001", "公共设施/照明/路灯照明", "一般", "2026-09-17 09:12:00", "2026-09-24", "镇综合服务中心", "办理中", "东片"),
    ("RX20260917002", "污水横流", "下寨村三组排水沟堵了，污水流到路上。", "下寨村村民委员会", "下寨村三组", "李女士", "19900000002",
        "怪味扰民", "加急", "2026-09-17 10:03:20", "2026-09-22 18:00:00", "下寨村村委会", "办理中", "西片"),
    ("RX20260918003", "=1+1 邻居养狗半夜叫", "邻居养了三条狗，半夜叫个不停。", "没有的村", "云岭街 12 号", "匿名", "1234", "养狗",
        "普通", "2026-09-18 08:40:00", "无", "", "待签收", ""),
    ("", "", "拖欠工钱两个月，工地在云岭大道东段。望协调。", "", "云岭大道东段", "王先生", "19900000004", "讨薪", "紧急",
        "2026-09-18 09:00:00", "2026/9/25 17:30", "镇司法所", "办理中", ""),
)  # fmt: skip
HEADINGS = ("序号", "工单编号", "诉求标题", "诉求内容", "所属村居", "事发地址", "诉求人", "来电号码", "诉求类别", "紧急程度",
        "来电时间", "答复时限", "承办单位", "办理状态", "片区")  # fmt: skip


def hotline(path: Path, orders=HOTLINE, headings=HEADINGS) -> Path:
    """As the hotline exports it: a merged title, a line of notes, headings, rows, who made it."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("工单明细")
        sheet.merge_range(0, 0, 0, len(headings) - 1, "云岭镇 12345 政务服务便民热线工单明细表")
        sheet.merge_range(1, 0, 1, len(headings) - 1, "导出时间：2026-09-18 10:00　说明：请按期回复，逾期扣分")
        for column, heading in enumerate(headings):
            sheet.write_string(2, column, heading)
        for line, order in enumerate(orders):
            sheet.write_number(3 + line, 0, line + 1)
            for column, value in enumerate(order, 1):
                if value:
                    sheet.write_string(3 + line, column, value)
        sheet.write_string(4 + len(orders), 0, "制表人：热线办")
    return path


def platform(path: Path) -> Path:
    """As the county's app exports it: a .csv in GB18030, numbers kept from Excel by =\"…\"."""
    rows = [
        ["事件编号", "事件名称", "事件描述", "发生地点", "所属社区", "上报人", "联系方式", "事件类型", "事件等级", "上报时间",
        "截止时间", "处置部门", "当前环节", "上报渠道"],
        ['="990001202609180001"', "路面塌陷", "云岭街中段路面塌陷约一平方米，已放警示牌。", "云岭街中段", "上寨村", "网格员赵一",
        "19900000011", "道路损坏", "紧急事件", "2026年9月18日 9时5分", "2026年9月20日", "镇规建办", "处置中", "随手拍"],
        ['="990001202609180002"', "消防通道堆放杂物", "下寨村文化室后门堆放杂物。", "下寨村文化室", "下寨村", "网格员钱二", "",
        "说不清的类", "普通事件", "2026-09-18", "2026-09-28", "下寨村", "处置中", "巡查"],
    ]  # fmt: skip
    with path.open("w", encoding="gb18030", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


def two_rows(path: Path) -> Path:
    """Headings in two rows, groups merged above."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.merge_range(0, 0, 1, 0, "单号")
        sheet.merge_range(0, 1, 0, 2, "诉求情况")
        sheet.merge_range(0, 3, 0, 4, "诉求人")
        sheet.merge_range(0, 5, 0, 6, "办理要求")
        for column, heading in enumerate(("主题", "内容", "姓名", "电话", "承办部门", "办结时限"), 1):
            sheet.write_string(1, column, heading)
        rows = [
            ("D-1", "垃圾三天没清", "集贸市场垃圾三天没清，味道大。", "孙某", "19900000021", "市场办", "2026-09-21"),
            ("D-2", "", "", "周某", "19900000022", "市场办", "2026-09-21"),
        ]
        for line, row in enumerate(rows, 2):
            for column, value in enumerate(row):
                if value:
                    sheet.write_string(line, column, value)
    return path


def write_all(folder: Path) -> None:
    """Every sample."""
    hotline(folder / "orders_12345.xlsx")
    platform(folder / "orders_county.csv")
    two_rows(folder / "orders_two_rows.xlsx")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))

"""The workbook of refused rows: their own cells and headings, why they were refused, to correct and bring again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from app.exchange.excel.layout import Layout, Recognised
from app.exchange.excel.workbook import Cell
from app.exchange.excel.writing import Book, new_book
from app.exchange.roster.households import ADDRESS, BUILDING, GRID, HEAD_NAME, NUMBER
from app.exchange.roster.plan import Finding, Plan

REASON = "不导入的原因"
_ABSENT = (
    ("姓名", "name", 14), ("公民身份号码", "number", 22), ("户", "household", 14), ("住处", "address", 40), ("人户状态", "presence", 14),
    ("核实情况", "found_out", 40),
)  # fmt: skip
_LENT = {
    NUMBER: "户号",
    HEAD_NAME: "户主",
    ADDRESS: "房屋地址",
    BUILDING: "门牌号",
    GRID: "网格",
    "place.village": "村（社区）",
    "place.group": "村民小组",
}


def write_report(found: Recognised, plan: Plan, out: Path, absent: Iterable[Mapping[str, str]] = ()) -> None:
    """Write *out*: a sheet for each sheet with refused rows, one of what was doubted, one of what was repeated, one of who is *absent*.

    What merged or blank cells only lent to a row (household, home, grid) is written out: corrected, the row finds its household again.
    """
    with new_book(out) as book:
        for layout in found.layouts:
            mine = [item for item in plan.refused if item.sheet == layout.sheet.name]
            if mine:
                _refused(book, layout, mine, plan.lent)
        _told(book, "已导入但存疑", found, [(f.sheet, f.row, f.field, f.message) for f in plan.flagged])
        _told(book, "没有重复导入", found, [(t.sheet, t.row, t.field, t.message) for t in plan.same_person])
        _absent(book, absent)
        _told(book, "可能重复", found, [(t.sheet, t.row, t.field, t.message) for t in plan.possible_duplicates])


def _refused(
    book: Book, layout: Layout, findings: Sequence[Finding], lent: Mapping[tuple[str, int], Mapping[str, str]]
) -> None:
    sheet = book.sheet(layout.sheet.name)
    columns = [column for column in layout.columns if column.how != "never"]
    brings = {column.target for column in columns}
    by_row = {row.number: row for row in layout.rows}
    told = {name for item in findings for name, text in lent.get((item.sheet, item.row), {}).items() if text}
    further = [name for name in _LENT if name in told and name not in brings]
    headings = [column.heading for column in columns] + [_LENT[name] for name in further]
    for index, heading in enumerate([*headings, REASON]):
        book.put(sheet, 0, index, heading, "heading")
    sheet.set_column(0, len(headings) - 1, 14, book.formats["text"])
    sheet.set_column(len(headings), len(headings), 60)
    sheet.freeze_panes(1, 0)
    for line, item in enumerate(findings, 1):
        row = by_row[item.row]
        cells = layout.sheet.rows[item.row - 1]
        known = lent.get((item.sheet, item.row), {})
        for index, column in enumerate(columns):
            # What the row was read as: a ditto mark means nothing in a workbook that hasn't the row above.
            read = row.cells[column.target] if column.target in row.own else None
            own: Cell = read or (cells[column.index] if column.index < len(cells) else None)
            value = own if own is not None else known.get(column.target or "") or row.cells.get(column.target or "")
            wrong = bool(column.target) and str(column.target).partition(".")[2] == item.field
            # A cell formatted as text: an 18-digit number typed over a lost one must not be lost again.
            book.put(sheet, line, index, value, "wrong" if wrong else "")
        for index, name in enumerate(further, len(columns)):
            book.put(sheet, line, index, known.get(name) or None)
        book.put(sheet, line, len(headings), item.message)


def _absent(book: Book, people: Iterable[Mapping[str, str]]) -> None:
    """Whom the register has and the roster hasn't, to be looked into one by one: nobody is deleted."""
    sheet = None
    for line, person in enumerate(people, 1):
        if sheet is None:
            sheet = book.sheet("名册里没有的人")
            for index, (heading, _name, width) in enumerate(_ABSENT):
                book.put(sheet, 0, index, heading, "heading")
                sheet.set_column(index, index, width)
            sheet.freeze_panes(1, 0)
        for index, (_heading, name, _width) in enumerate(_ABSENT):
            book.put(sheet, line, index, person.get(name) or None)


def _told(book: Book, title: str, found: Recognised, lines: Sequence[tuple[str, int, str, str]]) -> None:
    if not lines and book.book.worksheets():
        return
    labels = {
        (layout.sheet.name, str(target).partition(".")[2]): column.heading
        for layout in found.layouts
        for target, column in layout.by_target.items()
    }
    sheet = book.sheet(title)
    for index, heading in enumerate(("工作表", "行", "栏目", "情况")):
        book.put(sheet, 0, index, heading, "heading")
    sheet.set_column(0, 2, 14)
    sheet.set_column(3, 3, 80)
    for line, (name, row, field, message) in enumerate(lines, 1):
        cells: tuple[Cell, ...] = (name, row, labels.get((name, field), ""), message)
        for index, value in enumerate(cells):
            book.put(sheet, line, index, value)

"""The workbooks that come of an import of orders: rows to correct, and the replies that go back to the source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.exchange.excel.layout import Recognised
from app.exchange.excel.report import REASON
from app.exchange.excel.workbook import Cell
from app.exchange.excel.writing import new_book
from app.services.cases import EVENT

if TYPE_CHECKING:
    from app.exchange.orders.plan import OrderPlan
    from app.services.office import Office

_REPLY = (
    ("工单编号", 24),
    ("标题", 36),
    ("办理结果", 60),
    ("承办单位", 20),
    ("办结时间", 18),
    ("满意度", 10),
    ("本处编号", 18),
)


def write_refused(found: Recognised, plan: OrderPlan, out: Path) -> None:
    """Write *out*: refused rows as they came, with the reason, to correct and import again; then what was doubted.

    Raises KnownError("import.cannot_write").
    """
    with new_book(out) as book:
        for layout in found.layouts:
            mine = [item for item in plan.refused if item.sheet == layout.sheet.name]
            if not mine:
                continue
            sheet = book.sheet(layout.sheet.name)
            columns = [column for column in layout.columns if column.how != "never"]
            for index, heading in enumerate([*(column.heading for column in columns), REASON]):
                book.put(sheet, 0, index, heading, "heading")
            sheet.set_column(0, len(columns) - 1, 16, book.formats["text"])
            sheet.set_column(len(columns), len(columns), 60)
            sheet.freeze_panes(1, 0)
            for line, item in enumerate(mine, 1):
                cells = layout.sheet.rows[item.row - 1]
                for index, column in enumerate(columns):
                    value = cells[column.index] if column.index < len(cells) else None
                    wrong = (column.target or "").partition(".")[2] == item.field
                    book.put(sheet, line, index, value, "wrong" if wrong else "")
                book.put(sheet, line, len(columns), item.message)
        sheet = book.sheet("已导入但存疑")
        for index, heading in enumerate(("工作表", "行", "情况")):
            book.put(sheet, 0, index, heading, "heading")
        sheet.set_column(2, 2, 80)
        for line, item in enumerate(plan.flagged, 1):
            told: tuple[Cell, ...] = (item.sheet, item.row, item.message)
            for index, value in enumerate(told):
                book.put(sheet, line, index, value)


def write_replies(office: Office, source: str, out: Path, reason: str) -> int:
    """Write the results of the closed orders of *source* to *out*, a row an order; returns how many.

    Names and telephones don't go along. Raises Denied and KnownError("import.reason_missing", "orders.no_replies", "import.cannot_write").
    """
    if not reason.strip():
        raise KnownError("import.reason_missing")
    codes = office.forms.codes["satisfaction"]
    events = office.store.select(
        EVENT, {"order_source": source, "state": ["closed", "archived"]}, order=["closed_at", "order_no"]
    )
    if not events:
        office.gate.require("export", EVENT, office.session.area or None, reason=reason)
        raise KnownError("orders.no_replies", source=source)
    for area in sorted({event.area for event in events}):
        office.gate.require("export", EVENT, area, fields=f"{source},{len(events)}", reason=reason)
    results = office.orders.results(events)
    with new_book(out) as book:
        sheet = book.sheet("办理结果")
        for index, (heading, width) in enumerate(_REPLY):
            book.put(sheet, 0, index, heading, "heading")
            sheet.set_column(index, index, width, book.formats["text"])
        sheet.freeze_panes(1, 0)
        for line, event in enumerate(events, 1):
            values = event.values
            said = codes.label(str(values["satisfaction"])) if values.get("satisfaction") else ""
            closed = str(values.get("closed_at") or "")[:19].replace("T", " ")
            cells = (
                values.get("order_no"), values.get("title"), results.get(event.id), values.get("lead_unit"), closed, said,
                values.get("case_no"),
            )  # fmt: skip
            for index, value in enumerate(cells):
                book.put(sheet, line, index, str(value) if value else None)
    return len(events)

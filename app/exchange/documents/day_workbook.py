"""The day roll-up as a workbook: figures are numbers, everything else is text and never a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from app.exchange.documents.blocks import Column

# Text that begins with = + - @ is data. write_string never makes a formula of it; these switches bind write() too.
SAFE = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}

_FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
_WIDTHS = (10, 18, 36, 16, 10, 12, 18, 18)


def workbook_bytes(
    title: tuple[str, str],
    villages: Sequence[Sequence[Any]],
    lists: Sequence[tuple[str, Sequence[Column], Sequence[Sequence[str]]]],
    notes: Sequence[str],
) -> bytes:
    """Sheets 办理情况 and one for each of *lists*; the notes stand under the figures."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, SAFE) as book:
        name = book.add_format({**_FONT, "bold": True, "font_size": 18, "align": "center"})
        under = book.add_format({**_FONT, "align": "center"})
        head = book.add_format(
            {**_FONT, "bold": True, "border": 1, "align": "center", "text_wrap": True, "bg_color": "#F2F2F2"}
        )
        text = book.add_format({**_FONT, "border": 1, "text_wrap": True, "num_format": "@"})
        number = book.add_format({**_FONT, "border": 1, "align": "center"})
        plain = book.add_format({**_FONT, "font_size": 9, "text_wrap": True, "valign": "top"})

        labels = ["村（社区）", "上报数", "受理数", "办结数", "在办数", "在办超期"]
        page = _page(book, "办理情况", False)
        page.set_column(0, 0, 24)
        page.set_column(1, len(labels) - 1, 11)
        _top(page, title, len(labels), name, under)
        _row(page, 2, labels, head, head)
        page.repeat_rows(2)
        for place, row in enumerate(villages, 3):
            _row(page, place, ["—" if value is None else value for value in row], text, number)
        for place, note in enumerate(notes, len(villages) + 3):
            page.merge_range(place, 0, place, len(labels) - 1, "", plain)
            page.write_string(place, 0, note, plain)
            page.set_row(place, 26)
        for list_title, columns, rows in lists:
            page = _page(book, list_title.partition("（")[0], True)
            for place, width in enumerate(_WIDTHS[: len(columns)]):
                page.set_column(place, place, width)
            _top(page, (list_title, title[1]), len(columns), name, under)
            _row(page, 2, [column.label for column in columns], head, head)
            page.repeat_rows(2)
            for place, cells in enumerate(rows, 3):
                _row(page, place, cells, text, number)
    return held.getvalue()


def _page(book: Any, name: str, landscape: bool) -> Any:
    page = book.add_worksheet(name)
    page.set_paper(9)  # A4
    if landscape:
        page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&C第 &P 页 共 &N 页")
    return page


def _top(page: Any, title: tuple[str, str], width: int, name: Any, under: Any) -> None:
    for row, (words, form) in enumerate(zip(title, (name, under), strict=True)):
        page.merge_range(row, 0, row, width - 1, "", form)
        page.write_string(row, 0, words, form)


def _row(page: Any, row: int, values: Sequence[Any], text: Any, number: Any) -> None:
    for place, value in enumerate(values):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            page.write_number(row, place, value, number)
        else:
            page.write_string(row, place, str(value), number if value == "—" else text)

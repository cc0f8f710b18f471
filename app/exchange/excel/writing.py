"""Writing a workbook: every text stays a text, whatever it begins with, and the file is whole or not there."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from app.errors import KnownError
from app.exchange.excel.workbook import Cell

_LONGEST = 32_767
"""Characters of a cell (Excel's own limit)."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Book:
    """An .xlsx being written; formats by name: heading, title, note, text, number, day, wrong."""

    def __init__(self, book: Any) -> None:
        self.book = book
        plain = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
        self.formats = {
            "heading": book.add_format(plain | {"bold": True, "bg_color": "#E8EEF7", "border": 1, "text_wrap": True}),
            "note": book.add_format(plain | {"font_color": "#5A6472", "text_wrap": True, "valign": "top"}),
            "title": book.add_format(plain | {"font_color": "#5A6472"}),
            "text": book.add_format(plain | {"num_format": "@"}),
            "quoted": book.add_format(plain | {"num_format": "@", "quote_prefix": True}),
            "number": book.add_format(plain),
            "day": book.add_format(plain | {"num_format": "yyyy-mm-dd"}),
            "wrong": book.add_format(plain | {"bg_color": "#FFE3C2", "num_format": "@"}),
        }

    def sheet(self, name: str) -> Any:
        """A new sheet; Excel's limits on its name are kept."""
        clean = "".join("_" if letter in "[]:*?/\\" else letter for letter in name).strip("'")[:31] or "Sheet"
        taken = {sheet.get_name().lower() for sheet in self.book.worksheets()}
        chosen, count = clean, 2
        while chosen.lower() in taken:
            chosen = f"{clean[:27]}({count})"
            count += 1
        return self.book.add_worksheet(chosen)

    def put(self, sheet: Any, row: int, column: int, value: Cell, style: str = "") -> None:
        """Write one cell, row and column from 0: text as text, numbers as numbers, days as days."""
        formats = self.formats
        if value is None:
            if style:
                sheet.write_blank(row, column, None, formats[style])
        elif isinstance(value, bool):
            sheet.write_string(row, column, "是" if value else "否", formats[style or "text"])
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value, formats[style or "number"])
        elif isinstance(value, datetime.datetime | datetime.date):
            moment = (
                value if isinstance(value, datetime.datetime) else datetime.datetime.combine(value, datetime.time())
            )
            sheet.write_datetime(row, column, moment.replace(tzinfo=None), formats[style or "day"])
        else:
            text = str(value)[:_LONGEST]
            sheet.write_string(row, column, text, formats[style or ("quoted" if text.startswith(_FORMULA) else "text")])


@contextmanager
def new_book(out: Path, *, large: bool = False) -> Iterator[Book]:
    """Write *out* under another name first; KnownError("import.cannot_write") where that fails. *large*: row after row, memory flat."""
    beside = out.with_name(f".{out.name}.part")
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "constant_memory": large,
        "default_date_format": "yyyy-mm-dd",
    }  # fmt: skip
    done = False
    try:
        book = xlsxwriter.Workbook(str(beside), options)
        try:
            yield Book(book)
        finally:
            book.close()
        beside.replace(out)
        done = True
    except (OSError, XlsxWriterException) as bad:
        beside.unlink(missing_ok=True)
        raise KnownError("import.cannot_write", file=out.name) from bad
    finally:
        if not done:
            beside.unlink(missing_ok=True)

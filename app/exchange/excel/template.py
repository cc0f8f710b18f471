"""An empty workbook to fill in: headings, a line of notes, lists to choose from."""

from __future__ import annotations

from pathlib import Path

from app.exchange.excel.headings import ID_TARGET, Catalog, catalogs_of
from app.exchange.excel.words import load_words
from app.exchange.excel.writing import new_book
from app.schema.form import Field, Forms
from app.schema.kinds import Choice, CreditCode, Date, IdentityNumber, Phone, YesNo

_ROWS = 5000
"""Rows that get lists and text format; enough for a village, small enough for a quick file."""
_NOTES = {
    IdentityNumber: "18 位，按文本填写",
    CreditCode: "18 位，按文本填写",
    Phone: "手机 11 位，固定电话带区号",
    Date: "写成 2026-09-18",
    Choice: "从列表里选",
    YesNo: "填是或否",
}


def template_of(forms: Forms, form: str, out: Path) -> None:
    """Write the template for *form*; KnownError("import.no_form", "forms.card_only", "import.cannot_write")."""
    write_template(catalogs_of(forms, form, load_words())[0], forms, forms[form].title, out)


def write_template(catalog: Catalog, forms: Forms, title: str, out: Path) -> None:
    """Write the template for *catalog*; KnownError("import.cannot_write")."""
    with new_book(out) as book:
        sheet = book.sheet(title)
        lists = book.sheet("选项")
        lists.hide()
        used = 0
        column = 0
        for target in catalog.targets:
            if target.name == ID_TARGET:
                continue
            form, _, name = target.name.partition(".")
            item = forms[form].fields.get(name) if form in forms else None
            required = target.name in catalog.keys or bool(item and item.required and form == catalog.form)
            book.put(sheet, 0, column, _note(item, required=required), "note")
            book.put(sheet, 1, column, target.label, "heading")
            sheet.set_column(
                column, column, 22 if item and isinstance(item.kind, IdentityNumber) else 14, book.formats["text"]
            )
            choices = _choices(item)
            if choices:
                for row, label in enumerate(choices):
                    book.put(lists, row, used, label)
                letters = _letters(used)
                sheet.data_validation(
                    2, column, _ROWS, column,
                    {
                        "validate": "list", "source": f"=选项!${letters}$1:${letters}${len(choices)}", "error_type": "warning",
                        "error_title": "不在列表里", "error_message": "请从列表里选，或确认照原样填写。",
                    },
                )  # fmt: skip
                used += 1
            column += 1
        sheet.set_row(0, 48)
        sheet.freeze_panes(2, 0)


def _note(item: Field | None, *, required: bool) -> str:
    """The colon keeps the line from being taken for headings."""
    words = next(
        (text for kind, text in _NOTES.items() if item and isinstance(item.kind, kind)), item.help if item else ""
    )
    return f"{'必填' if required else '选填'}：{words or '按实际填写'}"


def _choices(item: Field | None) -> list[str]:
    if item is None:
        return []
    if isinstance(item.kind, YesNo):
        return ["是", "否"]
    if isinstance(item.kind, Choice) and item.kind.codes:
        return [code.label for code in item.kind.codes.items]
    return []


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters

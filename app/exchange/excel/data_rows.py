"""Which rows under the headings hold data, and why the others don't."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.exchange.excel.headings import Catalog
from app.exchange.excel.layout import Column, Row, RowCells
from app.exchange.excel.workbook import Cell, Sheet, is_blank, lent_cells, text_of
from app.schema.values import comparable

_NONE: frozenset[str] = frozenset()
_OF_HOUSEHOLD = {"household.number", "household.head_name"}
_OF_PERSON = {
    "resident.name", "resident.id_number", "resident.relation", "resident.sex", "resident.birth_date",
}  # fmt: skip
_NAMES = {"resident.name", "dwelling.address"}
_PERSONS = {"resident.id_number", "head.id_number"}
_EACH_HIS_OWN = {"resident.name", "resident.id_number", "resident.birth_date"}
"""What nobody has from the row above: a ditto mark there is left for the reader to refuse."""
_EXPLAINED = 3
"""Rows below the headings among which explanations are looked for."""
_EXAMPLES = ("示例", "样例", "举例", "例:", "例如", "填写示例", "(例", "(示例")
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_NOTE = re.compile(r"^\([^()]*\)$|必填|选填|可不填|下拉|列表|格式|按.{1,8}填|填写|请填|如:|例如")
_NUMBER = re.compile(r"\d{14}")
_PAIR = re.compile(r"([^\s:：,，;；、]{1,10})\s*[:：]\s*([^\s:：,，;；]+)(?=[\s,，;；]|$)")


def sort_rows(
    sheet: Sheet, catalog: Catalog, columns: Sequence[Column], top: int, bottom: int
) -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows of data below the headings, and the others (from 1) with the reason why they are none."""
    wanted = {column.index: column.target for column in columns if column.target}
    places = {target: index for index, target in wanted.items()}
    lent = lent_cells(sheet.merges, bottom + 1, len(sheet.rows), down_only=True)
    by_row: dict[int, list[tuple[int, tuple[int, int]]]] = {}
    for (number, column), origin in lent.items():
        by_row.setdefault(number, []).append((column, origin))
    across = {
        merge.top
        for merge in sheet.merges
        if merge.top == merge.bottom and merge.right - merge.left + 1 > max(3, len(columns) // 2)
    }
    heads = [
        {(c, comparable(text_of(cell))) for c, cell in enumerate(sheet.rows[n]) if not is_blank(cell)}
        for n in range(top, bottom + 1)
    ]
    titles = {comparable(text_of(cell)) for row in sheet.rows[:top] for cell in row if not is_blank(cell)}
    rows: list[Row] = []
    ignored: list[tuple[int, str]] = []
    kinds: dict[frozenset[str], frozenset[str]] = {}
    context: tuple[str, ...] = ()
    told: dict[str, Cell] = {}
    for number in range(bottom + 1, len(sheet.rows)):
        cells = sheet.rows[number]
        filled = [(column, cell) for column, cell in enumerate(cells) if not is_blank(cell)]
        why = _why_no_data(filled, number, bottom, across, heads, titles, catalog, wanted)
        if why:
            ignored.append((number + 1, why))
            if why == "section":
                context = tuple(text_of(cell) for _, cell in filled)
                told = _told(context, catalog)
            continue
        if any(c in wanted and isinstance(cell, str) and catalog.words.says_same(cell) for c, cell in filled):
            cells = _spelled_out(cells, wanted, catalog, rows[-1].cells if rows else {})
            filled = [(column, cell) for column, cell in enumerate(cells) if not is_blank(cell)]
        filled_in = frozenset(wanted[c] for c, _ in filled if c in wanted)
        own = kinds.setdefault(filled_in, filled_in)
        if not own:
            ignored.append((number + 1, "nothing_wanted"))
            continue
        under: dict[str, Cell] = {target: cell for target, cell in told.items() if target not in own}
        for column, (row, left) in by_row.get(number, ()):
            target = wanted.get(column)
            if target and target not in own and left < len(sheet.rows[row]) and not is_blank(sheet.rows[row][left]):
                under[target] = sheet.rows[row][left]
        broken = frozenset(wanted[c] for c in wanted if (number, c) in sheet.broken) if sheet.broken else _NONE
        rows.append(Row(number + 1, RowCells(cells, places, own, under), own, context, broken))
    return _under_head_rows(rows, ignored), sorted(ignored)


def _spelled_out(
    cells: Sequence[Cell], wanted: Mapping[int, str], catalog: Catalog, above: Mapping[str, Cell]
) -> list[Cell]:
    """*cells* with what the row *above* says in the place of ditto marks; blank where it says nothing."""
    return [
        above.get(wanted[column], "")
        if column in wanted
        and wanted[column] not in _EACH_HIS_OWN
        and isinstance(cell, str)
        and catalog.words.says_same(cell)
        else cell
        for column, cell in enumerate(cells)
    ]


def _under_head_rows(rows: list[Row], ignored: list[tuple[int, str]]) -> list[Row]:
    """*rows* without those that stand for a household alone, over its people; what they say is lent to the rows below."""
    kept: list[Row] = []
    lent: dict[str, Cell] = {}
    for row, after in itertools.zip_longest(rows, rows[1:]):
        if row.own & _OF_HOUSEHOLD and not row.own & _OF_PERSON and after is not None:
            own_household = after.own & _OF_HOUSEHOLD
            if "resident.name" in after.own and not own_household:
                lent = {target: cell for target, cell in row.cells.items() if not target.startswith("resident.")}
                ignored.append((row.number, "household"))
                continue
        if row.own & _OF_HOUSEHOLD:
            lent = {}
        kept.append(replace(row, cells={**lent, **row.cells}) if lent else row)
    return kept


def _told(texts: Sequence[str], catalog: Catalog) -> dict[str, Cell]:
    """What a line across the table says of the rows below it: 户号：001 户主：张三 住址：岭上1号."""
    found: dict[str, Cell] = {}
    for text in texts:
        for label, value in _PAIR.findall(text):
            target = catalog.match(label).target
            if target and not target.startswith("resident."):
                found.setdefault(target, value.strip())
    return found


def _explains(texts: Sequence[str]) -> str:
    """Whether a row right below the headings explains them: numbers its columns, says how to fill them in, gives an example."""
    if texts[0].startswith(_EXAMPLES):
        return "example"
    numbers = [
        int(text) if text.isdecimal() and text.isascii() else _STEMS.find(text) + 1
        for text in (t.strip("()") for t in texts)
    ]
    if len(texts) > 2 and all(numbers) and all(len(text) < 5 for text in texts):
        # 甲 乙 1 2 3: each kind counts on from its first.
        steps = [after - before for before, after in itertools.pairwise(numbers)]
        if sum(step == 1 for step in steps) >= len(steps) - 1:
            return "numbering"
    notes = [text for text in texts if _NOTE.search(text) and not re.search(r"\d{6}", text)]
    return "notes" if len(texts) > 1 and 2 * len(notes) > len(texts) else ""


def _why_no_data(
    filled: list[tuple[int, Cell]],
    number: int,
    below: int,
    across: set[int],
    heads: list[set[tuple[int, str]]],
    titles: set[str],
    catalog: Catalog,
    wanted: Mapping[int, str],
) -> str:
    """Why a row holds no data: blank, heading_again, total, footer, title, section; empty where it does."""
    if not filled:
        return "blank"
    words = catalog.words
    texts = [comparable(text_of(cell)) for _, cell in filled]
    if number <= below + _EXPLAINED and (why := _explains(texts)):
        return why
    if any(wanted.get(column) in _PERSONS and _NUMBER.search(text_of(cell)) for column, cell in filled):
        # Whatever else its words look like: nobody with a number is passed over in silence.
        return ""
    first = comparable(text_of(filled[0][1]))
    placed = {(column, text) for (column, _), text in zip(filled, texts, strict=True)}
    if any(len(placed & head) * 2 > len(placed) and len(placed & head) >= min(2, len(head)) for head in heads):
        return "heading_again"
    if first in titles:
        return "title"
    counting = (
        first in words.totals
        or (len(first) <= 16 and first.endswith(words.totals))
        or first.startswith(("合计:", "总计:", "小计:"))
    )
    if counting or (len(filled) <= 4 and any(comparable(text_of(cell)) in words.totals for _, cell in filled)):
        return "total"
    if len(filled) <= 4 and first.startswith(words.footers) and len(first) > 1:
        return "footer"
    if number in across and len(filled) <= 2:
        return "section" if len(first) <= 20 or _told([text_of(cell) for _, cell in filled], catalog) else "footer"
    key = next((column for column, target in wanted.items() if target in _NAMES), None)
    if len(filled) == 1 and len(wanted) > 2 and filled[0][0] != key:
        # One cell alone: the number of a line nobody filled in, or a word under the table.
        if first.isdigit():
            return "number_only"
        told = _told([text_of(cell) for _, cell in filled], catalog)
        return "section" if len(first) <= 20 or told else "footer"
    return ""

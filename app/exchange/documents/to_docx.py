"""Sheets as .docx that WPS and Word edit: named Chinese fonts, real tables, real page numbers."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, assert_never

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph as Row
from docx.text.run import Run

from app.exchange.documents.blocks import (
    HAND,
    SIZES,
    Align,
    Blank,
    Block,
    Facts,
    Gap,
    Heading,
    Paragraph,
    Piece,
    Ruled,
    Sheet,
    Spread,
    Table,
    Text,
    Title,
    Together,
)
from app.exchange.documents.widths import column_widths, fitting_size

TITLE_FONT, TEXT_FONT, HEADING_FONT = "宋体", "仿宋", "黑体"

_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.JUSTIFY,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}


def docx_bytes(sheet: Sheet) -> bytes:
    """*sheet* as an editable .docx; missing values are underlined blanks."""
    document = docx.Document()
    _page(document, sheet)
    for block in sheet.blocks:
        _block(document, sheet, block)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _page(document: Document, sheet: Sheet) -> None:
    properties = document.core_properties
    # The library's own template names an author and a comment of its own.
    properties.title, properties.author, properties.comments = sheet.name, "", ""
    properties.language = "zh-CN"
    normal = document.styles["Normal"]
    normal.font.size = Pt(SIZES[sheet.size])
    _fonts(normal.element.get_or_add_rPr(), TEXT_FONT)
    # No added space between Chinese and figures: lines break as they do in the PDF.
    for name in ("w:autoSpaceDE", "w:autoSpaceDN"):
        _flag(normal.element.get_or_add_pPr(), name, "0")
    section = document.sections[0]
    width, height = sheet.millimetres
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.orientation = WD_ORIENT.LANDSCAPE if sheet.landscape else WD_ORIENT.PORTRAIT
    section.top_margin, section.right_margin, section.bottom_margin, section.left_margin = map(Mm, sheet.margins)
    section.footer_distance = Mm(sheet.margins[2] * 0.45)
    row = section.footer.paragraphs[0]
    if sheet.mark:
        row.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(row, sheet.mark, "小五")
        row = section.footer.add_paragraph()
    row.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, rest = sheet.foot.split("{page}")
    # Letters say only which page it is.
    middle, whole, after = rest.partition("{pages}")
    for text, name in ((before, "PAGE"), (middle, "NUMPAGES" if whole else ""), (after, "")):
        _run(row, text, "小五")
        if name:
            _number(row, name)


def _block(document: Document, sheet: Sheet, block: Block, keep: bool = False) -> None:
    match block:
        case Title():
            row = _row(document, sheet, "center", keep=True, size="四号" if block.small else "二号")
            if block.small:
                _run(row, block.text, "四号")
            else:
                _run(row, block.text, "二号", TITLE_FONT, bold=True)
            row.paragraph_format.space_after = Pt(3 if block.small else 6)
        case Heading():
            row = _row(document, sheet, "left", keep=True)
            row.paragraph_format.space_before = Pt(0.25 * SIZES[sheet.size] * sheet.spacing)
            _run(row, block.text, sheet.size, HEADING_FONT)
        case Paragraph():
            size = block.size or sheet.size
            row = _row(document, sheet, block.align, keep=keep or block.keep_next, size=size)
            shape = row.paragraph_format
            if block.hang:
                shape.left_indent = Pt(block.hang * SIZES[size])
            shape.first_line_indent = Pt((block.indent - block.hang) * SIZES[size])
            _pieces(row, block.pieces, size, sheet.text_width)
        case Ruled():
            for _ in range(block.lines):
                row = _row(document, sheet, "left", keep=keep)
                _pitch(row, SIZES[sheet.size] * sheet.spacing * HAND)
                _pieces(row, (Blank(None),), sheet.size, sheet.text_width)
        case Gap():
            row = _row(document, sheet, "left", keep=keep)
            _pitch(row, max(1.0, block.lines * SIZES[sheet.size] * sheet.spacing))
        case Spread():
            _spread(document, sheet, block, keep)
        case Table():
            _table(document, sheet, block)
        case Facts():
            _facts(document, sheet, block)
        case Together():
            for place, inner in enumerate(block.blocks):
                _block(document, sheet, inner, keep=place < len(block.blocks) - 1)
        case _:
            assert_never(block)


def _row(document: Document, sheet: Sheet, align: Align, keep: bool = False, size: str | None = None) -> Row:
    row = document.add_paragraph()
    row.alignment = _ALIGN[align]
    shape = row.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    _pitch(row, SIZES[size or sheet.size] * sheet.spacing)
    shape.keep_with_next = keep or None
    return row


def _pitch(row: Row, points: float) -> None:
    # A fixed pitch (固定值), as official papers have it: a multiple would differ with every font in place of 仿宋.
    row.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    row.paragraph_format.line_spacing = Pt(points)


def _pieces(row: Row, pieces: Iterable[Piece], size: str, width: float) -> None:
    for piece in pieces:
        match piece:
            case Text():
                _run(row, piece.text, size, HEADING_FONT if piece.bold else TEXT_FONT)
            case Blank(ems=None):
                # An underlined tab to the margin: stays one line however much is typed before it.
                row.paragraph_format.tab_stops.add_tab_stop(Mm(width), WD_TAB_ALIGNMENT.RIGHT)
                row.alignment = WD_ALIGN_PARAGRAPH.LEFT
                _run(row, "\t", size).underline = True
            case Blank():
                # Ideographic spaces alone would vanish at the end of a line; the hard spaces hold them.
                _run(row, "\u3000" * max(1, round(piece.ems or 0) - 1) + "\xa0\xa0", size).underline = True


def _spread(document: Document, sheet: Sheet, block: Spread, keep: bool) -> None:
    size = block.size or sheet.size
    row = _row(document, sheet, "left", keep=keep, size=size)
    row.alignment = WD_ALIGN_PARAGRAPH.LEFT
    share = sheet.text_width / len(block.parts)
    stops = row.paragraph_format.tab_stops
    for place, part in enumerate(block.parts):
        open_end = Blank(None) in part
        if place:
            at_right = place == len(block.parts) - 1 and not open_end
            side = WD_TAB_ALIGNMENT.RIGHT if at_right else WD_TAB_ALIGNMENT.LEFT
            stops.add_tab_stop(Mm(sheet.text_width if at_right else share * place), side)
            _run(row, "\t", size)
        _pieces(row, part, size, share * (place + 1) - 2)


def _table(document: Document, sheet: Sheet, block: Table) -> None:
    size = fitting_size(block, sheet.text_width)
    widths = column_widths(block, sheet.text_width, SIZES[size])
    table = _grid(document, len(widths))
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    _cells(
        table.add_row().cells, [column.label for column in block.columns], widths, ["center"] * len(widths), size, True
    )
    _flag(table.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")  # noqa: SLF001
    aligns = [column.align for column in block.columns]
    for place, texts in enumerate(block.rows):
        # add_row().cells walks the whole table for merged cells; a row of our own has none.
        row = table.add_row()
        cells = tuple(_Cell(part, row) for part in row._tr.tc_lst)  # noqa: SLF001
        _cells(cells, texts, widths, aligns, size, place in block.strong)
        _flag(row._tr.get_or_add_trPr(), "w:cantSplit")  # noqa: SLF001


def _grid(document: Document, columns: int) -> Any:
    table = document.add_table(rows=0, cols=columns, style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "48")  # 0.85 mm in twentieths of a point: a little less than was measured with
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    # Word reads these only in the order of the standard: before tblLook.
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(margins)  # noqa: SLF001
    return table


def _facts(document: Document, sheet: Sheet, block: Facts) -> None:
    head = sheet.text_width * block.label
    half = sheet.text_width / 2 - head
    table = _grid(document, 4)
    for column, width in zip(table.columns, (head, half, head, half), strict=True):
        column.width = Mm(width)
    for facts in block.rows:
        row = table.add_row()
        cells = list(row.cells)
        widths = [head, half, head, half]
        if len(facts) == 1:
            cells = [cells[0], cells[1].merge(cells[3])]
            widths = [head, sheet.text_width - head]
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            fact = facts[place // 2]
            texts, aligns, bold = ([fact.text], ["left"], False) if place % 2 else ([fact.label], ["center"], True)
            _cells([cell], texts, [width], aligns, block.size, bold)  # type: ignore[arg-type]
        _flag(row._tr.get_or_add_trPr(), "w:cantSplit")  # noqa: SLF001


def _cells(
    cells: Iterable[_Cell],
    texts: Iterable[str],
    widths: Iterable[float],
    aligns: Iterable[Align],
    size: str,
    bold: bool,
) -> None:
    for cell, text, width, align in zip(cells, texts, widths, aligns, strict=True):
        cell.width = Mm(width)
        row = cell.paragraphs[0]
        row.alignment = WD_ALIGN_PARAGRAPH.LEFT if align == "left" else _ALIGN[align]
        row.paragraph_format.space_before = row.paragraph_format.space_after = Pt(2)
        _pitch(row, SIZES[size] * 1.35)
        _run(row, text, size, HEADING_FONT if bold else TEXT_FONT)


def _run(row: Row, text: str, size: str, font: str = TEXT_FONT, *, bold: bool = False) -> Run:
    run = row.add_run(text)
    run.font.size = Pt(SIZES[size])
    run.font.bold = bold or None
    _fonts(run._r.get_or_add_rPr(), font)  # noqa: SLF001
    return run


def _fonts(shape: object, font: str) -> None:
    fonts = shape.get_or_add_rFonts()  # type: ignore[attr-defined]
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "eastAsia"):
        fonts.set(qn(f"w:{script}"), font)
    # Quotation marks and dashes are shared by both scripts; here they are Chinese.
    fonts.set(qn("w:hint"), "eastAsia")


def _flag(shape: object, name: str, value: str = "1") -> None:
    flag = OxmlElement(name)
    flag.set(qn("w:val"), value)
    shape.append(flag)  # type: ignore[attr-defined]


def _number(row: Row, name: str) -> None:
    for kind in ("begin", name, "separate", "1", "end"):
        run = _run(row, "", "小五")
        if kind in {"begin", "separate", "end"}:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        elif kind == name:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = f" {name} "
        else:
            mark = OxmlElement("w:t")
            mark.text = kind
        run._r.append(mark)  # noqa: SLF001

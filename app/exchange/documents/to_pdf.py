"""Sheets as PDF, without Qt: pages are laid out first, then drawn, so that every foot knows how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, assert_never

from fpdf import FPDF
from fpdf.enums import TextMode

from app.exchange.documents.blocks import (
    HAND,
    SIZES,
    Align,
    Block,
    Facts,
    Gap,
    Heading,
    Paragraph,
    Ruled,
    Sheet,
    Spread,
    Table,
    Text,
    Title,
    Together,
)
from app.exchange.documents.fonts import Face, face_path
from app.exchange.documents.layout import POINT, Line, Span, broken
from app.exchange.documents.widths import PADDING, column_widths, fitting_size

_RULE = 0.2  # width of every drawn rule, millimetres
_LEAD = 0.8  # above and below the text of a cell, millimetres
_FOOT, _MARKS = "小五", 1.25  # type size below the text, and how far apart its lines are
_SHORT = 2  # lines of a row in which every cell stands in the middle
_BOLD = 0.03  # a bold glyph is the plain one with this much outline, in ems: the carried fonts have one weight


@dataclass
class _Page:
    words: list[tuple[float, float, Line, float]] = field(default_factory=list)  # x, baseline, line, letter space
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)


class _Setting:
    """The pages of one sheet while they fill from top to bottom."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.width = sheet.text_width
        self.left = sheet.margins[3]
        # A long mark has a line more, and the text ends above it.
        self.marks = broken((Text(sheet.mark),), self.width, SIZES[_FOOT]) if sheet.mark else []
        more = max(0, len(self.marks) - 1) * SIZES[_FOOT] * POINT * _MARKS
        self.bottom = sheet.millimetres[1] - sheet.margins[2] - more
        self.pages = [_Page()]
        self.y = sheet.margins[0]

    @property
    def page(self) -> _Page:
        return self.pages[-1]

    @property
    def at_top(self) -> bool:
        return self.y <= self.sheet.margins[0] + 0.01

    def turn(self) -> None:
        self.pages.append(_Page())
        self.y = self.sheet.margins[0]

    def room(self, height: float) -> bool:
        return self.y + height <= self.bottom + 0.01

    def step(self, size: float) -> float:
        """The height of one line of *size* points."""
        return size * POINT * self.sheet.spacing

    def put(self, found: Line, size: float, height: float, align: Align, *, justify: bool = False) -> None:
        """One line of text at the current height; a new page where it doesn't fit."""
        if not self.room(height) and not self.at_top:
            self.turn()
        slack = self.width - found.width
        x = self.left + {"left": 0.0, "center": slack / 2, "right": slack}[align]
        letters = sum(len(span.text) for span in found.spans)
        space = slack / letters if justify and letters > 8 and 0 < slack <= 1.6 * size * POINT else 0.0
        self.page.words.append((x, self.y + _baseline(height, size), found, space))
        self.y += height

    def block(self, block: Block) -> None:
        match block:
            case Title():
                size = SIZES["四号" if block.small else "二号"]
                for found in broken((Text(block.text, bold=not block.small),), self.width, size):
                    self.put(found, size, size * POINT * 1.5, "center")
                self.y += 1.0 if block.small else 2.0
            case Heading():
                size = SIZES[self.sheet.size]
                if not self.room(3 * self.step(size)) and not self.at_top:
                    self.turn()
                if not self.at_top:
                    self.y += 0.25 * self.step(size)
                for found in broken((Text(block.text, bold=True),), self.width, size, "sans"):
                    self.put(found, size, self.step(size), "left")
            case Paragraph():
                self._paragraph(block)
            case Ruled():
                size = SIZES[self.sheet.size]
                rule = Line((Span("", 0, self.width, "serif", size, rule=True),), self.width)
                for _ in range(block.lines):
                    self.put(rule, size, self.step(size) * HAND, "left")
            case Gap():
                self.y += block.lines * self.step(SIZES[self.sheet.size])
            case Table():
                self._table(block)
            case Facts():
                self._facts(block)
            case Spread():
                self._spread(block)
            case Together():
                self._together(block)
            case _:
                assert_never(block)

    def _paragraph(self, block: Paragraph) -> None:
        size = SIZES[block.size or self.sheet.size]
        lines = broken(block.pieces, self.width, size, indent=block.indent, hang=block.hang)
        if block.keep_next and not self.room((len(lines) + 1) * self.step(size)) and not self.at_top:
            self.turn()
        for place, found in enumerate(lines):
            # No single last line alone on a new page.
            left = len(lines) - place
            if left == 2 and len(lines) > 3 and not self.room(2 * self.step(size)) and not self.at_top:
                self.turn()
            self.put(found, size, self.step(size), block.align, justify=left > 1 and block.align == "left")

    def _spread(self, block: Spread) -> None:
        size = SIZES[block.size or self.sheet.size]
        share = self.width / len(block.parts)
        last = len(block.parts) - 1
        lines = [broken(part, share if place == last else share - 2, size) for place, part in enumerate(block.parts)]
        height = self.step(size)
        if not self.room(height * max(map(len, lines))) and not self.at_top:
            self.turn()
        for place, part in enumerate(lines):
            for row, found in enumerate(part):
                slack = share * (place + 1) - found.width if place == last and place else share * place
                self.page.words.append((self.left + slack, self.y + row * height + _baseline(height, size), found, 0.0))
        self.y += height * max(map(len, lines))

    def _together(self, block: Together) -> None:
        trial = _Setting(self.sheet)
        for inner in block.blocks:
            trial.block(inner)
        height = trial.y - self.sheet.margins[0]
        if len(trial.pages) == 1 and not self.room(height) and not self.at_top:
            self.turn()
        for inner in block.blocks:
            self.block(inner)

    def _table(self, table: Table) -> None:
        size = SIZES[fitting_size(table, self.width)]
        widths = column_widths(table, self.width, size)
        pitch = size * POINT * 1.35
        header = [broken((Text(column.label, bold=True),), part - 2 * PADDING, size, "sans")
                  for column, part in zip(table.columns, widths, strict=True)]  # fmt: skip
        head_aligns: list[Align] = ["center"] * len(widths)
        aligns = [column.align for column in table.columns]
        top = _height(header, pitch)
        if not self.room(top + 2 * pitch) and not self.at_top:
            self.turn()
        self._row(header, widths, head_aligns, size, pitch)
        for place, row in enumerate(table.rows):
            cells = [
                [found for text in cell.split("\n") for found in
                 broken((Text(text, bold=place in table.strong),), part - 2 * PADDING, size)]
                for cell, part in zip(row, widths, strict=True)
            ]  # fmt: skip
            whole = self.bottom - self.sheet.margins[0] - top
            while any(cells):
                if self.room(_height(cells, pitch)):
                    self._row(cells, widths, aligns, size, pitch)
                    break
                fits = int((self.bottom - self.y - 2 * _LEAD) / pitch)
                if _height(cells, pitch) > whole and fits >= 2:
                    # A row taller than a page is continued on the next one.
                    self._row([cell[:fits] for cell in cells], widths, aligns, size, pitch)
                    cells = [cell[fits:] for cell in cells]
                self.turn()
                self._row(header, widths, head_aligns, size, pitch)

    def _facts(self, block: Facts) -> None:
        size = SIZES[block.size]
        pitch = size * POINT * 1.35
        for row in block.rows:
            head = self.width * block.label
            # The last value takes what is left, so that rows of one fact and of two end in one line.
            widths = [part for _ in row for part in (head, self.width / len(row) - head)]
            cells = []
            for place, width in enumerate(widths):
                fact = row[place // 2]
                cells.append(_cell(fact.text, width, size) if place % 2 else _cell(fact.label, width, size, "sans"))
            if not self.room(_height(cells, pitch)) and not self.at_top:
                self.turn()
            aligns: list[Align] = ["center", "left"] * len(row)
            fits = max(2, int((self.bottom - self.y - 2 * _LEAD) / pitch))
            while any(len(cell) > fits for cell in cells):
                # A value taller than a page is continued on the next one.
                self._row([cell[:fits] or [Line((), 0.0)] for cell in cells], widths, aligns, size, pitch)
                cells = [cell[fits:] or [Line((), 0.0)] for cell in cells]
                self.turn()
                fits = max(2, int((self.bottom - self.y - 2 * _LEAD) / pitch))
            self._row(cells, widths, aligns, size, pitch)

    def _row(
        self, cells: list[list[Line]], widths: list[float], aligns: list[Align], size: float, pitch: float
    ) -> None:
        height = _height(cells, pitch)
        x = self.left
        short = max(len(cell) for cell in cells) <= _SHORT
        for cell, width, align in zip(cells, widths, aligns, strict=True):
            self.page.rules += [(x, self.y, x + width, self.y), (x, self.y, x, self.y + height),
                                (x + width, self.y, x + width, self.y + height),
                                (x, self.y + height, x + width, self.y + height)]  # fmt: skip
            # A long text is read from the top; where all is short, what stands side by side is one line.
            lead = (height - len(cell) * pitch) / 2 if align != "left" or short else _LEAD
            for row, found in enumerate(cell):
                slack = width - 2 * PADDING - found.width
                shift = {"left": 0.0, "center": slack / 2, "right": slack}[align]
                base = self.y + lead + row * pitch + _baseline(pitch, size)
                self.page.words.append((x + PADDING + shift, base, found, 0.0))
            x += width
        self.y += height


def laid_out(sheet: Sheet) -> int:
    """The number of pages that *sheet* takes as PDF."""
    return len(_set(sheet).pages)


def pdf_bytes(sheet: Sheet) -> bytes:
    """*sheet* as a PDF with a text layer; fonts are subset and embedded."""
    setting = _set(sheet)
    pdf = FPDF(unit="mm", format=sheet.millimetres)
    pdf.set_auto_page_break(False)
    pdf.set_title(sheet.name)
    pdf.set_lang("zh-CN")
    pdf.set_line_width(_RULE)
    faces = {span.face for page in setting.pages for _, _, found, _ in page.words for span in found.spans}
    serif: Face = "serif"
    for face in sorted(faces | {serif}):
        pdf.add_font(face, fname=face_path(face))
    for page in setting.pages:
        pdf.add_page()
        for x1, y1, x2, y2 in dict.fromkeys(page.rules):
            pdf.line(x1, y1, x2, y2)
        for x, baseline, found, space in page.words:
            _draw(pdf, x, baseline, found.spans, space)
    return bytes(pdf.output())


def drawn(sheet: Sheet) -> dict[str, Any]:
    """*sheet* as plain values for a printer: ``width``, ``height`` and ``pages``, lengths in millimetres, type sizes in points.

    A page has ``words`` [x, baseline, text, face, size, bold, letter space] and ``rules`` [x1, y1, x2, y2].
    """
    setting = _set(sheet)
    pages = []
    for page in setting.pages:
        words: list[list[Any]] = []
        rules = [list(rule) for rule in dict.fromkeys(page.rules)]
        for x, baseline, found, space in page.words:
            before = 0
            for span in found.spans:
                at = x + span.x + before * space
                before += len(span.text)
                if span.rule:
                    foot = baseline + span.size * POINT * 0.2
                    rules.append([at, foot, at + span.width, foot])
                else:
                    words.append([at, baseline, span.text, span.face, span.size, span.bold, space])
        pages.append({"words": words, "rules": rules})
    width, height = sheet.millimetres
    return {"name": sheet.name, "width": width, "height": height, "pages": pages}


def _set(sheet: Sheet) -> _Setting:
    setting = _Setting(sheet)
    for block in sheet.blocks:
        setting.block(block)
    size = SIZES[_FOOT]
    for number, page in enumerate(setting.pages, 1):
        foot = sheet.foot.format(page=number, pages=len(setting.pages))
        middle = sheet.millimetres[1] - sheet.margins[2] * 0.5
        count = len(setting.marks)
        lines = [(line, middle - (count - place) * size * POINT * _MARKS) for place, line in enumerate(setting.marks)]
        lines += [(line, middle) for line in broken((Text(foot),), setting.width, size)[:1]]
        for found, baseline in lines:
            at = setting.left + (setting.width - found.width) / 2
            page.words.append((at, baseline, found, 0.0))
    return setting


def _cell(text: str, width: float, size: float, face: Face = "serif") -> list[Line]:
    return [found for part in text.split("\n") for found in broken((Text(part),), width - 2 * PADDING, size, face)]


def _baseline(height: float, size: float) -> float:
    # Chinese glyphs stand in a square whose foot is 0.12 of it below the baseline; the square is centred in the line.
    return height / 2 + size * POINT * 0.38


def _height(cells: list[list[Line]], pitch: float) -> float:
    return max(len(cell) for cell in cells) * pitch + 2 * _LEAD


def _draw(pdf: FPDF, x: float, baseline: float, spans: Iterable[Span], space: float) -> None:
    before = 0
    for span in spans:
        at = x + span.x + before * space
        before += len(span.text)
        if span.rule:
            foot = baseline + span.size * POINT * 0.2
            pdf.line(at, foot, at + span.width, foot)
            continue
        pdf.set_font(span.face, size=span.size)
        pdf.set_char_spacing(space / POINT)
        if span.stands_for:
            # Seen is the code point; copied or searched is the character itself.
            pdf._out(f"/Span <</ActualText <FEFF{span.stands_for.encode('utf-16-be').hex()}>>> BDC")  # noqa: SLF001
        if span.bold:
            # text() writes the width as points, unlike line().
            with pdf.local_context(text_mode=TextMode.FILL_STROKE, line_width=span.size * _BOLD):
                pdf.text(at, baseline, span.text)
        else:
            pdf.text(at, baseline, span.text)
        if span.stands_for:
            pdf._out("EMC")  # noqa: SLF001

"""The neutral page model: one description of a document that the .docx and the PDF writer both read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Align: TypeAlias = Literal["left", "center", "right"]

# Chinese type sizes in points; documents name them as a typist would.
SIZES = {"二号": 22.0, "三号": 16.0, "四号": 14.0, "小四": 12.0, "五号": 10.5, "小五": 9.0, "六号": 7.5}


HAND = 1.25  # empty rules lie so much wider apart than printed lines: a pen needs 8 mm


@dataclass(frozen=True)
class Text:
    """A run of words in one weight."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Blank:
    """A line to fill by hand, *ems* characters wide; ``None`` reaches to the end of the line."""

    ems: float | None = None


Piece: TypeAlias = Text | Blank


@dataclass(frozen=True)
class Title:
    """The name of the document: centred, 二号, bold. *small* is the second row under it (unit, period)."""

    text: str
    small: bool = False


@dataclass(frozen=True)
class Heading:
    """A section's label in 黑体; stays on the page of what follows."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text. *indent* is the first line's indent in characters, *hang* that of the lines after it."""

    pieces: tuple[Piece, ...]
    indent: float = 2
    hang: float = 0
    align: Align = "left"
    keep_next: bool = False
    size: str | None = None


@dataclass(frozen=True)
class Ruled:
    """*lines* empty rules over the whole width, for a long text that is missing."""

    lines: int = 3


@dataclass(frozen=True)
class Gap:
    """White space of *lines* lines of text."""

    lines: float = 1


@dataclass(frozen=True)
class Column:
    """A table's column. *share* fixes its part of the width; without it the contents decide."""

    label: str
    align: Align = "left"
    share: float | None = None


@dataclass(frozen=True)
class Table:
    """A ruled table; the header row comes again on every page. *strong* names rows in bold (totals), by index."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    size: str = "五号"
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Fact:
    """A ruled cell with its label beside it; an empty *text* stays white, to be filled by hand."""

    label: str
    text: str


@dataclass(frozen=True)
class Facts:
    """A ruled card of labels and values, as forms on official paper have it: each row holds one fact or two."""

    rows: tuple[tuple[Fact, ...], ...]
    size: str = "五号"
    label: float = 0.155
    """The part of the width that a label takes."""


@dataclass(frozen=True)
class Spread:
    """One line whose parts share the width evenly: the unit line, the filler/reviewer/leader line."""

    parts: tuple[tuple[Piece, ...], ...]
    size: str | None = None


@dataclass(frozen=True)
class Together:
    """Blocks that must stand on one page, for instance everything that is signed."""

    blocks: tuple[Block, ...]


Block: TypeAlias = Title | Heading | Paragraph | Ruled | Gap | Table | Facts | Spread | Together


@dataclass(frozen=True)
class Sheet:
    """A whole document: its blocks and its paper. Margins are in millimetres: top, right, bottom, left."""

    name: str
    blocks: tuple[Block, ...]
    paper: Literal["A4", "A3"] = "A4"
    landscape: bool = False
    size: str = "小四"
    spacing: float = 1.55
    margins: tuple[float, float, float, float] = (25.0, 25.0, 22.0, 27.0)
    foot: str = field(default="第 {page} 页 共 {pages} 页")
    mark: str = ""
    """A line above the foot of every page: who printed it, when and what for."""

    @property
    def millimetres(self) -> tuple[float, float]:
        """Width and height of the paper as it lies."""
        short, long = (210.0, 297.0) if self.paper == "A4" else (297.0, 420.0)
        return (long, short) if self.landscape else (short, long)

    @property
    def text_width(self) -> float:
        """Width between the margins, in millimetres."""
        return self.millimetres[0] - self.margins[1] - self.margins[3]


def plain(value: object) -> str:
    """Return *value* as text that both writers accept: no control characters but line feeds, no half characters."""
    text = "" if value is None else str(value)
    text = text.replace("\r\n", "\n").translate({0x0D: "\n", 0x2028: "\n", 0x09: " ", 0xA0: " "})
    # XML (so .docx) refuses control characters and lone surrogates outright.
    return "".join(
        "\ufffd" if unicodedata.category(char) == "Cs" else char
        for char in text
        if char == "\n" or unicodedata.category(char) != "Cc"
    ).strip()


def filled(value: object, ems: float | None = 6) -> Piece:
    """*value* as text; where it is missing, a line of *ems* characters to fill by hand."""
    text = plain(value).replace("\n", " ")
    return Text(text) if text else Blank(ems)


def line(
    *parts: str | Piece, indent: float = 0, hang: float = 0, keep_next: bool = False, align: Align = "left"
) -> Paragraph:
    """A paragraph of labels and values; plain strings are the labels."""
    pieces = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    return Paragraph(pieces, indent=indent, hang=hang, keep_next=keep_next, align=align)


def label_values(pairs: Sequence[tuple[str, object, float | None]], indent: float = 0) -> Paragraph:
    """Several ``(label, value, ems)`` in one line, two spaces apart; missing values become blanks."""
    parts: list[str | Piece] = []
    for place, (label, value, ems) in enumerate(pairs):
        parts += [("　" if place else "") + label + "：", filled(value, ems)]
    return line(*parts, indent=indent)


def paragraphs(value: object, ruled: int = 3, indent: float = 2) -> tuple[Block, ...]:
    """A long text, a paragraph a line; where it is missing, *ruled* empty rules."""
    rows = [row.strip() for row in plain(value).split("\n") if row.strip()]
    return tuple(Paragraph((Text(row),), indent=indent) for row in rows) or (Ruled(ruled),)


def numbered(items: Iterable[object], ruled: int = 3) -> tuple[Block, ...]:
    """Items as ``1．…``; a number that the writer already typed is not doubled."""
    texts = [text for text in (plain(item) for item in items) if text]
    # Only a whole, unbroken numbering counts as typed: "2．5万元" alone must not lose its figure.
    typed = bool(texts) and all(text.startswith((f"{n}．", f"{n}、", f"{n}.")) for n, text in enumerate(texts, 1))
    blocks: list[Block] = []
    for place, text in enumerate(texts, 1):
        first, *rest = (row.strip() for row in text.split("\n") if row.strip())
        blocks.append(Paragraph((Text(first if typed else f"{place}．{first}"),)))
        blocks += [Paragraph((Text(row),)) for row in rest]
    return tuple(blocks) or (Ruled(ruled),)


def said(speaker: object, words: object) -> tuple[Block, ...]:
    """What one person said: the speaker in bold before the words; further lines follow without the name."""
    rows = [row.strip() for row in plain(words).split("\n") if row.strip()]
    name = plain(speaker)
    head: Piece = Text(f"{name}：", bold=True) if name else Text("：")
    lead = (head,) if name else (Blank(4), head)
    if not rows:
        return (Paragraph((*lead, Blank(None))), Ruled(2))
    return (Paragraph((*lead, Text(rows[0]))), *(Paragraph((Text(row),)) for row in rows[1:]))


def written_texts(blocks: Iterable[Block]) -> list[str]:
    """Every text that *blocks* would print, in order: what a check for missing glyphs has to look at."""
    found: list[str] = []
    for block in blocks:
        match block:
            case Title() | Heading():
                found.append(block.text)
            case Paragraph():
                found += [piece.text for piece in block.pieces if isinstance(piece, Text)]
            case Spread():
                found += [piece.text for part in block.parts for piece in part if isinstance(piece, Text)]
            case Table():
                found += [column.label for column in block.columns]
                found += [cell for row in block.rows for cell in row]
            case Facts():
                found += [part for row in block.rows for fact in row for part in (fact.label, fact.text)]
            case Together():
                found += written_texts(block.blocks)
            case _:
                pass
    return found

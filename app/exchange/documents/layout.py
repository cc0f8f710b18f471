"""Breaking pieces of text into lines, by the rules of Chinese typesetting; lengths in millimetres."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.exchange.documents.blocks import Blank, Piece, Text
from app.exchange.documents.fonts import Face, code_point, cut, face_for, invisible

POINT = 25.4 / 72

# 避头尾: what may not begin a line, and what may not end one.
_NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕〗”’…—％%℃·,.;:?!)]}．")
_NOT_LAST = frozenset("（《〈「『【〔〖“‘([{￥¥№")
# Numbers, masked ones too, ids and Latin words stay whole.
_WHOLE = re.compile(r"[0-9A-Za-z@_+\-./%:*]+")

_SMALL = 0.7  # the size of a code point shown instead of a glyph, as a part of the type size


@dataclass(frozen=True)
class Span:
    """What is drawn in one go: *text* in one face and size (points), at *x* from the line's start.

    ``rule`` is a line to fill by hand; ``stands_for`` is the character whose glyph no font has.
    """

    text: str
    x: float
    width: float
    face: Face
    size: float
    bold: bool = False
    rule: bool = False
    stands_for: str | None = None


@dataclass(frozen=True)
class Line:
    """One line of spans with its natural *width*."""

    spans: tuple[Span, ...]
    width: float


def broken(
    pieces: Iterable[Piece], width: float, size: float, face: Face = "serif", indent: float = 0, hang: float = 0
) -> list[Line]:
    """*pieces* as lines no wider than *width*; *indent* and *hang* in characters. Never empty."""
    lines: list[Line] = []
    row: list[Span] = []
    used = indent * size * POINT
    start = used
    for word in _words(pieces, size, face):
        span = _open_end(word, used, width)
        if used + span.width > width + 0.01 and used > start:
            if span.text == " ":
                continue
            carried = _carried(row, span)
            row = row[: len(row) - len(carried)]
            lines.append(_line(row))
            row, start = [], hang * size * POINT
            used = start
            for piece in carried:
                row.append(replace(piece, x=used))
                used += piece.width
            span = _open_end(word, used, width)
        for part in _fitting(span, width - used, width - hang * size * POINT):
            if used + part.width > width + 0.01 and used > start:
                lines.append(_line(row))
                row, start = [], hang * size * POINT
                used = start
            row.append(replace(part, x=used))
            used += part.width
    lines.append(_line(row))
    return lines


def text_width(text: str, size: float, face: Face = "serif") -> float:
    """The width of *text* on one line, in millimetres."""
    return sum(span.width for span in _words((Text(text),), size, face))


def longest_whole(text: str, size: float, face: Face = "serif") -> float:
    """The width of the longest part of *text* that should not be broken."""
    return max((span.width for span in _words((Text(text),), size, face)), default=0.0)


def _open_end(span: Span, used: float, width: float) -> Span:
    """A rule without a width reaches to the end of the line, or takes the next one where little is left."""
    if span.rule and not span.width:
        left = width - used
        return replace(span, width=left if left > 3 * span.size * POINT else width)
    return span


def _carried(row: list[Span], word: Span) -> list[Span]:
    """What must go down with *word* so that no line begins or ends with the wrong mark."""
    carried: list[Span] = []
    first = word.text[:1]
    for span in reversed(row[1:]):
        if len(carried) == 4 or not (first in _NOT_FIRST or span.text[-1:] in _NOT_LAST):
            break
        carried.insert(0, span)
        first = span.text[:1]
    return carried


def _fitting(span: Span, left: float, width: float) -> Iterator[Span]:
    """A word wider than a whole line is cut into characters."""
    if span.rule or span.stands_for or span.width <= width or span.width <= left:
        yield span
        return
    for char in span.text:
        yield replace(span, text=char, width=cut(span.face).width(char) * span.size * POINT)


def _line(row: list[Span]) -> Line:
    width = row[-1].x + row[-1].width if row else 0.0
    merged: list[Span] = []
    for span in row:
        last = merged[-1] if merged else None
        if (
            last
            and not (last.rule or span.rule or last.stands_for or span.stands_for)
            and ((last.face, last.size, last.bold) == (span.face, span.size, span.bold))
        ):
            merged[-1] = replace(last, text=last.text + span.text, width=span.x + span.width - last.x)
        else:
            merged.append(span)
    return Line(tuple(merged), width)


def _words(pieces: Iterable[Piece], size: float, face: Face) -> Iterator[Span]:
    for piece in pieces:
        if isinstance(piece, Blank):
            yield Span("", 0, (piece.ems or 0) * size * POINT, face, size, rule=True)
            continue
        place = 0
        while place < len(piece.text):
            whole = _WHOLE.match(piece.text, place)
            word = whole.group() if whole else piece.text[place]
            place += len(word)
            yield from _span(word, size, face, piece.bold)


def _span(word: str, size: float, face: Face, bold: bool) -> Iterator[Span]:
    if len(word) == 1 and (invisible(word) or word == "\n"):
        return
    found = face_for(word[0], face)
    if found is None:
        shown = code_point(word)
        small = size * _SMALL
        width = sum(cut(face).width(char) for char in shown) * small * POINT
        yield Span(shown, 0, width, face, small, bold, stands_for=word)
        return
    yield Span(word, 0, sum(cut(found).width(char) for char in word) * size * POINT, found, size, bold)

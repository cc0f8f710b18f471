"""Papers of a case in the neutral model: a letter laid out as GB/T 9704-2012 has it, or a ruled form, both from their wording."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.exchange.case_paper_kinds import CasePaper
from app.exchange.documents.blocks import (
    Blank,
    Block,
    Fact,
    Facts,
    Gap,
    Paragraph,
    Piece,
    Sheet,
    Spread,
    Text,
    Title,
    Together,
    filled,
    line,
    paragraphs,
    plain,
)
from app.exchange.documents.registry_papers import paired

BLANK = "blank"
"""The name of a row of a form that is left white, to be filled by hand."""

# GB/T 9704-2012, 5.1: head 37 mm, binding edge 28 mm, type area 156 × 225 mm; 5.2.3: 22 lines of 三号 a page.
_LETTER = (37.0, 26.0, 35.0, 28.0)
_LINES = 1.81
_FORM = (22.0, 20.0, 20.0, 22.0)
_SHORT = 150  # letters of a paragraph that is kept with what is signed
_SLOT = re.compile(r"\{(\w+)\}")
_HAND = "\n\n\n"  # a white cell of four lines


def case_paper(kind: CasePaper, said: Mapping[str, str], number: str) -> Sheet:
    """The pages of *kind*; ``said`` are shown values by name, a missing one is a line to fill by hand."""
    head: list[Block] = [
        Title(kind.title),
        line(f"编号：{plain(number)}", align="center" if kind.layout == "letter" else "right"),
    ]
    if kind.layout == "letter":
        head += [Gap(0.6), *_addressed(kind, said)]
        blocks = (*head, *_closed(kind, said))
        return Sheet(
            kind.title, blocks, size="三号", spacing=_LINES, margins=_LETTER, foot="— {page} —"
        )  # fmt: skip
    blocks = (*head, *_facts(kind, said), Gap(0.3), *_closed(kind, said))
    return Sheet(kind.title, blocks, size="小四", spacing=1.5, margins=_FORM)


def _addressed(kind: CasePaper, said: Mapping[str, str]) -> tuple[Block, ...]:
    if all(ask.name != "to" for ask in kind.ask):
        return ()
    return (line(filled(said.get("to"), 10), "："),)


def _body(kind: CasePaper, said: Mapping[str, str]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for text in kind.body:
        if text.startswith("@"):
            blocks += paragraphs(said.get(text[1:]))
            continue
        name, _, rest = text[1:].partition("|") if text.startswith("?") else ("", "", text)
        if not name or plain(said.get(name)):
            blocks.append(line(*_pieces(rest, said), indent=2))
    return tuple(blocks)


def _pieces(text: str, said: Mapping[str, str]) -> tuple[Piece, ...]:
    """*text* with its names filled; what is missing is a line to write on."""
    pieces: list[Piece] = []
    for place, part in enumerate(_SLOT.split(text)):
        if place % 2 == 0:
            pieces += [Text(part)] if part else []
        else:
            pieces.append(filled(said.get(part), 7))
    if len(pieces) == 2 and isinstance(pieces[1], Blank):
        pieces[1] = Blank(None)
    return tuple(pieces)


def _facts(kind: CasePaper, said: Mapping[str, str]) -> tuple[Block, ...]:
    rows: list[tuple[Fact, ...]] = []
    waiting: list[tuple[str, str]] = []
    for label, name in kind.facts:
        if name == BLANK:
            rows += [*paired(waiting), (Fact(label, _HAND),)]
            waiting = []
        else:
            waiting.append((label, said.get(name, "")))
    return (Facts((*rows, *paired(waiting)), size="小四", label=0.17),)


def _closed(kind: CasePaper, said: Mapping[str, str]) -> tuple[Block, ...]:
    """The text, then who signs, the unit with its seal, and the day: these on one page, with the end of the text (GB/T 9704-2012, 7.3.5)."""
    body = list(_body(kind, said))
    last = body[-1] if body else None
    short = isinstance(last, Paragraph) and sum(len(one.text) for one in last.pieces if isinstance(one, Text)) < _SHORT
    rows: list[Block] = [*([body.pop()] if short else []), Gap(0.8)]
    for first in range(0, len(kind.sign), 2):
        pair = kind.sign[first : first + 2]
        rows += [Spread(tuple((Text(f"{label}："), Blank(6)) for label in pair)), Gap(0.4)]
    rows += [
        line(filled(said.get("unit"), 10), "（印章）", align="right"),
        line(filled(said.get("today"), 8), align="right"),
    ]
    return (*body, Together(tuple(rows)))

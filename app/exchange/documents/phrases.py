"""How official documents write dates, times and names, and the signature block they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.exchange.documents.blocks import Blank, Block, Gap, Piece, Spread, Text, Together, filled, line, plain


def chinese_date(value: str | None) -> tuple[Piece, ...]:
    """``2026-09-18`` or a time as 2026年9月18日; where it is missing, places for year, month and day."""
    text = plain(value)
    try:
        year, month, day = (int(part) for part in text[:10].split("-"))
    except ValueError:
        # What isn't a date is printed as it was typed.
        return (Text(text),) if text else (Blank(4), Text("年"), Blank(2), Text("月"), Blank(2), Text("日"))
    return (Text(f"{year}年{month}月{day}日"),)


def clock_time(value: str | None) -> str:
    """The hours and minutes of a time: 9时05分; empty where it has none."""
    text = plain(value)[11:16]
    return f"{int(text[:2])}时{text[3:]}分" if len(text) == 5 and text.replace(":", "").isdigit() else ""


def time_span(begin: str | None, end: str | None) -> tuple[Piece, ...]:
    """2026年9月18日9时30分至11时10分, with blanks for what is missing."""
    pieces = list(chinese_date(begin))
    pieces += _clock(begin) if not plain(begin) or clock_time(begin) else []
    pieces.append(Text("至"))
    if plain(end) and plain(end)[:10] != plain(begin)[:10]:
        pieces += chinese_date(end)
    return (*pieces, *_clock(end))


def _clock(value: str | None) -> tuple[Piece, ...]:
    found = clock_time(value)
    return (Text(found),) if found else (Blank(2), Text("时"), Blank(2), Text("分"))


def names(values: Iterable[object]) -> str:
    """Names in a row: 张三、李四."""
    return "、".join(text for text in (plain(value) for value in values) if text)


def signer(office: str, name: object, how: str) -> str:
    """The label of a signature line: 当事人（张三）签名、盖章或者按指印."""
    return f"{office}（{plain(name)}）{how}" if plain(name) else f"{office}{how}"


def ticked(done: bool | None, sentence: str) -> Block:
    """A sentence that is true; where nobody confirmed it, with an empty box before it to tick by hand."""
    return line(Text(sentence if done else f"□ {sentence}"), indent=2)


def signatures(
    parties: Sequence[str], others: Sequence[str], committee: str | None, day: str | None, closing: Sequence[Block] = ()
) -> Together:
    """Signature lines, then the committee with its seal and the date at the right; all on one page with *closing*.

    *parties* sign on a line each, *others* (mediators, recorder) two to a line.
    """
    rows: list[Block] = [*closing, Gap(0.4)]
    for place in parties:
        rows += [line(f"{place}：", Blank(None)), Gap(0.3)]
    for first in range(0, len(others), 2):
        pair = others[first : first + 2]
        rows += [Spread(tuple((Text(f"{place}："), Blank(None)) for place in pair)), Gap(0.3)]
    rows += [
        Gap(0.4),
        line(
            filled(committee, 10), Text("" if plain(committee) else "人民调解委员会"), Text("（印章）"), align="right"
        ),
        line(*chinese_date(day), align="right"),
    ]
    return Together(tuple(rows))

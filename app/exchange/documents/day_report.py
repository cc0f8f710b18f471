"""日汇总: the day's five figures by village, what is urgent and what is late, as .pdf, .docx, .xlsx or .json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.exchange.documents.blocks import (
    Block,
    Column,
    Gap,
    Heading,
    Paragraph,
    Sheet,
    Spread,
    Table,
    Text,
    Title,
    filled,
    line,
    plain,
    written_texts,
)
from app.exchange.documents.fonts import missing_glyphs
from app.exchange.documents.phrases import chinese_date
from app.exchange.documents.render import sheet_bytes, suffix, write

# Codes of the figures and their names on paper, in the order of the columns.
FIGURES = {"n_rep": "上报数", "n_acc": "受理数", "n_cls": "办结数", "n_open": "在办数", "n_over_open": "在办超期"}

_URGENCY = {"critical": "特急", "urgent": "紧急", "normal": "一般"}

# Lists are printed whole; the type shrinks first so that the usual day stays on its one page.
_STEPS = (("小四", "五号", "小五"), ("五号", "五号", "小五"), ("五号", "小五", "六号"))


def day_report(data: Mapping[str, Any], out: Path) -> tuple[str, ...]:
    """Write the day roll-up to *out*; return the characters that no carried font can draw.

    *data*: ``period`` [from, to] (``2026-09-18`` or times; *to* is exclusive), ``area``, ``area_name``, ``indicators``
    {code: {value, unit, basis, numerator, denominator}}, ``villages`` [{area, name, indicators}], ``urgent`` and
    ``over`` [{number, title, village, urgency, state, due, lead_unit}], ``zero_report`` {due, in, missing: [names]},
    ``duty_leader``, ``handover`` [texts], ``basis`` (a sentence on the counting), ``filler``,
    ``reviewer``. All but the first four may be missing.
    The .json is *data* itself.
    """
    kind = suffix(out, ".pdf", ".docx", ".xlsx", ".json")
    if kind == ".json":
        write(out, (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode())
        return ()
    if kind == ".xlsx":
        from app.exchange.documents.day_workbook import workbook_bytes

        write(out, workbook_bytes(day_title(data), village_rows(data), case_lists(data), notes(data)))
        return ()
    made = day_sheet(data)
    write(out, sheet_bytes(made, kind))
    return missing_glyphs("".join(written_texts(made.blocks)))


def day_sheet(data: Mapping[str, Any]) -> Sheet:
    """The roll-up in the neutral model: one page where the lists allow it, never less than everything."""
    from app.exchange.documents.to_pdf import laid_out

    for size, table_size, list_size in _STEPS:
        made = _sheet(data, size, table_size, list_size)
        if laid_out(made) == 1:
            return made
    return made


def day_title(data: Mapping[str, Any]) -> tuple[str, str]:
    """The title and the line under it: area and day."""
    begin, end = (plain(value) for value in data["period"])
    first, last = (
        "".join(piece.text for piece in chinese_date(day) if isinstance(piece, Text)) for day in (begin, end)
    )
    # A day's period ends where the next day begins: one date says it.
    span = first if _one_day(begin, end) else f"{first}至{last}"
    return "综治中心日汇总", f"{plain(data.get('area_name')) or plain(data.get('area'))}　{span}"


def village_rows(data: Mapping[str, Any]) -> list[list[Any]]:
    """A row a village: name, the five figures (None where unknown); the area's own figures last, as 合计."""
    rows = [
        [plain(village.get("name")) or plain(village.get("area")), *_values(village)]
        for village in _list(data, "villages")
    ]
    return [*rows, ["合计", *_values(data)]]


def case_lists(data: Mapping[str, Any]) -> list[tuple[str, list[Column], list[list[str]]]]:
    """The urgent and the overdue list: title, columns, rows of shown values."""
    labels = ("序号", "编号", "事项", "村（社区）", "程度", "状态", "办理期限", "责任单位")
    columns = [Column(label, "center" if label in {"序号", "程度", "状态"} else "left") for label in labels]
    lists = []
    for key, title in (("urgent", "紧急事项"), ("over", "超期未办结事项")):
        rows = [
            [str(place), *(plain(case.get(name)) for name in ("number", "title", "village")),
             _URGENCY.get(plain(case.get("urgency")), plain(case.get("urgency"))), plain(case.get("state")),
             _moment(case.get("due")), plain(case.get("lead_unit"))]
            for place, case in enumerate(_list(data, key), 1)
        ]  # fmt: skip
        lists.append((f"{title}（{len(rows)} 件）", columns, rows))
    return lists


def notes(data: Mapping[str, Any]) -> list[str]:
    """How the figures were counted, one sentence each: a table without its basis proves nothing."""
    found = [plain(data.get("basis"))] if plain(data.get("basis")) else []
    for code, name in FIGURES.items():
        indicator = data.get("indicators", {}).get(code) or {}
        if basis := plain(indicator.get("basis")):
            found.append(f"{name}：{basis}")
    return found


def shown(value: Any) -> str:
    """A figure on paper; what could not be computed is a dash, never a nought."""
    return "—" if value is None else str(value)


def _sheet(data: Mapping[str, Any], size: str, table_size: str, list_size: str) -> Sheet:
    title, under = day_title(data)
    rows = village_rows(data)
    figures = Table(
        (Column("村（社区）", share=3), *(Column(name, "center", share=1.6) for name in FIGURES.values())),
        tuple((row[0], *map(shown, row[1:])) for row in rows),
        size=table_size,
        strong=frozenset({len(rows) - 1}),
    )
    blocks: list[Block] = [
        Title(title),
        Title(under, small=True),
        Heading("一、办理情况（件）"),
        figures,
        *_basis(data),
    ]
    for place, (name, columns, cases) in zip("二三", case_lists(data), strict=True):
        blocks.append(Heading(f"{place}、{name}"))
        table = Table(tuple(columns), tuple(map(tuple, cases)), size=list_size)
        blocks.append(table if cases else line("无。", indent=2))
    blocks += [Heading("四、零报告情况"), *_zero(data), Heading("五、交接事项"), *_handover(data), Gap(0.3)]
    blocks.append(
        Spread(
            (
                (Text("带班领导："), filled(data.get("duty_leader"), 6)),
                (Text("填表人："), filled(data.get("filler"), 6)),
                (Text("审核人："), filled(data.get("reviewer"), 6)),
            )
        )
    )
    return Sheet(title, tuple(blocks), size=size, spacing=1.4, margins=(20.0, 20.0, 18.0, 20.0))


def _basis(data: Mapping[str, Any]) -> tuple[Block, ...]:
    told = notes(data)
    sentence = "口径：" + "；".join(note.rstrip("。；") for note in told) + "。"
    return (Gap(0.15), Paragraph((Text(sentence),), indent=0, size="小五")) if told else ()


def _zero(data: Mapping[str, Any]) -> tuple[Block, ...]:
    zero = data.get("zero_report")
    if not zero:
        return (line("应报", filled(None, 3), "个，实报", filled(None, 3), "个；未报：", filled(None, None), indent=2),)
    late = "、".join(plain(name) for name in zero.get("missing") or ()) or "无"
    return (line(f"应报{shown(zero.get('due'))}个，实报{shown(zero.get('in'))}个；未报：{late}。", indent=2),)


def _handover(data: Mapping[str, Any]) -> tuple[Block, ...]:
    items = data.get("handover")
    if items is None:
        return (line(filled(None, None)), line(filled(None, None)))
    return tuple(line(f"{place}．{plain(item)}", indent=2) for place, item in enumerate(items, 1)) or (
        line("无。", indent=2),
    )


def _values(holder: Mapping[str, Any]) -> list[Any]:
    indicators = holder.get("indicators") or {}
    return [
        found.get("value") if isinstance(found := indicators.get(code), Mapping) else found for code in FIGURES
    ]  # a village's figures may come bare: {"n_rep": 3}


def _list(data: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    return data.get(key) or ()


def _moment(value: Any) -> str:
    text = plain(value)
    return text[:16].replace("T", " ") if text[10:11] == "T" else text


def _one_day(begin: str, end: str) -> bool:
    from datetime import date, timedelta

    try:
        return date.fromisoformat(end[:10]) - date.fromisoformat(begin[:10]) <= timedelta(days=1)
    except ValueError:
        return False

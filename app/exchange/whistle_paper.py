"""吹哨报到台账 (L28) as a document to print and sign: a line for each unit that was called."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from app.exchange.ledger_paper import Tick, untold, write_rows
from app.rules.whistles import evaluations
from app.schema.dates import CHINA

if TYPE_CHECKING:
    from app.services.office import Office

TITLE = "吹哨报到台账"
HEADS = (
    "吹哨时间", "吹哨人", "事项", "编号", "村（社区）", "事由", "地点", "报到单位", "到场期限", "到场时间", "到场人", "意见", "处置结果", "评价",
)  # fmt: skip


def whistle_rows(office: Office, *, area: str = "") -> list[tuple[str, ...]]:
    """The ledger's lines in shown words, the newest call first; what only the times say is marked 待评价."""
    rows: list[tuple[str, ...]] = []
    words = evaluations(office.cases.rules)
    for line in office.whistles.lines(area=area):
        values, whistle, called = line.event.values, line.whistle, line.called
        word = words.get(called.evaluation, "")
        rows.append(
            (
                _at(whistle.at), whistle.caller, str(values.get("title") or ""), str(values.get("case_no") or ""), str(values.get("area_name") or ""),
                whistle.reason, whistle.place, called.unit, _at(whistle.due), _at(called.arrived_at), called.person, called.opinion, whistle.result,
                word or (f"{words.get(line.proposed, line.proposed)}（待评价）" if line.proposed else ""),
            )
        )  # fmt: skip
    return rows


def write_whistles(
    office: Office, out: Path, *, area: str = "", period: str = "", tick: Tick = untold
) -> tuple[int, tuple[str, ...]]:
    """Write the ledger to *out* (.pdf or .docx); how many lines, and which characters no font draws."""
    office.gate.require("document", "event", area or office.session.area, fields="whistle")
    rows = whistle_rows(office, area=area)
    return write_rows(office, TITLE, HEADS, rows, out, period, tick)


def _at(at: dt.datetime | None) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}" if at else ""

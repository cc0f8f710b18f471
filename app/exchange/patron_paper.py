"""领导包案台账 (L16) as a document to print and sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.exchange.ledger_paper import Tick, untold, write_rows

if TYPE_CHECKING:
    from app.services.office import Office

TITLE = "领导包案台账"
_HEADS = (
    "包案日期", "包案领导", "事项", "编号", "村（社区）", "化解方案", "工作组", "首次期限", "复查情况", "下次复查", "结果", "销号日期",
)  # fmt: skip


def write_patrons(
    office: Office, out: Path, *, area: str = "", period: str = "", tick: Tick = untold
) -> tuple[int, tuple[str, ...]]:
    """Write all patron cases, struck off ones too, to *out* (.pdf or .docx); how many, and which characters no font draws."""
    office.gate.require("document", "event", area or office.session.area, fields="patron")
    rows = []
    for one in office.patrons.cases(closed=True, area=area):
        values = one.event.values
        reviews = "\n".join(f"{review.day} {review.by}：{review.finding}" for review in one.reviews)
        rows.append(
            (
                one.named_on, one.patron, str(values.get("title") or ""), str(values.get("case_no") or ""),
                str(values.get("area_name") or ""), one.plan, one.team, one.first_due, reviews, one.next_due[:10],
                one.result, one.struck_off,
            )
        )  # fmt: skip
    return write_rows(office, TITLE, _HEADS, rows, out, period, tick)

"""Meetings for the pictures: those of the demo, a decision being typed, and cases that leaders took on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from app.services.office import Office


def now(office: Office) -> dict[str, Any]:
    """The meeting that is prepared: what was decided in the last one stands first."""
    return {"id": office.meetings.all()[0].id}


def typed(page: QWidget) -> None:
    """A decision being typed."""
    page.panel.decision.setPlainText("由镇村镇办牵头，月底前把路基补好；村委会先立警示牌。")  # type: ignore[attr-defined]
    page.panel.owner.setText("镇村镇办")  # type: ignore[attr-defined]


def patrons(office: Office) -> dict[str, Any]:
    """Three cases that two leaders took on, one reviewed already, one whose review is overdue."""
    if office.patrons.cases():
        return {}
    open_ones = [one for one in office.cases.open_cases() if one.values.get("state") == "handling"][:3]
    plans = (
        ("段宏远", "先与户主签临时用电协议，月底前换线。", "2026-09-10"),
        ("段宏远", "镇村镇办牵头，分两段抢修。", "2026-09-30"),
        ("李雪梅", "派出所、司法所每周上门一次，十月前签协议。", "2026-10-08"),
    )
    for event, (patron, plan, due) in zip(open_ones, plans, strict=False):
        said = {"patron": patron, "team": "派出所、司法所", "plan": plan, "review_on": f"{due}T17:30:00+08:00"}
        office.cases.act(event.id, "name_patron", said)
    if len(open_ones) > 1:
        finding = {"finding": "第一段已完工，第二段备料。", "review_on": "2026-10-09T17:30:00+08:00"}
        office.cases.act(open_ones[1].id, "patron_review", finding)
    return {}


def reception(office: Office) -> dict[str, Any]:
    """The first reception day, with who came."""
    return {"form": "reception_day", "id": office.store.select("reception_day", order=["date"], limit=1)[0].id}

"""Meetings for the pictures: one a month ago with its decisions, and today's with its list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from app.services.office import Office

_HOST = {
    "place": "镇政府三楼会议室",
    "host": "段宏远",
    "recorder": "林小禾",
    "present": "班子成员、各村书记、派出所、司法所、应急办",
}
_SAID = (
    ("请村委会本周内约双方到场丈量，书面答复。", "杨守义", "2026-09-05"),
    ("拆除旧线，换阻燃线，应急办复查。", "镇应急办", "2026-09-10"),
    ("纳入村级道路养护，先立警示牌。", "镇村镇办", "2026-09-12"),
)


def now(office: Office) -> dict[str, Any]:
    """Today's meeting, made once: what was decided in August stands first."""
    held = office.meetings.all()
    if held:
        return {"id": held[0].id}
    area = office.session.area
    first = office.records.save("meeting", {**_HOST, "kind": "clear", "date": "2026-08-18"}, area=area).record
    assert first is not None
    office.meetings.prepare(first.id)
    lines = [line for line in office.meetings.sheet(first.id).lines if not line.closed]
    for line, (decision, owner, due) in zip(lines[:: max(len(lines) // 3, 1)], _SAID, strict=False):
        office.meetings.decide(line.item.id, {"decision": decision, "owner": owner, "due": due})
    second = office.records.save("meeting", {**_HOST, "kind": "clear", "date": "2026-09-18"}, area=area).record
    assert second is not None
    office.meetings.prepare(second.id)
    return {"id": second.id}


def held(office: Office) -> dict[str, Any]:
    """The ledger of meetings, with those two."""
    now(office)
    return {}


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
    """A reception day with one who came."""
    held = office.store.select("reception_day", limit=1)
    if held:
        return {"form": "reception_day", "id": held[0].id}
    area = office.session.area
    for date, leader, post in (("2026-10-15", "李雪梅", "镇长"), ("2026-09-15", "段宏远", "党委书记")):
        values = {"date": date, "leader": leader, "post": post, "place": "镇综治中心接访大厅"}
        made = office.records.save("reception_day", values, area=area).record
        assert made is not None
    village = next(a["code"] for a in office.store.areas() if a["level"] in ("village", "community"))
    office.cases.report(
        {
            "title": "征地补偿款未到账",
            "place": "上寨三组",
            "channel": "visit_in",
            "source_form": "reception_day",
            "source_id": made.id,
        },
        area=village,
    )
    return {"form": "reception_day", "id": made.id}

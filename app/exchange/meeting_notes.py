"""What the record of a meeting says of a case, so that the notes of it are not typed a second time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from app.schema.record import Record
from app.services.case_folding import EVENT

if TYPE_CHECKING:
    from app.services.office import Office

_JOINT = "joint"


def of_meeting(office: Office, event_id: str) -> dict[str, str]:
    """The last joint meeting that decided of a case, else the last meeting of any kind that did; empty where none did.

    Of its decisions only that of this case: those of others are nobody's business here. Its agenda only where it is a joint meeting.
    """
    found = [(meeting, item) for meeting, item in office.meetings.of(EVENT, event_id) if item.values.get("decision")]
    found.sort(key=lambda pair: pair[0].values.get("kind") != _JOINT)
    if not found:
        return {}
    meeting, item = found[0]
    values = meeting.values
    said = {f"meeting_{name}": str(values.get(name) or "") for name in ("place", "host", "present")}
    said["meeting_date"] = _day(values.get("date"))
    said["meeting_agenda"] = str(values.get("agenda") or "") if values.get("kind") == _JOINT else ""
    said["meeting_decided"] = decided(item, long=True)
    return {name: text for name, text in said.items() if text}


def decided(item: Record, *, long: bool = False) -> str:
    """A decision with its owner and the day by which it is due, in one sentence; *long*: that day as official paper has it."""
    values = item.values
    due = _day(values.get("due")) if long else str(values.get("due") or "")
    parts = (
        str(values.get("decision") or "").strip().rstrip("。；"),
        f"责任人：{values['owner']}" if values.get("owner") else "",
        f"完成时限：{due}" if due else "",
    )
    said = "；".join(part for part in parts if part)
    return f"{said}。" if said else ""


def _day(value: object) -> str:
    try:
        day = dt.date.fromisoformat(str(value or ""))
    except ValueError:
        return ""
    return f"{day.year}年{day.month}月{day.day}日"

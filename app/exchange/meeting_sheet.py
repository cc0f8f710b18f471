"""The papers of a meeting, gathered from its list: what is handed out before it, and its minutes."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import TYPE_CHECKING

from app.exchange.documents import meeting_papers as paper
from app.exchange.documents.blocks import Sheet
from app.services.meetings import Line
from app.services.open_matters import KINDS

if TYPE_CHECKING:
    from app.exchange.documents.registry_papers import Printed
    from app.schema.record import Record
    from app.services.office import Office

_APART = re.compile(r"[、，,；;\s]+")


def gather(office: Office, meeting: Record, name: str, printed: Printed) -> Sheet:
    """Paper *name* ("meeting_list" or "meeting_minutes") of a meeting. Days are counted to its day."""
    lines = office.meetings.sheet(meeting.id).lines
    form, values = office.forms["meeting"], meeting.values
    kind = form.show("kind", values.get("kind"))
    followed = _numbered([_followed(office, line) for line in lines if line.before])
    if name == "meeting_list":
        day = _day(str(values.get("date") or ""))
        by_village: dict[str, list[Line]] = {}
        for line in lines:
            if not line.closed:
                by_village.setdefault(line.village or "镇", []).append(line)
        count = itertools.count(1)
        villages = [
            (village, [(str(next(count)), *_open(line, day)) for line in held]) for village, held in by_village.items()
        ]
        when = f"会议日期：{values.get('date') or ''}"
        return paper.meeting_list(printed, kind, when, followed, villages)
    shown = {key: form.show(key, values.get(key)) for key in ("date", "place", "host", "recorder")}
    facts = [(form.fields[key].label, text) for key, text in shown.items()]
    present = str(values.get("present") or "")
    said = paper.Minutes(
        f"（{kind}）", facts, present, str(values.get("absent") or ""), str(values.get("agenda") or ""),
        str(values.get("decisions") or ""), str(values.get("next_meeting") or ""), followed,
        _numbered([_decided(line) for line in lines if line.decided]),
        sum(1 for line in lines if not line.decided and not line.closed),
        [one for one in _APART.split(present) if one],
    )  # fmt: skip
    return paper.minutes(printed, said)


def _numbered(rows: list[paper.Row]) -> list[paper.Row]:
    return [(str(number), *row) for number, row in enumerate(rows, 1)]


def _followed(office: Office, line: Line) -> paper.Row:
    before = line.before
    assert before is not None
    form = office.forms["meeting_item"]
    if line.closed and line.matter:
        done = f"{'已办结' if line.matter.solved else line.matter.state}（{line.closed}）"
    elif before.result:
        done = "：".join(part for part in (form.show("result", before.result), before.note) if part)
    else:
        done = ""
    said = f"{before.date} {before.decision}" + (f"（已上会 {line.carried} 次）" if line.carried > 1 else "")
    return (line.village, line.title, said, before.owner, before.due, done)


def _open(line: Line, day: dt.date | None) -> paper.Row:
    matter, values = line.matter, line.item.values
    since = str(values.get("since") or "")
    days = str(matter.days(day)) if matter and day else ""
    said = "；".join(str(values[name]).rstrip("。；; ") for name in ("decision", "owner", "due") if values.get(name))
    kind = KINDS.get(str(values.get("about_form")), "")
    if matter is None:
        return (kind, line.title, since, days, "", "", "本机没有这条记录", said)
    title = f"{line.title}（{matter.number}）" if matter.number else line.title
    return (kind, title, since, days, matter.owner, matter.due, matter.progress or matter.state, said)


def _decided(line: Line) -> paper.Row:
    values = line.item.values
    said = (str(values.get(name) or "") for name in ("decision", "owner", "due"))
    return (line.village, KINDS.get(str(values.get("about_form")), ""), line.title, *said)


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None

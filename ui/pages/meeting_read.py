"""A meeting read for its page, in the lane, as plain values: rows in groups, facts of one matter, words of what was decided."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.services.meetings import Line, Sheet
from app.services.open_matters import KINDS
from ui.lists import Cell, Group
from ui.lists.columns import Row
from ui.pieces.chips import State
from ui.pieces.facts import Fact

if TYPE_CHECKING:
    from app.services.office import Office

RESULTS = (("done", "已落实"), ("partly", "部分落实"), ("not_done", "未落实"))
STEP_WORDS = {"remind": "催办", "supervise": "督办", "assign": "交办", "name_patron": "领导包案"}


@dataclass(frozen=True)
class Opened:
    """A meeting as its page shows it: the sheet and whether this user may write in it."""

    sheet: Sheet
    title: str
    note: str
    rows: tuple[Row | Group, ...]
    may: bool


def read_meeting(office: Office, meeting_id: str) -> Opened:
    """One meeting with its list; runs in the lane."""
    sheet = office.meetings.sheet(meeting_id)
    meeting = sheet.meeting
    values, form = meeting.values, office.forms["meeting"]
    title = f"{form.show('kind', values.get('kind'))} {values.get('date') or ''}"
    parts = (
        str(values.get("place") or ""),
        f"主持 {values['host']}" if values.get("host") else "",
        f"记录 {values['recorder']}" if values.get("recorder") else "",
    )
    may = office.gate.decide("edit", "meeting_item", meeting.area).allowed
    return Opened(sheet, title, " · ".join(part for part in parts if part), tuple(rows_of(sheet)), may)


def rows_of(sheet: Sheet) -> list[Row | Group]:
    """The list as it is gone through: what was decided before, then village by village."""
    found: list[Row | Group] = []
    for group, lines in itertools.groupby(sheet.lines, key=_group):
        held = list(lines)
        found.append(Group(f"{group} {len(held)} 件"))
        found += [_row(line, sheet.today) for line in held]
    return found


def facts_of(line: Line, today: dt.date) -> list[Fact]:
    """What the meeting must know of one matter."""
    matter = line.matter
    if matter is None:
        return [Fact("情况", "本机已没有这条记录，会上记下的还在")]
    late = bool(matter.due) and matter.due < today.isoformat() and not matter.closed
    days = f"{line.days} 天，自 {matter.since}" if matter.since else "没有登记日期"
    return [
        Fact("村（社区）", line.village or "镇"),
        Fact(
            "现状",
            f"{matter.closed} {matter.state}" if matter.closed else matter.state,
            "green" if matter.closed else "",
        ),
        Fact("挂了多久", days),
        Fact("谁在办", matter.owner or "没有写"),
        Fact("期限", matter.due or "没有写", "red" if late else ""),
        Fact("最近进展", matter.progress or "没有写"),
    ]


def before_words(line: Line) -> str:
    """What the earlier meeting decided, in one sentence; "" where none did."""
    before = line.before
    if before is None:
        return ""
    parts = [f"{before.date} 议定：{before.decision.rstrip('。；; ')}"]
    if before.owner:
        parts.append(f"责任人 {before.owner}")
    if before.due:
        parts.append(f"限 {before.due}")
    if line.carried > 1:
        parts.append(f"已上会 {line.carried} 次")
    return "；".join(parts)


def done_words(line: Line) -> str:
    """Whether what was decided before was done; "" where nobody said yet."""
    if line.closed and line.matter:
        return f"{'已办结' if line.matter.solved else line.matter.state}（{line.closed}）"
    before = line.before
    if before is None or not before.result:
        return ""
    words = dict(RESULTS).get(before.result, before.result)
    return f"{words}：{before.note}" if before.note else words


def _group(line: Line) -> str:
    return "上次议定的" if line.before else line.village or "镇"


def _row(line: Line, today: dt.date) -> Row:
    values, matter = line.item.values, line.matter
    due = matter.due if matter else ""
    late = bool(due) and due < today.isoformat() and not line.closed
    return {
        "id": line.item.id,
        "state": _chip(line, today, late=late),
        "kind": KINDS.get(str(values.get("about_form")), ""),
        "title": Cell(line.title, line.village if line.before else ""),
        "days": f"{line.days} 天",
        "owner": matter.owner if matter else "",
        "due": Cell(due[5:] if due else "—", tone="red" if late else "" if due else "text-3"),
        "decision": Cell(str(values.get("decision") or ""), str(values.get("owner") or "")),
    }


def _chip(line: Line, today: dt.date, *, late: bool) -> State:
    if line.closed and line.matter:
        return State("已办结", "green", "check") if line.matter.solved else State(line.matter.state, "grey")
    if line.decided:
        return State("已议", "blue", "file-check")
    if line.before and line.before.late(today.isoformat()):
        said = dict(RESULTS).get(line.before.result, "没落实")
        return State(said, "orange" if line.before.result == "partly" else "red", "alert-triangle")
    return State("超期", "orange", "clock") if late else State("待议", "grey", "message")

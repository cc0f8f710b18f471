"""How a case is said on a page: its chip, its due time, the group it stands in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from app.rules.case_engine import CaseRules
from app.rules.permissions import Role
from ui.lists import Cell
from ui.pieces.chips import State, state

GROUPS = ("超期", "今天到期", "三天内", "以后")
"""The groups of work on the desk, the most pressing first."""

_WEEKDAYS = "一二三四五六日"


def spoken_day(day: dt.date) -> str:
    """``9月18日 星期五``."""
    return f"{day.month}月{day.day}日 星期{_WEEKDAYS[day.weekday()]}"


def spoken_time(iso: object, now: dt.datetime) -> str:
    """``今天 17:30``, ``昨天 10:00`` or ``9月21日 12:00`` of an ISO date or time; another year is named."""
    text = str(iso or "")
    if len(text) < 10:
        return text
    day = dt.date.fromisoformat(text[:10])
    near = {0: "今天", -1: "昨天", 1: "明天"}.get((day - now.date()).days)
    spoken = near or f"{'' if day.year == now.year else f'{day.year}年'}{day.month}月{day.day}日"
    return f"{spoken} {text[11:16]}" if len(text) >= 16 else spoken


def spoken_found(iso: object, now: dt.datetime) -> str:
    """Likewise of when a matter was found: a ledger knows the day alone, which is kept as its midnight and said as the day."""
    text = str(iso or "")
    return spoken_time(text[:10] if text[10:19] == "T00:00:00" else text, now)


def late_by(due: object, now: dt.datetime) -> str:
    """``超 2 小时`` where *due* has passed, else ""."""
    moment = read_due(due)
    if moment is None or moment >= now:
        return ""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 60:
        return f"超 {max(minutes, 1)} 分钟"
    return f"超 {minutes // 60} 小时" if minutes < 24 * 60 else f"超 {minutes // (24 * 60)} 天"


def left_until(due: object, now: dt.datetime) -> str:
    """``6 小时 48 分`` or ``3 天`` until *due*; "" where it has passed."""
    moment = read_due(due)
    if moment is None or moment < now:
        return ""
    minutes = int((moment - now).total_seconds() // 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} 小时 {minutes % 60} 分" if minutes >= 60 else f"{minutes} 分钟"
    return f"{minutes // (24 * 60)} 天"


def read_due(due: object) -> dt.datetime | None:
    """A due date or time as a moment: a day ends with its last minute."""
    text = str(due or "")
    if len(text) < 10:
        return None
    if len(text) == 10:
        text += "T23:59:59+08:00"
    return dt.datetime.fromisoformat(text)


def group_of(due: object, now: dt.datetime) -> str:
    """Which of `GROUPS` something due then belongs to."""
    moment = read_due(due)
    if moment is None:
        return GROUPS[3]
    if moment < now:
        return GROUPS[0]
    days = (moment.date() - now.date()).days
    return GROUPS[1] if days == 0 else GROUPS[2] if days <= 3 else GROUPS[3]


def due_tone(due: object, now: dt.datetime) -> str:
    """The tone of a due time: red when passed, orange on its day."""
    return {GROUPS[0]: "red", GROUPS[1]: "orange"}.get(group_of(due, now), "") if due else ""


def chip_of(values: Mapping[str, Any], rules: CaseRules, now: dt.datetime) -> State:
    """The chip of a case: how late it is, that it falls due today, or the state it is in."""
    known = rules.states.get(str(values.get("state") or ""))
    if known is None:
        return State("状态不明", "grey", "help")
    due = values.get("due_at")
    if known.waiting and due:
        if late := late_by(due, now):
            return state(late)
        if known.code in ("assigned", "handling") and group_of(due, now) == GROUPS[1]:
            return state("将到期")
    return state(known.label)


def due_cell(values: Mapping[str, Any], rules: CaseRules, now: dt.datetime) -> Cell:
    """The cell of the due column; a closed case says when it was closed."""
    known = rules.states.get(str(values.get("state") or ""))
    closed = values.get("closed_at")
    if closed and (known is None or not known.waiting):
        return Cell(f"{spoken_time(str(closed)[:10], now)} 办结", tone="text-3")
    due = values.get("due_at")
    if not due or (known is not None and not known.waiting):
        return Cell("—", tone="text-3")
    return Cell(spoken_time(due, now), tone=due_tone(due, now))


def owner_words(values: Mapping[str, Any], rules: CaseRules, roles: Mapping[str, Role]) -> str:
    """Who must act next, in words: the unit that is meant, or the roles of the team; "" where nobody has to."""
    team = str(values.get("owner_role") or "")
    if not team:
        return ""
    if unit := str(values.get("owner_unit") or ""):
        return unit
    held = [roles[code].label for code in rules.teams.get(team, ()) if code in roles]
    return "、".join(held[:2]) + ("等" if len(held) > 2 else "")

"""领导接访: who receives on which day, month by month, and how many came; today and what comes next in sight."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.services.receptions import DAY, Reception
from ui.jobs import Jobs
from ui.lists import Cell, Column, Group, Order, RecordTable
from ui.lists.columns import Row
from ui.page import Page
from ui.pages.case_words import spoken_day
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.chips import State
from ui.pieces.empty import EmptyState
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office

NEAR, ALL = "near", "all"
_BACK = 62
"""Days before today that are still near."""


class ReceptionsPage(Page):
    """Enter opens the day, where visitors are taken in."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("领导接访", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self._rows: tuple[Row | Group, ...] = ()
        self._fresh = True
        self.tabs = Tabs([(NEAR, "近两月和今后", None), (ALL, "全部", None)], NEAR)
        self.tabs.picked.connect(lambda _key: self._load())
        self.add_beside(self.tabs)
        if office.gate.decide("create", DAY, office.session.area or None).allowed:
            self.set_primary("排接访日", lambda: self.go.emit("meetings", {"form": DAY, "new": True}), icon="plus")
        self.table = RecordTable(
            [
                Column("state", "", 88, role="chip", sortable=False),
                Column("day", "日期", 140, sortable=False),
                Column("leader", "接访领导", stretch=True, sortable=False),
                Column("place", "地点", 220, tone="text-2", sortable=False, spare=1),
                Column("came", "来访", 72, "right", sortable=False),
                Column("open", "没办完", 72, "right", sortable=False),
            ],
            self._fetch,
            unit="天",
            hints=[("Return", "打开")],
            empty=EmptyState("calendar-event", "还没有排接访日", "排好哪天谁接访；来的人在那一天名下登记。"),
        )
        self.table.opened.connect(lambda key: self.go.emit("meetings", {"form": DAY, "id": str(key)}))
        card = Card(flush=True)
        card.add(self.table, 1)
        self.add(card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._fresh = True
        self.table.focus_with_rows()
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or {DAY, "event", "event_step", "case_link"} & set(changed):
            self._load()

    def _load(self) -> None:
        tab = self.tabs.now()
        self._jobs.run(lambda: read_days(self._office, whole=tab == ALL), lambda rows: self._show(tab, rows))

    def _show(self, tab: str, rows: tuple[Row | Group, ...]) -> None:
        if tab != self.tabs.now():
            return
        self._rows = rows
        self.table.show_rows(len(rows), groups=sum(isinstance(row, Group) for row in rows))
        if self._fresh and rows:
            self._fresh = False  # today, or the next day
            coming = (n for n, row in enumerate(rows) if not isinstance(row, Group) and not row["past"])
            self.table.go_to(next(coming, len(rows) - 1))

    def _fetch(self, offset: int, limit: int, _order: Order | None) -> Sequence[Row | Group]:
        return self._rows[offset : offset + limit]


class ReceptionsDoor(Button):
    """On the desk: who receives next, and the way to the others; hidden where nobody does within two weeks."""

    def __init__(self, on: Callable[[], object]) -> None:
        super().__init__("", on, kind="quiet", icon="calendar-event")
        self.hide()

    def show_days(self, days: Sequence[str], *, room: bool) -> None:
        """Show the next of *days* in words, all in the tooltip; *room*: whether the row has any."""
        self.set_words(days[0] if days else "")
        self.setToolTip("领导接访：" + "，".join(days))
        self.setVisible(bool(days) and room)


def next_days(office: Office, limit: int = 3, within: int = 14) -> tuple[str, ...]:
    """The next days of leaders in words, today's first; runs in the lane."""
    today = office.receptions.today()
    found = []
    for one in office.receptions.next(limit):
        day = dt.date.fromisoformat(str(one.values["date"]))
        if (day - today).days <= within:
            said = "今天" if day == today else f"{day.month}月{day.day}日"
            found.append(f"{said}{one.values.get('leader') or ''}接访")
    return tuple(found)


def read_days(office: Office, *, whole: bool) -> tuple[Row | Group, ...]:
    """The days by month, the earliest first; runs in the lane."""
    today = office.receptions.today()
    found = office.receptions.days(dt.date.min if whole else today - dt.timedelta(days=_BACK))
    rows: list[Row | Group] = []
    for (year, month), days in itertools.groupby(found, key=lambda one: (one.day.year, one.day.month)):
        held = list(days)
        rows.append(Group(f"{year}年{month}月 {len(held)} 天"))
        rows += [_row(office, one, today) for one in held]
    return tuple(rows)


def _row(office: Office, one: Reception, today: dt.date) -> Row:
    values, past = one.record.values, one.day < today
    said = (
        office.forms[DAY].show("result", values.get("result")) if values.get("result") else "已过" if past else "未到"
    )
    came = len(one.cases) or int(str(values.get("visitors") or 0))
    return {
        "id": one.record.id,
        "past": past,
        "state": State("今天", "blue", "calendar-event") if one.day == today else State(said, "grey"),
        "day": Cell(spoken_day(one.day), tone="text-3" if past else "", strong=one.day == today),
        "leader": Cell(str(values.get("leader") or ""), str(values.get("post") or "")),
        "place": str(values.get("place") or ""),
        "came": f"{came}" if came else Cell("—", tone="text-3"),
        "open": Cell(str(one.waiting), tone="orange") if one.waiting else Cell("—", tone="text-3"),
    }

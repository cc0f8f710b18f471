"""领导包案: the cases that leaders took on, by leader, with what is to be reviewed and what the reviews found."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.services.patrons import PatronCase
from ui.jobs import Jobs
from ui.lists import Cell, Column, Group, Order, RecordTable
from ui.lists.columns import Row
from ui.page import Page
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.ledger_out import LedgerOut, ask_printable
from ui.pages.paper_dialog import MakeWorker
from ui.pieces.buttons import IconButton
from ui.pieces.card import Card
from ui.pieces.chips import State, state
from ui.pieces.empty import EmptyState
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office


class PatronsPage(Page):
    """Enter opens the case; 复查 opens it with the form of the review."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker, *, ask_path: AskPath = ask_save_path) -> None:
        super().__init__("领导包案", back=True, dense=True)
        self._office, self._jobs, self._ask_path = office, jobs, ask_path
        self._rows: tuple[Row | Group, ...] = ()
        self.tabs = Tabs([("open", "正在包", None), ("all", "全部", None)], "open")
        self.tabs.picked.connect(lambda _key: self._load())
        self.add_beside(self.tabs)
        self.out = LedgerOut(worker)
        self.out.told.connect(lambda text: self.said.emit(text, None))
        self.print_button = IconButton("printer", "打印包案台账", self._print, keys="Ctrl+P")
        self.add_quiet(self.print_button)
        self.add(self.out)
        self.table = RecordTable(
            [
                Column("state", "状态", 96, role="chip"),
                Column("title", "事项", stretch=True),
                Column("plan", "化解方案", 200, tone="text-2", spare=2),
                Column("team", "工作组", 112, tone="text-2", spare=3),
                Column("last", "最近复查", 200, spare=1),
                Column("due", "下次复查", 104, role="date"),
                Column("act", "", 76, "right", "button"),
            ],
            self._fetch,
            unit="件",
            hints=[("Return", "打开")],
            empty=EmptyState("user-star", "没有领导包案", "在事件页办“领导包案”，或在清零会上记下并包案，就列在这里。"),
        )
        self.table.opened.connect(lambda key: self.go.emit("case", {"id": str(key)}))
        self.table.pressed_button.connect(
            lambda key, _column: self.go.emit("case", {"id": str(key), "action": "patron_review"})
        )
        card = Card(flush=True)
        card.add(self.table, 1)
        self.add(card, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        return [("打印包案台账", "Ctrl+P", self._print)]

    def opened(self, args: Mapping[str, Any]) -> None:
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or {"event", "event_step"} & set(changed):
            self._load()

    def _load(self) -> None:
        tab = self.tabs.now()
        self._jobs.run(lambda: read_patrons(self._office, closed=tab == "all"), lambda found: self._show(tab, *found))

    def _show(self, tab: str, rows: tuple[Row | Group, ...], late: int) -> None:
        if tab != self.tabs.now():
            return
        self._rows = rows
        self.set_title("领导包案", f"{late} 件到了复查日期还没有复查" if late else "")
        self.table.show_rows(len(rows), groups=sum(isinstance(row, Group) for row in rows))

    def _fetch(self, offset: int, limit: int, _order: Order | None) -> Sequence[Row | Group]:
        return self._rows[offset : offset + limit]

    def _print(self) -> None:
        out = ask_printable(self._ask_path, self, "领导包案台账")
        if out is not None:
            self.out.lay_out("patron", out, unit="件")


def read_patrons(office: Office, *, closed: bool) -> tuple[tuple[Row | Group, ...], int]:
    """The rows by leader, and how many reviews are overdue; runs in the lane."""
    now, found = office.cases.now(), office.patrons.cases(closed=closed)
    may = bool({"township_leader", "director"} & set(office.session.roles))
    rows: list[Row | Group] = []
    for patron, cases in itertools.groupby(found, key=lambda one: one.patron):
        held = list(cases)
        rows.append(Group(f"{patron} {len(held)} 件"))
        rows += [_row(one, now, may=may) for one in held]
    return tuple(rows), sum(one.late(now) for one in found)


def _row(one: PatronCase, now: dt.datetime, *, may: bool) -> Row:
    values, late = one.event.values, one.late(now)
    last = one.reviews[-1] if one.reviews else None
    return {
        "id": one.event.id,
        "state": State("该复查", "red", "alert-triangle") if late else state(one.state),
        "title": Cell(str(values.get("title") or ""), str(values.get("area_name") or "")),
        "plan": one.plan,
        "team": one.team,
        "last": Cell(last.finding, last.day[5:]) if last else Cell("还没有复查", tone="text-3"),
        "due": Cell(one.next_due[:10], tone="red" if late else "")
        if one.next_due
        else Cell(f"{one.struck_off} 销号" if one.struck_off else "—", tone="text-3"),
        "act": "复查" if may and one.next_due else "",
    }

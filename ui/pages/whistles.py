"""吹哨报到台账 (L28): who was called to the spot, a line a unit, those that are still awaited first in hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from app.rules.whistles import evaluations
from app.services.whistles import Line
from ui.jobs import Jobs
from ui.lists import Cell, Column, RecordTable
from ui.lists.columns import Row
from ui.pages.case_whistle_card import called_words
from ui.pages.case_words import spoken_time
from ui.pages.counted import CountedPage
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.ledger_out import LedgerOut, ask_printable
from ui.pages.paper_dialog import MakeWorker
from ui.pieces.buttons import IconButton
from ui.pieces.card import Card
from ui.pieces.chips import state
from ui.pieces.empty import EmptyState

if TYPE_CHECKING:
    from app.services.office import Office

AWAITED, JUDGED, ALL = "awaited", "judged", "all"


class WhistlesPage(CountedPage):
    """Enter opens the case, where coming and evaluation are written down."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker, *, ask_path: AskPath = ask_save_path) -> None:
        tabs = [(AWAITED, "等到场"), (JUDGED, "待评价"), (ALL, "全部")]
        super().__init__("吹哨报到台账", jobs, lambda: read_whistles(office), tabs, ALL)
        self._ask_path = ask_path
        self.out = LedgerOut(worker)
        self.out.told.connect(lambda text: self.said.emit(text, None))
        may = office.gate.decide("document", "event", office.session.area or None).allowed
        self.print_button = IconButton("printer", "打印吹哨报到台账", self.print, keys="Ctrl+P")
        self.print_button.refuse("" if may else "您的身份不能打印台账")
        self.add_quiet(self.print_button)
        self.add(self.out)
        self.table = RecordTable(
            [
                Column("state", "状态", 116, role="chip", sortable=False),
                Column("unit", "报到单位", 150, sortable=False),
                Column("title", "事项", stretch=True, sortable=False),
                Column("reason", "事由", 170, tone="text-2", sortable=False, spare=3),
                Column("at", "吹哨", 116, tone="text-2", sortable=False, spare=1),
                Column("due", "到场期限", 116, tone="text-2", sortable=False, spare=2),
                Column("there", "到场", 116, sortable=False),
            ],
            self._fetch,
            unit="个单位",
            hints=[("Return", "打开事件")],
            empty=EmptyState("speakerphone", "没有吹哨", "在事件页办“吹哨”，叫到现场的单位就列在这里。"),
        )
        self.table.opened.connect(lambda _key: self._open())
        card = Card(flush=True)
        card.add(self.table, 1)
        self.add(card, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        return [("打印吹哨报到台账", "Ctrl+P", self.print_button.click)]

    def print(self) -> None:
        """Lay the whole ledger out to print and sign, in a worker."""
        out = ask_printable(self._ask_path, self, "吹哨报到台账")
        if out is not None:
            self.out.lay_out("whistle", out)

    def _open(self) -> None:
        if row := self.table.current_row():
            self.go.emit("case", {"id": str(row["event"])})


def read_whistles(office: Office) -> dict[str, tuple[Row, ...]]:
    """The rows by tab, the newest call first; runs in the lane."""
    now, words = office.cases.now(), evaluations(office.cases.rules)
    found: dict[str, list[Row]] = {AWAITED: [], JUDGED: [], ALL: []}
    for line in office.whistles.lines():
        row = _row(line, now, words)
        found[ALL].append(row)
        if not line.called.evaluation:
            found[AWAITED if line.called.arrived_at is None else JUDGED].append(row)
    return {key: tuple(rows) for key, rows in found.items()}


def _row(line: Line, now: dt.datetime, words: Mapping[str, str]) -> Row:
    values, whistle, called = line.event.values, line.whistle, line.called
    late = bool(whistle.due and not called.arrived_at and not called.evaluation and now > whistle.due)
    return {
        "id": f"{whistle.step} {called.unit}",
        "event": line.event.id,
        "state": state(called_words(called, line.proposed, words)),
        "unit": called.unit,
        "title": Cell(str(values.get("title") or ""), str(values.get("area_name") or "")),
        "reason": whistle.reason,
        "at": spoken_time(whistle.at.isoformat(), now),
        "due": Cell(spoken_time(whistle.due.isoformat(), now), tone="red" if late else "") if whistle.due else "",
        "there": spoken_time(called.arrived_at.isoformat(), now) if called.arrived_at else Cell("—", tone="text-3"),
    }

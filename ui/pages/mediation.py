"""The register of mediations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.schema.record import Record
from ui.jobs import Jobs
from ui.lists import Cell, Column, RecordTable
from ui.lists.columns import Row
from ui.page import Page
from ui.pages.case_words import due_tone, late_by, spoken_time
from ui.pages.standing_words import MARK, mark, note
from ui.pieces.card import Card
from ui.pieces.chips import State, state
from ui.pieces.empty import EmptyState
from ui.pieces.filters import FilterButton, SearchField
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office

OUTCOMES = {
    "written": State("书面协议", "green", "file-check"),
    "oral": State("口头协议", "green", "check"),
    "failed": State("调解不成", "grey", "x"),
    "withdrawn": State("已撤回", "grey", "arrow-back-up"),
    "refused": State("拒绝调解", "grey", "x"),
    "unreachable": State("联系不到", "grey", "phone-off"),
}
_NEVER = tuple[Row, ...]()


def outcome_chip(values: Mapping[str, Any], now: dt.datetime) -> State:
    """The chip of a mediation: its outcome, or that its limit has passed."""
    outcome = str(values.get("outcome") or "pending")
    if outcome in OUTCOMES:
        return OUTCOMES[outcome]
    late = late_by(values.get("due"), now)
    return state(late) if late else State("调解中", "blue", "player-play")


def read_register(office: Office, tab: str, kind: object, text: str) -> tuple[tuple[Row, ...], dict[str, int | None]]:
    """The rows of *tab* with the counts of both; runs in the lane."""
    now, form = office.cases.now(), office.forms["mediation"]
    everything = office.mediations.list()
    waiting = office.mediations.list(open_only=True)
    chosen: Sequence[Record] = waiting if tab == "open" else everything
    if text:
        hits = {hit.id for hit in office.registry.find(text, forms=["mediation"], limit=200)}
        chosen = [record for record in everything if record.id in hits or text in str(record.values.get("title") or "")]
    if kind:
        chosen = [record for record in chosen if record.values.get("dispute_type") == kind]
    rows = []
    held = office.standings.many("mediation", [record.id for record in chosen])
    for record in chosen:
        values, due = record.values, record.values.get("due")
        ended = str(values.get("outcome") or "pending") in OUTCOMES
        rows.append(
            {
                "id": record.id,
                "state": outcome_chip(values, now),
                "number": values.get("case_no"),
                "title": Cell(str(values.get("title") or ""), note(held.get(record.id))),
                "kind": form.show("dispute_type", values.get("dispute_type")),
                "accepted": values.get("accepted_on"),
                "mediator": values.get("mediator"),
                "due": Cell("—", tone="text-3") if ended else Cell(spoken_time(due, now), tone=due_tone(due, now)),
                "standing": mark(held.get(record.id), now),
            }
        )
    return tuple(rows), {"open": len(waiting), "all": None}


class MediationsPage(Page):
    """All mediations this user may see; only people of the mediation committee may."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("矛盾调解", dense=True)
        self._office, self._jobs = office, jobs
        self._tab, self._kind, self._text, self._turn = "open", None, "", 0
        self.tabs = Tabs([("open", "正在调解", None), ("all", "全部", None)], "open")
        self.tabs.picked.connect(self._on_tab)
        self.add_beside(self.tabs)
        if office.gate.decide("create", "mediation", office.session.area).allowed:
            self.set_primary("受理调解", lambda: self.go.emit("mediation_new", {}), icon="plus")
        card = Card(flush=True)
        self.search = SearchField("案由、编号", 200)
        self.search.searched.connect(self._on_text)
        codes = office.forms.codes["dispute_type"].items
        kinds = FilterButton("纠纷类型", [(item.code, item.label) for item in codes if not item.parent])
        kinds.picked.connect(self._on_kind)
        line = card.add_line(self.search, kinds, None)
        line.setContentsMargins(12, 8, 12, 8)
        card.add_rule()
        self.table = RecordTable(
            [
                Column("state", "状态", 108, role="chip"),
                Column("number", "编号", 208, tone="text-2", spare=2),
                Column("title", "案由", stretch=True),
                Column("kind", "纠纷类型", 124, tone="text-2", spare=1),
                Column("accepted", "受理日期", 124, role="date", spare=3),
                Column("mediator", "调解员", 92, tone="text-2"),
                Column("due", "调解期限", 112, role="date"),
                MARK,
            ],
            lambda _offset, _limit, _order: _NEVER,
            unit="件",
            hints=[("Return", "打开")],
            empty=EmptyState("users", "这里没有调解", "受理的纠纷在这里：当事人、笔录、协议都在一处。"),
        )
        self.search.left_down.connect(self.table.view.setFocus)
        self.table.opened.connect(lambda record_id: self.go.emit("mediation_case", {"id": record_id}))
        card.add(self.table, 1)
        self.add(card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        """Show the register; ``new`` goes on to a new one."""
        if args.get("new"):
            self.go.emit("mediation_new", {})
            return
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def _load(self) -> None:
        self._turn += 1
        turn, tab, kind, text = self._turn, self._tab, self._kind, self._text
        self._jobs.run(
            lambda: read_register(self._office, tab, kind, text), then=lambda found: self._show(turn, *found)
        )

    def _show(self, turn: int, rows: tuple[Row, ...], counts: Mapping[str, int | None]) -> None:
        if turn != self._turn:
            return
        self.tabs.show_counts(counts)
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        if rows and self.table.current() is None:
            self.table.go_to(0)

    def _on_tab(self, key: str) -> None:
        self._tab = key
        self._load()

    def _on_kind(self, key: object) -> None:
        self._kind = key
        self._load()

    def _on_text(self, text: str) -> None:
        self._text = text.strip()
        self._load()

"""The desk: what waits for me in the order of its due times, a line to register by, and how the week goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout

from app.services.cases import EVENT
from app.services.records import Outcome
from ui import icons, theme
from ui.jobs import Jobs
from ui.lists import Column, RecordTable
from ui.page import Page
from ui.pages.case_strip import may_report
from ui.pages.case_words import spoken_day
from ui.pages.desk_quick import Quick, read_line
from ui.pages.desk_reminders import RemindersCard
from ui.pages.desk_tasks import Desk, read_desk
from ui.pages.receptions import ReceptionsDoor
from ui.pages.sync_words import last_time, moment
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.chips import Pill
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Fact, Facts
from ui.pieces.figures import Figures
from ui.pieces.keys import KeyHint
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from app.store.exchange_values import Exchange


class DeskPage(Page):
    """The first page after logging in. *urgent* is called when something was saved that the county should have soon."""

    def __init__(self, office: Office, jobs: Jobs, urgent: Callable[[], object] = lambda: None) -> None:
        super().__init__("工作台", dense=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._desk: Desk | None = None
        self._mine = True
        # The line as it is kept; None until it was looked for.
        self._line: str | None = None
        self.receptions = ReceptionsDoor(lambda: self.go.emit("receptions", {}))
        self.add_quiet(self.receptions)
        if "visit" in office.forms and office.gate.decide("create", "visit", None).allowed:
            self.add_quiet(Button("新增走访", lambda: self.go.emit("visits", {"new": True})))
        if office.gate.decide("create", "mediation", office.session.area).allowed:
            self.add_quiet(Button("调解申请", lambda: self.go.emit("mediation", {"new": True})))
        # Who may not register is given no line to write in, to be refused only when he is done.
        self._may_report = may_report(office)
        if self._may_report:
            self.set_primary("登记事件", lambda: self.go.emit("event_new", {}), icon="plus")
        line = QHBoxLayout()
        line.setSpacing(12)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.setSpacing(12)
        right.setSpacing(12)
        line.addLayout(left, 1)
        line.addLayout(right)
        self.content.addLayout(line, 1)
        self.entry = QuickEntry()
        self.entry.registered.connect(self._register)
        self.entry.wanted_more.connect(self._on_wanted_more)
        self._said = QHBoxLayout()
        self._said.setSpacing(8)
        self._build_left(left)
        self._build_right(right)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._load()
        if self._line is None:
            self._line = ""
            self._jobs.run(lambda: self._office.store.draft(self._line_key()), self._on_line)
        # The line is where the next call is typed: it has the focus.
        (self.entry if self._may_report else self.table.view).setFocus()

    def leaving(self) -> None:
        self._keep_line()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_hints()

    def _build_left(self, column: QVBoxLayout) -> None:
        quick = Card()
        quick.add(self.entry)
        quick.add(self._said)
        self._hints = QHBoxLayout()
        self._hinted: QHBoxLayout | None = None
        self._hints.setSpacing(8)
        quick.add(self._hints)
        self.entry.textChanged.connect(lambda _text: self._show_said())
        self._show_said()
        column.addWidget(quick)
        if not self._may_report:
            quick.hide()
        self._whose = Button("只看我的", self._on_whose, kind="quiet", small=True)
        self.todo = Card("待我办理", actions=[self._whose], flush=True)
        self.table = RecordTable(
            [
                Column("state", "状态", 112, role="chip"),
                Column("title", "标题", stretch=True),
                Column("due", "到期", 140, role="date"),
                Column("act", "", 108, "right", "button"),
            ],
            lambda _offset, _limit, _order: (),
            header=False,
            footer=False,
            empty=EmptyState("checks", "没有等您办的事", "新登记的、转来的、快到期的，会按先后排在这里。"),
        )
        self.table.opened.connect(lambda key: self._open(key, act=False))
        self.table.pressed_button.connect(lambda key, _column: self._open(key, act=True))
        self.todo.add(self.table, 1)
        column.addWidget(self.todo, 1)

    def _build_right(self, column: QVBoxLayout) -> None:
        self.sync_card = Card(
            "同步", actions=[Button("详情", lambda: self.go.emit("sync", {}), kind="link", small=True)]
        )
        self._sync = Facts()
        self.sync_card.add(self._sync)
        self.sync_card.add(words("都已存在本机，断网不影响办事。", "12", "text-3", wrap=True))
        self.week_card = Card("本周", " ")
        self._figures = Figures()
        self.week_card.add(self._figures)
        self.reminders = RemindersCard()
        self.reminders.picked.connect(lambda event: self.go.emit("case", {"id": event}))
        self.reminders.known.connect(self._on_known)
        for card in (self.reminders, self.sync_card, self.week_card):
            self.add_side(card, 296, 240)
            column.addWidget(card)
        column.addStretch(1)

    def _load(self) -> None:
        mine = self._mine
        self._jobs.run(lambda: read_desk(self._office, mine=mine), then=self._show)

    def _show(self, desk: Desk) -> None:
        self._desk = desk
        self.set_title("工作台", spoken_day(desk.now.date()))
        self.todo.title.setText("待我办理" if self._mine else "全部待办")
        self.todo.note.setText(f"{desk.tasks} 件，按先后排" if desk.tasks else "")
        self.reminders.show_notices(desk.notices, desk.now)
        rows = desk.rows
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        self._show_sync(desk)
        self.week_card.note.setText(desk.week)
        self.week_card.setVisible(bool(desk.figures))
        self._figures.show_figures(desk.figures)
        self.receptions.show_days(desk.receptions, room=not self.narrow())
        self._show_said()

    def exchanged(self, last: Exchange | None) -> None:
        """Say when the last exchange was, though it brought nothing that the page would be read again for."""
        desk = self._desk
        if desk is None or last is None or last == desk.last:
            return
        self._desk = replace(desk, last=last, now=max(desk.now, moment(last.at)))
        self._show_sync(self._desk)

    def _show_sync(self, desk: Desk) -> None:
        asking = desk.attention + desk.conflicts
        self._sync.show_facts(
            [
                Fact(
                    "待发送",
                    f"{desk.waiting.total} 条" if desk.waiting.total else "没有",
                    strong=bool(desk.waiting.total),
                ),
                *([Fact("其中急件", f"{desk.waiting.urgent} 条")] if desk.waiting.urgent else []),
                Fact("需处理", f"{asking} 处" if asking else "没有", "orange" if asking else "", bool(asking)),
                Fact("上次", last_time(desk.last, desk.now) if desk.last else "还没有同步过"),
            ]
        )

    def _show_said(self) -> None:
        empty(self._said)
        quick = self.entry.quick(self._desk, self._office.forms.codes)
        if quick is None:
            self._said.addWidget(words("打一行就能登记：哪里、什么事、谁来的电话。", "13", "text-3"))
        else:
            self._said.addWidget(words("认出：", "13", "text-3"))
            for said in quick.words:
                pill = Pill(said, "person-chip")
                pill.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                pill.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
                self._said.addWidget(pill)
            if not quick.words:
                self._said.addWidget(words("还没认出村组、类别或电话，会照原话登记。", "13", "text-3"))
        self._said.addStretch(1)
        self._hinted = None
        self._place_hints()

    def _place_hints(self) -> None:
        """In large type and where it is narrow the hints stand on a line of their own: the chips need theirs."""
        hints = self._hints if theme.current().large or self.narrow() else self._said
        if hints is self._hinted:
            return
        if self._hinted is self._said:
            self._show_said()
            return
        empty(self._hints)
        self._hinted = hints
        if hints is self._hints:
            hints.addStretch(1)
        hints.addWidget(KeyHint("Return", "登记"))
        hints.addWidget(KeyHint("Tab", "补细节"))

    def _line_key(self) -> str:
        return f"line:{self._office.session.user}"

    def _keep_line(self) -> None:
        """A line that nobody ended outlasts a lock and the end of the program."""
        key, text = self._line_key(), self.entry.text().strip()
        if text == (self._line or ""):
            return
        self._line, store = text, self._office.store
        self._jobs.run(lambda: store.keep_draft(key, EVENT, None, {"line": text}) if text else store.drop_draft(key))

    def _on_line(self, held: Mapping[str, Any] | None) -> None:
        if held and not self.entry.text():
            self._line = str(held.get("line") or "")
            self.entry.setText(self._line)

    def _on_wanted_more(self, quick: Quick) -> None:
        # Its words go on in the form, and are kept there: left here, too, they would be registered twice.
        self.entry.clear()
        self._keep_line()
        self.go.emit("event_new", {"values": quick.values(), "area": quick.area})

    def _register(self, quick: Quick) -> None:
        # Not disabled: a line that is disabled passes its focus on, and that reads as Tab.
        self.entry.setReadOnly(True)
        self._jobs.run(
            lambda: self._office.cases.report(quick.values(), area=quick.area),
            then=self._on_registered,
            failed=self._on_failed,
        )

    def _on_registered(self, outcome: Outcome) -> None:
        self.entry.setReadOnly(False)
        self.entry.setFocus()
        if not outcome.ok or outcome.record is None:
            self.said.emit("没有登记：" + "；".join(fault.message for fault in outcome.faults), None)
            return
        self.entry.clear()
        self._keep_line()
        self.said.emit(f"已登记：{outcome.record.values.get('title')}", None)
        self._urgent()
        self._load()

    def _on_failed(self, error: Exception) -> None:
        self.entry.setReadOnly(False)
        self.entry.setFocus()
        self._jobs.failed.emit(error)

    def _on_known(self, events: Sequence[str]) -> None:
        self._jobs.run(lambda: self._office.reminders.see(events), then=lambda _done: self._load())

    def _on_whose(self) -> None:
        self._mine = not self._mine
        self._whose.set_words("只看我的" if self._mine else "看全部的")
        self._load()

    def _open(self, key: object, *, act: bool) -> None:
        kind, record_id, action = str(key).split(":", 2)
        if kind == "case":
            self.go.emit("case", {"id": record_id, **({"action": action} if act and action else {})})
        elif kind == "request":
            self.go.emit("data_request", {"id": record_id})
        elif kind == "care":
            self.go.emit("person", {"id": record_id})
        else:
            self.go.emit("mediation_case", {"id": record_id})


class QuickEntry(QLineEdit):
    """The line at the top of the desk. Signals ``registered(Quick)`` on Enter, ``wanted_more(Quick)`` on Tab."""

    registered = Signal(object)
    wanted_more = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("tall", "true")
        self.setAccessibleName("快速登记")
        self.setPlaceholderText("上寨三网格 路灯不亮 张文贵来电 13…")
        self.addAction(QAction(icons.icon("bolt"), "", self), QLineEdit.ActionPosition.LeadingPosition)
        self._quick: Quick | None = None
        # Enter of an input method ends a word; a double Enter must not register twice.
        self._rest = QTimer(self, singleShot=True, interval=300)

    def quick(self, desk: Desk | None, codes: Mapping[str, Any]) -> Quick | None:
        """What stands in the line, recognised; None where nothing does."""
        text = self.text().strip()
        self._quick = read_line(text, desk.places if desk else (), codes) if text else None
        return self._quick

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._quick and self._quick.title:
            if not self._rest.isActive() and not self.isReadOnly():
                self._rest.start()
                self.registered.emit(self._quick)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        if next and self._quick is not None and not self.isReadOnly():
            self.wanted_more.emit(self._quick)
            return True
        return super().focusNextPrevChild(next)

"""The page of the exchange: what waits, what went, whether county and desk agree, and what needs a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.services.conflicts import Conflict
from ui import theme
from ui.jobs import Jobs, Worker
from ui.lists import Column, RecordTable
from ui.page import Page
from ui.pages.case_words import spoken_time
from ui.pages.sync_read import Refused, SyncView, read_sync
from ui.pages.sync_usb import StickCard
from ui.pages.sync_words import result, road, said_moment, size, took
from ui.pieces.buttons import Button, Kind
from ui.pieces.card import Card
from ui.pieces.chips import Chip, State
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Fact, Facts
from ui.pieces.progress import ProgressStrip
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office

_LANES = (
    ("urgent", "急件", "事件、办理步骤、两处不同"),
    ("normal", "日常", "住户、走访、台账、调解"),
    ("bulk", "批量导入", "从表格带进来的"),
)
# Where a refused change is looked at, by form.
_PAGES = {"event": "case", "mediation": "mediation_case", "resident": "person"}


class SyncPage(Page):
    """*sync_now* begins an exchange; the window calls `show_syncing` while one runs."""

    def __init__(
        self, office: Office, jobs: Jobs, sync_now: Callable[[], object], worker: Callable[[Sequence[str]], Worker]
    ) -> None:
        super().__init__("同步", dense=True)
        self._office, self._jobs = office, jobs
        self._view: SyncView | None = None
        self._running = False
        self._now_button = Button("立即同步", sync_now, icon="refresh", tip="也可以按 F5")
        self.add_quiet(self._now_button)
        line = QHBoxLayout()
        line.setSpacing(12)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(12)
        line.addLayout(left, 1)
        line.addLayout(right)
        self._progress_card = Card()
        self._progress = ProgressStrip("正在与县中心收发")
        self._progress_card.add(self._progress)
        self._progress_card.hide()
        left.addWidget(self._progress_card)
        self.waiting_card = Card("待发送", " ")
        left.addWidget(self.waiting_card)
        left.addWidget(self._past(), 1)
        self.asking_card = Card("需要您处理", " ")
        self.agreed_card = Card("与县中心核对")
        self.stick_card = StickCard(office, jobs, worker)
        self.stick_card.changed.connect(self._load)
        for card in (self.asking_card, self.agreed_card, self.stick_card):
            self.add_side(card, 340, 290)
            right.addWidget(card)
        right.addStretch(1)
        self.content.addLayout(line, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """Ctrl+K offers the USB way, too."""
        return self.stick_card.actions

    def opened(self, args: Mapping[str, Any]) -> None:
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def show_syncing(self, now: bool, done: int = 0, total: int = 0) -> None:
        """An exchange began, goes on or has ended."""
        self._running = now
        self._progress_card.setVisible(now)
        self._progress.show_progress(done, total)
        self._now_button.refuse("正在同步" if now else "")
        if self._view is not None:
            self._show(self._view)

    def _past(self) -> Card:
        card = Card("最近往来", " ", flush=True)
        self._past_card = card
        self.table = RecordTable(
            [
                Column("at", "时间", 116),
                Column("road", "方式", 60, tone="text-2", spare=1),
                Column("sent", "发出", 76, "right"),
                Column("received", "收到", 80, "right"),
                Column("bytes", "流量", 84, "right", tone="text-2"),
                Column("took", "用时", 84, "right", tone="text-2", spare=2),
                Column("result", "结果", 120, role="chip", stretch=True),
            ],
            lambda _offset, _limit, _order: (),
            footer=False,
            empty=EmptyState("refresh", "还没有往来", "有网时自己会与县中心收发，不用管。"),
        )
        card.add(self.table, 1)
        return card

    def _load(self) -> None:
        self._jobs.run(lambda: read_sync(self._office), then=self._show)
        self.stick_card.load()

    def _show(self, view: SyncView) -> None:
        self._view = view
        if not view.county:
            self.set_title("同步", "这台电脑还没有在县里登记，内容只存在本机")
            self._now_button.refuse("这台电脑还没有在县里登记")
        else:
            self.set_title("同步", "正在收发，办事不受影响" if self._running else "有网自己收发，断网照常办事")
        self._show_waiting(view)
        rows = [
            {
                "id": number,
                "at": said_moment(line.at, view.now),
                "road": road(line),
                "sent": f"{line.sent:,} 条",
                "received": f"{line.received:,} 条",
                "bytes": size(line.bytes_up + line.bytes_down),
                "took": took(line.seconds),
                "result": result(line),
            }
            for number, line in enumerate(view.exchanges)
        ]
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        self._past_card.note.setText(f"本月流量 {size(view.month_bytes)}" if view.exchanges else "")
        self._show_asking(view)
        self._show_agreed(view)

    def _show_waiting(self, view: SyncView) -> None:
        card, total = self.waiting_card, view.waiting.total
        card.clear()
        card.note.setText(f"{total:,} 条，急的先走，逐条等县里回执" if total else "没有，全部送到了")
        for name, title, note in _LANES:
            count = getattr(view.waiting, name)
            told = "没有待发" if not count else "正在发" if self._running else "等下一次同步"
            number = words(f"{count:,} 条" if count else "—", strong=bool(count), tone="" if count else "text-3")
            number.setMinimumWidth(theme.current().grown(72))
            label = words(title, strong=True)
            label.setMinimumWidth(theme.current().grown(72))
            state = words(told, tone="blue" if count and self._running else "text-3")
            card.add_line(label, words(note, tone="text-3"), None, number, state, spacing=12)

    def _show_asking(self, view: SyncView) -> None:
        card = self.asking_card
        card.clear()
        count = len(view.refused) + len(view.conflicts)
        card.note.setText(str(count) if count else "")
        if not count:
            card.add(words("没有。两边的内容对得上，不用您管。", tone="text-3", wrap=True))
        for number, conflict in enumerate(view.conflicts):
            if number:
                card.add_rule()
            self._add_conflict(card, conflict, view, first=number == 0)
        for refused in view.refused:
            card.add_rule()
            self._add_refused(card, refused)

    def _add_conflict(self, card: Card, conflict: Conflict, view: SyncView, *, first: bool) -> None:
        step = bool(conflict.step)
        card.add(words(conflict.label or "同一处内容", strong=True, wrap=True))
        who = "和".join(name for name in (conflict.who, conflict.other) if name)
        told = "各办了一步，后一步没有生效" if step else "改得不同，两边的话都留着"
        card.add(words(f"{who}{told} · {spoken_time(conflict.when, view.now)}", "13", "text-3", wrap=True))
        kind: Kind = "primary" if first else "plain"
        if step:
            button = Button(
                "看这件事", lambda: self.go.emit("case", {"id": conflict.record}), kind=kind, small=not first
            )
        else:
            button = Button("去处理", lambda: self.go.emit("conflict", {"id": conflict.id}), kind=kind, small=not first)
        # A wrapped label above makes the layout reckon too little height for the line.
        button.setMinimumHeight(button.sizeHint().height())
        card.add_line(button, None, Chip(State("等您定", "orange", "hand-stop")))

    def _add_refused(self, card: Card, refused: Refused) -> None:
        card.add(words(refused.title, strong=True, wrap=True))
        card.add(words(f"{refused.what} · {refused.when}", "13", "text-3", wrap=True))
        card.add(words(refused.why, "13", "orange", wrap=True))
        line: list[Any] = []
        if page := _PAGES.get(refused.form):
            line.append(Button("打开", lambda: self.go.emit(page, {"id": refused.record}), small=True))
        line.append(Button("知道了", partial(self._attended, refused.counter), kind="quiet", small=True))
        card.add_line(*line, None)

    def _attended(self, counter: int) -> None:
        self._jobs.run(lambda: self._office.store.sync.attended(counter), then=lambda _done: self._load())

    def _show_agreed(self, view: SyncView) -> None:
        agreed = view.agreed
        when = said_moment(agreed.at_ms, view.now) if agreed.at_ms else ""
        told = "还没有核对过"
        if agreed.now:
            told = f"{when} 核对一致"
        elif view.waiting.total:
            told = "发完后再核对" + (f"（上次一致是{when}）" if when else "")
        elif when:
            told = f"上次一致是{when}，之后还没有核对上"
        facts = [
            Fact("两边内容", told, "green" if agreed.now else ""),
            Fact("本机留有", f"{view.areas} 个区划、{view.streams} 类数据，{view.records:,} 条"),
            Fact("没收下的", f"{len(view.refused)} 条" if view.refused else "没有", "orange" if view.refused else ""),
            Fact("县中心", view.county or "未登记"),
        ]
        self.agreed_card.clear()
        self.agreed_card.add(Facts(facts))

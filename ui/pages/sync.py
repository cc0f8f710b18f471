"""The page of the exchange: what waits, what went, whether county and desk agree, and what needs a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.services.conflicts import Conflict
from app.services.traffic import Allowance
from ui.jobs import Jobs, Worker
from ui.lists import Column, RecordTable
from ui.page import Page
from ui.pages.case_words import spoken_time
from ui.pages.sync_doubts import DoubtsCard
from ui.pages.sync_network import HeldCard, NetworkCard, ProgressCard, WaitingCard, pause_menu
from ui.pages.sync_read import Refused, SyncView, read_sync
from ui.pages.sync_speed import Told
from ui.pages.sync_usb import StickCard
from ui.pages.sync_words import result, road, said_moment, size, took
from ui.pieces.buttons import Button, Kind
from ui.pieces.card import Card
from ui.pieces.chips import Chip, State
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Fact, Facts
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office

_SHOWN = 3
"""How many questions stand on the page at once; the next come when these are answered."""


class SyncPage(Page):
    """*sync_now* begins an exchange, *allowed* hears what may go by itself, *next_in* tells when it goes next (ms, -1 never).

    The window calls `show_syncing` while an exchange runs.
    """

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        sync_now: Callable[[], object],
        worker: Callable[[Sequence[str]], Worker],
        allowed: Callable[[Allowance], object] = lambda _allowance: None,
        next_in: Callable[[], int] = lambda: -1,
    ) -> None:
        super().__init__("同步", dense=True)
        self._office, self._jobs, self._sync_now = office, jobs, sync_now
        self._allowed, self._next_in = allowed, next_in
        self._view: SyncView | None = None
        self._to_decide: Button | None = None
        self._fresh = False
        self._running = False
        menu = pause_menu(self, lambda until: self._change(lambda: office.traffic.pause(until(office.store.now_ms()))))
        self._pause_button = Button("暂停", icon="player-pause", menu=menu, tip="急件照样发出")
        self._now_button = Button("立即同步", sync_now, icon="refresh", tip="也可以按 F5")
        self.add_quiet(self._pause_button)
        self.add_quiet(self._now_button)
        line = QHBoxLayout()
        line.setSpacing(12)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(12)
        line.addLayout(left, 1)
        line.addLayout(right)
        self.progress_card, self.held_card = ProgressCard(), HeldCard()
        self.held_card.resumed.connect(lambda: self._change(office.traffic.resume))
        self.held_card.lifted.connect(lambda: self._change(office.traffic.lift, then=sync_now))
        left.addWidget(self.held_card)
        left.addWidget(self.progress_card)
        self.waiting_card, self.network_card = WaitingCard(), NetworkCard()
        self.network_card.budget_picked.connect(self._on_budget)
        left.addWidget(self.waiting_card)
        left.addWidget(self._past(), 1)
        self.asking_card = Card("需要您处理", " ")
        self.doubts_card = DoubtsCard(office, jobs)
        self.doubts_card.changed.connect(self._load)
        self.doubts_card.person.connect(lambda person: self.go.emit("person", {"id": person}))
        self.agreed_card = Card("与县中心核对")
        self.stick_card = StickCard(office, jobs, worker)
        self.stick_card.changed.connect(self._load)
        for card in (self.asking_card, self.doubts_card, self.network_card, self.agreed_card, self.stick_card):
            self.add_side(card, 340, 290)
            right.addWidget(card)
        right.addStretch(1)
        self.content.addLayout(line, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """Ctrl+K offers the USB way, too."""
        return self.stick_card.actions

    def opened(self, args: Mapping[str, Any]) -> None:
        self._fresh = True
        # The cursor goes to what waits, without a word to what scrolls: left low, the page would open where nothing of it shows.
        self.to_top()
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def show_syncing(self, now: bool, told: Told | None = None) -> None:
        """An exchange began, goes on or has ended."""
        if now:
            self.progress_card.begin()
            if told is not None:
                self.progress_card.feed(told)
        else:
            self.progress_card.end()
        # Ten times a second nothing but the strip is painted anew.
        if now != self._running:
            self._running = now
            if self._view is not None:
                self._show(self._view)

    def _change(self, work: Callable[[], Allowance], then: Callable[[], object] = lambda: None) -> None:
        def changed(allowance: Allowance) -> None:
            self._allowed(allowance)
            then()
            self._load()

        self._jobs.run(work, then=changed)

    def _on_budget(self, megabytes: int) -> None:
        self._change(lambda: self._office.traffic.set_budget(megabytes))

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
        self.doubts_card.load()

    def _show(self, view: SyncView) -> None:
        self._view = view
        if not view.county:
            self.set_title("同步", "这台电脑还没有在县里登记，内容只存在本机")
            self._now_button.refuse("这台电脑还没有在县里登记")
        else:
            held = view.allowance.paused or view.allowance.over
            idle = "现在只发急件，办事不受影响" if held else "有网自己收发，断网照常办事"
            self.set_title("同步", "正在收发，办事不受影响" if self._running else idle)
            self._now_button.refuse("正在同步" if self._running else "")
        self._pause_button.setVisible(bool(view.county) and not view.allowance.paused)
        self.held_card.show_allowance(view.allowance, view.now)
        self.waiting_card.show_view(view, running=self._running)
        self.network_card.show_view(view, self._next_in(), running=self._running)
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
        self._past_card.note.setText(f"最近 {len(rows)} 次" if rows else "")
        self._show_asking(view)
        self._show_agreed(view)

    def _show_asking(self, view: SyncView) -> None:
        card = self.asking_card
        # What waits for a person is why he comes; and what is thrown away would give the cursor to anybody.
        here = self._fresh or card.isAncestorOf(self.focusWidget() or self)
        self._fresh, self._to_decide = False, None
        with self.keeping_place():
            card.clear()
            self._fill_asking(card, view)
            if here and self._to_decide is not None and self.isVisible():
                # What a layout was just given is shown by an event of its own, and what isn't shown takes no cursor.
                self._to_decide.show()
                self._to_decide.setFocus()

    def _fill_asking(self, card: Card, view: SyncView) -> None:
        count = len(view.refused) + len(view.conflicts)
        card.note.setText(str(count) if count else "")
        if not count:
            card.add(words("没有。两边的内容对得上，不用您管。", tone="text-3", wrap=True))
        for number, conflict in enumerate(view.conflicts[:_SHOWN]):
            if number:
                card.add_rule()
            self._add_conflict(card, conflict, view, first=number == 0)
        for number, refused in enumerate(view.refused[:_SHOWN]):
            if number or view.conflicts:
                card.add_rule()
            self._add_refused(card, refused)
        if count > len(view.conflicts[:_SHOWN]) + len(view.refused[:_SHOWN]):
            card.add_rule()
            card.add(words(f"共 {count} 处，处理完这几处再显示后面的。", "13", "text-3", wrap=True))

    def _add_conflict(self, card: Card, conflict: Conflict, view: SyncView, *, first: bool) -> None:
        step = bool(conflict.step)
        about = " · ".join(part for part in (view.titles.get(conflict.id, ""), conflict.label) if part)
        card.add(words(about or "同一处内容", strong=True, wrap=True))
        who = "和".join(name for name in (conflict.who, conflict.other) if name)
        told = "各办了一步，后一步没有生效" if step else "改得不同，两边的话都留着"
        card.add(words(f"{who}{told} · {spoken_time(conflict.when, view.now)}", "13", "text-3", wrap=True))
        kind: Kind = "primary" if first else "plain"
        button = Button("去处理", lambda: self.go.emit("conflict", {"id": conflict.id}), kind=kind, small=not first)
        # A wrapped label above makes the layout reckon too little height for the line.
        button.setMinimumHeight(button.sizeHint().height())
        self._to_decide = button if first else self._to_decide
        card.add_line(button, None, Chip(State("等您定", "orange", "hand-stop")))

    def _add_refused(self, card: Card, refused: Refused) -> None:
        card.add(words(refused.title, strong=True, wrap=True))
        card.add(words(f"{refused.what} · {refused.when}", "13", "text-3", wrap=True))
        card.add(words(refused.why, "13", "orange", wrap=True))
        line: list[Any] = []
        if refused.can_correct:
            line.append(Button("改好再送", partial(self._correct, refused), small=True, tip="打开表单，填的内容都在"))
        if refused.page:
            line.append(
                Button("打开", partial(self.go.emit, refused.page, dict(refused.args)), kind="quiet", small=True)
            )
        if self._to_decide is None and line:
            self._to_decide = line[0]
        drop = Button("不要了", partial(self._drop, refused), kind="quiet", small=True)
        drop.setToolTip("用县里的；您填的话留在修改历史里。")
        card.add_line(*line, drop, None)

    def _correct(self, refused: Refused) -> None:
        page, args = refused.form_page
        self._jobs.run(
            lambda: self._office.refusals.correct(refused.held), then=lambda _done: self.go.emit(page, dict(args))
        )

    def _drop(self, refused: Refused) -> None:
        held, refusals, jobs = refused.held, self._office.refusals, self._jobs

        def undo() -> None:
            jobs.run(lambda: refusals.take_up(held.form, held.record, held.counters), then=lambda _done: self._load())

        def dropped(_done: object) -> None:
            self.said.emit("已放下，您填的话留在修改历史里", undo)
            self._load()

        jobs.run(lambda: refusals.drop(held.form, held.record, held.counters), then=dropped)

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

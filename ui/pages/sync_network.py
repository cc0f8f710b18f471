"""The network half of the page of the exchange: how the running one goes, what holds it, what waits, what it may use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout

from app import settings
from app.services.traffic import FOREVER, Allowance, next_morning
from ui import theme
from ui.pages.sync_read import SyncView
from ui.pages.sync_speed import Speed, Told
from ui.pages.sync_words import said_moment, size
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.facts import Fact, Facts
from ui.pieces.progress import ProgressStrip
from ui.pieces.text import Elided, words

_LANES = (
    ("急件", "事件、办理步骤、两处不同"),
    ("日常", "住户、走访、台账、调解"),
    ("批量导入", "从表格带进来的"),
)
_URGENT = 0
_BUDGETS = (0, 20, 50, 100, 200, 500)
HOUR_MS = 3_600_000


class ProgressCard(Card):
    """The exchange that runs: bytes, speed, time left; it counts on by itself, so that a stalled link is seen to stall."""

    def __init__(self) -> None:
        super().__init__()
        self.strip = ProgressStrip("正在与县中心收发")
        self.add(self.strip)
        self.speed = Speed()
        self._beat = QTimer(self, interval=1000)
        self._beat.timeout.connect(self._show)
        self.hide()

    def begin(self) -> None:
        """An exchange began."""
        if not self._beat.isActive():
            self.speed.begin()
            self._beat.start()
        self._show()
        self.show()

    def feed(self, told: Told) -> None:
        """It told how far it is."""
        self.speed.feed(told)
        self._show()

    def end(self) -> None:
        """It has ended."""
        self._beat.stop()
        self.hide()

    def _show(self) -> None:
        figure, note = self.speed.words()
        share = self.speed.told.share
        self.strip.show_progress(int((share or 0) * 1000), 1000 if share is not None else 0, figure, note)


class HeldCard(Card):
    """Why nothing but what is urgent goes by itself, and the way on. Signals ``resumed``, ``lifted``."""

    resumed = Signal()
    lifted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hide()

    def show_allowance(self, allowance: Allowance, now: dt.datetime) -> None:
        """Show the pause or the used-up budget; nothing where nothing holds it."""
        self.clear()
        self.setVisible(allowance.paused or allowance.over)
        if allowance.paused:
            until = f"到{said_moment(allowance.pause, now)}" if allowance.pause else "等您恢复"
            self._say(
                f"同步已暂停，{until}",
                "急件（事件、办理步骤）照样发出；其余的恢复后再收发，写下的都存在本机。",
                Button("恢复同步", self.resumed.emit, kind="primary", icon="player-play"),
            )
        elif allowance.over:
            self._say(
                f"{over_words(allowance)}。继续吗？",
                "急件照样发出；其余的明天再收发，写下的都存在本机。",
                Button("今天接着收发", self.lifted.emit, kind="primary", icon="player-play"),
            )

    def _say(self, title: str, text: str, button: Button) -> None:
        self.add_line(words(title, strong=True), None, button)
        self.add(words(text, "13", "text-2", wrap=True))


class WaitingCard(Card):
    """What waits, lane by lane, and how far it is."""

    def __init__(self) -> None:
        super().__init__("待发送", " ")

    def show_view(self, view: SyncView, *, running: bool) -> None:
        """Show the lanes of *view*."""
        self.clear()
        total = sum(count for count, _sent in view.lanes.values())
        done = "没有，全部送到了" if not view.files.to_send else "记录全部送到了，附件还没有"
        self.note.setText(f"{total:,} 条，急的先走，逐条等县里回执" if total else done)
        for lane, (title, note) in enumerate(_LANES):
            count, sent = view.lanes.get(lane, (0, 0))
            told, tone = _told(lane, count, sent, view.allowance, running=running)
            self._add_lane(title, note, f"{count:,} 条" if count else "", told, tone)
        files = view.files
        # A photo goes as two files, the small picture first; a clerk knows of one.
        count = max(files.total - files.small, min(files.total, 1))
        told, tone = _told(len(_LANES), count, 0, view.allowance, running=running)
        weight = f"共 {size(files.bytes)}，排在最后" if files.bytes else "照片、扫描件，排在最后"
        self._add_lane("附件", weight, f"{count:,} 份" if count else "", told, tone)

    def _add_lane(self, title: str, note: str, figure: str, told: str, tone: str) -> None:
        number = words(figure or "—", strong=bool(figure), tone="" if figure else "text-3")
        label = words(title, strong=True)
        state = words(told, tone=tone)
        for widget, width in ((number, 64), (label, 72), (state, 144)):
            widget.setMinimumWidth(theme.current().grown(width))
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # In a narrow window what a lane carries gives way, its figures don't.
        self.add_line(label, Elided(note, tone="text-3"), None, number, state, spacing=12)


class NetworkCard(Card):
    """What the exchange used today and this month, what it may use, and when it goes next. Signal ``budget_picked(megabytes)``."""

    budget_picked = Signal(int)

    def __init__(self) -> None:
        super().__init__("网络")
        self._menu = QMenu(self)
        for megabytes in _BUDGETS:
            self._menu.addAction(_budget(megabytes)).triggered.connect(
                lambda _checked=False, picked=megabytes: self.budget_picked.emit(picked)
            )
        self._facts = QVBoxLayout()
        self.add(self._facts)
        # Made once: whoever stands on it, or has its menu open, keeps it while the figures change.
        self.budget_button = Button(" ", kind="quiet", icon="gauge", small=True, menu=self._menu)
        self.budget_button.setToolTip("到了限额，急件照样发出，其余的先问您。")
        self.add_line(self.budget_button, None)

    def show_view(self, view: SyncView, next_ms: int, *, running: bool = False) -> None:
        """Show it; *next_ms* until it tries again by itself (-1: it doesn't)."""
        empty(self._facts)
        allowance = view.allowance
        budget = settings.Settings().daily_megabytes if not allowance.budget else allowance.budget >> 20
        said = f"今天 {size(allowance.used)}" + (f"，限额 {_budget(budget)}" if budget else "")
        facts = [
            Fact("流量", said, "orange" if allowance.over else ""),
            Fact("本月", size(view.month_bytes)),
            Fact("下一次", "正在收发" if running else _next(view, next_ms)),
        ]
        self._facts.addWidget(Facts(facts))
        self.budget_button.set_words(f"每天限额：{_budget(budget)}")


def pause_menu(parent: Any, pause: Callable[[Callable[[int], int]], object]) -> QMenu:
    """How long to pause; *pause* gets what makes of the present moment (ms) the one when it ends."""
    menu = QMenu(parent)
    for text, until in (
        ("暂停 1 小时", lambda now: now + HOUR_MS),
        ("暂停到明天早上 6 点", next_morning),
        ("一直停，等我恢复", lambda _now: FOREVER),
    ):
        menu.addAction(text).triggered.connect(lambda _checked=False, until=until: pause(until))
    return menu


def over_words(allowance: Allowance) -> str:
    """What was used of what may be."""
    return f"今天已用 {size(allowance.used)}，到了每天 {_budget(allowance.budget >> 20)} 的限额"


def _told(lane: int, count: int, sent: int, allowance: Allowance, *, running: bool) -> tuple[str, str]:
    if not count:
        return "没有待发", "text-3"
    held = lane != _URGENT and (allowance.paused or allowance.over)
    if running and not (held and allowance.paused):
        return ("已发出，等回执" if sent == count else "正在发"), "blue"
    if sent:
        return (f"{sent:,} 条已发出，等回执" if sent < count else "已发出，等回执"), "text-2"
    if held:
        return ("暂停中，恢复后发" if allowance.paused else "流量到额，等您定"), "text-2"
    return "等下一次同步", "text-3"


def _next(view: SyncView, next_ms: int) -> str:
    if not view.county:
        return "登记以后"
    if view.allowance.paused:
        return "恢复以后（急件随时）"
    if view.allowance.over:
        return "明天（急件随时）"
    if next_ms < 0:
        return "打开窗口时"
    return "马上" if next_ms < 60_000 else f"约 {round(next_ms / 60_000)} 分钟后"


def _budget(megabytes: int) -> str:
    return f"{megabytes} MB" if megabytes else "不限"

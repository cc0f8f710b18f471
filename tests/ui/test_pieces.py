"""The pieces: dates typed any way, masks that close, chips that tell by word, problems that lead on."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from app.schema.values import BadValue
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.chips import Chip, State, state, sync_state
from ui.pieces.dates import DateEntry, read_typed
from ui.pieces.filters import FilterButton, SearchField
from ui.pieces.masked import Masked
from ui.pieces.person import PersonChip
from ui.pieces.problems import Problem, ProblemList
from ui.pieces.progress import ProgressStrip
from ui.pieces.tabs import Tabs
from ui.pieces.text import words
from ui.pieces.timeline import Step, Timeline

TODAY = dt.date(2026, 9, 18)


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("今天", "2026-09-18"),
        ("昨天", "2026-09-17"),
        ("+3", "2026-09-21"),
        ("-1", "2026-09-17"),
        ("9.1", "2026-09-01"),
        ("9月21日", "2026-09-21"),
        ("20260901", "2026-09-01"),
        ("2026年9月1日", "2026-09-01"),
        ("", None),
    ],
)
def test_a_date_is_read_as_clerks_type_it(typed: str, iso: str | None) -> None:
    assert read_typed(typed, TODAY) == iso


def test_a_day_that_does_not_exist_is_no_date() -> None:
    with pytest.raises(BadValue):
        read_typed("2.30", TODAY)


def test_a_date_that_cannot_be_read_stays_and_says_so(qtbot, type_text) -> None:
    entry = DateEntry("2026-09-18", today=lambda: TODAY)
    qtbot.addWidget(entry)
    entry.clear()
    type_text(entry, "二月三十")
    with qtbot.waitSignal(entry.refused) as heard:
        qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert entry.text() == "二月三十"
    assert entry.value() is None
    assert "哪一天" in heard.args[0]
    entry.clear()
    type_text(entry, "昨天")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert entry.text() == "2026-09-17"
    assert not entry.property("wrong")


def test_the_down_key_goes_a_day_back(qtbot) -> None:
    entry = DateEntry("2026-09-01", today=lambda: TODAY)
    qtbot.addWidget(entry)
    qtbot.keyClick(entry, Qt.Key.Key_Down)
    assert entry.value() == "2026-08-31"


def test_the_eye_asks_once_and_covers_again(qtbot) -> None:
    asked: list[int] = []

    def whole() -> str:
        asked.append(1)
        return "990001196503141234"

    masked = Masked("990001********1234", whole)
    qtbot.addWidget(masked)
    assert asked == []
    masked.toggle()
    assert masked.text.text() == "990001196503141234"
    masked.toggle()
    assert masked.text.text() == "990001********1234"
    assert asked == [1]


def test_a_value_that_may_not_be_seen_stays_covered(qtbot) -> None:
    masked = Masked("199****0012", lambda: None)
    qtbot.addWidget(masked)
    masked.toggle()
    assert masked.text.text() == "199****0012"


@pytest.mark.parametrize(
    ("word", "tone"),
    [("超 1 天", "red"), ("超期", "red"), ("将到期", "orange"), ("今天 17:30 到期", "orange"), ("处置中", "blue"),
     ("办结", "green"), ("挂账", "violet"), ("待签收", "grey"), ("户在人在", "grey")],
)  # fmt: skip
def test_a_chip_knows_its_tone_by_the_word(word: str, tone: str) -> None:
    assert state(word).tone == tone


def test_the_sync_chip_is_never_red() -> None:
    kinds = ("synced", "waiting", "offline", "syncing", "asking")
    assert "red" not in {sync_state(kind, "1").tone for kind in kinds}


def test_a_chip_is_wide_enough_for_its_word(qtbot) -> None:
    short, long = Chip("办结"), Chip(State("户在人不在", "grey", "plane-departure"))
    for chip in (short, long):
        qtbot.addWidget(chip)
    assert long.sizeHint().width() > short.sizeHint().width()


def test_a_button_says_its_keys_and_why_it_is_refused(qtbot) -> None:
    pressed: list[int] = []
    button = Button("反馈结果", lambda: pressed.append(1), kind="primary", keys="Ctrl+Return", tip="写明办理结果")
    qtbot.addWidget(button)
    with qtbot.waitActive(button):
        button.show()
        button.activateWindow()
    assert button.toolTip() == "写明办理结果（Ctrl+Enter）"
    qtbot.keyClick(button, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert pressed == [1]
    button.refuse("还有协办单位没有反馈")
    assert not button.isEnabled()
    assert button.toolTip() == "还有协办单位没有反馈"


def test_what_an_input_method_has_not_committed_is_not_searched(qtbot, compose, type_text) -> None:
    field = SearchField("编号、标题")
    qtbot.addWidget(field)
    heard: list[str] = []
    field.searched.connect(heard.append)
    compose(field, "zhang")
    assert not field._timer.isActive()
    type_text(field, "张")
    qtbot.waitUntil(lambda: heard == ["张"])


def test_a_picked_filter_can_be_lifted_by_key(qtbot) -> None:
    button = FilterButton("类别", [("safety", "安全隐患")])
    qtbot.addWidget(button)
    heard: list[object] = []
    button.picked.connect(heard.append)
    button.pick("safety")
    assert button.words() == "安全隐患"
    qtbot.keyClick(button, Qt.Key.Key_Delete)
    assert heard == ["safety", None]
    assert button.words() == "类别"


def test_tabs_move_with_arrows(qtbot) -> None:
    tabs = Tabs([("mine", "我的", 12), ("all", "全部", None)])
    qtbot.addWidget(tabs)
    qtbot.keyClick(tabs, Qt.Key.Key_Right)
    assert tabs.now() == "all"
    qtbot.keyClick(tabs, Qt.Key.Key_Right)
    assert tabs.now() == "mine"


def test_f8_goes_from_problem_to_problem_and_round(qtbot) -> None:
    problems = ProblemList(
        [Problem("第 36 行", "身份号码", "末位不对", 36), Problem("第 88 行", "出生日期", "没有这一天", 88)]
    )
    qtbot.addWidget(problems)
    heard: list[object] = []
    problems.chosen.connect(heard.append)
    for _ in range(3):
        problems.next()
    assert heard == [36, 88, 36]


def test_progress_counts_bytes_beyond_a_c_int(qtbot) -> None:
    strip = ProgressStrip("网络发送中", can_stop=True)
    qtbot.addWidget(strip)
    strip.show_progress(3 * 2**31, 4 * 2**31)
    assert strip.bar.value() == 750
    with qtbot.waitSignal(strip.stopped):
        strip.stop_button.click()


def test_a_long_step_is_higher_than_a_short_one(qtbot) -> None:
    timeline = Timeline([Step("进展", text="好"), Step("进展", text="昨夜大雨，路上方土坡滑下约 15 立方米。" * 8)])
    qtbot.addWidget(timeline)
    timeline.resize(300, 600)
    timeline.show()
    short, long = (timeline.visualRect(timeline.model().index(row, 0)).height() for row in (0, 1))
    assert long > 3 * short


def test_a_persons_card_is_asked_only_when_wanted(qtbot) -> None:
    asked: list[int] = []
    chip = PersonChip("李长顺", "男 61", card=lambda: asked.append(1) or [("现住", "上寨三组")])
    qtbot.addWidget(chip)
    chip.show()
    assert asked == []
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert asked == [1]
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert chip._popup is None


def test_a_card_keeps_what_stretches_and_can_be_filled_again(qtbot) -> None:
    card = Card("基本情况")
    qtbot.addWidget(card)
    card.add(words("一"))
    card.add_line("二", None)
    card.clear()
    card.add(words("三"))
    card.show()
    assert [card.body.itemAt(0).widget().text()] == ["三"]


def test_enter_presses_the_button_that_has_the_focus_and_only_once_while_held(qtbot):
    pressed = []
    button = Button("写到 U 盘…", lambda: pressed.append(1))
    qtbot.addWidget(button)
    for held in (False, True):
        QApplication.sendEvent(
            button, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", held)
        )
    assert pressed == [1]


def test_a_button_refused_for_a_while_has_its_focus_back_unless_somebody_went_elsewhere(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    line = QHBoxLayout(page)
    buttons = [Button(name) for name in ("甲", "乙", "丙")]
    for button in buttons:
        line.addWidget(button)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    buttons[0].setFocus()
    buttons[0].refuse("正在读写")
    assert not buttons[0].hasFocus()
    buttons[0].refuse("")
    assert buttons[0].hasFocus()
    buttons[0].refuse("正在读写")
    buttons[2].setFocus()
    buttons[0].refuse("")
    assert buttons[2].hasFocus()

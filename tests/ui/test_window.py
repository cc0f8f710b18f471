"""The frame: pages made when wanted, ways back, shortcuts that an input method keeps to itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from ui import theme
from ui.page import Page
from ui.pieces.filters import SearchField
from ui.topbar import Found
from ui.window import Window

CTRL = Qt.KeyboardModifier.ControlModifier


class Sample(Page):
    """A page that remembers what happened to it."""

    made = 0

    def __init__(self, title: str, back: bool = False) -> None:
        super().__init__(title, back=back)
        Sample.made += 1
        self.seen: list[Any] = []
        self.entry = QLineEdit()
        self.add(self.entry)
        self.set_primary("登记事件", lambda: self.seen.append("new"))

    def opened(self, args: Mapping[str, Any]) -> None:
        self.seen.append(dict(args))

    def refresh(self, changed) -> None:
        self.seen.append(("changed", list(changed)))


@pytest.fixture
def window(qapp: QApplication, qtbot) -> Window:
    Sample.made = 0
    window = Window(qapp)
    window.add_page("desk", lambda: Sample("工作台"))
    window.add_page("events", lambda: Sample("事件"))
    window.add_page("case", lambda: Sample("石桥村", back=True), place="events")
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    window.go("desk")
    return window


def test_a_page_is_made_when_it_is_first_wanted(window: Window) -> None:
    assert Sample.made == 1
    window.go("case", id="a")
    window.go("case", id="b")
    assert Sample.made == 2
    assert window.current_page().seen == [{"id": "a"}, {"id": "b"}]


def test_back_and_forward_walk_the_way_that_was_gone(window: Window) -> None:
    window.go("events")
    window.go("case", id="a")
    window.go("back")
    assert window.current_name() == "events"
    window.go("back")
    assert window.current_name() == "desk"
    window.go("forward")
    window.go("forward")
    assert window.current_name() == "case"
    assert window.current_page().seen[-1] == {"id": "a"}


def test_keys_of_the_frame_reach_their_places(window: Window, qtbot) -> None:
    window.current_page().entry.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_3, CTRL)
    assert window.current_name() == "events"
    qtbot.keyClick(window, Qt.Key.Key_N, CTRL)
    assert "new" in window.current_page().seen
    qtbot.keyClick(window, Qt.Key.Key_K, CTRL)
    assert window.top.search.hasFocus()
    with qtbot.waitSignal(window.refresh_asked):
        qtbot.keyClick(window, Qt.Key.Key_F5)
    with qtbot.waitSignal(window.help_asked) as heard:
        qtbot.keyClick(window, Qt.Key.Key_F1)
    assert heard.args == ["events"]


def test_ctrl_n_is_the_visible_pages_alone(window: Window, qtbot) -> None:
    desk = window.current_page()
    window.go("events")
    qtbot.keyClick(window, Qt.Key.Key_N, CTRL)
    assert "new" in window.current_page().seen
    assert "new" not in desk.seen


def test_escape_leaves_a_record_but_not_a_room(window: Window, qtbot) -> None:
    window.go("case", id="a")
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.current_name() == "desk"
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.current_name() == "desk"


def test_the_keys_go_to_the_page_that_comes_back(window: Window, qtbot) -> None:
    with qtbot.waitActive(window):
        window.activateWindow()
    desk = window.current_page()
    desk.entry.setFocus()
    window.go("case", id="a")
    window.top.search.setFocus()
    window.go("back")
    qtbot.waitUntil(desk.entry.hasFocus)


def test_escape_gives_up_a_search_before_it_leaves_the_record(window: Window, qtbot) -> None:
    window.go("case", id="a")
    window.top.search.setFocus()
    qtbot.keyClicks(window.top.search, "lcs")
    qtbot.keyClick(window.top.search, Qt.Key.Key_Escape)
    assert (window.current_name(), window.top.search.text()) == ("case", "")
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.current_name() == "desk"


def test_no_shortcut_fires_while_an_input_method_composes(
    window: Window, qtbot, compose: Callable, type_text: Callable
) -> None:
    entry = window.current_page().entry
    entry.setFocus()
    compose(entry, "zhang")
    qtbot.keyClick(entry, Qt.Key.Key_3, CTRL)
    qtbot.keyClick(entry, Qt.Key.Key_N, CTRL)
    assert window.current_name() == "desk"
    assert "new" not in window.current_page().seen
    type_text(entry, "张")
    assert entry.text() == "张"
    qtbot.keyClick(entry, Qt.Key.Key_3, CTRL)
    assert window.current_name() == "events"


def test_a_focused_field_may_vanish_without_harm(window: Window, qtbot, compose: Callable) -> None:
    entry = window.current_page().entry
    entry.setFocus()
    compose(entry, "zhang")
    entry.deleteLater()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not entry)
    qtbot.keyClick(window, Qt.Key.Key_3, CTRL)
    assert window.current_name() == "events"


def test_counts_stand_behind_the_names(window: Window) -> None:
    bare = window.navigation.grab().toImage()
    window.navigation.show_counts({"events": 12})
    assert window.navigation.grab().toImage() != bare


def test_a_narrow_window_shows_icons_alone(window: Window) -> None:
    window.resize(900, 600)
    assert window.navigation.width() == 52
    window.resize(1366, 768)
    assert window.navigation.width() == 176


def test_theme_and_size_change_while_the_window_is_open(window: Window, qapp: QApplication) -> None:
    before = window.grab().toImage()
    try:
        window.look("dark", True)
        assert window.navigation.width() == theme.current().px("nav-width") > 176
        assert window.grab().toImage() != before
    finally:
        window.look("light", False)
    assert window.navigation.width() == 176


def test_escape_clears_the_words_of_a_list_before_it_leaves_the_page(window: Window, qtbot) -> None:
    window.go("case", id="1")
    page = window.current_page()
    field = SearchField("编号、标题")
    page.add(field)
    field.show()
    field.setFocus()
    qtbot.keyClicks(field, "ld")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), window.current_page()) == ("", page)


def test_enter_before_anything_is_found_waits_for_it_and_a_second_one_does_not(
    window: Window, qtbot, type_text: Callable
) -> None:
    asked = []
    window.top.search.find = lambda text, show: asked.append((text, show))
    window.top.search.setFocus()
    type_text(window.top.search, "零零零")
    qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    [(text, show)] = asked
    assert text == "零零零"
    assert window.current_name() != "case"
    show([Found("零零零号", page="case", args={"id": "1"})])
    assert window.current_name() == "case"
    window.top.search.setFocus()
    type_text(window.top.search, "零零零")
    qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    with qtbot.waitSignal(window.searched):
        qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    asked[-1][1]([Found("晚到", page="events")])
    assert window.top.search.text() == "零零零"


def test_what_was_searched_can_be_chosen_by_keyboard(window: Window, qtbot, type_text: Callable) -> None:
    asked: list[str] = []

    def find(text: str, show: Callable) -> None:
        asked.append(text)
        show(
            [Found("李长顺", "上寨村", "user", "case", {"id": "p"}), Found("李长顺户", "", "home", "case", {"id": "h"})]
        )

    window.top.search.find = find
    qtbot.keyClick(window, Qt.Key.Key_K, CTRL)
    type_text(window.top.search, "李长顺")
    qtbot.waitUntil(lambda: bool(asked))
    qtbot.keyClick(window.top.search, Qt.Key.Key_Down)
    qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    assert window.current_page().seen == [{"id": "h"}]


def test_places_and_actions_are_found_by_words_and_initials(window: Window, qtbot, type_text: Callable) -> None:
    qtbot.keyClick(window, Qt.Key.Key_K, CTRL)
    type_text(window.top.search, "登记")
    qtbot.waitUntil(lambda: window.top.search._list is not None and window.top.search._list.isVisible())
    qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    assert "new" in window.current_page().seen
    qtbot.keyClicks(window.top.search, "sj")
    qtbot.waitUntil(window.top.search._list.isVisible)
    qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    assert window.current_name() == "events"


@pytest.mark.parametrize("typed", ["u盘", "U 盘", "upsf"])
def test_what_stands_on_a_page_is_found_by_its_own_words(
    window: Window, qtbot, type_text: Callable, typed: str
) -> None:
    window.add_page("sync", lambda: Sample("同步"))
    qtbot.keyClick(window, Qt.Key.Key_K, CTRL)
    type_text(window.top.search, typed)
    qtbot.waitUntil(lambda: window.top.search._list is not None and window.top.search._list.isVisible())
    qtbot.keyClick(window.top.search, Qt.Key.Key_Return)
    assert window.current_name() == "sync"


def test_the_toast_takes_back_once(window: Window, qtbot) -> None:
    undone: list[int] = []
    window.say("已删除 3 条走访记录", lambda: undone.append(1))
    assert window.toast.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    window.toast.take_back()
    assert undone == [1]
    assert not window.toast.isVisible()


def test_a_fault_of_ours_is_told_without_its_details_and_fits_the_window(window: Window) -> None:
    window.resize(700, 500)
    window.tell(ValueError("李长顺 990001196503141234"))
    assert "李长顺" not in window.toast.text.text()
    assert "管理员" in window.toast.text.text()
    assert window.toast.parentWidget().rect().contains(window.toast.geometry())


def test_changes_are_told_to_the_page_that_shows(window: Window) -> None:
    window.refresh(["event"])
    assert window.current_page().seen[-1] == ("changed", ["event"])


def test_closing_tells_those_who_must_drain(window: Window, qtbot) -> None:
    with qtbot.waitSignal(window.closing):
        window.close()

"""The look: every pair of colours can be read, every token is filled in, a change needs no restart."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QApplication

from app.errors import BugError
from ui import icons, theme
from ui.pieces.buttons import Button
from ui.pieces.text import words

GROUNDS = ("surface", "surface-2", "bg", "nav", "sel", "hover", "strip")


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = QColor(colour).getRgbF()[:3]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("name", theme.NAMES)
def test_all_words_can_be_read_on_all_grounds(name: str) -> None:
    colours = theme.load(name).colours
    pairs = [(ink, ground) for ink in ("text", "text-2", "text-3", "primary-text") for ground in GROUNDS]
    pairs += [(tone, ground) for tone in theme.TONES for ground in (f"{tone}-ground", "surface", "sel")]
    pairs += [("on-primary", "primary"), ("on-primary", "primary-hover"), ("text", "mark")]
    low = [(ink, ground, round(contrast(colours[ink], colours[ground]), 2)) for ink, ground in pairs
           if contrast(colours[ink], colours[ground]) < 4.5]  # fmt: skip
    assert not low


@pytest.mark.parametrize("name", theme.NAMES)
def test_borders_of_fields_and_focus_can_be_seen(name: str) -> None:
    colours = theme.load(name).colours
    assert contrast(colours["input-line"], colours["surface"]) >= 3
    assert min(contrast(colours["focus"], colours[ground]) for ground in ("surface", "sel")) >= 3


@pytest.mark.parametrize("name", theme.NAMES)
@pytest.mark.parametrize("large", [False, True])
def test_every_token_of_the_style_sheet_is_filled_in(name: str, large: bool) -> None:
    assert "$" not in theme.load(name, large, "Noto Sans SC").sheet()


def test_the_font_in_force_has_chinese_letters(qapp: QApplication) -> None:
    metrics = QFontMetrics(theme.current().font())
    assert all(metrics.inFontUcs4(ord(letter)) for letter in "综治中心调解镇村")


def test_large_type_reaches_open_windows_without_restart(qapp: QApplication, qtbot) -> None:
    button, label = Button("登记事件", kind="primary"), words("工作台", "20")
    for widget in (button, label):
        qtbot.addWidget(widget)
        widget.show()
    before = button.sizeHint(), label.sizeHint()
    try:
        theme.apply(qapp, "light", large=True)
        assert button.sizeHint().height() == 41
        assert button.sizeHint().width() > before[0].width()
        assert label.sizeHint().height() > before[1].height()
    finally:
        theme.apply(qapp)
    assert (button.sizeHint(), label.sizeHint()) == before


def test_an_icon_follows_the_theme(qapp: QApplication) -> None:
    home = icons.icon("home", "text")
    light = home.pixmap(20, 20).toImage()
    try:
        theme.apply(qapp, "dark")
        assert home.pixmap(20, 20).toImage() != light
    finally:
        theme.apply(qapp)


def test_an_icon_that_does_not_exist_is_our_fault() -> None:
    with pytest.raises(BugError):
        icons.icon("no-such-icon")

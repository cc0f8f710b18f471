"""The look in force: colours, type sizes and measures from resources/theme, and the one style sheet made of them."""

from __future__ import annotations

import gc
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from app.paths import resource
from ui.fonts import chinese_family

NAMES = {"light": "浅色", "dark": "深色", "contrast": "高对比"}
TONES = ("grey", "blue", "orange", "red", "green", "violet")
_LARGE = 18 / 14


@dataclass(frozen=True)
class Theme:
    """One look: a colour set and a reading size. Lengths are device-independent pixels."""

    name: str
    large: bool
    family: str
    colours: Mapping[str, str]
    lengths: Mapping[str, int]
    weight: int = 600  # of strong words; 700 where the family has no heavy face, for Qt thickens only from there

    def colour(self, token: str) -> QColor:
        """The colour of *token*, for example ``text-2`` or ``orange-ground``."""
        return QColor(self.colours[token])

    def px(self, token: str) -> int:
        """The length of *token*, for example ``row`` or ``fs-13``."""
        return self.lengths[token]

    def grown(self, pixels: int) -> int:
        """*pixels* at normal size as they are in this reading size."""
        return round(pixels * _LARGE) if self.large else pixels

    def font(self, size: str = "fs", bold: bool = False) -> QFont:
        """The interface font at *size*, with figures of one width."""
        font = QFont(self.family)
        font.setPixelSize(self.px(size))
        font.setFeature(QFont.Tag("tnum"), 1)
        if bold:
            font.setWeight(QFont.Weight(self.weight))
        return font

    def sheet(self) -> str:
        """The style sheet with every token filled in."""
        words = {name.replace("-", "_"): value for name, value in self.colours.items()}
        words |= {name.replace("-", "_"): f"{value}px" for name, value in self.lengths.items()}
        words["family"] = self.family
        words["weight"] = str(self.weight)
        # Qt counts min-height inside border and padding; a focused field trades one for the other.
        words["field_inner"] = f"{self.px('input') - 8}px"
        words["field_tall_inner"] = f"{self.px('input-tall') - 8}px"
        words["check_inner"] = f"{self.px('check') - 2}px"
        words["check_half"] = f"{self.px('check') // 2}px"
        words["icons"] = resource("theme", "icons").as_posix()
        words["theme"] = self.name
        return string.Template(resource("theme", "style.qss").read_text(encoding="utf-8")).substitute(words)


def load(name: str = "light", large: bool = False, family: str = "", weight: int = 600) -> Theme:
    """Read the look *name* (``light``, ``dark``, ``contrast``) from the tokens."""
    tokens = tomllib.loads(resource("theme", "tokens.toml").read_text(encoding="utf-8"))
    lengths: dict[str, int] = dict(tokens["type"]["large" if large else "normal"])
    grows = _LARGE if large else 1.0
    lengths |= {key: round(value * grows) for key, value in tokens["measure"]["grows"].items()}
    lengths |= tokens["measure"]["stays"]
    return Theme(name, large, family, tokens[name], lengths, weight)


def _weight(family: str) -> int:
    heavy = any(QFontDatabase.weight(family, style) >= 600 for style in QFontDatabase.styles(family))
    return 600 if heavy else 700


# Like QPalette and QStyle the look is ambient: a painted piece asks for it at the moment it paints.
_in_force: list[Theme] = []


def current() -> Theme:
    """The look in force; the light one until `apply` was called."""
    if not _in_force:
        _in_force.append(load())
    return _in_force[0]


def apply(app: QApplication, name: str = "light", large: bool = False) -> Theme:
    """Put the look in force, also while windows are open: every widget gets a StyleChange and paints anew."""
    family = _in_force[0].family if _in_force and _in_force[0].family else chinese_family()
    look = load(name, large, family, _weight(family))
    _in_force[:] = [look]
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    # Qt walks through all widgets here, and calls into Python on its way: none that nobody holds any more may go meanwhile.
    if app.topLevelWidgets():  # not at the start, when nothing is open yet
        gc.collect()
    collects = gc.isenabled()
    gc.disable()
    try:
        app.setFont(look.font())
        app.setPalette(_palette(look))
        app.setStyleSheet(look.sheet())
    finally:
        if collects:
            gc.enable()
    # Layouts keep the sizes of the look before: painted pieces have no other way to tell them.
    for widget in app.allWidgets():
        widget.updateGeometry()
        if layout := widget.layout():
            layout.invalidate()
    return look


def _palette(look: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for where, token in (
        (role.Window, "bg"),
        (role.Base, "surface"),
        (role.AlternateBase, "surface-2"),
        (role.Button, "surface"),
        (role.Text, "text"),
        (role.WindowText, "text"),
        (role.ButtonText, "text"),
        (role.PlaceholderText, "text-3"),
        (role.Highlight, "primary"),
        (role.HighlightedText, "on-primary"),
        (role.ToolTipBase, "surface"),
        (role.ToolTipText, "text"),
        (role.Link, "primary-text"),
        (role.Mid, "line-2"),
    ):
        palette.setColor(where, look.colour(token))
    for where in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, look.colour("text-3"))
    return palette

"""Buttons: one filled button a page, the others quiet, key caps in their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from ui import icons, theme
from ui.pieces.keys import enter_alone, spoken, with_keys

Kind = Literal["plain", "primary", "quiet", "link", "crumb", "picked"]
_PAD, _GAP = 12, 6
_SHRUNK = 64


class Button(QPushButton):
    """A button that paints icon, words, key cap and arrow itself.

    *kind*: ``primary`` (filled), ``plain`` (framed), ``quiet`` (no frame), ``link`` (blue words), ``picked``.
    *keys* are shown and work while the button is visible; *small* is for rows; *spread* puts the keys at the right end.
    *menu* opens below the button. *why_not* disables it and says why in the tooltip. *shrinks*: where there is no room for all words,
    they end in …, as the title of a record may.
    """

    def __init__(
        self,
        text: str,
        on: Callable[[], object] | None = None,
        *,
        kind: Kind = "plain",
        icon: str = "",
        keys: str = "",
        tip: str = "",
        small: bool = False,
        spread: bool = False,
        menu: QMenu | None = None,
        why_not: str = "",
        shrinks: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._words, self._icon, self._keys, self._tip = text, icon, keys, tip
        self._small, self._spread, self._arrow = small, spread, menu is not None
        self._arrow_icon = "chevron-down"
        self._shrinks = shrinks
        self._passed_on: QWidget | None = None
        self.setProperty("kind", kind)
        self.setAccessibleName(text or tip)
        across = QSizePolicy.Policy.Maximum if shrinks else QSizePolicy.Policy.Minimum
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        if on is not None:
            self.clicked.connect(lambda _checked=False: on())
        if menu is not None:
            self.drop(menu)
        if keys:
            # Two keys are called Enter; a clerk means either.
            both = {keys.replace("Enter", "Return"), keys.replace("Return", "Enter")}
            for sequence in sorted(both):
                shortcut = QShortcut(QKeySequence(sequence), self)
                shortcut.setAutoRepeat(False)
                shortcut.activated.connect(self._on_keys)
        self.refuse(why_not)

    def words(self) -> str:
        """The words on the button."""
        return self._words

    def set_words(self, text: str) -> None:
        """Put other words on the button."""
        self._words = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def set_icon(self, icon: str) -> None:
        """Put another icon on the button."""
        self._icon = icon
        self.updateGeometry()
        self.update()

    def set_kind(self, kind: Kind) -> None:
        """Change how loud the button is."""
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.update()

    def refuse(self, why_not: str) -> None:
        """Disable the button and say why; an empty reason allows it again, and the focus that it lost by that comes back."""
        had = self.hasFocus()
        self.setEnabled(not why_not)
        if why_not and had:
            self._passed_on = QApplication.focusWidget()
        elif not why_not and self._passed_on is not None:
            # Who has gone elsewhere meanwhile stays there.
            if self._passed_on is QApplication.focusWidget() and self.isVisible():
                self.setFocus()
            self._passed_on = None
        self.setToolTip(why_not or with_keys(self._tip, self._keys if self._tip or not self._keys_shown() else ""))

    def drop(self, menu: QMenu) -> None:
        """Open *menu* below the button on click."""
        self._arrow = True
        menu.setParent(self, menu.windowFlags())
        self.clicked.connect(lambda _checked=False: menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2))))

    def sizeHint(self) -> QSize:
        look = theme.current()
        pad = _PAD if self._words else 8
        pad = {"link": 8, "crumb": 4}.get(self.property("kind"), pad)
        width = 2 * pad + sum(size for size, _ in self._parts()) + _GAP * (len(self._parts()) - 1)
        return QSize(max(width, self._height(look)), self._height(look))

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return whole.boundedTo(QSize(theme.current().grown(_SHRUNK), whole.height())) if self._shrinks else whole

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter presses what has the focus, as Space does; held down it presses once.
        if enter_alone(event):
            if not event.isAutoRepeat():
                self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.features &= ~QStyleOptionButton.ButtonFeature.HasMenu
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        parts = self._parts()
        total = sum(size for size, _ in parts) + _GAP * (len(parts) - 1)
        if total > self.width() - 8:
            # Where a side column squeezes the button, the words are what must be read.
            parts = [part for part in parts if part[1] != "keys"]
            total = sum(size for size, _ in parts) + _GAP * (len(parts) - 1)
        left = _PAD + 4 if self._spread else max((self.width() - total) // 2, 4)
        for width, part in parts:
            if part == "keys" and self._spread:
                left = self.width() - _PAD - width
            self._paint_part(painter, part, QRect(left, 0, width, self.height()))
            left += width + _GAP

    def _paint_part(self, painter: QPainter, part: str, rect: QRect) -> None:
        look = theme.current()
        token = self._token()
        if part in ("icon", "arrow"):
            side = look.px("icon") if part == "icon" else look.grown(14)
            spot = QRect(rect.left(), (self.height() - side) // 2, side, side)
            icons.paint(painter, spot, self._icon if part == "icon" else self._arrow_icon, token)
            return
        painter.setFont(self._font() if part == "words" else self._key_font())
        if part == "keys" and self._capped():
            height = QFontMetrics(self._key_font()).height() + 1
            cap = QRect(rect.left(), (self.height() - height) // 2, rect.width(), height)
            painter.setPen(QPen(look.colour("line-2")))
            painter.setBrush(look.colour("surface"))
            painter.drawRoundedRect(cap.adjusted(0, 0, -1, -1), 3, 3)
        if part == "keys" and self.property("kind") != "primary":
            token = "text-3" if not self._capped() else "text-2"
        painter.setPen(look.colour(token))
        said = self._words if part == "words" else spoken(self._keys)
        if self._shrinks:
            rect.setRight(min(rect.right(), self.width() - 4))
            said = painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, said)

    def _parts(self) -> Sequence[tuple[int, str]]:
        look = theme.current()
        parts: list[tuple[int, str]] = []
        if self._icon:
            parts.append((look.px("icon"), "icon"))
        if self._words:
            parts.append((QFontMetrics(self._font()).horizontalAdvance(self._words), "words"))
        if self._keys_shown():
            extra = 10 if self._capped() else 0
            parts.append((QFontMetrics(self._key_font()).horizontalAdvance(spoken(self._keys)) + extra, "keys"))
        if self._arrow and self._words:
            parts.append((look.grown(14), "arrow"))
        return parts

    def _token(self) -> str:
        if not self.isEnabled():
            return "text-3"
        kinds = {"primary": "on-primary", "link": "primary-text", "picked": "primary-text", "crumb": "text-2"}
        return kinds.get(self.property("kind"), "text")

    def _keys_shown(self) -> bool:
        return bool(self._keys and self._words)

    def _capped(self) -> bool:
        return self.property("kind") in ("quiet", "link")

    def _font(self) -> QFont:
        return theme.current().font("fs-13" if self._small else "fs")

    def _key_font(self) -> QFont:
        return theme.current().font("fs-12")

    def _height(self, look: theme.Theme) -> int:
        return look.px("button-small" if self._small else "button")

    def _on_keys(self) -> None:
        if self.isEnabled():
            self.click()


class IconButton(Button):
    """A quiet button of an icon alone: ``IconButton("printer", "打印", on=…, keys="Ctrl+P")``."""

    def __init__(
        self,
        icon: str,
        tip: str,
        on: Callable[[], object] | None = None,
        *,
        keys: str = "",
        small: bool = False,
        menu: QMenu | None = None,
    ) -> None:
        super().__init__("", on, kind="quiet", icon=icon, keys=keys, tip=tip, small=small, menu=menu)

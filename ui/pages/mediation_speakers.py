"""Who is speaking, and what has to be said: the two sides of the page of a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from ui import icons, theme
from ui.pieces.card import empty
from ui.pieces.keys import spoken
from ui.pieces.text import words


@dataclass(frozen=True)
class Speaker:
    """Somebody in the room; *note* such as 男 58."""

    name: str
    role: str
    note: str = ""


class Speakers(QWidget):
    """The people in the room, F6 first. Signal ``picked(number)``."""

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._buttons: list[_Key] = []

    def show_speakers(self, speakers: Sequence[Speaker], now: int) -> None:
        """Show *speakers*, of whom number *now* is speaking."""
        empty(self._column)
        self._column.addWidget(words("谁在说", tone="text-3"))
        self._buttons = []
        for number, speaker in enumerate(speakers):
            keys = f"F{6 + number}" if number <= 6 else ""
            button = _Key(speaker.name, " · ".join(part for part in (speaker.role, speaker.note) if part), keys)
            button.clicked.connect(lambda _on=False, number=number: self.picked.emit(number))
            self._buttons.append(button)
            self._column.addWidget(button)
        self._column.addStretch(1)
        self.mark(now)

    def mark(self, now: int) -> None:
        """Number *now* is speaking."""
        for number, button in enumerate(self._buttons):
            button.setChecked(number == now)


class Duties(QWidget):
    """What has to be said in a session, Alt+1 first. Signal ``told(name)``: pressed once more takes it back."""

    told = Signal(str)

    def __init__(self, duties: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._lines: dict[str, _Duty] = {}
        for number, (name, label) in enumerate(duties, start=1):
            line = _Duty(label, f"Alt+{number}" if number <= 9 else "")
            line.clicked.connect(lambda _on=False, name=name: self.told.emit(name))
            self._lines[name] = line
            column.addWidget(line)

    def show_told(self, told: dict[str, str]) -> None:
        """Show which were said, and when ("" where the time isn't known)."""
        for name, line in self._lines.items():
            line.setChecked(name in told)
            line.said = told.get(name, "")
            line.update()


class _Line(QAbstractButton):
    """A wide pressable line that has a key of its own."""

    def __init__(self, text: str, keys: str, height: int) -> None:
        super().__init__()
        self.keys, self._height = keys, height
        self.setText(text)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Typing goes on in the notes: a click here must not take the focus.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if keys:
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(self.click)

    def nextCheckState(self) -> None:
        """The page decides what is marked."""

    def sizeHint(self) -> QSize:
        return QSize(theme.current().grown(180), theme.current().grown(self._height))

    def paint_cap(self, painter: QPainter, box: QRect) -> None:
        """Draw the key cap into *box*."""
        look = theme.current()
        painter.setPen(QPen(look.colour("line-2")))
        painter.setBrush(look.colour("surface"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(look.colour("text-2"))
        painter.setFont(look.font("fs-12"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, spoken(self.keys))


class _Key(_Line):
    def __init__(self, name: str, note: str, keys: str) -> None:
        super().__init__(name, keys, 60)
        self._note = note
        self.setAccessibleName(f"{name} {note}")

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        now = self.isChecked()
        strong = now or self.hasFocus()
        painter.setPen(QPen(look.colour("focus" if strong else "line"), 2 if strong else 1))
        painter.setBrush(look.colour("sel" if now else "surface"))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
        cap = look.grown(30)
        if self.keys:
            self.paint_cap(painter, QRect(12, (self.height() - look.grown(26)) // 2, cap, look.grown(26)))
        left = 12 + cap + 10
        width = self.width() - left - 8
        painter.setPen(look.colour("text"))
        painter.setFont(look.font("fs-16", now))
        metrics = painter.fontMetrics()
        top = look.grown(8)
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, width)
        painter.drawText(left, top, width, look.grown(24), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(look.colour("primary-text" if now else "text-3"))
        painter.setFont(look.font("fs-12"))
        note = f"正在说 · {self._note}" if now else self._note
        note = painter.fontMetrics().elidedText(note, Qt.TextElideMode.ElideRight, width)
        painter.drawText(left, top + look.grown(24), width, look.grown(20), Qt.AlignmentFlag.AlignVCenter, note)


_WRAPPED = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap


class _Duty(_Line):
    def __init__(self, text: str, keys: str) -> None:
        super().__init__(text, keys, 30)
        self.said = ""
        self.setToolTip(text)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        # Large type takes two lines rather than cutting what has to be said.
        tall = theme.current().grown(42 if theme.current().large else 30)
        return QSize(theme.current().grown(180), tall)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(look.colour("focus"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("hover"))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        done, side = self.isChecked(), look.grown(16)
        icons.paint(
            painter, QRect(2, (self.height() - side) // 2, side, side), "circle-check" if done else "circle",
            "green" if done else "text",
        )  # fmt: skip
        painter.setFont(look.font("fs-12"))
        right = ""
        if done:
            right = f"已说 {self.said}".strip()
        elif self.keys:
            right = spoken(self.keys)
        wide = painter.fontMetrics().horizontalAdvance(right) + 10 if right else 0
        words = QFontMetrics(look.font("fs")).horizontalAdvance(self.text())
        if not look.large and words > self.width() - side - 10 - wide:
            right, wide = "", 0  # the mark at the left says it, too
        box = QRect(self.width() - wide, (self.height() - look.grown(20)) // 2, wide - 2, look.grown(20))
        if done:
            painter.setPen(look.colour("text-3"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, right)
        elif right:
            self.paint_cap(painter, box)
        painter.setFont(look.font("fs"))
        painter.setPen(look.colour("text-3" if done else "text"))
        left = side + 10
        painter.drawText(left, 0, self.width() - left - wide, self.height(), _WRAPPED, self.text())

"""Chips: a state told by word, shape and colour together."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui import icons, theme


@dataclass(frozen=True)
class State:
    """What a chip says: its word, tone (grey, blue, orange, red, green, violet) and Tabler icon."""

    text: str
    tone: str = "grey"
    icon: str = ""


_KNOWN = {
    "处置中": ("blue", "player-play"),
    "办理中": ("blue", "player-play"),
    "调解中": ("blue", "player-play"),
    "将到期": ("orange", "clock"),
    "等您定": ("orange", "hand-stop"),
    "需处理": ("orange", "hand-stop"),
    "办结": ("green", "check"),
    "已办结": ("green", "check"),
    "一致": ("green", "check"),
    "已报": ("green", "check"),
    "挂账": ("violet", "player-pause"),
    "待核查": ("grey", "eye-check"),
    "待回访": ("grey", "phone"),
    "被退回": ("grey", "arrow-back-up"),
    "草稿": ("grey", "pencil"),
}


def state(text: str) -> State:
    """The chip of a state by its word: overdue red, waiting grey, and so on; an unknown word is a grey fact."""
    if text in _KNOWN:
        return State(text, *_KNOWN[text])
    if text.startswith("超") and (text.startswith("超期") or any(figure.isdigit() for figure in text)):
        return State(text, "red", "alert-triangle")
    if text.endswith("到期"):
        return State(text, "orange", "clock")
    return State(text, "grey", "circle" if text.startswith("待") else "")


def chip_width(said: State) -> int:
    """How wide the chip paints, in px."""
    look = theme.current()
    glyph = look.px("chip-icon") + 4 if said.icon else 2
    return 5 + glyph + QFontMetrics(look.font("fs-12")).horizontalAdvance(said.text) + 7


def paint_chip(painter: QPainter, rect: QRect, said: State, on_selected: bool = False) -> int:
    """Paint the chip at the left of *rect*, in its middle height; return the width taken.

    On a selected row grey and blue stand on the surface, or they would melt into it.
    """
    look = theme.current()
    width, height = min(chip_width(said), rect.width()), look.px("chip")
    box = QRect(rect.left(), rect.top() + (rect.height() - height) // 2, width, height)
    ground = "surface" if on_selected and said.tone in ("grey", "blue") else f"{said.tone}-ground"
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.colour(said.tone)) if look.name == "contrast" else Qt.PenStyle.NoPen)
    painter.setBrush(look.colour(ground))
    painter.drawRoundedRect(box, look.px("radius-chip"), look.px("radius-chip"))
    left = box.left() + (5 if said.icon else 7)
    if said.icon:
        side = look.px("chip-icon")
        icons.paint(painter, QRect(left, box.top() + (height - side) // 2, side, side), said.icon, said.tone)
        left += side + 4
    painter.setPen(look.colour(said.tone))
    painter.setFont(look.font("fs-12"))
    space = QRect(left, box.top(), box.right() - left - 4, height)
    shown = painter.fontMetrics().elidedText(said.text, Qt.TextElideMode.ElideRight, space.width() + 2)
    painter.drawText(space.adjusted(0, 0, 8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    painter.restore()
    return width


class Chip(QWidget):
    """A state chip: ``Chip("处置中")`` knows its tone; ``Chip(State("户在人不在", "grey", "plane-departure"))``."""

    def __init__(self, said: State | str) -> None:
        super().__init__()
        self._state = state(said) if isinstance(said, str) else said
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._state.text)

    def say(self, said: State | str) -> None:
        """Show another state."""
        self._state = state(said) if isinstance(said, str) else said
        self.setAccessibleName(self._state.text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(chip_width(self._state), theme.current().px("chip"))

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_chip(QPainter(self), self.rect(), self._state)


class Pill(QAbstractButton):
    """A round chip that can be pressed: the sync chip at the top right, filters, recognised words.

    Signal ``clicked``.
    """

    pressed_by_key = Signal()

    def __init__(self, said: State, height: str = "button-small", tip: str = "") -> None:
        super().__init__()
        self._state, self._height = said, height
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tip)
        self.setAccessibleName(said.text)

    def say(self, said: State) -> None:
        """Show another state."""
        self._state = said
        self.setAccessibleName(said.text)
        self.updateGeometry()
        self.update()

    def said(self) -> State:
        """What the pill says now."""
        return self._state

    def sizeHint(self) -> QSize:
        look = theme.current()
        size = "fs-13" if self._height == "button-small" else "fs-12"
        glyph = look.px("chip-icon") + 6 if self._state.icon else 0
        words = QFontMetrics(look.font(size)).horizontalAdvance(self._state.text)
        return QSize(10 + glyph + words + 11, look.px(self._height))

    def minimumSizeHint(self) -> QSize:
        # For who lets it shrink with a size policy: then its words end in ….
        return QSize(min(self.sizeHint().width(), theme.current().grown(64)), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "strip" if self._state.tone == "plain" else f"{self._state.tone}-ground"
        ink = "text-2" if self._state.tone == "plain" else self._state.tone
        framed = self.hasFocus() or look.name == "contrast"
        painter.setPen(QPen(look.colour("focus" if self.hasFocus() else "line-2"), 2) if framed else Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("hover" if self.underMouse() and self._state.tone == "plain" else ground))
        inset = 1 if framed else 0
        radius = self.height() / 2 - inset
        painter.drawRoundedRect(self.rect().adjusted(inset, inset, -inset, -inset), radius, radius)
        left = 10
        if self._state.icon:
            side = look.px("chip-icon")
            icons.paint(painter, QRect(left, (self.height() - side) // 2, side, side), self._state.icon, ink)
            left += side + 6
        painter.setFont(look.font("fs-13" if self._height == "button-small" else "fs-12"))
        painter.setPen(look.colour(ink))
        room = self.rect().adjusted(left, 0, -10, 0)
        shown = painter.fontMetrics().elidedText(self._state.text, Qt.TextElideMode.ElideRight, room.width() + 1)
        painter.drawText(room.adjusted(0, 0, 10, 0), Qt.AlignmentFlag.AlignVCenter, shown)


def sync_state(kind: str, figure: str = "") -> State:
    """What the sync chip says: *kind* synced (figure 10:42: both ends hold the same), exchanged (10:42: not proven yet),
    waiting (12), offline, syncing (37%) or asking (2).
    """
    return {
        "synced": State(f"已同步 {figure}".strip(), "green", "check"),
        "paused": State(f"同步已暂停 {figure}".strip(), "grey", "player-pause"),
        "budget": State(f"流量到额 {figure}".strip(), "grey", "gauge"),
        "exchanged": State(f"已收发 {figure}".strip(), "grey", "refresh"),
        "waiting": State(f"待发送 {figure}".strip(), "grey", "upload"),
        "offline": State("离线可用", "grey", "cloud-off"),
        "syncing": State(f"同步中 {figure}".strip(), "blue", "refresh"),
        "asking": State(f"需处理 {figure}".strip(), "orange", "hand-stop"),
    }[kind]

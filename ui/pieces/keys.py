"""Key caps: the keyboard's way to an action, said beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui.pieces.text import words

_SPOKEN = {"Space": "空格", "Return": "Enter", "Right": "→", "Left": "←", "Up": "↑", "Down": "↓", "Escape": "Esc"}


def spoken(keys: str) -> str:
    """*keys* as a clerk reads them on the keyboard."""
    return "+".join(_SPOKEN.get(part, part) for part in keys.split("+"))


def enter_alone(event: QKeyEvent) -> bool:
    """Whether it is Enter, the one beside the figures too, with nothing held down."""
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return enter and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


def with_keys(tip: str, keys: str) -> str:
    """A tooltip that names its shortcut: ``打印（Ctrl+P）``."""
    if not keys:
        return tip
    return f"{tip}（{spoken(keys)}）" if tip else spoken(keys)


class KeyCap(QLabel):
    """One key cap, for example ``KeyCap("Ctrl+N")``."""

    def __init__(self, keys: str) -> None:
        super().__init__(spoken(keys))
        self.setObjectName("key-cap")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class KeyHint(QWidget):
    """A cap and what it does, for footers: ``KeyHint("F8", "下一处")``."""

    def __init__(self, keys: str, text: str) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(5)
        line.addWidget(KeyCap(keys))
        if text:
            line.addWidget(words(text, "13", "text-2"))

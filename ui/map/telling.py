"""What the map says in words: the name under the mouse, and to a screen reader where one is."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget


def show_name(over: QWidget, event: QHelpEvent, name: str) -> None:
    """The tooltip *name* where the mouse stands; an empty one takes it away."""
    near = QRect(event.pos(), event.pos()).adjusted(-8, -8, 8, 8)
    QToolTip.showText(event.globalPos(), name, over, near)


def tell(canvas: QWidget, words: str) -> None:
    """Tell a screen reader that *words* is looked at, and by which keys one goes on."""
    canvas.setAccessibleName(f"地图：{words}" if words else "地图")
    canvas.setAccessibleDescription("方向键移动，加减号缩放，Tab 到下一个网格，回车进入，Esc 返回上一级")
    QAccessible.updateAccessibility(QAccessibleEvent(canvas, QAccessible.Event.NameChanged))

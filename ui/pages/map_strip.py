"""The line above the map while an outline is drawn: what the mouse does, how large it is so far, and the ways out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from app.schema.outline import spoken_area
from ui.map.sketch import Sketch
from ui.pieces.buttons import Button
from ui.pieces.text import Elided


class MapStrip(QFrame):
    """``begin(words)`` shows it, ``tell(sketch)`` keeps it true. Signals of its buttons: ``undone``, ``more``, ``dropped``, ``left``, ``ended``."""

    undone = Signal()
    more = Signal()
    dropped = Signal()
    left = Signal()
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("strip")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 6, 8, 6)
        whole.setSpacing(4)
        self._title = self._note = ""
        self.said = Elided("", strong=True)
        self.how = Elided("", "13", "text-2")
        self.undo = Button("撤销", self.undone.emit, kind="quiet", icon="arrow-back-up", small=True, tip="Ctrl+Z")
        self.part = Button("再画一块", self.more.emit, kind="quiet", small=True)
        self.drop = Button("放弃", self.dropped.emit, kind="quiet", small=True, tip="原来的范围不变")
        self.later = Button("先放下", self.left.emit, small=True, tip="Esc，草稿留着")
        self.done = Button("完成", self.ended.emit, kind="primary", small=True, tip="回车")
        for label, buttons in ((self.said, (self.later, self.done)), (self.how, (self.undo, self.part, self.drop))):
            line = QHBoxLayout()
            line.setSpacing(6)
            line.addWidget(label, 1)
            for button in buttons:
                line.addWidget(button)
            whole.addLayout(line)
        self.hide()

    def begin(self, title: str, note: str = "") -> None:
        """Show what is being done; *note* stands, until the first step, where it is said what the mouse does."""
        self._title, self._note = title, note
        self.said.setText(title)
        self.show()

    def tell(self, sketch: Sketch) -> None:
        """Say how far the outline is."""
        count, size = sketch.count(), spoken_area(sketch.area_m2())
        if sketch.drawing:
            how = "点一下加一个点（空格加在十字处），回车完成"
        else:
            how = "拖顶点修改，点边线加点，Delete 删点"
        self.said.setText(f"{self._title}　{count} 个点" + (f"，{size}" if count > 2 else ""))
        self.how.setText(self._note or how)
        self._note = ""
        self.undo.refuse("" if sketch.changed else "还没有可撤销的")
        self.part.refuse("先画完这一块" if sketch.drawing else "")
        self.done.refuse("" if sketch.outline() else "至少要三个点")

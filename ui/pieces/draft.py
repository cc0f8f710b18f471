"""The line that says that what was typed the last time stands here again, and lets go of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout

from ui.pieces.buttons import Button
from ui.pieces.text import words


class DraftBar(QFrame):
    """``DraftBar(on_drop)``: hidden until there is a draft (``setVisible``)."""

    def __init__(self, on_drop: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("inset")
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 4, 6, 4)
        line.addWidget(words("接着上次没存的内容", tone="text-2"), 1)
        line.addWidget(Button("不要了", on_drop, kind="link", small=True))
        self.hide()

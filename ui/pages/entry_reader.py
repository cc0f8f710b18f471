"""Where the reader of identity cards types: lines, tabs and all, until a card is whole."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit

from app.rules.card_text import read_cards
from ui import theme
from ui.pieces.buttons import Button
from ui.pieces.text import words

_QUIET = 250
"""Milliseconds without a key after which a card is taken for whole: a reader types on without a pause."""


class CardReader(QFrame):
    """Signals: ``read(list of Card)``; ``closed``. What can't be read stays there and is said."""

    read = Signal(list)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inset")
        self.field = QPlainTextEdit()
        self.field.setAccessibleName("读卡器输入")
        self.said = words("", "13", "text-2", wrap=True)
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 6, 6, 6)
        line.setSpacing(8)
        line.addWidget(self.field, 1)
        line.addWidget(self.said, 1)
        line.addWidget(Button("收起", self.close_down, kind="link", small=True))
        self._timer = QTimer(self, singleShot=True, interval=_QUIET)
        self._timer.timeout.connect(self.take)
        self.field.textChanged.connect(self._timer.start)
        self.measure()
        self.hide()

    def measure(self) -> None:
        """Two lines high in the look in force."""
        self.field.setFixedHeight(self.field.fontMetrics().lineSpacing() * 2 + theme.current().px("gap"))

    def open_up(self, text: str = "") -> None:
        """Wait for a card; *text* was typed already."""
        self.said.setText("把身份证放上读卡器，或把读卡内容粘贴在左边；民族、签发机关不留存。")
        self.field.setPlainText(text)
        self.field.moveCursor(QTextCursor.MoveOperation.End)
        self.show()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_down(self) -> None:
        """Put it away; what was not read is gone with it."""
        self._timer.stop()
        self.hide()
        self.field.clear()
        self.closed.emit()

    def take(self) -> None:
        """Read what stands there."""
        text = self.field.toPlainText()
        cards = read_cards(text)
        if cards:
            self.field.clear()
            names = "、".join(card.name for card in cards)
            self.said.setText(f"已读入 {names}。可以接着放下一张；Esc 收起。")
            self.read.emit(cards)
        elif text.strip():
            self.said.setText("还没有读出姓名和号码，请等读卡器输完；输完还是这样就手工填。")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.measure()

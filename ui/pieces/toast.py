"""The toast: says what was done and takes it back; asks nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from ui import theme
from ui.pieces.text import words


class Toast(QFrame):
    """One line over the bottom of *over*: ``toast.say("已删除 3 条走访记录", undo=take_back)``.

    With *undo* a button and Ctrl+Z take it back while the line stands.
    """

    def __init__(self, over: QWidget, seconds: float = 6.0) -> None:
        super().__init__(over)
        self.setObjectName("toast")
        self._over, self._undo = over, None
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 8, 8, 8)
        line.setSpacing(12)
        self.text: QLabel = words("", wrap=True)
        self.undo_button = QPushButton("撤销 Ctrl+Z")
        self.undo_button.clicked.connect(self.take_back)
        line.addWidget(self.text)
        line.addWidget(self.undo_button)
        self._keys = QShortcut(QKeySequence("Ctrl+Z"), self)
        self._keys.activated.connect(self.take_back)
        self._shortest = int(seconds * 1000)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        over.installEventFilter(self)
        self.hide()

    def say(self, text: str, undo: Callable[[], object] | None = None) -> None:
        """Show *text*; a later word takes its place."""
        self._undo = undo
        self.text.setText(text)
        self.undo_button.setVisible(undo is not None)
        self._keys.setEnabled(undo is not None)
        self.layout().setContentsMargins(16, 8, 8 if undo else 16, 8)
        self._place()
        self.show()
        self.raise_()
        # A longer sentence needs longer to be read.
        self._timer.start(max(self._shortest, 150 * len(text)))

    def take_back(self) -> None:
        """Undo what the line tells of, once."""
        undo, self._undo = self._undo, None
        self.hide()
        if undo is not None:
            undo()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        beside = 48 + (self.undo_button.sizeHint().width() + 12 if self._undo else 0)
        natural = self.text.fontMetrics().horizontalAdvance(self.text.text()) + 4
        self.text.setFixedWidth(max(80, min(natural, self._over.width() - beside - 32)))
        self.layout().activate()
        size = self.sizeHint()
        height = max(size.height(), self.text.heightForWidth(self.text.width()) + 16)
        top = self._over.height() - height - theme.current().px("footer") - 16
        self.setGeometry((self._over.width() - size.width()) // 2, max(top, 0), size.width(), height)

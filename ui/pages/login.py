"""The first page: who works here, and the password."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from ui import icons, theme
from ui.pieces.buttons import Button
from ui.pieces.text import words


class LoginPage(QWidget):
    """``LoginPage(["林小禾"], hint="演示密码 …")``. Signal ``submitted(user, password)``.

    Answer it with `show_error` and, after wrong passwords, `wait`; keep the growing delay where it survives a restart.
    """

    submitted = Signal(str, str)

    def __init__(self, users: Sequence[str], hint: str | None = None, office: str = "") -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._left = 0
        self._tick = QTimer(self, interval=1000)
        self._tick.timeout.connect(self._on_tick)
        self.user = QComboBox()
        self.user.addItems(list(users))
        self.user.setEditable(not users)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setInputMethodHints(Qt.InputMethodHint.ImhHiddenText | Qt.InputMethodHint.ImhNoPredictiveText)
        self.password.setAccessibleName("密码")
        self._eye = QAction(icons.icon("eye"), "看一眼密码", self)
        self._eye.triggered.connect(self._on_eye)
        self.password.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self.error = words("", "13", "orange", wrap=True)
        self.error.setMinimumHeight(theme.current().grown(40))
        self.error.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.enter = Button("登录", self._submit, kind="primary", icon="key")
        self.password.returnPressed.connect(self._submit)
        self.user.currentIndexChanged.connect(lambda _number: self.password.setFocus())
        self._build(hint, office)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Not in __init__: the window that takes the page in would give the focus to its first field.
        self.password.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._card.setFixedWidth(theme.current().grown(380))
            self.error.setMinimumHeight(theme.current().grown(40))

    def show_error(self, text: str) -> None:
        """Say why it did not work; what was typed is selected."""
        self.error.setText(text)
        self._busy(False)
        self.password.selectAll()
        self.password.setFocus()

    def wait(self, seconds: int) -> None:
        """Take no password for *seconds*, counting down on the button."""
        self._left = max(0, int(seconds))
        self._busy(False)
        if self._left:
            self._tick.start()
        self._show_wait()

    def waiting(self) -> bool:
        """Whether the delay runs."""
        return self._left > 0

    def clear(self) -> None:
        """Forget what was typed."""
        self.password.clear()
        self.error.setText("")
        self._busy(False)

    def _submit(self) -> None:
        if self.waiting() or not self.enter.isEnabled():
            return
        if not self.password.text():
            self.show_error("请输入密码。")
            return
        self.error.setText("")
        self._busy(True)
        self.submitted.emit(self.user.currentText().strip(), self.password.text())

    def _busy(self, busy: bool) -> None:
        self.enter.set_words("正在打开…" if busy else "登录")
        self.enter.setEnabled(not busy and not self.waiting())

    def _on_tick(self) -> None:
        self._left -= 1
        self._show_wait()

    def _show_wait(self) -> None:
        if self._left > 0:
            self.enter.set_words(f"请等 {self._left} 秒")
            self.enter.setEnabled(False)
        else:
            self._tick.stop()
            self.enter.set_words("登录")
            self.enter.setEnabled(True)

    def _on_eye(self) -> None:
        hidden = self.password.echoMode() == QLineEdit.EchoMode.Password
        self.password.setEchoMode(QLineEdit.EchoMode.Normal if hidden else QLineEdit.EchoMode.Password)
        self._eye.setIcon(icons.icon("eye-off" if hidden else "eye"))

    def _build(self, hint: str | None, office: str) -> None:
        look = theme.current()
        card = self._card = QFrame()
        card.setObjectName("card")
        card.setFixedWidth(look.grown(380))
        body = QVBoxLayout(card)
        body.setContentsMargins(32, 28, 32, 24)
        body.setSpacing(8)
        body.addWidget(words("乡治通", "20", strong=True))
        body.addWidget(words(office or "乡镇（街道）综治中心", tone="text-3", wrap=True))
        body.addSpacing(12)
        grid = QGridLayout()
        grid.setVerticalSpacing(12)
        grid.setHorizontalSpacing(12)
        for row, (text, field) in enumerate((("用户", self.user), ("密码", self.password))):
            label = words(text, tone="text-2")
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        body.addLayout(grid)
        body.addSpacing(4)
        body.addWidget(self.error)
        body.addWidget(self.enter)
        if hint:
            body.addSpacing(4)
            body.addLayout(_hint(hint))
        body.addSpacing(4)
        body.addWidget(words("数据加密存在本机，没有网络也能登录和办事。", "12", "text-3", wrap=True))
        whole = QVBoxLayout(self)
        whole.addStretch(2)
        whole.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(3)


def _hint(text: str) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(6)
    mark = QLabel()
    mark.setPixmap(icons.pixmap("info-circle", "blue", theme.current().px("chip-icon")))
    said = words(text, "13", "blue", wrap=True)
    said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(said, 1)
    return line

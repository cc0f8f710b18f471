"""The page that stands where there is no data yet: how this computer is enrolled, and what the demo is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.pieces.buttons import Button
from ui.pieces.text import words

_INIT = "township init --county 县中心网址 --code 注册码"
_DEMO = "township demo --scale village"


class FirstPage(QWidget):
    """Signal ``checked``: look again whether there is data now. *emptied*: what the county had done to what was here."""

    checked = Signal()

    def __init__(self, home: Path, emptied: str = "") -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        card = QFrame()
        card.setObjectName("card")
        card.setFixedWidth(theme.current().grown(560))
        body = QVBoxLayout(card)
        body.setContentsMargins(32, 28, 32, 24)
        body.setSpacing(8)
        if emptied:
            body.addWidget(words("这台电脑的数据已清除", "20", strong=True))
            self.emptied = words(emptied, wrap=True)
            self.emptied.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            body.addWidget(self.emptied)
            body.addSpacing(12)
        body.addWidget(words("这台电脑还没有登记", "20", strong=True))
        body.addWidget(
            words("乡治通的数据加密存在本机，断网也能办事。第一次用之前，要在县中心登记一次这台电脑：", wrap=True)
        )
        body.addSpacing(4)
        for number, text in enumerate(
            (
                "向县中心管理员要一个一次性注册码。",
                "在命令行里运行下面这一行，设好您的用户名和密码。",
                "回到这里，按“再看一次”。",
            ),
            start=1,
        ):
            body.addWidget(words(f"{number}．{text}", wrap=True))
        body.addWidget(_command(_INIT))
        body.addSpacing(12)
        body.addWidget(words("只想先试一试？", strong=True))
        body.addWidget(
            words(
                "演示会在本机造一个虚构的县：人、房、事件、调解都是编的，不连任何真实系统，可以随便改。运行：",
                wrap=True,
            )
        )
        body.addWidget(_command(_DEMO))
        body.addSpacing(12)
        self.said = words(f"数据的位置：{home}", "12", "text-3", wrap=True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        body.addWidget(self.said)
        line = QHBoxLayout()
        line.addStretch(1)
        self.again = Button("再看一次", self.checked.emit, kind="primary", icon="refresh")
        line.addWidget(self.again)
        body.addLayout(line)
        whole = QVBoxLayout(self)
        whole.addStretch(2)
        whole.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(3)

    def still_nothing(self, home: Path) -> None:
        """Looked again, in vain."""
        self.said.setText(f"还是没有找到数据。数据的位置：{home}")


def _command(text: str) -> QFrame:
    """A command to select and copy."""
    frame = QFrame()
    frame.setObjectName("inset")
    line = QHBoxLayout(frame)
    line.setContentsMargins(12, 8, 12, 8)
    label = words(text)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    line.addWidget(label, 1)
    return frame

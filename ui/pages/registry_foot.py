"""The foot of the registry's list: how many there are, and the keys that work in it."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout

from ui.pieces.keys import KeyHint
from ui.pieces.text import Elided


class RegistryFoot(QFrame):
    """``count`` says how many households or people the list has."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("footer")
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 0, 12, 0)
        self.count = Elided("", "13", "text-2")
        line.addWidget(self.count, 1)
        for keys, said in (("Right", "展开"), ("F2", "修改"), ("F3", "整户录入")):
            line.addWidget(KeyHint(keys, said))

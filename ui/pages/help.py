"""The user guide in the window: F1 opens it, Esc goes back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFrame, QTextBrowser

from app.paths import root
from ui.page import Page
from ui.pieces.card import Card

_PICTURE = re.compile(r"^!\[.*\]\(.*\)\n*", re.MULTILINE)
_TITLE = re.compile(r"\A# .*\n+")


def guide() -> Path:
    """The guide people also read on paper and on the web; the packaged program carries the same file."""
    return root() / "docs" / "user-guide.md"


class HelpPage(Page):
    """使用手册. Its pictures stay on paper: here the window itself is in front of one."""

    def __init__(self) -> None:
        super().__init__("使用手册", "按 Esc 回到刚才的地方", back=True)
        self.text = QTextBrowser()
        self.text.setAccessibleName("使用手册")
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setOpenLinks(False)
        self.text.setMarkdown(_TITLE.sub("", _PICTURE.sub("", guide().read_text(encoding="utf-8"))))
        card = Card()
        card.add(self.text, 1)
        self.add(card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        self.text.setFocus()

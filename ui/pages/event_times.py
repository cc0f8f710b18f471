"""Asking for the first and the last day of a span of time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.pieces.buttons import Button
from ui.pieces.dates import DateEntry
from ui.pieces.text import words


class SpanDialog(QDialog):
    """``SpanDialog(page, "上报时间", then)``: calls *then(since, until)* with ISO days or "" for open ends; Esc asks for nothing."""

    def __init__(
        self, parent: QWidget, title: str, then: Callable[[str, str], object], since: str = "", until: str = ""
    ) -> None:
        super().__init__(parent)
        self._then = then
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.current().grown(360))
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(10)
        body.addWidget(words(title, "16", strong=True))
        line = QHBoxLayout()
        self.since, self.until = DateEntry(since or None), DateEntry(until or None)
        self.since.setAccessibleName("从")
        self.until.setAccessibleName("到")
        for word, entry in (("从", self.since), ("到", self.until)):
            line.addWidget(words(word, tone="text-2"))
            line.addWidget(entry, 1)
        body.addLayout(line)
        self._wrong = words("", "13", "red", wrap=True)
        self._wrong.hide()
        body.addWidget(self._wrong)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(Button("取消", self.reject))
        foot.addWidget(Button("筛选", self.take, kind="primary", keys="Ctrl+Return"))
        body.addLayout(foot)

    def take(self) -> None:
        """Hand the days over; two that are the wrong way round, or none, are said."""
        self.since.read()
        self.until.read()
        since, until = self.since.value() or "", self.until.value() or ""
        unread = any(entry.text().strip() and not entry.value() for entry in (self.since, self.until))
        wrong = (
            "看不出是哪一天。可写成 2026-09-18、9.18 或“今天”。"
            if unread
            else "至少写一头的日子。"
            if not (since or until)
            else "“从”的日子在“到”的后面，请改一下。"
            if since and until and since > until
            else ""
        )
        self._wrong.setText(wrong)
        self._wrong.setVisible(bool(wrong))
        if not wrong:
            self.accept()
            self._then(since, until)

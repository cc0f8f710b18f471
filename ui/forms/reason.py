"""Asking for the reason that goes into the audit: revealing, exporting, deleting."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui import theme
from ui.pieces.buttons import Button
from ui.pieces.text import words


class ReasonDialog(QDialog):
    """``ReasonDialog(page, "导出走访台账", "会记入日志", "导出", then)``: calls *then(reason)* once; Esc asks for nothing.

    *offers* are reasons that fit often, one press each; *what* names what is asked for, where it is no reason.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        text: str,
        act: str,
        then: Callable[[str], object],
        offers: Sequence[str] = (),
        *,
        what: str = "理由",
    ) -> None:
        super().__init__(parent)
        self._then, self._what = then, what
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.current().grown(400))
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(10)
        body.addWidget(words(title, "16", strong=True, wrap=True))
        if text:
            body.addWidget(words(text, tone="text-2", wrap=True))
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(f"写明{what}")
        self.reason.setAccessibleName(what)
        self.reason.textChanged.connect(self._on_typed)
        body.addWidget(self.reason)
        if offers:
            line = QHBoxLayout()
            line.setSpacing(6)
            for offer in offers:
                line.addWidget(Button(offer, lambda offer=offer: self.reason.setText(offer), small=True))
            line.addStretch(1)
            body.addLayout(line)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(Button("取消", self.reject))
        self.act = Button(act, self._act, kind="primary", why_not=f"先写明{what}")
        foot.addWidget(self.act)
        body.addSpacing(4)
        body.addLayout(foot)
        self.reason.returnPressed.connect(self._act)

    def _on_typed(self, text: str) -> None:
        self.act.refuse("" if text.strip() else f"先写明{self._what}")

    def _act(self) -> None:
        reason = self.reason.text().strip()
        if reason:
            self.accept()
            self._then(reason)


def ask_reason(
    parent: QWidget,
    title: str,
    text: str,
    act: str,
    then: Callable[[str], object],
    offers: Sequence[str] = (),
    *,
    what: str = "理由",
) -> ReasonDialog:
    """Open the question and return it; the page stays responsive behind it."""
    dialog = ReasonDialog(parent, title, text, act, then, offers, what=what)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    dialog.reason.setFocus()
    return dialog

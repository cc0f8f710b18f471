"""What the page that takes a case says above and below its fields: drafts that were left behind, and a matter that may be known already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.services.case_taking import Again
from ui.pieces.buttons import Button
from ui.pieces.card import empty
from ui.pieces.text import words

_MOST = 3


class DraftBar(QFrame):
    """Signals: ``wanted(key)`` another draft; ``another`` a new case beside this one; ``unwanted`` throw this one away."""

    wanted = Signal(str)
    another = Signal()
    unwanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inset")
        self._others: tuple[str, ...] = ()
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 4, 6, 4)
        self.said = words("", tone="text-2")
        line.addWidget(self.said, 1)
        # The oldest first: so each comes in turn.
        self._next = Button("接着填", lambda: self.wanted.emit(self._others[-1]), kind="link", small=True)
        self._new = Button("另登记一件", self.another.emit, kind="link", small=True)
        self._forget = Button("不要了", self.unwanted.emit, kind="link", small=True)
        for button in (self._next, self._new, self._forget):
            line.addWidget(button)
        self.hide()

    def show_drafts(self, others: tuple[str, ...], *, kept: bool) -> None:
        """*kept*: what stands on the page was left behind; *others*: the keys of more, the newest first."""
        self._others = others
        more = f"还有 {len(others)} 份没登记完" if others else ""
        self.said.setText("；".join(part for part in ("接着上次没登记完的" if kept else "", more) if part))
        self._new.setVisible(kept)
        self._forget.setVisible(kept)
        self._next.setVisible(bool(others))
        self.setVisible(kept or bool(others))


class AgainHint(QWidget):
    """Signal ``opened(event id)``. Cases that may be the same matter, three at most; nothing where there are none."""

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(2)

    def show_hits(self, hits: Sequence[Again]) -> None:
        """Show *hits*."""
        empty(self._lines)
        if hits:
            self._lines.addWidget(words("可能是同一件事，先看看：", "13", "orange"))
        for hit in hits[:_MOST]:
            line = QHBoxLayout()
            go = partial(self.opened.emit, hit.event)
            line.addWidget(Button(hit.title, go, kind="link", small=True, tip=hit.title, shrinks=True))
            line.addWidget(words(hit.note, "12", "text-3"))
            line.addStretch(1)
            self._lines.addLayout(line)

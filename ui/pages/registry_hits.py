"""What a search in the registry found: one line that says where it is, and the way from one hit to the next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.store.search import Hit
from ui.pages.registry_read import FORMS, hit_words
from ui.pieces.buttons import Button
from ui.pieces.text import Elided


class HitLine(QWidget):
    """Signals: ``went(Hit)`` it is to be shown, ``left`` there is nothing to go on to. Hidden while nothing is searched for."""

    went = Signal(object)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._hits: Sequence[Hit] = ()
        self._now = 0
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 0, 8, 0)
        self.said = Elided("", "13", "primary-text")
        self.more = Button("下一个 ↓", self.next, kind="link", small=True)
        self.more.hide()
        line.addWidget(self.said, 1)
        line.addWidget(self.more)
        self.hide()

    def show_hits(self, hits: Sequence[Hit], text: str) -> None:
        """Say what *text* found and go to the best of it; an empty *text* ends the search."""
        # Of equals the person comes first: mostly it is a person that one looks for.
        self._hits = sorted(hits, key=lambda hit: (-hit.score, FORMS.index(hit.form)))
        self._now = 0
        self.setVisible(bool(text))
        self.more.setVisible(len(hits) > 1)
        if self._hits:
            self.said.setText(hit_words(self._hits, 0))
            self.went.emit(self._hits[0])
        else:
            self.said.setText(f"没有找到“{text}”。可以只输姓名、拼音首字母或号码末四位。")

    def next(self) -> None:
        """Go to the next hit; after the last the first comes again."""
        if len(self._hits) < 2:
            self.left.emit()
            return
        self._now = (self._now + 1) % len(self._hits)
        self.said.setText(hit_words(self._hits, self._now))
        self.went.emit(self._hits[self._now])

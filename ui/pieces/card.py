"""Cards: a titled surface on the page, with its own few actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLayout,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.pieces.text import Elided, rule, words


class Card(QFrame):
    """``Card("基本情况", note="6 步", actions=[Button(…)])``; fill with `add` and `add_line`.

    *flush* lets the body touch the card's edges (tables). What is added with a stretch takes the free height.
    """

    def __init__(
        self,
        title: str = "",
        note: str = "",
        actions: Sequence[QWidget] = (),
        *,
        flush: bool = False,
        spacing: int | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        pad = theme.current().px("card-padding")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.setSpacing(0)
        self.title = words(title, strong=True)
        self.note = Elided(note, tone="text-3")
        if title or actions:
            head = QHBoxLayout()
            head.setContentsMargins(pad - 1, 7 if actions else 10, 8 if actions else pad, 7 if flush else 2)
            head.setSpacing(8)
            head.addWidget(self.title)
            head.addWidget(self.note, 1)
            for action in actions:
                head.addWidget(action)
            whole.addLayout(head)
        if flush and title:
            whole.addWidget(rule())
        self.body = QVBoxLayout()
        self.body.setSpacing((0 if flush else 6) if spacing is None else spacing)
        edge = 0 if flush else pad - 1
        self.body.setContentsMargins(edge, 0 if flush else (4 if title else pad - 1), edge, 0 if flush else pad - 1)
        whole.addLayout(self.body, 1)
        self._rest = QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
        self.body.addItem(self._rest)

    def add(self, thing: QWidget | QLayout, stretch: int = 0) -> None:
        """Put *thing* below what is there."""
        if stretch:
            self.body.removeItem(self._rest)
        place = self._end()
        if isinstance(thing, QLayout):
            self.body.insertLayout(place, thing, stretch)
        else:
            self.body.insertWidget(place, thing, stretch)

    def holds_focus(self) -> bool:
        """Whether the cursor is in here."""
        held = QApplication.focusWidget()
        return held is not None and self.isAncestorOf(held)

    def add_line(self, *things: QWidget | str | None, spacing: int = 8) -> QHBoxLayout:
        """Put things side by side; a str becomes a label, None takes the free space."""
        line = QHBoxLayout()
        line.setSpacing(spacing)
        for thing in things:
            if thing is None:
                line.addStretch(1)
            else:
                line.addWidget(words(thing) if isinstance(thing, str) else thing)
        self.body.insertLayout(self._end(), line)
        return line

    def add_rule(self) -> None:
        """A hairline between two parts of the body."""
        self.body.insertWidget(self._end(), rule())

    def clear(self) -> None:
        """Take everything out of the body."""
        self.body.removeItem(self._rest)
        empty(self.body)
        self.body.addItem(self._rest)

    def _end(self) -> int:
        free = self.body.indexOf(self._rest)
        return free if free >= 0 else self.body.count()


def empty(layout: QLayout) -> None:
    """Take everything out of *layout* and let it go."""
    while layout.count():
        item = layout.takeAt(0)
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()
        elif inner := item.layout():
            empty(inner)

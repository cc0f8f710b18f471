"""The flow that a case being taken will go by: what its class says, or another where its taker may choose."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ui.pieces.buttons import Button


class ProfileChoice(Button):
    """Signal ``picked``. ``chosen``: the flow that somebody chose; None where the class decides."""

    picked = Signal()

    def __init__(self) -> None:
        super().__init__("", kind="link", small=True, menu=(menu := QMenu()))
        self._menu = menu
        self.chosen: str | None = None
        self.hide()

    def show_flows(self, usual: str, flows: Sequence[tuple[str, str]], *, known: bool) -> None:
        """Offer *flows*, (code, label); *usual* is that of the class, which is *known* or not yet chosen."""
        labels = dict(flows)
        if self.chosen == usual or self.chosen not in labels:
            self.chosen = None
        self._menu.clear()
        for code, label in flows:
            said = f"{label}（按类别）" if code == usual else label
            line = QAction(said, self._menu, checkable=True, checked=code == (self.chosen or usual))
            line.triggered.connect(lambda _on=False, code=code: self._take(code))
            self._menu.addAction(line)
        self.set_words(f"流程：{labels.get(self.chosen or usual, '')}" + ("（自选）" if self.chosen else ""))
        self.refuse("" if len(flows) > 1 else "这一类的流程由受理员、派单员或主任改")
        self.setVisible((known or bool(self.chosen)) and usual in labels)

    def _take(self, code: str) -> None:
        self.chosen = code
        self.picked.emit()

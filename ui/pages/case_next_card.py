"""What can be done next with a case: the usual step in front, the others below, the rarest in a menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QGridLayout, QMenu, QWidget

from app.rules.case_engine import Action
from ui.pages.case_read import CaseFile
from ui.pages.case_whistle_card import ARRIVE, EVALUATE
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.text import words

_FRAMED = 6
_LINKS = 6


class NextCard(Card):
    """``NextCard(begin, go)``; *begin* gets the action that was chosen, *go* page and arguments of where the work is done meanwhile.

    Filled by `show_case`, or by who puts a form into it.
    """

    def __init__(self, begin: Callable[[Action], object], go: Callable[[str, dict[str, str]], object]) -> None:
        super().__init__("下一步")
        self._begin = begin
        self._go = go

    def show_case(self, file: CaseFile) -> QWidget | None:
        """Show what can be done in *file*; the button that the cursor belongs on.

        Only what the rules call the usual step is done with Ctrl+Enter: never a way round it, nor taking up again what is done.
        """
        self.title.setText("下一步")
        self.clear()
        if file.barred:
            self.add(words(file.barred, "12", "orange", wrap=True))
        away = self._add_elsewhere(file)
        if not file.actions:
            self.add(words("这件事现在没有您要办的。", tone="text-3", wrap=True))
            return away
        usual = next((action for action in file.actions if action.code == file.usual and away is None), None)
        # What is done to a unit that was called stands beside the unit.
        rest = [action for action in file.actions if action is not usual and action.code not in (ARRIVE, EVALUATE)]
        front = away
        if usual is not None:
            front = Button(usual.label, partial(self._begin, usual), kind="primary", keys="Ctrl+Return", spread=True)
            self.add(front)
            if warning := file.warnings.get(usual.code):
                self.add(words(warning, "12", "orange", wrap=True))
        first = self._add_rest(rest)
        return front or first

    def _add_elsewhere(self, file: CaseFile) -> Button | None:
        """The way to where the work is done: what is merged or in mediation isn't finished from here."""
        if file.elsewhere is None:
            return None
        told, page, record = file.elsewhere
        button = Button(told, partial(self._go, page, {"id": record}), kind="primary", keys="Ctrl+Return", spread=True)
        self.add(button)
        return button

    def _add_rest(self, rest: Sequence[Action]) -> Button | None:
        grid = QGridLayout()
        grid.setSpacing(8)
        most = _FRAMED + _LINKS
        shown = rest if len(rest) <= most else rest[: most - 1]
        first: Button | None = None
        for number, action in enumerate(shown):
            if number < _FRAMED:
                button = Button(action.label, partial(self._begin, action))
                grid.addWidget(button, number // 2, number % 2 * 3, 1, 3)
                first = first or button
                continue
            # The rarer ones three in a row: all that can be done stands there without scrolling.
            row, place = divmod(number - _FRAMED, 3)
            link = Button(action.label, partial(self._begin, action), kind="link", small=True)
            grid.addWidget(link, _FRAMED // 2 + row, place * 2, 1, 2)
        if more := rest[len(shown) :]:
            menu = QMenu()
            for action in more:
                menu.addAction(action.label).triggered.connect(lambda _on=False, action=action: self._begin(action))
            grid.addWidget(Button("更多", kind="quiet", menu=menu, small=True), _FRAMED // 2 + _LINKS // 3 - 1, 4, 1, 2)
        self.add(grid)
        return first

"""The list of proposals below a line that is typed into; which words stand in it, its owner says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QStringListModel
from PySide6.QtWidgets import QCompleter, QLineEdit


class Proposals(QCompleter):
    """``Proposals(entry, take)``: shown by ``complete()``; *take* gets the line that was chosen. *most* lines without scrolling."""

    def __init__(self, entry: QLineEdit, take: Callable[[QModelIndex], object], most: int = 10) -> None:
        self._words = QStringListModel(entry)
        super().__init__(self._words, entry)
        self.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.setMaxVisibleItems(most)
        self.setWidget(entry)
        self.popup().setObjectName("choice-list")
        self.activated[QModelIndex].connect(take)

    def show_words(self, words: Sequence[str]) -> None:
        """What stands in the list from now on."""
        self._words.setStringList(list(words))

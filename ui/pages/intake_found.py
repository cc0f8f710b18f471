"""A field that finds what is meant while one types, and keeps the words where nothing was meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from ui.forms.references import Find, RefEntry, Target

WORDS = "@words"
"""The offer to keep the words as they were typed."""


class FoundEntry(RefEntry):
    """Signals as `RefEntry`; ``written`` when other words stand there. ``went_on``: Enter with words that stay words.

    Enter takes the first of the hits for just what stands there, never one of those for half a word. Where they aren't there
    yet it goes on at once (what is typed next belongs into the next field) and the first is taken when it comes. Tab and Esc
    keep the words. *words_first*: where no hit has just this name, keeping the words is offered before the hits (a namesake
    is nobody's reporter); or a question, what of the hits.
    """

    written = Signal()
    went_on = Signal()

    def __init__(
        self, find: Find, hint: str, *, words_first: bool | Callable[[Sequence[Target]], bool] = False
    ) -> None:
        super().__init__(self._offered, hint)
        self._search, self._words_first = find, words_first
        # The text that the hits are for, and whether Enter waits for those of the text that stands there.
        self._found_for: str | None = None
        self._going = False
        self._timer.setInterval(120)
        self.textEdited.connect(lambda _text: self._on_written())

    def words(self) -> str:
        """What stands there, picked or not."""
        return self.text().strip()

    def waits(self) -> bool:
        """Whether Enter was pressed and what it takes is still being looked for."""
        return self._going

    def show_words(self, text: str) -> None:
        """Show *text* that is nothing found."""
        self.set_target(None)
        self.setText(text)
        self.setCursorPosition(0)

    def take(self, target: Target | None) -> None:
        if target is not None and target.id == WORDS:
            super().take(None)
            self.setText(target.title)
            return
        super().take(target)

    def settle(self) -> None:
        """Words that were typed stay, also where nothing was picked; words changed after a pick are no longer that pick."""
        if self._list.popup().isVisible():
            return
        held = self.target()
        if held is not None and held.title != self.words():
            typed = self.words()
            super().take(None)
            self.setText(typed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        popup, typed, held = self._list.popup(), self.words(), self.target()
        known = self._found_for == typed
        if popup.isVisible() and popup.currentIndex().isValid() and known:
            super().keyPressEvent(event)
            return
        popup.hide()
        self._timer.stop()
        if known or not typed or (held is not None and held.title == typed):
            self._turn += 1
            self.settle()
            self.went_on.emit()
        elif not self._going:
            self._going = True
            self.search()
            self.went_on.emit()

    def _on_written(self) -> None:
        self._going = False
        self._found_for = None
        held = self.target()
        if held is not None and held.title != self.words():
            # What is typed over a pick is no longer that pick; whoever shows more of it hears so.
            self._target = None
            self.changed.emit()
            self.picked.emit(None)
        self.written.emit()

    def _offered(self, text: str, show: Callable[[Sequence[Target]], None]) -> None:
        self._search(text, lambda hits: self._on_hits(text, self._with_words(text, hits), show))

    def _on_hits(self, text: str, offered: list[Target], show: Callable[[Sequence[Target]], None]) -> None:
        if text != self.words():
            return
        self._found_for = text
        going, self._going = self._going, False
        if not going:
            show(offered)
        elif offered:
            self.take(offered[0])
            self.setCursorPosition(0)
        else:
            self.settle()

    def _with_words(self, text: str, hits: Sequence[Target]) -> list[Target]:
        if text.isascii():
            return list(hits)
        kept = Target(WORDS, text, "照这样写")
        first = self._words_first(hits) if callable(self._words_first) else self._words_first
        exact = any(hit.title == text for hit in hits)
        return [kept, *hits] if first and not exact else [*hits, kept]

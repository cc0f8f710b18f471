"""One field that two people changed differently: three cards to choose from, and the text or the value that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from ui import icons, theme
from ui.forms.fields import DayEntry, Entry
from ui.forms.references import RefEntry, Target
from ui.pages.conflict_diff import marked
from ui.pieces.buttons import Button
from ui.pieces.keys import KeyCap, enter_alone
from ui.pieces.text import words

SIDES = ("base", "mine", "theirs")
_WORDS = {"base": "用原来的", "mine": "用我的", "theirs": "用对方的"}


class FieldChoice(QWidget):
    """Signal ``changed``. *values* by side go into *entry*, where the field has a widget of its own; *barred* is a side that can't be chosen."""

    changed = Signal()

    def __init__(
        self,
        label: str,
        texts: Mapping[str, str],
        heads: Mapping[str, str],
        *,
        can_write: bool,
        keys: bool,
        entry: Entry | None = None,
        values: Mapping[str, Any] | None = None,
        targets: Mapping[str, Target] | None = None,
        barred: str = "",
    ) -> None:
        super().__init__()
        # A choice, a date, a reference is written anew in the field's own widget; *values* by side go into it.
        self.entry, self._values, self._targets = entry, dict(values or {}), dict(targets or {})
        self._texts = dict(texts)
        self._side = ""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        name = words(label, strong=True, wrap=True)
        name.setFixedWidth(theme.current().grown(96))
        grid.addWidget(name, 1, 0, Qt.AlignmentFlag.AlignTop)
        self.cards: dict[str, _Choice] = {}
        sides = [side for side in SIDES if texts.get(side) or side != "base"]
        for column, side in enumerate(sides, start=1):
            grid.addWidget(words(heads[side], "13", "text-2", strong=True), 0, column)
            card = _Choice(
                _WORDS[side],
                str(column) if keys else "",
                texts.get(side, ""),
                texts.get("base", "") if side != "base" else "",
            )
            if side == barred:
                card.bar()
            card.chosen.connect(lambda side=side: self.choose(side))
            self.cards[side] = card
            grid.addWidget(card, 1, column)
            grid.setColumnStretch(column, 1)
        self.final = QPlainTextEdit()
        self.final.setAccessibleName("最后写成")
        self.final.setTabChangesFocus(True)
        self.final.setFixedHeight(theme.current().grown(64))
        self.final.setPlaceholderText("选上面一种，或在这里另写")
        self.final.textChanged.connect(self._on_text)
        shown = entry if entry is not None else self.final
        if can_write:
            grid.addWidget(words("最后写成", "13", "text-3"), 2, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(shown, 2, 1, 1, len(sides))
        if entry is not None:
            entry.setAccessibleName("最后写成")
            (entry.edited if isinstance(entry, DayEntry) else entry.changed).connect(self._on_entry)
        if shown is not self.final or not can_write:
            self.final.setParent(self)
            self.final.hide()

    def begin(self) -> None:
        """Put the focus on the first card that can be chosen."""
        next(card for card in self.cards.values() if card.isEnabled()).setFocus()

    def choose(self, side: str) -> None:
        """Take the text of *side*; it can still be changed."""
        self._side = side
        self.final.setPlainText(self._texts.get(side, ""))
        value = self._values.get(side)
        if isinstance(self.entry, RefEntry):
            self.entry.set_target(self._targets.get(str(value)) if value else None)
        elif self.entry is not None:
            self.entry.blockSignals(True)
            self.entry.set_value(value)
            self.entry.blockSignals(False)
        self._side = side
        self._mark()

    def side(self) -> str:
        """Which side was taken as it stands; "" where it was written anew."""
        return self._side

    def text(self) -> str:
        """The text that stands at last."""
        return self.final.toPlainText().strip()

    def value(self) -> object:
        """What was written anew; None where nothing was."""
        return self.entry.value() if self.entry is not None else self.text() or None

    def decided(self) -> bool:
        """Whether anything was chosen or written."""
        return bool(self._side) or self.value() is not None

    def left(self) -> dict[str, Any]:
        """What stands here, as a draft keeps it; empty where nothing was decided."""
        if not self.decided():
            return {}
        return {"side": self._side, "text": self.text(), "value": None if self._side else self.value()}

    def put(self, left: Mapping[str, Any]) -> None:
        """Show what was `left`; a side only where it still says the same."""
        side, text, value = str(left.get("side") or ""), str(left.get("text") or ""), left.get("value")
        if side:
            if side in self.cards and self.cards[side].isEnabled() and self._texts.get(side, "").strip() == text:
                self.choose(side)
        elif isinstance(self.entry, RefEntry):
            if (target := self._targets.get(str(value))) is not None:
                self.entry.set_target(target)
                self._mark()
        elif self.entry is not None:
            self.entry.set_value(value)
            self._mark()
        elif text:
            self.final.setPlainText(text)

    def _on_entry(self) -> None:
        self._side = ""
        self._mark()

    def _on_text(self) -> None:
        if self._side and self.text() != self._texts.get(self._side, "").strip():
            self._side = ""
        self._mark()

    def _mark(self) -> None:
        for side, card in self.cards.items():
            card.mark(side == self._side)
        self.changed.emit()


class _Choice(QFrame):
    """A card that can be chosen. Signal ``chosen``."""

    chosen = Signal()

    def __init__(self, text: str, keys: str, value: str, base: str) -> None:
        super().__init__()
        self.setObjectName("choice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{text}：{value}")
        body = QVBoxLayout(self)
        body.setContentsMargins(11, 9, 11, 11)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._dot = QLabel()
        head.addWidget(self._dot)
        if keys:
            head.addWidget(KeyCap(keys))
            self._press = Button("", self.chosen.emit, keys=keys, parent=self)
            # Only its key is wanted: the card itself is the button.
            self._press.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._press.setFixedSize(1, 1)
        self._words = words(text, tone="text-2")
        head.addWidget(self._words)
        head.addStretch(1)
        body.addLayout(head)
        look = theme.current()
        said = QLabel(marked(value, base, look.colour("mark").name(), look.colour("text").name()) or "（空）")
        said.setTextFormat(Qt.TextFormat.RichText)
        said.setWordWrap(True)
        body.addWidget(said)
        body.addStretch(1)
        self.mark(False)

    def bar(self) -> None:
        """It is shown and can't be chosen."""
        self.setEnabled(False)
        self.unsetCursor()
        self._words.setText("现在不能选")

    def mark(self, now: bool) -> None:
        """Show whether this one is taken."""
        look = theme.current()
        name, tone = ("circle-dot", "primary") if now else ("circle", "text-3")
        self._dot.setPixmap(icons.pixmap(name, tone, look.px("chip-icon") + 2))
        self.setProperty("picked", "true" if now else "")
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if enter_alone(event) or (event.key() == Qt.Key.Key_Space and not event.modifiers()):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

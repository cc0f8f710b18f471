"""The class of a case: typed by label, alias, initials or sound, or looked for in the tree of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.schema.codes import CodeList
from app.store.search_keys import fold, is_letters, spellings
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.pages.desk_quick import class_words
from ui.pieces.buttons import Button
from ui.pieces.text import words

_NONE = "unclassified"


@dataclass(frozen=True)
class _Word:
    """One way to say a class: folded, its sounds, and how far it is from the label itself (0), an alias (1), one above (4)."""

    said: str
    sounds: tuple[tuple[int, str], ...]
    far: int


class ClassIndex:
    """The catalogue made ready for typing: some 700 words with their sounds, made once, in the lane."""

    def __init__(self, codes: CodeList) -> None:
        self.choices = tuple((item.code, class_words(item.code, codes)) for item in codes.items)
        self._words: dict[str, tuple[_Word, ...]] = {}
        spoken: dict[str, tuple[tuple[int, str], ...]] = {}
        for item in codes.items:
            above = [upper.label for upper in codes.path(item.code)[:-1]]
            ways = [(item.label, 0), *((alias, 1) for alias in item.aliases), *((label, 4) for label in above)]
            found = []
            for text, far in ways:
                said = fold(text)
                if said not in spoken:
                    spoken[said] = tuple(spellings(said[:12]))
                found.append(_Word(said, spoken[said], far))
            self._words[item.code] = tuple(found)

    def find(self, typed: str, recent: Sequence[str] = ()) -> list[tuple[str, str]]:
        """The classes that *typed* may mean, the best first; of equally good ones those of *recent*, then the catalogue's order."""
        asked = fold(typed)
        if not asked:
            return self.all(recent)
        letters = is_letters(asked)
        ranked = []
        for number, (code, said) in enumerate(self.choices):
            best = min(
                (r for word in self._words[code] if (r := _rank(asked, word, letters=letters)) is not None),
                default=None,
            )
            if best is not None:
                last = recent.index(code) if code in recent else len(recent)
                ranked.append((best, last, number, (code, said)))
        return [choice for _, _, _, choice in sorted(ranked)]

    def all(self, recent: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Every class, those used last on top."""
        named = dict(self.choices)
        first = [(code, named[code]) for code in recent if code in named]
        return first + [choice for choice in self.choices if choice[0] not in recent]


def _rank(asked: str, word: _Word, *, letters: bool) -> int | None:
    if asked == word.said:
        return word.far
    if word.said.startswith(asked):
        return 10 + word.far
    if letters:
        starts = [start for start, sound in word.sounds if sound.startswith(asked)]
        if not starts:
            return None
        whole = any(start == 0 and sound == asked for start, sound in word.sounds)
        return (15 if whole else 20 if 0 in starts else 30) + word.far
    return 30 + word.far if asked in word.said else None


class ClassEntry(ChoiceEntry):
    """``ClassEntry()``, filled by `show_index`. Down opens all with those used last on top, F4 the tree."""

    def __init__(self) -> None:
        super().__init__((), "类别：打几个字、首字母；F4 看目录")
        self._index: ClassIndex | None = None
        self._recent: tuple[str, ...] = ()
        self._codes: CodeList | None = None

    def show_index(self, index: ClassIndex, recent: Sequence[str], codes: CodeList) -> None:
        """Offer the catalogue, with what this user took last on top."""
        self._index, self._recent, self._codes = index, tuple(recent), codes
        self.show_choices(index.all(self._recent))

    def fitting(self, typed: str) -> list[tuple[str, str]]:
        return self._index.find(typed, self._recent)[:40] if self._index else []

    def browse(self) -> None:
        """Look for it in the tree."""
        if self._codes is not None:
            self.tree = ClassTree(self, self._codes, str(self.value() or ""), self._on_browsed)
            self.tree.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F4:
            self.browse()
            return
        super().keyPressEvent(event)

    def _on_browsed(self, code: str) -> None:
        different = code != self.value()
        self.set_value(code)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if different:
            self.changed.emit()
        self.chosen.emit()


class ClassTree(QDialog):
    """The catalogue, 大类 › 中类 › 小类: arrows and letters move, Right opens, Enter takes, Esc leaves."""

    def __init__(self, parent: QWidget, codes: CodeList, now: str, take: Callable[[str], object]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._take = take
        look = theme.current()
        self.setWindowTitle("事件类别")
        self.resize(look.grown(480), look.grown(560))
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(10)
        body.addWidget(words("事件类别", "16", strong=True))
        body.addWidget(words("→ 展开，← 收起，Enter 选用；大类、中类也能选。", "13", "text-3", wrap=True))
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName("事件类别")
        self.tree.setUniformRowHeights(True)
        items: dict[str, QTreeWidgetItem] = {}
        for code in codes.items:
            item = QTreeWidgetItem([code.label])
            item.setData(0, Qt.ItemDataRole.UserRole, code.code)
            if code.aliases:
                item.setToolTip(0, "也叫：" + "、".join(code.aliases))
            items[code.code] = item
            if code.parent in items:
                items[code.parent].addChild(item)
            else:
                self.tree.addTopLevelItem(item)
        body.addWidget(self.tree, 1)
        body.addWidget(Button("选用", self._on_taken, kind="primary"))
        self.tree.installEventFilter(self)
        self.tree.itemDoubleClicked.connect(lambda item, _column: self._on_taken() if not item.childCount() else None)
        if current := items.get(now) or next(iter(items.values()), None):
            self.tree.setCurrentItem(current)
        self.tree.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        if pressed and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_taken()
            return True
        return super().eventFilter(watched, event)

    def _on_taken(self) -> None:
        chosen = [str(item.data(0, Qt.ItemDataRole.UserRole)) for item in self.tree.selectedItems()]
        if chosen:
            self.accept()
            self._take(chosen[0])

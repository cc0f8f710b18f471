"""A small dialog for an act with a few answers: a day, a target, a reason; Enter goes on, Ctrl+Enter does it, Esc leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.errors import KnownError
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.references import RefEntry
from ui.jobs import spoken
from ui.pieces.buttons import Button
from ui.pieces.dates import DateEntry
from ui.pieces.keys import enter_alone
from ui.pieces.scrolled import scrolled
from ui.pieces.text import retone, words

if TYPE_CHECKING:
    from ui.jobs import Jobs

Work = Callable[[], Any]


class ActDialog(QDialog):
    """``ActDialog(page, jobs, "迁出", "李建军", "办理", prepare, done)``.

    ``ask(label, widget)`` adds a question. *prepare*, called on the GUI thread, gives the work for the lane, or a sentence of what is missing;
    *done* gets the work's result once the dialog has closed. What the work refuses is said in the dialog, and nothing typed is lost.
    """

    def __init__(
        self,
        parent: QWidget,
        jobs: Jobs,
        title: str,
        text: str,
        act: str,
        prepare: Callable[[], Work | str],
        done: Callable[[Any], object],
        *,
        wide: bool = False,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._prepare, self._done = jobs, prepare, done
        self._fields: list[QWidget] = []
        self._running = False
        self.setWindowTitle(title)
        look = theme.current()
        self.setMinimumWidth(look.grown(620 if wide else 480))
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(10)
        body.addWidget(words(title, "16", strong=True, wrap=True))
        if text:
            body.addWidget(words(text, tone="text-2", wrap=True))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        body.addLayout(self._grid)
        self._more = QVBoxLayout()
        self._more.setSpacing(6)
        body.addLayout(self._more)
        self.said = words("", tone="text-2", wrap=True)
        self.said.hide()
        body.addWidget(self.said)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(Button("取消", self.reject))
        self.act = Button(act, self.do, kind="primary", keys="Ctrl+Return")
        foot.addWidget(self.act)
        body.addSpacing(4)
        body.addLayout(foot)

    def ask(self, label: str, field: QWidget) -> QWidget:
        """Add a question; Enter in it goes to the next, and from the last does the act."""
        row = self._grid.rowCount()
        said = words(label, tone="text-2")
        said.setBuddy(field)
        self._grid.addWidget(said, row, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(field, row, 1)
        field.setAccessibleName(label)
        field.installEventFilter(self)
        self._fields.append(field)
        return field

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Something below the questions."""
        self._more.addWidget(widget, stretch)

    def offer(self, field: Any, offers: Sequence[str]) -> None:
        """Texts that fit often, one press each."""
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for text in offers:
            row.addWidget(Button(text, lambda text=text: field.setText(text), small=True))
        row.addStretch(1)
        self._grid.addWidget(line, self._grid.rowCount(), 1)

    def say(self, text: str, tone: str = "red") -> None:
        """Say what is missing or was refused; empty takes it back."""
        self.said.setText(text)
        retone(self.said, tone)
        self.said.setVisible(bool(text))
        if (layout := self.layout()) is not None and text:
            layout.activate()
            # A wrapping line isn't in the least height of a window: without this it takes its room from the buttons.
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def begin(self) -> None:
        """Show the dialog with the cursor in its first question."""
        self.finished.connect(self.deleteLater)
        self.open()
        if self._fields:
            self._fields[0].setFocus(Qt.FocusReason.TabFocusReason)

    def do(self) -> None:
        """Do it, once."""
        if self._running:
            return
        for field in self._fields:
            if isinstance(field, RefEntry) and (typed := field.unpicked()):
                self.say(f"“{typed}”还没有选定，没有办理。请从列出来的里面选一个；不要填的，把这一格清空。")
                self._list(field)
                return
            _settle(field)
        work = self._prepare()
        if isinstance(work, str):
            self.say(work)
            return
        self.say("")
        self._running = True
        self.act.refuse("正在办理")
        self._jobs.run(work, self._on_done, self._on_failed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            popup = QApplication.activePopupWidget()
            if enter_alone(event) and popup is None and watched in self._fields:
                if isinstance(watched, RefEntry) and watched.unpicked():
                    # Enter came before the list did, or the list was closed: nothing typed goes by itself.
                    self._list(watched)
                    return True
                _settle(watched)
                at = self._fields.index(watched)
                if at + 1 < len(self._fields):
                    self._fields[at + 1].setFocus(Qt.FocusReason.TabFocusReason)
                else:
                    self.do()
                return True
        return super().eventFilter(watched, event)

    def reject(self) -> None:
        """Leave, but not while it is being done: what comes of it is still to be said."""
        if not self._running:
            super().reject()

    def _list(self, field: RefEntry) -> None:
        """Show what is found for the text in *field*, to be picked."""
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        field.search()

    def _on_done(self, result: Any) -> None:
        self._running = False
        self.accept()
        self._done(result)

    def _on_failed(self, error: Exception) -> None:
        self._running = False
        self.act.refuse("")
        self.say(spoken(error))
        if not isinstance(error, KnownError):
            self._jobs.failed.emit(error)


def _settle(field: QWidget) -> None:
    """Let *field* take what was typed into it."""
    if isinstance(field, DateEntry):
        field.read()
    elif isinstance(field, ChoiceEntry | RefEntry):
        field.settle()


def fitted(inside: QWidget, height: int) -> QScrollArea:
    """*inside* in an area as tall as it is, up to *height* px, that scrolls."""
    area = scrolled(inside)
    area.setMinimumHeight(min(theme.current().grown(height), max(inside.sizeHint().height() + 4, 40)))
    return area


__all__ = ["ActDialog", "Work", "fitted"]

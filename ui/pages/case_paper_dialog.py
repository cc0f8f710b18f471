"""Choosing a paper of a case: a new one with what it asks for, an issued one once more, or a corrected one; then print, PDF or Word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.exchange.case_paper_kinds import Ask
from ui import theme
from ui.pages.paper_dialog import ways_foot
from ui.pieces.buttons import Button
from ui.pieces.text import words

_TO_CITIZEN = "给群众的文书只写他本人的事：发出前看看有没有写到别人。"


@dataclass(frozen=True)
class Choice:
    """One line of the dialog. ``name``: a kind, or the number of an issued paper; ``corrects``: the number that it takes the place of."""

    label: str
    title: str
    name: str
    corrects: str = ""
    ask: tuple[Ask, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    person: bool = False
    again: bool = False


Then = Callable[[Choice, str, dict[str, str]], object]


class CasePaperDialog(QDialog):
    """``CasePaperDialog(page, choices, then)``: calls *then(choice, way, answers)* once; *way* is "print", ".pdf" or ".docx"."""

    def __init__(self, parent: QWidget, choices: Sequence[Choice], then: Then) -> None:
        super().__init__(parent)
        self._choices, self._then = list(choices), then
        # What was typed for one kind is still there when another was looked at.
        self._typed: dict[int, dict[str, str]] = {}
        self._shown = -1
        self.fields: dict[str, QLineEdit | QPlainTextEdit] = {}
        self.setWindowTitle("出文书")
        self.setMinimumWidth(theme.current().grown(600))
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(8)
        body.addWidget(words("出文书", "16", strong=True))
        self.group = QButtonGroup(self)
        for place, choice in enumerate(self._choices):
            button = QRadioButton(choice.label)
            button.setChecked(place == 0)
            self.group.addButton(button, place)
            body.addWidget(button)
        self._form = QFormLayout()
        body.addLayout(self._form)
        self.note = words("", "13", "text-3", wrap=True)
        body.addWidget(self.note)
        foot, _ways = ways_foot(self.reject, self._act, "Ctrl+Return")
        body.addLayout(foot)
        for button in self.findChildren(Button):
            button.setMinimumHeight(button.sizeHint().height())
        self.group.idToggled.connect(lambda _place, on: self._show() if on else None)
        self._show()

    def choice(self) -> Choice:
        """The line that is chosen."""
        return self._choices[max(0, self.group.checkedId())]

    def answers(self) -> dict[str, str]:
        """What stands in the fields."""
        return {
            name: one.text() if isinstance(one, QLineEdit) else one.toPlainText() for name, one in self.fields.items()
        }

    def typed(self) -> list[tuple[Choice, dict[str, str]]]:
        """Every line whose fields were changed, with what stands in them now."""
        held = {**self._typed, self._shown: self.answers()}
        return [
            (self._choices[place], answers)
            for place, answers in held.items()
            if any(text != self._choices[place].answers.get(name, "") for name, text in answers.items())
        ]

    def _show(self) -> None:
        if self._shown >= 0:
            self._typed[self._shown] = self.answers()
        self._shown = max(0, self.group.checkedId())
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields = {}
        choice = self.choice()
        held = self._typed.get(self._shown, dict(choice.answers))
        for ask in choice.ask:
            text = held.get(ask.name, "")
            made: QLineEdit | QPlainTextEdit = QPlainTextEdit(text) if ask.long else QLineEdit(text)
            if isinstance(made, QPlainTextEdit):
                made.setFixedHeight(theme.current().grown(48))
                made.setTabChangesFocus(True)
            made.setAccessibleName(ask.label)
            self.fields[ask.name] = made
            label = words(ask.label, "13", "text-2")
            self._form.addRow(label, made)
        if choice.again:
            self.note.setText("和当初出的一模一样，文号不变。")
        elif choice.corrects:
            self.note.setText(f"另给新文号，注明更正 {choice.corrects}；原来那份留着备查。")
        else:
            told = "一出就有文号并存档，以后不能改；没填的地方印成横线，用笔填。"
            self.note.setText(f"{_TO_CITIZEN}{told}" if choice.person else told)
        # New fields have no size of their own before they are polished.
        QTimer.singleShot(0, self, self._fit)

    def _fit(self) -> None:
        """As tall as what stands in it: the buttons must never be cut."""
        if (laid := self.layout()) is not None:
            laid.activate()
            self.setMinimumHeight(0)
            wide = max(self.width(), self.minimumWidth())
            tall = max(laid.totalHeightForWidth(wide), laid.totalSizeHint().height())
            self.resize(wide, tall + theme.current().grown(8))

    def _act(self, way: str) -> None:
        choice, answers = self.choice(), self.answers()
        self.accept()
        self._then(choice, way, answers)

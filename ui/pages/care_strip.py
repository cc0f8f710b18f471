"""The care tags of one person, at the foot of his card: asked for by a button, never on the screen by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.schema.record import Record
from app.services.care import TAG
from ui.pieces.buttons import Button
from ui.pieces.card import empty
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class CareStrip(QWidget):
    """``CareStrip(office, jobs, resident)`` where ``office.care.may(resident)``. Signals ``edit(id of a tag)`` and ``register``.

    Nothing is read before the button is pressed: others may stand behind the clerk, and each look is in the log.
    """

    edit = Signal(str)
    register = Signal()

    def __init__(self, office: Office, jobs: Jobs, resident: Record) -> None:
        super().__init__()
        self._office, self._jobs, self._resident = office, jobs, resident
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(6)
        self._body.addWidget(words("关爱标签", strong=True))
        self.look = Button("查看（记入日志）", self._look, small=True, icon="eye")
        line = QHBoxLayout()
        line.addWidget(self.look)
        line.addStretch(1)
        self._shown = QVBoxLayout()
        self._shown.setSpacing(6)
        self._shown.addLayout(line)
        self._body.addLayout(self._shown)

    def _look(self) -> None:
        self._jobs.run(lambda: self._office.care.of(self._resident.id), self._show)

    def _show(self, tags: tuple[Record, ...]) -> None:
        empty(self._shown)
        form = self._office.forms[TAG]
        may = self._office.care.may(self._resident, "edit")
        for tag in tags:
            said = [form.show(name, tag.values.get(name)) for name in ("kind", "degree")]
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(words(" · ".join(part for part in said if part), wrap=True), 1)
            if may:
                line.addWidget(Button("复核、修改", lambda tag=tag: self.edit.emit(tag.id), kind="link", small=True))
            self._shown.addLayout(line)
            self._shown.addWidget(words(str(tag.values.get("purpose") or ""), "13", "text-2", wrap=True))
            term = f"{tag.values.get('review_on')} 前复核，{tag.values.get('expires_on')} 失效"
            self._shown.addWidget(words(term, "13", "text-3", wrap=True))
        if not tags:
            self._shown.addWidget(words("没有在期的关爱标签。", "13", "text-3", wrap=True))
        if self._office.care.may(self._resident, "create"):
            line = QHBoxLayout()
            line.addWidget(Button("登记关爱标签", self.register.emit, small=True))
            line.addStretch(1)
            self._shown.addLayout(line)

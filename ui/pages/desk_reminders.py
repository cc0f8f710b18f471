"""What due times say on the desk: the reminders not seen yet, each a way into its case, and one press to have seen them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal

from app.services.reminders import Notice
from ui.pages.case_words import due_tone, spoken_time
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.text import Elided, words

SHOWN = 4
"""Reminders on the card; the others come up as these are seen."""


class RemindersCard(Card):
    """Hidden where there is nothing new. Signals ``picked(event id)``, ``known(event ids)``."""

    picked = Signal(str)
    known = Signal(object)

    def __init__(self) -> None:
        self._events: tuple[str, ...] = ()
        self.all = Button("都知道了", self._on_all, kind="link", small=True, tip="不再提这些，到下一个时候再提")
        super().__init__("提醒", " ", actions=[self.all])
        self.hide()

    def show_notices(self, notices: Sequence[Notice], now: dt.datetime) -> None:
        """Show those of *notices* that were not seen."""
        fresh = [notice for notice in notices if not notice.seen]
        self._events = tuple(notice.event for notice in fresh)
        self.clear()
        self.note.setText(f"{len(fresh)} 条新的")
        for notice in fresh[:SHOWN]:
            look = Button("看", partial(self.picked.emit, notice.event), kind="link", small=True, tip=notice.title)
            self.add_line(Elided(notice.title), look).setStretch(0, 1)
            due = spoken_time(notice.due.isoformat(), now)
            tone = due_tone(notice.due.isoformat(), now) or "text-3"
            self.add(words(f"{notice.label} · {notice.timer} {due}", "12", tone, wrap=True))
        if len(fresh) > SHOWN:
            self.add(words(f"还有 {len(fresh) - SHOWN} 条", "12", "text-3"))
        self.setVisible(bool(fresh))

    def _on_all(self) -> None:
        self.known.emit(self._events)

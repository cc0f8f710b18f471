"""The page of one mediation session: calm, large, every sentence kept as it is typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.services.mediation import MediationFile
from app.services.records import Outcome
from ui import theme
from ui.jobs import Jobs
from ui.page import Page
from ui.pages.mediation_check import SessionCheck
from ui.pages.mediation_entry import SessionEntry
from ui.pages.mediation_notes import Notes
from ui.pages.mediation_speakers import Duties, Speaker, Speakers
from ui.pages.mediation_transcript import MARKS, Said, read_lines, write_lines
from ui.pages.session_read import Begun, came_since, duties, in_room, read_session
from ui.pieces.card import Card, empty
from ui.pieces.chips import Chip, State
from ui.pieces.dates import china_now
from ui.pieces.keys import KeyHint
from ui.pieces.text import retone, rule, words

if TYPE_CHECKING:
    from app.services.office import Office


# Kept in the draft beside the form's own fields; they never reach a record.
_TYPING, _SPEAKER, _TOLD, _BEGAN, _SEEN = "@typing", "@speaker", "@told", "@began", "@seen"


class SessionPage(Page):
    """Opened with ``id`` (the mediation) and ``session`` to go on with a saved one."""

    def __init__(self, office: Office, jobs: Jobs, clock: Callable[[], dt.datetime] = china_now) -> None:
        super().__init__("调解", back=True, dense=True)
        self._office, self._jobs, self._clock = office, jobs, clock
        self._duties = duties(office.forms["mediation_session"])
        self._mediation, self._session = "", None
        self._values: dict[str, Any] = {}
        # What stood there when the page was opened, and on which revs: only what was changed is saved, on what was seen.
        self._began: dict[str, Any] = {}
        self._seen: dict[str, int] = {}
        self._file: MediationFile | None = None
        self._lines: list[Said] = []
        self._speakers: list[Speaker] = []
        self._now = 0
        self._mark = ""
        self._told: dict[str, str] = {}
        self._kept: dict[str, Any] | None = None
        self._dirty = self._open = False
        self._kept_words = words("", "13", "green")
        self.add_quiet(self._kept_words)
        self.set_primary("结束并核对", self.end, icon="file-check", keys="Ctrl+Return")
        self._beat = QTimer(self, interval=1000)
        self._beat.timeout.connect(self.keep)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._room())
        form = office.forms["mediation_session"]
        results = [(item.code, item.label) for item in office.forms.codes["session_result"].items]
        self.check = SessionCheck(form, results)
        self.check.submitted.connect(self._save)
        self.check.left.connect(self._go_on)
        self._stack.addWidget(self.check)
        self.add(self._stack, 1)

    # -- the window's calls -------------------------------------------------------------------------------------------------------

    def opened(self, args: Mapping[str, Any]) -> None:
        self._mediation, self._session = str(args["id"]), args.get("session") or None
        self._open = False
        self._stack.setCurrentIndex(0)
        key = (self._mediation, self._session)
        self._jobs.run(lambda: read_session(self._office, *key), then=lambda begun: self._show(key, begun))

    def refresh(self, changed: Sequence[str]) -> None:
        """What others wrote meanwhile is told quietly; what is typed here stays as it is."""
        if self._open:
            key = (self._mediation, self._session)
            self._jobs.run(
                lambda: read_session(self._office, *key),
                then=lambda begun: self._show_came(key, begun),
                failed=lambda _error: None,
            )

    def leaving(self) -> None:
        self.keep()
        self._beat.stop()

    def escape(self) -> bool:
        if self._stack.currentIndex() == 1:
            self._go_on()
            return True
        return False

    # -- typing -------------------------------------------------------------------------------------------------------------------

    def speak(self, number: int) -> None:
        """Number *number* speaks from now on; what is typed already becomes theirs."""
        if 0 <= number < len(self._speakers):
            self._now = number
            self.speakers.mark(number)
            self._show_typing()
            self._touch()
            self.entry.setFocus()

    def record(self) -> None:
        """Write down the sentence with its time and speaker."""
        text = " ".join(self.entry.toPlainText().split())
        if not text or not self._speakers:
            return
        speaker = self._speakers[self._now]
        said = Said(text, speaker.name, speaker.role, f"{self._clock():%H:%M}", self._mark)
        self._lines.append(said)
        self._mark = ""
        self.entry.clear()
        self._show_lines()
        self._touch()

    def mark(self, number: int) -> None:
        """Mark the sentence being typed, else the picked or last one, as fact, proposal or consent; again unmarks it."""
        word = MARKS[number]
        if self.entry.toPlainText().strip():
            self._mark = "" if self._mark == word else word
            self._show_typing()
        elif self._lines:
            picked = self.notes.current()
            place = len(self._lines) - 1 if picked is None else picked
            line = self._lines[place]
            self._lines[place] = replace(line, mark="" if line.mark == word else word)
            self._show_lines()
        self._touch()

    def take_back(self) -> None:
        """Take the last sentence back into the line, to be said better."""
        if not self._lines or self.entry.toPlainText().strip():
            return
        line = self._lines.pop()
        self._mark = line.mark
        known = [number for number, speaker in enumerate(self._speakers) if speaker.name == line.who]
        if known:
            self._now = known[0]
            self.speakers.mark(self._now)
        self.entry.setPlainText(line.words)
        self.entry.moveCursor(self.entry.textCursor().MoveOperation.End)
        self._show_lines()
        self._touch()

    def tell(self, name: str) -> None:
        """*name* was said just now; once more takes it back."""
        if name in self._told:
            del self._told[name]
        else:
            self._told[name] = f"{self._clock():%H:%M}"
        self._show_told()
        self._touch()

    # -- keeping and saving -------------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Keep what stands there as a draft, if it changed since it was kept."""
        if not self._open or not self._dirty:
            return
        self._dirty = False
        draft = {**self._now_values(), _TYPING: self.entry.toPlainText(), _SPEAKER: self._now, _TOLD: dict(self._told)}
        draft |= {_BEGAN: self._began, _SEEN: self._seen}
        key = (self._mediation, self._session)
        self._jobs.run(
            lambda: self._office.mediations.keep(*key, draft), then=lambda _done: self._say_kept(), failed=self._on_lost
        )

    def end(self) -> None:
        """Write the last sentence down and show everything to be checked."""
        if not self._open:
            return
        if self._stack.currentIndex() == 1:
            return
        self.record()
        values = self._now_values()
        values["ended_at"] = values.get("ended_at") or self._clock().replace(second=0, microsecond=0).isoformat()
        form = self._office.forms["mediation_session"]
        untold = [form.fields[name].label for name in self._duties if name not in self._told]
        self._primary_visible(False)
        self.check.begin(values, untold)
        self._stack.setCurrentIndex(1)

    def _save(self, checked: Mapping[str, Any]) -> None:
        self._beat.stop()
        values, seen = {**self._now_values(), **checked}, dict(self._seen)
        if self._session:
            values = {name: value for name, value in values.items() if value != self._began.get(name)}
        key = (self._mediation, self._session)
        self._jobs.run(
            lambda: self._office.mediations.save_session(*key, values, seen=seen),
            then=self._on_saved,
            failed=self._on_not_saved,
        )

    def _on_saved(self, outcome: Outcome) -> None:
        if not outcome.ok:
            self._beat.start()
            self.check.show_faults(outcome.faults)
            return
        self._open = self._dirty = False
        self.said.emit("笔录已存在本机", None)
        self.go.emit("mediation_case", {"id": self._mediation})

    def _on_not_saved(self, error: Exception) -> None:
        self._beat.start()
        self.check.save.setEnabled(True)
        self._jobs.failed.emit(error)

    def _on_lost(self, error: Exception) -> None:
        # What could not be kept is tried again with the next beat.
        self._dirty = True
        self._kept_words.setText("还没存上，正在再试")
        retone(self._kept_words, "orange")

    def _say_kept(self) -> None:
        self._kept_words.setText(f"✓ 已存本机 {self._clock():%H:%M:%S}")
        retone(self._kept_words, "green")

    def _now_values(self) -> dict[str, Any]:
        values = {name: value for name, value in self._values.items() if not name.startswith("@")}
        values["transcript"] = write_lines(self._lines) or None
        for name in self._duties:
            values[name] = True if name in self._told else None
        return values

    def _touch(self) -> None:
        self._dirty = True

    def _go_on(self) -> None:
        self._values.update(self.check.values())
        self._lines = read_lines(self._values.get("transcript"))
        self._stack.setCurrentIndex(0)
        self._primary_visible(True)
        self._show_lines()
        self._touch()
        self.entry.setFocus()

    def _primary_visible(self, shown: bool) -> None:
        if self._primary is not None:
            self._primary.setVisible(shown)

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def _show(self, key: tuple[str, str | None], begun: Begun) -> None:
        if key != (self._mediation, self._session):
            return
        values = dict(begun.draft or begun.values)
        self._values = {**begun.values, **values}
        self._file = begun.file
        self.came.hide()
        self._began = dict((begun.draft or {}).get(_BEGAN) or begun.values)
        self._seen = dict((begun.draft or {}).get(_SEEN) or begun.seen)
        self._lines = read_lines(values.get("transcript"))
        told = values.get(_TOLD) or {}
        self._told = {name: told.get(name, "") for name in self._duties if values.get(name)}
        self._speakers = in_room(self._office, begun.file, self._values)
        self._now = min(int(values.get(_SPEAKER) or 0), max(len(self._speakers) - 1, 0))
        self._mark = ""
        mediation = begun.file.mediation.values
        number = self._values.get("number") or len(begun.file.sessions) + 1
        started = str(self._values.get("started_at") or "")[11:16]
        place = str(self._values.get("place") or "")
        note = " · ".join(part for part in (f"第 {number} 次调解", f"{started} 起" if started else "", place) if part)
        self.set_title(str(mediation.get("title") or ""), note)
        self.entry.setPlainText(str(values.get(_TYPING) or ""))
        self.entry.moveCursor(self.entry.textCursor().MoveOperation.End)
        self.speakers.show_speakers(self._speakers, self._now)
        self._show_lines()
        self._show_told()
        self._kept_words.setText("接着上次没存的笔录" if begun.draft else "")
        self._primary_visible(True)
        self._open, self._dirty = True, False
        self._beat.start()
        # A draft may be older than what stands there by now.
        self._show_came(key, begun)
        self.entry.setFocus()

    def _show_came(self, key: tuple[str, str | None], begun: Begun) -> None:
        if key != (self._mediation, self._session) or not self._open or self._file is None:
            return
        form = self._office.forms["mediation_session"]
        told = came_since(form, self._file, begun.file, self._session, self._seen, self._began)
        self.came.setText(told)
        self.came.setVisible(bool(told))
        speaking = self._speakers[self._now].name if self._speakers else ""
        room = in_room(self._office, begun.file, self._values)
        if room != self._speakers:
            # Who speaks goes on speaking, wherever the list has them now.
            self._speakers = room
            self._now = next((number for number, one in enumerate(room) if one.name == speaking), 0)
            self.speakers.show_speakers(room, self._now)
            self._show_typing()

    def _room(self) -> QWidget:
        room = QWidget()
        line = QHBoxLayout(room)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        self.speakers = Speakers()
        self.speakers.picked.connect(self.speak)
        self.add_side(self.speakers, 208, 164)
        line.addWidget(self.speakers)
        line.addWidget(self._paper(), 1)
        right = QVBoxLayout()
        right.setSpacing(12)
        form = self._office.forms["mediation_session"]
        self._duties_card = Card("应说的话", " ")
        self.duties = Duties([(name, form.fields[name].label) for name in self._duties])
        self.duties.told.connect(self.tell)
        self._duties_card.add(self.duties)
        self._said_card = Card("已谈到的", "标为方案、同意的")
        for card in (self._duties_card, self._said_card):
            self.add_side(card, 272, 220)
        right.addWidget(self._duties_card)
        right.addWidget(self._said_card, 1)
        line.addLayout(right)
        return room

    def _paper(self) -> Card:
        paper = Card(flush=True)
        self.notes = Notes()
        paper.add(self.notes, 1)
        paper.add_rule()
        foot = QVBoxLayout()
        foot.setContentsMargins(20, 10, 20, 10)
        foot.setSpacing(4)
        self.came = words("", "13", "orange", wrap=True)
        self.came.hide()
        foot.addWidget(self.came)
        head = QHBoxLayout()
        self._typing = words("", tone="text-2", strong=True)
        self._typing_mark = QHBoxLayout()
        head.addWidget(self._typing)
        head.addLayout(self._typing_mark)
        head.addStretch(1)
        head.addWidget(words("没说完的话每秒自动存", "12", "text-3"))
        foot.addLayout(head)
        self.entry = SessionEntry()
        self.entry.setFixedHeight(theme.current().grown(84))
        self.entry.textChanged.connect(self._touch)
        self.entry.recorded.connect(self.record)
        self.entry.marked.connect(self.mark)
        self.entry.taken_back.connect(self.take_back)
        foot.addWidget(self.entry)
        hints = QHBoxLayout()
        hints.setSpacing(16)
        for keys, text in (
            *((f"Ctrl+{n}", word) for n, word in enumerate(MARKS, start=1)),
            ("Ctrl+Z", "撤回"),
        ):
            hints.addWidget(KeyHint(keys, text))
        hints.addStretch(1)
        foot.addLayout(hints)
        paper.add(rule())
        paper.add(foot)
        return paper

    def _show_lines(self) -> None:
        self.notes.show_lines(self._lines)
        self._show_typing()
        self._said_card.clear()
        for line in [line for line in self._lines if line.mark in MARKS[1:]][-8:]:
            self._said_card.add(words(f"{line.time} {line.who} · {line.mark}", "12", "text-3"))
            self._said_card.add(words(line.words, wrap=True))

    def _show_typing(self) -> None:
        empty(self._typing_mark)
        if self._speakers:
            speaker = self._speakers[self._now]
            self._typing.setText(f"{speaker.name}　{speaker.role}")
        if self._mark:
            self._typing_mark.addWidget(Chip(State(self._mark, "blue", "flag")))

    def _show_told(self) -> None:
        self.duties.show_told(self._told)
        self._duties_card.note.setText(f"{len(self._told)} / {len(self._duties)}")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.entry.setFocus()

"""The page of one mediation: the dispute, its parties, its sessions, its papers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout

from app.exchange import official
from app.schema.record import Record
from app.services.mediation import MediationFile
from app.store.standing import Standing
from ui import theme
from ui.forms.reason import ask_reason
from ui.jobs import Jobs
from ui.page import Page
from ui.pages.case_words import due_tone, left_until, spoken_time
from ui.pages.mediation import OUTCOMES, outcome_chip
from ui.pages.paper_dialog import MakeWorker, Papers
from ui.pages.standing_words import StandingChip
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card, empty
from ui.pieces.chips import Chip, State
from ui.pieces.facts import Fact, Facts
from ui.pieces.masked import Masked
from ui.pieces.person import PersonChip
from ui.pieces.text import Elided, words

if TYPE_CHECKING:
    from app.services.office import Office

_AGREEMENT = (
    "outcome", "agreement_form", "agreement_no", "agreement_facts", "agreement_terms", "performance", "performance_due",
    "amount", "copies", "agreed_on", "remedy_notice_given", "performed", "judicial_confirm", "file_no", "retention",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What the page shows, read in the lane."""

    file: MediationFile
    now: dt.datetime
    documents: tuple[dict[str, Any], ...]
    kept: bool
    standing: Standing | None = None


def read_mediation(office: Office, mediation_id: str) -> Shown:
    """One mediation with everything that belongs to it; the view is logged."""
    file = office.mediations.file(mediation_id)
    documents = tuple(official.documents(office, mediation_id))
    kept = office.mediations.kept(mediation_id, None) is not None
    return Shown(file, office.cases.now(), documents, kept, office.standings.of("mediation", mediation_id))


class MediationPage(Page):
    """Opened with ``id``."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker) -> None:
        super().__init__("调解", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self.papers = Papers(self, office, worker, lambda told: self.said.emit(told, None))
        self._id = ""
        self._shown: Shown | None = None
        # Whether it is shown for the first time since it was opened.
        self._fresh = False
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self.title_row.insertLayout(3, self._chips)
        self.start = self.set_primary("开始调解", self._start, icon="player-play", keys="Ctrl+Return")
        edit = Button("修改", self._edit, kind="quiet", icon="pencil", keys="F2", small=True)
        past = Button("历史", self._past, kind="quiet", small=True, tip="谁什么时候改过什么，没用上的话也在")
        self.facts_card = Card("纠纷", actions=[past, edit])
        self.parties_card = Card("当事人", " ", [Button("添加", self._add_party, kind="link", icon="plus", small=True)])
        self.sessions_card = Card("调解笔录", " ")
        self.agreement_card = Card(
            "结果与协议", actions=[Button("填写", self._agree, kind="quiet", icon="pencil", small=True)]
        )
        self.papers_card = Card("文书", " ")
        line = QHBoxLayout()
        line.setSpacing(12)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, cards in (
            (left, (self.facts_card, self.parties_card)),
            (right, (self.sessions_card, self.agreement_card, self.papers_card)),
        ):
            column.setSpacing(12)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
        line.addLayout(left, 1)
        line.addLayout(right, 1)
        self.content.addLayout(line, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._id, self._fresh = str(args["id"]), True
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def _past(self) -> None:
        self.go.emit("history", {"form": "mediation", "id": self._id})

    def _load(self) -> None:
        mediation_id = self._id
        self._jobs.run(lambda: read_mediation(self._office, mediation_id), then=self._show)

    def _show(self, shown: Shown) -> None:
        if shown.file.mediation.id != self._id:
            return
        self._shown = shown
        record, now = shown.file.mediation, shown.now
        values, form = record.values, self._office.forms["mediation"]
        self.set_title(str(values.get("title") or ""), str(values.get("case_no") or ""))
        empty(self._chips)
        self._chips.addWidget(Chip(outcome_chip(values, now)))
        if shown.standing is not None:
            self._chips.addWidget(StandingChip(shown.standing, now))
        ended = str(values.get("outcome") or "pending") in OUTCOMES
        self.start.set_words("接着上次没存的笔录" if shown.kept else "再调一次" if shown.file.sessions else "开始调解")
        self.start.setVisible(not ended or shown.kept)
        if self._fresh and self.start.isVisible():
            self.start.setFocus()
        self._fresh = False
        facts = [
            Fact(form.fields[name].label, form.show(name, values.get(name)))
            for name in ("dispute_type", "source", "accepted_on", "committee", "mediator", "recorder", "session_open")
            if values.get(name) is not None
        ]
        if due := values.get("due"):
            left = "" if ended else left_until(due, now)
            text = spoken_time(due, now) + (f" · 还剩 {left}" if left else "")
            facts.append(Fact("调解期限", text, "" if ended else due_tone(due, now)))
        facts += [
            Fact(label, str(values[name]))
            for name, label in (("facts", "情况"), ("request", "申请事项"))
            if values.get(name)
        ]
        self.facts_card.clear()
        self.facts_card.add(Facts(facts))
        self._show_parties(shown.file.parties)
        self._show_sessions(shown)
        self._show_agreement(values)
        self._show_papers(shown.documents)

    def _show_parties(self, parties: Sequence[Record]) -> None:
        self.parties_card.clear()
        self.parties_card.note.setText(str(len(parties)))
        form = self._office.forms["party"]
        if not parties:
            self.parties_card.add(words("还没有当事人。先添加申请人和被申请人。", tone="text-3", wrap=True))
        for party in parties:
            values = party.values
            side = words(form.show("side", values.get("side")), tone="text-3")
            side.setMinimumWidth(theme.current().px("key-label"))
            note = " ".join(
                part for part in (form.show("sex", values.get("sex")), form.show("age", values.get("age"))) if part
            )
            chip = PersonChip(str(values.get("name") or ""), note)
            chip.setToolTip("修改当事人")
            chip.clicked.connect(lambda _on=False, key=party.id: self.go.emit("mediation_form", {"party": key}))
            self.parties_card.add_line(side, chip, self._phone(party), None)
            if address := form.show("address", values.get("address")):
                below = words(address, tone="text-3", wrap=True)
                below.setContentsMargins(theme.current().px("key-label") + 8, 0, 0, 4)
                self.parties_card.add(below)

    def _phone(self, party: Record) -> Masked:
        text = self._office.forms["party"].show("phone", party.values.get("phone"), masked=True)

        def reveal() -> None:
            ask_reason(self, "看完整的联系方式", "理由会记入日志。", "看", run, ("通知调解时间", "联系本人"))

        def run(reason: str) -> None:
            self._jobs.run(
                lambda: self._office.records.reveal("party", party.id, ["phone"], reason),
                then=lambda whole: masked.uncover(str(whole["phone"] or "")),
            )

        masked = Masked(text, reveal)
        return masked

    def _show_sessions(self, shown: Shown) -> None:
        sessions = shown.file.sessions
        self.sessions_card.clear()
        self.sessions_card.note.setText(f"{len(sessions)} 次" if sessions else "")
        form = self._office.forms["mediation_session"]
        if not sessions:
            self.sessions_card.add(
                words("还没有笔录。开始调解后，说一句记一句，自动存在本机。", tone="text-3", wrap=True)
            )
        for record in sessions:
            values = record.values
            lines = len([line for line in str(values.get("transcript") or "").split("\n") if line])
            self.sessions_card.add_line(
                words(f"第 {values.get('number') or '?'} 次", strong=True),
                words(spoken_time(values.get("started_at"), shown.now), tone="text-2"),
                Elided(
                    " · ".join(
                        part
                        for part in (
                            str(values.get("place") or ""),
                            f"{lines} 句",
                            form.show("result", values.get("result")),
                        )
                        if part
                    ),
                    tone="text-3",
                ),
                None,
                Button("打开", partial(self._session, record.id), small=True),
            )

    def _show_agreement(self, values: Mapping[str, Any]) -> None:
        form = self._office.forms["mediation"]
        self.agreement_card.clear()
        names = (
            "outcome",
            "agreement_no",
            "agreement_terms",
            "performance",
            "performance_due",
            "amount",
            "agreed_on",
            "performed",
            "judicial_confirm",
        )
        facts = [
            (form.fields[name].label, form.show(name, values.get(name)))
            for name in names
            if values.get(name) is not None
        ]
        self.agreement_card.add(Facts(facts) if facts else words("谈成后在这里写协议，一行一条。", tone="text-3"))

    def _show_papers(self, documents: Sequence[dict[str, Any]]) -> None:
        self.papers_card.clear()
        ready = sum(bool(paper["ready"]) for paper in documents)
        self.papers_card.note.setText(f"{ready} 份齐全，共 {len(documents)} 份")
        for paper in documents:
            chip = Chip(
                State("齐全", "green", "check")
                if paper["ready"]
                else State(f"缺 {len(paper['missing'])} 项", "grey", "pencil")
            )
            line: list[Any] = [chip, Elided(str(paper["title"])), None]
            for kind, text in ((".docx", "存为 Word"), (".pdf", "存为 PDF")):
                line.append(Button(text, partial(self._write, paper, kind), small=True))
            line.append(IconButton("printer", "打印", partial(self._print, paper)))
            self.papers_card.add_line(*line)
            if paper["missing"]:
                self.papers_card.add(
                    words("缺：" + "、".join(paper["missing"]) + "。缺的印成横线，可手写。", "12", "text-3", wrap=True)
                )

    def _write(self, paper: Mapping[str, Any], kind: str) -> None:
        if self._shown is None:
            return
        title = str(self._shown.file.mediation.values.get("title") or "")
        chosen, _filter = QFileDialog.getSaveFileName(
            self, "存到哪里", str(Path.home() / f"{paper['title']}-{title}{kind}"), f"*{kind}"
        )
        if chosen:
            self.write(paper, Path(chosen).with_suffix(kind))

    def write(self, paper: Mapping[str, Any], out: Path) -> None:
        """Write one paper to *out*, in a worker process: laying out pages would stall the window."""
        self.papers.make(self._id, str(paper["name"]), str(out))

    def _print(self, paper: Mapping[str, Any]) -> None:
        self.papers.make(self._id, str(paper["name"]), "-")

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """Ctrl+K offers the ways on from here."""
        return [
            ("开始调解", "Ctrl+Enter", self._start),
            ("添加当事人", "", self._add_party),
            ("填写协议", "", self._agree),
        ]

    def _start(self) -> None:
        self.go.emit("mediation_session", {"id": self._id})

    def _session(self, session_id: str) -> None:
        self.go.emit("mediation_session", {"id": self._id, "session": session_id})

    def _edit(self) -> None:
        self.go.emit("mediation_form", {"id": self._id})

    def _agree(self) -> None:
        self.go.emit("mediation_form", {"id": self._id, "fields": _AGREEMENT, "title": "结果与协议"})

    def _add_party(self) -> None:
        area = self._shown.file.mediation.area if self._shown else ""
        self.go.emit("mediation_form", {"mediation": self._id, "area": area})

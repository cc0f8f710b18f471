"""What hangs together with a case: its links, what was merged into it, where it was merged, and a line to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from app.errors import KnownError
from app.schema.record import Record
from app.services.case_links import MEDIATED
from app.services.cases import EVENT, Case
from app.services.records import Outcome
from ui.forms.opening import find_targets
from ui.forms.reason import ask_reason
from ui.forms.references import RefEntry, Target
from ui.jobs import Jobs
from ui.pages.case_words import spoken_time
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.chips import Chip, state
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office

MERGE = "merge"
_TITLE, _FEW = 16, 3
_THEIRS = {"from": "由此生成", MEDIATED: "转调解"}
Go = Callable[[str, dict[str, str]], object]


@dataclass(frozen=True)
class Line:
    """One line: what it is to the case, what it is called, where it stands; ``link`` can be taken away, "" can't."""

    kind: str
    form: str
    record: str
    title: str
    chip: str = ""
    note: str = ""
    tone: str = "text-3"
    link: str = ""


@dataclass(frozen=True)
class Links:
    """What the card shows; ``ways``: how another case may be joined to this one, by code and words.

    ``mediate``: the case was handed over and its mediation isn't begun; this user may.
    """

    lines: tuple[Line, ...]
    ways: tuple[tuple[str, str], ...]
    mediate: bool = False


def read_links(office: Office, event_id: str) -> Links:
    """Everything that hangs together with a case, as its card says it; runs in the lane."""
    found, now = office.links.of(event_id), office.cases.now()
    case = office.cases.case(event_id)
    lines = []
    if found.master is not None:
        last = found.master.values.get("last_at")
        said = f"{spoken_time(last, now)}有新进展" if last else ""
        lines.append(_line(office, "已并入", found.master, note=said))
    closed = office.cases.rules.states[case.state.state].counts == "closed"
    for part in found.parts:
        files = f"附件 {part.files} 份" if part.files else ""
        who = str(part.event.values.get("reporter") or "")
        owed = closed and not part.told
        told = "上报人已告知" if part.told else "办结了，待告知上报人" if owed else ""
        note = "，".join(one for one in (f"上报人 {who}" if who else "", files, told) if one)
        lines.append(_line(office, "并案", part.event, note=note, tone="orange" if owed else "text-3"))
    codes = office.forms.codes["case_link_kind"]
    for link in found.links:
        kind = (
            codes.label(link.kind)
            if link.ours and link.kind != MEDIATED
            else _THEIRS.get(link.kind, codes.label(link.kind))
        )
        if link.other is None:
            title = f"{office.forms[link.form].title}（不在本机，或您没有看的许可）"
            lines.append(Line(kind, "", "", title, link=link.id))
        else:
            lines.append(_line(office, kind, link.other, note=link.note, link=link.id))
    lines += _spoken_of(office, event_id)
    lines += _repeated(office, event_id, {line.record for line in lines})
    return Links(tuple(lines), tuple(_ways(office, case)), bool(office.handing.waiting(event_id)))


def _spoken_of(office: Office, event_id: str) -> list[Line]:
    """The meetings that decided of the case, the latest few: what was decided, and whether it was done."""
    from app.exchange.meeting_notes import decided

    form, item_form = office.forms["meeting"], office.forms["meeting_item"]
    found = [(meeting, item) for meeting, item in office.meetings.of(EVENT, event_id) if item.values.get("decision")]
    return [
        Line(
            "会议议定", "meeting", meeting.id, f"{form.show('kind', meeting.values.get('kind'))} {meeting.values.get('date') or ''}".strip(),
            item_form.show("result", item.values.get("result")), decided(item), "text-2",
        )
        for meeting, item in found[:_FEW]
    ]  # fmt: skip


def _repeated(office: Office, event_id: str, known: set[str]) -> list[Line]:
    """The cases that this one repeats, by place and matter, the newest few of each way; what is linked already stands above."""
    lines = []
    shown = {*known, event_id}
    for repeat in office.repeats.of(event_id):
        held = office.store.many(EVENT, repeat.events)
        new = [held[one] for one in repeat.events if one in held and one not in shown][:_FEW]
        shown |= {one.id for one in new}
        lines += [_line(office, "重复", one, note=repeat.words, tone="orange") for one in new]
    return lines


def _ways(office: Office, case: Case) -> list[tuple[str, str]]:
    if not office.gate.decide("create", "case_link", case.event.area, own=True).allowed:
        return []
    ways = [(item.code, item.label) for item in office.forms.codes["case_link_kind"].items if item.code != "from"]
    if any(action.code == MERGE for action in office.cases.actions(case)):
        ways.append((MERGE, "并入它"))
    return ways


def _line(office: Office, kind: str, record: Record, *, note: str = "", tone: str = "text-3", link: str = "") -> Line:
    form, values = office.forms[record.form], record.values
    chip = ""
    if record.form == EVENT:
        known = office.cases.rules.states.get(str(values.get("state") or ""))
        chip = known.label if known else ""
    elif record.form == "mediation":
        chip = form.show("outcome", values.get("outcome"))
    title = form.record_title(values, masked=True)
    if record.form != EVENT:
        title = f"{form.title}：{title}"
    return Line(kind, record.form, record.id, title, chip, note, tone, link)


def page_of(form: str, record_id: str) -> tuple[str, dict[str, str]]:
    """The page that shows a record, and what it is opened with."""
    if form == EVENT:
        return "case", {"id": record_id}
    if form == "mediation":
        return "mediation_case", {"id": record_id}
    if form == "meeting":
        return "meeting", {"id": record_id}
    return "ledgers", {"form": form, "id": record_id}


class LinksCard(Card):
    """*go* opens a page, *say* tells the clerk. Signal ``changed``: something was joined or parted."""

    changed = Signal()

    def __init__(self, office: Office, jobs: Jobs, go: Go, say: Callable[[str], object]) -> None:
        self.join = Button("关联", self._begin, kind="link", icon="plus", small=True, tip="和另一件事关联，或并入它")
        super().__init__("关联事项", " ", [self.join])
        self._office, self._jobs, self._go, self._say = office, jobs, go, say
        self._id = ""
        self._links = Links((), ())
        self.entry: RefEntry | None = None
        self.way: QComboBox | None = None

    def show_case(self, event_id: str) -> None:
        """Show what hangs together with another case, or with the same anew."""
        if event_id != self._id:
            self.entry = None
        self._id = event_id
        self._jobs.run(lambda: read_links(self._office, event_id), lambda links: self._show(event_id, links))

    def escape(self) -> bool:
        """Whether a line to add was open, and is closed now."""
        if self.entry is None:
            return False
        self.entry = None
        self._show(self._id, self._links)
        return True

    def _show(self, event_id: str, links: Links) -> None:
        if event_id != self._id:
            return
        self._links = links
        if self.entry is not None:
            return  # somebody is typing: what came shows when that is done
        self.clear()
        self.note.setText(f"{len(links.lines)} 件" if links.lines else "")
        self.join.setVisible(bool(links.ways))
        for line in links.lines:
            self._add(line)
        if links.mediate:
            begin = Button("受理调解", self._mediate, small=True, icon="plus")
            self.add_line(begin, words("事由、当事人都带过去", "12", "text-3"), None)
        elif not links.lines:
            self.add(words("没有关联的事项。", tone="text-3"))

    def _add(self, line: Line) -> None:
        things: list[QWidget | str | None] = [words(line.kind, "13", "text-3")]
        if line.chip:
            things.append(Chip(state(line.chip)))
        if line.record:
            short = line.title if len(line.title) <= _TITLE else f"{line.title[: _TITLE - 1]}…"
            go = partial(self._go, *page_of(line.form, line.record))
            open_it = Button(short, go, kind="link", small=True, shrinks=True)
            open_it.setToolTip(line.title)
            things += [open_it, None]
        else:
            self.add_line(*things, None)
            things = [words(line.title, "13", "text-3", wrap=True)]
        if line.link:
            things.append(IconButton("x", "解除关联", partial(self._ask_undo, line)))
        self.add_line(*things)
        if line.note:
            self.add(words(line.note, "12", line.tone, wrap=True))

    def _mediate(self) -> None:
        event_id = self._id
        self._jobs.run(
            lambda: self._office.handing.accept(event_id),
            lambda made: self._on_mediated(event_id, made),
            self._on_refused,
        )

    def _on_mediated(self, event_id: str, made: Record) -> None:
        self.changed.emit()
        if event_id == self._id and self.isVisible():
            self._go(*page_of(made.form, made.id))

    def _ask_undo(self, line: Line) -> None:
        event_id = self._id

        def run(reason: str) -> None:
            self._jobs.run(
                lambda: self._office.links.undo(line.link, reason),
                then=lambda _record: self._done(event_id, "已解除关联，原来的留着备查"),
                failed=self._on_refused,
            )

        ask_reason(
            self, "解除关联", f"{line.kind}：{line.title}。理由会一起留下。", "解除", run, ("看错了", "不是一回事")
        )

    def _begin(self) -> None:
        if self.entry is not None:
            self.entry.setFocus()
            return
        way = QComboBox()
        way.setAccessibleName("怎样关联")
        for code, label in self._links.ways:
            way.addItem(label, code)
        entry = RefEntry(self._find, "标题、编号、地点")
        entry.setAccessibleName("另一件事")
        confirm = Button("确定", self._confirm, small=True)
        cancel = Button("返回", self.escape, kind="quiet", small=True)
        entry.chosen.connect(confirm.setFocus)
        line = QHBoxLayout()
        line.setSpacing(8)
        for thing in (way, confirm, cancel):
            line.addWidget(thing)
        line.addStretch(1)
        self.add(entry)
        self.add(line)
        self.entry, self.way = entry, way
        entry.setFocus()

    def _find(self, text: str, show: Callable[[list[Target]], None]) -> None:
        event_id = self._id
        self._jobs.run(
            lambda: [one for one in find_targets(self._office, EVENT, text) if one.id != event_id],
            show,
        )

    def _confirm(self) -> None:
        entry, way, event_id = self.entry, self.way, self._id
        if entry is None or way is None:
            return
        other, code = entry.value(), str(way.currentData())
        if other is None:
            self._say("先打几个字，从列出的事项里选一件。")
            entry.setFocus()
            return
        if code == MERGE:
            self._jobs.run(
                lambda: self._office.cases.act(event_id, MERGE, {"master": other}),
                lambda outcome: self._on_merged(event_id, outcome),
                self._on_refused,
            )
        else:
            self._jobs.run(
                lambda: self._office.links.add(event_id, code, other),
                lambda _record: self._done(event_id, "已关联，存在本机"),
                self._on_refused,
            )

    def _on_merged(self, event_id: str, outcome: Outcome) -> None:
        if outcome.ok:
            self._done(event_id, "已并案，存在本机；要分开就“撤销并案”")
        else:
            self._say("；".join(fault.message for fault in outcome.faults))

    def _done(self, event_id: str, told: str) -> None:
        if event_id == self._id:
            self.entry = None
        self._say(told)
        self.changed.emit()

    def _on_refused(self, error: Exception) -> None:
        if not isinstance(error, KnownError):
            self._jobs.failed.emit(error)
            return
        self._say(str(error))

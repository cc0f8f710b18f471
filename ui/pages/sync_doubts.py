"""What else needs a person: people who are registered twice, and changes that have waited for a month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from app.errors import KnownError
from app.messages import sentence
from app.store.patience import LongWait
from ui.jobs import Jobs
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.schema.record import Record
    from app.services.office import Office

_MOST = 20
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Twice:
    """Two registrations with one number: ids and what each is called, masked."""

    first: str
    second: str
    names: tuple[str, str]
    number: str


@dataclass(frozen=True)
class Waits:
    """A change that waits: what it is, and the sentence about it."""

    counter: int
    title: str
    told: str


@dataclass(frozen=True)
class DoubtsView:
    """Everything that the card shows, at one moment."""

    twice: tuple[Twice, ...]
    waits: tuple[Waits, ...]
    may_merge: bool


def read_doubts(office: Office) -> DoubtsView:
    """Read it, in the lane."""
    readable = office.gate.decide("read", "resident", None).allowed
    may_merge = readable and all(office.gate.decide(action, "resident", None).allowed for action in ("edit", "delete"))
    pairs = office.registry.same_number()[:_MOST] if readable else []
    now = office.store.now_ms()
    return DoubtsView(
        tuple(_twice(office, pair.first, pair.second) for pair in pairs),
        tuple(_waits(office, wait, now) for wait in office.store.sync.long_waiting()[:_MOST]),
        may_merge,
    )


def _twice(office: Office, first: Record, second: Record) -> Twice:
    form = office.forms["resident"]
    names = {area["code"]: area["name"] for area in office.store.areas()}
    called = [
        f"{form.record_title(record.values, masked=True)}（{names.get(record.area, record.area)}）"
        for record in (first, second)
    ]
    number = form.show("id_number", first.values.get("id_number"), masked=True)
    return Twice(first.id, second.id, (called[0], called[1]), number)


def _waits(office: Office, wait: LongWait, now: int) -> Waits:
    form = office.forms[wait.change.form]
    record = office.store.get(wait.change.form, wait.change.id)
    title = form.record_title(record.values, masked=True) if record else wait.change.id
    needed, needs_id = wait.needs
    other = office.store.get(needed, needs_id)
    called = office.forms[needed].record_title(other.values, masked=True) if other else ""
    what = f"“{office.forms[needed].title} {called}”" if called else f"它所属的{office.forms[needed].title}"
    days = (now - wait.since) // _DAY_MS
    return Waits(wait.change.counter, f"{form.title}：{title}", sentence("sync.still_waits", what=what, days=days))


class DoubtsCard(Card):
    """Hidden while there is nothing to decide. Signals: ``person`` with the id to look at, ``changed`` after a decision."""

    person = Signal(str)
    changed = Signal()

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("登记重复、等得太久", " ")
        self._office, self._jobs = office, jobs
        self.told = ""
        self.hide()

    def load(self) -> None:
        """Read how things stand."""
        self._jobs.run(lambda: read_doubts(self._office), then=self._show)

    def _show(self, view: DoubtsView) -> None:
        self.clear()
        count = len(view.twice) + len(view.waits)
        self.note.setText(str(count) if count else "")
        self.setVisible(bool(count))
        if self.told:
            self.add(words(self.told, "13", "orange", wrap=True))
        for number, twice in enumerate(view.twice):
            if number:
                self.add_rule()
            self.add(words("、".join(twice.names), strong=True, wrap=True))
            self.add(
                words(
                    f"公民身份号码相同：{twice.number}。两条都留着，请核对是不是同一个人。", "13", "text-3", wrap=True
                )
            )
            look = [
                Button(text, partial(self.person.emit, record_id), kind="quiet", small=True)
                for text, record_id in (("看前一条", twice.first), ("看后一条", twice.second))
            ]
            merge = Button(
                "合并到前一条", partial(self._merge, twice), small=True, tip="后一条的内容补到前一条，可以撤销"
            )
            merge.refuse("" if view.may_merge else "您的角色不能合并，请找受理员")
            self.add_line(merge, *look, None)
        for number, wait in enumerate(view.waits):
            if number or view.twice:
                self.add_rule()
            self.add(words(wait.title, strong=True, wrap=True))
            self.add(words(wait.told, "13", "orange", wrap=True))
            on = Button("接着等", partial(self._send_on, wait.counter), small=True)
            off = Button("撤回", partial(self._withdraw, wait.counter), kind="quiet", small=True)
            self.add_line(on, off, None)

    def _merge(self, twice: Twice) -> None:
        self._do(lambda: self._office.registry.merge(twice.first, twice.second))

    def _send_on(self, counter: int) -> None:
        self._do(lambda: self._office.store.sync.send_on(counter))

    def _withdraw(self, counter: int) -> None:
        self._do(lambda: self._office.store.sync.withdraw(counter))

    def _do(self, work: Callable[[], object]) -> None:
        self._jobs.run(work, then=self._done, failed=self._failed)

    def _done(self, _result: object) -> None:
        self.told = ""
        self.changed.emit()
        self.load()

    def _failed(self, error: Exception) -> None:
        self.told = str(error) if isinstance(error, KnownError) else "没有做成，数据没有改动。"
        self.load()

"""A person on a page of his own: the card, the household around him, the way to his place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout

from app.rules.living import GONE
from app.schema.record import Record
from ui.lists import Column, RecordTable
from ui.page import Page
from ui.pages.paper_dialog import MakeWorker, Papers
from ui.pages.person_card import PersonCard, care_args
from ui.pages.registry_read import PersonFile, read_person
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_COLUMNS = (
    Column("name", "姓名", strong=True, stretch=True, sortable=False, least=96),
    Column("relation", "与户主关系", 92, sortable=False),
    Column("sex", "性别", 60, sortable=False, spare=2),
    Column("birth", "出生日期", 134, role="date", sortable=False, spare=3),
    Column("id_number", "公民身份号码", 170, tone="text-2", sortable=False),
    Column("phone", "联系电话", 112, tone="text-2", sortable=False),
)


class PersonPage(Page):
    """``opened``: {"id": id of a resident}."""

    def __init__(self, office: Office, jobs: Jobs, worker: MakeWorker | None = None) -> None:
        super().__init__("居民", back=True)
        self.papers = Papers(self, office, worker, lambda words: self.said.emit(words, None)) if worker else None
        self._file: PersonFile | None = None
        self._office, self._jobs, self._id = office, jobs, ""
        self.card = PersonCard(office, jobs)
        self.card.edit.connect(lambda form, record_id: self.go.emit("record", {"form": form, "id": record_id}))
        self.card.add_member.connect(
            lambda home: self.go.emit("record", {"form": "resident", "preset": {"household": home}})
        )
        self.card.register_care.connect(lambda who, area: self.go.emit("record", care_args(who, area)))
        self.card.visit.connect(lambda home: self.go.emit("visits", {"household": home}))
        self.card.go_to.connect(lambda kind, key: self.go.emit("case" if kind == "event" else "visits", {"id": key}))
        self.card.story.connect(lambda form, key: self.go.emit("life", {"form": form, "id": key}))
        self.card.acted.connect(self._on_acted)
        self.print_button = Button("打印", self._print, icon="printer", keys="Ctrl+P")
        self.print_button.hide()
        self.add_quiet(self.print_button)
        self.request_button = Button(
            "个人信息申请", self._request, icon="file-text", tip="本人要求查阅、更正、删除自己的信息"
        )
        self.request_button.hide()
        self.add_quiet(self.request_button)
        self.add_quiet(
            Button("修改历史", lambda: self.go.emit("history", {"form": "resident", "id": self._id}), icon="history")
        )
        self.add_quiet(Button("在基础数据里看", self._locate, icon="map-pin"))
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.card, 2)
        self._family = Card("同户的人", flush=True)
        self.table = RecordTable(
            _COLUMNS,
            lambda _offset, _limit, _order: [],
            unit="人",
            empty=EmptyState("users", "没有同户的人", "这个人还没有落到户里。"),
        )
        self.table.opened.connect(lambda key: self.go.emit("person", {"id": key}))
        self._family.add(self.table, 1)
        line.addWidget(self._family, 3)
        self.content.addLayout(line, 1)
        QShortcut(QKeySequence("F2"), self, activated=self._edit)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._id = str(args["id"])
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        if self._id:
            self._load()

    def _on_acted(self, text: str, undo: object) -> None:
        self.said.emit(text, undo)
        self._load()

    def _load(self) -> None:
        wanted = self._id
        self._jobs.run(lambda: read_person(self._office, "resident", wanted), lambda file: self._on_file(wanted, file))

    def _on_file(self, wanted: str, file: PersonFile) -> None:
        if wanted != self._id:
            return
        self._file = file
        self.print_button.setVisible(self.papers is not None and self.papers.may(file.record))
        may_ask = self._office.gate.decide("create", "data_request", file.record.area).allowed
        self.request_button.setVisible(may_ask)
        self.set_title(str(file.record.values.get("name") or "居民"), file.where)
        self.card.show_file(file)
        rows = [self._line(person) for person in file.members]
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])

    def _line(self, person: Record) -> dict[str, Any]:
        form, values = self._office.forms["resident"], person.values
        return {
            "id": person.id,
            "name": values.get("name"),
            "relation": form.show("presence", values["presence"])
            if values.get("presence") in GONE
            else values.get("relation_text") or form.show("relation", values.get("relation")),
            "sex": form.show("sex", values.get("sex")),
            "birth": values.get("birth_date"),
            "id_number": form.show("id_number", values.get("id_number"), masked=True),
            "phone": form.show("phone", values.get("phone"), masked=True),
        }

    def _print(self) -> None:
        if self.papers is not None and self._file is not None:
            self.papers.ask(self._file.record)

    def _request(self) -> None:
        if self._file is not None:
            self.go.emit("data_request", {"resident": self._file.record.id})

    def _edit(self) -> None:
        self.go.emit("record", {"form": "resident", "id": self._id})

    def _locate(self) -> None:
        self.go.emit("registry", {"form": "resident", "id": self._id})

"""变动记录: the story of a person, household, dwelling, grid or place, and who lived there on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.services.chronicle import GOES_ALONG
from app.services.life import Chapter
from app.services.past_living import KINDS, Dweller
from ui.lists import Cell, Column, RecordTable
from ui.page import Page
from ui.pages.moving_acts import MovingActs
from ui.pieces.card import Card
from ui.pieces.chips import State
from ui.pieces.dates import DateEntry, china_today
from ui.pieces.empty import EmptyState
from ui.pieces.tabs import Tabs
from ui.pieces.text import Elided, words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

STORY, WHO, AREA = "story", "who", "area"
_LATELY = 500
_CAN_TELL = ("resident", "household", "dwelling", "grid")


class LifePage(Page):
    """``opened``: {"form": resident household dwelling building grid, "id": id, "tab": "story" or "who", "day": ISO}; {"area": code} tells what
    happened there lately.
    """

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("变动记录", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self._form, self._id, self._title = "", "", ""
        self._turn = 0
        self.acts = MovingActs(office, jobs, self, self._on_acted)
        self.tabs = Tabs([(STORY, "变动记录", None), (WHO, "当时住在这里的人", None)])
        self.tabs.picked.connect(lambda _key: self._load())
        self.add_beside(self.tabs)
        self.day = DateEntry(china_today().isoformat())
        self.day.changed.connect(lambda _day: self._load())
        self.said_day = Elided("", "13", "text-2")
        self._chapters: list[Chapter] = []
        self._people: list[Dweller] = []
        self.story = RecordTable(
            [
                Column("day", "日期", 104, sortable=False),
                Column("kind", "变动", 108, role="chip", sortable=False),
                Column("name", "姓名", 112, strong=True, sortable=False),
                Column("text", "变动前后", stretch=True, least=160, sortable=False),
                Column("reason", "原因", 132, tone="text-2", spare=1, sortable=False),
                Column("by", "经办", 76, tone="text-2", spare=2, sortable=False),
                Column("undo", "", 72, "right", "button", sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="次变动",
            hints=[("Return", "打开"), ("Ctrl+Delete", "撤销")],
            empty=EmptyState(
                "history", "还没有变动记录", "办理迁入、迁出、分户等以后，记在这里。导入的花名册没有变动记录。"
            ),
        )
        self.story.opened.connect(self._open_chapter)
        self.story.pressed_button.connect(lambda key, _column: self._undo(str(key)))
        QShortcut(QKeySequence("Ctrl+Delete"), self.story).activated.connect(self._undo_current)
        self.people = RecordTable(
            [
                Column("name", "姓名", 120, strong=True, sortable=False),
                Column("relation", "与户主关系", 132, sortable=False),
                Column("head", "户", 140, stretch=True, least=96, sortable=False),
                Column("presence", "人户状态", 116, role="chip", sortable=False),
                Column("since", "自何日", 112, tone="text-2", spare=1, sortable=False),
                Column("told", "依据", 176, tone="text-2", spare=2, sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="人",
            hints=[("Return", "打开")],
            empty=EmptyState("users", "这一天没有人住在这里", "换一个日期看看。"),
        )
        self.people.opened.connect(self._open_person)
        card = Card(flush=True)
        self._asked = QWidget()
        line = QHBoxLayout(self._asked)
        line.setContentsMargins(12, 8, 12, 8)
        line.setSpacing(8)
        line.addWidget(words("哪一天", tone="text-2"))
        line.addWidget(self.day)
        line.addWidget(self.said_day, 1)
        card.add(self._asked)
        card.add(self.story, 1)
        card.add(self.people, 1)
        self.add(card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._form, self._id = str(args.get("form") or AREA), str(args.get("id") or args.get("area") or "")
        if args.get("day"):
            self.day.set_value(str(args["day"]))
        self.tabs.setVisible(self._form in KINDS and self._form in _CAN_TELL)
        wanted = str(args.get("tab") or (WHO if self._form == "building" else STORY))
        if wanted != self.tabs.now():
            self.tabs.pick(wanted)
        else:
            self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        if self._id and (not changed or {"movement", "resident", "household", "dwelling"} & set(changed)):
            self._load()

    def _load(self) -> None:
        if not self._id:
            return
        self._turn += 1
        turn, form, key, office = self._turn, self._form, self._id, self._office
        who, day = self.tabs.now() == WHO, self.day.value() or china_today().isoformat()
        for widget in (self._asked, self.people):
            widget.setVisible(who)
        self.story.setVisible(not who)
        self.set_title("当时住在这里的人" if who else "变动记录", self._title)

        def lately() -> tuple[str, list[Chapter]]:
            names = {area["code"]: area["name"] for area in office.store.areas()}
            return f"{names.get(key, '')} 近期变动，先列 {_LATELY} 次以内", office.life.lately(key, limit=_LATELY)

        def read() -> tuple[str, list[Chapter], list[Dweller], dict[str, str]]:
            if form == AREA:
                title, chapters = lately()
            else:
                record = office.store.get(form, key)
                title = office.forms[form].record_title(record.values) if record is not None else ""
                title += "户" if form == "household" and title else ""
                if who:
                    return title, [], list(office.past_living.who(form, key, day)), {}
                chapters = office.life.of(form, key)
            wanted: dict[str, list[str]] = {}
            for chapter in chapters:
                wanted.setdefault(chapter.form, []).append(chapter.subject)
            records = [record for name, ids in wanted.items() for record in office.store.many(name, ids).values()]
            return title, chapters, [], {record.id: record.area for record in records}

        self._jobs.run(read, lambda found: self._show(turn, *found, day))

    def _show(
        self,
        turn: int,
        title: str,
        chapters: list[Chapter],
        people: list[Dweller],
        areas: Mapping[str, str],
        day: str,
    ) -> None:
        if turn != self._turn:
            return
        self._title = title
        who = self.tabs.now() == WHO
        self.set_title("当时住在这里的人" if who else "变动记录", title)
        self._chapters, self._people = chapters, people
        if who:
            lived, guessed = sum(p.lived for p in people), sum(p.lived and not p.told for p in people)
            away = len(people) - lived
            parts = [f"{day} 住着 {lived} 人"]
            parts += [f"户口在这里、住在别处 {away} 人"] if away else []
            parts += [f"其中 {guessed} 人没有变动记录，按现在的登记推定"] if guessed else []
            self.said_day.setText("；".join(parts))
            rows = [self._person(person) for person in people]
            self.people.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
            self.people.view.setFocus()
            return
        undone = self._newest()
        lines = [
            self._chapter(c, undo=c.id in undone and c.subject in areas and self._may_undo(c, areas[c.subject]))
            for c in chapters
        ]
        self.story.show_rows(len(lines), lambda offset, limit, _order: lines[offset : offset + limit])
        self.story.view.setFocus()

    def _newest(self) -> set[str]:
        """The first line of each act that may be taken back here: the last of its subject that stands."""
        seen: set[str] = set()
        found: dict[str, str] = {}
        for chapter in self._chapters:
            if not chapter.void and chapter.subject not in seen:
                seen.add(chapter.subject)
                found.setdefault(chapter.act, chapter.id)
        return set(found.values())

    def _may_undo(self, chapter: Chapter, area: str) -> bool:
        grids = chapter.kind != "regrid" or self._office.gate.decide("edit", "grid", area, own=True).allowed
        return grids and self.acts.may(area)

    def _chapter(self, chapter: Chapter, *, undo: bool) -> dict[str, Any]:
        kind = State("已撤销", "grey", "arrow-back-up") if chapter.void else State(chapter.title, _tone(chapter.kind))
        text = f"{chapter.title}：{chapter.text}" if chapter.void and chapter.text else chapter.text
        return {
            "id": chapter.id,
            "day": chapter.day,
            "kind": kind,
            "name": chapter.name,
            "text": Cell(text, tone="text-3" if chapter.void else ""),
            "reason": chapter.reason,
            "by": chapter.by,
            "undo": "撤销" if undo else "",
        }

    def _person(self, person: Dweller) -> dict[str, Any]:
        form = self._office.forms["resident"]
        basis = "变动记录" if person.told else "按现在的登记推定"
        return {
            "id": person.resident,
            "name": person.name,
            "relation": form.show("relation", person.relation),
            "head": f"{person.head}户" if person.head else "",
            "presence": form.show("presence", person.presence) if person.presence else "",
            "since": person.since,
            "told": basis if person.here else f"{basis}（已移交外地）",
        }

    def _open_chapter(self, key: object) -> None:
        chapter = next((one for one in self._chapters if one.id == key), None)
        if chapter is not None and chapter.form == "resident":
            self.go.emit("person", {"id": chapter.subject})
        elif chapter is not None:
            page = "record" if chapter.form in GOES_ALONG else "registry"
            self.go.emit(page, {"form": chapter.form, "id": chapter.subject})

    def _open_person(self, key: object) -> None:
        person = next((one for one in self._people if one.resident == key), None)
        if person is not None and person.here:
            self.go.emit("person", {"id": person.resident})
        elif person is not None:
            self.said.emit(f"{person.name}已移交外地，本机没有他的登记。", None)

    def _undo_current(self) -> None:
        row = self.story.current_row()
        if row is None:
            return
        if row.get("undo"):
            self._undo(str(row["id"]))
        else:
            self.said.emit("这一行不能单独撤销。后面还有变动的先撤后面的；一次办了几个人的，在最上面那一行撤。", None)

    def _undo(self, key: str) -> None:
        chapter = next((one for one in self._chapters if one.id == key), None)
        if chapter is not None:
            self.acts.undo(chapter.act, self._load)

    def _on_acted(self, text: str, undo: object) -> None:
        self.said.emit(text, undo)
        self._load()


def _tone(kind: str) -> str:
    return {"death": "grey", "move_out": "orange", "birth": "green", "move_in": "green", "correct": "grey"}.get(
        kind, "blue"
    )

"""The card of one sector grid: who answers for it, and the places that it takes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.schema.record import Record
from app.services.posts import PLACES
from ui.forms.act import ActDialog, Work
from ui.forms.choices import ChoiceEntry
from ui.forms.references import RefEntry
from ui.lists import Column, RecordTable
from ui.pages.moving_acts import finder
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Facts
from ui.pieces.text import Elided, words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class SectorCard(QWidget):
    """``show_sector(record or None)``. Signals ``changed``, ``said(text, undo)``."""

    changed = Signal()
    said = Signal(str, object)

    def __init__(self, office: Office, jobs: Jobs, page: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._office, self._jobs, self._page = office, jobs, page
        self._sector: Record | None = None
        self._places: list[tuple[Record, Record]] = []
        self.top = Card()
        self.table = RecordTable(
            [
                Column("kind", "类别", 104, sortable=False),
                Column("name", "名称", stretch=True, strong=True, sortable=False),
                Column("since", "纳入日期", 112, tone="text-2", sortable=False),
                Column("act", "", 72, "right", "button", sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="处",
            empty=EmptyState("sitemap", "还没有范围", "把网格、房屋、单位、场所纳入这个行业网格。"),
        )
        self.table.pressed_button.connect(lambda key, _column: self._exclude(str(key)))
        places = Card("范围", flush=True)
        places.add(self.table, 1)
        column.addWidget(self.top)
        column.addWidget(places, 1)

    def show_sector(self, sector: Record | None) -> None:
        """Show one sector grid, or that none is chosen."""
        self._sector = sector
        self.top.clear()
        if sector is None:
            self.top.add(words("没有选中行业网格", tone="text-3"))
            self.table.show_rows(0, lambda _offset, _limit, _order: [])
            return
        form, values = self._office.forms["sector_grid"], sector.values
        buttons: list[Any] = []
        if self._may():
            buttons.append(Button("纳入…", self.include, small=True, icon="plus"))
        self.top.add_line(Elided(str(values.get("name") or ""), "16", strong=True), None, *buttons)
        facts = [
            ("条线", form.show("sector", values.get("sector"))),
            ("责任单位", str(values.get("unit") or "")),
            ("责任人", str(values.get("leader") or "")),
            ("电话", form.show("phone", values.get("phone"), masked=True)),
        ]
        self.top.add(Facts(facts, columns=2, label_width=84))
        key = sector.id
        self._jobs.run(lambda: self._office.posts.places(key), lambda found: self._on_places(key, found))

    def include(self) -> ActDialog | None:
        """Ask for a place to be taken in."""
        sector = self._sector
        if sector is None:
            return None
        kind = ChoiceEntry([(form, self._office.forms[form].title) for form in PLACES])
        kind.set_value("grid")

        def find(text: str, show: Any) -> object:
            return finder(self._office, self._jobs, str(kind.value() or "grid"))(text, show)

        target = RefEntry(find, "名称、地址")
        kind.changed.connect(lambda: target.take(None))

        def prepare() -> Work | str:
            form, place = kind.value(), target.value()
            if form not in PLACES or not place:
                return "请选类别和要纳入的一处。"
            return lambda: self._office.posts.include(sector.id, str(form), place)

        def done(_link: object) -> None:
            self.said.emit("已纳入", None)
            self.changed.emit()

        name = str(sector.values.get("name") or "")
        dialog = ActDialog(self._page, self._jobs, "纳入行业网格", name, "纳入", prepare, done)
        dialog.ask("类别", kind)
        dialog.ask("哪一处", target)
        dialog.begin()
        return dialog

    def _on_places(self, key: str, found: list[tuple[Record, Record]]) -> None:
        if self._sector is None or self._sector.id != key:
            return
        self._places = found
        may = self._may()
        rows = [
            {
                "id": link.id,
                "kind": self._office.forms[place.form].title,
                "name": self._office.forms[place.form].record_title(place.values),
                "since": link.values.get("valid_from"),
                "act": "移出" if may else "",
            }
            for link, place in found
        ]
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])

    def _exclude(self, key: str) -> None:
        sector = self._sector
        found = next(((link, place) for link, place in self._places if link.id == key), None)
        if sector is None or found is None:
            return
        place = found[1]
        posts = self._office.posts

        def undo() -> None:
            self._jobs.run(lambda: posts.include(sector.id, place.form, place.id), lambda _done: self.changed.emit())

        def done(_count: int) -> None:
            self.said.emit("已移出", undo)
            self.changed.emit()

        self._jobs.run(lambda: posts.exclude(sector.id, place.form, place.id), done)

    def _may(self) -> bool:
        return self._office.gate.decide("create", "sector_place", None, own=True).allowed

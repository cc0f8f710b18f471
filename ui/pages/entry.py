"""登记住户: the dwelling first, then its people in a table; one save, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.services.entry import Entered
from app.services.entry_sheet import HOUSEHOLD, NEW, CellFault, Known, Sheet
from ui.fonts import rare_words
from ui.forms.opening import target_of
from ui.forms.references import Target
from ui.jobs import spoken
from ui.page import Page
from ui.pages.entry_opening import OpenedEntry, read_entry
from ui.pages.entry_place import NEW_PLACE, EntryPlace, Neighbours
from ui.pages.entry_reader import CardReader
from ui.pages.entry_table import EntryTable
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.draft import DraftBar
from ui.pieces.keys import KeyHint
from ui.pieces.text import Elided

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_HINTS = (
    ("Return", "下一格"),
    ("Ctrl+D", "同上"),
    ("F7", "读卡"),
    ("F8", "待核实"),
    ("Ctrl+Delete", "删行"),
    ("Ctrl+Z", "撤销"),
)


class EntryPage(Page):
    """``opened``: {"household": id} goes on with one that stands; {"dwelling": id, "area": code} begins a new one there."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("登记住户", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self._sheet: Sheet | None = None
        self._args: dict[str, Any] = {}
        self._kept: dict[str, Any] | None = None
        self._next = self._saving = False
        self._turn = 0
        self.place = EntryPlace(self._find_place)
        self.table = EntryTable(office.forms["resident"], office.entry.line, rare_words)
        self.reader = CardReader()
        self.add_quiet(Button("读卡", self.reader.open_up, kind="quiet", icon="id", keys="F7"))
        self.next_button = Button("保存，登记下一户", self.save_and_next, keys="Ctrl+Shift+Return")
        self.add_quiet(self.next_button)
        self.save_button = self.set_primary("保存", self.save, icon="check", keys="Ctrl+Return")
        self.draft_line = DraftBar(self._discard)
        self.add(self.draft_line)
        self.add(self.place)
        self.add(self.reader)
        self.add(self._people(), 1)
        self._connect()
        self._beat = QTimer(self, interval=1000)
        self._beat.timeout.connect(self.keep)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        return [
            *super().actions,
            ("保存，登记下一户", "Ctrl+Shift+Enter", self.save_and_next),
            ("读身份证", "F7", self.reader.open_up),
        ]

    # -- coming and going -------------------------------------------------------------------------------------------------------

    def opened(self, args: Mapping[str, Any]) -> None:
        if self._sheet is not None and dict(args) == self._args:
            return
        if self._sheet is not None:
            self.keep()
        self._args = dict(args)
        self._open()

    def leaving(self) -> None:
        self.keep()

    def escape(self) -> bool:
        if self.reader.isVisible():
            self.reader.close_down()
            return True
        self.keep()
        return False

    def refresh(self, changed: Sequence[str]) -> None:
        sheet = self._sheet
        if sheet is None or sheet.new or (changed and not set(changed) & {"resident", "household"}):
            return
        self._jobs.run(lambda: self._office.entry.open(sheet.household), self._on_reread, lambda _error: None)

    # -- saving -----------------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save the household and go to where it stands in the registry."""
        self._save(and_next=False)

    def save_and_next(self) -> None:
        """Save the household and begin the next one in the same village."""
        self._save(and_next=True)

    def sheet(self) -> Sheet:
        """The household as it stands on the page."""
        assert self._sheet is not None
        sheet, values = self._sheet, self.place.values()
        typed = {
            name: value
            for name, value in values.items()
            if value != (sheet.stands.get(name) if not sheet.new else None) or name in sheet.typed
        }
        area = str(self.place.area.value() or "") or sheet.area
        place = (
            {"address": self.place.home.text().strip(), "grid": self.place.grid.value()} if sheet.new_dwelling else {}
        )
        return replace(sheet, area=area, typed=typed, place=place, lines=self.table.lines())

    def forget_sheet(self) -> None:
        """Let go of what stands here; no draft stays."""
        self._beat.stop()
        store, key = self._office.store, self._key()
        self._sheet, self._kept, self._args = None, None, {}
        self._jobs.run(lambda: store.drop_draft(key))

    def keep(self) -> None:
        """Keep what stands here as a draft, if it changed since it was kept."""
        if self._sheet is None or self._saving or not self._touched():
            return
        draft = {**self.sheet().packed(), "written": self.place.home.unpicked()}
        if draft == self._kept:
            return
        self._kept = draft
        store, key, record = self._office.store, self._key(), self._sheet.household
        self._jobs.run(lambda: store.keep_draft(key, "household", record, draft))

    def _touched(self) -> bool:
        lines = self.table.lines()
        if self._kept or any(not line.blank and (line.known == NEW or line.typed) for line in lines):
            return True
        sheet = self.sheet()
        chosen = sheet.new and sheet.dwelling and sheet.dwelling != self._args.get("dwelling")
        return bool(sheet.typed or chosen or self.place.home.unpicked())

    def _save(self, *, and_next: bool) -> None:
        if self._sheet is None or self._saving:
            return
        self._settle()
        sheet, key = self.sheet(), self._key()
        self._saving, self._next = True, and_next
        self.save_button.refuse("正在保存")

        def work() -> Entered:
            entered = self._office.entry.save(sheet)
            if entered.ok:
                self._office.store.drop_draft(key)
            return entered

        self._jobs.run(work, partial(self._on_saved, sheet), self._on_failed)

    def _settle(self) -> None:
        now = self.focusWidget()
        for row in self.table.rows:
            for name, cell in row.cells.items():
                if cell is now:
                    row.settle(name)

    def _on_saved(self, sheet: Sheet, entered: Entered) -> None:
        self._saving = False
        self.save_button.refuse("")
        if not entered.ok:
            self._show_faults(entered.faults)
            return
        self._sheet, self._kept = None, None
        count = entered.new + entered.came
        said = [f"登记 {entered.new} 人" if entered.new else "", f"移入 {entered.came} 人" if entered.came else ""]
        said.append(f"改了 {entered.changed} 人" if entered.changed else "")
        told = "，".join(part for part in said if part) or "户的内容已存"
        self.said.emit(f"已存本机：{told}" if count or entered.changed else "已存本机", None)
        if self._next:
            self._args = {"area": sheet.area}
            self._open()
            return
        self._beat.stop()
        self.go.emit("registry", {"form": "household", "id": entered.household})

    def _on_failed(self, error: Exception) -> None:
        self._saving = False
        self.save_button.refuse("")
        self.place.say(spoken(error), "orange")

    def _show_faults(self, faults: Sequence[CellFault]) -> None:
        home = [fault for fault in faults if fault.row == HOUSEHOLD]
        self.table.show_faults([fault for fault in faults if fault.row != HOUSEHOLD])
        self.count.setText(f"有 {len(faults)} 处要改，什么都还没有存")
        self.place.show_faults(home)

    # -- opening ----------------------------------------------------------------------------------------------------------------

    def _open(self, *, forget_draft: bool = False) -> None:
        self._turn += 1
        self._sheet = None
        # Who types on at once types into the empty field of the dwelling: no key is lost while the store is read.
        self.table.setEnabled(False)
        self.place.home.setEnabled(True)
        self.place.home.set_target(None)
        if not self._args.get("household"):
            self.place.home.setFocus()
        office, args, key = self._office, self._args, self._key()
        self._jobs.run(
            lambda: read_entry(office, args, key, forget_draft=forget_draft),
            partial(self._on_opened, self._turn),
            self._on_failed,
        )

    def _on_opened(self, turn: int, found: OpenedEntry) -> None:
        if turn != self._turn:
            return
        sheet, target = found.sheet, found.home
        picked, typed = self.place.home.target(), self.place.home.unpicked()
        self._sheet = sheet
        self._kept = {**sheet.packed(), "written": found.written} if found.kept else None
        self.set_title("登记住户" if sheet.new else f"{sheet.stands.get('head_name') or '未填户主'}户")
        self.draft_line.setVisible(found.kept)
        self.place.say("")
        self.place.show_faults(())
        self.place.area.show_choices(found.areas)
        self.place.area.set_value(sheet.area or None)
        self.place.ask("area", wanted=len(found.areas) > 1)
        self.place.home.set_target(target)
        if target is None and (written := found.written or sheet.place.get("address")):
            self.place.home.setText(str(written))
        self.place.home.setEnabled(sheet.new or not sheet.dwelling)
        self.place.show_values({**sheet.stands, **sheet.typed})
        self._show_home(target)
        self.table.forget()
        self.table.show_lines(sheet.lines if sheet.lines and not sheet.lines[0].blank else ())
        self._count()
        self.table.setEnabled(True)
        self._beat.start()
        if sheet.new_dwelling:
            self._ask_grids(str(sheet.place.get("grid") or ""))
        if sheet.new and not found.kept and (picked is not None or typed):
            self.place.home.go_on(picked, typed)
        elif target is None and not sheet.new_dwelling and sheet.new:
            self.place.home.setFocus()
        else:
            self.table.begin()

    def _on_reread(self, now: Sheet) -> None:
        """What came in meanwhile: untouched rows follow, touched ones keep what was on the screen and say so."""
        if self._sheet is None or self._sheet.household != now.household:
            return
        standing = {line.id: line for line in now.lines}
        for row in self.table.rows:
            fresh = standing.pop(row.line.id, None)
            if fresh is None or fresh.stands == row.line.stands:
                continue
            if row.line.typed:
                row.hint("别处刚改过这个人；您改的照存，两边不同的以后由您定用哪个。")
            else:
                row.show_line(fresh)
        if standing:
            lines = [line for line in self.table.lines() if not line.blank]
            self.table.show_lines([*lines, *(line for line in now.lines if line.id in standing)])
        self._sheet = replace(self._sheet, lines=now.lines)

    def _discard(self) -> None:
        self._kept = None
        self._sheet = None
        self._open(forget_draft=True)

    def _key(self) -> str:
        return f"entry:{self._args.get('household') or 'new'}"

    # -- the dwelling -----------------------------------------------------------------------------------------------------------

    def _find_place(self, text: str, show: Callable[[Sequence[Target]], None]) -> None:
        area, office = str(self.place.area.value() or ""), self._office
        self._jobs.run(lambda: [target_of(office, place) for place in office.entry.dwellings(text, area)], show)

    def _on_picked(self, target: Target | None) -> None:
        if self._sheet is None:
            return
        new = target is not None and target.id == NEW_PLACE
        dwelling = self._office.entry.line().id if new else target.id if target else ""
        area = target.area if target is not None and not new else self._sheet.area
        self._sheet = replace(self._sheet, dwelling=dwelling, new_dwelling=new, area=area)
        if target is not None and not new:
            self.place.area.set_value(target.area)
        self._show_home(target)
        if new:
            self._ask_grids("")

    def _show_home(self, target: Target | None) -> None:
        assert self._sheet is not None
        known = target is not None and target.id != NEW_PLACE
        self.place.lock(locked=known or not self._sheet.new)
        self.place.ask("grid", wanted=self._sheet.new_dwelling)
        self.table.place_address = target.title if target is not None else ""
        self.neighbours.show_living(())
        if known and target is not None and self._sheet.new:
            self._jobs.run(lambda: self._office.entry.living_at(target.id), self.neighbours.show_living)

    def _ask_grids(self, now: str) -> None:
        area = str(self.place.area.value() or "")

        self._jobs.run(lambda: self._office.entry.grids(area), partial(self.place.show_grids, now))

    # -- the people -------------------------------------------------------------------------------------------------------------

    def _look_up(self, record_id: str, number: str) -> None:
        self._jobs.run(
            lambda: self._office.entry.same_person(number),
            partial(self.table.offer, record_id, number),
            lambda _error: None,
        )

    def _take(self, record_id: str, known: Known) -> None:
        row = self.table.row_of(record_id)
        typed = dict(row.line.typed) if row is not None else {}
        self._jobs.run(lambda: self._office.entry.comes(known.id, typed), partial(self.table.replace_line, record_id))

    def _on_cards(self, cards: Sequence[Any]) -> None:
        for card in cards:
            self.table.fill_card(card)
        self.reader.field.setFocus()

    def _count(self) -> None:
        people = sum(not line.blank for line in self.table.lines())
        self.count.setText(f"{people} 人" if people else "先选房屋，再逐人录入；身份证可以刷卡或粘贴")

    # -- building ---------------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.place.picked.connect(self._on_picked)
        self.place.area_picked.connect(self._on_area)
        self.place.ended.connect(self.table.begin)
        self.table.changed.connect(self._count)
        self.table.number_told.connect(self._look_up)
        self.table.take_asked.connect(self._take)
        self.table.ended.connect(self.save_button.setFocus)
        self.table.reader_began.connect(self.reader.open_up)
        self.table.said.connect(lambda text: self.said.emit(text, None))
        self.reader.read.connect(self._on_cards)
        self.reader.closed.connect(self.table.begin)

    def _on_area(self, code: str) -> None:
        if self._sheet is not None:
            self._sheet = replace(self._sheet, area=code)
            if self._sheet.new_dwelling:
                self._ask_grids("")

    def _people(self) -> Card:
        card = Card(flush=True)
        self.neighbours = Neighbours()
        self.neighbours.chosen.connect(lambda household: self.go.emit("household_entry", {"household": household}))
        card.add(self.neighbours)
        card.add(self.table, 1)
        foot = QFrame()
        foot.setObjectName("footer")
        line = QHBoxLayout(foot)
        line.setContentsMargins(12, 4, 12, 4)
        line.setSpacing(12)
        self.count = Elided("", "13", "text-2")
        line.addWidget(self.count, 1)
        for keys, said in _HINTS:
            line.addWidget(KeyHint(keys, said))
        card.add(foot)
        return card

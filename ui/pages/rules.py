"""日历与分类: the working calendar of a year as a table that can be edited into a file for the county, and the catalogue of classes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.errors import KnownError
from app.rules.calendar_sheet import CalendarSheet, Stretch
from app.services.ruling import text_of
from ui.forms.act import ActDialog, Work
from ui.forms.choices import ChoiceEntry
from ui.lists import Column, RecordTable
from ui.page import Page
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.dates import DateEntry, china_today
from ui.pieces.empty import EmptyState
from ui.pieces.filters import FilterButton, SearchField
from ui.pieces.tabs import Tabs
from ui.pieces.text import Elided

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_WEEK = "一二三四五六日"
_KINDS = {"off": "放假", "works": "上班"}
_HOURS = ("08:30-12:00", "14:00-17:30")
_CHECKED = {"no": "还没有核对", "yes": "已照当年通知核对"}
_DEPTH = "　　"
_FILE = "TOML (*.toml)"


def ask_target(parent: QWidget, name: str) -> str:
    """Where the file shall be; empty where the person thinks better of it."""
    return QFileDialog.getSaveFileName(parent, "存为文件", str(Path.home() / name), _FILE)[0]


@dataclass(frozen=True)
class Opened:
    """A year as the page shows it. ``sheet``: the edited one, where there is one; ``base``: the text that it was made of, "" where there is none.

    ``behind``: the county has sent another since.
    """

    year: int
    sheet: CalendarSheet | None
    base: str
    edited: bool = False
    behind: bool = False


class RulesPage(Page):
    """``opened``: {"tab": "calendar" or "classes", "year": 2026}. An edited year is a draft until the county has put it, or nobody wants it."""

    def __init__(self, office: Office, jobs: Jobs, ask: Callable[[QWidget, str], str] = ask_target) -> None:
        super().__init__("日历与分类", back=True, dense=True)
        self._office, self._jobs, self._ask = office, jobs, ask
        self._may = office.gate.decide("configure", "", None).allowed
        self._year = china_today().year
        self._held: Opened | None = None
        self._turn = 0
        self.dialog: ActDialog | None = None
        self.tabs = Tabs([("calendar", "工作日历", None), ("classes", "事件分类", None)], "calendar")
        self.tabs.picked.connect(lambda _key: self._show())
        self.add_beside(self.tabs)
        self.years = FilterButton("年份", [])
        self.years.picked.connect(self._on_year)
        self.search = SearchField("类别、别名", 190)
        self.search.searched.connect(lambda _text: self._show())
        self.more = Button("加一段", self._add_stretch, icon="plus", keys="Ctrl+N")
        self.drop = Button("删去", self._drop, keys="Ctrl+Delete")
        self.hours = Button("改上班时间", self._ask_hours, kind="link", small=True)
        self.forget = Button("放弃改动", self._forget, kind="link", small=True, tip="回到县中心下发的")
        self.file = Button("存为文件", self._save, icon="download")
        for thing in (self.years, self.search, self.more, self.drop, self.file):
            self.add_quiet(thing)
        self.said_line = Elided("", tone="text-2")
        self.calendar = RecordTable(
            [
                Column("name", "名称", 160, stretch=True, least=120, strong=True, sortable=False),
                Column("kind", "安排", 90, role="chip", sortable=False),
                Column("first", "从", 150, sortable=False),
                Column("last", "到", 150, sortable=False),
                Column("days", "天数", 80, "right", sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="段",
            hints=[("Return", "修改")] if self._may else [],
            empty=EmptyState("calendar", "这一年还没有日历", "没有日历的年份按周一到周五上班算；请县中心下发。"),
        )
        self.calendar.opened.connect(self._edit)
        self.classes = RecordTable(
            [
                Column("label", "类别", 300, strong=True, sortable=False),
                Column("aliases", "也叫", stretch=True, least=160, tone="text-2", sortable=False),
                Column("limit", "处置期限", 150, sortable=False),
                Column("code", "代码", 220, tone="text-3", spare=1, sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="类",
            empty=EmptyState("search", "没有这样的类别", "换一个说法试试。"),
        )
        self.search.left_down.connect(self.classes.view.setFocus)
        card = Card(flush=True)
        line = card.add_line(self.said_line, self.forget, self.hours)
        line.setStretch(0, 1)
        line.setContentsMargins(12, 8, 12, 8)
        card.add_rule()
        card.add(self.calendar, 1)
        card.add(self.classes, 1)
        self.add(card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        if args.get("tab"):
            self.tabs.pick(str(args["tab"]))
        year = int(args.get("year") or self._year)
        if year != self._year:
            self._year, self._held = year, None
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed:
            self._load(focus=False)

    # -- the calendar -----------------------------------------------------------------------------------------------------------

    @property
    def _sheet(self) -> CalendarSheet | None:
        return self._held.sheet if self._held is not None else None

    def _key(self, year: int) -> str:
        return f"calendar:{self._office.session.user}:{year}"

    def _load(self, *, focus: bool = True) -> None:
        years = sorted(self._office.cases.rules.limits.calendar.years)
        if self._may and years:
            # The next year can be begun before the program brings it.
            years.append(years[-1] + 1)
        self.years.show_choices([(year, f"{year} 年") for year in years])
        self._turn += 1
        turn, year = self._turn, self._year
        self._jobs.run(lambda: self._read(year), lambda found: self._on_read(turn, found, focus=focus))

    def _read(self, year: int) -> Opened:
        store, key = self._office.store, self._key(year)
        text = text_of(store, f"calendar_{year}")
        if self._may and (draft := store.draft(key)):
            edited = CalendarSheet.read(year, draft["text"])
            if not text or edited != CalendarSheet.read(year, text):
                return Opened(year, edited, draft["base"], edited=True, behind=draft["base"] != text)
            store.drop_draft(key)  # the county has put it
        if text:
            return Opened(year, CalendarSheet.read(year, text), text)
        return Opened(year, CalendarSheet(year, False, "", _HOURS) if self._may else None, "")

    def _on_read(self, turn: int, held: Opened, *, focus: bool) -> None:
        if turn != self._turn:
            return  # another year was picked meanwhile, or this one was edited
        self._held = held
        self._show()
        if focus:
            (self.classes if self.tabs.now() == "classes" else self.calendar).view.setFocus()

    def _on_year(self, key: object) -> None:
        self._year, self._held = int(str(key)) if key else china_today().year, None
        self._load()

    def _show(self) -> None:
        calendar = self.tabs.now() == "calendar"
        self.years.setVisible(calendar)
        self.calendar.setVisible(calendar)
        for button in (self.more, self.drop, self.hours, self.file):
            button.setVisible(calendar and self._may and self._sheet is not None)
        self.forget.setVisible(calendar and self._held is not None and self._held.edited)
        self.search.setVisible(not calendar)
        self.classes.setVisible(not calendar)
        if calendar:
            self._show_calendar()
        else:
            self._show_classes()

    def _show_calendar(self) -> None:
        held, sheet = self._held, self._sheet
        self.set_title("日历与分类", f"{self._year} 年")
        if held is None:
            self.said_line.setText("")
            self.calendar.show_rows(0, lambda _offset, _limit, _order: [])
            return
        if sheet is None:
            self.said_line.setText("这一年还没有日历，按周一到周五上班算期限。")
            self.calendar.show_rows(0, lambda _offset, _limit, _order: [])
            return
        state = "县中心已核对" if sheet.confirmed else "还没有经县中心核对"
        hours = "、".join(sheet.hours)
        text = f"上班时间 {hours}；{state}。{sheet.source}"
        if held.edited:
            came = "县中心又下发了一份，这里仍是您改的。" if held.behind else ""
            text = (
                f"{came}还没有生效：存为文件，请县中心管理员运行 township county rules put，各台电脑下次同步时照它算。"
            )
        self.said_line.setText(text)
        rows = [
            {
                "id": place,
                "name": one.name,
                "kind": _KINDS["works" if one.works else "off"],
                "first": _day(one.first),
                "last": _day(one.last),
                "days": f"{one.days}",
            }
            for place, one in enumerate(sheet.stretches)
        ]
        self.calendar.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])

    def _add_stretch(self) -> None:
        if self._sheet is not None:
            self._ask_stretch(Stretch("", dt.date(self._year, 1, 1), dt.date(self._year, 1, 1)), None)

    def _edit(self, key: object) -> None:
        if self._may and self._sheet is not None and isinstance(key, int):
            self._ask_stretch(self._sheet.stretches[key], key)

    def _ask_stretch(self, held: Stretch, place: int | None) -> None:
        opened = self._held
        if opened is None or (sheet := opened.sheet) is None:
            return
        name = QLineEdit(held.name)
        kind = ChoiceEntry(list(_KINDS.items()))
        kind.set_value("works" if held.works else "off")
        first, last = DateEntry(held.first.isoformat()), DateEntry(held.last.isoformat())

        def prepare() -> Work | str:
            begins, ends = first.value(), last.value()
            if not begins or not ends:
                return str(KnownError("rules.stretch_wrong", year=sheet.year))
            days = dt.date.fromisoformat(begins), dt.date.fromisoformat(ends)
            made = Stretch(name.text().strip(), *days, works=kind.value() == "works")
            return lambda: sheet.with_stretch(made, place)

        take = partial(self._take, opened)
        self.dialog = ActDialog(self, self._jobs, "放假或调休", f"{sheet.year} 年", "好", prepare, take)
        for label, field in (("名称", name), ("安排", kind), ("从", first), ("到", last)):
            self.dialog.ask(label, field)
        self.dialog.begin()

    def _ask_hours(self) -> None:
        opened = self._held
        if opened is None or (sheet := opened.sheet) is None:
            return
        first, second = (*sheet.hours, "", "")[:2]
        morning, afternoon, source = QLineEdit(first), QLineEdit(second), QLineEdit(sheet.source)
        checked = ChoiceEntry(list(_CHECKED.items()))
        checked.set_value("yes" if sheet.confirmed else "no")

        def prepare() -> Work | str:
            spans = [morning.text(), afternoon.text(), *sheet.hours[2:]]
            confirmed, said = checked.value() == "yes", source.text()
            return lambda: sheet.with_hours(spans, said, confirmed=confirmed)

        text = "两段之间是午休，不算办理时间。只有一段的，下午留空。"
        take = partial(self._take, opened)
        self.dialog = ActDialog(self, self._jobs, f"{sheet.year} 年上班时间", text, "好", prepare, take)
        for label, field in (("上午", morning), ("下午", afternoon), ("依据", source), ("核对", checked)):
            self.dialog.ask(label, field)
        self.dialog.begin()

    def _take(self, opened: Opened, sheet: CalendarSheet) -> None:
        """*sheet* stands in the place of the one of *opened* from now on, on the page only where its year still shows."""
        key, draft = self._key(sheet.year), {"text": sheet.text(), "base": opened.base}
        self._jobs.run(lambda: self._office.store.keep_draft(key, "calendar", None, draft))
        if sheet.year == self._year:
            self._turn += 1
            self._held = replace(opened, sheet=sheet, edited=True)
            self._show()

    def _forget(self) -> None:
        key, held = self._key(self._year), self._held
        self._jobs.run(lambda: self._office.store.drop_draft(key))
        self._load()
        if held is not None and held.sheet is not None:
            self.said.emit(f"已放弃对 {self._year} 年日历的改动", partial(self._take, held, held.sheet))

    def _drop(self) -> None:
        key = self.calendar.current()
        opened = self._held
        if opened is not None and opened.sheet is not None and isinstance(key, int):
            self._take(opened, opened.sheet.without(key))
            told = f"已删去“{opened.sheet.stretches[key].name}”"
            self.said.emit(told, partial(self._take, opened, opened.sheet))

    def _save(self) -> None:
        sheet = self._sheet
        target = self._ask(self, f"calendar_{sheet.year}.toml") if sheet else ""
        if sheet is None or not target:
            return

        def write() -> str:
            sheet.calendar()
            Path(target).write_text(sheet.text(), encoding="utf-8")
            return target

        self._jobs.run(write, lambda done: self.said.emit(f"已存到 {done}。请县中心管理员用它更新日历。", None))

    # -- the catalogue ----------------------------------------------------------------------------------------------------------

    def _show_classes(self) -> None:
        codes = self._office.forms.codes["event_class"]
        limits = self._office.cases.rules.limits
        text = self.search.text().strip()
        rows = []
        for item in codes.items:
            if text and not any(text in word for word in (item.label, item.code, *item.aliases)):
                continue
            limit = limits.limit("handle_due", "normal", item.code)
            depth = 0 if text else len(codes.path(item.code)) - 1
            rows.append(
                {
                    "id": item.code,
                    "label": _DEPTH * depth + item.label,
                    "aliases": "、".join(item.aliases),
                    "limit": limit.words() if limit else "",
                    "code": item.code,
                }
            )
        self.set_title("日历与分类", f"{len(codes.items)} 个类别")
        self.said_line.setText(
            f"{codes.title}：大类、中类、小类。登记时打名称、别名或拼音首字母就能找到。由县中心定，随同步下发。"
        )
        self.classes.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])


def _day(day: dt.date) -> str:
    return f"{day.month}月{day.day}日 周{_WEEK[day.weekday()]}"

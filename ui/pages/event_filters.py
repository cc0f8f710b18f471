"""The filters above the list of cases: what is picked, its choices, and those that a clerk keeps by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.services.case_lists import CaseFilter
from ui.jobs import Jobs
from ui.page import Page
from ui.pages.event_read import SPANS, TIMES, EventChoices, class_tree, read_choices, span_of, times_tree
from ui.pages.event_times import SpanDialog
from ui.pages.kept_filters import KeptFilters
from ui.pieces.buttons import IconButton
from ui.pieces.dates import china_today
from ui.pieces.filters import FilterButton, SearchField, TreeFilter

if TYPE_CHECKING:
    from app.services.office import Office


class EventFilters(QObject):
    """Buttons that the page puts into its line; ``now`` is what they say. Signals ``changed``, ``read_again(EventChoices)``."""

    changed = Signal()
    read_again = Signal(object)

    def __init__(self, page: Page, office: Office, jobs: Jobs) -> None:
        super().__init__(page)
        self._page, self._office, self._jobs = page, office, jobs
        self.now = CaseFilter()
        self.kept = KeptFilters(
            page,
            jobs,
            save=office.case_lists.keep,
            remove=office.case_lists.filters.forget,
            read=self.read,
            now=lambda: self.now,
            use=self.use,
            nothing=CaseFilter(),
        )
        codes, rules = office.forms.codes, office.cases.rules
        self.search = SearchField("编号、标题、地点", 180)
        self.times = TreeFilter("时间", times_tree())
        self.times.picked.connect(self._on_time)
        self.kinds = TreeFilter("类别", class_tree(codes["event_class"]))
        self.kinds.picked.connect(lambda key: self.set(category=str(key or "")))
        self.areas = FilterButton("村（社区）", [])
        self.areas.picked.connect(lambda key: self.set(area=str(key or ""), grid=""))
        self.grids = FilterButton("网格", [])
        self.grids.picked.connect(lambda key: self.set(grid=str(key or "")))
        self.units = FilterButton("承办单位", [])
        self.units.picked.connect(lambda key: self.set(unit=str(key or "")))
        self.states = FilterButton("状态", [(code, state.label) for code, state in rules.states.items()])
        self.states.picked.connect(lambda key: self.set(state=str(key or "")))
        self.button = IconButton("filter", "常用筛选", menu=self.kept.menu)
        self.line = (self.search, self.times, self.kinds, self.areas, self.grids, self.units, self.states)
        self.grids.hide()
        self.states.hide()

    def begin(self, filter: CaseFilter) -> None:  # noqa: A002
        """Show *filter*; the page reads its list itself."""
        self.now = filter
        self._show()

    def read(self) -> None:
        """Read the choices again, in the lane."""
        area = self.now.area
        self._jobs.run(lambda: read_choices(self._office, area), self._on_choices)

    def use(self, filter: CaseFilter) -> None:  # noqa: A002
        """Filter by *filter*."""
        self.now = filter
        self._show()
        self.read()
        self.changed.emit()

    def set(self, **picked: Any) -> None:
        """Pick something more, or something else."""
        now = replace(self.now, **picked)
        if now == self.now:
            return
        moved = now.area != self.now.area
        self.now = now
        if moved:
            self.grids.pick(None)
            self.read()
        self.changed.emit()

    def _on_choices(self, choices: EventChoices) -> None:
        self.areas.show_choices(choices.areas)
        self.grids.show_choices(choices.grids)
        self.grids.setVisible(bool(choices.grids))
        self.units.show_choices([(unit, unit) for unit in choices.units])
        self.kept.kept = choices.kept
        self.read_again.emit(choices)

    def _show(self) -> None:
        """Let the buttons say what the filter is; each tells `_set` what it holds already."""
        held = self.now
        self.search.blockSignals(True)
        self.search.setText(held.text)
        self.search.blockSignals(False)
        for button, value in (
            (self.kinds, held.category),
            (self.areas, held.area),
            (self.grids, held.grid),
            (self.units, held.unit),
            (self.states, held.state),
            (self.times, self._time_key(held)),
        ):
            button.blockSignals(True)
            button.pick(value or None)
            button.blockSignals(False)

    def _time_key(self, held: CaseFilter) -> object:
        """The choice that stands for the filter's time: a span of today, or one that was typed."""
        if not held.time:
            return None
        today = china_today()
        name = next((key for key, _words in SPANS if span_of(key, today) == (held.since, held.until)), "own")
        return held.time, name

    def _on_time(self, key: Any) -> None:
        if key is None:
            self.set(time="", since="", until="")
            return
        name, span = key
        if span != "own":
            since, until = span_of(span, china_today())
            self.set(time=name, since=since, until=until)
            return
        label = dict(TIMES)[name]
        before = self.now
        dialog = SpanDialog(
            self._page,
            f"{label}时间",
            lambda since, until: (self.set(time=name, since=since, until=until), self._show()),
            before.since if before.time == name else "",
            before.until if before.time == name else "",
        )
        dialog.rejected.connect(self._show)
        dialog.open()

"""The page of reports: the roll-up of one day by village, to be read and saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout

from app.exchange.documents.day_report import FIGURES
from ui.jobs import Jobs, Worker
from ui.lists import Cell, Column, RecordTable
from ui.page import Page
from ui.pages.case_words import spoken_day
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.dates import DateEntry, china_today
from ui.pieces.empty import EmptyState
from ui.pieces.figures import Figure, Figures
from ui.pieces.text import Elided, words

if TYPE_CHECKING:
    from app.services.office import Office

_KINDS = (
    (".xlsx", "存为 Excel", "file-spreadsheet"),
    (".docx", "存为 Word", "file-text"),
    (".pdf", "存为 PDF", "file-type-pdf"),
)


class ReportsPage(Page):
    """The day roll-up (日汇总); it counts cases and names no person."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: Callable[[Sequence[str]], Worker],
        today: Callable[[], dt.date] = china_today,
    ) -> None:
        super().__init__("统计报表", dense=True)
        self._office, self._jobs, self._worker = office, jobs, worker
        self.writing: Worker | None = None
        self._data: dict[str, Any] | None = None
        self._day = today()
        self.day = DateEntry(self._day.isoformat(), today)
        self.day.setAccessibleName("哪一天")
        self.day.changed.connect(self._on_day)
        self.add_beside(words("日汇总", tone="text-2"))
        self.add_beside(self.day)
        for kind, text, icon in _KINDS:
            self.add_quiet(Button(text, partial(self._choose, kind), kind="quiet", icon=icon))
        figures = Card("全镇", " ")
        self._whole = figures
        self._figures = Figures()
        figures.add(self._figures)
        self.add(figures)
        line = QHBoxLayout()
        line.setSpacing(12)
        card = Card("按村（社区）", flush=True)
        self.table = RecordTable(
            [Column("village", "村（社区）", stretch=True)]
            + [Column(code, label, 88, "right", sortable=False) for code, label in FIGURES.items()],
            lambda _offset, _limit, _order: (),
            footer=False,
            empty=EmptyState("chart-bar", "没有可以统计的村"),
        )
        card.add(self.table, 1)
        line.addWidget(card, 1)
        side = QVBoxLayout()
        side.setSpacing(12)
        self.urgent = Card("在办急件", " ")
        self.over = Card("已经超期", " ")
        for one in (self.urgent, self.over):
            self.add_side(one, 340, 270)
            side.addWidget(one)
        side.addStretch(1)
        line.addLayout(side)
        self.content.addLayout(line, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        if day := args.get("day"):
            self.day.set_value(str(day))
            self._day = dt.date.fromisoformat(str(day))
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def _on_day(self, iso: str | None) -> None:
        if iso:
            self._day = dt.date.fromisoformat(iso)
            self._load()

    def _load(self) -> None:
        day = self._day
        self._jobs.run(lambda: self._office.statistics.day(day), then=lambda data: self._show(day, data))

    def _show(self, day: dt.date, data: dict[str, Any]) -> None:
        if day != self._day:
            return
        self._data = data
        self._whole.title.setText(str(data["area_name"]))
        self._whole.note.setText(f"{day.year}年{spoken_day(day)}，零时到零时")
        held = data["indicators"]
        self._figures.show_figures(
            [
                Figure(_figure(held, code), label, "red" if code == "n_over_open" and _number(held, code) else "")
                for code, label in FIGURES.items()
            ]
        )
        rows = [
            {
                "id": village["area"],
                "village": village["name"],
                **{code: self._cell(village["indicators"], code) for code in FIGURES},
            }
            for village in data["villages"]
        ]
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit])
        for card, key, none in ((self.urgent, "urgent", "没有在办的急件。"), (self.over, "over", "没有超期的。")):
            self._show_cases(card, data[key], none)

    @staticmethod
    def _cell(indicators: Mapping[str, Any], code: str) -> Cell:
        number = _number(indicators, code)
        late = code == "n_over_open" and bool(number)
        return Cell(_figure(indicators, code), tone="red" if late else "" if number else "text-3", strong=late)

    @staticmethod
    def _show_cases(card: Card, cases: Sequence[Mapping[str, str]], none: str) -> None:
        card.clear()
        card.note.setText(f"{len(cases)} 件" if cases else "")
        if not cases:
            card.add(words(none, tone="text-3"))
        for case in cases[:6]:
            card.add_line(Elided(case["title"]), None, words(case["due"][5:] or "—", "12", "text-3"))
        if len(cases) > 6:
            card.add(words(f"还有 {len(cases) - 6} 件，存成文件时全部列出。", "12", "text-3"))

    def _choose(self, kind: str) -> None:
        if self._data is None:
            return
        name = f"日汇总-{self._data['area_name']}-{self._day.isoformat()}{kind}"
        chosen, _filter = QFileDialog.getSaveFileName(self, "存到哪里", str(Path.home() / name), f"*{kind}")
        if chosen:
            self.write(Path(chosen).with_suffix(kind))

    def write(self, out: Path) -> None:
        """Write the roll-up of the day that shows to *out*, in a worker process: laying out a page would stall the window."""
        self.writing = self._worker(["report", "day", "--at", self._day.isoformat(), str(out)])
        self.writing.finished.connect(lambda _said: self.said.emit(f"已存到 {out}", None))
        self.writing.failed.connect(lambda sentence: self.said.emit(sentence, None))
        self.writing.start()

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """Ctrl+K offers the ways to save."""
        return [(text, "", partial(self._choose, kind)) for kind, text, _icon in _KINDS]


def _number(indicators: Mapping[str, Any], code: str) -> float:
    return float((indicators.get(code) or {}).get("value") or 0)


def _figure(indicators: Mapping[str, Any], code: str) -> str:
    return f"{_number(indicators, code):,.0f}"

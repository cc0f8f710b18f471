"""Bringing outlines in from GeoJSON: what each feature comes to is shown first, then all of it is kept at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox

from app.errors import KnownError
from app.exchange.map.intake import CREATED, UNCHANGED, UPDATED, MapIntake, MapPlan
from ui.page import Page
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.facts import Fact, Facts
from ui.pieces.problems import Problem, ProblemList
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_DATUMS = {"cgcs2000": "CGCS2000", "wgs84": "WGS84", "as_given": "文件没有说明，按 CGCS2000 / WGS84 经纬度用"}


class MapImportPage(Page):
    """``opened``: {"path": file}."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("导入网格范围", back=True)
        self._office, self._jobs = office, jobs
        self._path = Path()
        self.plan: MapPlan | None = None
        self.go_button = self.set_primary("导入", self.apply, icon="file-import", keys="Ctrl+Return")
        self.go_button.refuse("还没有读完文件")
        self._card = Card("将要导入")
        self._facts = Facts()
        self._card.add(self._facts)
        self.create = QCheckBox("没有的网格同时新建")
        self.create.toggled.connect(lambda _on: self._read())
        self._card.add(self.create)
        self._card.add(words("坐标照文件原样保存，不换算、不纠偏。", "13", "text-3", wrap=True))
        self.add(self._card)
        self._below = Card("要看一看的", flush=True)
        self.problems = ProblemList()
        self._below.add(self.problems, 1)
        self.add(self._below, 1)
        self._failed = EmptyState("file-alert", "这个文件读不了")
        self.add(self._failed, 1)
        self._failed.hide()

    def opened(self, args: Mapping[str, Any]) -> None:
        if args.get("path"):
            self._path = Path(str(args["path"]))
            self.create.setChecked(False)
            self._read()

    def apply(self) -> None:
        """Keep what was planned."""
        plan = self.plan
        if plan is not None:
            self.go_button.refuse("正在保存")
            self._jobs.run(lambda: MapIntake(self._office).apply(plan), self._on_applied)

    def _read(self) -> None:
        path, create = self._path, self.create.isChecked()
        self.plan = None
        self.set_title("导入网格范围", path.name)
        self.go_button.refuse("还没有读完文件")
        self._jobs.run(lambda: MapIntake(self._office).plan(path, create=create), self._on_plan, failed=self._on_failed)

    def _on_plan(self, plan: MapPlan) -> None:
        self.plan = plan
        self._failed.hide()
        self._card.show()
        self._below.show()
        wanted = plan.count(CREATED) + plan.count(UPDATED)
        facts: list[Fact | tuple[str, Any]] = [
            ("图形", f"{len(plan.lines)} 个"),
            (
                "新画范围",
                f"{plan.count(CREATED)} 个网格" + (f"，其中新建网格 {len(plan.grids)} 个" if plan.grids else ""),
            ),
            ("改动范围", f"{plan.count(UPDATED)} 个网格"),
            ("没有变化", f"{plan.count(UNCHANGED)} 个网格"),
            Fact("不导入", f"{len(plan.refused)} 个图形", "orange" if plan.refused else ""),
            ("坐标系", _DATUMS.get(plan.datum, plan.datum)),
        ]
        self._facts.show_facts(facts)
        self.problems.show_problems(
            [
                Problem(f"第 {line.number} 个", line.title, message, line.number)
                for line in plan.lines
                for _code, message in line.notes
            ]
        )
        self._below.setVisible(any(line.notes for line in plan.lines))
        self.go_button.refuse("" if wanted else "没有可导入的范围")

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, KnownError):
            raise error
        self._card.hide()
        self._below.hide()
        self._failed.text.setText(str(error))
        self._failed.show()

    def _on_applied(self, changed: list[str]) -> None:
        self.said.emit(f"已导入 {len(changed)} 个网格的范围，已存本机。", None)
        self.go.emit("map", {})

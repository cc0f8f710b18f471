"""覆盖检查: what is looked after by nobody or hangs nowhere, kind by kind; each finding opens its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from app.services.coverage import KINDS, Finding, Findings
from ui.lists import Column, RecordTable
from ui.page import Page
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.filters import FilterButton
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_WORDS = {
    "no_grid": "房无网格",
    "no_dwelling": "户无房屋",
    "unplaced": "人未落户",
    "no_contact": "户无联系人",
    "many": "联系过多",
    "heads": "户主不清",
    "empty": "空户",
    "ended": "销户有人",
    "grids": "网格",
}


class CoveragePage(Page):
    """``opened``: {"kind": one of KINDS, "area": code}."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("覆盖检查", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self._area, self._turn, self._lead = "", 0, False
        self._found: dict[str, Findings] = {}
        self._names: dict[str, str] = {}
        self.areas = FilterButton("村（社区）", [])
        self.areas.picked.connect(self._on_area)
        self.add_quiet(self.areas)
        self.tabs = Tabs([(kind, _WORDS[kind], None) for kind in KINDS])
        self.tabs.picked.connect(self._on_picked)
        self.table = RecordTable(
            [
                Column("title", "名称", stretch=True, least=160, strong=True, sortable=False),
                Column("words", "哪里不对", 300, sortable=False),
                Column("note", "地址", 260, tone="text-2", spare=1, sortable=False),
                Column("area", "村（社区）", 120, tone="text-2", spare=2, sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="处",
            hints=[("Return", "打开")],
            empty=EmptyState("circle-check", "这一项没有问题", "人、户、房、网格都挂得上。"),
        )
        self.table.opened.connect(self._open)
        card = Card(flush=True)
        line = card.add_line(self.tabs, None)
        line.setContentsMargins(8, 6, 12, 6)
        card.add_rule()
        card.add(self.table, 1)
        self.add(card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        if args.get("area"):
            self._area = str(args["area"])
        kind = str(args.get("kind") or self.tabs.now())
        self._lead = not args.get("kind")  # to what there is to be done, where nothing else was asked for
        if kind != self.tabs.now():
            self.tabs.pick(kind)
        self._jobs.run(self._read_areas, self._on_areas)
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or {"resident", "household", "dwelling", "grid"} & set(changed):
            self._load()

    def _read_areas(self) -> tuple[list[tuple[str, str]], dict[str, str]]:
        return villages(self._office), {area["code"]: area["name"] for area in self._office.store.areas()}

    def _on_areas(self, found: tuple[list[tuple[str, str]], dict[str, str]]) -> None:
        choices, self._names = found
        self.areas.show_choices(choices)
        self._show()

    def _on_picked(self, _kind: object) -> None:
        self._lead = False
        self._show()

    def _on_area(self, key: object) -> None:
        self._area = str(key or "")
        self._load()

    def _load(self) -> None:
        # Kind by kind: each reading of a large county stays short, and the lane is free for others between them.
        self._turn += 1
        turn, area, office = self._turn, self._area, self._office
        for kind in KINDS:
            self._jobs.run(partial(office.coverage.of, kind, area), partial(self._on_found, turn))

    def _on_found(self, turn: int, found: Findings) -> None:
        if turn != self._turn:
            return
        self._found[found.kind] = found
        self.tabs.show_counts({kind: held.total or None for kind, held in self._found.items()})
        if found.kind == self.tabs.now():
            self._show()
        if len(self._found) == len(KINDS):
            total = sum(held.total for held in self._found.values())
            self.set_title("覆盖检查", f"共 {total:,} 处要补" if total else "没有要补的")
            self._lead_on()

    def _lead_on(self) -> None:
        lead, self._lead = self._lead, False
        first = next((kind for kind in KINDS if self._found[kind].total), "")
        if lead and first and not self._found[self.tabs.now()].total:
            self.tabs.pick(first)
            self._show()
            self.table.view.setFocus()

    def _show(self) -> None:
        found = self._found.get(self.tabs.now())
        lines = [self._line(number, finding) for number, finding in enumerate(found.findings if found else ())]
        whole = found.total if found is not None else 0
        self.table.show_rows(len(lines), lambda offset, limit, _order: lines[offset : offset + limit], whole=whole)
        if not lines and self.table.isVisible():
            self.areas.setFocus()

    def _line(self, number: int, finding: Finding) -> dict[str, Any]:
        return {
            "id": number,
            "title": finding.title,
            "words": finding.words,
            "note": finding.note,
            "area": self._names.get(finding.area, ""),
        }

    def _open(self, key: object) -> None:
        found = self._found.get(self.tabs.now())
        if found is None or not isinstance(key, int):
            return
        finding = found.findings[key]
        if finding.form == "grid":
            self.go.emit("grids", {"id": finding.id})
        elif finding.kind in ("no_grid", "no_dwelling", "no_contact"):
            self.go.emit("record", {"form": finding.form, "id": finding.id})
        else:
            self.go.emit("registry", {"form": finding.form, "id": finding.id})


def villages(office: Office) -> list[tuple[str, str]]:
    """(code, name) of the villages and communities that this user holds; read in the lane."""
    divisions, held = office.gate.divisions(), office.session.areas
    return [
        (area["code"], area["name"])
        for area in office.store.areas()
        if area["level"] in ("village", "community") and divisions.any_covers(held, area["code"])
    ]

"""Who changes by an import, and whom the register has and the roster hasn't: told apart, nobody deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.lists import BatchAction, Column, RecordTable
from ui.pieces.empty import EmptyState
from ui.pieces.text import words


class ChangedRows(RecordTable):
    """``show_changed(rows)``: who is there already, and what the sheet says otherwise. Enter opens."""

    def __init__(self) -> None:
        super().__init__(
            [
                Column("name", "姓名", 130, strong=True, sortable=False),
                Column("change", "原来 → 表里", stretch=True, sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            empty=EmptyState("check", "没有要改的", "表里的人，要么是新的，要么与登记的一样。"),
        )

    def show_changed(self, rows: Sequence[Mapping[str, Any]], total: int) -> None:
        """Show *rows*, of *total* that change."""
        self.show_rows(
            len(rows), lambda offset, limit, _order: [_line(row) for row in rows[offset : offset + limit]], whole=total
        )


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    said = [f"{label}：{was or '（空）'} → {now or '（空）'}" for label, was, now in row["fields"]]
    return {"id": row["id"], "name": row["name"], "change": "；".join(said)}


class AbsentRows(QWidget):
    """``show_absent(rows, total)``. Signals ``opened(id)``, ``doubted(ids)``: these are to be looked after."""

    opened = Signal(object)
    doubted = Signal(list)

    def __init__(self, *, may_edit: bool) -> None:
        super().__init__()
        self.table = RecordTable(
            [
                Column("name", "姓名", 122, strong=True, sortable=False),
                Column("number", "身份号码", 160, tone="text-2", sortable=False, spare=2),
                Column("household", "户", 84, tone="text-2", sortable=False, spare=1),
                Column("address", "住处", stretch=True, sortable=False),
                Column("presence", "人户状态", 92, tone="text-2", sortable=False),
            ],
            lambda _offset, _limit, _order: [],
            unit="人",
            batch=[BatchAction("标为待核实", self.doubted.emit)] if may_edit else (),
            hints=[("Enter", "打开人员卡")],
            empty=EmptyState("check", "没有少人", "登记里的人，名册里都有；或者名册只写了一部分人，比不出来。"),
        )
        self.table.opened.connect(self.opened)
        said = words(
            "名册里没有的人一个也不删。请逐人核实：搬走的在人员卡上办迁出，去世的办死亡，漏写的告诉做表的人；一时弄不清的勾上，标为待核实。",
            tone="text-2",
            wrap=True,
        )
        said.setContentsMargins(12, 6, 12, 8)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.table, 1)
        body.addWidget(said)

    def show_absent(self, rows: Sequence[Mapping[str, Any]], total: int) -> None:
        """Show *rows*, of *total* who are missing."""
        self.table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit], whole=total)

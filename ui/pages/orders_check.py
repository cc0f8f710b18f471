"""The second step of an import of orders: columns and values on the left, what is new, changed, to be decided or faulty on the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QMenu, QStackedWidget, QWidget

from ui.lists import Cell, Column, RecordTable
from ui.pages.import_check import lay_out
from ui.pages.import_columns import ColumnMatches
from ui.pages.import_read import ColumnLine
from ui.pages.orders_values import ValueMatches
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.figures import Figure, Figures
from ui.pieces.tabs import Tabs
from ui.pieces.text import Elided, words

NEW, CHANGED, WAITING, PROBLEMS = "new", "changed", "waiting", "problems"
_KEYS = (NEW, CHANGED, WAITING, PROBLEMS)
_DOS = {"": "还没定，先不动", "reopen": "重新办理", "note": "只记一笔，不重办"}


class OrdersCheck(QWidget):
    """``show_preview(document, file)``. Signals ``matched(heading, target)``, ``valued(target, word, code)``, ``decided()``, ``report_wanted``."""

    matched = Signal(str, str)
    valued = Signal(str, str, str)
    decided = Signal()
    report_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.chosen: dict[tuple[str, int], str] = {}
        self._waiting: list[Mapping[str, Any]] = []
        self.file_line = Elided("", strong=True)
        self.rows_line = Elided("", tone="text-2")
        head = Card()
        line = head.add_line(self.file_line, self.rows_line, words("只在本机读取，尚未改动任何数据", "13", "text-3"))
        line.setStretch(1, 1)
        self.figures = Figures([])
        lay_out(self, head, self.figures, self._matches(), self._rows())

    def wait(self) -> None:
        """Say that the rows are being looked at anew."""
        self.rows_line.setText("正在重新核对…")

    def show_preview(self, said: Mapping[str, Any], file: str) -> None:
        """Show what an import would do."""
        shown = said["preview"]
        refused, found = said["refused_rows"], said["refused_rows"] + said["flagged_count"]
        self.file_line.setText(file)
        self.rows_line.setText(f"{said['source']}，{said['rows']:,} 行工单")
        self.figures.show_figures(
            [
                Figure(f"{said['created']:,}", "新增（件）"),
                Figure(f"{said['updated']:,}", "有变化"),
                Figure(f"{said['unchanged']:,}", "没有变化"),
                Figure(f"{said['waiting']:,}", "已办结、来源又打开", "orange" if said["waiting"] else ""),
                Figure(f"{refused:,}", "不导入（行），其余照常", "orange" if refused else ""),
            ]
        )
        columns = [ColumnLine(c["heading"], c["sample"], c["target"], c["how"]) for c in shown["columns"]]
        self.columns.show_columns(columns, [(name, label) for name, label in shown["targets"]])
        self.values.show_values(shown["values"], shown["lists"])
        unmatched = sum(
            one["how"] == "none" and one["target"] in {"class", "urgency", "unit"} for one in shown["values"]
        )
        self.sides.show_counts({"values": unmatched or None})
        self._waiting = list(shown["waiting"])
        there = {(one["sheet"], one["row"]) for one in self._waiting}
        # What was decided leaves the list of what waits, and stays decided.
        self.chosen = {key: do for key, do in self.chosen.items() if do or key in there}
        _show(self.new, [_new(one) for one in shown["new"]], said["created"])
        _show(self.changed, [_changed(one) for one in shown["changed"]], said["updated"])
        _show(self.waiting, [self._wait_row(one) for one in self._waiting], len(self._waiting))
        _show(
            self.problems,
            [_problem(n, one) for n, one in enumerate(shown["problems"])],
            found,
        )
        counts = {
            NEW: said["created"], CHANGED: said["updated"], WAITING: said["waiting"],
            PROBLEMS: found,
        }  # fmt: skip
        self.tabs.show_counts({key: count or None for key, count in counts.items()})
        self.report_button.setVisible(bool(counts[PROBLEMS]))
        if not self._picked:
            self.pick(WAITING if self._waiting else PROBLEMS if refused else NEW)

    def forget(self) -> None:
        """Another file: nothing of what was chosen counts any more."""
        self.chosen.clear()
        self._picked = False
        self.pick_side("columns")

    def rows(self) -> list[dict[str, Any]]:
        """What was decided of single rows, as ``--choices`` takes it."""
        return [{"sheet": sheet, "row": row, "do": do} for (sheet, row), do in self.chosen.items() if do]

    def pick(self, key: str) -> None:
        """Show one of the lists."""
        self.tabs.pick(key)
        self._on_tab(key)

    def pick_side(self, key: str) -> None:
        """Show the columns or the values of the source."""
        self.sides.pick(key)
        self._on_side(key)

    def ask(self) -> None:
        """Offer what can be done about the current order that was opened again."""
        key = self.waiting.current()
        one = next((each for each in self._waiting if each["id"] == key), None)
        if one is None:
            return
        menu = QMenu(self)
        for do, label in _DOS.items():
            if do != "reopen" or one["may_reopen"]:
                menu.addAction(label, lambda do=do: self.decide(one, do))
        view = self.waiting.view
        spot = view.visualRect(view.currentIndex())
        menu.popup(view.viewport().mapToGlobal(QPoint(spot.left(), spot.bottom())))

    def decide(self, one: Mapping[str, Any], do: str) -> None:
        """Decide of one order that is closed here and open again there."""
        self.chosen[one["sheet"], one["row"]] = do
        self.decided.emit()

    def _wait_row(self, one: Mapping[str, Any]) -> dict[str, Any]:
        return {**_new(one), "do": _DOS[self.chosen.get((one["sheet"], one["row"]), "")]}

    def _matches(self) -> Card:
        self.remember = QCheckBox("记住这个对法")
        self.remember.setToolTip("这个来源下次的表照这样对，本单位的电脑都记得")
        self.remember.setChecked(True)
        self.sides = Tabs([("columns", "列", None), ("values", "类别、单位", None)])
        card = Card("", flush=True)
        line = card.add_line(self.sides, None, self.remember)
        line.setContentsMargins(8, 6, 12, 0)
        self.columns, self.values = ColumnMatches(), ValueMatches()
        self.columns.matched.connect(self.matched)
        self.values.matched.connect(self.valued)
        self._left = QStackedWidget()
        self._left.addWidget(self.columns)
        self._left.addWidget(self.values)
        self.sides.picked.connect(self._on_side)
        card.add(self._left, 1)
        return card

    def _rows(self) -> Card:
        self._picked = False
        self.report_button = Button("存为改错表", self.report_wanted.emit, kind="link", icon="download", small=True)
        self.tabs = Tabs(
            [(NEW, "新增", None), (CHANGED, "有变化", None), (WAITING, "等您决定", None), (PROBLEMS, "有问题", None)]
        )
        self.tabs.picked.connect(self._on_tab)
        card = Card("", flush=True)
        line = card.add_line(self.tabs, None, self.report_button)
        line.setContentsMargins(8, 6, 8, 0)
        number = Column("number", "工单编号", 132, tone="text-2", sortable=False, spare=1)
        title = Column("title", "标题", stretch=True, sortable=False)
        due = Column("due", "回复期限", 128, tone="text-2", sortable=False, spare=2)
        self.new = _table([number, title, due], "没有新的工单", "表里的工单都导入过。")
        self.changed = _table(
            [number, title, Column("what", "变化", 260, sortable=False, spare=3)],
            "没有变化",
            "导入过的工单，来源没有改动。",
        )
        self.waiting = _table(
            [number, title, Column("do", "怎么办", 148, role="choice", sortable=False)],
            "没有要决定的",
            "没有本处办结、来源又打开的工单。",
        )
        self.waiting.pressed_button.connect(lambda _key, _column: self.ask())
        self.waiting.opened.connect(lambda _key: self.ask())
        QShortcut(
            QKeySequence(Qt.Key.Key_Space), self.waiting.view, self.ask, context=Qt.ShortcutContext.WidgetShortcut
        )
        row = Column("line", "行", 48, "right", tone="text-2", sortable=False)
        number_or_title = Column("name", "工单", 150, sortable=False, spare=1)
        self.problems = _table(
            [row, number_or_title, Column("message", "问题", stretch=True, sortable=False)],
            "没有发现问题",
            "每一行都能导入。",
        )
        self.lists = QStackedWidget()
        for table in (self.new, self.changed, self.waiting, self.problems):
            self.lists.addWidget(table)
        card.add(self.lists, 1)
        return card

    def _on_side(self, key: str) -> None:
        self._left.setCurrentIndex(int(key == "values"))

    def _on_tab(self, key: str) -> None:
        self._picked = True
        self.lists.setCurrentIndex(_KEYS.index(key))


def _table(columns: list[Column], title: str, text: str) -> RecordTable:
    return RecordTable(columns, lambda _offset, _limit, _order: [], unit="件", empty=EmptyState("check", title, text))


def _show(table: RecordTable, rows: list[dict[str, Any]], whole: int) -> None:
    table.show_rows(len(rows), lambda offset, limit, _order: rows[offset : offset + limit], whole=whole)


def _new(one: Mapping[str, Any]) -> dict[str, Any]:
    due = str(one["due"] or "")[:16].replace("T", " ")
    return {"id": one["id"], "number": one["number"] or "没有编号", "title": one["title"], "due": due}


def _changed(one: Mapping[str, Any]) -> dict[str, Any]:
    said = [f"{label}：{was} → {now}" for label, was, now in one["words"]]
    said += [f"补上{label}" for label in one["fills"]]
    return {**_new(one), "what": "；".join(said) or "来源的状态变了"}


def _problem(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    tone = "orange" if one["verdict"] == "refused" else ""
    return {"id": number, "line": str(one["row"]), "name": one["name"], "message": Cell(one["message"], tone=tone)}

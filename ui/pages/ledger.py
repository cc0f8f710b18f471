"""Ledgers, generic from their forms: list, filters, entry at the right, deletion with undo, workbook and paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.schema.record import Record
from ui import theme
from ui.forms.editor import RecordForm
from ui.forms.reason import ask_reason
from ui.forms.references import Target
from ui.lists import BatchAction, Order, RecordTable
from ui.page import Page
from ui.pages import ledger_read
from ui.pages.case_source_strip import SourceStrip
from ui.pages.exporting import AskPath, ask_save_path
from ui.pages.ledger_out import LedgerOut, ask_printable
from ui.pages.ledger_read import Wanted
from ui.pages.paper_dialog import MakeWorker
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card, empty
from ui.pieces.dates import china_today
from ui.pieces.empty import EmptyState
from ui.pieces.filters import FilterButton, SearchField
from ui.pieces.tabs import Tabs

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class LedgerPage(Page):
    """The ledgers *forms* in one page. ``opened``: {"form": name}, {"id": id}, {"area": code}, {"new": True}."""

    _home = ""  # where a new record goes while no village is picked; empty asks

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: MakeWorker,
        forms: Sequence[str],
        title: str = "台账",
        *,
        ask_path: AskPath = ask_save_path,
    ) -> None:
        super().__init__(title, dense=True)
        self._office, self._jobs, self._ask_path = office, jobs, ask_path
        self.out = LedgerOut(worker)
        self.out.told.connect(lambda text: self.said.emit(text, None))
        self.add(self.out)
        self._forms = [name for name in forms if office.gate.decide("read", name, None, own=True).allowed]
        self.form_name = self._forms[0] if self._forms else ""
        self._text, self._area = "", ""
        self._where: dict[str, object] = {}
        self._choices: list[FilterButton] = []
        self._turn = 0
        self.entry: RecordForm | None = None
        self.table: RecordTable
        self._tabs = Tabs([(name, office.forms[name].title, None) for name in self._forms], self.form_name)
        self._tabs.picked.connect(self.show_ledger)
        if len(self._forms) <= 1:
            # Never shown before it has a parent: that would open a window of its own and take the focus.
            self._tabs.hide()
        self.add_beside(self._tabs)
        self.import_button = Button("导入", self._import, icon="file-import", tip="从 Excel 导入")
        self.export_button = Button("导出", self._ask_export, icon="file-export")
        self.print_button = IconButton("printer", "打印", self._print, keys="Ctrl+P")
        for button in (self.import_button, self.export_button, self.print_button):
            self.add_quiet(button)
        self.new_button = self.set_primary("登记", self.new, icon="plus")
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(12)
        self._list = QWidget()
        self._inside = QVBoxLayout(self._list)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._split.addWidget(self._list)
        self._panel = Card("登记", actions=[IconButton("x", "关闭（Esc），没存的留作草稿", self.close_entry)])
        self._panel.setMinimumWidth(theme.current().grown(300))
        self._panel.hide()
        self._split.addWidget(self._panel)
        self._split.setStretchFactor(0, 1)
        self._split.setSizes([theme.current().grown(800), theme.current().grown(380)])
        self.add(self._split, 1)
        if self.form_name:
            self.show_ledger(self.form_name)
        else:
            self._inside.addWidget(EmptyState("lock", "没有可看的台账", "您的身份没有看台账的许可，请找中心主任开通。"))
            for button in (self.import_button, self.export_button, self.print_button, self.new_button):
                button.hide()
        QShortcut(
            QKeySequence("F2"), self, activated=lambda: self._edit(self.table.current()) if self.form_name else None
        )

    # -- what the window calls --------------------------------------------------------------------------------------------------

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        """Ctrl+K offers what the buttons do, as far as this user may."""
        ways = (
            ("登记", "", self.new_button),
            ("从 Excel 导入", "", self.import_button),
            ("导出 Excel", "", self.export_button),
            ("打印", "Ctrl+P", self.print_button),
        )
        return [(text, keys, button.click) for text, keys, button in ways if button.isEnabled() and button.isVisible()]

    def opened(self, args: Mapping[str, Any]) -> None:
        if not self.form_name:
            return
        if args.get("form") in self._forms and args["form"] != self.form_name:
            self._tabs.pick(str(args["form"]))
        if "area" in args:
            self._villages.pick(args["area"] or None)
        if args.get("id"):
            self._edit(args["id"])
        elif args.get("new"):
            self.new()
        else:
            self.table.view.setFocus()
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        if not self.form_name or (changed and self.form_name not in changed):
            return
        self._load()
        if self.entry is not None:
            self.entry.refresh(changed)

    def leaving(self) -> None:
        if self.entry is not None:
            self.entry.keep()

    def escape(self) -> bool:
        if self.entry is None:
            return False
        self.close_entry()
        return True

    # -- list -------------------------------------------------------------------------------------------------------------------

    def show_ledger(self, name: str) -> None:
        """Show another of the ledgers."""
        self.close_entry()
        self.form_name, self._text, self._area = name, "", ""
        self._where = {}
        form = self._office.forms[name]
        self._settle_rights()
        empty(self._inside)
        card = Card(flush=True)
        self.search = SearchField(self._search_hint(), 190)
        self.search.searched.connect(self._on_text)
        self._villages = FilterButton("村（社区）", [])
        self._villages.picked.connect(self._on_area)
        self._choices = filters = [self._filter(*choice) for choice in ledger_read.choice_filters(form)]
        batch = [BatchAction("删除", self._ask_delete)] if self._may("delete") else []
        steps = [Button(f"登记{form.title}", self.new)] if self._may("create") else []
        self.table = RecordTable(
            ledger_read.columns(form),
            lambda _offset, _limit, _order: [],
            batch=batch,
            run=self._jobs.run,
            unit="条",
            hints=[("Return", "打开"), ("F2", "修改")],
            empty=EmptyState(
                "notebook",
                f"这里没有{form.title.removesuffix('记录')}记录",
                "登记后按日期排在这里；也可以从 Excel 导入原来的台账。",
                *steps,
            ),
        )
        columns = IconButton("columns-3", "选列", menu=self.table.columns_menu())
        line = card.add_line(self.search, self._villages, *filters, None, columns)
        line.setContentsMargins(12, 8, 12, 8)
        card.add_rule()
        self.search.left_down.connect(self.table.view.setFocus)
        self.table.opened.connect(self._edit)
        self.table.typed.connect(lambda text: (self.search.setFocus(), self.search.setText(text)))
        card.add(self.table, 1)
        self._inside.addWidget(card)
        self._jobs.run(self._office.store.areas, self._on_areas)
        self._load()

    def _filter(self, name: str, label: str, choices: Sequence[tuple[object, str]]) -> FilterButton:
        button = FilterButton(label, choices)

        def pick(key: object) -> None:
            self._where.pop(name, None)
            if key is not None:
                self._where[name] = key
            self._load()

        button.picked.connect(pick)
        return button

    def _search_hint(self) -> str:
        form = self._office.forms[self.form_name]
        labels = [item.label for item in form.fields.values() if item.search]
        return "、".join(labels[:3]) or "搜索"

    def _settle_rights(self) -> None:
        self.new_button.setVisible(self._may("create"))
        self.import_button.setVisible(self._may("import"))
        self.export_button.setVisible(self._may("export"))
        self.print_button.setVisible(self._may("document"))

    def _on_areas(self, areas: Sequence[Mapping[str, str]]) -> None:
        self._villages.show_choices([(a["code"], a["name"]) for a in areas if a["level"] not in ("county", "township")])

    def _wanted(self) -> Wanted:
        return Wanted(self.form_name, self._text, self._area, tuple(self._where.items()))

    def _load(self) -> None:
        self._turn += 1
        turn, wanted = self._turn, self._wanted()
        self._jobs.run(
            lambda: ledger_read.count(self._office, wanted), lambda total: self._on_counted(turn, wanted, total)
        )

    def _on_counted(self, turn: int, wanted: Wanted, total: int) -> None:
        if turn != self._turn:
            return

        def fetch(offset: int, limit: int, order: Order | None) -> Sequence[Mapping[str, Any]]:
            return ledger_read.rows(self._office, wanted, offset, limit, order)

        self.table.show_rows(total, fetch)

    def _on_text(self, text: str) -> None:
        self._text = text
        self._load()

    def _on_area(self, code: object) -> None:
        self._area = str(code or "")
        self._load()

    # -- entry ------------------------------------------------------------------------------------------------------------------

    def new(self) -> None:
        """Open an empty entry beside the list."""
        self._open_entry(None, self._first_values())

    def _first_values(self) -> dict[str, Any]:
        return {}

    def _edit(self, record_id: Any) -> None:
        if record_id and self.form_name == "data_request":
            self.go.emit("data_request", {"id": str(record_id)})  # carrying it out needs its own page
        elif record_id:
            self._open_entry(str(record_id), {})

    def _open_entry(self, record_id: str | None, preset: Mapping[str, Any], *, focus: bool = True) -> None:
        if self.entry is not None:
            self.entry.keep()
            self.entry.hide()
        self._panel.clear()
        form = self._office.forms[self.form_name]
        self._panel.title.setText(f"修改{form.title}" if record_id else f"登记{form.title}")
        # A draft belongs to the household it was begun for.
        home = str(preset.get("household") or "")
        self.entry = RecordForm(
            self._office,
            self._jobs,
            self.form_name,
            record_id=record_id,
            preset=preset,
            area=self._area or self._home,
            draft_key=f"form:{self.form_name}:new:{home}" if home and not record_id else "",
        )
        self.entry.saved.connect(self._on_saved)
        self.entry.left.connect(self.close_entry)
        if {"household", "household_name"} <= set(self.entry.rows):
            self.entry.rows["household"].entry.picked.connect(self._on_household)
        if focus:
            self.entry.loaded.connect(self.entry.begin)
        self._panel.add(self.entry, 1)
        if record_id and self.form_name in self._office.sources.sources:
            strip = SourceStrip(self._office, self._jobs, self.form_name, record_id, self)
            strip.changed.connect(lambda: self._open_entry(record_id, {}))
            self._panel.add(strip)
        self._panel.show()
        # Beside an entry there is room for the filters that are in use.
        narrow = self.width() < theme.current().grown(1100)
        for button in self._choices:
            button.setVisible(not narrow or button.value() is not None)
        self.new_button.set_kind("plain")  # one filled button: now it is the one that saves

    def _on_household(self, target: Target | None) -> None:
        """What the register knows of the household goes into the empty fields."""
        entry = self.entry
        if target is None or entry is None:
            return

        def fill(found: tuple[dict[str, Any], dict[str, Target]]) -> None:
            values, targets = found
            for name, value in values.items():
                if name != "household" and self.entry is entry and name in entry.rows and entry.value(name) is None:
                    entry.set_value(name, value, targets.get(str(value)))

        self._jobs.run(lambda: ledger_read.visit_with_targets(self._office, target.id), fill)

    def close_entry(self) -> None:
        """Close the entry; a draft of it stays."""
        entry, self.entry = self.entry, None
        if entry is not None:
            entry.keep()
            # Before the fields go: they would leave the keys to whoever comes next in the window.
            if self._panel.isAncestorOf(self.focusWidget() or self):
                self.table.view.setFocus()
            entry.blockSignals(True)
            entry.leave()
            self._panel.clear()
        self._hide_panel()

    def _hide_panel(self) -> None:
        self._panel.hide()
        for button in self._choices:
            button.setVisible(True)
        self.new_button.set_kind("primary")

    def _on_saved(self, record: Record) -> None:
        title = self._office.forms[record.form].record_title(record.values, masked=True)
        self.said.emit(f"已保存：{title}", None)
        self.entry = None
        self._panel.clear()
        self._hide_panel()
        self._load()
        self._after_saved(record)

    def _after_saved(self, _record: Record) -> None:
        self.table.view.setFocus()

    # -- doing ------------------------------------------------------------------------------------------------------------------

    def _ask_delete(self, ids: list[Any]) -> None:
        title = self._office.forms[self.form_name].title
        ask_reason(
            self, f"删除 {len(ids)} 条{title}记录", "可以撤销；谁删的、为什么，记入日志。", "删除",
            lambda reason: self._delete([str(key) for key in ids], reason), ("重复登记", "登记有误"),
        )  # fmt: skip

    def _delete(self, ids: list[str], reason: str) -> None:
        name = self.form_name
        seen = {str(row["id"]): int(row["@rev"]) for _number, row in self.table.model.loaded()}
        self._jobs.run(
            lambda: ledger_read.delete_all(self._office, name, ids, reason, seen),
            lambda _done: self._on_deleted(name, ids),
        )

    def _on_deleted(self, name: str, ids: list[str]) -> None:
        self.table.model.clear_checked()
        self._load()

        def undo() -> None:
            self._jobs.run(lambda: ledger_read.revive_all(self._office, name, ids), lambda _done: self._load())

        self.said.emit(f"已删除 {len(ids)} 条{self._office.forms[name].title}记录", undo)

    def _ask_export(self) -> None:
        title = self._office.forms[self.form_name].title
        where = "；只含选中的村" if self._area else ""
        ask_reason(
            self, f"导出{title}台账", f"号码打码，导出和理由记入日志{where}。", "选择存放位置", self._export, ("上报上级", "存档", "核对数据"),
        )  # fmt: skip

    def _export(self, reason: str) -> None:
        name, area = self.form_name, self._area
        proposed = f"{self._office.forms[name].title}台账_{china_today().isoformat()}.xlsx"
        path = self._ask_path(self, "导出到", proposed, "Excel 工作簿 (*.xlsx)")
        if path:
            out = Path(path).with_suffix(".xlsx")
            arguments = ["export", name, str(out), "--reason", reason, *(["--area", area] if area else [])]
            self.out.begin("正在导出", arguments, out, lambda done: f"已导出 {done['records']:,} 条到 {out}")

    def _print(self) -> None:
        wanted = self._wanted()
        out = ask_printable(self._ask_path, self, f"{self._office.forms[wanted.form].title}台账")
        if out is not None:
            self._jobs.run(
                lambda: ledger_read.ids(self._office, wanted), lambda ids: self._lay_out(wanted.form, ids, out)
            )

    def _lay_out(self, form: str, ids: Sequence[str], out: Path) -> None:
        today = china_today()
        period = f"{today.year}年{today.month}月"
        self.out.lay_out(form, out, ["--period", period, "--ids", self.out.listed(ids)])

    def _import(self) -> None:
        self.go.emit("import", {"form": self.form_name, "area": self._area})

    def _may(self, action: str) -> bool:
        return self._office.gate.decide(action, self.form_name, None, own=True).allowed

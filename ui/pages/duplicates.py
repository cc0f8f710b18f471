"""比对查重: people who may be registered twice, both registrations side by side, and the decision about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QSplitter, QWidget

from ui import theme
from ui.jobs import Jobs, Worker
from ui.lists import Cell, Column, Order, RecordTable
from ui.page import Page
from ui.pages.duplicates_read import Compared, Line, Two, likely_of, read_compared, read_decided, read_merged
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.scrolled import scrolled
from ui.pieces.tabs import Tabs
from ui.pieces.text import Elided, words

if TYPE_CHECKING:
    from app.services.office import Office

_LIKELY, _MERGED, _DECIDED = "likely", "merged", "decided"
_RUNS, _FAILED = "runs", "failed"
_EMPTY = {
    _LIKELY: ("没有看着像登记了两次的人", "号码相同，或同名、同生日又住得近的，会列在这里。"),
    _MERGED: ("没有合并过", "合并过的登记在这里，可以撤销。"),
    _RUNS: ("正在比对", "把每个人和别人比一遍，人多时要几秒；比完列在这里。"),
    _FAILED: ("没有比对成", "登记的内容没有动。Ctrl+K 打“重新比对”再试一次。"),
    _DECIDED: ("没有判过“不是同一人”", "判过的在这里，可以重新核对。"),
}


class DuplicatesPage(Page):
    """*worker* makes a `Worker` of a subcommand's arguments: laying a whole county side by side takes seconds."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        worker: Callable[[Sequence[str]], Worker],
        saved: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__("比对查重", back=True, dense=True)
        self._office, self._jobs, self._make, self._saved = office, jobs, worker, saved
        self._worker: Worker | None = None
        self._failed = False
        self._lists: dict[str, list[Two]] = {_LIKELY: [], _MERGED: [], _DECIDED: []}
        self._compared: Compared | None = None
        self._picked_sides: dict[str, int] = {}
        self.tabs = Tabs([(_LIKELY, "待核对", None), (_MERGED, "已合并", None), (_DECIDED, "已判不是", None)])
        self.tabs.picked.connect(lambda _key: self._show_list())
        self.add_beside(self.tabs)
        self.other = Button("不是同一人", self._not_same, keys="Ctrl+D", tip="两条都留着，以后不再列出；可以重新核对")
        self.add_quiet(self.other)
        self.act = self.set_primary("是同一人，合并", self._act, icon="arrows-join", keys="Ctrl+Return")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        self._none = EmptyState("users", *_EMPTY[_LIKELY])
        self.table = RecordTable(
            [Column("title", "姓名", 152, strong=True), Column("note", "为什么列出", stretch=True, tone="text-2")],
            self._fetch,
            unit="对",
            empty=self._none,
        )
        self.table.current_changed.connect(self._on_current)
        card = Card(flush=True)
        card.add(self.table, 1)
        split.addWidget(card)
        self._right = Card(flush=True)
        split.addWidget(self._right)
        split.setStretchFactor(1, 1)
        split.setSizes([theme.current().grown(400), theme.current().grown(740)])
        self.add(split, 1)
        self._show_nothing()

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        return [*super().actions, (self.other.words(), "", self.other.click), ("重新比对", "", self.look_again)]

    def opened(self, args: Mapping[str, Any]) -> None:
        self.look_again()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or {"resident", "not_same"} & set(changed):
            self._read_past()

    def look_again(self) -> None:
        """Lay everybody beside everybody again, beside the window."""
        self._read_past()
        if self._worker is not None:
            return
        self.set_title("比对查重", "正在比对…")
        worker = self._make(["duplicates"])
        worker.finished.connect(self._on_found)
        worker.failed.connect(self._on_failed)
        self._worker, self._failed = worker, False
        self._say_empty()
        worker.start()

    def busy(self) -> bool:
        """Whether the comparison still runs."""
        return self._worker is not None

    # -- the list ---------------------------------------------------------------------------------------------------------------

    def _read_past(self) -> None:
        def show(found: tuple[list[Two], list[Two]]) -> None:
            self._lists[_MERGED], self._lists[_DECIDED] = found
            self._show_list()

        self._jobs.run(lambda: (read_merged(self._office), read_decided(self._office)), show)

    def _on_found(self, document: dict[str, Any]) -> None:
        self._worker = None
        self._lists[_LIKELY] = likely_of(document.get("pairs") or [])
        total, shown = int(document.get("total") or 0), len(self._lists[_LIKELY])
        self.set_title("比对查重", f"共 {total:,} 对，先列最可能的 {shown} 对" if total > shown else "")
        self._show_list()
        if self._lists[self.tabs.now()] and self.back_button.hasFocus():
            self.table.view.setFocus()  # so that the arrows walk through the pairs at once

    def _on_failed(self, sentence: str) -> None:
        self._worker, self._failed = None, True
        self._say_empty()
        self.set_title("比对查重", "没有比对成")
        self.said.emit(sentence, None)

    def _fetch(self, offset: int, limit: int, _order: Order | None) -> Sequence[Mapping[str, Any]]:
        return [
            {"id": f"{two.first} {two.second}", "title": Cell(two.title, strong=True), "note": two.note}
            for two in self._lists[self.tabs.now()][offset : offset + limit]
        ]

    def _show_list(self) -> None:
        now = self.tabs.now()
        self.tabs.show_counts({key: len(found) for key, found in self._lists.items()})
        held = self._lists[now]
        self._say_empty()
        row = max(self.table.view.currentIndex().row(), 0)
        self.table.show_rows(len(held))
        if held:
            self.table.go_to(min(row, len(held) - 1))
            self._on_current(self.table.current())
        else:
            self._show_nothing()

    def _say_empty(self) -> None:
        """Nothing is said to be there, or not, before it was compared."""
        now = self.tabs.now()
        if now == _LIKELY:
            now = _RUNS if self._worker is not None else _FAILED if self._failed else now
        self._none.title.setText(_EMPTY[now][0])
        self._none.text.setText(_EMPTY[now][1])

    def _on_current(self, key: object) -> None:
        two = next((two for two in self._lists[self.tabs.now()] if f"{two.first} {two.second}" == key), None)
        if two is None:
            self._show_nothing()
            return
        self._jobs.run(lambda: read_compared(self._office, two), self._show, lambda _error: self._gone(two))

    def _gone(self, two: Two) -> None:
        """Somebody else has settled it since."""
        self._drop(two)

    def _drop(self, two: Two) -> None:
        gone = {two.first, two.second} if self.tabs.now() == _MERGED else {two.second}
        self._lists[_LIKELY] = [
            one for one in self._lists[_LIKELY] if one != two and not {one.first, one.second} & gone
        ]
        self._show_list()

    # -- side by side -----------------------------------------------------------------------------------------------------------

    def _show_nothing(self) -> None:
        self._compared = None
        self._right.clear()
        self._right.add(EmptyState("users", "没有选中", "在左边选一对，这里把两条登记并排列出。"), 1)
        self.act.refuse("没有选中")
        self.other.refuse("没有选中")

    def _show(self, compared: Compared) -> None:
        key = f"{compared.two.first} {compared.two.second}"
        if key != self.table.current():
            return
        self._compared = compared
        open_now = self.tabs.now() == _LIKELY
        self._picked_sides = {line.name: line.picked for line in compared.lines if not line.same}
        self._right.clear()
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        heads = ("留下这条（登记在先）", "并入左边这条") if open_now else ("一条", "另一条")
        for side in (0, 1):
            head = words(compared.titles[side], "16", strong=True, wrap=True)
            grid.addWidget(head, 0, side + 1)
            grid.addWidget(words(heads[side], "13", "text-3"), 1, side + 1)
        row = 2
        for label, texts in (("所在", compared.places), ("户里", compared.families)):
            grid.addWidget(_label(label), row, 0)
            for side in (0, 1):
                grid.addWidget(words(texts[side], tone="text-2", wrap=True), row, side + 1)
            row += 1
        for line in sorted(compared.lines, key=lambda one: one.same):
            grid.addWidget(_label(line.label, strong=not line.same), row, 0)
            if line.same or not open_now:
                for side in (0, 1):
                    tone = "text-3" if line.same else "text"
                    grid.addWidget(words(line.texts[side] or "—", tone=tone, wrap=True), row, side + 1)
            else:
                self._add_choice(grid, row, line)
            row += 1
        grid.setRowStretch(row, 1)
        self._right.add(scrolled(inside), 1)
        if open_now:
            self._right.add_rule()
            below = self._right.add_line(Elided("点哪边用哪边；没选的留在修改历史里，合并可以撤销。", "13", "text-3"))
            below.setContentsMargins(16, 8, 16, 8)
        self._show_buttons(compared)

    def _add_choice(self, grid: QGridLayout, row: int, line: Line) -> None:
        buttons: list[Button] = []

        def pick(side: int) -> None:
            self._picked_sides[line.name] = side
            for number, button in enumerate(buttons):
                button.set_kind("picked" if number == side else "plain")
                button.set_icon("circle-check" if number == side else "circle")
                button.setAccessibleDescription("已选" if number == side else "")

        for side in (0, 1):
            button = Button(line.texts[side] or "（空）", partial(pick, side), small=True, tip=line.texts[side])
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            buttons.append(button)
            grid.addWidget(button, row, side + 1)
        pick(line.picked)

    def _show_buttons(self, compared: Compared) -> None:
        now = self.tabs.now()
        self.other.setVisible(now == _LIKELY)
        self.act.set_words({_LIKELY: "是同一人，合并", _MERGED: "撤销合并", _DECIDED: "重新核对"}[now])
        self.act.refuse(compared.why_not)
        self.other.refuse("")

    # -- deciding ---------------------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        compared, now = self._compared, self.tabs.now()
        if compared is None:
            return
        two = compared.two
        if now == _MERGED:
            self._do(lambda: self._office.registry.unmerge(two.second), "合并已撤销，两条登记都在", None)
        elif now == _DECIDED:
            self._do(lambda: self._office.duplicates.take_back(two.decision), "已放回待核对", None, look=True)
        else:
            chosen = {name: compared.values[1].get(name) for name, side in self._picked_sides.items() if side == 1}
            self._do(
                lambda: self._office.registry.merge(two.first, two.second, chosen),
                f"已合并：{two.title}",
                lambda: self._do(lambda: self._office.registry.unmerge(two.second), "合并已撤销", None, look=True),
                gone=two,
            )

    def _not_same(self) -> None:
        compared = self._compared
        if compared is None or self.tabs.now() != _LIKELY:
            return
        two = compared.two
        self._do(
            lambda: self._office.duplicates.not_same(two.first, two.second),
            "记下了：不是同一人，以后不再列出",
            None,
            gone=two,
        )

    def _do(
        self,
        work: Callable[[], object],
        said: str,
        undo: Callable[[], object] | None,
        *,
        gone: Two | None = None,
        look: bool = False,
    ) -> None:
        def done(_result: object) -> None:
            self.said.emit(said, undo)
            self._saved()
            if gone is not None:
                self._drop(gone)
            self._read_past()
            if look:
                self.look_again()

        self.act.refuse("正在保存")
        self._jobs.run(work, done, self._on_not_done)

    def _on_not_done(self, error: Exception) -> None:
        self._jobs.failed.emit(error)
        self._on_current(self.table.current())


def _label(text: str, *, strong: bool = False) -> QLabel:
    label = words(text, "13", "text-2" if strong else "text-3", strong=strong)
    if not strong:
        label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label

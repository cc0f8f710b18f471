"""One meeting: the list of all that is open, gone through one by one, each decision typed beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter

from app.schema.record import Record
from app.services.meetings import Line
from app.services.open_matters import KINDS
from app.services.records import Outcome
from ui import theme
from ui.jobs import Jobs
from ui.lists import Column, Group, Order, RecordTable
from ui.lists.columns import Row
from ui.page import Page
from ui.pages.meeting_panel import MatterPanel
from ui.pages.meeting_read import Opened, read_meeting
from ui.pages.paper_dialog import MakeWorker, Papers
from ui.pieces.buttons import Button, IconButton
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState

if TYPE_CHECKING:
    from app.services.office import Office

_PAGES = {"event": "case"}


class MeetingPage(Page):
    """Opened with ``id``. What is typed is kept when another matter is chosen, and before another page comes."""

    def __init__(
        self, office: Office, jobs: Jobs, worker: MakeWorker, urgent: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__("会议", back=True, dense=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._id, self._item = "", ""
        self._file: Opened | None = None
        # What could not be kept, by item, with the item as it was on the screen then; it stands there again when the matter is shown.
        self._unkept: dict[str, tuple[Record | None, Mapping[str, str]]] = {}
        self.edit_button = Button(
            "会议情况", self._edit, kind="quiet", icon="pencil", keys="F2", tip="到会、议程、议定事项"
        )
        self.add_quiet(self.edit_button)
        self.papers = Papers(self, office, worker, lambda text: self.said.emit(text, None))
        self.print_button = IconButton("printer", "打印清单、会议记录", self._print, keys="Ctrl+P")
        self.add_quiet(self.print_button)
        self.prepare_button = self.set_primary("备好清单", self.prepare, icon="list-check", keys="F6")
        self._none = EmptyState(
            "list-check", "还没有清单", "按 F6，没有办结的事件、纠纷和隐患按村列出，上次议定的排在前面。"
        )
        self.panel = MatterPanel()
        self.panel.setMinimumWidth(theme.current().grown(300))
        self.panel.decided.connect(self._decide)
        self.panel.looked.connect(self._look_back)
        self.panel.opened.connect(self._open_matter)
        self.table = RecordTable(
            [
                Column("state", "", 100, role="chip"),
                Column("kind", "类别", 52, tone="text-2", spare=3),
                Column("title", "事项", stretch=True),
                Column("days", "挂了", 64, "right", tone="text-2"),
                Column("owner", "谁在办", 96, tone="text-2", spare=2),
                Column("due", "期限", 64, role="date"),
                Column("decision", "本次议定", 190, spare=1),
            ],
            self._fetch,
            unit="件",
            hints=[("Return", "记意见")],
            empty=self._none,
        )
        self.table.current_changed.connect(self._on_current)
        self.table.opened.connect(lambda _key: self.panel.begin())
        card = Card(flush=True)
        card.add(self.table, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(card)
        split.addWidget(self.panel)
        split.setStretchFactor(0, 1)
        split.setSizes([theme.current().grown(760), theme.current().grown(380)])
        self.add(split, 1)

    @property
    def actions(self) -> Sequence[tuple[str, str, Callable[[], object]]]:
        return [("备好清单", "F6", self.prepare), ("会议情况", "F2", self._edit), ("打印", "Ctrl+P", self._print)]

    def opened(self, args: Mapping[str, Any]) -> None:
        self._keep()
        if str(args["id"]) != self._id:
            self._id, self._item, self._file = str(args["id"]), "", None
            self.panel.show_nothing("")
        self._load()
        self.table.view.setFocus()

    def refresh(self, changed: Sequence[str]) -> None:
        # What is being typed stays; it knows the revs that it was typed on.
        if not self.panel.dirty():
            self._load()

    def leaving(self) -> None:
        self._keep()

    def prepare(self) -> None:
        """Put everything that is open on the list; pressed again, what came since."""
        self._keep()
        meeting = self._id

        def done(found: tuple[Any, Opened]) -> None:
            prepared, opened = found
            settled = f"，其中 {prepared.settled} 件上次议定后已办结" if prepared.settled else ""
            self.said.emit(f"列入 {prepared.added} 件{settled}" if prepared.added else "清单已是最新", None)
            self._urgent()
            self._show(opened)
            # Enter begins with the first matter.
            self.table.view.setFocus()

        self._jobs.run(lambda: (self._office.meetings.prepare(meeting), read_meeting(self._office, meeting)), done)

    def _print(self) -> None:
        self._keep()
        if self._file is not None and self.papers.may(self._file.sheet.meeting):
            self.papers.ask(self._file.sheet.meeting)

    def _edit(self) -> None:
        self.go.emit("record", {"form": "meeting", "id": self._id})

    def _load(self) -> None:
        meeting = self._id
        self._jobs.run(lambda: read_meeting(self._office, meeting), self._show)

    def _show(self, opened: Opened) -> None:
        if opened.sheet.meeting.id != self._id:
            return
        self._file = opened
        sheet = opened.sheet
        self.set_title(opened.title, opened.note)
        self.prepare_button.set_words(f"列入新增 {sheet.new} 件" if sheet.lines and sheet.new else "备好清单")
        self.prepare_button.refuse("" if opened.may else "您的身份只能看会议，记录由受理员、值班员、分流员写")
        if sheet.lines and not sheet.new:
            self.prepare_button.refuse("没有办结的都已在清单上")
        self.prepare_button.set_kind("plain" if sheet.lines else "primary")
        note = f"还没议 {sheet.left}" if sheet.lines else ""
        self.table.show_rows(len(opened.rows), note=note, groups=len(opened.rows) - len(sheet.lines))
        at = self._row_of(self._item)
        if at is None:
            at = next((row for row, one in enumerate(opened.rows) if not isinstance(one, Group)), None)
        if at is None:
            self.panel.show_nothing("清单备好后，在这里逐件记下议定意见。")
            return
        self.table.go_to(at)
        self._on_current(self.table.current(), again=True)

    def _fetch(self, offset: int, limit: int, _order: Order | None) -> Sequence[Row | Group]:
        return self._file.rows[offset : offset + limit] if self._file else ()

    def _row_of(self, item: str) -> int | None:
        rows = self._file.rows if self._file else ()
        return next((at for at, row in enumerate(rows) if not isinstance(row, Group) and row["id"] == item), None)

    def _line(self, item: object) -> Line | None:
        lines = self._file.sheet.lines if self._file else ()
        return next((line for line in lines if line.item.id == item), None)

    def _on_current(self, key: object, *, again: bool = False) -> None:
        line = self._line(key)
        if line is None or self._file is None or (key == self._item and not again):
            return
        if self.panel.dirty():
            if again and key == self._item:
                return
            self._keep()
        else:
            self._unkept.pop(self._item, None)  # it was mended on the screen
        if again and line == self.panel.line:
            return  # what is being read, and the cursor in it, stay where they are
        typing = self.panel.decision.hasFocus()
        self._item = str(key)
        self._show_line(line, self._file)
        if typing:
            self.panel.begin()
        if self._file.may and line.item.values.get("about_form") == "event":
            item = self._item
            self._jobs.run(
                lambda: self._office.meetings.offers(item), lambda found: self.panel.show_offers(item, found)
            )

    def _show_line(self, line: Line, file: Opened) -> None:
        item, typed = self._unkept.pop(line.item.id, (None, {})) if file.may else (None, {})
        # Beside words that could not be kept stand the revs that they were typed on.
        self.panel.show_line(replace(line, item=item) if item is not None else line, file.sheet, may=file.may)
        self.panel.put(typed)

    def _keep(self) -> None:
        """Keep what was typed without going on."""
        line = self.panel.line
        if line is None or not self.panel.dirty():
            return
        unread, why = self.panel.undated(), "已经过去了" if self.panel.due_past() else "看不出是哪一天"
        self._save("", onward=False)
        if unread:
            self._unkept[line.item.id] = (None, {"due": unread})
            self.said.emit(f"“{line.title}”的完成时限“{unread}”{why}，没有记下；其余的已记下", None)

    def _decide(self, action: str) -> None:
        if self.panel.line is None or not self.panel.due_readable():
            return  # the field says itself that no day can be read from it
        if self.panel.dirty() or action:
            self._save(action, onward=not action)
        else:
            self._go_on()

    def _save(self, action: str, *, onward: bool) -> None:
        line, typed, values, meeting = self.panel.line, self.panel.typed(), self.panel.values(), self._id
        assert line is not None
        self.panel.kept()
        self._unkept.pop(line.item.id, None)

        def work() -> tuple[Outcome, Opened]:
            outcome = self._office.meetings.decide(line.item.id, values, line.seen, action=action)
            return outcome, read_meeting(self._office, meeting)

        self._jobs.run(
            work,
            lambda found: self._on_saved(line, typed, values, action, *found),
            lambda error: self._on_failed(line, typed, error),
        )
        if onward:
            self._go_on()

    def _on_saved(
        self,
        line: Line,
        typed: Mapping[str, str],
        values: Mapping[str, Any],
        action: str,
        outcome: Outcome,
        opened: Opened,
    ) -> None:
        self._urgent()
        kept = outcome.record is not None and all(
            outcome.record.values.get(name) == value for name, value in values.items()
        )
        if not outcome.ok and not (action and kept):
            if self._bring_back(line, typed):
                self.panel.show_faults(outcome.faults)
            return
        here = opened.sheet.meeting.id == self._id
        if here and self.panel.dirty():
            self._file = opened
            self.table.refresh()
        else:
            self._show(opened)
        if not outcome.ok:
            if here:
                self.panel.show_faults(outcome.faults)
            why = "；".join(fault.message for fault in outcome.faults)
            self.said.emit(f"意见已记下，步骤没有办成：{why}", None)
        elif action:
            self.said.emit(f"已记下并办成步骤：{line.title}", None)
            if here:
                self._go_on()

    def _on_failed(self, line: Line, typed: Mapping[str, str], error: Exception) -> None:
        self._jobs.failed.emit(error)
        self._bring_back(line, typed)

    def _bring_back(self, line: Line, typed: Mapping[str, str]) -> bool:
        """What could not be kept stands on the screen again; False where somebody types into another matter by now, or another meeting is open.

        Then it stands there when the matter is shown again, and that is said.
        """
        at, other = self._row_of(line.item.id), self._item != line.item.id
        self._unkept[line.item.id] = (line.item, typed)
        if self._file is None or (other and (at is None or self.panel.dirty())):
            self.said.emit(f"“{line.title}”的意见没有记下；回到那一件，打的字还在", None)
            return False
        if other and at is not None:
            self._item = line.item.id
            self.table.go_to(at)
        self._show_line(line, self._file)
        self.panel.begin()
        return True

    def _go_on(self) -> None:
        """To the next matter, with the cursor where its decision is typed."""
        at = self._row_of(self._item)
        rows = self._file.rows if self._file else ()
        following = [row for row in range((at or 0) + 1, len(rows)) if not isinstance(rows[row], Group)]
        if at is None or not following:
            self.said.emit("清单到底了", None)
            self.table.view.setFocus()
            return
        self.table.go_to(following[0])
        self._on_current(self.table.current())
        self.panel.begin()

    def _look_back(self, result: str) -> None:
        line, meeting = self.panel.line, self._id
        if line is None or line.before is None:
            return
        self._keep()
        before = line.before
        seen = {name: before.item.rev_of(name) for name in ("result", "result_note")}

        def work() -> tuple[Outcome, Opened]:
            outcome = self._office.meetings.look_back(before.item.id, result, before.note, seen)
            return outcome, read_meeting(self._office, meeting)

        def done(found: tuple[Outcome, Opened]) -> None:
            outcome, opened = found
            self._urgent()
            self._show(opened)
            if not outcome.ok:
                why = "；".join(fault.message for fault in outcome.faults)
                self.said.emit(f"“{line.title}”落实了没有，没有记下：{why}", None)

        self._jobs.run(work, done)

    def _open_matter(self, form: str, record_id: str) -> None:
        assert form in KINDS
        if form in _PAGES:
            self.go.emit(_PAGES[form], {"id": record_id})
        else:
            self.go.emit("ledgers", {"form": form, "id": record_id})

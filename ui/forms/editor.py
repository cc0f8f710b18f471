"""A record in a form: every declared field to type in, a draft while one types, a save that overwrites nothing unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.schema.form import Field
from app.schema.kinds import IdentityNumber, Ref
from app.schema.record import Record
from app.schema.values import Fault, Value
from ui.forms.body import FormBody
from ui.forms.opening import AREA, SEEN, Opened, find_targets, open_record
from ui.forms.reason import ask_reason
from ui.forms.references import Target
from ui.forms.telling import told_by, words_of
from ui.jobs import spoken
from ui.pages.standing_words import StandingChip
from ui.pieces.buttons import Button
from ui.pieces.card import empty
from ui.pieces.draft import DraftBar
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from app.services.records import Outcome
    from ui.jobs import Jobs

# save(values, seen) -> Outcome: for forms that a service of their own saves; runs in the lane.
Save = Callable[[dict[str, Any], dict[str, int]], "Outcome"]


class RecordForm(QWidget):
    """``RecordForm(office, jobs, "visit", record_id=None, preset={"household": id}, area="990001101201")``.

    Signals: ``loaded`` when the fields can be typed in, ``saved(Record)``, ``left`` (Esc or 返回; a draft is kept), ``faulted(faults)``.
    Enter goes to the next field, Ctrl+Enter saves. Only fields that were changed are saved, each on the rev that stood
    there when it was shown: what came in meanwhile is never overwritten unseen. *save* stands in for
    ``office.records.save``; *only* names the fields to show, *titles* whether the sections' titles stand above them.
    """

    loaded = Signal()
    saved = Signal(object)
    left = Signal()
    faulted = Signal(object)

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        form: str,
        *,
        record_id: str | None = None,
        preset: Mapping[str, Value] | None = None,
        area: str = "",
        only: Sequence[str] | None = None,
        save: Save | None = None,
        draft_key: str = "",
        words_save: str = "保存",
        titles: bool = True,
    ) -> None:
        super().__init__()
        self._office, self._jobs, self.form = office, jobs, office.forms[form]
        self.record_id, self._preset, self._area = record_id, dict(preset or {}), area
        self._save = save
        self._draft_key = draft_key or f"form:{form}:{record_id or 'new'}"
        self._opened = Opened(None)
        self._targets: dict[str, Target] = {}
        self._touched: set[str] = set()
        self._seen: dict[str, int] = {}
        self._kept: dict[str, Any] | None = None
        self._filling = self._closed = False
        self._build(only, words_save, titles=titles)
        self._beat = QTimer(self, interval=1000)
        self._beat.timeout.connect(self.keep)
        self._open()

    # -- what pages ask ---------------------------------------------------------------------------------------------------------

    def changed(self) -> bool:
        """Whether something was typed that is not saved."""
        return bool(self._touched)

    def shown_rev(self) -> int | None:
        """The rev of the record as it is shown; None for a new one."""
        return self._opened.record.rev if self._opened.record is not None else None

    def value(self, name: str) -> object:
        """What stands in the field *name*."""
        return self.rows[name].value()

    def stands(self, name: str) -> Value:
        """What the record held in the field *name* when it was shown; None for a new one."""
        return self._opened.record.values.get(name) if self._opened.record is not None else None

    def set_value(self, name: str, value: Value, target: Target | None = None) -> None:
        """Put *value* into the field *name* as if it had been typed."""
        if target is not None:
            self._targets[target.id] = target
        self.rows[name].show_value(value, self._targets)
        self._touch(name)

    def begin(self) -> None:
        """Put the cursor into the first field that is empty and required, else into the first."""
        rows = self._body.order()
        first = next((row for row in rows if row.item.required and row.value() is None), rows[0] if rows else None)
        if first is not None:
            first.entry.setFocus(Qt.FocusReason.TabFocusReason)

    def save(self) -> None:
        """Check and save; problems are said below their fields."""
        if not self.save_button.isEnabled():
            return
        values, seen = self._gathered()
        faults = self.form.check(values, partial=self.record_id is not None)
        area = str(self._area_row.value() or "") if self._asks_area() else self._area
        if self._asks_area() and area not in dict(self._opened.areas):
            faults.append(Fault(AREA, "required", "请选一个村（社区）。"))
        if faults:
            self._say_faults(faults)
            return
        if self.record_id is not None and not values:
            self._leave()
            return
        self.save_button.refuse("正在保存")
        self._beat.stop()
        key = self._draft_key

        def work() -> Outcome:
            if self._save is not None:
                outcome = self._save(values, seen)
            else:
                outcome = self._office.records.save(
                    self.form.name, values, record_id=self.record_id, area="" if self.record_id else area, seen=seen
                )
            if outcome.ok:
                self._office.store.drop_draft(key)
            return outcome

        self._jobs.run(work, self._on_saved, self._on_failed)

    def keep(self) -> None:
        """Keep what was typed as a draft, if it changed since it was kept."""
        draft = self._draft()
        if draft is None or draft == self._kept:
            return
        self._kept = draft
        store, key, form, record_id = self._office.store, self._draft_key, self.form.name, self.record_id
        self._jobs.run(lambda: store.keep_draft(key, form, record_id, draft))

    def leave(self) -> None:
        """Close, keeping a draft of what is not saved."""
        self.keep()
        self._leave()

    def discard(self) -> None:
        """Throw away what was typed and show the record as it is kept."""
        self._touched.clear()
        self._kept = None
        self.draft_line.hide()
        store, key = self._office.store, self._draft_key
        self._jobs.run(lambda: store.drop_draft(key))
        self._show(Opened(self._opened.record, self._opened.targets, None, self._opened.areas))

    def refresh(self, changed: Sequence[str] = ()) -> None:
        """Records changed while the form is open: untouched fields follow, touched ones keep their base and say so."""
        if self.record_id is None or (changed and self.form.name not in changed):
            return
        self._jobs.run(
            lambda: open_record(self._office, self.form.name, self.record_id, self._preset, self._draft_key),
            self._on_reread,
            lambda _error: None,
        )

    # -- building ---------------------------------------------------------------------------------------------------------------

    def _build(self, only: Sequence[str] | None, words_save: str, *, titles: bool) -> None:
        self._body = FormBody(self.form, only, self._finder, self._revealer, titles=titles)
        self.rows, self._area_row, self.scroll = self._body.rows, self._body.area_row, self._body
        self._body.touched.connect(self._touch)
        self._body.picked.connect(self._on_picked)
        self._body.ended.connect(lambda: self.save_button.setFocus(Qt.FocusReason.TabFocusReason))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self.draft_line = DraftBar(self.discard)
        whole.addWidget(self.draft_line)
        whole.addWidget(self.scroll, 1)
        whole.addWidget(self._footer(words_save))

    def _finder(self, item: Field) -> Callable[..., object]:
        target = item.kind.form if isinstance(item.kind, Ref) else ""

        def find(text: str, show: Callable[[Sequence[Target]], None]) -> None:
            self._jobs.run(lambda: find_targets(self._office, target, text), show)

        return find

    def _revealer(self, item: Field) -> Callable[[Callable[[Value], None]], object] | None:
        if self.record_id is None:
            return None
        if not self._office.gate.decide("reveal", self.form.name, None, own=True).allowed:
            return None

        def reveal(show: Callable[[Value], None]) -> None:
            def run(reason: str) -> None:
                self._jobs.run(
                    lambda: self._office.records.reveal(self.form.name, str(self.record_id), [item.name], reason)[
                        item.name
                    ],
                    show,
                )

            ask_reason(self, f"查看完整的{item.label}", "会记入日志。", "查看", run, ("核对证件", "联系本人"))

        return reveal

    def _footer(self, words_save: str) -> QWidget:
        foot = QWidget()
        line = QHBoxLayout(foot)
        line.setContentsMargins(0, 10, 0, 0)
        line.setSpacing(8)
        self.said = words("", tone="orange", wrap=True)
        self.save_button = Button(words_save, self.save, kind="primary", keys="Ctrl+Return")
        self.leave_button = Button("返回", self.leave, tip="没存的内容留作草稿")
        self._stand = QHBoxLayout()
        line.addLayout(self._stand)
        line.addWidget(self.said, 1)
        line.addWidget(self.leave_button)
        line.addWidget(self.save_button)
        return foot

    # -- opening and showing ----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.save_button.refuse("正在打开")
        self._jobs.run(
            lambda: open_record(self._office, self.form.name, self.record_id, self._preset, self._draft_key),
            self._on_opened,
            self._on_failed,
        )

    def _on_opened(self, opened: Opened) -> None:
        if self._closed:
            return
        self._show(opened)
        self.save_button.refuse("")
        self._beat.start()
        self.loaded.emit()

    def _show(self, opened: Opened) -> None:
        self._opened = opened
        self._targets.update(opened.targets)
        self._filling = True
        values = opened.record.values if opened.record else self._first_values()
        for name, row in self.rows.items():
            row.show_value(values.get(name), self._targets)
        if opened.record is not None:
            self._seen = {name: opened.record.rev_of(name) for name in self.form.fields}
        self._area_row.entry.show_choices(opened.areas)
        self._body.ask_area(self._asks_area())
        known = self._area or next(
            (self._targets[i].area for i in map(str, self._preset.values()) if i in self._targets), ""
        )
        self._area_row.entry.set_value(known or None)
        self._show_draft(opened.draft)
        self._show_standing(opened)
        self._filling = False
        self._body.arrange()

    def _show_standing(self, opened: Opened) -> None:
        empty(self._stand)
        if opened.standing is not None and opened.now is not None:
            self._stand.addWidget(StandingChip(opened.standing, opened.now))

    def _first_values(self) -> dict[str, Value]:
        defaults = {item.name: item.default for item in self.form.stored if item.default is not None}
        return {**defaults, **self._preset}

    def _show_draft(self, draft: Mapping[str, Any] | None) -> None:
        if not draft:
            return
        for name, value in draft.items():
            if name in self.rows:
                self.rows[name].show_typed(value, self._targets)
                self._touched.add(name)
        if AREA in draft:
            self._area_row.entry.set_value(draft[AREA])
        # The base is what was on the screen when the draft was typed, not what came in since.
        self._seen.update({name: rev for name, rev in draft.get(SEEN, {}).items() if name in self._touched})
        self._kept = self._draft()
        self.draft_line.setVisible(bool(self._touched))

    def _on_reread(self, opened: Opened) -> None:
        if self._closed or opened.record is None:
            return
        self._targets.update(opened.targets)
        self._filling = True
        for name, row in self.rows.items():
            now = opened.record.values.get(name)
            if not self._touched & set(self.form.unit_of[name]):
                row.show_value(now, self._targets)
                self._seen[name] = opened.record.rev_of(name)
            elif opened.record.rev_of(name) != self._seen.get(name, 0):
                row.say(row.problem(), f"别处刚改成“{words_of(row.item, now, self._targets)}”；保存后由您定用哪个")
        self._opened = Opened(opened.record, self._targets, None, opened.areas)
        self._show_standing(opened)
        self._filling = False

    # -- typing -----------------------------------------------------------------------------------------------------------------

    def _touch(self, name: str) -> None:
        if self._filling:
            return
        self._touched.add(name)
        self.said.setText("")
        if name in self.rows and isinstance(self.rows[name].item.kind, IdentityNumber):
            self._fill_from_identity(name)

    def _fill_from_identity(self, name: str) -> None:
        """What a whole number tells goes into the empty fields that merge with it."""
        for other, value in told_by(str(self.rows[name].value() or "")).items():
            if other in self.form.unit_of[name] and other in self.rows and self.rows[other].value() is None:
                self.rows[other].show_value(value, {})
                self._touched.add(other)

    def _on_picked(self, target: Target | None) -> None:
        if target is not None:
            self._targets[target.id] = target
            if self._asks_area() and target.area:
                self._area_row.entry.set_value(target.area)

    def _asks_area(self) -> bool:
        return self.record_id is None and self._save is None and len(self._opened.areas) > 1

    # -- saving -----------------------------------------------------------------------------------------------------------------

    def _gathered(self) -> tuple[dict[str, Any], dict[str, int]]:
        for row in self._body.order():
            if hasattr(row.entry, "settle"):
                row.entry.settle()
        if self.record_id is None:
            values = {name: row.value() for name, row in self.rows.items()}
            values = {**self._preset, **values}
            return {name: value for name, value in values.items() if value is not None}, {}
        base = self._opened.record.values if self._opened.record else {}
        values = {}
        for name in self._touched & set(self.rows):
            # What merges as one is sent as one: as it was on the screen, not as it may stand by now.
            for member in self.form.unit_of[name]:
                shown = self.rows[member].value() if member in self.rows else base.get(member)
                values[member] = shown
        if not any(self._differs(name, value, base) for name, value in values.items()):
            values = {}
        return values, {name: self._seen.get(name, 0) for name in values}

    def _differs(self, name: str, value: object, base: Mapping[str, Value]) -> bool:
        clean, faults = self.form.clean({name: value}, partial=True)
        return bool(faults) or clean.get(name) != base.get(name)

    def _draft(self) -> dict[str, Any] | None:
        if not self._touched:
            return None
        draft: dict[str, Any] = {name: self.rows[name].value() for name in sorted(self._touched & set(self.rows))}
        if self._asks_area() and self._area_row.value():
            draft[AREA] = self._area_row.value()
        draft[SEEN] = {name: rev for name, rev in self._seen.items() if name in self._touched}
        return draft

    def _say_faults(self, faults: Sequence[Fault]) -> None:
        self.said.setText(self._body.say_faults(faults))
        self.faulted.emit(faults)

    def _on_saved(self, outcome: Outcome) -> None:
        self.save_button.refuse("")
        if not outcome.ok:
            self._beat.start()
            self._say_faults(outcome.faults)
            return
        self._touched.clear()
        self._kept = None
        self._closed = True
        self._beat.stop()
        record: Record | None = outcome.record
        self.saved.emit(record)

    def _on_failed(self, error: Exception) -> None:
        self.save_button.refuse("")
        self._beat.start()
        self.said.setText(spoken(error))

    def _leave(self) -> None:
        self._closed = True
        self._beat.stop()
        self.left.emit()

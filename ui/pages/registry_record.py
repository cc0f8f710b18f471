"""One record of the registry or a ledger on a page of its own: new or changed, and the next member after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.schema.identity import read_identity
from app.schema.record import Record
from app.schema.values import BadValue
from ui.forms.doubtful import KeepDoubtful
from ui.forms.editor import RecordForm
from ui.forms.reason import ask_reason
from ui.page import Page
from ui.pages.known_strip import KnownStrip
from ui.pieces.buttons import Button
from ui.pieces.card import Card

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class RecordPage(Page):
    """``opened``: {"form": name, "id": id or None, "preset": values, "area": code}."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("记录", back=True)
        self._office, self._jobs = office, jobs
        self.form: RecordForm | None = None
        self._args: dict[str, Any] = {}
        self._again = False
        self.delete_button = Button("删除", self._ask_delete, kind="quiet", icon="trash")
        self.past_button = Button("修改历史", self._past, kind="quiet", icon="history")
        self.again_button = Button("保存，再添一人", self._save_and_again, keys="Ctrl+Shift+Return")
        self.doubt_button = KeepDoubtful()
        self.add_quiet(self.doubt_button)
        self.add_quiet(self.past_button)
        self.add_quiet(self.delete_button)
        self.add_quiet(self.again_button)
        self.known = KnownStrip(office, jobs)
        self.known.looked.connect(lambda who: self.go.emit("person", {"id": who}))
        self.known.came.connect(self._on_came)
        self.add(self.known)
        self._card = Card()
        self.add(self._card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        # Coming back to what is being typed changes nothing.
        if self.form is not None and dict(args) == self._args:
            self.form.setFocus()
            return
        self._show(dict(args))

    def refresh(self, changed: Sequence[str]) -> None:
        if self.form is not None:
            self.form.refresh(changed)

    def leaving(self) -> None:
        if self.form is not None:
            self.form.keep()

    def escape(self) -> bool:
        if self.form is None:
            return False
        self.form.leave()
        return True

    def _show(self, args: dict[str, Any]) -> None:
        self._args, self._again = args, False
        name, record_id = str(args["form"]), args.get("id") or None
        shape = self._office.forms[name]
        self._card.clear()
        words = {"household": "住户", "resident": "居民"}.get(name, shape.title)
        self.set_title(f"修改{words}" if record_id else f"新增{words}")
        preset = dict(args.get("preset") or {})
        tail = ":".join(str(value) for value in preset.values())
        self.form = RecordForm(
            self._office,
            self._jobs,
            name,
            record_id=record_id,
            preset=preset,
            area=str(args.get("area") or ""),
            draft_key=f"form:{name}:{record_id or 'new'}:{tail}" if tail else "",
            words_save="保存，添户主" if name == "household" and not record_id else "保存",
        )
        self.form.loaded.connect(self.form.begin)
        if name == "resident" and not record_id:
            _tell_from_number(self.form)
        self.doubt_button.watch(self.form)
        self.known.watch(self.form)
        self.form.saved.connect(self._on_saved)
        self.form.left.connect(self._on_left)
        self._card.add(self.form, 1)
        self.again_button.setVisible(name == "resident" and not record_id and bool(preset.get("household")))
        may = record_id is not None and self._office.gate.decide("delete", name, None, own=True).allowed
        self.delete_button.setVisible(may)
        self.past_button.setVisible(record_id is not None)

    def _past(self) -> None:
        self.go.emit("history", {"form": self._args["form"], "id": self._args["id"]})

    def _save_and_again(self) -> None:
        if self.form is not None:
            self._again = True
            self.form.save()

    def _on_saved(self, record: Record) -> None:
        again, args = self._again, self._args
        self.form = None
        shape = self._office.forms[record.form]
        title = shape.record_title(record.values)
        self.said.emit(f"已保存{shape.title} {title}", None)
        if args.get("id"):
            self._close()
        elif record.form == "household":
            # A household is its people: the head comes next, with what is known of him.
            preset = {
                "household": record.id,
                "relation": "0",
                "name": record.values.get("head_name"),
                "presence": "present",
            }
            self._show({"form": "resident", "preset": {k: v for k, v in preset.items() if v}})
        elif again:
            self._show({"form": "resident", "preset": {"household": record.values["household"], "presence": "present"}})
        else:
            self._close()

    def _on_came(self, record: Record, act: str, kept: Sequence[str]) -> None:
        """Who was registered already came into the household: what was typed filled what was empty, *kept* stands as it was."""
        if self.form is not None:
            self.form.discard()
        again, home, undoing, jobs = self._again, record.values.get("household"), self._office.undoing, self._jobs
        self.form = None
        name = self._office.forms[record.form].record_title(record.values)
        more = f"；{'、'.join(kept)}与登记的不同，照登记的没有改" if kept else ""
        self.said.emit(f"{name} 已移到这一户{more}", lambda: jobs.run(lambda: undoing.undo(act)))
        if again:
            self._show({"form": "resident", "preset": {"household": home, "presence": "present"}})
        else:
            self._close()

    def _on_left(self) -> None:
        self.form = None
        self._close()

    def _close(self) -> None:
        self._card.clear()
        self._args = {}
        self.go.emit("back", {})

    def _ask_delete(self) -> None:
        name, record_id = str(self._args["form"]), str(self._args["id"])
        title, seen = self._office.forms[name].title, self.form.shown_rev() if self.form is not None else None
        ask_reason(
            self, f"删除这条{title}记录", "可以撤销；历史留在日志里。", "删除",
            lambda reason: self._jobs.run(
                lambda: self._office.records.delete(name, record_id, reason, seen=seen), lambda _done: self._on_deleted(name, record_id)
            ),
            ("重复登记", "登记有误"),
        )  # fmt: skip

    def _on_deleted(self, name: str, record_id: str) -> None:
        office, jobs = self._office, self._jobs
        self.said.emit(
            f"已删除 1 条{office.forms[name].title}记录",
            lambda: jobs.run(lambda: office.records.revive(name, record_id)),
        )
        self.form = None
        self._close()


def _tell_from_number(form: RecordForm) -> None:
    """Once a new person's number is right, fill in the birth date and sex it tells, where they are still empty."""
    number = form.rows["id_number"]

    def fill() -> None:
        try:
            told = read_identity(str(number.value() or ""))
        except BadValue:
            return
        for name, value in (("birth_date", told.birth_date), ("sex", told.sex)):
            if form.rows[name].value() is None:
                form.rows[name].show_value(value, {})

    number.changed.connect(fill)

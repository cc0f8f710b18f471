"""The page where a person decides what two people changed differently: keep one, the other, or write it anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.schema.form import Field, Form
from app.schema.kinds import LongText, Ref, Text
from app.schema.record import DELETED
from app.services.conflicts import Conflict
from ui import icons
from ui.forms.fields import entry_for
from ui.forms.opening import find_targets
from ui.forms.reason import ask_reason
from ui.forms.references import Find, Target
from ui.jobs import Jobs
from ui.page import Page
from ui.pages.case_words import spoken_time
from ui.pages.conflict_choice import SIDES, FieldChoice
from ui.pages.conflict_read import STEP, Quarrel, deletion_words, field_words, read_quarrels, step_words
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.chips import Chip, State
from ui.pieces.dates import china_now
from ui.pieces.empty import EmptyState
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office


class ConflictPage(Page):
    """Opened with ``id``; without one it shows the first that is open."""

    def __init__(self, office: Office, jobs: Jobs, urgent: Callable[[], object] = lambda: None) -> None:
        super().__init__("两台电脑改得不同", back=True, dense=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._id = ""
        self._conflict: Conflict | None = None
        self._fields: dict[str, FieldChoice] = {}
        # Conflicts whose restricted values were revealed, for a reason that is in the log.
        self._revealed: set[str] = set()
        self._kept: dict[str, Any] = {}
        self._beat = QTimer(self, singleShot=True, interval=1000)
        self._beat.timeout.connect(self._keep)
        self.chip = Chip(State("等您定", "orange", "hand-stop"))
        self.add_beside(self.chip)
        self.later = Button("先放着", lambda: self.go.emit("back", {}), tip="两边的话都留着，什么时候定都行")
        self.add_quiet(self.later)
        self.save = self.set_primary("保存", self._save, icon="check", keys="Ctrl+Return")
        self._body = QVBoxLayout()
        self._body.setSpacing(12)
        self.content.addLayout(self._body, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._keep()
        self._id = str(args.get("id") or "")
        self._load()

    def leaving(self) -> None:
        self._keep()

    def _key(self, conflict: str) -> str:
        return f"deciding:{self._office.session.user}:{conflict}"

    def _keep(self) -> None:
        """What was chosen and written is a draft until it is saved: who looks at the whole record first finds it again."""
        self._beat.stop()
        if self._conflict is None:
            return
        conflict, held = self._conflict.id, {name: field.left() for name, field in self._fields.items()}
        if held != self._kept:
            self._kept = held
            self._jobs.run(lambda: self._office.store.keep_draft(self._key(conflict), "conflict", conflict, held))

    def _load(self) -> None:
        wanted = self._id

        def read() -> tuple[Sequence[Quarrel], Quarrel | None, Mapping[str, Any]]:
            found = read_quarrels(self._office)
            quarrel = next((one for one in found if one.conflict.id == wanted), found[0] if found else None)
            left = self._office.store.draft(self._key(quarrel.conflict.id)) if quarrel else None
            return found, quarrel, left or {}

        self._jobs.run(read, then=lambda read: self._show(*read) if wanted == self._id else None)

    def _show(self, found: Sequence[Quarrel], quarrel: Quarrel | None, left: Mapping[str, Any]) -> None:
        conflict = quarrel.conflict if quarrel else None
        self._conflict = conflict
        empty(self._body)
        self._fields = {}
        self.save.setVisible(conflict is not None)
        self.later.setVisible(conflict is not None)
        self.chip.setVisible(conflict is not None)
        if quarrel is None or conflict is None:
            self.set_title("两台电脑改得不同")
            self._body.addWidget(EmptyState("checks", "都处理好了", "没有两边改得不同的内容。"), 1)
            return
        self._id = conflict.id
        form = self._office.forms[conflict.form]
        self.set_title("两台电脑改得不同", f"还有 {len(found)} 处" if len(found) > 1 else "")
        head = Card()
        head.add_line(
            words(f"{form.title}　{quarrel.title}".strip(), strong=True),
            words(conflict.label, tone="text-2"),
            None,
            *self._reveal_button(conflict, form),
            self._open_button(conflict),
        )
        self._body.addWidget(head)
        self._body.addWidget(self._choices(quarrel, form))
        self._body.addWidget(self._after(conflict))
        self._body.addStretch(1)
        for name, field in self._fields.items():
            field.put(left.get(name) or {})
        self._kept = {name: field.left() for name, field in self._fields.items()}
        self._beat.stop()
        self._show_decided()
        if self._fields:
            next(iter(self._fields.values())).begin()

    def _open_button(self, conflict: Conflict) -> QWidget:
        pages = {"event": "case", "mediation": "mediation_case", "resident": "person"}
        args = {"id": conflict.record}
        page = pages.get(conflict.form, "record")
        if page == "record":
            args["form"] = conflict.form
        return Button("看整条记录", lambda: self.go.emit(page, args), kind="link", small=True)

    def _covered(self, conflict: Conflict, form: Form, name: str) -> bool:
        return name in form.fields and form.fields[name].sensitive and conflict.id not in self._revealed

    def _reveal_button(self, conflict: Conflict, form: Form) -> list[QWidget]:
        names = [name for name in conflict.fields if self._covered(conflict, form, name)]
        if not names:
            return []

        def run(reason: str) -> None:
            self._jobs.run(
                lambda: self._office.records.reveal(conflict.form, conflict.record, names, reason),
                then=lambda _whole: self._uncover(conflict),
            )

        def ask() -> None:
            ask_reason(self, "看完整号码", "要比对两边的号码，理由会记入日志。", "看", run, ("核对证件", "联系本人"))

        return [Button("看完整号码", ask, icon="eye", small=True)]

    def _uncover(self, conflict: Conflict) -> None:
        self._revealed.add(conflict.id)
        self._keep()
        self._load()

    def _choices(self, quarrel: Quarrel, form: Form) -> Card:
        card, conflict = Card(spacing=12), quarrel.conflict
        deletion = conflict.fields == (DELETED,)
        names = (STEP,) if conflict.step else conflict.fields
        for number, name in enumerate(names):
            if number:
                card.add_rule()
            item = form.fields.get(name)
            label = "删除" if deletion else "办理步骤" if conflict.step else item.label if item else name
            covered = self._covered(conflict, form, name)
            texts = {
                side: self._words_of(quarrel, form, name, getattr(conflict, side), covered=covered) for side in SIDES
            }
            # The record keeps two sides; somebody who is neither decides between two others.
            ours = conflict.other in ("", self._office.session.user, self._office.session.name)
            heads = {
                "base": "原来的",
                "mine": f"我的　{conflict.other}" if ours else f"{conflict.other}的",
                "theirs": f"{'对方的　' if ours else ''}{conflict.who}{'' if ours else '的'}",
            }
            heads[conflict.stands] += "　县里现用"
            can_write = not deletion and not covered and not conflict.step
            entry = None
            if can_write and item is not None and not isinstance(item.kind, LongText | Text) and not item.sensitive:
                entry = entry_for(item, self._find(item))
            values = {side: getattr(conflict, side).get(name) for side in SIDES}
            field = FieldChoice(
                label, texts, heads, can_write=can_write, keys=number == 0, entry=entry, values=values,
                targets=quarrel.targets, barred=_barred(conflict),
            )  # fmt: skip
            field.changed.connect(self._show_decided)
            field.changed.connect(self._beat.start)
            self._fields[name] = field
            card.add(field)
        if conflict.cannot:
            why = conflict.cannot.partition("。")[0]
            card.add(words(f"这一步现在不能算数：{why}。", "13", "orange", wrap=True))
            card.add(
                words(
                    "可以先放着，等它办得了再定；选“不再办这一步”的，它的话也留在办理经过里。",
                    "13",
                    "text-2",
                    wrap=True,
                )
            )
        card.add(words(f"改在 {spoken_time(conflict.when, china_now())}", "12", "text-3"))
        return card

    def _words_of(self, quarrel: Quarrel, form: Form, name: str, values: Mapping[str, Any], *, covered: bool) -> str:
        if quarrel.conflict.step:
            return step_words(self._office, values) if values else ""
        if name == DELETED:
            return deletion_words(form, values)
        return field_words(form, name, values, quarrel.targets, masked=covered)

    def _find(self, item: Field) -> Find:
        target = item.kind.form if isinstance(item.kind, Ref) else ""

        def find(text: str, show: Callable[[Sequence[Target]], None]) -> None:
            self._jobs.run(lambda: find_targets(self._office, target, text), show)

        return find

    def _after(self, conflict: Conflict) -> Card:
        card = Card("保存之后")
        other = conflict.who or "对方"
        for icon, text in (
            ("history", "没选上的话留在修改历史里，随时能看、能改回。"),
            ("users", f"{other}下次同步就看到您定的结果和您的名字。"),
            ("phone", f"拿不准的，先和{other}通个电话；放着不影响别的同步。"),
        ):
            mark = QLabel()
            mark.setPixmap(icons.pixmap(icon, "text-3", 16))
            card.add_line(mark, words(text, "13", "text-2"), None)
        return card

    def _show_decided(self) -> None:
        done = sum(field.decided() for field in self._fields.values())
        total = len(self._fields)
        self.chip.say(
            State(
                f"已定 {done} / {total}",
                "green" if done == total else "orange",
                "check" if done == total else "hand-stop",
            )
        )
        self.save.set_words(f"保存定好的 {total} 处" if total > 1 else "保存")
        self.save.refuse("" if done == total else "还有没选的")

    def _save(self) -> None:
        conflict = self._conflict
        if conflict is None or not self.save.isEnabled():
            return
        sides = {field.side() for field in self._fields.values()}
        keep = sides.pop() if len(sides) == 1 else ""
        chosen: dict[str, Any] = {}
        for name, field in self._fields.items():
            side = field.side()
            chosen[name] = getattr(conflict, side).get(name) if side else field.value()
        arguments: dict[str, Any] = {"keep": keep} if keep in ("mine", "theirs") else {"value": chosen}
        self.save.refuse("正在保存")
        self._keep()

        def work() -> None:
            self._office.conflicts.resolve(conflict.id, seen=conflict.seen, **arguments)
            self._office.store.drop_draft(self._key(conflict.id))

        self._jobs.run(work, then=lambda _done: self._on_saved(conflict.id), failed=self._on_failed)

    def _on_saved(self, conflict: str) -> None:
        self.said.emit("已按您定的保存，没选上的留在历史里", None)
        self._urgent()
        if conflict == self._id:
            self._id, self._conflict, self._fields = "", None, {}
            self._load()

    def _on_failed(self, error: Exception) -> None:
        self.save.refuse("")
        self._jobs.failed.emit(error)


def _barred(conflict: Conflict) -> str:
    """The side of a contested step that can't count as things stand; "" where both can be chosen."""
    if not conflict.cannot:
        return ""
    return "mine" if "action" in conflict.mine else "theirs"

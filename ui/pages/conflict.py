"""The page where a person decides what two people changed differently: keep one, the other, or write it anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.schema.form import Field, Form
from app.schema.kinds import LongText, Ref, Text
from app.schema.record import DELETED
from app.services.conflicts import Conflict
from ui import icons, theme
from ui.forms.fields import DayEntry, Entry, entry_for
from ui.forms.opening import find_targets
from ui.forms.reason import ask_reason
from ui.forms.references import Find, RefEntry, Target
from ui.jobs import Jobs
from ui.page import Page
from ui.pages.case_words import spoken_time
from ui.pages.conflict_diff import marked
from ui.pages.conflict_read import STEP, Quarrel, deletion_words, field_words, read_quarrels, step_words
from ui.pieces.buttons import Button
from ui.pieces.card import Card, empty
from ui.pieces.chips import Chip, State
from ui.pieces.dates import china_now
from ui.pieces.empty import EmptyState
from ui.pieces.keys import KeyCap
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office

_SIDES = ("base", "mine", "theirs")
_WORDS = {"base": "用原来的", "mine": "用我的", "theirs": "用对方的"}


class ConflictPage(Page):
    """Opened with ``id``; without one it shows the first that is open."""

    def __init__(self, office: Office, jobs: Jobs, urgent: Callable[[], object] = lambda: None) -> None:
        super().__init__("两台电脑改得不同", back=True, dense=True)
        self._office, self._jobs, self._urgent = office, jobs, urgent
        self._id = ""
        self._conflict: Conflict | None = None
        self._fields: dict[str, _FieldChoice] = {}
        # Conflicts whose restricted values were revealed, for a reason that is in the log.
        self._revealed: set[str] = set()
        self.chip = Chip(State("等您定", "orange", "hand-stop"))
        self.add_beside(self.chip)
        self.later = Button("先放着", lambda: self.go.emit("back", {}), tip="两边的话都留着，什么时候定都行")
        self.add_quiet(self.later)
        self.save = self.set_primary("保存", self._save, icon="check", keys="Ctrl+Return")
        self._body = QVBoxLayout()
        self._body.setSpacing(12)
        self.content.addLayout(self._body, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._id = str(args.get("id") or "")
        self._jobs.run(lambda: read_quarrels(self._office), then=self._show)

    def _show(self, found: Sequence[Quarrel]) -> None:
        quarrel = next((one for one in found if one.conflict.id == self._id), found[0] if found else None)
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
        self._jobs.run(lambda: read_quarrels(self._office), then=self._show)

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
                side: self._words_of(quarrel, form, name, getattr(conflict, side), covered=covered) for side in _SIDES
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
            values = {side: getattr(conflict, side).get(name) for side in _SIDES}
            field = _FieldChoice(
                label, texts, heads, can_write=can_write, keys=number == 0, entry=entry, values=values,
                targets=quarrel.targets, barred=_barred(conflict),
            )  # fmt: skip
            field.changed.connect(self._show_decided)
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
        self._jobs.run(
            partial(self._office.conflicts.resolve, conflict.id, seen=conflict.seen, **arguments),
            then=lambda _done: self._on_saved(),
            failed=self._on_failed,
        )

    def _on_saved(self) -> None:
        self.said.emit("已按您定的保存，没选上的留在历史里", None)
        self._id = ""
        self._urgent()
        self._jobs.run(lambda: read_quarrels(self._office), then=self._show)

    def _on_failed(self, error: Exception) -> None:
        self.save.refuse("")
        self._jobs.failed.emit(error)


def _barred(conflict: Conflict) -> str:
    """The side of a contested step that can't count as things stand; "" where both can be chosen."""
    if not conflict.cannot:
        return ""
    return "mine" if "action" in conflict.mine else "theirs"


class _FieldChoice(QWidget):
    """One field: three cards to choose from and the text that comes of it."""

    changed = Signal()

    def __init__(
        self,
        label: str,
        texts: Mapping[str, str],
        heads: Mapping[str, str],
        *,
        can_write: bool,
        keys: bool,
        entry: Entry | None = None,
        values: Mapping[str, Any] | None = None,
        targets: Mapping[str, Target] | None = None,
        barred: str = "",
    ) -> None:
        super().__init__()
        # A choice, a date, a reference is written anew in the field's own widget; *values* by side go into it.
        self.entry, self._values, self._targets = entry, dict(values or {}), dict(targets or {})
        self._texts = dict(texts)
        self._side = ""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        name = words(label, strong=True, wrap=True)
        name.setFixedWidth(theme.current().grown(96))
        grid.addWidget(name, 1, 0, Qt.AlignmentFlag.AlignTop)
        self.cards: dict[str, _Choice] = {}
        sides = [side for side in _SIDES if texts.get(side) or side != "base"]
        for column, side in enumerate(sides, start=1):
            grid.addWidget(words(heads[side], "13", "text-2", strong=True), 0, column)
            card = _Choice(
                _WORDS[side],
                str(column) if keys else "",
                texts.get(side, ""),
                texts.get("base", "") if side != "base" else "",
            )
            if side == barred:
                card.bar()
            card.chosen.connect(lambda side=side: self.choose(side))
            self.cards[side] = card
            grid.addWidget(card, 1, column)
            grid.setColumnStretch(column, 1)
        self.final = QPlainTextEdit()
        self.final.setAccessibleName("最后写成")
        self.final.setTabChangesFocus(True)
        self.final.setFixedHeight(theme.current().grown(64))
        self.final.setPlaceholderText("选上面一种，或在这里另写")
        self.final.textChanged.connect(self._on_text)
        shown = entry if entry is not None else self.final
        if can_write:
            grid.addWidget(words("最后写成", "13", "text-3"), 2, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(shown, 2, 1, 1, len(sides))
        if entry is not None:
            entry.setAccessibleName("最后写成")
            (entry.edited if isinstance(entry, DayEntry) else entry.changed).connect(self._on_entry)
        if shown is not self.final or not can_write:
            self.final.setParent(self)
            self.final.hide()

    def begin(self) -> None:
        """Put the focus on the first card that can be chosen."""
        next(card for card in self.cards.values() if card.isEnabled()).setFocus()

    def choose(self, side: str) -> None:
        """Take the text of *side*; it can still be changed."""
        self._side = side
        self.final.setPlainText(self._texts.get(side, ""))
        value = self._values.get(side)
        if isinstance(self.entry, RefEntry):
            self.entry.set_target(self._targets.get(str(value)) if value else None)
        elif self.entry is not None:
            self.entry.blockSignals(True)
            self.entry.set_value(value)
            self.entry.blockSignals(False)
        self._side = side
        self._mark()

    def side(self) -> str:
        """Which side was taken as it stands; "" where it was written anew."""
        return self._side

    def text(self) -> str:
        """The text that stands at last."""
        return self.final.toPlainText().strip()

    def value(self) -> object:
        """What was written anew; None where nothing was."""
        return self.entry.value() if self.entry is not None else self.text() or None

    def decided(self) -> bool:
        """Whether anything was chosen or written."""
        return bool(self._side) or self.value() is not None

    def _on_entry(self) -> None:
        self._side = ""
        self._mark()

    def _on_text(self) -> None:
        if self._side and self.text() != self._texts.get(self._side, "").strip():
            self._side = ""
        self._mark()

    def _mark(self) -> None:
        for side, card in self.cards.items():
            card.mark(side == self._side)
        self.changed.emit()


class _Choice(QFrame):
    """A card that can be chosen. Signal ``chosen``."""

    chosen = Signal()

    def __init__(self, text: str, keys: str, value: str, base: str) -> None:
        super().__init__()
        self.setObjectName("choice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{text}：{value}")
        body = QVBoxLayout(self)
        body.setContentsMargins(11, 9, 11, 11)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._dot = QLabel()
        head.addWidget(self._dot)
        if keys:
            head.addWidget(KeyCap(keys))
            self._press = Button("", self.chosen.emit, keys=keys, parent=self)
            # Only its key is wanted: the card itself is the button.
            self._press.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._press.setFixedSize(1, 1)
        self._words = words(text, tone="text-2")
        head.addWidget(self._words)
        head.addStretch(1)
        body.addLayout(head)
        look = theme.current()
        said = QLabel(marked(value, base, look.colour("mark").name(), look.colour("text").name()) or "（空）")
        said.setTextFormat(Qt.TextFormat.RichText)
        said.setWordWrap(True)
        body.addWidget(said)
        body.addStretch(1)
        self.mark(False)

    def bar(self) -> None:
        """It is shown and can't be chosen."""
        self.setEnabled(False)
        self.unsetCursor()
        self._words.setText("现在不能选")

    def mark(self, now: bool) -> None:
        """Show whether this one is taken."""
        look = theme.current()
        name, tone = ("circle-dot", "primary") if now else ("circle", "text-3")
        self._dot.setPixmap(icons.pixmap(name, tone, look.px("chip-icon") + 2))
        self.setProperty("picked", "true" if now else "")
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and not event.modifiers():
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

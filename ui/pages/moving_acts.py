"""Acts on people and households from a card: which there are, what each asks, and doing it in the lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QLineEdit, QMenu, QVBoxLayout, QWidget

from app.rules.living import GONE, HERE
from app.rules.relations import HEAD
from app.schema.record import Record
from app.services.acting import Done
from app.services.undoing import Undone
from ui.forms.act import ActDialog, Work, fitted
from ui.forms.choices import ChoiceEntry
from ui.forms.opening import find_targets
from ui.forms.references import RefEntry, Target
from ui.pieces.dates import DateEntry, china_today
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

# kind -> (words in the menu, what the place is asked as, reasons that fit often)
_TURNS = {
    "away": ("外出", "去哪里", ("务工", "上学", "随子女居住")),
    "return": ("回来", "", ("务工返乡", "毕业返乡")),
    "move_out": ("迁出本地", "迁往哪里", ("购房", "婚嫁", "工作调动")),
    "abroad": ("出国出境", "去哪里", ("务工", "求学", "探亲")),
    "death": ("死亡", "", ("疾病", "年老", "意外")),
}
_MOVES = ("结婚", "投靠亲友", "购房", "租房", "离婚")


def people_text(people: Sequence[Record]) -> str:
    """Who it is about, in one line."""
    names = [str(person.values.get("name") or "") for person in people]
    return "、".join(names[:4]) + (f"等 {len(names)} 人" if len(names) > 4 else "")


class MovingActs:
    """``menu(person or None, household, members)`` builds the menu; *page* is where dialogs belong; *said(text, undo)* tells what was done."""

    def __init__(
        self, office: Office, jobs: Jobs, page: QWidget, said: Callable[[str, Callable[[], object] | None], object]
    ) -> None:
        self._office, self._jobs, self._page, self._said = office, jobs, page, said

    def may(self, area: str) -> bool:
        """Whether this user may act on people in *area*."""
        decide = self._office.gate.decide
        return decide("edit", "resident", area, own=True).allowed and decide("create", "movement", area).allowed

    def fill(self, menu: QMenu, person: Record | None, home: Record | None, members: Sequence[Record]) -> None:
        """Put into *menu* what can be done to the *person*, and to the household with its *members*."""
        menu.clear()
        if person is not None:
            state = person.values.get("presence")
            if state == "moved":
                menu.addAction("回到本地…", lambda: self.arrive(person, home))
            elif state not in GONE:
                menu.addAction("搬到另一户…", lambda: self.move([person]))
                if person.values.get("household"):
                    menu.addAction("移出本户，暂不落户…", lambda: self.unplace([person]))
                for kind, (text, _, _) in _TURNS.items():
                    if _fits(kind, state):
                        menu.addAction(f"{text}…", lambda kind=kind: self.turn(kind, [person]))
            if menu.actions():
                menu.addSeparator()
        if home is None or home.values.get("ended_on"):
            return
        alive = [m for m in members if m.values.get("presence") not in GONE]
        menu.addAction("迁入一人…", lambda: self.arrive(None, home))
        menu.addAction("出生登记…", lambda: self.birth(home))
        if len(alive) > 1:
            menu.addAction("变更户主…", lambda: self.head(home, alive, person))
            menu.addAction("分户…", lambda: self.split(home, alive, person))
        menu.addAction("并入另一户…", lambda: self.join(home, alive))
        menu.addAction("全户搬家…", lambda: self.relocate(home))

    # -- the acts ---------------------------------------------------------------------------------

    def turn(self, kind: str, people: Sequence[Record]) -> ActDialog:
        """Out, away, abroad, back, dead."""
        text, place_label, reasons = _TURNS[kind]
        day, place, reason = self._day(), QLineEdit(), QLineEdit()
        ids = [person.id for person in people]

        def prepare() -> Work | str:
            when, where, why = day.value(), place.text().strip(), reason.text().strip()
            if not when:
                return "请填日期。"
            return lambda: self._office.movements.turn(ids, kind, when, place=where, reason=why)

        dialog = self._dialog(text, people_text(people), prepare, f"{people_text(people)} {text}")
        dialog.ask("日期", day)
        if place_label:
            dialog.ask(place_label, place)
        dialog.ask("原因", reason)
        dialog.offer(reason, reasons)
        dialog.begin()
        return dialog

    def unplace(self, people: Sequence[Record]) -> ActDialog:
        """Out of the household, not yet placed in another."""
        day, reason = self._day(), QLineEdit()
        ids, who = [person.id for person in people], people_text(people)

        def prepare() -> Work | str:
            when, why = day.value(), reason.text().strip()
            return (lambda: self._office.movements.unplace(ids, when, reason=why)) if when else "请填日期。"

        text = f"{who}还在本村的登记里，列在“未落户”，等查明住哪一户再落户。"
        dialog = self._dialog("移出本户", text, prepare, f"{who} 已移出本户，列在“未落户”")
        dialog.ask("日期", day)
        dialog.ask("原因", reason)
        dialog.offer(reason, ("住处不明", "登记有误", "等待安置"))
        dialog.begin()
        return dialog

    def move(self, people: Sequence[Record]) -> ActDialog:
        """To another household."""
        day, target, relation, reason = self._day(), self._find("household"), self._relation(), QLineEdit()
        stays = QCheckBox("户口留在原户（人在户不在）")
        ids = [person.id for person in people]

        def prepare() -> Work | str:
            when, home, why, kept = day.value(), target.value(), reason.text().strip(), stays.isChecked()
            told = relation.value()
            if not when or not home:
                return "请填日期，选搬到哪一户。"
            relations = {each: str(told) for each in ids} if told else {}
            return lambda: self._office.movements.move(
                ids, home, when, relations=relations, stays_registered=kept, reason=why
            )

        dialog = self._dialog("搬到另一户", people_text(people), prepare, f"{people_text(people)} 已搬到另一户")
        dialog.ask("搬到哪一户", target)
        dialog.ask("与那户户主关系", relation)
        dialog.ask("日期", day)
        dialog.ask("原因", reason)
        dialog.offer(reason, _MOVES)
        dialog.add(stays)
        dialog.begin()
        return dialog

    def arrive(self, person: Record | None, home: Record | None) -> ActDialog:
        """From outside: somebody new, or somebody who had moved away."""
        day, name, number, sex = self._day(), QLineEdit(), QLineEdit(), self._choice("sex")
        relation, place, reason = self._relation(), QLineEdit(), QLineEdit()
        target = self._find("household")
        if home is not None:
            target.set_target(Target(home.id, str(home.values.get("head_name") or "") + "户"))
        presence = self._choice("presence", ("present", "lodging"))
        presence.set_value("present")

        def prepare() -> Work | str:
            when, where, why, into = day.value(), place.text().strip(), reason.text().strip(), target.value()
            if not when or not into:
                return "请填日期，选迁入哪一户。"
            told, state = relation.value(), presence.value()
            movements = self._office.movements
            if person is not None:
                key = person.id
                return lambda: movements.arrive(
                    into, when, resident=key, relation=told, presence=str(state or "present"), place=where, reason=why
                )
            values = {"name": name.text(), "id_number": number.text(), "sex": sex.value(), "relation": told}
            filled = {key: value for key, value in values.items() if value}
            if not filled.get("name"):
                return "请填姓名。"
            filled["presence"] = state or "present"
            return lambda: movements.arrive(into, when, values=filled, place=where, reason=why)

        who = people_text([person]) if person is not None else "从外地来的人"
        dialog = self._dialog("迁入", who, prepare, f"{who if person else '新来的人'} 已迁入")
        if person is None:
            dialog.ask("姓名", name)
            dialog.ask("公民身份号码", number)
            dialog.ask("性别", sex)
        dialog.ask("迁入哪一户", target)
        dialog.ask("与户主关系", relation)
        dialog.ask("人户状态", presence)
        dialog.ask("日期", day)
        dialog.ask("从哪里来", place)
        dialog.ask("原因", reason)
        dialog.begin()
        return dialog

    def birth(self, home: Record) -> ActDialog:
        """A child of the household."""
        name, sex, relation, day = QLineEdit(), self._choice("sex", ("1", "2")), self._relation(), self._day()

        def prepare() -> Work | str:
            when = day.value()
            values = {"name": name.text(), "sex": sex.value(), "relation": relation.value()}
            filled = {key: value for key, value in values.items() if value}
            if not when or not filled.get("name"):
                return "请填姓名和出生日期。"
            return lambda: self._office.movements.birth(home.id, when, filled)

        dialog = self._dialog("出生登记", f"{home.values.get('head_name') or ''}户", prepare, "已登记出生")
        dialog.ask("姓名", name)
        dialog.ask("性别", sex)
        dialog.ask("与户主关系", relation)
        dialog.ask("出生日期", day)
        dialog.begin()
        return dialog

    def head(self, home: Record, members: Sequence[Record], now: Record | None) -> ActDialog:
        """Another head, with everybody's relation to him to be looked over."""
        day, reason = self._day(), QLineEdit()
        head = ChoiceEntry([(m.id, str(m.values.get("name") or "")) for m in members])
        entries = {m.id: self._relation() for m in members}
        box = QWidget()
        lines = QVBoxLayout(box)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(6)

        def proposed(relations: dict[str, str | None]) -> None:
            for key, entry in entries.items():
                entry.set_value(relations.get(key))
                entry.setEnabled(key != head.value())

        def turned() -> None:
            key = str(head.value() or "")
            if key in entries:
                self._jobs.run(lambda: self._office.movements.relations(home.id, key), proposed)

        def prepare() -> Work | str:
            when, key, why = day.value(), head.value(), reason.text().strip()
            if not when or key not in entries:
                return "请选新户主，填日期。"
            relations = {each: _code(entry.value()) for each, entry in entries.items() if each != key}
            return lambda: self._office.movements.change_head(home.id, str(key), when, relations=relations, reason=why)

        dialog = self._dialog("变更户主", f"{home.values.get('head_name') or ''}户", prepare, "已变更户主")
        dialog.ask("新户主", head)
        dialog.ask("日期", day)
        dialog.ask("原因", reason)
        for member in members:
            dialog.ask(f"{member.values.get('name') or ''} 与新户主", entries[member.id])
        head.changed.connect(turned)
        if now is not None and now.id in entries:
            head.set_value(now.id)
            turned()
        dialog.begin()
        return dialog

    def split(self, home: Record, members: Sequence[Record], now: Record | None) -> ActDialog:
        """Some members become a household of their own; who is ticked first is its head."""
        day, dwelling, reason = self._day(), self._find("dwelling"), QLineEdit()
        box = QWidget()
        lines = QVBoxLayout(box)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        asked = words("", tone="text-2")
        lines.addWidget(asked)
        chosen: list[str] = []
        names = {member.id: str(member.values.get("name") or "") for member in members}

        def ticked(key: str, on: bool) -> None:
            if on != (key in chosen):
                (chosen.append if on else chosen.remove)(key)
            head = f"新户主：{names[chosen[0]]}" if chosen else "先勾的是新户主"
            asked.setText(f"哪些人分出去（{head}）")

        ticked("", on=False)
        for member in members:
            tick = QCheckBox(f"{names[member.id]}　{self._show('relation', member)}")
            tick.toggled.connect(lambda on, key=member.id: ticked(key, on))
            # Who is head here seldom is the one that leaves.
            tick.setChecked(now is not None and now.id == member.id and member.values.get("relation") != HEAD)
            lines.addWidget(tick)

        def prepare() -> Work | str:
            when, place, why = day.value(), dwelling.value() or "", reason.text().strip()
            ids = list(chosen)
            if not when or not ids:
                return "请勾选分出去的人，填日期。"
            return lambda: self._office.movements.split(home.id, ids, when, dwelling=place, reason=why)

        dialog = self._dialog("分户", f"{home.values.get('head_name') or ''}户", prepare, "已分户")
        dialog.ask("日期", day)
        dialog.ask("新户住在（空着为原处）", dwelling)
        dialog.ask("原因", reason)
        dialog.add(fitted(box, 220))
        dialog.begin()
        return dialog

    def join(self, home: Record, members: Sequence[Record]) -> ActDialog:
        """All of the household become part of another."""
        day, target, reason = self._day(), self._find("household"), QLineEdit()
        entries = {m.id: self._relation() for m in members}

        def prepare() -> Work | str:
            when, into, why = day.value(), target.value(), reason.text().strip()
            if not when or not into:
                return "请选并入哪一户，填日期。"
            relations = {key: _code(entry.value()) for key, entry in entries.items() if entry.value()}
            return lambda: self._office.movements.join(home.id, into, when, relations=relations, reason=why)

        head = f"{home.values.get('head_name') or ''}户"
        dialog = self._dialog(
            "并入另一户", f"{head}的 {len(members)} 人都并过去，{head}销户，历史留着。", prepare, "已并户"
        )
        dialog.ask("并入哪一户", target)
        dialog.ask("日期", day)
        dialog.ask("原因", reason)
        for member in members:
            dialog.ask(f"{member.values.get('name') or ''} 与新户主", entries[member.id])
        dialog.begin()
        return dialog

    def relocate(self, home: Record) -> ActDialog:
        """The whole household to another dwelling."""
        day, dwelling, reason = self._day(), self._find("dwelling"), QLineEdit()

        def prepare() -> Work | str:
            when, place, why = day.value(), dwelling.value(), reason.text().strip()
            if not when or not place:
                return "请选搬到哪处房屋，填日期。"
            return lambda: self._office.movements.relocate(home.id, place, when, reason=why)

        dialog = self._dialog(
            "全户搬家", f"{home.values.get('head_name') or ''}户，全户一起搬。", prepare, "已办全户搬家"
        )
        dialog.ask("搬到哪处房屋", dwelling)
        dialog.ask("日期", day)
        dialog.ask("原因", reason)
        dialog.begin()
        return dialog

    def undo(self, act: str, then: Callable[[], object] = lambda: None) -> None:
        """Take an act back, and say so."""

        def done(undone: Undone) -> None:
            self._said(undone.said if undone.left else "已撤销这次变动", None)
            then()

        self._jobs.run(lambda: self._office.undoing.undo(act), done, lambda bad: self._said(str(bad), None))

    # -- within -----------------------------------------------------------------------------------

    def _dialog(self, title: str, text: str, prepare: Callable[[], Work | str], done: str) -> ActDialog:
        def finished(result: Done) -> None:
            self._said(done, lambda: self.undo(result.act))

        return ActDialog(self._page, self._jobs, title, text, "办理", prepare, finished)

    def _day(self) -> DateEntry:
        return DateEntry(china_today().isoformat())

    def _relation(self) -> ChoiceEntry:
        return self._choice("relation")

    def _choice(self, field: str, only: Sequence[str] = ()) -> ChoiceEntry:
        items: Sequence[Any] = self._office.forms.codes[field].items
        return ChoiceEntry([(item.code, item.label) for item in items if not only or item.code in only])

    def _show(self, field: str, person: Record) -> str:
        form = self._office.forms["resident"]
        return str(person.values.get("relation_text") or form.show(field, person.values.get(field)))

    def _find(self, form: str) -> RefEntry:
        return RefEntry(finder(self._office, self._jobs, form), "户主、户号、地址" if form == "household" else "地址")


def finder(office: Office, jobs: Jobs, form: str) -> Callable[[str, Callable[[Sequence[Target]], None]], object]:
    """What a `RefEntry` searches with among records of *form*; households that were struck off are nobody's target."""

    def look(text: str) -> list[Target]:
        found = find_targets(office, form, text)
        held = office.store.many(form, [target.id for target in found])
        return [target for target in found if not held[target.id].values.get("ended_on")]

    return lambda text, show: jobs.run(lambda: look(text), show)


def _fits(kind: str, state: object) -> bool:
    """Whether *kind* can come next for somebody in *state*: who works away may die, move out or go abroad without coming back first."""
    if kind == "return":
        return state not in HERE
    return state in HERE if kind == "away" else state != kind


def _code(value: object) -> str | None:
    return None if value is None else str(value)

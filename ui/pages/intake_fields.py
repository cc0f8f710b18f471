"""The fields of the page that takes a case, in two columns where there is room, and the order in which Enter goes through them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from app.schema.codes import CodeList
from app.schema.values import Fault
from ui import theme
from ui.forms.choices import ChoiceEntry
from ui.forms.fields import TextEntry
from ui.forms.references import Find, Target
from ui.pages.intake_bars import AgainHint
from ui.pages.intake_class import ClassEntry
from ui.pages.intake_files import IntakeFiles
from ui.pages.intake_found import FoundEntry
from ui.pages.intake_people import IntakePeople
from ui.pages.intake_profile import ProfileChoice
from ui.pages.intake_row import IntakeRow, two
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.text import words

PHONE_HINT = "手机或带区号的电话"
_TWO_COLUMNS = 980
"""From which width on, in px at normal size."""


class IntakeFields(QScrollArea):
    """Every field, its row by the name of what it holds (``rows``), and ``order``: from one to the next by Enter."""

    def __init__(
        self,
        codes: Mapping[str, CodeList],
        find_places: Find,
        find_people: Find,
        files: IntakeFiles,
        vague: Callable[[Sequence[Target]], bool],
    ) -> None:
        super().__init__()
        self.title = QLineEdit()
        self.title.setMaxLength(100)
        self.title.setPlaceholderText("什么事，一句话")
        self.category = ClassEntry()
        self.profile = ProfileChoice()
        self.place = FoundEntry(find_places, "房屋地址、网格、村，打几个字或首字母；没有的照写", words_first=vague)
        self.area = ChoiceEntry(())
        self.urgency = ChoiceEntry([(item.code, item.label) for item in codes["urgency"].items])
        self.detail = TextEntry()
        self.detail.setPlaceholderText("情况，可不填；Tab 到下一栏")
        self.channel = ChoiceEntry([(item.code, item.label) for item in codes["channel"].items])
        self.member = ChoiceEntry((), "打电话来的网格员")
        self.reporter = FoundEntry(find_people, "姓名、首字母、号码", words_first=True)
        self.phone = QLineEdit()
        self.phone.setPlaceholderText(PHONE_HINT)
        self.found_at = QLineEdit()
        self.found_at.setPlaceholderText("不填就是现在；如 今天 9:00")
        self.people = IntakePeople(find_people, codes["case_person_role"])
        self.files = files
        self.solved = QCheckBox("当场已经解决")
        self.not_solved = words("", "12", "text-3")
        self.result = TextEntry()
        self.result.setPlaceholderText("怎么解决的（必填）")
        self.result.setAccessibleName("处置结果，必填")
        self.result.hide()
        self.witness = QLineEdit()
        self.witness.setPlaceholderText("见证人（没有照片的必填）")
        self.witness.setAccessibleName("见证人，没有照片的必填")
        self.witness.hide()
        self.rows = {
            "title": IntakeRow("标题", self.title, required=True),
            "category": IntakeRow("类别", self.category, Button("目录", self.category.browse, tip="看三级目录（F4）")),
            "place": IntakeRow("地点", self.place),
            "area": IntakeRow("归属", self.area),
            "urgency": IntakeRow("紧急程度", self.urgency),
            "detail": IntakeRow("情况", self.detail),
            "channel": IntakeRow("来源", self.channel),
            "entered_for": IntakeRow("替谁登记", self.member),
            "reporter": IntakeRow("上报人", self.reporter),
            "reporter_phone": IntakeRow("联系电话", self.phone),
            "found_at": IntakeRow("发现时间", self.found_at),
        }
        self.order: list[QWidget] = [
            self.title, self.category, self.place, self.area, self.urgency, self.detail, self.channel, self.member,
            self.reporter, self.phone, self.found_at, self.people.name,
        ]  # fmt: skip
        self.choices = (self.category, self.area, self.urgency, self.channel, self.member)
        self.hint = AgainHint()
        self._wide: bool | None = None
        self._build()

    def arrange(self) -> None:
        """Two columns where there is room for both, else one below the other."""
        wide = self.width() >= theme.current().grown(_TWO_COLUMNS)
        if wide == self._wide:
            return
        self._wide = wide
        self._columns.addWidget(self._left, 0, 0)
        self._columns.addWidget(self._right, 0 if wide else 1, 1 if wide else 0)
        self._columns.setColumnStretch(0, 12)
        self._columns.setColumnStretch(1, 11 if wide else 0)

    def go_to(self, entry: QWidget) -> None:
        """Put the cursor into *entry*, and it into sight."""
        entry.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(entry)

    def first_open(self) -> QWidget:
        """Where the cursor goes: what the desk's line said already needs no second look."""
        return next((entry for entry in self.order[:3] if not _typed(entry)), self.detail)

    def say_faults(self, faults: Sequence[Fault]) -> str:
        """Say each fault at its field, with the cursor in the first; the sentence for the head of the page is given back."""
        said = {fault.field: fault.message for fault in reversed(faults)}
        for name, row in self.rows.items():
            if name in said or row.wrong():
                row.say(said.get(name, ""), wrong=name in said)
        self.people.say(said.get("people", ""))
        for name, entry in (("result", self.result), ("witness", self.witness)):
            if bool(entry.property("wrong")) != (name in said):
                entry.setProperty("wrong", "true" if name in said else "")
                entry.style().unpolish(entry)
                entry.style().polish(entry)
        first = next((row.entry for row in self.rows.values() if row.wrong()), None)
        if first is None:
            spot: dict[str, QWidget] = {"result": self.result, "witness": self.witness}
            first = next((entry for name, entry in spot.items() if name in said), self.people.name)
        self.go_to(first)
        elsewhere = [fault.message for fault in faults if fault.field not in self.rows and fault.field != "people"]
        return "；".join(elsewhere) or f"有 {len(said)} 处要改"

    def await_reading(self, waits: bool) -> None:
        """While the page is being read only the title takes what is typed: of the rest nothing would be left."""
        for name, row in self.rows.items():
            if name != "title":
                row.setEnabled(not waits)
        self.people.setEnabled(not waits)
        self.files.setEnabled(not waits)

    def settle(self) -> None:
        """Take what was typed and not left yet."""
        for choice in self.choices:
            choice.settle()
        for found in (self.place, self.reporter, self.people.name):
            found.settle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _build(self) -> None:
        rows = self.rows
        about = Card(spacing=8)
        rows["category"].add_below(self.profile)
        for name in ("title", "category", "place"):
            about.add(rows[name])
        about.add(two(rows["area"], rows["urgency"]))
        about.add(rows["detail"])
        about.add(self.hint)
        whose = Card("谁反映的", spacing=8)
        whose.add(two(rows["channel"], rows["entered_for"]))
        whose.add(two(rows["reporter"], rows["reporter_phone"]))
        whose.add(two(rows["found_at"], QWidget()))
        done = Card(spacing=6)
        done.add_line(self.solved, self.not_solved, None)
        done.add(self.result)
        done.add(self.witness)
        self._left, self._right = QWidget(), QWidget()
        for side, cards in ((self._left, (about, whose)), (self._right, (self.people, self.files, done))):
            column = QVBoxLayout(side)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(12)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
        inside = QWidget()
        inside.setObjectName("scrolled")
        self._columns = QGridLayout(inside)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(12)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        self.arrange()
        # Tab goes the way of Enter, whatever was built first.
        whole = [
            *self.order[:2],
            self.profile,
            *self.order[2:],
            self.people.role,
            self.people.phone,
            self.solved,
            self.result,
            self.witness,
        ]
        for before, after in itertools.pairwise(whole):
            QWidget.setTabOrder(before, after)


def _typed(entry: QWidget) -> bool:
    return bool(entry.text().strip()) if isinstance(entry, QLineEdit) else False

"""The cells of the table in which a household is entered: a field of a person, its width, its widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QSizePolicy

from app.schema.dates import read_date
from app.schema.form import Form
from app.schema.kinds import Choice, Kind
from app.schema.values import BadValue
from ui.forms.choices import ChoiceEntry
from ui.forms.secret import SecretEntry

if TYPE_CHECKING:
    from app.schema.codes import CodeList


@dataclass(frozen=True)
class Column:
    """A field in the table; ``least`` px at normal size and how much of the spare room it takes."""

    name: str
    least: int
    share: int
    title: str = ""


COLUMNS = (
    Column("name", 88, 8),
    Column("relation", 66, 6, "关系"),
    Column("id_number", 172, 5, "身份号码"),
    Column("sex", 46, 1),
    Column("birth_date", 98, 3),
    Column("phone", 112, 5),
    Column("presence", 88, 4),
    Column("hukou_address", 70, 16),
)


class LineCell(QLineEdit):
    """One line of text. Signal ``changed``."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.proposed = False
        self.textEdited.connect(lambda _text: self.changed.emit())

    def propose(self, value: str) -> None:
        """Show *value* marked: the next key replaces it, Enter takes it."""
        self.proposed = bool(value)
        self.setText(value)
        self.selectAll()

    def value(self) -> object:
        """What stands there; None when empty or only proposed."""
        return None if self.proposed else self.text().strip() or None

    def set_value(self, value: object) -> None:
        """Show *value*."""
        self.proposed = False
        self.setText("" if value is None else str(value))
        self.setCursorPosition(0)


class DayCell(LineCell):
    """A birth date, in any way of writing; left, it stands there in one."""

    def __init__(self) -> None:
        super().__init__()
        self.editingFinished.connect(self.settle)

    def settle(self) -> None:
        """Write what was typed as 1987-03-05, where it is a day."""
        try:
            read = read_date(self.text()) if self.text().strip() else ""
        except BadValue:
            return
        if read and read != self.text():
            self.setText(read)
            self.changed.emit()


class NumberCell(SecretEntry):
    """An identity number or a phone: stars where it came from the register, plain while it is typed."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.proposed = False

    def propose(self, value: str) -> None:
        """Show *value* marked: the next key replaces it, Enter takes it."""
        self.proposed = True
        self.show_plain(value)
        self.selectAll()

    def value(self) -> object:
        return None if self.proposed else super().value()


Cell = LineCell | NumberCell | ChoiceEntry


def make_cell(form: Form, column: Column) -> Cell:
    """The widget of *column* for a field of the resident form."""
    item = form.fields[column.name]
    cell: Cell
    if column.name == "relation" and isinstance(item.kind, Choice) and item.kind.codes is not None:
        cell = ChoiceEntry(relation_words(item.kind.codes), " ")
    elif isinstance(item.kind, Choice) and item.kind.codes is not None:
        cell = ChoiceEntry([(code.code, code.label) for code in item.kind.codes.items], " ")
    elif column.name in ("id_number", "phone"):
        cell = NumberCell(item.kind)
    elif column.name == "birth_date":
        cell = DayCell()
    else:
        cell = LineCell()
    # The list opens by F4 and by typing: an arrow in each row would be noise.
    for action in cell.actions():
        action.setVisible(False)
    cell.setProperty("cell", "true")
    cell.setAccessibleName(item.label)
    cell.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return cell


def relation_words(codes: CodeList) -> list[tuple[str, str]]:
    """Every word for a relation, the standard's own first: 儿媳 is found by em and stays 儿媳 beside its code."""
    words = [code.label for code in codes.items]
    words += [alias for code in codes.items for alias in code.aliases if alias.strip() == alias and " " not in alias]
    return [(word, word) for word in dict.fromkeys(words)]


def shown_relation(form: Form, code: object, text: object) -> object:
    """What stands in the relation cell for what a record holds."""
    return text or form.show("relation", code) or None  # type: ignore[arg-type]

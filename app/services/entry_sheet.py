"""The table in which a household is entered: its rows as they were typed, and what is wrong with each cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.messages import sentence
from app.schema.credentials import kind_of, read_document
from app.schema.form import Form
from app.schema.glyphs import code_point, private_signs
from app.schema.identity import OLDEST, read_identity, told_apart
from app.schema.kinds import Choice
from app.schema.phone import read_phones
from app.schema.regions import region_known
from app.schema.values import BadValue, Value, comparable, plain

NEW, MEMBER, COMES = "", "member", "comes"
HOUSEHOLD = -1
"""The row of what is said of the household itself and its dwelling."""
HEAD = "0"
_CARRIED = frozenset({"relation", "presence", "hukou_address"})
_NUMBER = "id_number"
_LINE = ("id", "typed", "verify", "known", "seen")
_SHEET = ("household", "area", "new", "dwelling", "new_dwelling", "typed", "place", "seen")
_VERIFY = sentence("entry.verify_number", why="")


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the table. ``typed``: what was typed, by field; ``verify``: the number stays as written, to be verified.

    ``known``: MEMBER of this household or COMES from elsewhere; then ``stands`` holds what the record said when it was shown, and ``seen`` the
    rev of each field. The id is that of the record, made when the row was begun: saved twice it is still one person.
    """

    id: str
    typed: Mapping[str, Any] = field(default_factory=dict)
    verify: bool = False
    known: str = NEW
    stands: Mapping[str, Value] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)

    @property
    def blank(self) -> bool:
        """Whether nobody is in this row: nothing in it but what was carried on from the row above."""
        return self.known == NEW and not any(_said(value) for name, value in self.typed.items() if name not in _CARRIED)

    def says(self, name: str) -> object:
        """What the row says in the field *name*: as it was typed, else as it stands."""
        return self.typed[name] if name in self.typed else self.stands.get(name)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A household as it is being entered. ``household`` and ``dwelling`` are ids; ``new`` and ``new_dwelling`` say that this sheet makes them.

    ``typed``: number, contact; ``place``: address and grid of a new dwelling.
    """

    household: str
    area: str = ""
    new: bool = True
    dwelling: str = ""
    new_dwelling: bool = False
    typed: Mapping[str, Any] = field(default_factory=dict)
    place: Mapping[str, Any] = field(default_factory=dict)
    stands: Mapping[str, Value] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    def packed(self) -> dict[str, Any]:
        """The sheet as a draft keeps it; what stood on the screen is read again, its revs are kept."""
        plain = {name: getattr(self, name) for name in ("household", "area", "new", "dwelling", "new_dwelling")}
        rows = [
            {
                "id": line.id,
                "typed": dict(line.typed),
                "verify": line.verify,
                "known": line.known,
                "seen": dict(line.seen),
            }
            for line in self.lines
        ]
        return {
            **plain,
            "typed": dict(self.typed),
            "place": dict(self.place),
            "seen": dict(self.seen),
            "lines": rows,
        }

    @staticmethod
    def unpacked(kept: Mapping[str, Any]) -> Sheet:
        """The inverse of ``packed``."""
        # What another version of the program kept beside is passed over.
        rows = tuple(Line(**{name: row[name] for name in _LINE if name in row}) for row in kept["lines"])
        return Sheet(**{name: kept[name] for name in _SHEET if name in kept}, lines=rows)


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong in one cell. ``keepable``: the number can be kept as it was written, to be verified."""

    row: int
    field: str
    code: str
    message: str
    keepable: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who has a number already: who in words, and where.

    ``head``: of the household that he would leave; ``gone``: he had moved away or is registered as dead.
    """

    id: str
    number: str
    who: str
    household: str = ""
    head: bool = False
    gone: bool = False


Find = Callable[[str], Known | None]
"""The person whom the register has under a number; None where there is none."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A row as it would be saved: canonical values of what was typed, the faults, and what is to be looked at again."""

    values: Mapping[str, Value]
    faults: tuple[CellFault, ...]
    doubts: tuple[str, ...]


def read_line(form: Form, row: int, line: Line, own: Collection[str], today: str) -> ReadLine:
    """Read one row by the rules of the resident form; *own*: the areas whose region codes are known; *today* an ISO date."""
    faults: list[CellFault] = []
    typed = dict(line.typed)
    number = typed.pop(_NUMBER, None)
    phones = _phones(row, typed, faults)
    values, found = form.clean({**typed, **phones}, partial=line.known != NEW)
    faults += [CellFault(row, fault.field, fault.code, fault.message) for fault in found]
    values.update(_relation(form, typed))
    born = str(values.get("birth_date") or "")
    if born and not f"{int(today[:4]) - OLDEST}" <= born <= today:
        code = "birth_in_future" if born > today else "birth_too_early"
        faults.append(CellFault(row, "birth_date", code, sentence(f"entry.{code}", value=born)))
    doubts = []
    if _NUMBER in line.typed:
        doubts += _number(form, row, line, number, values, faults)
    elif {"sex", "birth_date"} & typed.keys() and not line.verify:
        faults += _apart(row, str(line.stands.get(_NUMBER) or ""), line, values)
    known = str(values.get(_NUMBER) or "")
    if known and not region_known(known, own):
        doubts.append(sentence("entry.verify_region", region=known[:6]))
    if strange := private_signs(str(values.get("name") or "")):
        doubts.append(sentence("entry.verify_private", point=" ".join(map(code_point, strange))))
    return ReadLine(values, tuple(faults), tuple(doubts))


def check_lines(reads: Sequence[tuple[Line, ReadLine]], find: Find, sheet: Sheet) -> list[CellFault]:
    """What is wrong between the rows, and between them and the register."""
    faults: list[CellFault] = []
    rows: dict[str, int] = {}
    people = {line.id: row for row, (line, _) in enumerate(reads)}
    head = -1
    for row, (line, read) in enumerate(reads):
        if line.blank:
            continue
        number = str(read.values.get(_NUMBER) or "")
        held = find(number) if number else None
        other = rows.get(number) if number else None
        if other is None and held is not None and held.id != line.id:
            other = people.get(held.id)
        if other is not None:
            said = sentence("entry.number_twice", row=other + 1)
            faults.append(CellFault(row, _NUMBER, "number_twice", said, keepable=True))
        elif held is not None and held.id != line.id:
            code = "number_here" if held.household == sheet.household and not held.gone else "number_taken"
            faults.append(CellFault(row, _NUMBER, code, sentence(f"entry.{code}", who=held.who), keepable=True))
        rows.setdefault(number, row)
        if (read.values["relation"] if "relation" in read.values else line.stands.get("relation")) == HEAD:
            if head >= 0:
                faults.append(CellFault(row, "relation", "two_heads", sentence("entry.two_heads", row=head + 1)))
            else:
                head = row
    if sheet.new and all(line.blank for line, _ in reads):
        faults.append(CellFault(0, "name", "no_people", sentence("entry.no_people")))
    return faults


def with_note(stands: object, doubts: Sequence[str], *, settled: bool) -> str | None:
    """The note of what is to be verified: what stood there, less what a right number *settled*, and the new doubts."""
    held = [part for part in str(stands or "").split("；") if part and not (settled and part.startswith(_VERIFY))]
    return "；".join(dict.fromkeys([*held, *(doubt.rstrip("。") for doubt in doubts)]))[:300] or None


def _number(
    form: Form, row: int, line: Line, raw: object, values: dict[str, Value], faults: list[CellFault]
) -> list[str]:
    """Read the number into *values*; the doubts that stay with the record."""
    why = ""
    try:
        values[_NUMBER] = form.fields[_NUMBER].kind.check(raw)
        apart = _apart(row, str(values[_NUMBER] or ""), line, values)
        why = apart[0].message if apart else ""
        if not line.verify:
            faults += apart
    except BadValue as bad:
        why = bad.message
        paper = other_paper(form, raw)
        if not line.verify:
            said = sentence("entry.document_seen", kind=paper[1], number=paper[2]) if paper else bad.message
            faults.append(CellFault(row, _NUMBER, bad.code, said, keepable=True))
        elif paper:
            values |= {"document_kind": paper[0], "document_number": paper[2]}
            return []
    if not line.verify:
        values["id_written"] = None
        _fill(line, values)
        return []
    try:
        values["id_written"] = form.fields["id_written"].kind.check(raw)
    except BadValue as bad:
        faults.append(CellFault(row, _NUMBER, bad.code, bad.message))
    # A right number that stands is not given up for a doubtful one.
    values.pop(_NUMBER, None)
    return [sentence("entry.verify_number", why=why or sentence("entry.verify_as_written"))]


def _fill(line: Line, values: dict[str, Value]) -> None:
    """What the number tells of sex and birth date, where nobody says anything of them."""
    if not values.get(_NUMBER):
        return
    told = read_identity(str(values[_NUMBER]))
    for name, value in (("sex", told.sex), ("birth_date", told.birth_date)):
        if values.get(name) is None and line.stands.get(name) is None:
            values[name] = value


def other_paper(form: Form, raw: object) -> tuple[str, str, str] | None:
    """(code, words, number) of the paper that was plainly typed in place of an identity number: a passport, a travel permit."""
    text = plain(str(raw or ""))
    if not text or len(text) > 40:
        return None
    number = read_document(text)
    kind = kind_of(number)
    return (kind, form.show("document_kind", kind), number) if kind else None


def _apart(row: int, number: str, line: Line, values: Mapping[str, Value]) -> list[CellFault]:
    said = {name: values[name] if name in values else line.stands.get(name) for name in ("sex", "birth_date")}
    found = told_apart(number, said["sex"], said["birth_date"])
    return [CellFault(row, name, f"{name}_differs", message, keepable=True) for name, message in found]


def _phones(row: int, typed: dict[str, Any], faults: list[CellFault]) -> dict[str, object]:
    """Two numbers in one cell are two phones."""
    raw = typed.get("phone")
    if not _said(raw):
        return {}
    try:
        numbers = read_phones(raw)
    except BadValue as bad:
        del typed["phone"]
        faults.append(CellFault(row, "phone", bad.code, bad.message))
        return {}
    if len(numbers) > 2:
        faults.append(CellFault(row, "phone", "many_phones", sentence("entry.many_phones")))
    return {"phone": numbers[0] if numbers else None, **({"other_phone": numbers[1]} if len(numbers) > 1 else {})}


def _relation(form: Form, typed: Mapping[str, Any]) -> dict[str, Value]:
    """The clerk's own word for a relation stays beside its code: 儿媳 is more than 女."""
    kind, word = form.fields["relation"].kind, plain(str(typed.get("relation") or ""))
    if "relation" not in typed or not isinstance(kind, Choice) or kind.codes is None:
        return {}
    code = kind.codes.match(word) if word else None
    own = code is not None and comparable(word) not in (comparable(kind.codes.label(code)), comparable(code))
    return {"relation_text": word[:40] if own else None}


def _said(value: object) -> bool:
    return value is not None and bool(plain(str(value)))

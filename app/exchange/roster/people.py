"""One row of a roster read as a person: what is repaired without a question, what is doubted, what is refused."""

from __future__ import annotations

import contextlib
import datetime
import re
import sys
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from app.exchange.excel.layout import Row
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Cell, is_blank, text_of
from app.exchange.roster.choices import SKIP, VERIFY
from app.exchange.roster.plan import Finding, say
from app.schema.dates import read_date
from app.schema.form import Form
from app.schema.identity import Identity, read_identity
from app.schema.phone import read_phone, read_phones
from app.schema.values import BadValue, Value, comparable, narrow, tight

_SUSPICIOUS = re.compile(r"^[=+\-@]|[<>;]|^\d+$")
_YEAR_MONTH = re.compile(r"(\d{4})(?:[-./年](\d{1,2})|(\d{2}))?[月年]?")
_LABELLED = re.compile(r"[^\d\W]{2,12}[:\s]*([\dXx][\dXx\s-]{13,24})")
"""A number behind a word of its own: 身份证：…"""
_OTHERS = ("former_name", "live_address", "hukou_address", "resident_kind", "occupation", "workplace", "remark")
HEAD = "0"


@dataclass(slots=True)
class Person:
    """One row: the values that stand, and what is to be said. ``refused`` is set where no person comes of it.

    ``verify``: a clerk wants him in without a number that is at fault. ``repeats``: an earlier row of the file is the same
    person; ``elsewhere``: the register has him in a household that the file hasn't.
    """

    sheet: str
    row: int
    name: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    flags: list[Finding] = field(default_factory=list)
    refused: Finding | None = None
    says_head: bool = False
    repeats: bool = False
    verify: bool = False
    elsewhere: bool = False

    @property
    def number(self) -> str:
        """The identity number, empty where there is none."""
        return str(self.values.get("id_number") or "")

    @property
    def birth(self) -> str:
        """The birth date, empty where it isn't known."""
        return str(self.values.get("birth_date") or "")

    def flag(self, name: str, code: str, message: str) -> None:
        """Note a doubt; the person goes in."""
        self.flags.append(Finding(self.sheet, self.row, name, code, message))

    def drop_number(self, detail: str) -> None:
        """Go on without the identity number: somebody else has it."""
        self.values.pop("id_number", None)
        self.flag("id_number", "id_to_verify", say("id_to_verify", detail=detail))

    def refuse(self, name: str, code: str, message: str) -> None:
        """Note why no person comes of this row; the first reason stands."""
        self.refused = self.refused or Finding(self.sheet, self.row, name, code, message)


class PersonReader:
    """Reads rows as residents by the rules of the resident form."""

    def __init__(self, form: Form, words: Words, today: datetime.date, brings: frozenset[str]) -> None:
        self._form = form
        self._words = words
        self._today = today
        self._brings = brings

    def read(self, sheet: str, row: Row, dos: AbstractSet[str] = frozenset()) -> Person:
        """The person of *row*; the targets that are asked for are the columns that the sheet has. *dos*: what a clerk decided of it."""
        person = Person(sheet, row.number)
        cells = {
            name.removeprefix("resident."): cell for name, cell in row.cells.items() if name.startswith("resident.")
        }
        for target in sorted(row.broken):
            name = target.partition(".")[2]
            person.flag(name, "cell_error", say("cell_error"))
        self._name(person, cells.get("name"))
        if SKIP in dos:
            person.refuse("", "left_out", say("left_out"))
        person.verify = VERIFY in dos
        identity = self._number(person, cells.get("id_number")) if "resident.id_number" in self._brings else None
        self._relation(person, cells.get("relation"))
        if person.refused:
            return person
        self._birth(person, cells.get("birth_date"), identity)
        self._sex(person, cells.get("sex"), identity)
        self._phone(person, cells.get("phone"))
        self._presence(person, cells.get("presence"))
        for name in _OTHERS:
            self._other(person, name, cells.get(name))
        return person

    def _name(self, person: Person, cell: Cell) -> None:
        try:
            name = str(self._form.fields["name"].kind.check(text_of(cell)) or "")
        except BadValue as bad:
            person.refuse("name", bad.code, bad.message)
            return
        person.name = name
        if not name:
            person.refuse("name", "name_missing", say("name_missing"))
            return
        person.values["name"] = name
        if _SUSPICIOUS.search(narrow(name)):
            person.flag("name", "name_suspicious", say("name_suspicious", value=name))

    def _number(self, person: Person, cell: Cell) -> Identity | None:
        try:
            identity = read_number(cell, self._today)
        except BadValue as bad:
            if person.verify:
                person.flag("id_number", "id_to_verify", say("id_to_verify", detail=bad.message))
                if bad.code != "id_digits_lost":
                    # What Excel has ruined is nobody's number, not even one to be looked into.
                    self._keep_written(person, cell)
            else:
                person.refuse("id_number", bad.code, bad.message)
            return None
        if identity is None:
            person.flag("id_number", "id_missing", say("id_missing"))
            return None
        if identity.upgraded:
            person.flag("id_number", "id_15_digits", say("id_15_digits"))
        # The register's own text of the number, where it has one.
        person.values["id_number"] = sys.intern(identity.number)
        return identity

    def _keep_written(self, person: Person, cell: Cell) -> None:
        with contextlib.suppress(BadValue):
            person.values["id_written"] = self._form.fields["id_written"].kind.check(tight(text_of(cell)))

    def _birth(self, person: Person, cell: Cell, identity: Identity | None) -> None:
        if identity:
            person.values["birth_date"] = sys.intern(identity.birth_date)
        if is_blank(cell) or (isinstance(cell, str) and comparable(cell) in self._words.nothing):
            return
        told = _partial_date(cell)
        if identity and told and identity.birth_date.startswith(told):
            return
        try:
            born = read_date(cell, self._today) if not told else ""
        except BadValue:
            born = ""
        if not born and not (told and identity):
            person.flag("birth_date", "birth_unreadable", say("birth_unreadable", value=text_of(cell)))
        elif identity is None:
            if born > self._today.isoformat():
                person.flag("birth_date", "birth_in_future", say("birth_in_future", value=born))
            else:
                person.values["birth_date"] = born
        elif born != identity.birth_date and not _same_but_century(cell, born, identity.birth_date):
            person.flag(
                "birth_date",
                "birth_differs_from_id",
                say("birth_differs_from_id", value=born or told, other=identity.birth_date),
            )

    def _sex(self, person: Person, cell: Cell, identity: Identity | None) -> None:
        if identity:
            person.values["sex"] = identity.sex
        if is_blank(cell):
            return
        try:
            sex = self._form.fields["sex"].kind.check(_plain_number(cell))
        except BadValue:
            person.flag("sex", "sex_unknown", say("sex_unknown", value=text_of(cell)))
            return
        if identity is None:
            person.values["sex"] = sex
        elif sex in {"1", "2"} and sex != identity.sex:
            person.flag("sex", "sex_differs_from_id", say("sex_differs_from_id"))

    def _phone(self, person: Person, cell: Cell) -> None:
        if is_blank(cell) or self._words.says_nothing(text_of(cell)):
            return
        try:
            numbers = read_phones(cell)
        except BadValue as bad:
            person.flag("phone", bad.code, bad.message)
            numbers = []
            with contextlib.suppress(BadValue):
                numbers = [read_phone(cell)]
        for name, number in zip(("phone", "other_phone"), numbers, strict=False):
            person.values[name] = number

    def _relation(self, person: Person, cell: Cell) -> None:
        if "resident.relation" not in self._brings:
            return
        text = text_of(cell)
        kind = self._form.fields["relation"].kind
        try:
            code = kind.check(text.strip().removeprefix("之") if isinstance(cell, str) else _plain_number(cell))
        except BadValue:
            code = None
            person.values["relation_text"] = text.strip()[:40] or None
        if code is None:
            person.flag(
                "relation",
                "relation_unknown",
                say("relation_unknown", value=text) if text.strip() else say("relation_missing"),
            )
            return
        person.values["relation"] = code
        person.says_head = code == HEAD
        if tight(text) != kind.show(code) and not person.says_head and not text.strip().isdigit():
            person.values["relation_text"] = tight(text)[:40]

    def _presence(self, person: Person, cell: Cell) -> None:
        if is_blank(cell):
            return
        try:
            person.values["presence"] = self._form.fields["presence"].kind.check(cell)
        except BadValue:
            person.flag("presence", "status_unknown", say("status_unknown", value=text_of(cell)))

    def _other(self, person: Person, name: str, cell: Cell) -> None:
        if is_blank(cell):
            return
        try:
            person.values[name] = self._form.fields[name].kind.check(text_of(cell))
        except BadValue as bad:
            person.flag(name, bad.code, bad.message)


def read_number(cell: Cell, today: datetime.date) -> Identity | None:
    """An identity number as a cell holds it; None where it holds none in words (无, 正在补办); BadValue says what is wrong.

    Of 18 digits that Excel took for a number the last three are gone, even where the check character fits by accident.
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if abs(cell) >= 1e17:
            raise BadValue("id_digits_lost")
        return read_identity(str(int(cell)), today)
    text = text_of(cell)
    told = _LABELLED.fullmatch(narrow(text).strip())
    if told:
        text = told[1]
    if not re.search(r"\d", narrow(text)):
        return None
    if comparable(text) == "0":
        return None
    try:
        return read_identity(text, today)
    except BadValue as bad:
        if bad.code == "id_check_wrong" and tight(text).endswith("000"):
            # A number that went through Excel and was made a text again: its last three digits are noughts.
            raise BadValue("id_digits_lost") from None
        raise


def _plain_number(cell: Cell) -> Cell:
    """A code that was typed as a number, as text."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else cell


def _partial_date(cell: Cell) -> str:
    """``2007-04`` or ``2007`` where a cell gives no more than year and month; else empty."""
    if isinstance(cell, datetime.date):
        return ""
    found = _YEAR_MONTH.fullmatch(tight(f"{cell:g}" if isinstance(cell, float) else text_of(cell)))
    if not found or not 1850 < int(found[1]) < 2150:
        return ""
    written = found[2] or found[3]
    if written is None:
        return found[1]
    month = int(written)
    if 1 <= month <= 12:
        return f"{found[1]}-{month:02d}"
    return ""


def _same_but_century(cell: Cell, born: str, known: str) -> bool:
    """Whether *born* was written with two digits of the year and is the day *known* in another century."""
    return bool(re.match(r"\s*\d{2}[-./年]", text_of(cell))) and born[2:] == known[2:]

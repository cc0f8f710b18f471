"""Two registrations laid side by side: what each says field by field, and what hangs on each; read in the lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.schema.kinds import Ref
from app.schema.record import Record
from ui.forms.opening import read_targets
from ui.pages.conflict_read import field_words

if TYPE_CHECKING:
    from app.services.office import Office

RESIDENT = "resident"
_FAMILY = 6


@dataclass(frozen=True)
class Two:
    """One line of the list: two registrations by id, what they are called, masked, and why they stand here.

    ``decision`` is the record of the decision where there is one.
    """

    first: str
    second: str
    title: str
    note: str
    decision: str = ""


@dataclass(frozen=True)
class Line:
    """One field on both sides; ``same``: both say the same; ``picked``: the side that stands unless somebody picks the other."""

    name: str
    label: str
    texts: tuple[str, str]
    same: bool
    picked: int = 0


@dataclass(frozen=True)
class Compared:
    """Both registrations; ``places`` and ``families`` are what surrounds each."""

    two: Two
    titles: tuple[str, str]
    lines: tuple[Line, ...]
    places: tuple[str, str]
    families: tuple[str, str]
    why_not: str
    """Why this user can't merge them; empty where he can."""
    values: tuple[Mapping[str, object], Mapping[str, object]] = field(default=({}, {}))


def read_compared(office: Office, two: Two) -> Compared:
    """Read both, in the lane. KnownError where one isn't there any more, or not for this user."""
    form = office.forms[RESIDENT]
    one, other = (office.records.get(RESIDENT, record_id, deleted=True) for record_id in (two.first, two.second))
    wanted = {
        (item.kind.form, str(record.values[item.name]))
        for record in (one, other)
        for item in form.stored
        if isinstance(item.kind, Ref) and record.values.get(item.name)
    }
    targets = read_targets(office, wanted)
    lines = []
    for item in form.stored:
        if item.retired or (one.values.get(item.name) is None and other.values.get(item.name) is None):
            continue
        texts = tuple(field_words(form, item.name, record.values, targets, masked=True) for record in (one, other))
        same = one.values.get(item.name) == other.values.get(item.name)
        picked = 1 if one.values.get(item.name) is None else 0
        lines.append(Line(item.name, item.label, (texts[0], texts[1]), same, picked))
    may = all(
        office.gate.decide(action, RESIDENT, record.area, own=True).allowed
        for action in ("edit", "delete")
        for record in (one, other)
    )
    return Compared(
        two,
        (form.record_title(one.values, masked=True), form.record_title(other.values, masked=True)),
        tuple(lines),
        (_place(office, one), _place(office, other)),
        (_family(office, one), _family(office, other)),
        "" if may else "您的角色不能合并，请找受理员",
        (one.values, other.values),
    )


def read_merged(office: Office) -> list[Two]:
    """Every merge that can be taken back."""
    form = office.forms[RESIDENT]
    return [
        Two(stays.id, gone.id, form.record_title(stays.values, masked=True), f"并入了另一条：{_where(office, gone)}")
        for stays, gone in office.duplicates.merged()
    ]


def read_decided(office: Office) -> list[Two]:
    """Every two of whom somebody found that they are two."""
    form = office.forms[RESIDENT]
    found = []
    for decided in office.duplicates.decided():
        titles = [form.record_title(record.values, masked=True) for record in (decided.first, decided.second)]
        note = str(decided.record.values.get("note") or "不是同一人")
        found.append(Two(decided.first.id, decided.second.id, _names(titles), note, decided.record.id))
    return found


def likely_of(pairs: Sequence[Mapping[str, object]]) -> list[Two]:
    """The list that the search beside the window found."""
    found = []
    for pair in pairs:
        names = pair["names"]
        titles = [str(name) for name in names] if isinstance(names, list) else []
        found.append(Two(str(pair["first"]), str(pair["second"]), _names(titles), str(pair["said"])))
    return found


def _names(titles: Sequence[str]) -> str:
    return titles[0] if len(set(titles)) == 1 else " / ".join(titles)


def _place(office: Office, person: Record) -> str:
    return " › ".join(place.name for place in office.registry.place_of(person)) or _where(office, person)


def _where(office: Office, person: Record) -> str:
    names = {area["code"]: area["name"] for area in office.store.areas()}
    return names.get(person.area, person.area)


def _family(office: Office, person: Record) -> str:
    home = person.values.get("household")
    if not home:
        return "还没有落户"
    members = office.store.select(RESIDENT, {"household": home}, limit=_FAMILY + 1)
    names = [str(member.values.get("name") or "") for member in members if member.id != person.id]
    return "同户：" + "、".join(names[:_FAMILY]) if names else "户里没有别人"

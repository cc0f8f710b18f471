"""Who lived in a household, a dwelling, a building or a grid on a day, from what stands now and the movements since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.rules.living import GONE, HERE, Then, standing, value_on
from app.schema.record import Record
from app.schema.values import Value
from app.services.chronicle import MOVEMENT, SINCE
from app.services.gate import Gate
from app.services.merging import INTO

if TYPE_CHECKING:
    from app.store.store import Store

_AT_ONCE = 400
KINDS = ("household", "dwelling", "building", "grid")
"""What can be asked after."""
Moves = Mapping[str, list[Mapping[str, Value]]]


@dataclass(frozen=True, slots=True)
class Dweller:
    """Somebody on that day. ``lived`` False: registered there, living elsewhere. ``told`` False: taken from what stands now, no movement and no
    date speaks of it. ``here`` False: the registration is no longer on this device.
    """

    resident: str
    name: str
    household: str
    head: str
    relation: Value
    presence: Value
    since: Value
    lived: bool
    told: bool
    here: bool = True


class PastLiving:
    """Reading the past; the gate is asked as for the households of today."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def who(self, form: str, record_id: str, day: str) -> tuple[Dweller, ...]:
        """Everybody who was in the place (``KINDS``) on *day* (ISO), household by household, the head first.

        On the day of a movement what it made counts. KnownError("store.no_record") where the place isn't here.
        """
        place = self._store.get(form, record_id)
        if place is None:
            raise KnownError("store.no_record", form=self._store.forms[form].title, id=record_id)
        self._gate.require("read", "resident", place.area)
        self._gate.require("read", MOVEMENT, place.area)
        if form == "household":
            homes, dwellings = {record_id}, set()
        else:
            dwellings = self._dwellings(form, record_id, day)
            homes = self._subjects("household", "dwelling", dwellings, day)
        people = self._people(homes, dwellings, day)
        heads = self._store.many("household", {p.household for p in people if p.household})
        named = [self._headed(person, heads) for person in people]
        return tuple(
            sorted(named, key=lambda p: (p.head, p.household, p.relation != "0", str(p.relation or "9"), p.name))
        )

    # -- places -----------------------------------------------------------------------------------

    def _dwellings(self, form: str, record_id: str, day: str) -> set[str]:
        if form == "dwelling":
            return {record_id}
        if form == "building":
            return {d.id for d in self._store.select("dwelling", {"building": record_id})}
        return self._subjects("dwelling", "grid", {record_id}, day)

    def _subjects(self, form: str, name: str, values: Collection[str], day: str) -> set[str]:
        """The records of *form* of which the value *name* was one of *values* on *day*."""
        source = f"from_{name}"
        now = {record.id: record for record in self._in(form, name, values)}
        left = [
            str(item["household" if form == "household" else "dwelling"])
            for item in self._later(source, values, day)
            if item.get("resident") is None and item.get("household" if form == "household" else "dwelling")
        ]
        candidates = {*now, *left}
        moves = self._moves(form, candidates)
        rows = {**self._store.many(form, [each for each in candidates if each not in now]), **now}
        found = set()
        for each in candidates:
            record = rows.get(each)
            present = record.values.get(name) if record is not None and not record.deleted else None
            since = record.values.get(SINCE[name]) if record is not None else None
            then = value_on(name, day, moves.get(each, []), present, since)
            if then.known and str(then.value or "") in values:
                found.add(each)
        return found

    # -- people -----------------------------------------------------------------------------------

    def _people(self, homes: Collection[str], dwellings: Collection[str], day: str) -> list[Dweller]:
        now = {person.id: person for person in self._in("resident", "household", homes)}
        told = self._later("from_household", homes, day)
        # Whose household was taken to another area left only this behind.
        told += [item for item in self._later("from_dwelling", dwellings, day) if item.get("dwelling")]
        names = {str(item["resident"]): item for item in told if item.get("resident")}
        ids = self._present_ids({*now, *names})
        moves = self._moves("resident", {*ids, *ids.values()})
        by_person: dict[str, list[Mapping[str, Value]]] = {}
        for each, stands in ids.items():
            by_person.setdefault(stands, []).extend(moves.get(each, []))
        rows = {**self._store.many("resident", [each for each in by_person if each not in now]), **now}
        found = []
        for stands, held in by_person.items():
            unique = standing({str(item["id"]): item for item in (*held, *moves.get(stands, []))}.values())
            said = names.get(stands) or next((names[e] for e, s in ids.items() if s == stands and e in names), {})
            dweller = self._dweller(stands, rows.get(stands), unique, said, day, homes, dwellings)
            if dweller is not None:
                found.append(dweller)
        return found

    def _dweller(
        self,
        resident: str,
        record: Record | None,
        moves: Sequence[Mapping[str, Value]],
        said: Mapping[str, Value],
        day: str,
        homes: Collection[str],
        dwellings: Collection[str],
    ) -> Dweller | None:
        if record is not None and record.deleted and not moves:
            return None
        values: Mapping[str, Value] = record.values if record is not None and not record.deleted else {}
        born = values.get("birth_date")
        if born and str(born) > day:
            return None
        home = value_on("household", day, moves, values.get("household"), values.get("living_since"))
        presence = value_on("presence", day, moves, values.get("presence"), values.get("presence_since"))
        household = str(home.value or "") if home.known else ""
        if not household and record is None:
            household = self._left_with(moves, day, dwellings)
        if household not in homes and not (record is None and household and dwellings):
            return None
        if presence.known and presence.value in GONE:
            return None
        relation = next(
            (m.get("from_relation") for m in moves if str(m.get("date") or "") > day), values.get("relation")
        )
        name = str(values.get("name") or said.get("name") or "")
        return Dweller(
            resident,
            name,
            household,
            "",
            relation,
            presence.value if presence.known else None,
            _since(home, presence),
            not presence.known or presence.value in HERE,
            home.told or presence.told,
            record is not None and not record.deleted,
        )

    def _left_with(self, moves: Iterable[Mapping[str, Value]], day: str, dwellings: Collection[str]) -> str:
        """The household in which somebody left one of *dwellings* after *day*, when all of it went to another area."""
        for item in moves:
            began = str(item.get("from_since") or "")
            if str(item.get("date") or "") > day and began <= day and str(item.get("from_dwelling")) in dwellings:
                return str(item.get("from_household") or "")
        return ""

    def _headed(self, person: Dweller, heads: Mapping[str, Record]) -> Dweller:
        home = heads.get(person.household)
        head = str(home.values.get("head_name") or "") if home is not None else ""
        values: dict[str, Any] = {name: getattr(person, name) for name in Dweller.__slots__}
        return Dweller(**{**values, "head": head})

    def _present_ids(self, ids: Collection[str]) -> dict[str, str]:
        """For each registration the one under which that person stands today."""
        found = {}
        for each in ids:
            stands, seen = each, {each}
            record = self._store.get("resident", each)
            while record is not None and record.deleted and record.values.get(INTO):
                stands = str(record.values[INTO])
                if stands in seen:
                    break
                seen.add(stands)
                record = self._store.get("resident", stands)
            found[each] = stands
        return found

    # -- reading ----------------------------------------------------------------------------------

    def _in(self, form: str, name: str, values: Collection[str]) -> list[Record]:
        return [row for part in _parts(values) for row in self._store.select(form, {name: part})]

    def _later(self, name: str, values: Collection[str], day: str) -> list[Mapping[str, Value]]:
        return [
            {**row.values, "id": row.id}
            for part in _parts(values)
            for row in self._store.select(MOVEMENT, {name: part, "date": (">", day)})
        ]

    def _moves(self, form: str, ids: Collection[str]) -> Moves:
        """The standing movements of each of these records of *form*."""
        rows = [row for part in _parts(ids) for row in self._store.select(MOVEMENT, {form: part})]
        if form != "resident":
            # A person's movement names the household too; and at a dwelling lie those of households that left.
            other = "from_dwelling" if form == "dwelling" else "resident"
            rows = [row for row in rows if row.values.get("resident") is None and row.values.get(other) is None]
        void = [row for part in _parts([r.id for r in rows]) for row in self._store.select(MOVEMENT, {"voids": part})]
        by_subject: dict[str, list[Mapping[str, Value]]] = {}
        for row in rows:
            by_subject.setdefault(str(row.values[form]), []).append({**row.values, "id": row.id})
        taken_back = [{**row.values, "id": row.id} for row in void]
        return {each: standing([*held, *taken_back]) for each, held in by_subject.items()}


def _since(home: Then, presence: Then) -> Value:
    return max((str(then.since) for then in (home, presence) if then.known and then.since), default=None)


def _parts(values: Collection[str]) -> list[list[str]]:
    held = sorted(values)
    return [held[at : at + _AT_ONCE] for at in range(0, len(held), _AT_ONCE)]

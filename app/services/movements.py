"""Movements of people and households as acts with a date: in, out, split, head, join, birth, death; each one save, each to be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.errors import KnownError
from app.rules.living import GONE, HERE
from app.rules.relations import HEAD, proposed
from app.schema.record import Record
from app.schema.values import Value
from app.services.acting import DWELLING, HOUSEHOLD, RESIDENT, Acting, Done, Work
from app.services.chronicle import SINCE
from app.store.saving import Edit

LEAVING: Mapping[str, str] = {
    "move_out": "moved",
    "death": "dead",
    "away": "away",
    "abroad": "abroad",
    "return": "present",
}
"""For each kind of movement that only turns somebody's state: the state that it makes."""


class Movements(Acting):
    """Each act asks for both ends, checks its day against what is known, and is saved with its movements or not at all.

    *day* is taken in any way people write it. Raises Denied, and KnownError("movements.…") with a sentence that says what to do.
    """

    # -- people -----------------------------------------------------------------------------------

    def arrive(
        self,
        household: str,
        day: object,
        *,
        values: Mapping[str, object] | None = None,
        resident: str = "",
        relation: str | None = None,
        presence: str = "present",
        place: str = "",
        reason: str = "",
    ) -> Done:
        """Somebody comes from outside into *household*: a new registration of *values*, or *resident*, who had moved away."""
        if resident:
            # Who is registered already and never left was only not placed yet: that is no arrival, and its undoing deletes nobody.
            gone = self._moving.here(RESIDENT, resident).values.get("presence") in GONE
            kind = "move_in" if gone else "move"
            return self._come([resident], household, day, kind, {resident: relation}, presence, place, reason)
        return self._new("move_in", household, day, {"presence": presence, **(values or {})}, place, reason)

    def birth(self, household: str, day: object, values: Mapping[str, object], *, reason: str = "") -> Done:
        """A child is born into *household*; its birth date is *day*."""
        born = self._day(day)
        return self._new("birth", household, born, {"presence": "present", **values, "birth_date": born}, "", reason)

    def move(
        self,
        residents: Sequence[str],
        household: str,
        day: object,
        *,
        relations: Mapping[str, str | None] | None = None,
        stays_registered: bool = False,
        reason: str = "",
    ) -> Done:
        """People move into another household of the registry; with *stays_registered* their registration stays where it is."""
        presence = "lodging" if stays_registered else ""
        return self._come(residents, household, day, "move", relations or {}, presence, "", reason)

    def turn(self, residents: Sequence[str], kind: str, day: object, *, place: str = "", reason: str = "") -> Done:
        """People move out, go away, go abroad, come back or die (``LEAVING``); they stay with their household as its past."""
        when = self._day(day)
        people = self._people(residents)
        state = LEAVING[kind]
        form = self._store.forms[RESIDENT]
        work = Work()
        for person in people:
            now = person.values.get("presence")
            said = {"name": self._name(person), "state": form.show("presence", now)}
            if now in GONE and kind != "return":
                raise KnownError("movements.is_gone", **said)
            if kind == "return" and now in HERE:
                raise KnownError("movements.not_gone", **said, kind=self._kind(kind))
            if kind == "return" and person.values.get("registered_household"):
                state = "lodging"
            self._after(person, when, born=kind != "birth")
            work.edits.append(Edit(RESIDENT, person.id, person.area, {"presence": state, SINCE["presence"]: when}))
            work.lines += self._moving.going_along(person, person.area, reason=reason)[1]
        household = str(people[0].values.get("household") or "")
        return self._save(kind, when, work, household, people, place=place, reason=reason)

    def unplace(self, residents: Sequence[str], day: object, *, reason: str = "") -> Done:
        """People leave their household and are not yet placed; where they are, and whether, stays as it is said."""
        when = self._day(day)
        people = self._people(residents)
        work = Work()
        for person in people:
            home = person.values.get("household")
            if not home:
                raise KnownError("movements.unplaced", name=self._name(person))
            self._member(person, str(home))
            self._after(person, when)
            values: dict[str, Value] = {"household": None, SINCE["household"]: when}
            values |= {"relation": None, "relation_text": None}
            work.edits.append(Edit(RESIDENT, person.id, person.area, values))
            work.lines += self._moving.going_along(person, person.area, reason=reason)[1]
        household = str(people[0].values.get("household") or "")
        return self._save("unplace", when, work, household, people, reason=reason)

    # -- households -------------------------------------------------------------------------------

    def split(
        self,
        household: str,
        members: Sequence[str],
        day: object = None,
        *,
        values: Mapping[str, object] | None = None,
        dwelling: str = "",
        relations: Mapping[str, str | None] | None = None,
        reason: str = "",
    ) -> Done:
        """Make a new household of some *members*, in the same dwelling or another; the first of them is its head."""
        when = self._day(day)
        old = self._household(household)
        people = self._people(members)
        for person in people:
            self._member(person, household)
        if len(people) >= sum(1 for p in self._members(household) if p.values.get("presence") not in GONE):
            raise KnownError("movements.all_members")
        where = dwelling or old.values.get("dwelling")
        at = self._store.get(DWELLING, str(where)) if where else None
        area = at.area if at is not None and not at.deleted else old.area
        head = people[0]
        own = {"head": head.id, "head_name": head.values.get("name"), "dwelling": where, "formed_on": when}
        filled = self._clean(HOUSEHOLD, {**own, SINCE["dwelling"]: when, **(values or {})})
        new = self._store.new_id()
        work = Work([Edit(HOUSEHOLD, new, area, filled)], [self._line("create", HOUSEHOLD, area, new, reason)])
        told = proposed(self._relations(people), head.id) | dict(relations or {})
        for person in people:
            self._go(work, person, new, area, at, when, told.get(person.id), "", reason)
        return self._save("split", when, work, new, people, reason=reason)

    def join(
        self,
        household: str,
        into: str,
        day: object = None,
        *,
        relations: Mapping[str, str | None] | None = None,
        reason: str = "",
    ) -> Done:
        """All of *household* becomes part of *into*; the household that was is struck off, and its past stays readable."""
        when = self._day(day)
        if household == into:
            raise KnownError("movements.same_household")
        old, new = self._household(household), self._household(into)
        people = [p for p in self._members(household) if p.values.get("presence") not in GONE]
        at = self._dwelling_of(new)
        work = Work()
        for person in people:
            self._go(work, person, into, new.area, at, when, (relations or {}).get(person.id), "", reason)
        work.edits.append(Edit(HOUSEHOLD, household, old.area, {"ended_on": when, "joined_into": into}))
        work.lines.append(self._line("edit", HOUSEHOLD, old.area, household, reason))
        return self._save("join", when, work, into, people, reason=reason)

    def change_head(
        self,
        household: str,
        resident: str,
        day: object = None,
        *,
        relations: Mapping[str, str | None] | None = None,
        reason: str = "",
    ) -> Done:
        """*resident* becomes the head; the others' *relations* are those to him, by default what follows from the old ones."""
        when = self._day(day)
        home = self._household(household)
        person = self._people([resident])[0]
        self._member(person, household)
        if home.values.get("head") == resident and person.values.get("relation") == HEAD:
            others = [p for p in self._members(household) if p.id != resident and p.values.get("relation") == HEAD]
            if not others and not relations:
                raise KnownError("movements.is_head", name=self._name(person))
        members = self._members(household)
        told = {**proposed(self._relations(members), resident), **(relations or {}), resident: HEAD}
        changed = [p for p in members if told.get(p.id) != p.values.get("relation")]
        work = Work()
        named = {"head": resident, "head_name": person.values.get("name")}
        work.edits.append(Edit(HOUSEHOLD, household, home.area, named))
        work.lines.append(self._line("edit", HOUSEHOLD, home.area, household, reason))
        for member in changed:
            values = self._clean(RESIDENT, {"relation": told.get(member.id), "relation_text": None})
            work.edits.append(Edit(RESIDENT, member.id, member.area, values))
            work.lines += self._moving.going_along(member, member.area, reason=reason)[1]
        return self._save("head", when, work, household, changed or [person], reason=reason)

    def relocate(self, household: str, dwelling: str, day: object = None, *, reason: str = "") -> Done:
        """The whole household moves to another dwelling, its people with it."""
        when = self._day(day)
        home = self._household(household)
        at = self._moving.here(DWELLING, dwelling)
        if home.values.get("dwelling") == dwelling:
            raise KnownError("movements.same_dwelling")
        since = home.values.get(SINCE["dwelling"])
        if since and str(since) > when:
            raise KnownError(
                "movements.before_last", name=f"{home.values.get('head_name') or ''}户", last=since, day=when
            )
        edits, lines = self._moving.going_along(home, at.area, reason=reason)
        edits.append(Edit(HOUSEHOLD, household, at.area, {"dwelling": dwelling, SINCE["dwelling"]: when}))
        people = self._members(household)
        told = {p.id for p in people if p.values.get("presence") in HERE}
        address = {"live_address": at.values.get("address")}
        edits = [Edit(e.form, e.id, e.area, address) if e.id in told and e.form == RESIDENT else e for e in edits]
        kept = {str(edit.id) for edit in edits}
        edits += [Edit(RESIDENT, p.id, p.area, address) for p in people if p.id in told and p.id not in kept]
        return self._save("relocate", when, Work(edits, lines), household, people, reason=reason)

    def relations(self, household: str, head: str) -> dict[str, str | None]:
        """What each member would be to a new *head*, to be looked over before ``change_head``."""
        return proposed(self._relations(self._members(household)), head)

    def head_of(self, household: str) -> str:
        """The id of the head: the one that the household names while he is one of it, else the member registered as head."""
        home = self._store.get(HOUSEHOLD, household)
        members = self._members(household)
        named = str(home.values.get("head") or "") if home is not None else ""
        if any(person.id == named for person in members):
            return named
        return next((person.id for person in members if person.values.get("relation") == HEAD), "")

    # -- within -----------------------------------------------------------------------------------

    def _come(
        self,
        residents: Sequence[str],
        household: str,
        day: object,
        kind: str,
        relations: Mapping[str, str | None],
        presence: str,
        place: str,
        reason: str,
    ) -> Done:
        when = self._day(day)
        home = self._household(household)
        people = self._people(residents)
        at = self._dwelling_of(home)
        work = Work()
        for person in people:
            if person.values.get("household") == household and person.values.get("presence") not in GONE:
                raise KnownError("movements.same_household")
            if kind == "move" and person.values.get("presence") in GONE:
                state = self._store.forms[RESIDENT].show("presence", person.values.get("presence"))
                raise KnownError("movements.is_gone", name=self._name(person), state=state)
            self._go(work, person, household, home.area, at, when, relations.get(person.id), presence, reason)
        return self._save(kind, when, work, household, people, place=place, reason=reason)

    def _go(
        self,
        work: Work,
        person: Record,
        household: str,
        area: str,
        at: Record | None,
        when: str,
        relation: str | None,
        presence: str,
        reason: str,
    ) -> None:
        """Add the edits by which *person* comes into *household* in *area*."""
        self._after(person, when)
        values: dict[str, Value] = {"household": household, SINCE["household"]: when}
        if relation is not None:
            values |= self._clean(RESIDENT, {"relation": relation, "relation_text": None})
        elif person.values.get("household") != household:
            # What he was to the old head says nothing of the new one; a head who came along would be a second.
            values |= {"relation": None, "relation_text": None}
        now = person.values.get("presence")
        registered = person.values.get("registered_household")
        if presence == "lodging" and not registered:
            values["registered_household"] = person.values.get("household")
        elif registered == household:
            values["registered_household"] = None
        state = presence or ("present" if registered == household or now in GONE else now)
        if state != now:
            values |= {"presence": state, SINCE["presence"]: when}
        if state in HERE and at is not None:
            values["live_address"] = at.values.get("address")
        edits, lines = self._moving.going_along(person, area, reason=reason)
        work.edits += [*edits, Edit(RESIDENT, person.id, area, values)]
        work.lines += lines

    def _new(
        self, kind: str, household: str, day: object, values: Mapping[str, object], place: str, reason: str
    ) -> Done:
        when = self._day(day)
        home = self._household(household)
        at = self._dwelling_of(home)
        own: dict[str, object] = {"household": household, SINCE["household"]: when, SINCE["presence"]: when}
        if at is not None:
            own["live_address"] = at.values.get("address")
        filled = self._clean(RESIDENT, {**own, **values}, partial=False)
        if filled.get("birth_date") and str(filled["birth_date"]) > when:
            raise KnownError("movements.born_later", name=filled.get("name"), last=filled["birth_date"], day=when)
        known = self._who_has(str(filled["id_number"])) if filled.get("id_number") else None
        if known is not None:
            raise KnownError("movements.number_taken", who=known.who)
        new = self._store.new_id()
        work = Work([Edit(RESIDENT, new, home.area, filled)], [self._line("create", RESIDENT, home.area, new, reason)])
        return self._save(kind, when, work, household, (), place=place, reason=reason, made=new)

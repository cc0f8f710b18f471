"""Finding in the register the household that a roster speaks of."""

from __future__ import annotations

from collections.abc import Iterable

from app.exchange.roster.households import Household
from app.exchange.roster.register import Register
from app.schema.record import Record
from app.schema.values import comparable


class HouseholdMatcher:
    """Matches each household of the register at most once."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._used: set[str] = set()

    def match(self, home: Household, area: str) -> Record | None:
        """The household of *area* with the same number whose people, home or head are the same; without a number by these alone."""
        if not home.placed:
            return None
        members = self._homes_of(home)
        dwelling = next(
            (record.id for record in self._register.named("dwelling", area, home.address or home.building)), ""
        )
        candidates = self._register.households(area, home.number) if home.number else self._near(members, dwelling)
        best: tuple[int, str, Record] | None = None
        alone = len(candidates) == 1 and len(home.number) >= 4
        for record in candidates:
            if record.id in self._used or record.area != area or (not home.number and record.values.get("number")):
                continue
            same_head = bool(home.head_name) and comparable(str(record.values.get("head_name") or "")) == comparable(
                home.head_name
            )
            same_home = bool(dwelling) and record.values.get("dwelling") == dwelling
            score = 4 * members.get(record.id, 0) + 2 * same_home + 3 * same_head
            enough = score > (2 if not home.number else 0)
            # A number that nothing else contradicts is enough where it is long; two villages both have a household 1.
            other_head = bool(home.head_name and record.values.get("head_name")) and not same_head
            other_home = bool((home.address or home.building) and record.values.get("dwelling")) and not same_home
            if (enough or (alone and not other_head and not other_home)) and (
                best is None or (score, record.id) > (best[0], best[1])
            ):
                best = (score, record.id, record)
        if best is None:
            return None
        self._used.add(best[1])
        return best[2]

    def _near(self, members: dict[str, int], dwelling: str) -> list[Record]:
        found: dict[str, Record] = {}
        at_home: Iterable[Record] = self._register.households_at(dwelling) if dwelling else ()
        for record in at_home:
            found[record.id] = record
        for household in members:
            held = self._register.record("household", household)
            if held is not None:
                found[held.id] = held
        return list(found.values())

    def _homes_of(self, home: Household) -> dict[str, int]:
        """How many of the members live in which household of the register."""
        votes: dict[str, int] = {}
        for person in home.people:
            record = self._register.person(person.number) if person.number else None
            household = record.values.get("household") if record else None
            if household:
                votes[str(household)] = votes.get(str(household), 0) + 1
        return votes

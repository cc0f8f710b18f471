"""Finding in the register the households that a roster speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.exchange.roster.households import Household
from app.exchange.roster.register import Known, Register
from app.schema.values import comparable


class HouseholdMatcher:
    """Matches each household of the register at most once."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._used: set[str] = set()

    def match_all(self, homes: Sequence[Household], areas: Mapping[int, str]) -> dict[int, Known]:
        """The household of the register for each of *homes* that has one, by ``id(home)``; *areas* gives their areas likewise."""
        found: dict[int, Known] = {}
        for home in homes:
            record = self._same_number(home, areas[id(home)]) if home.number else None
            self._keep(found, home, record)
        for home in homes:
            # Only now: a household split off must not take the place of the one that kept the number.
            if id(home) not in found and home.placed:
                self._keep(found, home, self._same_people(home, areas[id(home)]))
        return found

    def _keep(self, found: dict[int, Known], home: Household, record: Known | None) -> None:
        if record is not None:
            found[id(home)] = record
            self._used.add(record.id)

    def _same_number(self, home: Household, area: str) -> Known | None:
        """The one of the same number whose people, home or head are the same."""
        members = self._homes_of(home)
        candidates = self._free(self._register.households(area, home.number), area)
        best: tuple[int, str, Known] | None = None
        for record in candidates:
            same_head, same_home = self._same_head(home, record), self._same_home(home, area, record)
            score = 4 * members.get(record.id, 0) + 3 * bool(same_head) + 2 * bool(same_home)
            # A number that nothing else contradicts is enough where it is long; two villages both have a household 1.
            alone = len(candidates) == 1 and len(home.number) >= 4 and same_head is not False and same_home is not False
            if (score or alone) and (best is None or (score, record.id) > best[:2]):
                best = (score, record.id, record)
        return best[2] if best else None

    def _same_people(self, home: Household, area: str) -> Known | None:
        """The one of most of the members, at the same home or under the same head: its number was written otherwise, or never.

        Where neither roster nor register has a number, head and home together are enough.
        """
        members = self._homes_of(home)
        numbered = sum(1 for person in home.people if person.number)
        near = [self._register.known("household", household) for household in members]
        places = self._register.named("dwelling", area, home.address or home.building)
        at_home = [record for place in places for record in self._register.households_at(place.id)]
        best: tuple[int, str, Known] | None = None
        for record in self._free([item for item in near if item] + at_home, area):
            same_head, same_home = self._same_head(home, record), self._same_home(home, area, record)
            votes = members.get(record.id, 0)
            unnumbered = not home.number and not record.number
            known_by_people = 2 * votes > numbered and (same_head or same_home or unnumbered)
            score = 4 * votes + 3 * bool(same_head) + 2 * bool(same_home)
            if (known_by_people or (unnumbered and same_head and same_home)) and (
                best is None or (score, record.id) > best[:2]
            ):
                best = (score, record.id, record)
        return best[2] if best else None

    def _free(self, records: Sequence[Known], area: str) -> list[Known]:
        return [record for record in records if record.id not in self._used and record.area == area]

    def _same_head(self, home: Household, record: Known) -> bool | None:
        """Whether both have the same head; None where one of them doesn't say."""
        held = record.title
        head = home.head_name or next((person.name for person in home.people if person.says_head), "")
        return comparable(held) == comparable(head) if held and head else None

    def _same_home(self, home: Household, area: str, record: Known) -> bool | None:
        """Whether both live at the same address; None where one of them doesn't say."""
        held = record.within
        address = home.address or home.building
        if not held or not address:
            return None
        return any(place.id == held for place in self._register.named("dwelling", area, address))

    def _homes_of(self, home: Household) -> dict[str, int]:
        """How many of the members live in which household of the register."""
        votes: dict[str, int] = {}
        for person in home.people:
            record = self._register.person(person.number) if person.number else None
            household = record.within if record else ""
            if household:
                votes[household] = votes.get(household, 0) + 1
        return votes

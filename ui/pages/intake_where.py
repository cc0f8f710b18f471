"""Where the case is and who phoned it in: what the fields found on record, and what is known of it and so not typed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.rules.village_names import village_in
from app.schema.kinds import Phone
from app.services.case_finding import PlaceHit
from app.services.case_taking import Member
from ui.forms.references import Target
from ui.jobs import Jobs
from ui.pages.intake_fields import PHONE_HINT, IntakeFields
from ui.pages.intake_read import Opening, people_targets, place_targets

if TYPE_CHECKING:
    from app.services.office import Office

_KINDS = {"dwelling": "登记在册的房屋", "grid": "网格", "village": "村（社区）"}


class IntakeWhere(QObject):
    """Its ``find_places`` and ``find_people`` are for the fields, which it serves from ``serve(fields)`` on. Signal ``moved``: another place."""

    moved = Signal()

    def __init__(self, office: Office, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._office, self._jobs = office, jobs
        self._place: PlaceHit | None = None
        self._hits: Sequence[PlaceHit] = ()
        # The village that the words of a place said.
        self._said = ""
        self.members: dict[str, Member] = {}
        self.areas: dict[str, str] = {}

    def serve(self, fields: IntakeFields) -> None:
        """Follow *fields*."""
        self._fields = fields
        fields.place.picked.connect(self._on_place)
        fields.place.went_on.connect(self._say_village)
        fields.place.chosen.connect(self._say_village)
        fields.member.changed.connect(self._on_member)
        fields.area.changed.connect(self._rank_members)

    def find_places(self, text: str, show: Callable[[Sequence[Target]], None]) -> None:
        """Dwellings, grids and villages by what is typed."""

        def found(hits: Sequence[PlaceHit]) -> None:
            self._hits = hits
            show(place_targets(hits))

        self._jobs.run(lambda: self._office.finding.places(text), found)

    def find_people(self, text: str, show: Callable[[Sequence[Target]], None]) -> None:
        """Residents by what is typed."""
        self._jobs.run(lambda: people_targets(self._office, text), show)

    def vague(self, hits: Sequence[Target]) -> bool:
        """Whether *hits* are several dwellings: of them none is meant by words that name none of them."""
        kinds = [self._hits[int(hit.id)].kind for hit in hits if hit.id.isdigit() and int(hit.id) < len(self._hits)]
        return len(kinds) > 1 and kinds[0] == "dwelling"

    def offer(self, opening: Opening) -> None:
        """What can be chosen, before anything is."""
        self._place, self._hits = opening.place, ()
        self.members = {str(n): member for n, member in enumerate(opening.members)}
        self.areas = dict(opening.areas)
        self._fields.area.show_choices(opening.areas)
        self._fields.member.show_choices(
            [(key, f"{m.name}　{self.areas.get(m.area, '')}{m.grid_name}") for key, m in self.members.items()]
        )

    def show(self, values: Mapping[str, Any]) -> None:
        """Show the member and the place of a sheet."""
        entered = values.get("entered_for")
        alike = [key for key, m in self.members.items() if m.name == entered]
        there = [key for key in alike if self.members[key].grid == values.get("grid")]
        # Of two members of one name only the one of this grid is meant, or the name stays a word.
        self._fields.member.set_value((there or alike)[0] if len(there or alike) == 1 else entered)
        self._say_member()
        if (hit := self._place) is not None:
            self._fields.place.set_target(Target("0", str(values.get("place") or hit.words), "", hit.area))
            self._hits = (hit,)
        else:
            self._fields.place.show_words(str(values.get("place") or ""))
        self._rank_members()

    def place(self) -> PlaceHit | None:
        """The place on record that is meant; None where the words alone count."""
        return self._place if self._fields.place.target() else None

    def member(self) -> Member | None:
        """The member who phoned in, where it is one of ours."""
        return self.members.get(str(self._fields.member.value() or ""))

    def say_place(self) -> None:
        """Below the place, what it is on record."""
        hit = self._place
        said = " · ".join(part for part in (_KINDS[hit.kind], hit.note) if part) if hit else ""
        self._fields.rows["place"].say(said)

    def _on_place(self, target: Target | None) -> None:
        number = int(target.id) if target is not None and target.id.isdigit() else -1
        self._place = self._hits[number] if 0 <= number < len(self._hits) else None
        if self._place is not None:
            self._fields.area.set_value(self._place.area)
        self._rank_members()
        self.say_place()
        self.moved.emit()

    def _say_village(self) -> None:
        """A place in words says its village, where nobody chose one."""
        fields = self._fields
        at = str(fields.area.value() or "")
        found = village_in(fields.place.words(), {name: code for code, name in self.areas.items()})
        if found is not None and self._place is None and at in (self._office.session.area, self._said):
            self._said = found
            fields.area.set_value(found)
            self._rank_members()

    def _rank_members(self) -> None:
        """The members of the place's own grid come first, then its village's: most calls come from there."""
        place = self.place()
        area, grid = str(self._fields.area.value() or ""), place.grid if place else ""

        def number(key: str) -> int:
            member = self.members.get(key)
            if member is None:
                return 3 * len(self.members)
            # With the number in it, who was first for another place goes back to where he stood.
            mine = 0 if grid and member.grid == grid else 1 if member.area == area else 2
            return mine * len(self.members) + int(key)

        self._fields.member.rank_choices(number)

    def _on_member(self) -> None:
        """What is known of a member who phoned in is not typed again."""
        # His number goes into the case with the save; nobody asked to see it.
        self._say_member()
        member, fields = self.member(), self._fields
        if member is None:
            return
        fields.channel.set_value("entered")
        fields.reporter.show_words(member.name)
        if not fields.place.words():
            hit = PlaceHit("grid", f"{self.areas.get(member.area, '')}{member.grid_name}", "", member.area, member.grid)
            self._hits, self._place = (hit,), hit
            fields.place.set_target(Target("0", hit.words, "", hit.area))
            fields.area.set_value(member.area)
            self.say_place()

    def _say_member(self) -> None:
        member = self.member()
        known = Phone().mask(member.phone) if member is not None and member.phone else ""
        self._fields.phone.setPlaceholderText(f"不填就用 {known}" if known else PHONE_HINT)

"""Taking a case: event, first step, people and photos in one save, and what the page that takes it looks up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.messages import sentence
from app.rules.classes import above
from app.schema.ids import companion
from app.schema.record import Record
from app.schema.values import Fault, Value
from app.services.case_sheet import Person, Sheet
from app.services.cases import EVENT, Cases
from app.services.gate import Gate
from app.services.records import Outcome
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.services.attachments import Attachments, Staged
    from app.store.store import Store

PERSON = "case_person"
_CLASSES = "taking.classes"
_MOST_CLASSES = 6
_MEMBERS = ("member", "helper", "leader3", "building_head", "household_rep")
"""The posts whose holders phone in what they found, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who holds a post in a grid and may phone a case in."""

    name: str
    phone: str
    post: str
    grid: str
    grid_name: str
    area: str


@dataclass(frozen=True, slots=True)
class Again:
    """A case that may be the same matter: what is said of it where another is being taken."""

    event: str
    title: str
    note: str = ""


Repeated = Callable[[Mapping[str, Any], str], Sequence[Again]]
"""(values typed so far, area) -> cases that may be the same matter."""


class CaseTaking:
    """Takes cases in. *repeated* looks for the same matter among those there are; None finds nothing."""

    def __init__(
        self, store: Store, gate: Gate, cases: Cases, attachments: Attachments, repeated: Repeated | None = None
    ) -> None:
        self._store = store
        self._gate = gate
        self._cases = cases
        self._attachments = attachments
        self._repeated = repeated

    def begin(self, values: Mapping[str, Any] | None = None, area: str = "") -> Sheet:
        """A new sheet, with what is known already."""
        return Sheet(self._store.new_id(), area or self._gate.session.area, dict(values or {}))

    def save(self, sheet: Sheet) -> Outcome:
        """Report the case of *sheet*, or close it as solved on the spot, with everything that belongs to it, in one save.

        Nothing is kept where anything has a fault. A sheet that was saved before gives the case as it stands.
        Raises Denied and KnownError("files.staged_gone").
        """
        made = self._store.get(EVENT, sheet.id)
        if made is not None:
            return Outcome(made)
        values = dict(sheet.values)
        if values.get("entered_for"):
            values["reporter"] = values.get("reporter") or values["entered_for"]
        action = "self_handle" if sheet.solved.strip() else "report"
        said = {"result": sheet.solved, **_seen(sheet)} if action == "self_handle" else {}
        edits, lines, faults = self._cases.begun(sheet.id, values, action, said, area=sheet.area)
        people, found = self._people(sheet)
        if faults or found:
            return Outcome(None, (*faults, *found))
        named, also = self._attachments.beginning(EVENT, sheet.id, sheet.area, sheet.files) if sheet.files else ([], [])
        lines += [self._gate.line("create", PERSON, sheet.area, record=edit.id or "", own=True) for edit in people]
        self._store.save([*edits, *people, *named], self._gate.session.user, audit=[*lines, *also])
        self._used(str(values.get("category") or ""))
        return Outcome(self._store.get(EVENT, sheet.id))

    def forget(self, key: str, files: Sequence[Staged]) -> None:
        """Throw the draft *key* away with the *files* staged for it, but for those that another draft holds too."""
        self._store.drop_draft(key)
        others = [
            self._store.draft(held)
            for held, form, _id, _time in self._store.drafts()
            if form == EVENT and held.startswith("taking:")
        ]
        kept = {one.sha256 for draft in others if draft for one in Sheet.unpacked(draft).files}
        self._attachments.unstage([one for one in files if one.sha256 not in kept])

    def people(self, event: Record) -> list[Record]:
        """The people of a case in the order in which they were named; who reads the case sees who is in it."""
        return self._store.select(PERSON, {"event": event.id}, order=["order", "id"])

    def name_person(self, event_id: str, person: Person) -> Record:
        """Name somebody in a case that stands; KnownError("taking.person_twice") or ("taking.person_wrong") says why not."""
        event = self._cases.case(event_id).event
        held = self.people(event)
        named = [Person("", *(str(one.values.get(f) or "") for f in ("name", "resident", "phone"))) for one in held]
        if any(person.same(one) for one in named):
            raise KnownError("taking.person_twice", name=person.name)
        edit, faults = self._person(event_id, event.area, person, len(held))
        if faults:
            raise KnownError("taking.person_wrong", message=faults[0].message)
        line = self._gate.line("create", PERSON, event.area, record=event_id, own=True)
        # Somebody who was taken out before comes back as the same record.
        saved = self._store.save([replace(edit, deleted=False)], self._gate.session.user, audit=[line])
        found = self._store.get(PERSON, saved.ids[0])
        if found is None:
            raise KnownError("store.no_record", form=self._store.forms[PERSON].title, id=saved.ids[0])
        return found

    def may_name(self, area: str) -> bool:
        """Whether this user may name people in cases of *area*."""
        return self._gate.decide("create", PERSON, area, own=True).allowed

    def may_be_solved(self, category: str | None, profile: str | None = None) -> bool:
        """Whether a case of *category* may be closed as solved on the spot by this user; *profile*: the flow chosen for it."""
        flow = self._cases.rules.profiles.get(profile or self.profile_for(category))
        if flow is not None and "self_handle" not in flow.actions:
            return False
        if not self._cases.rules.never_self_handled.isdisjoint(above(category or "unclassified")):
            return False
        roles = self._gate.session.roles
        return self._cases.rules.role_for("self_handle", roles) is not None

    def profile_for(self, category: str | None) -> str:
        """The flow that a case of *category* goes by."""
        return self._cases.rules.profile_for(category) or self._cases.rules.begin({}).profile

    def profiles(self, category: str | None) -> list[tuple[str, str]]:
        """The flows, (code, label), that this user may report a case of *category* with: who may change a case's flow may choose any.

        Anybody else has the one of the class.
        """
        rules = self._cases.rules
        usual = self.profile_for(category)
        may = rules.role_for("set_profile", self._gate.session.roles) is not None
        offered = self._store.forms.codes["case_profile"].items
        return [
            (item.code, item.label) for item in offered if item.code == usual or (may and item.code in rules.profiles)
        ]

    def recent_classes(self) -> tuple[str, ...]:
        """The classes that this user took last on this device, the last first."""
        held = self._store.meta.get(_CLASSES, {}).get(self._gate.session.user, ())
        codes = self._store.forms.codes["event_class"]
        offered = {item.code for item in codes.items}
        return tuple(code for code in held if code in offered)

    def repeated(self, values: Mapping[str, Any], area: str) -> Sequence[Again]:
        """Cases that may be the same matter as the one being taken; runs in the lane."""
        return self._repeated(values, area) if self._repeated else ()

    def members(self) -> list[Member]:
        """Who holds a post in the grids of this user's areas today and may phone in, each once, by village and grid."""
        if not self._gate.decide("read", "grid_post", None).allowed:
            return []
        self._gate.require("read", "grid_post", None)
        reached = self._gate.divisions()
        held = self._gate.session.areas
        today = self._cases.now().date().isoformat()
        grids = {grid.id: grid for grid in self._store.select("grid", order=["area", "code", "name"])}
        posts: dict[tuple[str, str], Member] = {}
        rank = {post: number for number, post in enumerate(_MEMBERS)}
        held_now = [
            one
            for one in self._store.select("grid_post", {"post": list(_MEMBERS)})
            if _in_office(one, today) and str(one.values.get("grid")) in grids and reached.any_covers(held, one.area)
        ]
        held_now.sort(key=lambda one: (rank[str(one.values["post"])], one.id))
        for one in held_now:
            grid = grids[str(one.values["grid"])]
            name = str(one.values.get("name") or "")
            member = Member(
                name, str(one.values.get("phone") or ""), str(one.values["post"]), grid.id,
                str(grid.values.get("name") or ""), one.area,
            )  # fmt: skip
            posts.setdefault((name, grid.id), member)
        for grid in grids.values():
            name = str(grid.values.get("member") or "")
            if name and reached.any_covers(held, grid.area):
                phone = str(grid.values.get("member_phone") or "")
                known = Member(name, phone, "member", grid.id, str(grid.values.get("name") or ""), grid.area)
                posts.setdefault((name, grid.id), known)
        order = {grid: number for number, grid in enumerate(grids)}
        return sorted(posts.values(), key=lambda one: (order[one.grid], rank[one.post], one.name))

    def _people(self, sheet: Sheet) -> tuple[list[Edit], list[Fault]]:
        edits: list[Edit] = []
        faults: list[Fault] = []
        for number, one in enumerate(sheet.people):
            if any(one.same(other) for other in sheet.people[:number]):
                faults.append(Fault("people", "person_twice", sentence("taking.person_twice", name=one.name)))
                continue
            edit, wrong = self._person(sheet.id, sheet.area, one, number)
            faults += wrong
            edits.append(edit)
        return edits, faults

    def _person(self, event: str, area: str, one: Person, order: int) -> tuple[Edit, list[Fault]]:
        values: dict[str, Value] = {
            "event": event, "role": one.role, "name": one.name, "resident": one.resident or None,
            "phone": one.phone or None, "address": one.address or None, "note": one.note or None, "order": order,
        }  # fmt: skip
        given = {name: value for name, value in values.items() if value is not None}
        clean, wrong = self._store.forms[PERSON].clean(given)
        faults = [
            Fault("people", fault.code, f"{one.name or sentence('cases.somebody')}：{fault.message}") for fault in wrong
        ]
        return Edit(PERSON, person_id(event, one.resident) or self._store.new_id(), area, clean), faults

    def _used(self, category: str) -> None:
        if not category or category == "unclassified":
            return
        user = self._gate.session.user
        with self._store.transaction():
            everybody = self._store.meta.get(_CLASSES, {})
            before = [code for code in everybody.get(user, ()) if code != category]
            everybody[user] = [category, *before][:_MOST_CLASSES]
            self._store.meta.set(_CLASSES, everybody)


def person_id(event: str, resident: str) -> str:
    """The id of the record that names *resident* in a case: two devices that add him apart make the same one. "" without a resident."""
    return companion(event, f"{PERSON} {resident}") if resident else ""


def _seen(sheet: Sheet) -> dict[str, Any]:
    """What shows that it was solved on the spot: how many photos, and who saw it, typed or among the people."""
    photos = len({one.sha256 for one in sheet.files if one.values.get("kind") == "photo"})
    witnesses = [sheet.witness, *(one.name for one in sheet.people if one.role == "witness")]
    return {"photos": photos or None, "witness": "、".join(dict.fromkeys(name for name in witnesses if name)) or None}


def _in_office(post: Record, day: str) -> bool:
    start, end = post.values.get("valid_from"), post.values.get("valid_to")
    return (not start or str(start) <= day) and (not end or str(end) > day)

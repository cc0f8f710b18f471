"""Meetings: the list of all that is open, what was decided of each, and what became of what was decided before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.messages import sentence
from app.schema.dates import china_time
from app.schema.ids import companion
from app.schema.record import Record
from app.schema.values import Fault, Value
from app.services.case_folding import EVENT, chunks, read_steps
from app.services.case_limits import past_day
from app.services.cases import Cases
from app.services.gate import Gate
from app.services.open_matters import DISPUTE, HAZARD, MATTERS, Matter, OpenMatters
from app.services.records import Outcome, Records
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

__all__ = ["DISPUTE", "EVENT", "HAZARD", "MATTERS", "STEPS", "Before", "Line", "Meetings", "Prepared", "Sheet"]

MEETING, ITEM = "meeting", "meeting_item"
FROM = "meeting_item"
"""What a step says of the decision that it carries out: the id of that item."""
_MANY = 200
_AGAIN = ("place", "host", "recorder", "present")
"""What the next meeting of an area begins with from the one before, so that nobody types it twice."""
_Said = Callable[[Mapping[str, Value]], dict[str, Any]]
_STEPS: Mapping[str, _Said] = {
    "remind": lambda said: {"text": said["decision"]},
    "supervise": lambda said: {"opinion": said["decision"], "answer_due": _evening(said.get("due"))},
    "assign": lambda said: {
        "lead_unit": said.get("owner"),
        "instruction": said["decision"],
        "due_at": _evening(said.get("due")),
    },
    "name_patron": lambda said: {
        "patron": said.get("owner"),
        "plan": said["decision"],
        "review_on": _evening(said.get("due")),
    },
}
STEPS = tuple(_STEPS)
"""The actions of a case that a decision can become, as the case's rules and the user's rights allow."""


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier meeting decided of the same matter. ``result`` is a code of meeting_result, "" where nobody said yet."""

    item: Record
    date: str
    decision: str
    owner: str
    due: str
    result: str
    note: str

    def late(self, today: str) -> bool:
        """Whether it should have been done by now and isn't."""
        return bool(self.due) and self.due < today and self.result != "done"


@dataclass(frozen=True, slots=True)
class Line:
    """One matter of a meeting's list. ``matter`` is None where it isn't on this device any more; then the item's words stand.

    ``carried``: how many meetings had it on their list before this one. ``acted``: the steps that its decision became.
    """

    item: Record
    matter: Matter | None
    title: str
    village: str
    days: int
    before: Before | None
    carried: int
    acted: tuple[str, ...] = ()

    @property
    def closed(self) -> str:
        """The day on which the matter was settled, "" while it is open or nobody here knows."""
        return self.matter.closed if self.matter else ""

    @property
    def decided(self) -> bool:
        """Whether the meeting has said something about it."""
        return bool(self.item.values.get("decision"))

    @property
    def seen(self) -> dict[str, int]:
        """The revs of the values that are on the screen: with them nothing that came meanwhile is overwritten unseen."""
        return {name: self.item.rev_of(name) for name in ("decision", "owner", "due", "result", "result_note")}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A meeting with its list: first what was decided before, then village by village, the oldest first.

    ``new``: how many matters are open that are not on the list yet.
    """

    meeting: Record
    lines: tuple[Line, ...]
    today: dt.date
    new: int = 0

    @property
    def left(self) -> int:
        """How many open matters the meeting hasn't come to."""
        return sum(1 for line in self.lines if not line.decided and not line.closed)


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many matters a preparation put on the list, and how many of them were settled since the last meeting."""

    added: int
    settled: int


class Meetings:
    """The meetings of this desk. Raises Denied and KnownError("meeting.…")."""

    def __init__(self, store: Store, gate: Gate, records: Records, cases: Cases) -> None:
        self._store = store
        self._gate = gate
        self._records = records
        self._cases = cases
        self._matters = OpenMatters(store, gate, cases.rules)

    def today(self) -> dt.date:
        """The day in China by the county's clock."""
        return dt.date.fromisoformat(china_time(self._store.now_ms())[:10])

    def all(self, *, limit: int | None = None) -> list[Record]:
        """The meetings that this user may read, the latest first."""
        self._gate.require("read", MEETING, None)
        return self._store.select(MEETING, order=["-date", "-id"], limit=limit)

    def begin(self, area: str = "") -> dict[str, Value]:
        """What a new meeting of *area* begins with: today, and who and where as last time."""
        values: dict[str, Value] = {"kind": "clear", "date": self.today().isoformat()}
        where = area or self._gate.session.area
        last = next((one for one in self.all() if one.area == where and one.values.get("kind") == "clear"), None)
        if last:
            values |= {name: last.values[name] for name in _AGAIN if last.values.get(name)}
        values.setdefault("recorder", self._gate.session.name)
        return values

    def prepare(self, meeting_id: str) -> Prepared:
        """Put everything that is open in the meeting's area on its list, and what was settled since it was decided of.

        Pressed again it adds what came since and changes nothing that is there; two devices that do it apart make one list.
        """
        meeting = self._meeting(meeting_id)
        found, settled = (
            self._missing(meeting, self._matters.open(meeting.area)),
            self._missing(meeting, self._settled(meeting)),
        )
        names = {area["code"]: area["name"] for area in self._store.areas()}
        matters = self._matters.read([*found, *settled])
        edits = [self._edit(meeting, matter, names) for matter in matters.values()]
        if edits:
            line = self._gate.line("create", ITEM, meeting.area, record=meeting_id, fields=f"{len(edits)}")
            self._store.save(edits, self._gate.session.user, bulk=len(edits) > _MANY, audit=[line])
        return Prepared(len(edits), len(settled))

    def sheet(self, meeting_id: str) -> Sheet:
        """The meeting with its list as it stands now."""
        meeting = self._meeting(meeting_id)
        items = self._items(meeting_id)
        about: dict[str, set[str]] = {}
        for item in items:
            about.setdefault(str(item.values["about_form"]), set()).add(str(item.values["about"]))
        held = self._matters.held(about)
        matters = self._matters.read(held.values())
        earlier = self._earlier(meeting, [str(item.values["about"]) for item in items])
        acted = self._acted(items)
        today = self.today()
        new = len(self._missing(meeting, self._matters.open(meeting.area)))
        lines = [
            self._line(
                item, matters.get(str(item.values["about"])), earlier.get(str(item.values["about"]), []), acted, today
            )
            for item in items
        ]
        place = {area["name"]: number for number, area in enumerate(self._store.areas())}
        lines.sort(
            key=lambda line: (
                line.before is None,
                place.get(line.village, len(place)),
                line.village,
                str(line.item.values.get("since") or ""),
                line.item.id,
            )
        )
        return Sheet(meeting, tuple(lines), today, new)

    def decide(
        self, item_id: str, values: Mapping[str, object], seen: Mapping[str, int] | None = None, *, action: str = ""
    ) -> Outcome:
        """Write down what was decided (``decision``, ``owner``, ``due``); with *action* it becomes that step of the case as well.

        A due day that was over when the meeting met is refused, with all that came with it; one that stands already is not.

        What was decided is kept also where the step can't be done; then the faults say why.
        """
        item = self._item(item_id)
        due, meeting = values.get("due"), self._store.get(MEETING, str(item.values["meeting"]))
        today = self.today().isoformat()
        if due != item.values.get("due") and past_day(
            str(due or ""), meeting.values.get("date") if meeting else None, today
        ):
            label = self._store.forms[ITEM].fields["due"].label
            return Outcome(None, (Fault("due", "limit_past", sentence("meeting.due_past", label=label, due=due)),))
        saved = self._records.save(ITEM, values, record_id=item.id, seen=_whole(item, values, seen))
        if not saved.ok or not action:
            return saved
        done = self.act(item_id, action)
        return saved if done.ok else Outcome(saved.record, done.faults)

    def look_back(self, item_id: str, result: str, note: str = "", seen: Mapping[str, int] | None = None) -> Outcome:
        """Say of what an earlier meeting decided whether it was done."""
        item = self._item(item_id)
        values = {"result": result or None, "result_note": note or None}
        return self._records.save(ITEM, values, record_id=item.id, seen=_whole(item, values, seen))

    def offers(self, item_id: str) -> tuple[str, ...]:
        """The steps that this user may make of a decision now, those left out that it has become already."""
        item = self._item(item_id)
        if (
            item.values.get("about_form") != EVENT
            or (held := self._store.get(EVENT, str(item.values["about"]))) is None
        ):
            return ()
        case = self._cases.case(held.id)
        done = self._acted([item]).get(item.id, ())
        may = {action.code for action in self._cases.actions(case)}
        return tuple(code for code in STEPS if code in may and code not in done)

    def act(self, item_id: str, action: str) -> Outcome:
        """Make the decision a step of its case, once: where it is one already, that step is the answer.

        Where two devices do it apart, the county's first one counts and the other only stands in the case's history.
        """
        item = self._item(item_id)
        values = item.values
        if values.get("about_form") != EVENT:
            raise KnownError("meeting.not_a_case", title=values.get("title") or "")
        if action not in _STEPS:
            raise KnownError("meeting.no_such_step", action=action)
        if not values.get("decision"):
            raise KnownError("meeting.no_decision")
        event = str(values["about"])
        for step in self._cases.case(event).steps:
            if step.action == action and step.values.get(FROM) == item.id:
                return Outcome(self._store.get("event_step", step.id))
        said = {name: value for name, value in _STEPS[action](values).items() if value}
        return self._cases.act(event, action, {**said, FROM: item.id, "once": f"{item.id} {action}"})

    def of(self, form: str, record_id: str) -> list[tuple[Record, Record]]:
        """(meeting, item) of every meeting that spoke of a record and that this user may read, the latest first."""
        items = self._store.select(ITEM, {"about": record_id, "about_form": form})
        meetings = self._store.many(MEETING, {str(item.values["meeting"]) for item in items})
        found = [
            (meetings[key], item)
            for item in items
            if (key := str(item.values["meeting"])) in meetings
            and not meetings[key].deleted
            and not item.deleted
            and self._gate.decide("read", MEETING, meetings[key].area).allowed
        ]
        return sorted(found, key=lambda pair: (str(pair[0].values.get("date")), pair[0].id), reverse=True)

    def _line(
        self,
        item: Record,
        matter: Matter | None,
        earlier: Sequence[tuple[Record, Record]],
        acted: Mapping[str, tuple[str, ...]],
        today: dt.date,
    ) -> Line:
        before = next((_before(meeting, one) for meeting, one in earlier if one.values.get("decision")), None)
        since = str(item.values.get("since") or "")
        days = matter.days(today) if matter else max((today - dt.date.fromisoformat(since)).days, 0) if since else 0
        title = matter.title if matter else str(item.values.get("title") or "")
        village = str(item.values.get("village") or "")
        return Line(item, matter, title, village, days, before, len(earlier), acted.get(item.id, ()))

    def _missing(self, meeting: Record, found: Sequence[Record]) -> list[Record]:
        """Those of *found* that the list doesn't have; what somebody took off it stays off."""
        ids = {one.id: item_id(meeting.id, one.id) for one in found}
        held = {key for part in chunks(list(ids.values())) for key in self._store.many(ITEM, part)}
        return [one for one in found if ids[one.id] not in held]

    def _settled(self, meeting: Record) -> list[Record]:
        """What the meeting before decided of and somebody has settled since."""
        last = next((one for one in self._before(meeting) if self._items(one.id)), None)
        if last is None:
            return []
        wanted: dict[str, set[str]] = {}
        for item in self._items(last.id):
            if item.values.get("decision"):
                wanted.setdefault(str(item.values["about_form"]), set()).add(str(item.values["about"]))
        held = self._matters.held(wanted)
        matters = self._matters.read(held.values())
        since = str(last.values.get("date") or "")
        return [held[one] for one, matter in matters.items() if matter.closed and matter.closed >= since]

    def _before(self, meeting: Record) -> list[Record]:
        """The meetings of the same area before this one, the latest first."""
        mark = (str(meeting.values.get("date") or ""), meeting.id)
        found = self._store.select(MEETING, area=meeting.area, order=["-date", "-id"])
        return [one for one in found if one.area == meeting.area and (str(one.values.get("date") or ""), one.id) < mark]

    def _earlier(self, meeting: Record, about: Sequence[str]) -> dict[str, list[tuple[Record, Record]]]:
        """For each matter the earlier meetings of the area with their items, the latest first."""
        place = {one.id: (number, one) for number, one in enumerate(self._before(meeting))}
        found: dict[str, list[tuple[int, Record, Record]]] = {}
        for part in chunks(about):
            for item in self._store.select(ITEM, {"about": list(part)}):
                if (known := place.get(str(item.values["meeting"]))) is not None:
                    found.setdefault(str(item.values["about"]), []).append((*known, item))
        return {
            key: [(one, item) for _number, one, item in sorted(rows, key=lambda row: row[0])]
            for key, rows in found.items()
        }

    def _acted(self, items: Sequence[Record]) -> dict[str, tuple[str, ...]]:
        """The actions that the decisions of *items* have become already, by item."""
        wanted = {item.id for item in items if item.values.get("decision")}
        events = [
            str(item.values["about"]) for item in items if item.id in wanted and item.values["about_form"] == EVENT
        ]
        found: dict[str, list[str]] = {}
        for part in chunks(events):
            for steps in read_steps(self._store, part).values():
                for step in steps:
                    if (item := str(step.values.get(FROM) or "")) in wanted:
                        found.setdefault(item, []).append(step.action)
        return {item: tuple(dict.fromkeys(actions)) for item, actions in found.items()}

    def _edit(self, meeting: Record, matter: Matter, names: Mapping[str, str]) -> Edit:
        values: dict[str, Value] = {
            "meeting": meeting.id,
            "about_form": matter.form,
            "about": matter.id,
            "title": matter.title or None,
            "village": names.get(matter.area) or None,
            "since": matter.since or None,
        }
        return Edit(ITEM, item_id(meeting.id, matter.id), meeting.area, values)

    def _items(self, meeting_id: str) -> list[Record]:
        return self._store.select(ITEM, {"meeting": meeting_id}, order=["id"])

    def _meeting(self, meeting_id: str) -> Record:
        found = self._store.get(MEETING, meeting_id)
        if found is None or found.deleted:
            raise KnownError("meeting.not_here")
        self._gate.require("read", MEETING, found.area, record=meeting_id)
        return found

    def _item(self, key: str) -> Record:
        found = self._store.get(ITEM, key)
        if found is None or found.deleted:
            raise KnownError("meeting.no_item")
        self._gate.require("read", ITEM, found.area, record=key)
        return found


def item_id(meeting: str, about: str) -> str:
    """The id of the item of *meeting* about a matter: two recorders on two devices write the same one."""
    return companion(meeting, f"{ITEM} {about}")


def _before(meeting: Record, item: Record) -> Before:
    said = [str(item.values.get(name) or "") for name in ("decision", "owner", "due", "result", "result_note")]
    return Before(item, str(meeting.values.get("date") or ""), *said)


def _whole(item: Record, values: Mapping[str, object], seen: Mapping[str, int] | None) -> dict[str, int]:
    """The revs that were on the screen, of the fields that are written."""
    return {name: (seen or {}).get(name, item.rev_of(name)) for name in values}


def _evening(day: Value) -> str | None:
    """The end of the working day on which something is due."""
    return f"{day}T17:30:00+08:00" if day else None

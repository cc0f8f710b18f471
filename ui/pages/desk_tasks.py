"""What waits on the desk, read in the lane as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.rules.case_engine import CaseRules
from app.schema.record import Record
from app.services.case_folding import fold_case, read_steps
from app.services.cases import Case
from app.services.reminders import Notice
from app.services.session import Session
from app.services.traffic import NO_LIMIT, Allowance
from app.store.agreement import NOT_AGREED, Agreed, Exchange
from app.store.clock import Reading
from app.store.outbox import Waiting
from ui.lists import Cell, Group
from ui.lists.columns import Row
from ui.pages.case_words import GROUPS, chip_of, due_tone, group_of, late_by, spoken_time
from ui.pages.desk_quick import Place
from ui.pages.receptions import next_days
from ui.pieces.chips import State, state
from ui.pieces.figures import Figure

if TYPE_CHECKING:
    from app.services.office import Office

_ASKED = {"extend": ("extend_grant", "申请延期"), "suspend": ("suspend", "申请挂账")}
"""What answers a request, and how it is called."""
_LISTED = 100
"""So many cases stand on the desk; the rest are counted, and listed by the page of events."""


@dataclass(frozen=True)
class Counts:
    """What stands behind the names in the navigation, and what the sync chip says."""

    desk: int = 0
    events: int = 0
    mediation: int = 0
    sync: int = 0
    waiting: int = 0
    last: Exchange | None = None
    agreed: Agreed = NOT_AGREED
    clock: Reading | None = None
    allowance: Allowance = NO_LIMIT
    reminders: int = 0
    day: dt.date | None = None
    late: int = 0

    def navigation(self) -> dict[str, int]:
        """The counts by page."""
        return {"desk": self.desk, "events": self.events, "mediation": self.mediation, "sync": self.sync}


@dataclass(frozen=True)
class Desk:
    """Everything that the desk shows, at one moment."""

    now: dt.datetime
    rows: tuple[Row | Group, ...]
    tasks: int
    waiting: Waiting
    attention: int
    conflicts: int
    last: Exchange | None
    figures: tuple[Figure, ...]
    week: str
    places: tuple[Place, ...]
    online: bool = True
    notices: tuple[Notice, ...] = ()
    receptions: tuple[str, ...] = ()


def read_desk(office: Office, *, mine: bool = True) -> Desk:
    """Read what the desk of this user shows; runs in the lane."""
    now, rules, session = office.cases.now(), office.cases.rules, office.session
    events, hidden = _cases(office, now, mine=mine)
    elsewhere = _not_ours(office, events)
    tasks = [(event.values.get("due_at"), _case_row(event, rules, session, now, elsewhere)) for event in events]
    tasks += _mediation_tasks(office, now) + _care_tasks(office, now) + _request_tasks(office, now)
    return Desk(
        now,
        _grouped(tasks, now, hidden),
        len(tasks) + sum(hidden),
        office.store.sync.waiting(),
        len(office.store.sync.attention()),
        office.conflicts.count(),
        next(iter(office.store.sync.exchanges(1)), None),
        _figures(office, now),
        _week(now.date()),
        _places(office),
        bool(office.store.sync.state.url),
        tuple(office.reminders.now()),
        next_days(office),
    )


def _cases(office: Office, now: dt.datetime, *, mine: bool) -> tuple[list[Record], list[int]]:
    """The cases listed, soonest due first, and how many more there are of each of `GROUPS`.

    Mine are those on which I must act, and those of other units that are late, where I may remind them.
    """
    lists, rules, session = office.case_lists, office.cases.rules, office.session
    tab = "mine" if mine else "open"
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [now, midnight + dt.timedelta(days=1), midnight + dt.timedelta(days=4)]
    found = list(lists.soonest(tab, _LISTED))
    hidden = lists.by_due(tab, edges)
    for event in found:
        hidden[GROUPS.index(group_of(event.values.get("due_at"), now))] -= 1
    if mine and any(rules.role_for(code, session.roles) for code in ("remind", "reassign")):
        known = {event.id for event in found}
        late = lists.soonest("late", _LISTED)
        found += [one for one in late if one.id not in known and one.values.get("state") in ("assigned", "handling")]
    return found, [max(count, 0) for count in hidden]


def read_counts(office: Office) -> Counts:
    """Read what the frame shows beside the page; runs in the lane."""
    office.gate.renew()
    now, counts = office.cases.now(), office.case_lists.counts()
    mine = counts["mine"] or 0
    mediations = _open_mediations(office)
    asking = len(office.store.sync.attention()) + office.conflicts.count()
    last = next(iter(office.store.sync.exchanges(1)), None)
    near = sum(group_of(record.values.get("due"), now) != GROUPS[3] for record in mediations)
    sync = office.store.sync
    return Counts(
        mine + near,
        mine,
        len(mediations),
        asking,
        sync.waiting().total,
        last,
        sync.agreed(),
        office.store.clock.read(),
        office.traffic.allowance(),
        office.reminders.unseen(),
        now.date(),
        counts["late"] or 0,
    )


def _not_ours(office: Office, events: Sequence[Record]) -> set[tuple[str, str]]:
    """What the columns of a case let this user do and its steps don't: (id, action).

    To say yes to his own request, and to answer what a mediation answers.
    """
    mediated = {str(one.values.get("event") or "") for one in _open_mediations(office)}
    found = {(event.id, "feed_back") for event in events if event.id in mediated}
    asked = [event for event in events if event.values.get("asked") in _ASKED]
    steps = read_steps(office.store, [event.id for event in asked]) if asked else {}
    for event in asked:
        held = steps.get(event.id, [])
        case = Case(event, fold_case(office.store, office.cases.rules, event, held), tuple(held))
        code, _words = _ASKED[str(event.values["asked"])]
        if any(concern.strict for concern in office.cases.concerns(case, code)):
            found.add((event.id, code))
    return found


def _case_row(
    event: Record, rules: CaseRules, session: Session, now: dt.datetime, not_ours: Collection[tuple[str, str]]
) -> Row:
    values = event.values
    due = values.get("due_at")
    known = rules.states[str(values["state"])]
    lead = str(values.get("lead_unit") or "")
    profile = str(values.get("profile_now") or "")
    action = _next(event, rules, session, not_ours, late=bool(late_by(due, now)))
    label = rules.label(action, profile) if action in rules.actions else "看进展"
    chip = chip_of(values, rules, now)
    note = [
        f"主办 {lead}" if lead else "",
        known.label if chip.text != known.label else "",
        _ASKED.get(str(values.get("asked") or ""), ("", ""))[1],
        str(values.get("area_name") or ""),
    ]
    note.append(str(values.get("case_no") or ""))
    return {
        "id": f"case:{event.id}:{action}",
        "state": chip,
        "title": Cell(str(values.get("title") or ""), " · ".join(part for part in note if part)),
        "due": Cell(spoken_time(due, now) if due else "—", tone=due_tone(due, now) or "text-2"),
        "act": label,
    }


def _next(
    event: Record, rules: CaseRules, session: Session, not_ours: Collection[tuple[str, str]], *, late: bool
) -> str:
    """What this user most often does with a case next; "" where he only looks at it."""
    values = event.values
    state, ours = str(values["state"]), {session.unit, session.name, session.user} - {""}
    asked, _words = _ASKED.get(str(values.get("asked") or ""), ("", ""))
    if asked and rules.role_for(asked, session.roles) and (event.id, asked) not in not_ours:
        return asked
    if state == "merged":
        return "split_off"
    if state not in ("assigned", "handling") or (values.get("owner_unit") or "") in {"", *ours}:
        usual = rules.usual(state, str(values.get("profile_now") or ""))
        return "" if state == "handling" and (event.id, usual) in not_ours else usual
    if ours & set(str(values.get("assist_open") or "").split("、")):
        return "assist_feed_back"
    return "remind" if late else ""


def _open_mediations(office: Office) -> list[Record]:
    if not office.gate.decide("read", "mediation", None, own=True).allowed:
        return []
    return office.mediations.list(open_only=True)


def _mediation_tasks(office: Office, now: dt.datetime) -> list[tuple[object, Row]]:
    """Mediations whose limit is near; the parties' names are shortened, others may stand behind the clerk."""
    near = [m for m in _open_mediations(office) if group_of(m.values.get("due"), now) != GROUPS[3]]
    if not near:
        return []
    parties = office.store.select("party", {"mediation": [record.id for record in near]})
    found: list[tuple[object, Row]] = []
    for record in near:
        due = record.values.get("due")
        names = [str(p.values.get("name")) for p in parties if p.values.get("mediation") == record.id]
        title = Cell(short_names(str(record.values.get("title") or ""), names), "调解期限")
        row = _row(f"mediation:{record.id}:", due, now, State("调解中", "blue", "player-play"), title, "看调解")
        found.append((due, row))
    return found


def _row(key: str, due: object, now: dt.datetime, waits: State, title: Cell, act: str) -> Row:
    """A task that is no case; it says *waits* until it is late."""
    late = late_by(due, now)
    return {
        "id": key,
        "state": state(late) if late else waits,
        "title": title,
        "due": Cell(spoken_time(due, now), tone=due_tone(due, now) or "text-2"),
        "act": act,
    }


def _care_tasks(office: Office, now: dt.datetime) -> list[tuple[object, Row]]:
    """Reviews of care tags, for who has the right to them: whose it is, not what; others may stand behind the clerk."""
    found: list[tuple[object, Row]] = []
    for review in office.care.reviews():
        due = f"{review.due}T23:59:59+08:00"
        title = Cell(f"{review.name[:1]}某 关爱登记复核", "在本人卡片上办")
        row = _row(f"care:{review.resident}:", due, now, State("待复核", "grey", "eye-check"), title, "看居民")
        found.append((due, row))
    return found


def _request_tasks(office: Office, now: dt.datetime) -> list[tuple[object, Row]]:
    """Requests of people about their own data whose limit is near; names are shortened, others may stand behind the clerk."""
    found: list[tuple[object, Row]] = []
    form = office.forms["data_request"]
    for request in office.requests.due():
        due = f"{office.requests.rules.due_of(request.values)}T17:30:00+08:00"
        kind = form.show("kind", request.values.get("kind"))
        title = Cell(f"{str(request.values.get('name') or '')[:1]}某 要求{kind}自己的信息", "个人信息申请")
        row = _row(f"request:{request.id}:", due, now, State("待答复", "grey", "file-text"), title, "办理")
        found.append((due, row))
    return found


def short_names(text: str, names: Sequence[str]) -> str:
    """*text* with each of *names* shortened to 张某."""
    for name in sorted(names, key=len, reverse=True):
        if len(name) >= 2:
            text = text.replace(name, f"{name[0]}某")
    return text


def _grouped(
    tasks: Sequence[tuple[object, Row]], now: dt.datetime, hidden: Sequence[int] = (0, 0, 0, 0)
) -> tuple[Row | Group, ...]:
    """The rows under their groups; *hidden*: how many of each group there are beside those listed."""
    rows: list[Row | Group] = []
    for name, more in zip(GROUPS, hidden, strict=True):
        inside = sorted(
            ((due, row) for due, row in tasks if group_of(due, now) == name), key=lambda task: str(task[0] or "9")
        )
        if inside or more:
            rest = f"，先列 {len(inside)} 件，其余在“事件”里" if more else ""
            rows.append(Group(f"{name} {len(inside) + more}{rest}"))
            rows += [row for _due, row in inside]
    return tuple(rows)


def _figures(office: Office, now: dt.datetime) -> tuple[Figure, ...]:
    if not office.gate.decide("report", "event", office.session.area or None).allowed:
        return ()
    found = office.statistics.week_counts(now.date())
    shown = (("n_rep", "上报", ""), ("n_acc", "受理", ""), ("n_cls", "办结", ""), ("n_over_open", "超期未结", "red"))
    return tuple(
        Figure(f"{found[code]:,}", label, tone if found[code] else "") for code, label, tone in shown if code in found
    )


def _week(today: dt.date) -> str:
    monday = today - dt.timedelta(days=today.weekday())
    return f"{monday.month}月{monday.day}日—{f'{today.month}月' if today.month != monday.month else ''}{today.day}日"


def _places(office: Office) -> tuple[Place, ...]:
    areas = {area["code"]: area["name"] for area in office.store.areas() if area["level"] not in ("county", "township")}
    grids = office.store.select("grid", order=["code", "name"])
    return tuple(Place(name, code, name) for code, name in areas.items()) + tuple(
        Place(str(grid.values.get("name") or ""), grid.area, areas.get(grid.area, ""), grid.id) for grid in grids
    )

"""How the exchange stands, read in the lane as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.schema.record import DELETED, Record
from app.services.conflicts import Conflict
from app.services.refusals import Refusal
from app.services.traffic import NO_LIMIT, Allowance
from app.store.agreement import NOT_AGREED, Agreed, Exchange
from app.store.files import FilesWaiting
from app.store.outbox import Waiting
from ui.pages.sync_words import moment, refusal, said_moment

if TYPE_CHECKING:
    from app.schema.form import Form
    from app.services.office import Office


_SHOWN = 50


@dataclass(frozen=True)
class Refused:
    """A change that the county did not take: what it was, why, when."""

    held: Refusal
    title: str
    what: str
    why: str
    when: str
    page: str
    args: Mapping[str, str]
    """Where the record is looked at; "" where nowhere."""
    form_page: tuple[str, Mapping[str, str]]
    """Where it is corrected."""
    can_correct: bool


@dataclass(frozen=True)
class SyncView:
    """Everything that the page shows, at one moment."""

    now: dt.datetime
    county: str
    waiting: Waiting
    lanes: Mapping[int, tuple[int, int]]
    files: FilesWaiting
    exchanges: tuple[Exchange, ...]
    refused: tuple[Refused, ...]
    conflicts: tuple[Conflict, ...]
    areas: int
    streams: int
    records: int
    month_bytes: int
    agreed: Agreed = NOT_AGREED
    allowance: Allowance = NO_LIMIT
    titles: Mapping[str, str] = field(default_factory=dict)
    """Whose record each conflict is about, by its id."""


def read_sync(office: Office) -> SyncView:
    """Read how the exchange stands."""
    sync, now = office.store.sync, office.cases.now()
    exchanges = sync.exchanges(1000)
    digests = sync.digests()
    month = sum(
        line.bytes_up + line.bytes_down
        for line in exchanges
        if line.road != "bundle" and (moment(line.at).year, moment(line.at).month) == (now.year, now.month)
    )
    conflicts = tuple(office.conflicts.open())
    return SyncView(
        now,
        sync.state.county,
        sync.waiting(),
        sync.lanes(),
        office.store.files.waiting(),
        tuple(exchanges[:_SHOWN]),
        tuple(_refused(office, now)),
        conflicts,
        len({area for area, _stream in digests}),
        len({stream for _area, stream in digests}),
        sum(held.records for held in digests.values()),
        month,
        sync.agreed(),
        office.traffic.allowance(),
        {conflict.id: _title(office, conflict) for conflict in conflicts if not conflict.step},
    )


def _title(office: Office, conflict: Conflict) -> str:
    form = office.forms.get(conflict.form)
    record = office.store.get(conflict.form, conflict.record) if form else None
    return form.record_title(record.values, masked=True) if form and record else ""


_PAGES = {"event": "case", "mediation": "mediation_case", "resident": "person"}
_FORM_PAGES = {"event": "event_edit", "mediation": "mediation_form"}


def _looked_at(line: Refusal, form: Form | None, record: Record | None) -> tuple[str, Mapping[str, str]]:
    """The page of the record, or of the case or mediation that it is part of."""
    if line.form in _PAGES:
        return _PAGES[line.form], {"id": line.record}
    owner = record.values.get(form.parent) if form and record and form.parent else None
    if form and owner and form.parent in _PAGES:
        return _PAGES[form.parent], {"id": str(owner)}
    return "", {}


def _corrected_at(line: Refusal) -> tuple[str, Mapping[str, str]]:
    if line.form in _FORM_PAGES:
        return _FORM_PAGES[line.form], {"id": line.record}
    return "record", {"form": line.form, "id": line.record}


def _refused(office: Office, now: dt.datetime) -> list[Refused]:
    found = []
    for line in office.refusals.open():
        form = office.forms.get(line.form)
        if form and form.card_only and not office.gate.decide("read", form.name, None, own=True).allowed:
            continue  # its labels alone would say too much to who sits at this desk now
        record = office.store.get(line.form, line.record) if form else None
        title = form.record_title(record.values, masked=True) if form and record else line.record
        labels = [form.fields[name].label for name in line.values if name in form.fields] if form else []
        what = "删除" if line.values.get(DELETED) else "、".join(labels[:4]) + (" 等" if len(labels) > 4 else "")
        found.append(
            Refused(
                line,
                f"{form.title if form else line.form}：{title}",
                what,
                refusal(line.code),
                said_moment(line.at_ms, now),
                *_looked_at(line, form, record),
                _corrected_at(line),
                bool(form and not form.immutable and record and not record.deleted),
            )
        )
    return found

"""How the exchange stands, read in the lane as plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.schema.record import DELETED
from app.services.conflicts import Conflict
from app.store.agreement import NOT_AGREED, Agreed, Exchange
from app.store.outbox import Waiting
from ui.pages.sync_words import moment, refusal, said_moment

if TYPE_CHECKING:
    from app.services.office import Office


@dataclass(frozen=True)
class Refused:
    """A change that the county did not take: what it was, why, when."""

    counter: int
    form: str
    record: str
    title: str
    what: str
    why: str
    when: str


@dataclass(frozen=True)
class SyncView:
    """Everything that the page shows, at one moment."""

    now: dt.datetime
    county: str
    waiting: Waiting
    exchanges: tuple[Exchange, ...]
    refused: tuple[Refused, ...]
    conflicts: tuple[Conflict, ...]
    areas: int
    streams: int
    records: int
    month_bytes: int
    agreed: Agreed = NOT_AGREED


def read_sync(office: Office) -> SyncView:
    """Read how the exchange stands."""
    sync, now = office.store.sync, office.cases.now()
    exchanges = sync.exchanges(200)
    digests = sync.digests()
    month = sum(
        line.bytes_up + line.bytes_down
        for line in exchanges
        if (moment(line.at).year, moment(line.at).month) == (now.year, now.month)
    )
    return SyncView(
        now,
        sync.state.county,
        sync.waiting(),
        tuple(exchanges[:30]),
        tuple(_refused(office, now)),
        tuple(office.conflicts.open()),
        len({area for area, _stream in digests}),
        len({stream for _area, stream in digests}),
        sum(held.records for held in digests.values()),
        month,
        sync.agreed(),
    )


def _refused(office: Office, now: dt.datetime) -> list[Refused]:
    found = []
    for line in office.store.sync.attention():
        form = office.forms.get(line.form)
        record = office.store.get(line.form, line.id) if form else None
        title = form.record_title(record.values, masked=True) if form and record else line.id
        labels = [form.fields[name].label for name in line.values if name in form.fields] if form else []
        what = "删除" if line.values.get(DELETED) else "、".join(labels[:4]) + (" 等" if len(labels) > 4 else "")
        found.append(
            Refused(
                line.counter,
                line.form,
                line.id,
                f"{form.title if form else line.form}：{title}",
                what,
                refusal(line.code),
                said_moment(line.time, now),
            )
        )
    return found

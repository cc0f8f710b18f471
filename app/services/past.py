"""The past of one record as far as this device knows it: what was saved here, what came, what stood before, what lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.schema.dates import china_time
from app.schema.record import Record
from app.services.conflicts import Conflicts

if TYPE_CHECKING:
    from app.store.store import Store


@dataclass(frozen=True, slots=True)
class Moment:
    """Values that stood or lost. ``kind``: own, county, lost, refused; ``when`` empty: they were there when the record came."""

    when: str
    who: str
    device: str
    kind: str
    rev: int
    values: Mapping[str, Any]


def past(store: Store, conflicts: Conflicts, record: Record) -> list[Moment]:
    """Every value of *record* that ever stood or lost, oldest first; one that only ever came whole has its present values."""
    here = store.sync.state.device
    found = [
        Moment(
            china_time(line.time) if line.time else "",
            line.user,
            line.device or ("" if line.kind == "county" else here),
            line.kind,
            line.rev,
            line.values,
        )
        for line in store.query.history(record.id)
    ]
    if not found:
        stored = {item.name for item in store.forms[record.form].stored}
        present = {name: value for name, value in record.values.items() if name in stored and value is not None}
        found.append(Moment("", "", "", "county", record.rev, {**present, **record.extra}))
    found += [Moment(lost.when, lost.who, lost.device, "lost", 0, lost.values) for lost in conflicts.losers(record.id)]
    return sorted(found, key=lambda moment: moment.when)

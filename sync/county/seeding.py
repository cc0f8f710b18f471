"""Filling a county with records that are there already: the demo's, and an old system's."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from app.errors import BugError
from app.schema.record import AREA, Change, Record
from app.schema.values import Value
from sync.county.county import County
from sync.county.rights import Device, Rights
from sync.wire import encode_up

Row = tuple[str, str, str, Mapping[str, Value]]
_FRAME = 2_000


class _Granted(Rights):
    """Who fills a county brings what was checked where it was made; asking again for each record takes a third of the time."""

    def refusal(
        self, _device: Device, _change: Change, _stored: Record | None, _been: Collection[str] = frozenset()
    ) -> str:
        return ""


def fill(
    county: County,
    rows: Iterable[Row],
    *,
    areas: tuple[str, ...],
    user: str,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Commit *rows* (form, id, area, values) in their order, by the same road as a device's frames; return how many.

    BugError where the county refuses one: who fills a county must bring what it takes.
    """
    device = Device(f"fill{secrets.token_hex(6)}", user, areas, tuple(sorted(county.permissions.township_roles())))
    with county.database.snapshot() as conn:
        known = frozenset(area.code for area in county.areas(conn))
    rights = _Granted(county.forms, county.permissions, known)
    incarnation, done = secrets.token_hex(8), 0
    for number, part in enumerate(_parts(rows), 1):
        now = county.now_ms()
        changes = [
            Change(form, record_id, area, {**_held(values), AREA: area}, {}, now, done + place, user)
            for place, (form, record_id, area, values) in enumerate(part, 1)
        ]
        receipts = county.applier.apply(rights, device, incarnation, encode_up(number, changes, 1), now)
        refused = [receipt for receipt in receipts.spread([c.counter for c in changes]) if receipt.status != "accepted"]
        if refused:
            change = changes[refused[0].counter - changes[0].counter]
            raise BugError(f"{change.form} {change.id}: {refused[0].status} {refused[0].code}")
        done += len(changes)
        if progress:
            progress(done)
    return done


def _held(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    held = iter(rows)
    while part := list(itertools.islice(held, _FRAME)):
        yield part

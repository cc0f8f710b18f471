"""Carrying out a plan: whole households, some hundred records a transaction, to be stopped between any two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.exchange.roster.plan import Plan, PlannedRecord
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.store.store import Store

BATCH = 500
"""Records of a transaction: short enough that the window's own saves never wait, long enough to compress on the way."""

Progress = Callable[[int, int], None]
"""Called with (records done, records in all)."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What went in; where it was stopped, whole households went in and the rest didn't."""

    created: int
    updated: int
    records: int
    stopped: bool


def apply(
    plan: Plan, store: Store, user: str, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> Applied:
    """Save *plan* and say how far it came.

    Raises what ``Store.save`` raises; then everything before the batch at fault is kept.
    """
    done = created = updated = 0
    for batch in batches(plan.records, BATCH):
        if cancelled and cancelled():
            return Applied(created, updated, done, stopped=True)
        store.save([Edit(r.form, r.id, r.area, r.values, r.seen) for r in batch], user, bulk=True)
        done += len(batch)
        counted = [record for record in batch if record.form == plan.form]
        created += sum(record.new for record in counted)
        updated += sum(not record.new for record in counted)
        if progress:
            progress(done, len(plan.records))
    return Applied(created, updated, done, stopped=False)


def batches(records: Sequence[PlannedRecord], size: int) -> Iterator[list[PlannedRecord]]:
    """*records* in pieces of about *size* that part no bundle."""
    batch: list[PlannedRecord] = []
    for index, record in enumerate(records):
        batch.append(record)
        at_end = index + 1 == len(records) or records[index + 1].bundle != record.bundle
        if at_end and len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch

"""The supervisor's tray: changes that were neither taken nor thrown away, and what a person decided about them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import sqlalchemy as sa

from app.errors import KnownError
from app.schema.form import Form
from app.schema.record import Change, Offer, Record
from sync.county.bringing import Bringing, Trust
from sync.county.county import County
from sync.county.database import parts
from sync.county.past import read_past
from sync.county.rights import Device, Rights
from sync.county.tables import ASIDE, HISTORY
from sync.county.writing import Hand
from sync.merge import content_hash
from sync.wire import decode_up, encode_up

TRAY = ("sync.revoked", "sync.doubtful", "sync.set_aside", "sync.outside", "sync.offered_late")
"""Why a change may lie here: its device is out of use, it was allowed by rights since withdrawn, or it met an unexpected error.

Of what was brought back after a restore: it lies outside the device's areas, came too late, or is of a form that the county didn't
know. Others were refused for good.
"""
_UNKNOWN = "sync.form_unknown"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One change that waits for a supervisor; ``key`` names it, ``at`` is when it came, in milliseconds since 1970 UTC.

    ``offer``: what else is known of one that a device brought back after a restore, and the last rev that it had in common.
    """

    key: str
    device: str
    code: str
    at: int
    change: Change
    offer: tuple[int, Offer] | None = None


class _Decided(Rights):
    """Judges as over the network, but what is doubtful there is what a supervisor has just decided."""

    def _judge(self, device: Device, form: Form, change: Change, areas: Collection[str], stored: Record | None) -> str:
        code = super()._judge(device, form, change, areas, stored)
        return "" if code == "sync.doubtful" else code


def set_aside(county: County, device: Device, frames: Iterable[bytes], code: str = "sync.revoked") -> int:
    """Keep what *frames* of *device* hold, but for what the county has already; return how many changes wait by now."""
    changes = [change for content in frames for change in decode_up(content).changes]
    by_hash = {content_hash(device.id, change): change for change in changes}
    with county.database.plain() as conn:
        known: set[bytes] = set()
        waiting: set[bytes] = set()
        for some in parts(list(by_hash)):
            known |= set(conn.scalars(sa.select(HISTORY.c.hash).where(*_at(county, HISTORY, some))))
            waiting |= set(conn.scalars(sa.select(ASIDE.c.hash).where(*_at(county, ASIDE, some))))
        rows = [
            {
                "county": county.code,
                "hash": digest,
                "device": device.id,
                "counter": change.counter,
                "form": change.form,
                "id": change.id,
                "code": code,
                "at": county.now_ms(),
                "body": msgpack.packb([change.values, change.bases, change.time, change.user, change.area]),
            }
            for digest, change in by_hash.items()
            if digest not in known | waiting
        ]
        county.database.put(conn, ASIDE, rows)
        county.audit(conn, "aside", device=device.id, account=device.account, changes=len(rows))
    return sum(bytes.fromhex(item.key) in by_hash for item in tray(county, device.id))


def tray(county: County, device: str | None = None) -> list[Waiting]:
    """What waits for a supervisor, by device and in the order in which it was saved."""
    # One that was let in and yet is not in the history was cut off in between: it still waits.
    there = sa.exists().where(HISTORY.c.county == ASIDE.c.county, HISTORY.c.hash == ASIDE.c.hash)
    query = (
        sa.select(ASIDE)
        .where(ASIDE.c.county == county.code, ASIDE.c.code.in_((*TRAY, _UNKNOWN)))
        .where(sa.or_(ASIDE.c.decided.is_(None), ASIDE.c.decided.not_in(("dropped", "taken"))), ~there)
        .order_by(ASIDE.c.device, ASIDE.c.counter)
    )
    if device is not None:
        query = query.where(ASIDE.c.device == device)
    found = []
    with county.database.snapshot() as conn:
        for row in conn.execute(query):
            values, bases, time, user, area, *offered = msgpack.unpackb(row.body)
            if row.code == _UNKNOWN and not offered:
                continue
            change = Change(row.form, row.id, area, values, bases, time, row.counter, user)
            found.append(Waiting(row.hash.hex(), row.device, row.code, row.at, change, _offer(change, *offered)))
    return found


def accept(county: County, keys: Collection[str]) -> dict[str, str]:
    """Apply these changes as if their device had just sent them; return what became of each: a status, or a refusal's code.

    One that waits for another record stays in the tray.
    """
    chosen = _chosen(county, keys)
    became: dict[str, str] = {}
    for device_id in dict.fromkeys(item.device for item in chosen):
        mine = [item for item in chosen if item.device == device_id]
        found = county.device_by_id(device_id)
        if found is None:
            raise KnownError("county.device_unknown", device=device_id)
        with county.database.plain() as conn:
            _decide(county, conn, [item.key for item in mine if item.offer is None], "accepted")
            county.audit(conn, "aside_accept", device=device_id, changes=len(mine))
        with county.database.snapshot() as conn:
            usual = county.rights(conn)
            past = read_past(conn, county.code, device_id, usual.areas(found[0]), found[0].roles)
        rights = _Decided(usual.forms, usual.permissions, usual.known, usual.divisions, past)
        became |= _brought_back(county, rights, found[0], mine)
        if not (mine := [item for item in mine if item.offer is None]):
            continue
        changes = [item.change for item in mine]
        receipts = county.applier.apply(
            rights, found[0], f"aside-{secrets.token_hex(8)}", encode_up(1, changes), county.now_ms()
        )
        for item, receipt in zip(mine, receipts.spread([change.counter for change in changes]), strict=True):
            became[item.key] = receipt.code if receipt.status == "refused" else receipt.status
    return became


def _brought_back(county: County, rights: Rights, device: Device, chosen: Sequence[Waiting]) -> dict[str, str]:
    """Let those of *chosen* that are offers take their place, whoever's area that is; what still can't stays in the tray."""
    became: dict[str, str] = {}
    offers = sorted(
        ((item.key, *item.offer) for item in chosen if item.offer is not None), key=lambda one: (one[1], one[2].was)
    )
    for key, common, offer in offers:
        with county.database.write(county.code) as (conn, _, rev):
            hand = Hand(device, f"aside-{secrets.token_hex(8)}", 0, county.now_ms())
            batch = Bringing(county.applier, rights, hand, conn, rev, common, Trust.DECIDED)
            (receipt,) = batch.bring_back([offer])
            became[key] = receipt.code if receipt.status == "refused" else receipt.status
            if receipt.status != "refused":
                _decide(county, conn, [key], "taken")
    return became


def drop(county: County, keys: Collection[str]) -> int:
    """These will not be applied; their bytes stay where they are. Return how many."""
    chosen = _chosen(county, keys)
    with county.database.plain() as conn:
        _decide(county, conn, [item.key for item in chosen], "dropped")
        county.audit(conn, "aside_drop", changes=len(chosen))
    return len(chosen)


def _offer(change: Change, was: int = 0, common: int = 0, *rest: Any) -> tuple[int, Offer] | None:
    if not was:
        return None
    lost, gone, results = rest
    return common, Offer(change, was, tuple(lost), tuple(gone), results)


def _chosen(county: County, keys: Collection[str]) -> list[Waiting]:
    held = {item.key: item for item in tray(county)}
    for key in keys:
        if key not in held:
            raise KnownError("bundle.not_in_tray", key=key)
    return [item for key, item in held.items() if key in set(keys)]


def _decide(county: County, conn: sa.Connection, keys: Sequence[str], what: str) -> None:
    for some in parts([bytes.fromhex(key) for key in keys]):
        conn.execute(sa.update(ASIDE).where(*_at(county, ASIDE, some)), {"decided": what})


def _at(county: County, table: sa.Table, hashes: Sequence[bytes]) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.county == county.code, table.c.hash.in_(hashes)

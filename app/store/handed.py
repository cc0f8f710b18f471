"""What this device wrote in records that are somebody else's now: a county that was set back may have it from nobody else."""

from __future__ import annotations

from dataclasses import replace

import msgpack

from app.schema.record import AREA, Change, Offer
from app.store.belonging import Belonging
from app.store.exchange_values import Recovery
from app.store.rows import STUB

HANDED = "@handed"
"""Stands for a form in how far a recovery is: what was handed over comes after all forms."""
_MANY = 500
"""Records looked at in one go."""


class Handed(Belonging):
    """The stub has no values; which changes it was, is kept for as long as the journal keeps what they say."""

    def _handed_offers(self, state: Recovery, most: int, after: str) -> tuple[list[Offer], str]:
        """Offers of records behind the id *after*, about *most*, and where they end; none when everything was offered."""
        found: list[Offer] = []
        by_record = self._handed_changes(state, after)
        moves = self._moves(state, after)
        whole = sorted({*by_record, *moves})[:_MANY]
        for record_id in whole:
            mine = by_record.get(record_id, [])
            move = moves.get(record_id)
            if move and not any(offer.was == move.was and AREA in offer.change.values for offer in mine):
                mine = sorted([*mine, move], key=lambda offer: offer.was)
            if found and len(found) + len(mine) > most:
                break
            found += mine
            after = record_id
        return found, after

    def _handed_changes(self, state: Recovery, after: str) -> dict[str, list[Offer]]:
        lines = self._conn.execute(
            "SELECT counter, form, id, rev, lost, bases FROM handed WHERE id > ? AND rev > ? AND rev < ? ORDER BY id, rev LIMIT ?",
            (after, state.common, state.end, _MANY + 1),
        ).fetchall()
        # The last record may go on beyond the limit: it comes with the next ones, unless it is the only one.
        cut = lines[-1][2] if len(lines) > _MANY and lines[0][2] != lines[-1][2] else None
        said = self._store.journal.these({counter for counter, *_ in lines})
        found: dict[str, list[Offer]] = {}
        for counter, form, record_id, rev, lost, bases in lines:
            change = said.get(counter)
            if record_id == cut or change is None or (change.form, change.id) != (form, record_id):
                continue
            offer = Offer(based(change, msgpack.unpackb(bases) if bases else {}), rev, _names(lost))
            found.setdefault(record_id, []).append(offer)
        return found

    def _moves(self, state: Recovery, after: str) -> dict[str, Offer]:
        """Where stubs went, should that be lost: the only thing that a stub knows."""
        if self._store.meta.get("went") is None:
            return {}
        found = {}
        for form in self._store.forms:
            for row in self._rows.read(
                form, f"WHERE standing = '{STUB}' AND id > ? ORDER BY id LIMIT ?", (after, _MANY)
            ):
                if state.is_lost(rev := row.rev_of(AREA)):
                    change = Change(form, row.id, row.area, {AREA: row.area}, {AREA: 1}, 0, 0, "")
                    found[row.id] = Offer(change, rev)
        return found


def based(change: Change, known: dict[str, int]) -> Change:
    """*change* as it is offered: based on what is *known* of it, else on nothing; what makes a record is told by its place."""
    bases = {name: known.get(name, 0) for name in change.values}
    if AREA in bases:
        bases[AREA] = 0 if change.creates else max(bases[AREA], 1)
    return replace(change, bases=bases)


def _names(packed: bytes | None) -> tuple[str, ...]:
    return tuple(msgpack.unpackb(packed)) if packed else ()

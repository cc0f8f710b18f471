"""How far each record has come on its way to the county, and whether "in agreement" may be said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.schema.ddl import table_name
from app.store.part import Part
from app.store.rows import REFUSED as ROW_REFUSED

HERE, SENT, COUNTY, CONFLICT, REFUSED = "here", "sent", "county", "conflict", "refused"
"""Only on this machine; handed to the network, no answer yet; the county has it; a person is asked; the county didn't take it."""

PARTS = {"event": ("event_step",), "mediation": ("party", "mediation_session")}
"""What a record is made of beside its own row."""

_FARTHEST = (COUNTY, SENT, HERE, CONFLICT, REFUSED)
_CHUNK = 500
_AGREED = "sync.agreed"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one record stands since ``at_ms`` (0: not known). ``reason``: the code of a refusal, or of what it waits for."""

    state: str
    at_ms: int = 0
    reason: str = ""


def less_far(one: Standing, other: Standing) -> Standing:
    """Of a whole made of two, where it stands: as its least far part; of two as far, the later."""
    return max(one, other, key=lambda standing: (_FARTHEST.index(standing.state), standing.at_ms))


@dataclass(frozen=True, slots=True)
class Agreed:
    """The last time county and device held the same. ``now``: nothing was saved since, and no exchange ended otherwise."""

    at_ms: int = 0
    now: bool = False


NOT_AGREED = Agreed()


class Standings(Part):
    """What may be said of how far things have come."""

    def standing(self, form: str, record_id: str) -> Standing | None:
        """Where one record stands; None where it isn't here."""
        return self.standings(form, [record_id]).get(record_id)

    def standings(self, form: str, ids: Iterable[str]) -> dict[str, Standing]:
        """Where each of these records stands; those that aren't here are left out."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Standing] = {}
        for start in range(0, len(wanted), _CHUNK):
            found.update(self._standings(form, wanted[start : start + _CHUNK]))
        return found

    def with_parts(self, form: str, ids: Iterable[str]) -> dict[str, Standing]:
        """``standings`` of records together with the parts that they are made of: of a case with its steps the least far counts."""
        wanted = list(dict.fromkeys(ids))
        found = self.standings(form, wanted)
        for part in self._store.forms.values():
            if part.name not in PARTS.get(form, ()):
                continue
            for start in range(0, len(wanted), _CHUNK):
                whole = self._whole_of(part.name, part.parent, wanted[start : start + _CHUNK])
                held = self.standings(part.name, whole)
                for part_id, standing in held.items():
                    owner = whole[part_id]
                    if owner in found:
                        found[owner] = less_far(found[owner], standing)
        return found

    def _whole_of(self, part: str, parent: str, owners: Sequence[str]) -> dict[str, str]:
        """The parts of *owners* that are not simply at the county, and of those that are the last; by id, whose they are."""
        marks = ",".join("?" * len(owners))
        table = table_name(part)
        rows = self._conn.execute(
            f'SELECT id, "{parent}" FROM {table} WHERE "{parent}" IN ({marks}) AND (pending > 0 OR rev = 0 '
            "OR id IN (SELECT id FROM attention WHERE done = 0)) "
            f'UNION SELECT max(id), "{parent}" FROM {table} WHERE "{parent}" IN ({marks}) GROUP BY "{parent}"',
            (*owners, *owners),
        )
        return {str(part_id): str(owner) for part_id, owner in rows}

    def _standings(self, form: str, ids: Sequence[str]) -> dict[str, Standing]:
        marks = ",".join("?" * len(ids))
        rows = self._conn.execute(f"SELECT id, rev, standing FROM {table_name(form)} WHERE id IN ({marks})", ids)
        found = {}
        unsent, refused = self._unsent(marks, ids), self._refused(marks, ids)
        asked, known = self._asked(marks, ids), self._known(marks, ids)
        for record_id, rev, standing in rows.fetchall():
            code, refused_at, looked_at = refused.get(record_id, ("", 0, True))
            if record_id in refused and (not looked_at or standing == ROW_REFUSED):
                found[record_id] = Standing(REFUSED, refused_at, code)
            elif standing == ROW_REFUSED:
                found[record_id] = Standing(REFUSED)
            elif record_id in asked:
                found[record_id] = Standing(CONFLICT, asked[record_id])
            elif record_id in unsent:
                found[record_id] = unsent[record_id]
            else:
                found[record_id] = Standing(COUNTY if rev else HERE, known.get(record_id, 0))
        return found

    def _unsent(self, marks: str, ids: Sequence[str]) -> dict[str, Standing]:
        """Records with changes that have no final receipt; sent only where every one of them was handed to the network."""
        found: dict[str, Standing] = {}
        for record_id, made, sent, all_sent, waits in self._conn.execute(
            "SELECT o.id, max(o.time), max(f.sent_at), min(f.sent_at IS NOT NULL), max(o.waiting) FROM outbox o "
            f"LEFT JOIN frame f ON f.incarnation = ? AND f.number = o.frame WHERE o.id IN ({marks}) GROUP BY o.id",
            (self._store.sync.state.incarnation, *ids),
        ):
            reason = "sync.parent_missing" if waits else ""
            found[record_id] = Standing(SENT, sent) if all_sent else Standing(HERE, made, reason)
        return found

    def _refused(self, marks: str, ids: Sequence[str]) -> dict[str, tuple[str, int, bool]]:
        """(code, time of the answer, whether a person has looked at it) of the last refusal of each record."""
        return {
            record_id: (code, at or 0, bool(done))
            for record_id, code, at, done in self._conn.execute(
                "SELECT a.id, a.code, coalesce(h.answered, a.time), a.done FROM attention a "
                f"LEFT JOIN history h ON h.counter = a.counter WHERE a.id IN ({marks}) ORDER BY a.done DESC, a.counter",
                ids,
            )
        }

    def open_conflicts(self) -> int:
        """How many conflicts wait for a person, of every class that this device holds."""
        return sum(self._store.count(name, {"status": "open"}) for name in self._conflict_forms())

    def _conflict_forms(self) -> list[str]:
        return [name for name in self._store.forms if name.endswith("conflict")]

    def _asked(self, marks: str, ids: Sequence[str]) -> dict[str, int]:
        """Records with an open conflict, and since when."""
        found: dict[str, int] = {}
        for name in self._conflict_forms():
            for record_id, at in self._conn.execute(
                f"SELECT record, max(CAST(strftime('%s', at) AS INTEGER) * 1000) FROM {table_name(name)} "
                f"WHERE status = 'open' AND deleted = 0 AND record IN ({marks}) GROUP BY record",
                ids,
            ):
                found[record_id] = at or 0
        return found

    def _known(self, marks: str, ids: Sequence[str]) -> dict[str, int]:
        """When the county last answered a change of the record, or another's change of it was made."""
        return dict(
            self._conn.execute(
                "SELECT id, max(coalesce(answered, CASE WHEN kind = 'county' THEN time ELSE 0 END)) FROM history "
                f"WHERE id IN ({marks}) GROUP BY id",
                ids,
            ).fetchall()
        )

    def lanes(self) -> dict[int, tuple[int, int]]:
        """For each lane how many changes wait for a final receipt, and how many of them were handed to the network."""
        rows = self._conn.execute(
            "SELECT lane, count(*), sum(frame IN (SELECT number FROM frame WHERE sent_at IS NOT NULL)) "
            "FROM outbox GROUP BY lane"
        )
        return {lane: (count, sent or 0) for lane, count, sent in rows}

    def framed(self) -> int:
        """How many changes without a final receipt are in frames."""
        return int(self._conn.execute("SELECT count(*) FROM outbox WHERE frame IS NOT NULL").fetchone()[0])

    def handed(self, numbers: Iterable[int]) -> None:
        """The frames with these numbers were handed to the network whole; only the first time counts."""
        held = list(numbers)
        if not held:
            return
        with self._store.transaction():
            self._conn.executemany(
                "UPDATE frame SET sent_at = ? WHERE incarnation = ? AND number = ? AND sent_at IS NULL",
                [(self._store.now_ms(), self._store.sync.state.incarnation, number) for number in held],
            )

    # -- agreement ----------------------------------------------------------------------------------------------------------------

    def began(self) -> None:
        """An exchange begins: until it ends in agreement nothing is said of agreement, also if it is killed."""
        held = self._store.meta.get(_AGREED, {})
        if held.get("counter") is not None:
            with self._store.transaction():
                self._store.meta.set(_AGREED, {"at": held["at"], "counter": None})

    def ended(self, in_agreement: bool, at: int | None = None) -> None:
        """An exchange has ended; *in_agreement* counts only if nothing was saved while it ended.

        *at*: when the county said so, in milliseconds since 1970 UTC, where its answer was long on the way.
        """
        if not in_agreement:
            return
        with self._store.transaction():
            if self._outbox.first_counter() is None:
                counter = self._store.meta.integer("counter")
                last = self._store.meta.get(_AGREED, {}).get("at", 0)
                since = self._store.now_ms() if at is None else max(at, last)
                self._store.meta.set(_AGREED, {"at": since, "counter": counter})

    def agreed(self) -> Agreed:
        """When county and device were last proven to hold the same, and whether that is still all that is known."""
        held = self._store.meta.get(_AGREED, {})
        counter = held.get("counter")
        now = counter is not None and counter == self._store.meta.integer("counter")
        unsent = self._outbox.first_counter() is not None or self._store.files.waiting().to_send > 0
        return Agreed(int(held.get("at") or 0), now and not unsent)

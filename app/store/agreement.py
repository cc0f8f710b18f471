"""The side of the store that the exchange uses: frames out, receipts and deltas in, cursors, and the digests of what is agreed."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgpack

from app.schema import digest
from app.schema.ddl import table_name
from app.schema.record import AREA, DELETED, Change, Delta, Receipt
from app.store import search
from app.store.outbox import Waiting
from app.store.rows import REFUSED, STUB, Agreed, Row, lay

if TYPE_CHECKING:
    from app.store.store import Store

Stream = tuple[str, str]
_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Area:
    """A division: 12-digit code, name, level (county, township, village), code of its parent."""

    code: str
    name: str
    level: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class SyncState:
    """What this device knows of itself and its county; ``token`` is the county's bearer token."""

    device: str = ""
    incarnation: str = ""
    county: str = ""
    url: str = ""
    token: str = ""
    ca: str = ""
    epoch: int = 0
    offset_ms: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame written down: its bytes never change. ``tries`` counts the failures to send it."""

    number: int
    incarnation: str
    content: bytes
    counters: tuple[int, ...]
    tries: int = 0


@dataclass(frozen=True, slots=True)
class StreamDigest:
    """How many agreed records a stream holds, and the order-free sum of their hashes."""

    records: int = 0
    total: bytes = digest.ZERO


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the list of past exchanges."""

    at: int
    road: str
    sent: int
    received: int
    bytes_up: int
    bytes_down: int
    seconds: float
    result: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Attention:
    """A refused change that a person should look at."""

    counter: int
    form: str
    id: str
    values: Mapping[str, Any]
    code: str
    time: int


class Agreement:
    """See the module; every method that writes is one transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn
        self._rows = store.rows
        self._outbox = store.outbox

    # -- who we are ---------------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> SyncState:
        """Device, county and clock as last known."""
        held = self._store.meta.get("sync", {})
        return SyncState(**held, offset_ms=self._store.meta.integer("offset_ms"))

    def _set_state(self, **changes: Any) -> None:
        held = dataclasses.asdict(dataclasses.replace(self.state, **changes))
        held.pop("offset_ms")
        self._store.meta.set("sync", held)

    def enrolled(
        self,
        *,
        device: str,
        county: str,
        url: str,
        token: str,
        epoch: int,
        areas: Sequence[Area],
        streams: Collection[Stream],
        ca: str = "",
    ) -> None:
        """This device belongs to *county* now, and starts its streams at 0."""
        with self._store.transaction():
            self._set_state(device=device, county=county, url=url, token=token, epoch=epoch, ca=ca)
            self.begin_incarnation()
            self._write_areas(areas)
            self._write_scope(streams)

    def moved(self, url: str) -> None:
        """The county answers at another address now."""
        if url != self.state.url:
            with self._store.transaction():
                self._set_state(url=url)

    def set_epoch(self, epoch: int) -> None:
        """The county began a new epoch, or this device learned of it."""
        with self._store.transaction():
            self._set_state(epoch=epoch)

    def set_offset(self, milliseconds: int) -> None:
        """How far the county's clock is ahead of this one."""
        with self._store.transaction():
            self._store.meta.set("offset_ms", milliseconds)

    def new_incarnation(self) -> str:
        """Begin a new incarnation: whatever has no receipt is framed anew under it."""
        with self._store.transaction():
            return self.begin_incarnation()

    def begin_incarnation(self) -> str:
        """``new_incarnation`` inside the caller's transaction."""
        incarnation = secrets.token_hex(8)
        self._set_state(incarnation=incarnation)
        self._conn.execute("UPDATE outbox SET frame = NULL")
        self._conn.execute("DELETE FROM frame")
        self._store.meta.set("frame", 0)
        self._store.meta.set("void", [])
        return incarnation

    def set_areas(self, areas: Sequence[Area]) -> None:
        """The areas that this device may know of."""
        with self._store.transaction():
            self._write_areas(areas)

    def _write_areas(self, areas: Sequence[Area]) -> None:
        self._conn.execute("DELETE FROM area")
        self._conn.executemany(
            "INSERT INTO area (code, name, level, parent) VALUES (?, ?, ?, ?)",
            [(a.code, a.name, a.level, a.parent) for a in areas],
        )

    def set_scope(self, streams: Collection[Stream]) -> None:
        """The streams this device holds: a new one starts at 0, a withdrawn one is dropped with its records."""
        with self._store.transaction():
            self._write_scope(streams)

    def _write_scope(self, streams: Collection[Stream]) -> None:
        have = {(area, stream) for area, stream in self._conn.execute("SELECT area, stream FROM cursor")}
        wanted = set(streams)
        self._conn.executemany("INSERT INTO cursor (area, stream, rev) VALUES (?, ?, 0)", sorted(wanted - have))
        for area, stream in have - wanted:
            self._drop(area, stream)
        if have - wanted and self.state.device:
            # What an incarnation wrote is never sent to it again; what was dropped must be, if it is granted once more.
            self.begin_incarnation()

    def _drop(self, area: str, stream: str) -> None:
        """Forget the agreed records of a withdrawn stream; what is unsent stays until it is answered."""
        for form in self._store.forms.values():
            if form.stream == stream:
                table = table_name(form.name)
                gone = self._conn.execute(f"SELECT id FROM {table} WHERE area = ? AND pending = 0", (area,)).fetchall()
                for (record_id,) in gone:
                    search.remove(self._conn, form.name, record_id)
                self._conn.executemany("DELETE FROM history WHERE id = ?", gone)
                self._conn.executemany(f"DELETE FROM {table} WHERE id = ?", gone)
                # Those that stay no longer count in the digest that goes.
                pending = [row[0] for row in self._conn.execute(f"SELECT id FROM {table} WHERE pending > 0")]
                beneath = self._rows.agreed(pending)
                self._conn.executemany(
                    f"UPDATE {table} SET hash = NULL WHERE id = ?",
                    [(record_id,) for record_id, agreed in beneath.items() if agreed.area == area],
                )
        self._conn.execute("DELETE FROM cursor WHERE area = ? AND stream = ?", (area, stream))
        self._conn.execute("DELETE FROM digest WHERE area = ? AND stream = ?", (area, stream))

    # -- up -----------------------------------------------------------------------------------------------------------------------

    def waiting(self) -> Waiting:
        """Changes without a final receipt, lane by lane."""
        return self._outbox.waiting()

    def compose(self, most: int, encode: Callable[[int, list[Change]], bytes], size: int = 0) -> Frame | None:
        """Fill the next frame with up to about *most* changes, urgent first; its number and bytes are written down before anything is sent.

        One that comes out longer than *size* bytes (0: any) is filled with fewer, as long as it holds more than one.
        """
        with self._store.transaction():
            changes = self._outbox.next(most)
            if not changes:
                return None
            number = self._store.meta.integer("frame") + 1
            content = encode(number, changes)
            while 0 < size < len(content) and len(changes) > 1:
                fewer = self._outbox.next(max(min(most, len(changes)) * size // len(content), 1))
                if len(fewer) >= len(changes):
                    break
                most, changes = len(fewer), fewer
                content = encode(number, changes)
            incarnation = self.state.incarnation
            counters = tuple(change.counter for change in changes)
            self._store.meta.set("frame", number)
            self._conn.execute(
                "INSERT INTO frame (number, incarnation, content, tries) VALUES (?, ?, ?, 0)",
                (number, incarnation, content),
            )
            self._outbox.frame(counters, number)
        return Frame(number, incarnation, content, counters)

    def open_frames(self) -> list[Frame]:
        """Frames without all their receipts, in order; sent again they are the same bytes."""
        counters: dict[int, list[int]] = {}
        for number, counter in self._conn.execute(
            "SELECT frame, counter FROM outbox WHERE frame IS NOT NULL ORDER BY counter"
        ):
            counters.setdefault(number, []).append(counter)
        rows = self._conn.execute("SELECT number, incarnation, content, tries FROM frame ORDER BY number")
        return [
            Frame(number, inc, content, tuple(counters.get(number, ())), tries) for number, inc, content, tries in rows
        ]

    def failed(self, number: int) -> int:
        """Frame *number* could not be brought through; return how often that happened now."""
        with self._store.transaction():
            self._conn.execute("UPDATE frame SET tries = tries + 1 WHERE number = ?", (number,))
            row = self._conn.execute("SELECT tries FROM frame WHERE number = ?", (number,)).fetchone()
        return int(row[0]) if row else 0

    def void(self, number: int) -> None:
        """Give frame *number* up: its changes are framed anew; the county is told, so that an old copy is skipped."""
        with self._store.transaction():
            self._conn.execute("DELETE FROM frame WHERE number = ?", (number,))
            self._outbox.unframe(number)
            self._store.meta.set("void", sorted({*self._store.meta.get("void", []), number}))

    def voided(self) -> list[int]:
        """Numbers given up that the county hasn't confirmed."""
        return list(self._store.meta.get("void", []))

    def void_confirmed(self, numbers: Iterable[int]) -> None:
        """The county knows that these numbers are void."""
        with self._store.transaction():
            self._store.meta.set("void", sorted(set(self.voided()) - set(numbers)))

    def ask_again(self) -> int:
        """Let what was answered "waiting" be sent once more; return how many changes that are."""
        with self._store.transaction():
            return self._outbox.ask_again()

    def receipts(self, number: int, receipts: Sequence[Receipt]) -> None:
        """Take the county's answers to the changes of frame *number*.

        What was accepted becomes agreed, what was refused goes to *needs attention*, the unsent rest is laid on top again.
        """
        with self._store.transaction():
            answered = {receipt.counter: receipt for receipt in receipts}
            changes = self._outbox.by_counter(answered)
            by_form: dict[str, dict[str, list[Change]]] = {}
            for counter in sorted(changes):
                change = changes[counter]
                by_form.setdefault(change.form, {}).setdefault(change.id, []).append(change)
            self._outbox.remove(counter for counter in changes if answered[counter].final)
            self._outbox.wait(counter for counter in changes if not answered[counter].final)
            self._remember(changes.values(), answered)
            shown: dict[str, list[str]] = {}
            for form, per_record in by_form.items():
                different = self._answered(form, per_record, answered)
                if different:
                    shown[form] = different
            if not self._conn.execute("SELECT 1 FROM outbox WHERE frame = ? LIMIT 1", (number,)).fetchone():
                self._conn.execute("DELETE FROM frame WHERE number = ?", (number,))
            if shown:
                self._store.settled(shown)

    def _remember(self, changes: Collection[Change], answered: Mapping[int, Receipt]) -> None:
        kinds = {"accepted": "own", "merged": "own", "conflict": "lost", "refused": "refused", "waiting": "own"}
        final = [answered[change.counter] for change in changes if answered[change.counter].final]
        self._conn.executemany(
            "UPDATE history SET rev = ?, kind = ? WHERE counter = ? AND kind = 'own'",
            [(receipt.rev, kinds[receipt.status], receipt.counter) for receipt in final],
        )
        self._conn.executemany(
            "INSERT OR REPLACE INTO attention (counter, form, id, body, code, time, done) VALUES (?, ?, ?, ?, ?, ?, 0)",
            [
                (c.counter, c.form, c.id, msgpack.packb(c.values), answered[c.counter].code, c.time)
                for c in changes
                if answered[c.counter].status == "refused"
            ],
        )

    def _answered(
        self, name: str, per_record: Mapping[str, Sequence[Change]], answered: Mapping[int, Receipt]
    ) -> list[str]:
        """Settle the records of one form; return the ids of those that people see changed by it."""
        form = self._store.forms[name]
        rows = self._rows.get(name, per_record)
        beneath = self._rows.agreed(per_record)
        left = self._outbox.of(per_record)
        same: list[Row] = []
        different: list[Row] = []
        totals = _Totals(self._conn)
        keep: dict[str, Agreed] = {}
        for record_id, changes in per_record.items():
            row = rows.get(record_id)
            if row is None:
                continue
            agreed = beneath.get(record_id) or Agreed()
            was_at = agreed.area
            code = ""
            for change in changes:
                receipt = answered[change.counter]
                if receipt.status == "refused":
                    code = code or receipt.code
                    if change.creates and not agreed.area:
                        row.standing = REFUSED
                elif receipt.final and (agreed.area or change.creates):
                    _accept(form, row, agreed, change, receipt)
            new_hash = agreed.hash(name, record_id)
            totals.moved((was_at, form.stream), row.hash, (agreed.area, form.stream), new_hash)
            unsent = left.get(record_id, [])
            before = row
            if not agreed.area and not any(change.creates for change in unsent):
                self._only_here(row, unsent, code)
                same.append(row)
                continue
            row = lay(form, row, agreed, unsent)
            row.hash = new_hash
            if unsent and agreed.area:
                keep[record_id] = agreed
            unchanged = (row.values, row.extra, row.area, row.deleted) == (
                before.values,
                before.extra,
                before.area,
                before.deleted,
            )
            (same if unchanged else different).append(row)
        self._rows.settle(name, same)
        self._rows.put(name, different)
        self._rows.drop_agreed(record_id for record_id in per_record if record_id not in keep)
        self._rows.keep_agreed(name, keep)
        totals.write()
        # Steps fold in the county's order, so a rev alone can change what is derived.
        folded = [row.id for row in same] if form.immutable else []
        return [row.id for row in different] + folded

    def _only_here(self, row: Row, unsent: Sequence[Change], code: str) -> None:
        """The county doesn't have the record, and nothing on its way makes it there.

        A refused new record stays visible as "only on this machine", with what was saved upon it: that would wait for ever, so
        it goes to *needs attention* too. Otherwise this device has lost a record that it once had (it was set back): an
        accepted edit stays as it is seen until the record comes whole.
        """
        withdrawn = self._outbox.withdraw(row.id) if row.standing == REFUSED else []
        self._remember(
            withdrawn,
            {c.counter: Receipt(c.counter, "refused", code=code or "sync.record_missing") for c in withdrawn},
        )
        row.pending, row.hash = len(unsent) - len(withdrawn), None

    # -- down ---------------------------------------------------------------------------------------------------------------------

    def deltas(
        self, deltas: Sequence[Delta], cursors: Mapping[Stream, int], *, tags: Mapping[str, str] | None = None
    ) -> set[tuple[str, str]]:
        """Apply one frame of what others changed; its cursors go with the last of several short transactions.

        Each holds the write lock well under 50 ms, so that a save beside it never waits long. A frame cut in the middle comes
        again: a field is taken only if its rev is newer than the one held, so taking it twice changes nothing. Unsent changes
        are laid on top again. Return (form, id) of what changed.
        """
        starts = list(range(0, len(deltas), _AT_ONCE)) or [0]
        # What came from the county comes again after a power cut, because its cursor is lost with it: no flush for each
        # transaction. A save beside it, on a connection of its own, flushes as always.
        self._conn.execute("PRAGMA synchronous = NORMAL")
        try:
            for start in starts:
                last = start == starts[-1]
                self._apply(deltas[start : start + _AT_ONCE], cursors if last else {}, tags if last else None)
        finally:
            self._conn.execute("PRAGMA synchronous = FULL")
        return {(delta.form, delta.id) for delta in deltas}

    def _apply(self, deltas: Sequence[Delta], cursors: Mapping[Stream, int], tags: Mapping[str, str] | None) -> None:
        with self._store.transaction():
            by_form: dict[str, list[Delta]] = {}
            for delta in deltas:
                by_form.setdefault(delta.form, []).append(delta)
            touched = {form: self._take(form, mine) for form, mine in by_form.items() if form in self._store.forms}
            self._conn.executemany(
                "UPDATE cursor SET rev = max(rev, ?) WHERE area = ? AND stream = ?",
                [(rev, a, s) for (a, s), rev in cursors.items()],
            )
            for stream, tag in (tags or {}).items():
                self._store.meta.set(f"tag.{stream}", tag)
            self._store.settled(touched)

    def _take(self, name: str, deltas: Sequence[Delta]) -> dict[str, Row]:
        form = self._store.forms[name]
        rows = self._rows.get(name, (delta.id for delta in deltas))
        pending = [row.id for row in rows.values() if row.pending]
        beneath = self._rows.agreed(pending)
        unsent = self._outbox.of(pending)
        totals = _Totals(self._conn)
        out: dict[str, Row] = {}
        keep: dict[str, Agreed] = {}
        lines: list[tuple[Any, ...]] = []
        self._store.query.keep_past(
            name,
            {row.id: (row.rev, Agreed.of(form, row).values) for row in rows.values() if row.rev and not row.pending},
        )
        for delta in deltas:
            row = out.get(delta.id) or rows.get(delta.id) or Row(name, delta.id, delta.area, {})
            known = row.rev > 0
            bare = row.pending or not known
            agreed = keep.get(delta.id) or (beneath.get(delta.id) or Agreed() if bare else Agreed.of(form, row))
            was_at = agreed.area
            stood = (agreed.area, agreed.deleted)
            taken = False
            for field, value in delta.values.items():
                rev = delta.revs.get(field, delta.revs.get("", delta.rev))
                if not known or rev > row.rev_of(field):
                    agreed.set(form, field, value)
                    row.revs[field] = rev
                    taken = True
            if not known:
                row.revs[""] = delta.revs.get("", delta.rev)
            if not known or delta.revs.get(AREA, delta.rev) >= row.rev_of(AREA):
                agreed.area = delta.area
            if not known or delta.revs.get(DELETED, delta.rev) >= row.rev_of(DELETED):
                agreed.deleted = delta.deleted
            for mark in (AREA, DELETED):
                if mark in delta.revs:
                    row.revs[mark] = max(row.revs.get(mark, 0), delta.revs[mark])
            row.rev = max(row.rev, delta.rev)
            new_hash = agreed.hash(name, delta.id)
            totals.moved((was_at, form.stream), row.hash, (agreed.area, form.stream), new_hash)
            row.hash = new_hash
            row.standing = STUB if delta.left else ""
            # A frame that was cut in the middle comes again: what was taken then has its line already.
            if known and (taken or stood != (agreed.area, agreed.deleted)):
                lines.append(
                    (name, delta.id, None, delta.rev, delta.time, delta.user, "", "county", msgpack.packb(delta.values))
                )
            if row.pending:
                keep[delta.id] = agreed
            revs = row.revs
            row = lay(form, row, agreed, unsent.get(delta.id, ()))
            row.revs = revs
            out[delta.id] = row
        self._rows.put(name, list(out.values()))
        self._rows.keep_agreed(name, keep)
        totals.write()
        self._conn.executemany(
            "INSERT INTO history (form, id, counter, rev, time, user, device, kind, body) VALUES (?,?,?,?,?,?,?,?,?)",
            lines,
        )
        return out

    def cursors(self) -> dict[str, dict[str, int]]:
        """For each class, the rev up to which each area's stream is here."""
        found: dict[str, dict[str, int]] = {}
        for area, stream, rev in self._conn.execute("SELECT area, stream, rev FROM cursor ORDER BY stream, area"):
            found.setdefault(stream, {})[area] = rev
        return found

    def cursor(self, area: str, stream: str) -> int:
        """The rev up to which this device has everything of one stream."""
        row = self._conn.execute("SELECT rev FROM cursor WHERE area = ? AND stream = ?", (area, stream)).fetchone()
        return int(row[0]) if row else 0

    def tag(self, stream: str) -> str:
        """What the county said stands at the class's cursor; another entry there means that it was restored."""
        return str(self._store.meta.get(f"tag.{stream}", ""))

    def fall_back(self, rev: int) -> None:
        """No cursor stays beyond *rev*: the county was restored to there."""
        with self._store.transaction():
            self._conn.execute("UPDATE cursor SET rev = min(rev, ?)", (rev,))

    # -- proof --------------------------------------------------------------------------------------------------------------------

    def digests(self) -> dict[Stream, StreamDigest]:
        """The kept digest of every stream in scope."""
        held = {
            (a, s): StreamDigest(n, t)
            for a, s, n, t in self._conn.execute("SELECT area, stream, records, total FROM digest")
        }
        scope = [(area, stream) for area, stream in self._conn.execute("SELECT area, stream FROM cursor")]
        return {stream: held.get(stream, StreamDigest()) for stream in scope}

    def reckon(self) -> dict[Stream, StreamDigest]:
        """The digests reckoned anew from the stored values: a value flipped on the disk shows."""
        found: dict[Stream, StreamDigest] = {}
        for form in self._store.forms.values():
            rows = self._rows.read(form.name, "WHERE rev > 0")
            beneath = self._rows.agreed(row.id for row in rows if row.pending)
            for row in rows:
                agreed = beneath.get(row.id) or Agreed.of(form, row)
                stream = (agreed.area, form.stream)
                held = found.get(stream, StreamDigest())
                found[stream] = StreamDigest(
                    held.records + 1, digest.add(held.total, None, agreed.hash(form.name, row.id))
                )
        return {stream: found.get(stream, StreamDigest()) for stream in self.digests()}

    # -- what people see of it ----------------------------------------------------------------------------------------------------

    def log(self, line: Exchange) -> None:
        """Append one exchange to the list of past ones."""
        with self._store.transaction():
            self._conn.execute(
                "INSERT INTO exchange (at, road, sent, received, bytes_up, bytes_down, seconds, result, note) VALUES (?,?,?,?,?,?,?,?,?)",
                dataclasses.astuple(line),
            )

    def exchanges(self, limit: int = 50) -> list[Exchange]:
        """The last exchanges, newest first."""
        rows = self._conn.execute(
            "SELECT at, road, sent, received, bytes_up, bytes_down, seconds, result, note FROM exchange ORDER BY seq DESC LIMIT ?",
            (limit,),
        )
        return [Exchange(*row) for row in rows]

    def attention(self) -> list[Attention]:
        """Refused changes that nobody has looked at yet."""
        rows = self._conn.execute(
            "SELECT counter, form, id, body, code, time FROM attention WHERE done = 0 ORDER BY counter"
        )
        return [
            Attention(c, form, record_id, msgpack.unpackb(body), code, moment)
            for c, form, record_id, body, code, moment in rows
        ]

    def attended(self, counter: int) -> None:
        """A person has seen the refused change *counter*."""
        with self._store.transaction():
            self._conn.execute("UPDATE attention SET done = 1 WHERE counter = ?", (counter,))


def _accept(form: Any, row: Row, agreed: Agreed, change: Change, receipt: Receipt) -> None:
    """Make agreed what the county accepted of *change*, unless something newer is agreed already."""
    new = not agreed.area
    for name, value in change.values.items():
        if name in receipt.lost:
            continue
        if new or receipt.rev > row.rev_of(name):
            agreed.set(form, name, receipt.results.get(name, value))
            if not new:
                row.revs[name] = receipt.rev
    for name, value in receipt.results.items():
        if name not in change.values:
            agreed.set(form, name, value)
            row.revs[name] = receipt.rev
    if new:
        row.revs = {"": receipt.rev}
        agreed.area = agreed.area or change.area
    row.rev = max(row.rev, receipt.rev)


class _Totals:
    """Collects how streams' digests move and writes each once."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self._moves: dict[Stream, tuple[int, bytes]] = {}

    def moved(self, was: Stream, gone: bytes | None, now: Stream, come: bytes | None) -> None:
        """A record's hash left stream *was* and entered stream *now*; None: it wasn't, or isn't, there."""
        if gone is not None:
            count, total = self._moves.get(was, (0, digest.ZERO))
            self._moves[was] = (count - 1, digest.add(total, gone, None))
        if come is not None:
            count, total = self._moves.get(now, (0, digest.ZERO))
            self._moves[now] = (count + 1, digest.add(total, None, come))

    def write(self) -> None:
        """Add what was collected to the digest table."""
        for (area, stream), (count, total) in self._moves.items():
            row = self._conn.execute(
                "SELECT records, total FROM digest WHERE area = ? AND stream = ?", (area, stream)
            ).fetchone()
            held, sum_held = row or (0, digest.ZERO)
            self._conn.execute(
                "INSERT OR REPLACE INTO digest (area, stream, records, total) VALUES (?, ?, ?, ?)",
                (area, stream, held + count, digest.add(sum_held, None, total)),
            )

"""The store: one encrypted SQLite file, its journal, and the only two ways in which values change: a save and a sync."""

from __future__ import annotations

import concurrent.futures
import contextlib
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.schema.ddl import table_name
from app.schema.ids import IdMaker
from app.schema.record import AREA, Change
from app.schema.values import Value
from app.store import driver, layout, retirement, search
from app.store.agreement import Agreement
from app.store.audit import Audit, AuditLine
from app.store.clock import Clock
from app.store.drafting import Drafting
from app.store.files import Files
from app.store.first_copy import FirstCopy
from app.store.journal import KEEP_DAYS, Journal
from app.store.meta import Meta
from app.store.numbers import Numbers
from app.store.outbox import Outbox
from app.store.query import Query
from app.store.rows import REFUSED, STUB, Agreed, Row, Rows, lay
from app.store.ruled import Ruled
from app.store.saving import Edit, Saved, bases, difference, new_row, refuse_forbidden
from app.store.stubs import Stubs
from app.store.underlay import Underlay

if TYPE_CHECKING:
    from app.schema.form import Form, Forms

DATABASE = "store.db"
JOURNAL = "journal"
DERIVED = "derived"
"""Under this name ``Meta`` keeps which fields were reckoned of everything here."""
_PORTION = 400
Touched = set[tuple[str, str]]
Derive = Callable[["Store", Touched], None]


class Store(Drafting):
    """One device's copy. A Store belongs to one thread; several processes may have the same home open."""

    def __init__(
        self,
        folder: Path,
        conn: driver.Connection,
        journal: Journal,
        forms: Forms,
        now: Callable[[], float],
        derive: Derive | None,
        key: bytes,
    ) -> None:
        self.folder = folder
        self.conn = conn
        self.forms = forms
        self.journal = journal
        self.meta = Meta(conn)
        self.rows = Rows(conn, forms)
        self.outbox = Outbox(conn, forms)
        self.query = Query(conn, forms, self.rows)
        self.stubs = Stubs(conn, forms, self.rows, self.meta)
        self.audit = Audit(conn)
        self.clock = Clock(self.meta, now)
        self.new_id = IdMaker(lambda: self.clock.about() * 1_000_000)
        self._now = now
        self._derive = derive
        # Tokens for the search index that are written as the transaction ends; None: each at once.
        self._tokens: dict[int, str] | None = None
        self._beside = concurrent.futures.ThreadPoolExecutor(1)
        self.first_copy = FirstCopy(conn, self._beside)
        self.attend: Callable[[Sequence[Edit]], Sequence[Edit]] = lambda edits: edits
        """What else belongs to a save: asked for the edits of each, it answers with them and what goes with them."""
        self.numbers = Numbers(self)
        self.ruled = Ruled(self)
        self.sync = Agreement(self)
        self.files = Files(self, key)
        self.underlay = Underlay(self, key)

    @classmethod
    def create(
        cls,
        folder: Path,
        key: bytes,
        forms: Forms,
        *,
        now: Callable[[], float] = time.time,
        derive: Derive | None = None,
    ) -> Store:
        """Make an empty store in *folder*; KnownError("store.exists") where there is one."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / DATABASE
        if path.exists():
            raise KnownError("store.exists", path=folder)
        conn = driver.connect(path, key, create=True)
        layout.prepare(conn, path, forms)
        store = cls(folder, conn, Journal(folder / JOURNAL, key), forms, now, derive, key)
        store._derive_again()
        return store

    @classmethod
    def open(
        cls,
        folder: Path,
        key: bytes,
        forms: Forms,
        *,
        now: Callable[[], float] = time.time,
        derive: Derive | None = None,
    ) -> Store:
        """Open the store in *folder*, bring it up to date, and bring back saves that only the journal still has."""
        path = folder / DATABASE
        conn = driver.connect(path, key)
        layout.prepare(conn, path, forms)
        store = cls(folder, conn, Journal(folder / JOURNAL, key), forms, now, derive, key)
        store._replay()
        store._derive_again()
        return store

    def close(self) -> None:
        """Close the database; what was saved is on the disk already."""
        self._beside.shutdown()
        self.first_copy.over()
        self.conn.close()

    def stamp(self) -> tuple[int, int]:
        """Two that are equal promise that nothing changed between, by this process or another, but for this one's audit."""
        others = self.conn.execute("PRAGMA data_version").fetchone()[0]
        return int(others), int(self.conn.total_changes) - self.audit.written

    def now_ms(self) -> int:
        """The device's time in milliseconds since 1970 UTC, corrected by what is known of the county's clock; see ``Clock``."""
        return self.clock.ms()

    @contextlib.contextmanager
    def transaction(self, meanwhile: Callable[[], None] | None = None) -> Iterator[None]:
        """One write transaction; whatever goes wrong inside leaves the store as it was.

        *meanwhile* is done while the search index and the disk are written to, and does nothing with the store.
        """
        try:
            self.conn.execute("BEGIN IMMEDIATE")
        except driver.OperationalError as bad:
            raise KnownError("store.busy") from bad
        self._tokens = {} if meanwhile else None
        try:
            yield
            if meanwhile:
                self._commit_beside(meanwhile)
            else:
                self.conn.execute("COMMIT")
        except BaseException as bad:
            if self.conn.in_transaction:
                self.conn.execute("ROLLBACK")
            if isinstance(bad, driver.OperationalError) and "full" in str(bad):
                raise KnownError("store.no_space") from bad
            raise
        finally:
            self._tokens = None

    def _commit_beside(self, meanwhile: Callable[[], None]) -> None:
        """Commit in a thread, for the driver lets others go on while it indexes, encrypts and writes; what goes wrong there is raised here."""
        done = self._beside.submit(self._end)
        try:
            meanwhile()
        finally:
            done.result()

    def _end(self) -> None:
        search.write_tokens(self.conn, self._tokens or {})
        self.conn.execute("COMMIT")

    # -- saving -------------------------------------------------------------------------------------------------------------------

    def save(self, edits: Sequence[Edit], user: str, *, bulk: bool = False, audit: Sequence[AuditLine] = ()) -> Saved:
        """Save *edits* as one: rows, outbox and history in one transaction, the journal flushed before it ends.

        Raises KnownError("store.no_space", "store.immutable", "store.deleted_record", "sync.locked"); then nothing of it is saved.
        """
        with self.transaction():
            if retirement.locked(self):
                raise KnownError("sync.locked")
            ids, changes = self._changes(self.attend(edits), user)
            self.audit.write(audit)
            if changes:
                self._write(changes, bulk=bulk)
                try:
                    self.journal.append(changes)
                except OSError as bad:
                    raise KnownError("store.no_space") from bad
                self.meta.set("counter", changes[-1].counter)
                self.clock.saved(changes[-1].time)
        return Saved(tuple(ids), tuple(changes))

    def _changes(self, edits: Sequence[Edit], user: str) -> tuple[list[str], list[Change]]:
        held = self._held(edits)
        unsent = self.outbox.of(row.id for row in held.values() if row.pending)
        counter = self.meta.integer("counter")
        moment = self.now_ms()
        ids: list[str] = []
        changes: list[Change] = []
        for edit in edits:
            form = self.forms[edit.form]
            row = held.get(edit.id) if edit.id else None
            changed = difference(form, row, edit)
            refuse_forbidden(form, row, changed)
            record_id = edit.id or self.new_id()
            ids.append(record_id)
            if not changed:
                continue
            counter += 1
            before = unsent.setdefault(record_id, [])
            change = Change(
                edit.form,
                record_id,
                row.area if row else edit.area,
                changed,
                bases(
                    form,
                    row,
                    changed,
                    self.sync.seen(row, edit.seen),
                    before,
                    self._cursor(form, row) if edit.deleted or AREA in changed else 0,
                ),
                moment,
                counter,
                user,
            )
            # Two edits of one record in one save: the second sees what the first did.
            if row is None:
                held[record_id] = new_row(self.forms, record_id, edit, changed)
            else:
                held[record_id] = lay(form, row, self._as_agreed(row), [change])
                held[record_id].standing = ""
            before.append(change)
            changes.append(change)
        return ids, changes

    def _held(self, edits: Sequence[Edit]) -> dict[str, Row]:
        wanted: dict[str, list[str]] = {}
        for edit in edits:
            if edit.id:
                wanted.setdefault(edit.form, []).append(edit.id)
        held: dict[str, Row] = {}
        for form, ids in wanted.items():
            held.update(self.rows.get(form, ids))
        return held

    def _cursor(self, form: Form, row: Row | None) -> int:
        return self.sync.cursor(row.area, form.stream) if row else 0

    def _as_agreed(self, row: Row) -> Agreed:
        return Agreed(row.area, row.deleted, dict(row.values), dict(row.extra))

    def _write(self, changes: Sequence[Change], *, bulk: bool) -> None:
        """Lay *changes* over the rows and write outbox and history; the caller holds the transaction."""
        by_form: dict[str, dict[str, list[Change]]] = {}
        for change in changes:
            by_form.setdefault(change.form, {}).setdefault(change.id, []).append(change)
        written: dict[str, dict[str, Row]] = {}
        for name, per_record in by_form.items():
            form = self.forms[name]
            held = self.rows.get(name, per_record)
            agreed = self.rows.agreed(record_id for record_id, row in held.items() if row.pending)
            beneath: dict[str, Agreed] = {}
            out: list[Row] = []
            for record_id, mine in per_record.items():
                row = held.get(record_id) or Row(name, record_id, mine[0].area, {})
                if row.standing == STUB:
                    # The journal brings back an edit of what was handed over since: it goes up, and shows nothing here.
                    row.pending += len(mine)
                    out.append(row)
                    continue
                if not row.pending and row.rev:
                    beneath[record_id] = Agreed.of(form, row)
                seen = lay(form, row, self._as_agreed(row), mine)
                seen.pending = row.pending + len(mine)
                if row.standing != REFUSED or any(change.creates for change in mine):
                    seen.standing = ""
                out.append(seen)
            self.rows.keep_agreed(name, {key: value for key, value in beneath.items() if key not in agreed})
            self.query.keep_past(name, {key: (held[key].rev, value.values) for key, value in beneath.items()})
            self.rows.put(name, out)
            written[name] = {row.id: row for row in out}
        self.outbox.add(changes, bulk=bulk)
        self.query.write_history(changes, "own")
        self.sync.corrected(changes)
        self.settled(written)

    def settled(self, by_form: Mapping[str, Mapping[str, Row] | Collection[str]]) -> None:
        """Recompute what is derived of the touched records and bring the search index up to date.

        Rows at hand may come along, by id, so that they needn't be read again.
        """
        touched = {(form, record_id) for form, ids in by_form.items() for record_id in ids}
        if self._derive:
            self._derive(self, touched)
        for form, ids in by_form.items():
            self.reindex(form, ids)

    def reindex(self, form: str, ids: Mapping[str, Row] | Collection[str]) -> None:
        """Bring the search index up to date for these records; the caller holds the transaction."""
        if self.forms[form].system or not any(item.search for item in self.forms[form].fields.values()):
            return
        derived = any(item.derived for item in self.forms[form].fields.values())
        rows = ids if isinstance(ids, Mapping) and not derived else self.rows.get(form, ids)
        for row in rows.values():
            if row.deleted:
                search.remove(self.conn, form, row.id)
        search.index(
            self.conn,
            self.forms,
            [(form, row.id, row.area, row.values) for row in rows.values() if not row.deleted],
            {row.id: row.keys for row in rows.values() if row.keys},
            self._tokens,
        )

    def _derive_again(self) -> None:
        """Reckon everything derived anew where the forms have learned another such field since it was done last."""
        derived = {name: sorted(form.derived) for name, form in self.forms.items() if form.derived}
        if self._derive is None or self.meta.get(DERIVED) == derived:
            return
        with self.transaction():
            for name in derived:
                self._derive(self, {(name, str(row[0])) for row in self.query.columns(name, ["id"])})
            self.meta.set(DERIVED, derived)

    def reckon_again(self, form: str, ids: Iterable[str]) -> None:
        """Reckon what is derived of these records anew, in portions: nobody who saves waits for all of them."""
        left = sorted(set(ids))
        for start in range(0, len(left), _PORTION):
            with self.transaction():
                if self._derive:
                    self._derive(self, {(form, record_id) for record_id in left[start : start + _PORTION]})

    def set_derived(self, form: str, record_id: str, values: Mapping[str, Value]) -> None:
        """Write derived fields of one record; they neither travel nor count."""
        sets = ", ".join(f'"{name}" = ?' for name in values)
        held = [self.forms[form].fields[name].kind.dump(value) for name, value in values.items()]
        self.conn.execute(f"UPDATE {table_name(form)} SET {sets} WHERE id = ?", (*held, record_id))

    def forget_old_journal(self) -> None:
        """Delete journal files of which every change has had its receipt for 90 days, and what needs them."""
        waiting = self.outbox.first_counter()
        confirmed = self.meta.integer("counter") if waiting is None else waiting - 1
        self.journal.forget(confirmed, self._now())
        with self.transaction():
            self.stubs.forget_handed(self.now_ms() - KEEP_DAYS * 86_400_000)

    def _replay(self) -> None:
        """Bring back what the journal has and the store lost, as it was saved."""
        last = self.meta.integer("counter")
        if self.journal.last_counter() <= last:
            return
        with self.transaction():
            lost = self.journal.since(self.meta.integer("counter"))
            if lost:
                self._write(lost, bulk=False)
                self.meta.set("counter", lost[-1].counter)
                if self.sync.state.device:
                    # Frames that this store no longer remembers may be at the county: their numbers must not come again.
                    self.sync.begin_incarnation()


def new_key() -> bytes:
    """A random 32-byte key for a new store."""
    return secrets.token_bytes(32)

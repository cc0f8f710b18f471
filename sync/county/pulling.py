"""The way down: what happened in a device's streams after its cursors, frame by frame, urgent streams first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from app.schema.form import STREAMS, Forms
from app.schema.record import AREA, DELETED, Delta, Record
from app.schema.values import Value
from sync.county.database import Database, among, parts
from sync.county.epochs import tag_at
from sync.county.records import Records, streams
from sync.county.tables import COUNTY, ENTRY, FRAME, HISTORY
from sync.wire import DERIVED, RAW, STREAMED, TAKEN, Down, End, Hello, Message, Move, Writer, agreement, encode_down

WENT = "@went"
# What one delta is taken to weigh before any was sent, and the bounds of how many one frame may hold.
_FIRST_GUESS = 80
_FEWEST, _MOST = 20, 4000
# Characters for each byte that the device wants in a frame: beyond that a page of long texts is cut in two.
_HEAVY = 8
_MARKS = frozenset({"", AREA, DELETED})
_ORDER = ("urgent", *(name for name in STREAMS if name not in {"urgent", "ordinary"}), "ordinary")


@dataclass(frozen=True, slots=True)
class Scope:
    """The streams of one device, by class, and how far each is: ``cursors`` for most, ``behind`` for those catching up."""

    areas: dict[str, tuple[str, ...]]
    cursors: dict[str, int]
    behind: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Page:
    """Entries of some streams of one class after *before*; *after* is the last rev that was looked at.

    ``areas`` None: of all streams of the class that aren't catching up.
    """

    stream: str
    before: int
    after: int
    areas: tuple[str, ...] | None
    deltas: list[tuple[int, Delta]]
    full: bool
    tag: bytes = b""


class Pull:
    """One device's way down."""

    def __init__(
        self,
        database: Database,
        records: Records,
        county: str,
        scope: Scope,
        own: Collection[int],
        words: Mapping[str, str],
    ) -> None:
        self._database = database
        self._records = records
        self._county = county
        self._scope = scope
        self._cursors = dict(scope.cursors)
        self._behind = dict(scope.behind)
        # What the device has been told of its cursors: pages without news move only ours.
        self._told = dict(scope.cursors)
        # Revs that this incarnation wrote and has receipts for: it needs nobody to tell it.
        self._own = own
        # What the areas are called that a record may have gone to.
        self._words = words
        self._derived = self._timed = False
        # Records sent whose last change lies beyond the cursor: they turn up again and have nothing new.
        self._ahead: dict[str, int] = {}

    def messages(self, hello: Hello, writer: Writer) -> Iterator[Message]:
        """Frames of about the size that the device wants, and the end, which is of one instant with the last of them.

        *writer* is what they go out through: it knows what a byte of them weighs there.
        """
        size = frame_size(hello)
        self._derived = DERIVED in hello.capabilities
        self._timed = TAKEN in hello.capabilities
        level = RAW if STREAMED in hello.capabilities else min(max(hello.level, 1), 19)
        rows = min(max(size // _FIRST_GUESS, _FEWEST), _MOST)
        while True:
            pages, end = self._look(rows, hello.want)
            for page in pages:
                for down in self._frames(page, level, _HEAVY * size):
                    yield down
                    if page.deltas:
                        weight = max(int(len(down.content) * writer.ratio) // len(page.deltas), 8)
                        rows = min(max(size // weight, _FEWEST), _MOST)
            if end is not None:
                yield end
                return

    def _look(self, rows: int, want: Sequence[str]) -> tuple[list[_Page], End | None]:
        """What is left of each class up to the first that fills a page; all that is left, and the end, if none does.

        In one snapshot, so that the end's digests speak of exactly the cursors that the last frames set.
        """
        with self._database.snapshot() as conn:
            last = conn.scalar(sa.select(COUNTY.c.rev).where(COUNTY.c.county == self._county)) or 0
            pages: list[_Page] = []
            for stream in [name for name in _ORDER if name in self._scope.areas]:
                for page in self._pages(conn, stream, rows, last):
                    self._advance(page)
                    pages.append(replace(page, tag=tag_at(conn, self._county, page.after)))
                    if page.full:
                        return pages, None
            held = streams(conn, self._county, sorted({area for areas in self._scope.areas.values() for area in areas}))
        mine = {
            (area, name): held[area, name]
            for name, areas in self._scope.areas.items()
            for area in areas
            if (area, name) in held
        }
        listed = tuple((area, name, *mine[area, name]) for area, name in sorted(mine)) if "streams" in want else ()
        return pages, End(last, agreement(mine), listed)

    def _pages(self, conn: sa.Connection, stream: str, rows: int, last: int) -> Iterator[_Page]:
        catching = {area: rev for (name, area), rev in self._behind.items() if name == stream}
        for start in sorted(set(catching.values())):
            areas = tuple(area for area, rev in catching.items() if rev == start)
            yield self._page(conn, stream, start, areas, rows, last, alone=True)
        normal = tuple(area for area in self._scope.areas[stream] if area not in catching)
        if normal:
            yield self._page(conn, stream, self._cursors.get(stream, 0), normal, rows, last, alone=False)

    def _page(
        self, conn: sa.Connection, stream: str, start: int, areas: tuple[str, ...], rows: int, last: int, *, alone: bool
    ) -> _Page:
        if self._alone(start, last):
            return _Page(stream, start, last, areas if alone else None, [], full=False)
        query = (
            sa.select(ENTRY)
            .where(ENTRY.c.county == self._county, ENTRY.c.stream == stream, ENTRY.c.rev > start, ENTRY.c.rev <= last)
            .where(among(conn, ENTRY.c.area, areas))
            .order_by(ENTRY.c.rev)
            .limit(rows)
        )
        entries = conn.execute(query).all()
        full = len(entries) == rows
        after = entries[-1].rev if full else last
        deltas = self._deltas(conn, entries, start, areas)
        return _Page(stream, start, after, areas if alone else None, deltas, full)

    def _alone(self, start: int, last: int) -> bool:
        """Whether the device itself wrote all that happened since *start*: then no stream has anything to tell it."""
        return last - start <= len(self._own) and all(rev in self._own for rev in range(start + 1, last + 1))

    def _deltas(
        self, conn: sa.Connection, entries: Sequence[sa.Row[tuple[object, ...]]], start: int, areas: tuple[str, ...]
    ) -> list[tuple[int, Delta]]:
        """(rev of the entry, delta) for each record among *entries* that has news for the device."""
        foreign = [entry for entry in entries if entry.rev not in self._own]
        by_form: dict[str, list[str]] = {}
        for entry in foreign:
            by_form.setdefault(entry.form, []).append(entry.id)
        held = {form: self._records.get(conn, form, list(dict.fromkeys(ids))) for form, ids in by_form.items()}
        done: set[str] = set()
        found: list[tuple[int, Delta]] = []
        for entry in foreign:
            # A record comes at its first entry, as it is now; its later entries have nothing to add.
            if entry.id in done or entry.id not in held[entry.form]:
                continue
            record = held[entry.form][entry.id].record
            if self._ahead.get(entry.id) == record.rev:
                continue
            gone = record.area not in areas and record.area not in self._scope.areas.get(entry.stream, ())
            if gone and not entry.gone:
                continue  # its later entry here says that it left
            done.add(entry.id)
            self._ahead[entry.id] = record.rev
            went = self._words.get(record.area, "")
            by = entry.account or "", entry.time
            delta = as_left(record, went, *by) if gone else self._delta(record, start, *by)
            if delta is not None:
                found.append((entry.rev, delta))
        if not self._timed:
            return found
        timed = with_times(conn, self._county, self._records.forms, [delta for _, delta in found])
        return [(rev, delta) for (rev, _), delta in zip(found, timed, strict=True)]

    def _delta(self, record: Record, start: int, user: str, time: int) -> Delta | None:
        created = record.revs.get("", 0)
        moved_in = record.revs.get(AREA, created)
        new = (created > start and created not in self._own) or (moved_in > start and moved_in not in self._own)
        if new:
            return as_whole(record, user, time)
        fresh = {name: rev for name, rev in record.revs.items() if name and rev > start and rev not in self._own}
        if not fresh:
            return None
        newer: dict[str, Value] = {
            name: record.values.get(name, record.extra.get(name)) for name in fresh if _plain(name)
        }
        return Delta(
            record.form, record.id, record.area, record.rev, newer, fresh, deleted=record.deleted, user=user, time=time
        )

    def _advance(self, page: _Page) -> None:
        if page.areas is None:
            self._cursors[page.stream] = page.after
        for area in page.areas or ():
            self._behind[page.stream, area] = page.after
        self._ahead = {record_id: rev for record_id, rev in self._ahead.items() if rev > page.after}

    def _frames(self, page: _Page, level: int, most: int) -> Iterator[Down]:
        """*page* as one frame, as several where its texts are too long for one, as none where it tells nothing."""
        before = self._told.get(page.stream, 0) if page.areas is None else page.before
        if before >= page.after or (page.full and not page.deltas and page.areas is None):
            return
        texts = (value for _, delta in page.deltas for value in delta.values.values() if isinstance(value, str))
        heavy = sum(map(len, texts)) > most
        if heavy and len(page.deltas) > 1:
            middle = len(page.deltas) // 2
            cut = page.deltas[middle][0] - 1
            with self._database.snapshot() as conn:
                tag = tag_at(conn, self._county, cut)
            yield from self._frames(replace(page, after=cut, deltas=page.deltas[:middle], tag=tag), level, most)
            yield from self._frames(replace(page, before=cut, deltas=page.deltas[middle:]), level, most)
            return
        if page.areas is None:
            self._told[page.stream] = page.after
        move = Move(page.stream, before, page.after, page.areas, page.tag)
        yield Down(encode_down([delta for _, delta in page.deltas], [move], level, derived=self._derived), (move,))


def frame_size(hello: Hello) -> int:
    """Bytes of the frames that a device wants, 2 to 64 KB."""
    return min(max(hello.size, 2 << 10), 64 << 10)


def as_whole(record: Record, user: str = "", time: int = 0) -> Delta:
    """Everything there is of *record*; a field that was emptied comes as empty."""
    values = {**dict.fromkeys(filter(_plain, record.revs)), **record.values, **record.extra}
    return Delta(
        record.form, record.id, record.area, record.rev, values, record.revs,
        whole=True, deleted=record.deleted, user=user, time=time,
    )  # fmt: skip


def with_times(conn: sa.Connection, county: str, forms: Forms, deltas: Sequence[Delta]) -> list[Delta]:
    """*deltas*, those of whole records that are never changed with the time at which the county took the change that made them."""
    made = {delta.revs.get("", 0) for delta in deltas if delta.whole and forms[delta.form].immutable}
    times: dict[int, int] = {}
    for some in parts(sorted(made)):
        query = sa.select(HISTORY.c.rev, HISTORY.c.taken).where(HISTORY.c.county == county)
        times.update((rev, taken or 0) for rev, taken in conn.execute(query.where(among(conn, HISTORY.c.rev, some))))
    return [
        replace(delta, taken=times.get(delta.revs.get("", 0), 0))
        if delta.whole and forms[delta.form].immutable
        else delta
        for delta in deltas
    ]


def as_left(record: Record, went: str = "", user: str = "", time: int = 0) -> Delta:
    """What a device is told of a record that it may no longer hold: where it went, also in words, and nothing of what it holds."""
    values: dict[str, Value] = {WENT: went} if went else {}
    revs = {AREA: record.revs.get(AREA, 0)}
    return Delta(record.form, record.id, record.area, record.rev, values, revs, left=True, user=user, time=time)


def _plain(name: str) -> bool:
    return name not in _MARKS


def own_revs(
    conn: sa.Connection, county: str, device: str, hello: Hello, start: int, answered: Collection[int]
) -> set[int]:
    """The revs after *start* that this incarnation wrote just so, and whose receipts it has, or gets in this answer."""
    those = [
        HISTORY.c.county == county,
        HISTORY.c.device == device,
        HISTORY.c.incarnation == hello.incarnation,
        HISTORY.c.rev > start,
        HISTORY.c.status == "accepted",
    ]
    # A frame's revs mostly follow each other, and then their ends say it all.
    ends = sa.func.min(HISTORY.c.rev), sa.func.max(HISTORY.c.rev), sa.func.count()
    frames = conn.execute(sa.select(HISTORY.c.frame, *ends).where(*those).group_by(HISTORY.c.frame)).all()
    gone = sa.select(FRAME.c.number).where(FRAME.c.county == county, FRAME.c.device == device, FRAME.c.void > 0)
    void = set(conn.scalars(gone.where(FRAME.c.incarnation == hello.incarnation)))
    found: set[int] = set()
    for number, first, last, count in frames:
        if number in void or not (number in answered or any(low <= number <= high for low, high in hello.have)):
            continue
        if last - first == count - 1:
            found.update(range(first, last + 1))
        else:
            found.update(conn.scalars(sa.select(HISTORY.c.rev).where(*those, HISTORY.c.frame == number)))
    return found

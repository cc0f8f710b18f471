"""What is done at one device, in whatever process its store is open: each function takes the device's desk first."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import requests

from app.errors import KnownError
from app.store.store import Store
from sync import bundle, leaving
from sync.client import exchange, files, retiring
from sync.wire import encode_up

_URGENT = 0


class Killed(BaseException):
    """The process that did it is gone, at whatever it was."""


class Fuse:
    """Counts down, and is the end of its process at 0; None: never."""

    def __init__(self):
        self._lock = threading.Lock()
        self._left = None
        self.burnt = False

    def set(self, left):
        with self._lock:
            self._left = left

    def burn(self):
        with self._lock:
            if self._left is not None:
                self._left -= 1
                self.burnt = self.burnt or self._left <= 0
            if self.burnt:
                raise Killed


class Mortal:
    """A connection to an encrypted store that is dropped, with what it hasn't committed, at the statement the fuse says."""

    def __init__(self, conn, fuse):
        self._conn = conn
        self._fuse = fuse

    def __getattr__(self, name):
        return getattr(self._conn, name)

    @property
    def in_transaction(self):
        return not self._fuse.burnt and self._conn.in_transaction

    def execute(self, *arguments):
        self._burn()
        return self._conn.execute(*arguments)

    def executemany(self, *arguments):
        self._burn()
        return self._conn.executemany(*arguments)

    def _burn(self):
        try:
            self._fuse.burn()
        except Killed:
            self._conn.close()
            raise


@dataclass
class Desk:
    """One store opened, its clerk, its connection to the network and its clock."""

    folder: object
    key: bytes
    forms: object
    user: str
    offset: float = 0.0
    fuse: Fuse = field(default_factory=Fuse)
    store: object = None
    http: object = None

    def open(self):
        fuse = self.fuse

        class MortalStore(Store):
            def __init__(self, folder, conn, *others):
                super().__init__(folder, Mortal(conn, fuse), *others)

        self.store = MortalStore.open(self.folder, self.key, self.forms, now=self.now)
        self.http = requests.Session()
        # The proxies of the machine that this runs on are none of its business, and cost more than a request to look up.
        self.http.trust_env = False
        return self

    def now(self):
        return time.time() + self.offset

    def close(self):
        if not self.fuse.burnt:
            self.store.close()
        self.http.close()


@dataclass(frozen=True)
class Outcome:
    """What a report says, and whether the store says the same afterwards."""

    ok: bool
    code: str
    left: int
    refused: int
    in_agreement: bool
    mended: int = 0


@dataclass(frozen=True)
class Standing:
    """What stands in a device's store."""

    device: str
    incarnation: str
    frame: int
    """The last number given."""
    open_frames: tuple
    changes: tuple
    """All of the outbox."""
    urgent: frozenset
    """Counters of those in the urgent lane."""


def save(desk, edits, bulk=False):
    return desk.store.save(edits, desk.user, bulk=bulk)


def take_number(desk):
    return desk.store.numbers.take(time.gmtime(desk.now() + 8 * 3600).tm_year)


def sync(desk, tries=3, die_at=None):
    """Exchange; *die_at*: the process ends after so many messages of the county's answers."""
    told = iter(range(1, 1 << 30))

    def progress(_):
        if die_at is not None and next(told) >= die_at:
            desk.fuse.burnt = True
            desk.store.conn.close()
            raise Killed

    report = exchange(desk.store, desk.http, progress=progress, now=desk.now, sleep=lambda _: None, tries=tries)
    code = report.error.code if report.error else ""
    return Outcome(
        report.ok, code, report.left.total, report.refused, report.in_agreement, report.mended
    )  # fmt: skip


def standing(desk):
    store = desk.store
    state = store.sync.state
    lanes = store.conn.execute("SELECT counter FROM outbox WHERE lane = ?", (_URGENT,)).fetchall()
    return Standing(
        state.device,
        state.incarnation,
        store.meta.integer("frame"),
        tuple(store.sync.open_frames()),
        tuple(store.outbox.all()),
        frozenset(counter for (counter,) in lanes),
    )


def get(desk, form, record_id):
    return desk.store.get(form, record_id)


def many(desk, form, ids):
    return desk.store.many(form, ids)


def select(desk, form, where=None):
    return desk.store.select(form, where)


def digests(desk):
    """(kept, reckoned anew) of the streams in scope that hold anything."""
    kept, anew = desk.store.sync.digests(), desk.store.sync.reckon()
    return [{key: (item.records, item.total) for key, item in some.items() if item.records} for some in (kept, anew)]


def cursors(desk):
    return desk.store.sync.cursors()


def frame_all(desk):
    """Write down what waits, in a frame or more; nothing is sent."""
    while desk.store.sync.compose(1000, encode_up):
        pass


def give_up_frames(desk):
    for frame in desk.store.sync.open_frames():
        desk.store.sync.void(frame.number)


def new_incarnation(desk):
    desk.store.sync.new_incarnation()


def moved(desk, url):
    desk.store.sync.moved(url)


def take_link_for(desk, rate):
    with desk.store.transaction():
        desk.store.meta.set("sync.rate", rate)


def speak(desk, version):
    with desk.store.transaction():
        desk.store.meta.set("sync.version", version)


def write_bundle(desk):
    made = bundle.write(desk.store, now=desk.now)
    bundle.note(desk.store, made)
    return made.content


def read_bundle(desk, content):
    return bundle.read(desk.store, content, now=desk.now).in_agreement


def wipe(desk):
    retiring.wipe(desk.store, desk.folder, desk.http, seal=leaving.seal, say=str)


def keep_file(desk, content, small):
    """The fields that name it."""
    kept = desk.store.files.keep([content])
    values = {"sha256": kept.sha256, "size": kept.size}
    if small:
        thumb = desk.store.files.keep([small], small=True)
        values |= {"thumb": thumb.sha256, "thumb_size": thumb.size}
    return values


def carry(desk):
    """(why it stopped, what was refused)"""
    report = files.carry(desk.store, desk.http, sleep=lambda _: None)
    return report.stopped, report.error.code if report.error else ""


def files_waiting(desk):
    return desk.store.files.waiting().total


def want(desk, sha256, size):
    desk.store.files.want(sha256, size)


def known(desk, attachments):
    """Those of them that this device has, and that aren't deleted."""
    found = []
    for form in desk.store.forms.attachments:
        found += [key for key, record in desk.store.many(form.name, attachments).items() if not record.deleted]
    return found


def hash_of(desk, sha256):
    """The SHA-256 of the content that is here; empty where none is."""
    try:
        with desk.store.files.reading(sha256) as reader:
            return reader.sha256()
    except KnownError:
        return ""


def keep_draft(desk, key, values):
    desk.store.keep_draft(key, "resident", None, values)


def draft(desk, key):
    return desk.store.draft(key)


def set_clock(desk, offset):
    desk.offset = offset


__all__ = ["Desk", "Fuse", "Killed", "KnownError", "Outcome", "Standing"]

"""The stages on which the story is played: county and devices together while recording, each alone against what was recorded."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import requests
import sqlalchemy as sa
from requests.adapters import HTTPAdapter

from app.schema.form import Forms
from app.store import belonging
from app.store.agreement import Area as StoreArea
from app.store.store import Store
from sync.client import exchange
from sync.county import office, pulling
from sync.county.rights import Device
from sync.county.tables import DEVICE
from sync.wire import MEDIA_TYPE, Area
from tests.golden.reader import frames, in_words
from tests.golden.story import AREAS
from tests.serving import answering

COUNTY = "990901"
BEGAN = 1_772_415_000.0
KEY = bytes(range(32))
GOLDEN = Path(__file__).parent


@dataclass
class Taken:
    """One request and its answer, as they were: *way* is how the network broke it."""

    name: str
    desk: str
    at: float
    way: str
    status: int
    media: str
    request: bytes = b""
    answer: bytes = b""


def token_of(desk):
    return f"golden-token-of-{desk}-0123456789abcdefghijkl"


def read(version):
    """What was recorded of wire version *version*, in the order in which it happened."""
    folder = GOLDEN / version
    found = [Taken(**row) for row in json.loads((folder / "index.json").read_text("utf-8"))]
    for item in found:
        item.request = (folder / f"{item.name}.request.bin").read_bytes()
        item.answer = (folder / f"{item.name}.answer.bin").read_bytes()
    return found


def write(folder, taken, ends, holdings):
    """The inverse of ``read``, with the same in words beside it, and what the desks held in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    ended = json.dumps({"agreed": ends, "holdings": holdings}, ensure_ascii=False, indent=1)
    (folder / "end.json").write_text(ended + "\n", "utf-8")
    index = [{k: v for k, v in asdict(item).items() if k not in {"request", "answer"}} for item in taken]
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n", "utf-8")
    for item in taken:
        (folder / f"{item.name}.request.bin").write_bytes(item.request)
        (folder / f"{item.name}.answer.bin").write_bytes(item.answer)
        sent = "(cut)\n" if item.way == "body" else in_words(item.request)
        said = in_words(item.answer) if item.status == 200 else item.answer.decode() + "\n"
        way = f" {item.way}" if item.way else ""
        (folder / f"{item.name}.txt").write_text(f"{item.desk}{way}\n\n{sent}\n{item.status}\n{said}", "utf-8")


class CountySide:
    """A real county with the story's devices, whose tokens are known; its clock stands where the story says."""

    def __init__(self, database, forms: Forms) -> None:
        self.now = BEGAN
        self.county = office.init(database, forms, COUNTY, now=lambda: self.now)
        office.add_areas(self.county, [Area(*row) for row in AREAS])

    def seat(self, desk, user, areas):
        row = {
            "county": COUNTY,
            "id": device_of(desk),
            "token": hashlib.sha256(token_of(desk).encode()).digest(),
            "areas": json.dumps(areas),
            "roles": json.dumps(list(office.DEFAULT_ROLES)),
            "account": user,
            "state": "active",
            "made": int(self.now * 1000),
        }
        with self.county.database.plain() as conn:
            conn.execute(sa.insert(DEVICE).values(**row))

    def scope(self, desk, areas):
        with self.county.database.plain() as conn:
            where = DEVICE.c.county == COUNTY, DEVICE.c.id == device_of(desk)
            conn.execute(sa.update(DEVICE).where(*where), {"areas": json.dumps(areas)})

    def revoke(self, desk):
        office.revoke(self.county, device_of(desk))

    @contextlib.contextmanager
    def serving(self):
        """The URL where it answers."""
        try:
            with answering(self.county) as url:
                yield url
        finally:
            self.county.close()


class DeskSide:
    """The story's stores: real, encrypted, with clocks and incarnations that the story knows."""

    def __init__(self, folder, forms: Forms) -> None:
        self.now = BEGAN
        self._folder, self._forms = folder, forms
        self.stores: dict[str, Store] = {}
        self.users: dict[str, str] = {}
        self._drawn = 0

    def _draw(self, _size):
        self._drawn += 1
        return f"{0xC0DE0000 + self._drawn:016x}"

    @contextlib.contextmanager
    def fixed(self):
        """Incarnations are drawn in order, not at random."""
        try:
            with mock.patch.object(belonging, "secrets", mock.Mock(token_hex=self._draw)):
                yield
        finally:
            for store in self.stores.values():
                store.close()

    def seat(self, desk, user, areas, url, streams, known):
        store = Store.create(self._folder / desk, KEY, self._forms, now=lambda: self.now)
        held = {"device": device_of(desk), "county": COUNTY, "url": url, "token": token_of(desk), "epoch": 1}
        store.sync.enrolled(**held, areas=[StoreArea(*row) for row in known], streams=set(streams))
        self.stores[desk], self.users[desk] = store, user

    def save(self, desk, *edits):
        self.stores[desk].save(edits, self.users[desk])

    def exchange(self, desk, http, tries=1):
        return exchange(self.stores[desk], http, now=lambda: self.now, sleep=lambda _: None, tries=tries)

    def holdings(self):
        """What each desk holds now, as plain values."""
        return {desk: _holdings(store) for desk, store in sorted(self.stores.items())}

    def reach(self):
        """The areas that each desk holds."""
        return {
            desk: {area for held in store.sync.cursors().values() for area in held}
            for desk, store in self.stores.items()
        }


def _holdings(store):
    found = {}
    for form in store.forms:
        for record in store.select(form, deleted=True):
            values = {name: value for name, value in {**record.values, **record.extra}.items() if value is not None}
            travel = {name for name, item in store.forms[form].fields.items() if item.derived}
            held = {name: value for name, value in sorted(values.items()) if name not in travel}
            found[f"{form} {record.id}"] = [record.area, record.deleted, held]
    return dict(sorted(found.items()))


def device_of(desk):
    return f"{0xDE00 + ord(desk):016x}"


class Recording:
    """County and devices together, and every request and answer between them kept."""

    def __init__(self, folder, forms: Forms, url, county: CountySide, desks: DeskSide) -> None:
        self._url, self._county, self._desks = url, county, desks
        self.taken: list[Taken] = []
        self.ends: dict[str, bool] = {}

    def tick(self, seconds):
        self._county.now += seconds
        self._desks.now += seconds

    def seat(self, desk, user, areas):
        self._county.seat(desk, user, areas)
        county = self._county.county
        with county.database.snapshot() as conn:
            rights = county.rights(conn)
            device = Device(device_of(desk), user, tuple(areas), office.DEFAULT_ROLES)
            streams = rights.streams(device)
        self._desks.seat(desk, user, areas, self._url, streams, AREAS)

    def save(self, desk, *edits):
        self._desks.save(desk, *edits)

    def scope(self, desk, areas):
        self._county.scope(desk, areas)

    def revoke(self, desk):
        self._county.revoke(desk)

    def trouble(self, desk, name):
        """The county's database goes away in the middle of its answer."""
        gone = sa.exc.OperationalError("select", {}, Exception("gone"))
        with mock.patch.object(pulling, "agreement", side_effect=gone):
            self.sync(desk, name)

    def sync(self, desk, name, ways=()):
        kept: list[Taken] = []
        with requests.Session() as http:
            http.mount("http://", _Keeping(kept, list(ways)))
            report = self._desks.exchange(desk, http, tries=len(ways) + 1)
        self.ends[name] = report.in_agreement
        for number, item in enumerate(kept, 1):
            item.name = f"{len(self.taken) + 1:02d}-{name}" + (f"-{number}" if len(kept) > 1 else "")
            item.desk, item.at = desk, self._county.now - BEGAN
            self.taken.append(item)


class _Keeping(HTTPAdapter):
    """Keeps what goes over it; breaks as the story says: "after", the answer is lost; "body", cut 300 bytes before its end."""

    def __init__(self, kept, ways):
        super().__init__()
        self._kept, self._ways = kept, ways

    def send(self, request, **options):
        way = self._ways.pop(0) if self._ways else ""
        body = b"".join(request.body)
        item = Taken("", "", 0.0, way, 0, "", body if way != "body" else body[:-300])
        self._kept.append(item)
        if way == "body":
            request.body = _cut(item.request)
        else:
            request.body = iter([body])
        try:
            answer = super().send(request, **{**options, "stream": False})
        except requests.RequestException:
            assert way == "body"
            raise
        item.answer, item.status = answer.content, answer.status_code
        item.media = answer.headers.get("Content-Type", "")
        if way == "after":
            raise requests.ConnectionError("the answer is lost")
        return answer


def _cut(body):
    yield body
    raise requests.ConnectionError("cut in the body")


class CountyAlone:
    """The county without devices: every recorded request is sent to it as it was, and its answer kept."""

    def __init__(self, url, county: CountySide, recorded) -> None:
        self._url, self._county, self._recorded = url, county, recorded
        self.answers: list[tuple[Taken, requests.Response]] = []

    def tick(self, seconds):
        self._county.now += seconds

    def seat(self, desk, user, areas):
        self._county.seat(desk, user, areas)

    def save(self, desk, *edits):
        pass

    def scope(self, desk, areas):
        self._county.scope(desk, areas)

    def revoke(self, desk):
        self._county.revoke(desk)

    def trouble(self, desk, name):
        pass  # its database is in order today: what it would say then is for the devices to read

    def sync(self, desk, name, ways=()):
        for item in _of(self._recorded, name):
            answer = requests.post(
                f"{self._url}/v1/exchange",
                data=item.request,
                headers={"Authorization": f"Bearer {token_of(desk)}", "Content-Type": MEDIA_TYPE},
                timeout=30,
            )
            self.answers.append((item, answer))


class DesksAlone:
    """The devices without a county: whatever they ask, they get the answers that were recorded."""

    def __init__(self, desks: DeskSide, recorded) -> None:
        self._desks, self._recorded = desks, recorded
        self.ends: dict[str, bool] = {}
        self.unread: list[str] = []

    def tick(self, seconds):
        self._desks.now += seconds

    def seat(self, desk, user, areas):
        # Which streams it was given when it enrolled does not matter: its first answer brings the scope.
        self._desks.seat(desk, user, areas, "http://127.0.0.1:9", [], AREAS)

    def save(self, desk, *edits):
        self._desks.save(desk, *edits)

    def scope(self, desk, areas):
        pass

    def revoke(self, desk):
        pass

    def trouble(self, desk, name):
        self.sync(desk, name)

    def sync(self, desk, name, ways=()):
        left = _of(self._recorded, name)
        with requests.Session() as http:
            http.mount("http://", _Recorded(left, self._desks.stores[desk]))
            report = self._desks.exchange(desk, http, tries=len(ways) + 1)
        self.ends[name] = report.in_agreement
        self.unread += [item.name for item in left]


def _of(recorded, name):
    return [item for item in recorded if re.fullmatch(rf"\d+-{name}(-\d+)?", item.name)]


class _Recorded(HTTPAdapter):
    """Answers with what was recorded; a frame that the device has open gets the bytes that it had then."""

    def __init__(self, left, store):
        super().__init__()
        self._left, self._store = left, store

    def send(self, request, **options):
        for _ in request.body:
            pass  # composing is half of what the device does
        if not self._left:
            raise requests.ConnectionError("nothing more was recorded")
        item = self._left.pop(0)
        for number, content in frames(item.request if item.way != "body" else b""):
            # zstd's bytes may differ from one release of it to the next; what the county says of them goes by their hash.
            self._store.conn.execute("UPDATE frame SET content = ? WHERE number = ?", (content, number))
        if item.way:
            raise requests.ConnectionError(item.way)
        answer = requests.Response()
        answer.status_code, answer.url, answer.raw = item.status, request.url, io.BytesIO(item.answer)
        answer.headers["Content-Type"] = item.media
        return answer

"""The urgent goes first: before a roster that waits, and in the middle of a request that is under way."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from app.bench.link import SlowLink
from app.store.saving import Edit
from app.store.store import Store
from sync.client import exchange, link_session
from sync.county import office
from sync.county.tables import HISTORY
from sync.wire import Area, Reader, Up, decode_up
from tests.sync.conftest import TOWNSHIP, VILLAGES, Running

V = VILLAGES[0]


def people(count, start=0):
    return [
        Edit("resident", None, V, {"name": f"张文{number}", "occupation": f"木匠{number * 7919}"})
        for number in range(start, start + count)
    ]


def event(title="河堤塌了"):
    return Edit("event", None, V, {"title": title, "detail": "村口", "urgency": "critical"})


class Listening:
    """Keeps what each request carried: for each of its frames the forms of the changes."""

    def __init__(self, http):
        self.requests = []
        self._post = http.post
        http.post = self

    def __call__(self, url, *, data, **options):
        told = []
        self.requests.append(told)

        def copied():
            reader = Reader()
            for piece in data:
                frames = [message.content for message in reader.feed(piece) if isinstance(message, Up)]
                told.extend({change.form for change in decode_up(frame).changes} for frame in frames)
                yield piece

        return self._post(url, data=copied(), **options)


def test_an_urgent_case_goes_alone_before_a_roster_that_waits(county, new_store):
    desk = county.device(new_store())
    desk.sync()
    desk.save(*people(3000), bulk=True)
    desk.save(event())
    heard = Listening(desk.http)
    report = desk.sync()
    assert report.in_agreement
    assert heard.requests[0] == [{"event"}]
    assert {form for frame in heard.requests[1] for form in frame} == {"resident"}


def test_a_few_other_changes_go_along_in_the_same_request(county, new_store):
    desk = county.device(new_store())
    desk.sync()
    desk.save(*people(3))
    desk.save(event())
    assert desk.sync().requests == 1


def test_what_an_urgent_case_needs_goes_with_it(county, new_store):
    desk = county.device(new_store())
    desk.sync()
    (grid,) = desk.save(Edit("grid", None, V, {"name": "第一网格"}), bulk=True).ids
    desk.save(*people(3000), bulk=True)
    desk.save(Edit("event", None, V, {"title": "河堤塌了", "detail": "村口", "urgency": "critical", "grid": grid}))
    heard = Listening(desk.http)
    assert desk.sync().refused == 0
    assert heard.requests[0] == [{"grid", "event"}]


def saved_by_the_window(desk, *edits):
    """As the window does it: another connection to the same store, in another thread."""

    def save():
        window = Store.open(desk.store.folder, desk.key, desk.store.forms)
        window.save(edits, "张干事")
        window.close()

    thread = threading.Thread(target=save)
    thread.start()
    thread.join()


def test_an_urgent_save_ends_a_request_on_its_way_up_with_its_own_frame(county, new_store, empty_home):
    desk = county.device(new_store())
    desk.key = empty_home[1]
    desk.sync()
    with desk.store.transaction():
        desk.store.meta.set("sync.rate", 4_000)
    desk.save(*people(3000), bulk=True)
    heard = Listening(desk.http)
    kept, count = desk.store.sync.compose, 0

    def compose(*args, **options):
        nonlocal count
        count += 1
        if count == 3:
            saved_by_the_window(desk, event())
        return kept(*args, **options)

    desk.store.sync.compose = compose
    report = desk.sync()
    assert report.in_agreement
    assert heard.requests[0] == [{"resident"}] * 2 + [{"resident", "event"}]
    assert {"resident"} in heard.requests[1]


def test_an_urgent_save_ends_an_answer_on_its_way_down(county, new_store, empty_home):
    full, desk = county.device(new_store(), "李干事"), county.device(new_store())
    desk.key = empty_home[1]
    full.save(*people(3000), bulk=True)
    full.sync()
    with desk.store.transaction():
        desk.store.meta.set("sync.rate", 20_000)
    heard = Listening(desk.http)
    said = []

    def told(progress):
        if progress.down and not said:
            said.append(progress)
            saved_by_the_window(desk, event())

    report = desk.sync(progress=told)
    assert report.in_agreement
    assert heard.requests == [[], [{"event"}]]
    # Nothing came twice: what was applied before the cut has its cursor.
    assert report.down.count == 3000


def test_an_urgent_change_alone_costs_less_than_a_kilobyte_each_way_with_all_headers(database, forms, new_store):
    running = Running(database, forms)
    villages = [f"9900011012{number:02}" for number in range(10, 31)]
    office.add_areas(running.county, [Area(code, f"云岭{code[-2:]}村", "village") for code in villages])
    with running.serving():
        desk = running.device(new_store(), areas=(TOWNSHIP,))
        assert len(desk.store.sync.cursors()["urgent"]) >= 21
        desk.sync()
        desk.save(event())
        with SlowLink(running.url, rate=None, round_trip=0.0) as link:
            desk.store.sync.moved(link.url)
            report = exchange(desk.store, link_session(None))
            assert report.in_agreement
            assert report.requests == 1
            assert 0 < link.passed.up < 1000
            assert 0 < link.passed.down < 1000


def test_the_county_has_the_urgent_case_before_the_roster(county, new_store):
    desk = county.device(new_store())
    desk.sync()
    desk.save(*people(3000), bulk=True)
    desk.save(event())
    desk.sync()
    with county.county.database.snapshot() as conn:
        query = sa.select(HISTORY.c.form).where(HISTORY.c.county == county.county.code).order_by(HISTORY.c.rev)
        assert conn.scalars(query).first() == "event"

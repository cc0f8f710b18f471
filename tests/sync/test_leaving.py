"""What is only on a device that is wiped: sealed in one parcel, and all of it at the county afterwards."""

from __future__ import annotations

import hashlib
import json
import tracemalloc

import pytest
import requests
import sqlalchemy as sa

from app.errors import KnownError
from app.store import retirement
from app.store.audit import AuditLine
from app.store.keys import Cost, KeySlots
from app.store.saving import Edit
from sync import leaving, parcel
from sync.client.retiring import wipe
from sync.county import aside, left, office
from sync.county.tables import AUDIT, LEFT
from tests.sync.conftest import VILLAGES, Running
from tests.sync.offices import FileDesk

V = VILLAGES[0]


@pytest.fixture
def county(tmp_path, forms):
    with Running(tmp_path / "county.db", forms).serving() as running:
        yield running


@pytest.fixture
def desk(county, tmp_path, forms):
    made = FileDesk(tmp_path / "device", forms, county)
    yield made
    made.store.close()


@pytest.fixture
def other(county, tmp_path, forms):
    made = FileDesk(tmp_path / "other", forms, county, "李干事")
    yield made
    made.store.close()


def ordered(desk, county):
    office.revoke(county.county, desk.store.sync.state.device, wipe=True)
    assert desk.sync().error.code == "sync.wipe"


def wiped(desk, seal=leaving.seal):
    """(what was noted, the sealed file)"""
    home = desk.store.folder
    done = wipe(desk.store, home, requests.Session(), seal=seal, say=lambda note: note.file)
    return done, home / done.file


def taken(county, path):
    return left.take(county.county, path)


def by_kind(county, kind):
    found = [one for one in left.texts(county.county) if one.kind == kind]
    return [left.read(county.county, one.key, "查看").content for one in found]


def test_an_unsent_photo_comes_to_the_county_with_the_record_that_names_it(county, desk, other):
    path = desk.paper(300_000)
    case = desk.event()
    one = desk.attach(case, path)
    ordered(desk, county)
    done, sealed = wiped(desk)
    assert (done.files, done.drafts, done.confirmed) == (1, 0, True)
    assert not (desk.folder / "files").exists()
    got = taken(county, sealed)
    assert (got.files, got.spoilt, got.changes.aside) == (1, 0, done.changes)
    aside.accept(county.county, [item.key for item in aside.tray(county.county)])
    assert county.county.files.reader(one.sha256).sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
    other.sync()
    (found,) = other.office.attachments.of("event", case)
    other.store.files.want(found.sha256, found.size)
    assert other.carry().fetched == 1
    assert other.content(found) == path.read_bytes()


def test_what_was_being_typed_and_what_was_refused_are_kept_for_a_person(county, desk):
    notes = {"transcript": "双方同意各让一步" * 500, "number": 2}
    desk.store.keep_draft("session:m1:new", "mediation_session", None, notes)
    desk.store.keep_draft("form:resident:new", "resident", None, {"name": "张文", "remark": None})
    refused = desk.desk.save(Edit("resident", None, "990001102201", {"name": "李四"})).ids[0]
    desk.sync()
    assert [line.id for line in desk.store.sync.attention()] == [refused]
    ordered(desk, county)
    done, sealed = wiped(desk)
    assert (done.changes, done.drafts) == (0, 3)
    got = taken(county, sealed)
    assert (got.drafts, got.refused, got.changes) == (2, 1, None)
    typed = by_kind(county, "draft")
    assert len(typed) == 2
    assert notes in typed
    assert {"name": "张文", "remark": None} in typed
    (words,) = by_kind(county, "refused")
    assert words["name"] == "李四"
    (line,) = [one for one in left.texts(county.county) if one.kind == "refused"]
    assert (line.form, line.id, bool(line.code)) == ("resident", refused, True)


def test_the_log_of_the_device_comes_whole_and_in_its_order(county, desk):
    lines = [AuditLine(n, "lin", "", "read", "resident", f"{n:032x}") for n in range(2_500)]
    with desk.store.transaction():
        desk.store.audit.write(lines)
    held = desk.store.conn.execute("SELECT count(*) FROM audit").fetchone()[0]
    ordered(desk, county)
    done, sealed = wiped(desk)
    assert (done.changes, done.files, done.drafts) == (0, 0, 0)
    assert taken(county, sealed).log == held
    told = sorted(line for some in by_kind(county, "log") for line in some)
    assert [line[0] for line in told] == list(range(1, held + 1))
    assert [line[6] for line in told][-2_500:] == [line.record for line in lines]


def test_taken_in_twice_nothing_is_there_twice_and_what_was_settled_stays_settled(county, desk):
    desk.attach(desk.event(), desk.paper(50_000))
    desk.store.keep_draft("a", "resident", None, {"name": "张"})
    ordered(desk, county)
    _, sealed = wiped(desk)
    first = taken(county, sealed)
    (one,) = [text for text in left.texts(county.county) if text.kind == "draft"]
    assert left.drop(county.county, [one.key]) == 1
    again = taken(county, sealed)
    assert (again.files, again.changes.aside, again.drafts) == (first.files, first.changes.aside, first.drafts)
    assert [text for text in left.texts(county.county) if text.kind == "draft"] == []
    for act in (lambda: left.drop(county.county, [one.key]), lambda: left.read(county.county, one.key, "x")):
        with pytest.raises(KnownError, match="没有留下"):
            act()


def test_who_reads_what_was_typed_is_noted_with_the_reason(county, desk):
    desk.store.keep_draft("a", "resident", None, {"name": "张"})
    ordered(desk, county)
    taken(county, wiped(desk)[1])
    by_kind(county, "draft")
    with county.county.database.snapshot() as conn:
        found = conn.scalars(sa.select(AUDIT.c.detail).where(AUDIT.c.action == "left_show")).all()
    assert [json.loads(detail)["reason"] for detail in found] == ["查看"]


def test_a_damaged_photo_holds_up_neither_the_wipe_nor_the_rest(county, desk):
    desk.attach(desk.event(), desk.paper(50_000))
    bad = desk.attach(desk.event("井盖丢了"), desk.paper(200_000))
    path = desk.store.files._contents.path(bad.sha256)
    path.write_bytes(path.read_bytes()[:-1000] + b"\0" * 1000)
    unreadable = desk.store.files._contents.path(desk.attach(desk.event("路断了"), desk.paper(20_000)).sha256)
    unreadable.unlink()
    unreadable.mkdir()
    ordered(desk, county)
    got = taken(county, wiped(desk)[1])
    assert (got.files, got.spoilt) == (1, 2)
    assert not county.county.files.has(bad.sha256)


def test_40_mb_of_photos_are_sealed_and_taken_in_with_flat_memory(county, desk):
    size, count = 10 << 20, 4
    case = desk.event()
    for _ in range(count):
        desk.attach(case, desk.paper(size))
    desk.sync()
    ordered(desk, county)
    tracemalloc.start()
    try:
        done, sealed = wiped(desk)
        got = taken(county, sealed)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (done.files, got.files) == (count, count)
    assert peak < 8 << 20


def test_a_full_disk_leaves_everything_and_the_keys(county, desk):
    desk.attach(desk.event(), desk.paper(50_000))
    home = desk.store.folder
    KeySlots(home, cost=Cost(1024, 1, 1)).add_password("lin", "pw", b"k" * 32)
    ordered(desk, county)

    def full(store, out):
        leaving.seal(store, out)
        raise OSError(28, "full")

    with pytest.raises(KnownError, match="放不下"):
        wiped(desk, full)
    assert KeySlots(home).users() == ["lin"]
    assert list(home.glob("unsent-*")) == []
    assert retirement.locked(desk.store) == "sync.wipe"
    assert wiped(desk)[0].files == 1


def test_what_is_typed_while_it_is_being_sealed_is_sealed_too(county, desk):
    desk.store.keep_draft("a", "resident", None, {"name": "张"})
    ordered(desk, county)
    later = iter([{"name": "张文贵"}])

    def typed_on(store, out):
        leaving.seal(store, out)
        for values in later:
            store.keep_draft("b", "resident", None, values)

    done, sealed = wiped(desk, typed_on)
    assert done.drafts == 2
    taken(county, sealed)
    assert by_kind(county, "draft") == [{"name": "张"}, {"name": "张文贵"}]


def test_a_parcel_that_was_cut_or_changed_or_is_anothers_brings_nothing(county, desk, tmp_path):
    desk.attach(desk.event(), desk.paper(80_000))
    desk.store.keep_draft("a", "resident", None, {"name": "张"})
    device = desk.store.sync.state.device
    ordered(desk, county)
    _, sealed = wiped(desk)
    content = sealed.read_bytes()
    bad = tmp_path / "bad.xzt"
    for broken in (content[:-5], content[:70_000], content[:-40] + b"\0" * 40, b"xx" + content):
        bad.write_bytes(broken)
        with pytest.raises(KnownError):
            taken(county, bad)
    # Sealed for this county, but signed with a key that isn't the device's.
    with bad.open("wb") as out:
        label = parcel.Label(county.county.code, device, 1)
        things = [parcel.Thing({"kind": "draft", "form": "resident"}, [b"\x80"])]
        parcel.write(label, things, b"k" * 32, county.county.keys.recipient, out)
    with pytest.raises(KnownError, match="签名"):
        taken(county, bad)
    with county.county.database.snapshot() as conn:
        assert conn.execute(sa.select(LEFT)).all() == []
    assert aside.tray(county.county) == []


def test_without_a_folder_for_files_nothing_of_it_is_taken(county, desk):
    desk.attach(desk.event(), desk.paper(50_000))
    ordered(desk, county)
    _, sealed = wiped(desk)
    room, county.county.files = county.county.files, None
    with pytest.raises(KnownError, match="附件存在哪里"):
        taken(county, sealed)
    assert aside.tray(county.county) == []
    county.county.files = room
    assert taken(county, sealed).files == 1

"""A device that its county revoked: locked with everything on it, taken back, or emptied with nothing lost."""

from __future__ import annotations

import json

import pytest
import requests
import sqlalchemy as sa

from app.errors import KnownError
from app.store import retirement
from app.store.keys import Cost, KeySlots
from app.store.saving import Edit
from sync import bundle
from sync.client.retiring import wipe
from sync.county import aside, bundles, left, office
from sync.county.tables import AUDIT
from sync.leaving import seal as seal_all
from tests.sync.broken import Broken
from tests.sync.conftest import VILLAGES

V = VILLAGES[0]
PERSON = Edit("resident", None, V, {"name": "张文贵"})


class Ring:
    """A keyring in memory."""

    def __init__(self):
        self.held = {}

    def get_password(self, service, name):
        return self.held.get((service, name))

    def set_password(self, service, name, secret):
        self.held[service, name] = secret

    def delete_password(self, service, name):
        del self.held[service, name]


def device_id(desk):
    return desk.store.sync.state.device


def audited(county, action):
    with county.county.database.snapshot() as conn:
        query = sa.select(AUDIT.c.detail).where(AUDIT.c.county == county.county.code, AUDIT.c.action == action)
        return [json.loads(detail) for detail in conn.scalars(query)]


def test_a_revoked_device_locks_and_keeps_everything_and_works_again_when_taken_back(county, desks):
    a, b = desks
    a.save(PERSON)
    office.revoke(county.county, device_id(a))
    report = a.sync()
    assert (report.ok, report.error.code, report.left.total) == (False, "sync.revoked", 1)
    assert retirement.locked(a.store) == "sync.revoked"
    with pytest.raises(KnownError, match="停用"):
        a.save(PERSON)
    assert a.store.count("resident") == 1
    office.allow(county.county, device_id(a))
    assert a.sync().in_agreement
    assert retirement.locked(a.store) == ""
    a.save(PERSON)
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert b.store.count("resident") == 2


def test_a_county_that_cannot_be_reached_neither_locks_nor_releases(county, desks):
    a, _ = desks
    assert a.sync(http=Broken(["before"] * 9, 0)).error.code == "sync.unreachable"
    assert retirement.locked(a.store) == ""
    office.revoke(county.county, device_id(a))
    a.sync()
    # Paused before anything was heard: that is no word of the county's either.
    assert a.sync(stopped=lambda: True).error is None
    assert retirement.locked(a.store) == "sync.revoked"
    assert a.sync(http=Broken(["portal"] * 9, 0)).error.code == "sync.not_a_county"
    assert retirement.locked(a.store) == "sync.revoked"


def wiped(desk, http=None, seal=seal_all, ring=None):
    return wipe(
        desk.store, desk.store.folder, http or requests.Session(), seal=seal, ring=ring, say=lambda done: done.file
    )


def test_a_wipe_seals_the_unsent_first_and_leaves_a_note_and_nothing_else(county, desks):
    a, _ = desks
    home, ring = a.store.folder, Ring()
    slots = KeySlots(home, cost=Cost(1024, 1, 1))
    slots.add_password("lin", "pw", b"k" * 32)
    slots.add_keyring("lin", "1234", b"k" * 32, ring)
    a.save(PERSON, PERSON)
    office.revoke(county.county, device_id(a), wipe=True)
    assert a.sync().error.code == "sync.wipe"
    done = wiped(a, ring=ring)
    assert (done.changes, done.confirmed) == (2, True)
    assert sorted(path.name for path in home.iterdir()) == sorted(["wiped.json", "本机数据已清除.txt", done.file])
    assert ring.held == {}
    assert retirement.note(home) == done
    assert [line["changes"] for line in audited(county, "wiped")] == [2]


def test_what_was_sealed_before_a_wipe_reaches_the_others_by_a_supervisor(county, desks):
    a, b = desks
    home = a.store.folder
    made = a.save(PERSON, PERSON).ids
    a.store.keep_draft("form:resident:new", "resident", None, {"name": "张文"})
    office.revoke(county.county, device_id(a), wipe=True)
    a.sync()
    done = wiped(a)
    assert left.take(county.county, home / done.file).changes.aside == 2
    (typed,) = left.texts(county.county)
    assert left.read(county.county, typed.key, "查看").content == {"name": "张文"}
    waiting = aside.tray(county.county)
    assert set(aside.accept(county.county, [item.key for item in waiting]).values()) == {"accepted"}
    assert b.sync().in_agreement
    assert all(b.get("resident", record_id) for record_id in made)


def test_the_county_shows_it_as_wiped_and_takes_it_back_no_more(county, desks):
    a, _ = desks
    device = device_id(a)
    office.revoke(county.county, device, wipe=True)
    a.sync()
    done = wiped(a)
    assert (done.changes, done.file) == (0, "")
    assert [line["state"] for line in office.devices(county.county) if line["id"] == device] == ["wiped"]
    for act in (office.allow, office.revoke):
        with pytest.raises(KnownError, match="清除"):
            act(county.county, device)


def test_a_wipe_on_a_bad_line_destroys_the_keys_all_the_same(county, desks):
    a, _ = desks
    KeySlots(a.store.folder, cost=Cost(1024, 1, 1)).add_password("lin", "pw", b"k" * 32)
    office.revoke(county.county, device_id(a), wipe=True)
    a.sync()
    done = wiped(a, http=Broken(["before"] * 9, 0))
    assert not done.confirmed
    assert KeySlots(a.store.folder).users() == []


def test_what_cannot_be_sealed_is_not_wiped_but_stays_locked(county, desks):
    a, _ = desks
    KeySlots(a.store.folder, cost=Cost(1024, 1, 1)).add_password("lin", "pw", b"k" * 32)
    a.save(PERSON)
    office.revoke(county.county, device_id(a), wipe=True)
    a.sync()

    def no_key(_store, _out):
        raise KnownError("sync.cannot_seal")

    with pytest.raises(KnownError, match="没有清除"):
        wiped(a, seal=no_key)
    assert KeySlots(a.store.folder).users() == ["lin"]
    assert a.store.sync.waiting().total == 1
    assert retirement.locked(a.store) == "sync.wipe"


def test_only_a_device_that_was_told_to_may_say_that_it_was_wiped(county, desks):
    a, _ = desks
    token = {"Authorization": f"Bearer {a.store.sync.state.token}"}
    for headers, told, status in (
        (token, {"changes": 0}, 409),
        ({}, {"changes": 0}, 401),
        (token, {"changes": -1}, 422),
        (token, {"changes": 0, "hash": "x"}, 422),
    ):
        answer = requests.post(f"{county.url}/v1/wiped", json=told, headers=headers, timeout=60)
        assert answer.status_code == status
    assert audited(county, "wiped") == []
    assert a.sync().in_agreement


def test_a_device_that_hears_of_it_by_a_file_locks_too(county, desks):
    a, _ = desks
    a.save(PERSON)
    made = bundle.write(a.store)
    bundle.note(a.store, made)
    office.revoke(county.county, device_id(a))
    with pytest.raises(KnownError, match="停用"):
        bundle.read(a.store, bundles.take(county.county, made.content).answer)
    assert retirement.locked(a.store) == "sync.revoked"
    assert a.store.sync.waiting().total == 1

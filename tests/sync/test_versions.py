"""Old and new together: devices and counties of wire versions 1 and 2, with the forms of their day."""

from __future__ import annotations

import json
import shutil

import pytest
import requests

from app.errors import KnownError
from app.schema.loading import load_forms
from app.store.saving import Edit
from app.store.store import Store, new_key
from sync import wire
from sync.client import speaking
from sync.county import office, session, web
from tests.golden.stage import GOLDEN
from tests.sync.conftest import VILLAGES, Running

V = VILLAGES[0]
VISIT = {
    "visit_date": "2026-03-02", "visitor": "张干事", "household_name": "张文贵", "purpose": "daily", "content": "看望",
}  # fmt: skip


@pytest.fixture(scope="session")
def old_forms():
    """The forms as they were when wire version 1 was spoken: a visit doesn't know its next one."""
    return load_forms(GOLDEN / "v1" / "forms")


@pytest.fixture(scope="session")
def old_home(tmp_path_factory, old_forms):
    folder, key = tmp_path_factory.mktemp("old") / "home", new_key()
    Store.create(folder, key, old_forms).close()
    return folder, key


@pytest.fixture
def old_store(tmp_path, old_home, old_forms):
    folder, key = tmp_path / "old_store", old_home[1]
    shutil.copytree(old_home[0], folder)
    store = Store.open(folder, key, old_forms)
    yield store
    store.close()


@pytest.fixture
def talk(monkeypatch):
    """What devices and county say of versions, hello by hello."""
    heard = []
    honest = session.Session.open

    def opened(self):
        problem = honest(self)
        heard.append((self._hello.version, problem.code if problem else ""))
        return problem

    monkeypatch.setattr(session.Session, "open", opened)
    return heard


def speaks_version_1(monkeypatch, *places):
    for place in places:
        monkeypatch.setattr(place, "VERSION", 1)


def county_of_version_1(monkeypatch):
    """As its program was: it takes hellos of version 1 only, and doesn't say which it would take."""
    speaks_version_1(monkeypatch, session)
    honest = web._refusal

    def bare(bad, status=None):
        answer = honest(bad, status)
        said = json.loads(answer.body)
        return web.JSONResponse({"code": said["code"], "message": said["message"]}, answer.status_code)

    monkeypatch.setattr(web, "_refusal", bare)


def test_a_new_device_falls_back_to_what_an_old_county_speaks_and_remembers_it(county, new_store, talk, monkeypatch):
    with monkeypatch.context() as old:
        county_of_version_1(old)
        desk = county.device(new_store())
        desk.save(Edit("resident", None, V, {"name": "张文贵"}))
        first = desk.sync()
        assert (first.ok, first.in_agreement, first.left.total) == (True, True, 0)
        desk.sync()
        assert talk == [(2, "sync.version_unknown"), (1, ""), (1, "")]
    talk.clear()
    # The county's program is brought up to date: what it says in its next answer makes the device speak the newer version again.
    desk.sync(), desk.sync()
    assert talk == [(1, ""), (2, "")]


def test_a_fallback_loses_nothing_of_a_long_body(county, new_store, monkeypatch):
    county_of_version_1(monkeypatch)
    desk = county.device(new_store())
    desk.save(*[Edit("resident", None, V, {"name": f"张{n}", "remark": f"{n * 7919}" * 20}) for n in range(3000)])
    report = desk.sync()
    assert (report.ok, report.up.count, report.left.total, report.in_agreement) == (True, 3000, 0, True)


def test_an_old_device_gets_answers_of_its_own_version(county, new_store, talk, monkeypatch):
    speaks_version_1(monkeypatch, speaking)
    desk = county.device(new_store())
    desk.save(Edit("resident", None, V, {"name": "张文贵"}))
    assert desk.sync().in_agreement
    assert talk == [(1, "")]
    (device,) = office.devices(county.county)
    assert (device["version"], device["program"]) == (1, "")


def test_the_office_sees_which_program_each_device_has(county, new_store):
    from app import __version__

    county.device(new_store()).sync()
    (device,) = office.devices(county.county)
    assert (device["version"], device["program"]) == (2, __version__)
    assert device["seen"]


def test_a_device_below_the_minimum_is_told_in_words_and_goes_on_offline(county, old_store, monkeypatch):
    desk = county.device(old_store)
    speaks_version_1(monkeypatch, speaking)
    desk.save(Edit("visit", None, V, VISIT))
    office.require(county.county, 2)
    report = desk.sync()
    assert (report.ok, report.error.code, report.left.total) == (False, "sync.program_old", 1)
    assert "已存的都在" in str(report.error)
    desk.save(Edit("visit", None, V, VISIT))
    assert desk.store.sync.waiting().total == 2
    monkeypatch.undo()  # the program is brought up to date
    assert (desk.sync().in_agreement, desk.store.sync.waiting().total) == (True, 0)


def test_a_version_that_is_not_there_can_not_be_required(county):
    for version in (0, wire.VERSION + 1):
        with pytest.raises(KnownError) as told:
            office.require(county.county, version)
        assert told.value.code == "county.version_wrong"


def test_a_version_to_come_steps_down_to_what_the_county_knows(county, new_store, talk, monkeypatch):
    desk = county.device(new_store())
    monkeypatch.setattr(speaking, "VERSION", 3)
    assert desk.sync().in_agreement
    assert talk == [(3, "sync.version_unknown"), (2, "")]


def test_a_field_that_an_old_device_does_not_know_comes_back_from_it_untouched(
    county, new_store, old_store, monkeypatch
):
    new, other, old = (county.device(store) for store in (new_store(), new_store(), old_store))
    (made,) = new.save(Edit("visit", None, V, {**VISIT, "next_visit": "2026-04-02"})).ids
    assert new.sync().in_agreement
    with monkeypatch.context() as then:
        speaks_version_1(then, speaking)
        assert old.sync().in_agreement
        assert old.get("visit", made).extra == {"next_visit": "2026-04-02"}
        old.save(Edit("visit", made, V, {"content": "看望，一切都好"}))
        assert old.sync().in_agreement
    for desk in (new, other):
        assert desk.sync().in_agreement
        held = desk.get("visit", made)
        assert (held.values["content"], held.values["next_visit"]) == ("看望，一切都好", "2026-04-02")
    # And back: what the new one changes reaches the old one, which keeps it.
    new.save(Edit("visit", made, V, {"next_visit": "2026-05-06"}))
    assert new.sync().in_agreement
    assert old.sync().in_agreement
    assert old.get("visit", made).extra == {"next_visit": "2026-05-06"}


def test_an_old_county_carries_what_it_does_not_know(database, old_forms, new_store, old_store, monkeypatch):
    county_of_version_1(monkeypatch)
    with Running(database, old_forms).serving() as county:
        new, other, old = (county.device(store) for store in (new_store(), new_store(), old_store))
        (made,) = new.save(Edit("visit", None, V, {**VISIT, "next_visit": "2026-04-02"})).ids
        assert new.sync().in_agreement
        old.sync()
        old.save(Edit("visit", made, V, {"content": "看望，一切都好"}))
        assert old.sync().in_agreement
        assert other.sync().in_agreement
        held = other.get("visit", made).values
        assert (held["content"], held["next_visit"]) == ("看望，一切都好", "2026-04-02")
        # Emptied by one who knows it, and kept empty by all.
        other.save(Edit("visit", made, V, {"next_visit": None}))
        for desk in (other, old, new):
            assert desk.sync().in_agreement
        assert new.get("visit", made).values["next_visit"] is None
        assert not any(old.get("visit", made).extra.values())


def test_a_county_brought_up_to_date_knows_the_field_that_it_carried(
    database, old_forms, forms, new_store, monkeypatch
):
    with monkeypatch.context() as then:
        county_of_version_1(then)
        with Running(database, old_forms).serving() as county:
            desk = county.device(new_store())
            (made,) = desk.save(Edit("visit", None, V, {**VISIT, "next_visit": "2026-04-02"})).ids
            desk.sync()
            code = county.county.code
    running = Running.__new__(Running)
    running.forms, running.county = forms, web.County.open(database, forms, code=code)
    with running.serving():
        desk.store.sync.moved(running.url)
        fresh = running.device(new_store())
        assert fresh.sync().in_agreement
        assert fresh.get("visit", made).values["next_visit"] == "2026-04-02"
        fresh.save(Edit("visit", made, V, {"next_visit": "2026-06-01"}))
        assert fresh.sync().in_agreement
        assert desk.sync().in_agreement
        assert desk.get("visit", made).values["next_visit"] == "2026-06-01"
        assert all(stream.sound for stream in office.digest(running.county))


def test_a_store_brought_up_to_date_knows_the_field_that_it_carried(county, new_store, old_home, old_store, forms):
    new, old = county.device(new_store()), county.device(old_store)
    (made,) = new.save(Edit("visit", None, V, {**VISIT, "next_visit": "2026-04-02"})).ids
    new.sync(), old.sync()
    assert old.get("visit", made).extra == {"next_visit": "2026-04-02"}
    old_store.close()
    upgraded = Store.open(old_store.folder, old_home[1], forms)
    try:
        old.store = upgraded
        assert upgraded.get("visit", made).values["next_visit"] == "2026-04-02"
        assert old.sync().in_agreement
        old.save(Edit("visit", made, V, {"next_visit": "2026-07-01"}))
        assert old.sync().in_agreement
        assert new.sync().in_agreement
        assert new.get("visit", made).values["next_visit"] == "2026-07-01"
        assert upgraded.get("visit", made).extra == {}
    finally:
        upgraded.close()


def test_status_tells_the_version(county):
    assert requests.get(f"{county.url}/v1/status", timeout=60).json()["version"] == wire.VERSION

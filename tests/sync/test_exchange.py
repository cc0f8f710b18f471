"""Devices and county, over real sockets: what one saves, the others have, and nobody's words vanish."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import sqlalchemy as sa

from app.schema.record import AREA, Change
from app.store.saving import Edit
from app.store.store import Store
from sync.county import office
from sync.county.tables import HISTORY
from tests.sync.broken import Broken
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES, Desk

V = VILLAGES[0]


def person(record_id=None, area=V, **values):
    return Edit("resident", record_id, area, {"name": "张文贵", **values} if record_id is None else values)


def test_what_one_desk_saves_the_other_gets(desks):
    a, b = desks
    (made,) = a.save(person(phone="13900000001")).ids
    sent = a.sync()
    got = b.sync()
    assert (sent.up.count, sent.requests, sent.in_agreement, sent.left.total) == (1, 1, True, 0)
    assert (got.down.count, got.in_agreement) == (1, True)
    assert b.get("resident", made).values["phone"] == "13900000001"


def test_fields_edited_apart_merge_by_themselves(desks):
    a, b = desks
    (made,) = a.save(person()).ids
    a.sync(), b.sync()
    a.save(person(made, occupation="木匠"))
    b.save(person(made, remark="独居"))
    assert [a.sync().conflicts, b.sync().conflicts, a.sync().conflicts] == [0, 0, 0]
    for desk in desks:
        held = desk.get("resident", made).values
        assert (held["occupation"], held["remark"]) == ("木匠", "独居")


def test_two_desks_editing_one_field_keep_both(desks):
    a, b = desks
    (made,) = a.save(person()).ids
    a.sync(), b.sync()
    a.save(person(made, name="张文桂"))
    b.save(person(made, name="张闻贵"))
    a.sync()
    assert b.sync().conflicts == 1
    assert a.sync().in_agreement
    for desk in desks:
        assert desk.get("resident", made).values["name"] == "张文桂"
        (conflict,) = desk.store.select("conflict")
        assert conflict.values["record"] == made
        assert [json.loads(conflict.values[part]) for part in ("base", "mine", "theirs")] == [
            "张文贵",
            "张闻贵",
            "张文桂",
        ]
        assert (conflict.values["who"], conflict.values["other"]) == ("李干事", "张干事")


def test_a_person_decides_a_conflict_once_for_all(desks):
    a, b = desks
    (made,) = a.save(person()).ids
    a.sync(), b.sync()
    a.save(person(made, name="张文桂")), b.save(person(made, name="张闻贵"))
    a.sync(), b.sync()
    (conflict,) = b.store.select("conflict")
    b.save(person(made, name="张闻贵"), Edit("conflict", conflict.id, conflict.area, {"status": "decided"}))
    assert b.sync().conflicts == 0
    assert a.sync().conflicts == 0
    assert a.get("resident", made).values["name"] == "张闻贵"
    assert a.sync().in_agreement


@pytest.mark.parametrize("deleter_first", [True, False])
def test_deleted_here_and_edited_there_is_deleted_and_the_edit_is_shown(desks, deleter_first):
    a, b = desks
    (made,) = a.save(person()).ids
    a.sync(), b.sync()
    a.save(Edit("resident", made, V, {}, deleted=True))
    b.save(person(made, remark="刚搬来"))
    for desk in (a, b, a) if deleter_first else (b, a, b):
        desk.sync()
    for desk in desks:
        assert desk.sync().in_agreement
        record = desk.get("resident", made)
        assert record.deleted
        assert record.values["remark"] == "刚搬来"
        (conflict,) = desk.store.select("conflict", {"status": "open"})
        assert json.loads(conflict.values["mine"]) == {"remark": "刚搬来"}


def test_a_change_based_on_an_old_screen_does_not_overwrite_what_nobody_saw(desks):
    a, b = desks
    (made,) = a.save(person(remark="一")).ids
    a.sync(), b.sync()
    shown = b.get("resident", made)
    a.save(person(made, name="张文桂"))
    a.sync(), b.sync()
    b.save(Edit("resident", made, V, {"name": "张闻贵"}, seen={"name": shown.rev_of("name")}))
    assert b.sync().conflicts == 1
    assert b.get("resident", made).values["name"] == "张文桂"


def test_a_refused_change_holds_up_nothing_behind_it(county, new_store):
    desk = county.device(new_store(), roles=("helper",))
    desk.save(person(), Edit("event", None, V, {"title": "路灯坏了", "detail": "村口", "urgency": "normal"}))
    report = desk.sync()
    assert (report.ok, report.up.count, report.refused, report.left.total) == (True, 2, 1, 0)
    assert desk.store.sync.attention()[0].code == "sync.not_allowed"


def test_a_faulty_change_is_refused_and_named(desks):
    a, _ = desks
    a.save(person(phone="12"))
    a.sync()
    assert [item.code for item in a.store.sync.attention()] == ["sync.faulty"]


def test_a_change_outside_the_devices_areas_is_refused(desks):
    a, _ = desks
    a.save(person(area="990001102201"))
    a.sync()
    assert [item.code for item in a.store.sync.attention()] == ["sync.not_allowed"]


def test_a_child_waits_for_its_parent_and_then_goes(desks):
    a, b = desks
    # The event is with b only and has not gone up; a step of it can't stand without it.
    (event,) = b.save(Edit("event", None, V, {"title": "路灯坏了", "detail": "村口", "urgency": "normal"})).ids
    step = {"event": event, "action": "report", "at": "2026-09-18T10:00:00+08:00"}
    (made,) = a.save(Edit("event_step", None, V, step)).ids
    waits = a.sync()
    assert (waits.ok, waits.left.total, waits.in_agreement) == (True, 1, False)
    b.sync()
    assert a.sync().in_agreement
    b.sync()
    assert b.get("event_step", made).values["event"] == event


def test_a_step_is_never_changed(desks, forms):
    a, _ = desks
    (event,) = a.save(Edit("event", None, V, {"title": "路灯坏了", "detail": "村口", "urgency": "normal"})).ids
    step = {"event": event, "action": "report", "at": "2026-09-18T10:00:00+08:00"}
    (made,) = a.save(Edit("event_step", None, V, step)).ids
    assert a.sync().in_agreement
    save_unasked(a, "event_step", made, {"opinion": "改过的"})
    a.sync()
    assert [item.code for item in a.store.sync.attention()] == ["sync.immutable"]


def save_unasked(desk, form, record_id, values):
    """Save a change that the store itself would refuse to make."""
    with desk.store.transaction():
        counter = desk.store.meta.integer("counter") + 1
        desk.store.meta.set("counter", counter)
        bases = dict.fromkeys(values, desk.get(form, record_id).rev)
        change = Change(form, record_id, V, values, bases, desk.store.now_ms(), counter, desk.user)
        desk.store._write([change], bulk=False)


def test_unknown_fields_travel_and_stay(desks):
    a, b = desks
    (made,) = a.save(person()).ids
    a.sync()
    a.save(person(made, invented_later="还在"))
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert b.get("resident", made).extra == {"invented_later": "还在"}


def test_a_device_gets_only_the_streams_of_its_areas_and_roles(county, desks, new_store):
    a, _ = desks
    a.save(person(), Edit("mediation", None, V, mediation(county.forms)))
    assert a.sync().refused == 0
    other = county.device(new_store(), "王干事", areas=(OTHER,))
    clerk = county.device(new_store(), "赵干事", roles=("registrar",))
    assert (other.sync().down.count, clerk.sync().down.count) == (0, 1)
    assert {stream for _, stream in clerk.store.sync.digests()} == {"urgent", "ordinary"}
    assert clerk.store.select("mediation") == []


def mediation(forms):
    """The least that a mediation asks for."""
    values = {}
    for field in forms["mediation"].stored:
        if field.required:
            kind = field.kind.name
            values[field.name] = {"date": "2026-09-18", "time": "2026-09-18T10:00:00+08:00", "integer": 1}.get(
                kind, "甲"
            )
            if kind == "choice":
                values[field.name] = next(iter(field.kind.codes.items)).code
    return values


def test_an_imported_roster_arrives_whole_and_once(desks):
    a, b = desks
    a.save(*[person(area=VILLAGES[n % 3], remark=f"第{n}人") for n in range(3000)], bulk=True)
    sent = a.sync()
    assert (sent.up.count, sent.in_agreement, sent.down.count) == (3000, True, 0)
    assert b.sync().down.count == 3000
    assert b.store.count("resident") == 3000
    assert b.store.sync.reckon() == a.store.sync.reckon()


def test_an_urgent_change_costs_less_than_a_kilobyte_each_way(desks):
    a, _ = desks
    a.save(Edit("event", None, V, {"title": "路灯坏了", "detail": "村口路灯不亮", "urgency": "urgent"}))
    report = a.sync()
    # The HTTP headers are about 300 bytes each way on top of the bodies.
    assert report.in_agreement
    assert report.up.bytes < 700
    assert report.down.bytes < 700


@pytest.mark.parametrize("how", ["before", "body", "after", "answer"])
def test_a_cut_loses_and_doubles_nothing(desks, how):
    a, b = desks
    a.save(*[person(remark=f"第{n}人") for n in range(50)])
    broken = a.sync(http=Broken([how], 30 if how == "answer" else 300), tries=1)
    assert (broken.ok, broken.in_agreement) == (False, False)
    whole = a.sync()
    assert whole.in_agreement
    assert b.sync().down.count == 50
    assert b.sync().in_agreement


def test_a_link_that_breaks_every_time_still_finishes(desks):
    a, b = desks
    a.save(*[person(remark=f"第{n}人，{n * 7919}") for n in range(400)])
    with a.store.transaction():
        a.store.meta.set("sync.most", 25)
    for _ in range(60):
        if a.sync(http=Broken(["body", "answer"] * 20, 3000)).in_agreement:
            break
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert b.store.count("resident") == 400


def test_a_frame_that_never_gets_through_is_made_smaller(desks):
    a, b = desks
    a.save(*[person(remark=f"第{n}人，{n * 7919 % 10007}，{n * 104729 % 9973}") for n in range(900)])
    for _ in range(40):
        if a.sync(http=Broken(["body"] * 3, 5000), tries=2).in_agreement:
            break
    assert a.store.sync.waiting().total < 900
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert b.store.count("resident") == 900


def test_many_devices_at_once_lose_no_update(county, new_store, empty_home):
    desks = [county.device(new_store(), f"干事{number}") for number in range(5)]
    for number, desk in enumerate(desks):
        desk.save(*[person(remark=f"{number}-{n}") for n in range(60)])
    # A store belongs to one thread: each exchanges over a connection of its own thread's.
    homes = [(desk.store.folder, desk.user) for desk in desks]
    for desk in desks:
        desk.store.close()
    with ThreadPoolExecutor(len(desks)) as pool:
        reports = list(pool.map(lambda home: several_syncs(home, county.forms, empty_home[1]), homes))
    assert all(report.ok for report in reports)
    with county.county.database.snapshot() as conn:
        revs = sorted(conn.scalars(sa.select(HISTORY.c.rev).where(HISTORY.c.county == county.county.code)))
    assert revs == list(range(revs[0], revs[0] + 300))
    for home in homes:
        report = several_syncs(home, county.forms, empty_home[1], 1)
        assert report.in_agreement


def several_syncs(home, forms, key, times=3):
    folder, user = home
    store = Store.open(folder, key, forms)
    try:
        return [Desk(store, user).sync() for _ in range(times)][-1]
    finally:
        store.close()


def test_a_cloned_disk_is_noticed_and_renumbered(county, desks, new_store):
    a, b = desks
    state = a.store.sync.state
    a.save(person(remark="本机"))
    clone = new_store()
    scope = {(area, stream) for stream, held in a.store.sync.cursors().items() for area in held}
    clone.sync.enrolled(
        device=state.device, county=state.county, url=state.url, token=state.token, epoch=1, areas=[], streams=scope
    )
    clone.sync._set_state(incarnation=state.incarnation)  # what a copied disk has in common with its original
    assert a.sync().in_agreement
    other = type(a)(clone, "张干事")
    other.save(person(remark="另一台"), person(remark="再一个"))
    assert other.sync().in_agreement
    assert other.store.sync.state.incarnation != state.incarnation
    b.sync()
    assert {record.values["remark"] for record in b.store.select("resident")} == {"本机", "另一台", "再一个"}


def test_a_foreign_county_empties_nobody(desks, tmp_path, forms):
    from tests.sync.conftest import Running

    a, _ = desks
    (made,) = a.save(person()).ids
    a.sync()
    with Running(tmp_path / "other.db", forms).serving() as stranger:
        a.store.sync._set_state(url=stranger.url)
        report = a.sync()
    assert (report.ok, report.error.code) == (False, "sync.no_token")
    assert a.get("resident", made) is not None


def test_a_page_before_the_internet_is_not_taken_for_the_county(desks):
    a, _ = desks
    a.save(person())
    report = a.sync(http=Broken(["portal"], 0))
    assert (report.ok, report.error.code, report.left.total) == (False, "sync.not_a_county", 1)


def test_a_revoked_device_is_told_so(county, desks):
    a, _ = desks
    office.revoke(county.county, a.store.sync.state.device)
    assert a.sync().error.code == "sync.revoked"


def test_a_new_village_comes_with_its_records(county, desks, new_store):
    from sync.wire import Area

    a, b = desks
    office.add_areas(county.county, [Area("990001101204", "新村", "village")])
    assert a.sync().in_agreement
    a.save(person(area="990001101204"))
    a.sync()
    assert b.sync().in_agreement
    assert b.store.count("resident", area="990001101204") == 1


def test_the_countys_own_digest_is_the_devices(county, desks):
    a, b = desks
    a.save(*[person(remark=str(n)) for n in range(20)])
    a.sync(), b.sync()
    at_county = {(row.area, row.stream): (row.records, row.digest) for row in office.digest(county.county, [TOWNSHIP])}
    for desk in desks:
        held = {key: (d.records, d.total) for key, d in desk.store.sync.digests().items() if d.records}
        assert held == at_county
    assert all(row.sound for row in office.digest(county.county))


def test_plain_http_is_for_this_machine_only(desks):
    a, _ = desks
    a.store.sync._set_state(url="http://county.example:8000")
    assert a.sync(http=requests.Session()).error.code == "sync.plain_http"


def test_a_moved_record_is_where_it_was_moved_to(desks):
    a, b = desks
    (made,) = a.save(person()).ids
    a.sync(), b.sync()
    a.save(Edit("resident", made, VILLAGES[1], {}))
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert b.get("resident", made).area == VILLAGES[1]
    assert AREA not in b.get("resident", made).values


def test_a_refusal_that_was_cut_is_a_cut_and_not_another_server(desks, county):
    a, _ = desks
    office.revoke(county.county, a.store.sync.state.device)
    assert a.sync(http=Broken(["answer"], 9), tries=1).error.code == "sync.unreachable"
    assert a.sync().error.code == "sync.revoked"

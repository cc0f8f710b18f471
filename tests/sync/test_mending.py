"""What the disk did in silence: found by reckoning anew, and only the bad range fetched again."""

from __future__ import annotations

import dataclasses

import msgpack
import pytest
import sqlalchemy as sa

from app.schema.ids import IdMaker
from app.store.saving import Edit
from sync.county import mending, office, soundness
from sync.ranges import FEW, differing, split
from tests.sync.broken import Broken
from tests.sync.conftest import TOWNSHIP, VILLAGES

V, W = VILLAGES[:2]


def person(record_id=None, area=V, **values):
    return Edit("resident", record_id, area, {"name": "张文贵", **values} if record_id is None else values)


def raw(desk, sql, *params):
    with desk.store.transaction():
        desk.store.conn.execute(sql, params)


def values(desk, record_id):
    return desk.get("resident", record_id).values


@pytest.fixture
def filled(desks):
    """Two devices in agreement over 300 residents; the ids."""
    a, b = desks
    ids = a.save(*(person(name=f"张{number}", phone=f"139{number:08d}") for number in range(300))).ids
    a.sync(), b.sync()
    return a, b, ids


def mended(desk, records):
    """The next exchange puts *records* right and ends in agreement, with everything reckoned anew."""
    report = desk.sync()
    assert report.in_agreement
    assert report.mended == records
    assert not desk.store.sync.look()
    return report


def test_a_flipped_value_is_found_and_the_next_exchange_mends_it(filled):
    _, b, ids = filled
    raw(b, "UPDATE record_resident SET phone = '13000000000' WHERE id = ?", ids[77])
    assert b.sync().in_agreement, "the kept hashes know nothing of it yet"
    found = b.store.sync.look()
    assert (found.records, found.streams) == ({"resident": 1}, {(V, "ordinary")})
    mended(b, 1)
    assert values(b, ids[77])["phone"] == "13900000077"
    assert [hit.id for hit in b.store.find("13900000077")] == [ids[77]]


def test_what_stood_in_the_flipped_field_can_still_be_read(filled):
    _, b, ids = filled
    raw(b, "UPDATE record_resident SET remark = '他说的' WHERE id = ?", ids[5])
    b.store.sync.look()
    mended(b, 1)
    assert [line.values["remark"] for line in b.store.query.history(ids[5]) if line.kind == "lost"] == ["他说的"]


def test_a_deleted_row_comes_back(filled):
    _, b, ids = filled
    raw(b, "DELETE FROM record_resident WHERE id = ?", ids[3])
    assert b.store.sync.look().streams == {(V, "ordinary")}
    mended(b, 1)
    assert values(b, ids[3])["name"] == "张3"


def test_a_flipped_hash_mends_without_a_record(filled):
    _, b, ids = filled
    raw(b, "UPDATE record_resident SET hash = zeroblob(16) WHERE id = ?", ids[9])
    assert b.store.sync.look().records == {"resident": 1}
    mended(b, 0)


@pytest.mark.parametrize("column", ["records = records + 1", "total = zeroblob(16)"])
def test_a_flipped_sum_of_a_stream_mends_itself_in_the_next_exchange(filled, column):
    _, b, _ = filled
    raw(b, f"UPDATE digest SET {column} WHERE area = ? AND stream = 'ordinary'", V)
    assert mended(b, 0).requests <= 3


def test_a_row_the_county_has_nowhere_stays_on_this_machine_and_people_are_told(filled):
    a, b, ids = filled
    strange = IdMaker()()
    columns = ", ".join(f'"{name}"' for name in b.store.forms["resident"].fields)
    raw(
        b,
        f"INSERT INTO record_resident (id, area, rev, revs, extra, deleted, pending, standing, hash, {columns}) "
        f"SELECT ?, area, rev, revs, extra, deleted, pending, standing, hash, {columns} FROM record_resident WHERE id = ?",
        strange,
        ids[8],
    )
    assert b.store.sync.look().records == {"resident": 1}
    mended(b, 1)
    assert values(b, strange)["name"] == "张8"
    (told,) = b.store.sync.attention()
    assert (told.id, told.code, told.values["name"]) == (strange, "sync.not_at_county", "张8")
    # Saved again by a person it goes out as a new record.
    b.save(person(strange, remark="核对过"))
    assert b.sync().in_agreement
    assert a.sync().in_agreement
    assert values(a, strange)["remark"] == "核对过"


def test_a_record_in_the_wrong_village_goes_back_to_its_own(filled):
    _, b, ids = filled
    raw(b, "UPDATE record_resident SET area = ? WHERE id = ?", W, ids[1])
    assert b.store.sync.look()
    mended(b, 1)
    assert b.get("resident", ids[1]).area == V


def test_a_record_that_is_another_villages_by_now_becomes_a_stub(county, desks, new_store):
    a, _ = desks
    b = county.device(new_store(), "王干事", areas=(V,))
    (made,) = a.save(person(phone="13900000001")).ids
    a.sync(), b.sync()
    old = b.store.conn.execute("SELECT * FROM record_resident WHERE id = ?", (made,)).fetchone()
    a.save(Edit("resident", made, W, {}))
    a.sync(), b.sync()
    raw(b, f"INSERT OR REPLACE INTO record_resident VALUES ({','.join('?' * len(old))})", *old)
    assert values(b, made)["phone"]
    assert b.store.sync.look().streams == {(V, "ordinary")}
    mended(b, 1)
    assert b.store.stubs.get("resident", made).area == W
    assert b.get("resident", made) is None


def test_what_handed_over_records_leave_is_no_flaw(county, desks, new_store):
    a, _ = desks
    b = county.device(new_store(), "王干事", areas=(V,))
    ids = a.save(*(person() for _ in range(5))).ids
    a.sync(), b.sync()
    b.save(person(ids[0], remark="还没发"))
    a.save(*(Edit("resident", record_id, W, {}) for record_id in ids[:3]))
    a.sync()
    b.sync()
    assert not b.store.sync.look()
    assert b.sync().mended == 0
    assert not a.store.sync.look()


def test_mending_gets_through_a_network_that_breaks(filled):
    _, b, ids = filled
    raw(b, "UPDATE record_resident SET phone = '1' WHERE id IN (?, ?)", ids[3], ids[200])
    b.store.sync.look()
    report = b.sync(http=Broken(["", "answer", "answer", "", "after", "body", "answer"], 300), tries=9)
    assert (report.ok, report.in_agreement) == (True, True)
    assert not b.store.sync.look()
    assert [values(b, ids[number])["phone"] for number in (3, 200)] == ["13900000003", "13900000200"]


def test_unsent_changes_stay_on_top_of_what_is_mended(filled):
    a, b, ids = filled
    raw(b, "UPDATE record_resident SET phone = '13000000000' WHERE id = ?", ids[7])
    b.save(person(ids[7], remark="新写的"))
    b.store.sync.look()
    b.store.outbox.wait([change.counter for change in b.store.outbox.all()])
    b.sync()
    assert b.sync().in_agreement
    assert a.sync().in_agreement
    for desk in (a, b):
        assert (values(desk, ids[7])["phone"], values(desk, ids[7])["remark"]) == ("13900000007", "新写的")


def test_columns_that_cannot_be_read_stop_nothing_and_come_anew(filled):
    _, b, ids = filled
    raw(b, "UPDATE record_resident SET revs = x'c1', remark = '坏' WHERE id = ?", ids[2])
    assert b.store.sync.look()
    mended(b, 1)
    assert values(b, ids[2])["remark"] is None


def test_a_whole_stream_lost_comes_again(filled):
    _, b, _ids = filled
    raw(b, "DELETE FROM record_resident")
    b.store.sync.look()
    mended(b, 300)
    assert b.store.count("resident") == 300


def test_every_row_flipped_is_mended_too(filled):
    _, b, _ = filled
    raw(b, "UPDATE record_resident SET remark = '坏'")
    assert b.store.sync.look().records == {"resident": 300}
    mended(b, 300)


def test_the_quiet_look_goes_on_where_it_stopped_and_begins_again_after_a_week(filled):
    _, b, ids = filled
    week, now = 7 * 86_400_000, 1_800_000_000_000
    raw(b, "UPDATE record_resident SET phone = '1' WHERE id = ?", sorted(ids)[250])
    rounds = [b.store.sync.look_on(now, week, 100) for _ in range(30)]
    assert [found.records for found in rounds if found] == [{"resident": 1}]
    mended(b, 1)
    raw(b, "UPDATE record_resident SET phone = '1' WHERE id = ?", ids[4])
    assert not b.store.sync.look_on(now + week - 1, week, 10_000)
    assert b.store.sync.look_on(now + week, week, 10_000).records == {"resident": 1}


def test_one_flipped_value_among_ten_thousand_costs_a_few_kilobytes(county, new_store):
    a, b = county.device(new_store(), "张干事"), county.device(new_store(), "李干事")
    ids = a.save(*(person(name=f"张{number}") for number in range(10_000)), bulk=True).ids
    a.sync(), b.sync()
    raw(b, "UPDATE record_resident SET name = '李四' WHERE id = ?", ids[6000])
    b.store.sync.look()
    report = mended(b, 1)
    assert report.requests <= 5
    assert report.up.bytes + report.down.bytes < 8 << 10


def test_a_difference_that_cannot_be_mended_ends_and_is_said_and_not_tried_at_once_again(county, desks):
    a, b = desks
    a.save(person())
    a.sync(), b.sync()
    with county.county.database.plain() as conn:
        conn.execute(sa.text("UPDATE stream SET records = records + 1 WHERE county = :c"), {"c": county.county.code})
    report = b.sync()
    assert (report.ok, report.in_agreement) == (True, False)
    assert report.requests < 10
    again = b.sync()
    assert (again.in_agreement, again.requests) == (False, 1)


def flip_at_county(county, record_id, **what):
    table = county.county.tables.by_form["resident"]
    with county.county.database.plain() as conn:
        conn.execute(sa.update(table).where(table.c.id == record_id), what)


def test_a_value_flipped_at_the_county_is_told_from_its_history_and_never_taken_for_true(county, filled, new_store):
    _, b, ids = filled
    b.save(person(ids[20], phone="13911111111"))
    b.sync()
    flip_at_county(county, ids[20], phone="13000000000")
    assert [stream.sound for stream in office.digest(county.county) if stream.records >= 300] == [False]
    # A new device gets it as it stands, sees that it doesn't fit, and is given what the history says.
    c = county.device(new_store(), "王干事")
    report = c.sync()
    assert (report.in_agreement, report.mended) == (True, 1)
    assert values(c, ids[20])["phone"] == "13911111111"


def test_a_value_flipped_at_the_county_does_not_become_true_by_an_edit_beside_it(county, filled):
    a, b, ids = filled
    flip_at_county(county, ids[20], phone="13000000000")
    b.save(person(ids[20], remark="独居"))
    assert b.sync().in_agreement
    assert a.sync().in_agreement
    assert (values(a, ids[20])["phone"], values(a, ids[20])["remark"]) == ("13900000020", "独居")
    assert all(stream.sound for stream in office.digest(county.county))


def test_a_value_flipped_at_the_county_that_nobody_can_tell_is_not_spread_in_silence(county, filled, new_store):
    _, b, ids = filled
    flip_at_county(county, ids[20], phone="13000000000")
    with county.county.database.plain() as conn:
        gone = {"c": county.county.code, "id": ids[20], "b": msgpack.packb([{}, {}, [], {}])}
        conn.execute(sa.text("UPDATE history SET body = :b WHERE county = :c AND id = :id"), gone)
    raw(b, "DELETE FROM record_resident WHERE id = ?", ids[20])
    b.store.sync.look()
    report = b.sync()
    assert (report.in_agreement, report.mended) == (False, 0)
    assert b.get("resident", ids[20]) is None


def test_rows_and_sums_lost_at_the_county_are_put_back_from_its_history(county, filled):
    _, b, ids = filled
    held = county.county
    table = held.tables.by_form["resident"]
    with held.database.plain() as conn:
        conn.execute(sa.delete(table).where(table.c.id.in_(ids[:3])))
    flip_at_county(county, ids[20], phone="13000000000")
    assert mending.unsound(held) == {"resident": (0, 4)}
    assert mending.unsound(held, mend=True) == {"resident": (4, 0)}
    assert mending.unsound(held) == {}
    assert all(stream.sound for stream in office.digest(held))
    report = b.sync()
    assert (report.in_agreement, report.mended) == (True, 0)
    with held.database.plain() as conn:
        conn.execute(sa.text("UPDATE stream SET records = 7 WHERE county = :c"), {"c": held.code})
    assert not b.sync().in_agreement
    assert mending.unsound(held, mend=True) == {}
    assert b.sync().in_agreement


def test_a_row_that_the_history_tells_only_in_part_is_left_for_people(county, filled):
    _, b, ids = filled
    held = county.county
    table = held.tables.by_form["resident"]
    with held.database.plain() as conn:
        conn.execute(sa.delete(table).where(table.c.id == ids[5]))
        half = {"c": held.code, "id": ids[5], "b": msgpack.packb([{"@area": V}, {}, [], {}])}
        conn.execute(sa.text("UPDATE history SET body = :b WHERE county = :c AND id = :id"), half)
    assert mending.unsound(held, mend=True) == {"resident": (0, 1)}
    assert b.sync().in_agreement
    assert values(b, ids[5])["name"] == "张5"


def test_a_sound_county_has_nothing_to_mend_whatever_was_done_to_its_records(county, desks):
    a, b = desks
    first, second = a.save(person(), person(occupation="木匠")).ids
    a.sync(), b.sync()
    a.save(person(first, name="张一"), Edit("resident", second, V, {}, deleted=True))
    b.save(person(first, name="张二"), person(second, occupation="瓦匠"))
    for desk in (a, b, a):
        desk.sync()
    assert mending.unsound(county.county) == {}
    assert mending.unsound(county.county, mend=True) == {}


def test_ranges_tell_two_lists_apart_wherever_they_differ():
    mine = [(f"{number:032x}", bytes([number % 256]) * 16) for number in range(1000)]
    for change in (
        lambda held: held[:500] + held[501:],
        lambda held: [(f"{0:031x}x", b"1" * 16), *held],
        lambda held: [*held, ("f" * 32, b"2" * 16)],
        lambda held: [*held[:30], (held[30][0], b"3" * 16), *held[31:]],
        lambda _held: [],
    ):
        theirs = sorted(change(mine))
        spans = list(differing(split(theirs, ""), "", mine))
        wrong = {item for item in mine if item not in theirs} | {item for item in theirs if item not in mine}
        assert spans
        for record_id, _ in wrong:
            assert any(span.low <= record_id and (not span.high or record_id < span.high) for span in spans)
        if theirs:
            assert sum(len(span.mine) for span in spans) <= FEW
    assert list(differing(split(mine, ""), "", mine)) == []


def test_a_device_is_told_nothing_of_streams_that_are_not_its_own(county, desks, new_store):
    from sync.county.comparing import Comparing
    from sync.ranges import Question

    a, _ = desks
    a.save(person())
    a.sync()
    held = county.county
    of = Comparing(held.database, held.records, held.forms, held.code, [(W, "ordinary"), (TOWNSHIP, "ordinary")])
    assert list(of.replies([Question(V, "ordinary"), Question(V, "ordinary", items=())])) == []
    assert next(iter(of.replies([Question(W, "ordinary", items=(("0" * 32, b"1"),))]))).missing == ("0" * 32,)


def test_a_history_tells_a_record_with_conflicts_moves_and_deletions(county, desks):
    a, b = desks
    first, second, third = a.save(person(), person(), person(phone="13900000001")).ids
    a.sync(), b.sync()
    a.save(person(first, name="张一"), Edit("resident", second, W, {}), Edit("resident", third, V, {}, deleted=True))
    b.save(person(first, name="张二", remark="空"), person(third, phone="13900000002"))
    a.sync(), b.sync(), a.sync()
    b.save(person(first, remark=None))
    b.sync(), a.sync()
    held = county.county
    with held.database.snapshot() as conn:
        for form in held.forms:
            for record in held.records.get(conn, form, list(held.records.all(conn, form))).values():
                emptied = dataclasses.replace(record, record=dataclasses.replace(record.record, values={}))
                assert soundness.is_sound(soundness.rebuilt(conn, held.code, emptied))

"""Where rooms of the sync meet: a file and the network, a restore and work that was under way."""

from __future__ import annotations

import json
import random
import time

import pytest

from app.store.saving import Edit
from sync import bundle
from sync.county import bundles
from sync.county.coming_on import Coming, Requests
from sync.county.comparing import Comparing
from sync.county.pulling import as_whole
from sync.ranges import Question
from tests.sync.broken import Broken
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES
from tests.sync.test_bundle import carry_up
from tests.sync.test_county_restored import both, copied, epoch, put_back, receipts_only
from tests.sync.test_exchange import person

V = VILLAGES[0]


def noise(size):
    chance = random.Random(size)
    return "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(size))


def words(desk, part="mine"):
    """The birth dates that conflict records keep."""
    found = [json.loads(conflict.values[part]) for conflict in desk.store.select("conflict")]
    return {value["birth_date"] for value in found if "birth_date" in value}


def test_a_change_too_large_for_any_frame_does_not_make_a_file_look_like_a_restore(county, desks):
    a, _ = desks
    a.save(person(invented_later=noise(1_600_000)), person(remark="小"))
    assert bundles.take(county.county, carry_up(a)).changes == {"accepted": 1}
    report = a.sync()
    assert (report.error, report.left.total, epoch(county)) == (None, 0, 1)


def test_what_was_saved_on_a_lost_part_of_a_group_overrules_nobody(county, desks, new_store):
    a, b = desks
    c = county.device(new_store(), "王干事")
    (made,) = a.save(person(birth_date="1980-01-01", sex="1")).ids
    both((a, b, c))
    backup = copied(county)
    a.save(person(made, birth_date="1980-01-02"))
    both((a, b))
    b.save(person(made, birth_date="1980-01-03"))
    c.save(person(made, birth_date="1980-01-04"))
    put_back(county, backup)
    # c has not heard of the lost day, nor of the restore: what it saved stands first.
    assert c.sync().ok
    both((b, a, c))
    for desk in (a, b, c):
        stands = desk.get("resident", made).values["birth_date"]
        assert {stands, *words(desk), *words(desk, "theirs")} >= {"1980-01-03", "1980-01-04"}


def test_a_quarrel_never_read_is_kept_again_also_after_a_second_restore(county, desks):
    a, b = desks
    (made,) = a.save(person()).ids
    both(desks)
    a.save(person(made, name="张文桂"))
    both((a,), 1)
    backup = copied(county)
    b.save(person(made, name="张闻贵"))
    b.sync(http=receipts_only(), tries=1)
    put_back(county, backup)
    # It is told, then it brings back what it wrote; before it reads anything the county is set back once more.
    b.sync(http=receipts_only(), tries=1)
    b.sync(http=receipts_only(), tries=1)
    assert b.store.sync.recovery.after == ("resident", made)
    put_back(county, backup)
    both((b, a))
    for desk in desks:
        (conflict,) = desk.store.select("conflict")
        assert json.loads(conflict.values["mine"]) == "张闻贵"


def test_of_two_quarrels_of_one_save_the_unread_one_is_kept_again(county, desks):
    a, b = desks
    (made,) = a.save(person(birth_date="1980-01-01")).ids
    both(desks)
    a.save(person(made, name="张文桂", birth_date="1980-01-02"))
    both((a,), 1)
    backup = copied(county)
    b.save(person(made, name="张闻贵", birth_date="1980-01-03"))
    b.sync(http=receipts_only(), tries=1)
    # The page that came down before the link broke ended between the two.
    with county.county.database.snapshot() as conn:
        forms = county.county.records
        first = min(forms.get(conn, "conflict", list(forms.all(conn, "conflict"))).values(), key=lambda h: h.record.rev)
    cursors = {(area, name): first.record.rev for name, held in b.store.sync.cursors().items() for area in held}
    b.store.sync.deltas([as_whole(first.record)], cursors)
    put_back(county, backup)
    both((b, a))
    for desk in desks:
        assert len(desk.store.select("conflict")) == 2
        assert words(desk) == {"1980-01-03"}


def test_an_answer_that_was_long_on_the_way_brings_nothing_back_of_what_was_handed_over(county, desks, new_store):
    a, _ = desks
    b = county.device(new_store(), "赵主任", areas=(TOWNSHIP, OTHER))
    (made,) = a.save(person(remark="一")).ids
    both((a, b))
    b.save(person(made, remark="二"))
    b.sync()
    late = bundles.take(county.county, carry_up(a)).answer
    b.save(Edit("resident", made, OTHER, {}))
    assert b.sync().ok
    assert a.sync().in_agreement
    assert a.get("resident", made) is None
    bundle.read(a.store, late)
    assert a.get("resident", made) is None
    assert a.store.sync.reckon() == a.store.sync.digests()
    assert a.store.stubs.get("resident", made).area == OTHER


def test_something_urgent_that_never_gets_through_lets_the_rest_pass(desks, monkeypatch):
    # Where each request comes to another process of the county, nothing goes on at the byte.
    monkeypatch.setattr(Requests, "begun", lambda _self, _device, reader: Coming(reader))
    a, b = desks
    a.save(Edit("event", None, V, {"title": "长", "detail": noise(19_000), "urgency": "normal"}))
    a.save(*[person(remark=noise(200)) for _ in range(60)])
    for _ in range(25):
        a.sync(http=Broken(["body"] * 99, 20_000), tries=2)
    assert a.store.sync.waiting().normal == 0
    assert a.store.sync.waiting().urgent == 1
    b.sync()
    assert b.store.count("resident") == 60
    assert a.sync().in_agreement


def test_a_frame_longer_than_the_line_ever_carries_at_once_comes_in_pieces(desks):
    a, b = desks
    a.save(Edit("event", None, V, {"title": "长", "detail": noise(19_000), "urgency": "normal"}))
    for _ in range(8):
        a.sync(http=Broken(["body"] * 99, 20_000), tries=2, sleep=lambda _: time.sleep(0.05))
    assert a.store.sync.waiting().total == 0
    b.sync()
    assert b.store.count("event") == 1


@pytest.mark.parametrize("items", [None, ()])
def test_who_takes_what_is_to_be_mended_slowly_holds_no_connection_of_the_county(county, desks, items):
    a, _ = desks
    a.save(person())
    assert a.sync().in_agreement
    held = county.county
    of = Comparing(held.database, held.records, held.forms, held.code, [(V, "ordinary")])
    replies = of.replies([Question(V, "ordinary", items=items)])
    assert next(replies)
    assert held.database.engine.pool.checkedout() == 0
    replies.close()

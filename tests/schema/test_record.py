"""Digests, packed revs and ids: what two replicas compare, and what never comes twice."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from app.schema import ids as ids_module
from app.schema.digest import SIZE, ZERO, add, record_hash
from app.schema.ids import IdMaker
from app.schema.record import AREA, Change, Receipt, Record, pack_revs, unpack_revs

V = "990001101201"
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=6)
held = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), values, max_size=5)
hashes = st.binary(min_size=SIZE, max_size=SIZE)
revs = st.dictionaries(
    st.sampled_from(["name", "phone", "@area", "@deleted", "new"]), st.integers(1, 2**60), max_size=4
)


@given(held, st.randoms())
def test_the_hash_of_a_record_does_not_know_the_order_of_its_fields(record, chance):
    shuffled = list(record.items())
    chance.shuffle(shuffled)
    assert record_hash("resident", "1", V, False, dict(shuffled)) == record_hash("resident", "1", V, False, record)


@given(held)
def test_an_empty_field_and_a_missing_one_hash_alike(record):
    assert record_hash("resident", "1", V, False, {**record, "zz": None}) == record_hash(
        "resident", "1", V, False, record
    )


@given(held, values.filter(lambda value: value is not None))
def test_every_part_of_a_record_counts(record, value):
    whole = record_hash("resident", "1", V, False, record)
    others = [
        record_hash("event", "1", V, False, record),
        record_hash("resident", "2", V, False, record),
        record_hash("resident", "1", "990001101202", False, record),
        record_hash("resident", "1", V, True, record),
        record_hash("resident", "1", V, False, {**record, "zz": value}),
    ]
    assert len({whole, *others}) == 6
    assert all(len(each) == SIZE for each in others)


def test_yes_is_not_one_and_one_is_not_one_point_nought():
    assert len({record_hash("f", "1", V, False, {"a": value}) for value in (True, 1, 1.0, "1")}) == 4


@given(st.lists(hashes), st.randoms())
def test_a_streams_sum_does_not_know_the_order(records, chance):
    total = ZERO
    for each in records:
        total = add(total, None, each)
    chance.shuffle(records)
    other = b""
    for each in records:
        other = add(other, None, each)
    assert total == (other or ZERO)


@given(hashes, hashes, hashes)
def test_what_is_added_and_taken_away_leaves_nothing(total, first, second):
    assert add(add(total, None, first), first, None) == total
    assert add(add(total, None, first), first, second) == add(total, None, second)
    assert add(total, first, first) == total


@given(st.integers(1, 2**60), revs)
def test_packed_revs_say_the_same_of_every_field(created, later):
    packed = unpack_revs(pack_revs({"": created, **later}))
    record = Record("resident", "1", V, {}, created, {"": created, **later})
    again = Record("resident", "1", V, {}, created, packed)
    for name in ("name", "phone", "@area", "@deleted", "new", "never"):
        assert again.rev_of(name) == record.rev_of(name)
    assert unpack_revs(pack_revs(packed)) == packed


def test_a_record_that_was_never_changed_costs_one_number():
    assert len(pack_revs({"": 5, "name": 5, "phone": 5})) == 1
    assert unpack_revs(None) == unpack_revs(b"") == {}


def test_only_the_change_that_says_where_a_record_belongs_first_creates_it():
    def change(values, bases):
        return Change("resident", "1", V, values, bases, 1, 1, "u")

    assert change({AREA: V, "name": "张三"}, {}).creates
    assert not change({AREA: V}, {AREA: 7}).creates
    assert not change({"name": "张三"}, {}).creates
    assert [Receipt(1, status).final for status in ("accepted", "merged", "conflict", "refused", "waiting")] == [
        True, True, True, True, False,
    ]  # fmt: skip


def test_ids_count_up_even_when_the_clock_stands_or_goes_back():
    moments = itertools.chain([5_000_000_000, 5_000_000_000, 4_000_000_000, 0], itertools.repeat(6_000_000_000))
    make = IdMaker(lambda: next(moments))
    made = [make() for _ in range(1000)]
    assert made == sorted(set(made))
    assert all(len(each) == 32 and each[12] == "7" and each[16] in "89ab" for each in made)
    assert int(made[0][:12], 16) == 5000
    assert int(made[-1][:12], 16) == 6000


def test_ids_count_up_from_the_highest_random_number(monkeypatch):
    monkeypatch.setattr(ids_module.secrets, "randbits", lambda bits: (1 << bits) - 2)
    make = IdMaker(lambda: 5_000_000_000)
    made = [make() for _ in range(3)]
    assert made == sorted(set(made))


def test_two_devices_in_one_millisecond_make_different_ids():
    makers = [IdMaker(lambda: 5_000_000_000) for _ in range(20)]
    made = [make() for _ in range(50) for make in makers]
    assert len(set(made)) == len(made)

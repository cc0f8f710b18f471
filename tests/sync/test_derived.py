"""Columns that others tell: what comes out is what went in, they weigh next to nothing, and who doesn't know them gets none."""

from __future__ import annotations

import zlib

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schema.record import Change, Delta
from sync.columns import WireError, pack_values
from sync.derived import WITHIN, derive, is_derived, restore
from sync.wire import DERIVED, RAW, STREAMED, Move, decode_down, decode_up, encode_down, encode_up, needed

MOVES = (Move("ordinary", 0, 9, None, b"tag"),)
dates = st.dates().map(lambda day: day.isoformat())
texts = st.one_of(st.none(), st.just("99000119"), st.text(max_size=20), st.from_regex("[0-9]{18}", fullmatch=True))


def person(number, values):
    return Delta("resident", f"{number:032x}", "990001101201", number, values, {"": number}, whole=True)


def people(count):
    days = [f"{1930 + n % 90}-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(count)]
    return [{"name": f"人{n * 7919}", "id_number": f"990001{days[n].replace('-', '')}{n % 900 + 100}X", "birth_date": days[n]}
            for n in range(count)]  # fmt: skip


def runs(content):
    return msgpack.unpackb(content[:-4])["r"]


def birth(run):
    return run["v"][run["k"].index("birth_date")]


def change(number, values):
    bases = {name: number * (at % 2) for at, name in enumerate(values)}
    return Change("resident", f"{number:032x}", "990001101201", values, bases, 1_790_000_000_000, number, "张干事")


def exact(one):
    """What it says of which record; 1, 1.0 and True are three things."""
    return one.id, repr(sorted(one.values.items()))


def through(rows):
    """*rows* down and up and out again: just as they were, to the type of each value."""
    made = [person(number, values) for number, values in enumerate(rows, 1)]
    down = decode_down(encode_down(made, MOVES, RAW, derived=True))
    assert list(map(exact, down.deltas)) == list(map(exact, made))
    assert down.moves == MOVES
    changes = [change(number, values) for number, values in enumerate(rows, 1)]
    for level in (RAW, 3):
        up = decode_up(encode_up(7, changes, level, derived=True))
        assert (up.number, list(map(exact, up.changes))) == (7, list(map(exact, changes)))
        assert [c.bases for c in up.changes] == [c.bases for c in changes]


def test_a_birth_date_that_stands_in_the_identity_number_is_not_told_again():
    rows = people(300)
    through(rows)
    content = encode_down([person(n, row) for n, row in enumerate(rows, 1)], MOVES, RAW, derived=True)
    assert birth(runs(content)[0]) == [WITHIN, 1, 6, []]


def test_whoever_has_another_date_or_none_or_no_number_keeps_what_he_has():
    rows = people(40)
    rows[0]["birth_date"] = "1999-12-31"
    rows[1]["birth_date"] = None
    del rows[2]["birth_date"]
    rows[3]["id_number"] = None
    rows[4]["id_number"] = "护照E1234567"
    rows[5]["id_number"] = "99000119８００101123X"
    rows[6]["birth_date"] = "不详"
    through(rows)
    content = encode_down([person(n, row) for n, row in enumerate(rows, 1)], MOVES, RAW, derived=True)
    assert is_derived(birth(runs(content)[0]))


def test_whoever_has_no_date_gets_none_from_his_number():
    rows = people(40)
    del rows[2]["birth_date"], rows[5]["birth_date"]
    through(rows)
    rows[7]["birth_date"] = None
    through(rows)


def test_where_most_say_something_else_the_column_goes_as_it_is():
    rows = people(40)
    for row in rows[::2]:
        row["birth_date"] = "1999-12-31"
    through(rows)


strange = st.one_of(
    st.none(), dates, st.integers(0, 9), st.booleans(), st.floats(allow_nan=False),
    st.sampled_from(["1989-5-3", "１９８９-05-03", "1989-05-03 ", "0000-00-00", "-", "", "不详", "19890503"]),
)  # fmt: skip


@given(
    st.lists(st.fixed_dictionaries({}, optional={"b": strange, "a": texts, "c": dates, "d": strange}), max_size=30),
    st.integers(0, 12),
)
def test_any_rows_come_out_as_they_went_in(rows, at):
    for row in rows:
        if isinstance(row.get("a"), str) and isinstance(row.get("b"), str) and len(row["a"]) > 10:
            row["a"] = row["a"][:at] + row["b"].replace("-", "") + row["a"][at:]
    through(rows)


@given(st.lists(st.tuples(st.integers(0, 6), dates), min_size=8, max_size=40))
def test_rows_of_people_with_anything_amiss_come_out_as_they_went_in(told):
    """Most have their date in their number; some have another, none, an empty one, or no number."""
    rows = people(len(told))
    for row, (amiss, date) in zip(rows, told, strict=True):
        if amiss == 1:
            row["birth_date"] = date
        elif amiss == 2:
            row["birth_date"] = None
        elif amiss in {3, 4}:
            del row["birth_date" if amiss == 3 else "id_number"]
        elif amiss == 5:
            row["id_number"] = row["id_number"].translate({ord("1"): "１", ord("9"): "٩"})
    through(rows)


def test_a_mask_is_left_to_the_values_only_where_they_show_it():
    rows = [{"name": f"人{n}", **({"phone": f"1990000{n:04}"} if n % 3 else {})} for n in range(50)]
    through(rows)
    packed = [pack_values([row.get(name) for row in rows]) for name in ("name", "phone")]
    values = [[row.get(name) for row in rows] for name in ("name", "phone")]
    mask = bytes("phone" in row for row in rows)
    assert derive(values, packed, [None, mask]) == [None, True]
    rows[1]["phone"] = None
    through(rows)


def test_who_has_not_said_that_it_reads_them_is_sent_none():
    made = [person(n, row) for n, row in enumerate(people(60), 1)]
    [run] = runs(encode_down(made, MOVES, RAW))
    assert not any(map(is_derived, run["v"]))
    assert all(mask is None or isinstance(mask, bytes) for mask in run.get("m", ()))


def test_a_frame_tells_what_it_needs_of_its_reader():
    rows = people(60)
    changes = [change(number, row) for number, row in enumerate(rows, 1)]
    assert needed(encode_up(1, changes)) == set()
    assert needed(encode_up(1, changes, RAW)) == {STREAMED}
    assert needed(encode_up(1, changes, derived=True)) == {DERIVED}
    assert needed(encode_up(1, changes[:1], RAW, derived=True)) == {STREAMED}
    del rows[7]["birth_date"]
    without = [change(number, {"phone": None, **row} if number == 9 else row) for number, row in enumerate(rows, 1)]
    assert needed(encode_up(1, without, RAW, derived=True)) == {STREAMED, DERIVED}
    with_mask_only = [change(number, {"a": "x"} if number % 2 else {"a": "x", "b": "y"}) for number in range(1, 9)]
    assert needed(encode_up(1, with_mask_only, derived=True)) == {DERIVED}


WRONG = [
    [WITHIN, 0, 6, []],  # a column told by itself, or by one that is told by another
    [WITHIN, 9, 6, []],
    [WITHIN, -1, 6, []],
    [WITHIN, 1, -1, []],
    [WITHIN, 1, 1 << 40, []],
    [WITHIN, True, 6, []],
    [WITHIN, 1, 6, [[2, "x"]]],
    [WITHIN, 1, 6, [[-1, "x"]]],
    [WITHIN, 1, 6, [[0, 5]]],
    [WITHIN, 1, 6, {}],
]


@pytest.mark.parametrize("packed", WRONG)
def test_what_can_be_no_such_column_is_refused(packed):
    with pytest.raises(WireError):
        restore(packed, [None, ["990001196804092012", None]], 2)


@pytest.mark.parametrize("odd", [[5], [[1]], [[1, "x", 2]], "x"])
def test_garbage_in_the_exceptions_makes_the_frame_unreadable(odd):
    content = encode_down([person(n, row) for n, row in enumerate(people(20), 1)], (), RAW, derived=True)
    body = msgpack.unpackb(content[:-4])
    run = body["r"][0]
    run["v"][run["k"].index("birth_date")] = [WITHIN, 1, 6, odd]
    plain = msgpack.packb(body)
    with pytest.raises(WireError):
        decode_down(plain + zlib.crc32(plain).to_bytes(4, "big"))


def test_numbers_and_dates_of_everybody_weigh_little_more_than_the_numbers():
    rows = people(400)
    without = [{name: value for name, value in row.items() if name != "birth_date"} for row in rows]
    weighs = [
        len(encode_down([person(n, row) for n, row in enumerate(some, 1)], (), 19, derived=True))
        for some in (rows, without)
    ]
    assert weighs[0] < weighs[1] + 60

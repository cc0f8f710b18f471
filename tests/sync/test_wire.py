"""The messages: whatever goes in comes out, in any portions; garbage is refused and bombs never unfold."""

from __future__ import annotations

import contextlib

import msgpack
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.schema.record import Change, Delta, Receipt
from sync import columns, frames
from sync.wire import (
    Area,
    Down,
    End,
    Head,
    Hello,
    Move,
    Problem,
    Reader,
    Receipts,
    Up,
    WireError,
    agreement,
    decode_down,
    decode_up,
    encode,
    encode_down,
    encode_up,
    scope_tag,
    to_ranges,
)

ids = st.integers(1, (1 << 128) - 1).map(lambda number: f"{number:032x}")
numbers = st.integers(-(1 << 63), (1 << 63) - 1)
revs = st.integers(0, (1 << 62) - 1)
values = st.one_of(
    st.none(), st.booleans(), numbers, st.floats(allow_nan=False), st.text(max_size=8), ids, st.sampled_from(["a", "b"])
)
names = st.sampled_from(["name", "phone", "remark", "@area", "@deleted", "later"])
areas = st.sampled_from(["990001101201", "990001101202"])


@st.composite
def changes(draw):
    held = draw(st.dictionaries(names, values, min_size=1, max_size=4))
    return [
        draw(st.sampled_from(["resident", "event"])),
        draw(ids),
        draw(areas),
        held,
        {name: draw(revs) for name in held},
        draw(revs),
        draw(st.text(max_size=4)),
    ]


@st.composite
def deltas(draw):
    rev = draw(st.integers(1, 1 << 61))
    held = draw(st.dictionaries(names.filter(lambda name: name[0] != "@"), values, max_size=4))
    whole = draw(st.booleans())
    if whole:
        known = {"": draw(st.integers(1, rev)), **draw(st.dictionaries(names, st.integers(1, rev), max_size=3))}
        # A rev that equals the one of creation is not written down twice.
        known = {name: number for name, number in known.items() if not name or number != known[""] or name not in held}
    else:
        known = {name: draw(st.integers(1, rev)) for name in held} | draw(
            st.dictionaries(st.sampled_from(["@area", "@deleted"]), st.integers(1, rev))
        )
    return Delta(
        draw(st.sampled_from(["resident", "event"])),
        draw(ids),
        draw(areas),
        rev,
        held,
        known,
        whole,
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.text(max_size=3)),
        draw(revs),
    )


def exact(value):
    """Equality that tells 1 from True and from 1.0."""
    return repr(value)


@given(st.lists(changes(), max_size=12), st.integers(1, 1 << 40), st.booleans())
def test_changes_come_out_as_they_went_in(raw, number, derived):
    made = [Change(*row[:6], counter, row[6]) for counter, row in enumerate(raw, 1)]
    found = decode_up(encode_up(number, made, derived=derived))
    assert found.number == number
    assert [exact(sorted(c.values.items(), key=str)) for c in found.changes] == [
        exact(sorted(c.values.items(), key=str)) for c in made
    ]
    assert [c.bases for c in found.changes] == [c.bases for c in made]
    assert [(c.form, c.id, c.area, c.time, c.counter, c.user) for c in found.changes] == [
        (c.form, c.id, c.area, c.time, c.counter, c.user) for c in made
    ]


def by_content(delta):
    return exact((delta.rev, delta.id, sorted(delta.values.items()), sorted(delta.revs.items()), delta))


@given(st.lists(deltas(), max_size=12))
def test_deltas_come_out_as_they_went_in(made):
    moves = (Move("urgent", 5, 9, None, b"tag"), Move("ordinary", 0, 7, ("990001101201",)))
    found = decode_down(encode_down(made, moves))
    assert found.moves == moves

    def plain(delta):
        whole = {name: rev for name, rev in delta.revs.items() if not delta.whole or not name or rev != delta.revs[""]}
        held = sorted(delta.values.items())
        return exact(
            (delta.form, delta.id, delta.area, delta.rev, held, sorted(whole.items()), delta.whole, delta.left)
        )

    assert sorted(map(plain, found.deltas)) == sorted(map(plain, made))
    assert [delta.rev for delta in found.deltas] == sorted(delta.rev for delta in made)


@given(st.lists(numbers))
def test_numbers_of_64_bits_survive_their_differences(held):
    assert columns.unpack_ints(msgpack.unpackb(msgpack.packb(columns.pack_ints(held))), len(held)) == held


@given(st.lists(values))
def test_a_column_of_anything_survives(held):
    packed = msgpack.unpackb(msgpack.packb(columns.pack_values(held)))
    assert exact(columns.unpack_values(packed, len(held))) == exact(held)


HELLO = Hello(
    1, "990001", "d", "i", 1, 1_760_000_000_000, b"scopetag", {"urgent": (1 << 40, b"12345678")}, (("care", "9", 0),),
    ((1, 5),), (6, 7), (3,), 4096, 19, ("streams",), (), more={"later": [1, "x"]},
)  # fmt: skip
MESSAGES = [
    HELLO,
    Up(b"frame"),
    Head(1, "990001", 1, 5, (Area("990001101000", "幸福镇", "township"),), (("990001101000", "urgent"),), ("streams",)),
    Receipts(3, 1 << 40, ((1, 3, 0, (), {}, "sync.faulty"),)),
    Receipts(4, code="sync.not_yours"),
    Receipts(5, known=False),
    Down(b"x" * 3000),
    End(7, b"d" * 16, (("990001101000", "urgent", 3, b"s" * 16),)),
    Problem("sync.busy", {"detail": "x"}),
]


@given(st.lists(st.integers(1, 700), max_size=40))
def test_a_stream_may_be_cut_into_any_portions(sizes):
    data = b"".join(map(encode, MESSAGES))
    reader, found = Reader(), []
    for size in [*sizes, len(data)]:
        found += reader.feed(data[:size])
        data = data[size:]
    assert found == MESSAGES
    assert reader.pending == 0


def test_an_unknown_kind_of_message_is_passed_over():
    stranger = (3).to_bytes(4, "big") + b"?abc"
    assert list(Reader().feed(stranger + encode(Up(b"f")))) == [Up(b"f")]


def test_keys_that_a_newer_program_added_go_back_untouched():
    content = encode_up(1, [], more={"newer": [1]})
    assert decode_up(content).more == {"newer": [1]}
    (hello,) = Reader().feed(encode(HELLO))
    assert hello.more == {"later": [1, "x"]}


@given(st.binary(max_size=200))
def test_garbage_is_refused_in_words(data):
    for decode in (decode_up, decode_down):
        with pytest.raises(WireError):
            decode(data)


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_flipped_byte_never_does_more_than_be_refused(at, byte):
    made = [Change("resident", "0" * 31 + "1", "9", {"name": "张"}, {"name": 1}, 5, 1, "u")]
    content = bytearray(encode_up(1, made))
    content[at % len(content)] = byte
    with contextlib.suppress(WireError):
        assert decode_up(bytes(content)).changes == tuple(made)


@given(st.binary(max_size=80))
def test_garbage_in_the_stream_ends_it(data):
    with contextlib.suppress(WireError):
        list(Reader().feed(data))


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_truncated_frame_is_refused(cut):
    content = encode_up(1, [Change("resident", "0" * 31 + "1", "9", {"name": "张"}, {"name": 1}, 5, 1, "u")])
    with pytest.raises(WireError):
        decode_up(content[:-cut])


def test_a_bomb_is_refused_before_it_unfolds():
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 27))
    with pytest.raises(WireError) as told:
        decode_up(bomb)
    assert told.value.code == "sync.too_large"


def test_a_bomb_that_hides_its_size_is_refused():
    made = zstandard.ZstdCompressor(level=19, write_content_size=False).compress(bytes(1 << 26))
    with pytest.raises(WireError) as told:
        decode_up(made)
    assert told.value.code == "sync.too_large"


def test_rows_out_of_nothing_are_refused():
    run = {"f": "resident", "n": 1 << 40, "i": [5, [0, 1], [0, 1]]}
    with pytest.raises(WireError) as told:
        decode_up(zstandard.compress(msgpack.packb({"v": 1, "n": 1, "r": [run]})))
    assert told.value.code in {"sync.too_large", "sync.garbage"}


def test_a_length_beyond_the_limit_is_refused_before_its_bytes_are_taken():
    with pytest.raises(WireError) as told:
        list(Reader().feed(b"\xff\xff\xff\xffF"))
    assert told.value.code == "sync.too_large"


def test_another_version_is_named_as_such():
    with pytest.raises(WireError) as told:
        decode_up(zstandard.compress(msgpack.packb({"v": frames.VERSION + 1, "n": 1, "r": []})))
    assert told.value.code == "sync.version_unknown"


def test_receipts_are_compact_and_whole():
    made = [
        Receipt(3, "accepted", 101),
        Receipt(5, "accepted", 102),
        Receipt(6, "refused", 0, code="sync.faulty"),
        Receipt(9, "conflict", 103, ("name",)),
        Receipt(11, "accepted", 105),
        Receipt(12, "merged", 106, (), {"remark": "甲\n乙"}),
        Receipt(13, "accepted", 77),
        Receipt(14, "waiting", code="sync.parent_missing"),
        Receipt(15, "accepted", 107),
    ]
    (found,) = Reader().feed(encode(Receipts.of(4, made)))
    assert found.spread([item.counter for item in made]) == made
    accepted = [Receipt(counter, "accepted", 100 + counter) for counter in range(1, 2000)]
    assert len(encode(Receipts.of(4, accepted))) < 40
    assert Receipts.of(4, accepted).spread(range(1, 2000)) == accepted


def test_ten_thousand_residents_take_little_room():
    made = [
        Change(
            "resident", f"{(0x0190 << 112) + (n << 96) + n:032x}", "990001101201",
            {"@area": "990001101201", "name": "张三", "phone": f"139{n:08d}"}, {"@area": 0, "name": 0, "phone": 0},
            1_760_000_000_000 + n, n, "张干事",
        )
        for n in range(1, 2001)
    ]  # fmt: skip
    assert len(encode_up(1, made, 19)) < 2000 * 8


def test_ranges_are_inclusive():
    assert to_ranges([5, 1, 2, 3, 9, 2]) == ((1, 3), (5, 5), (9, 9))
    assert to_ranges([]) == ()


def test_an_empty_stream_is_as_good_as_none():
    held = {("a", "urgent"): (2, b"x" * 16)}
    assert agreement(held) == agreement({**held, ("b", "urgent"): (0, bytes(16))})
    assert agreement(held) != agreement({("a", "urgent"): (2, b"y" * 16)})


def test_the_scope_tag_follows_areas_and_streams():
    area = Area("990001101000", "幸福镇", "township")
    assert scope_tag([area], [("a", "urgent"), ("b", "urgent")]) == scope_tag(
        [area], [("b", "urgent"), ("a", "urgent")]
    )
    assert scope_tag([area], []) != scope_tag([Area("990001101000", "福镇", "township")], [])

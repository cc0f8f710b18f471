"""A zstd stream over the messages of an exchange: read in any portions, cut anywhere, and no bomb."""

from __future__ import annotations

import weakref

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync.columns import WireError
from sync.squeezing import Unfolder
from sync.wire import Down, End, Reader, Receipts, Streamed, Up, Writer, encode

MESSAGES = [Receipts(1, 7), Up(b"\x81" + bytes(range(200)) * 30), Down(b"\x81" * 5000), Receipts(2), End(9, b"d" * 16)]


def stream(*portions, level=19):
    writer = Writer(level)
    return b"".join(writer.write(*portion) for portion in portions)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_messages_come_out_as_they_went_in_whatever_portions_the_network_makes(sizes):
    data = encode(Receipts(0)) + stream(MESSAGES[:2], MESSAGES[2:])
    reader, found, at = Reader(), [], 0
    for size in [*sizes, len(data)]:
        found += reader.feed(data[at : at + size])
        at += size
    assert found == [Receipts(0), *MESSAGES]
    assert reader.pending == 0


def test_what_was_flushed_can_be_read_without_what_follows():
    writer = Writer(19)
    reader = Reader()
    for message in MESSAGES:
        assert list(reader.feed(writer.write(message))) == [message]


@given(st.integers(0, 600))
def test_a_stream_cut_anywhere_gives_the_messages_before_the_cut(at):
    data = stream(*[[message] for message in MESSAGES])
    found = list(Reader().feed(data[:at]))
    assert found == MESSAGES[: len(found)]


def test_small_frames_lean_on_those_before_them():
    frames = [Up(b"\x81" + f"云岭县云岭镇下寨村{number}组坡上路".encode() * 3) for number in range(200)]
    together = len(stream(*[[frame] for frame in frames]))
    alone = sum(len(zstandard.compress(frame.content, 19)) for frame in frames)
    assert together * 2 < alone


def test_a_bomb_is_refused_before_it_unfolds():
    bomb = zstandard.compress(bytes(1 << 30), 1)
    with pytest.raises(WireError) as refused:
        list(Reader().feed(encode(Streamed()) + bomb))
    assert refused.value.code in {"sync.garbage", "sync.too_large"}
    portions = Unfolder().unfold(bomb)
    assert len(next(portions)) <= 8 << 20


def test_a_bomb_of_a_long_message_is_refused_at_its_length():
    writer = Writer(1)
    bomb = writer.write(Up(bytes(3 << 20)))
    with pytest.raises(WireError) as refused:
        list(Reader().feed(bomb))
    assert refused.value.code == "sync.too_large"


def test_garbage_in_the_stream_and_a_stream_in_a_stream_are_refused():
    for wrong in (encode(Streamed()) + b"garbage!" * 100, stream([Receipts(1), Streamed()])):
        with pytest.raises(WireError):
            list(Reader().feed(wrong))


def test_on_a_day_of_many_cuts_no_reader_but_the_last_is_kept():
    reader, gone = Reader(), []
    for number in range(5):
        gone.append(weakref.ref(reader))
        name = bytes([number]) * 8
        reader = Reader(cut=reader)
        assert list(reader.feed(Writer(3, name).write(*MESSAGES))) == MESSAGES
    assert [ref() for ref in gone] == [None] * 5
    assert reader.resume[0] == name

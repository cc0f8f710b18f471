"""An answer that was cut goes on at the byte; and where it can't, the device gets what it lacks as if nothing had been kept."""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
from dataclasses import replace
from types import SimpleNamespace

import anyio
import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from app.store.saving import Edit
from sync import squeezing
from sync.columns import WireError
from sync.county import parking
from sync.county.arriving import Arriving
from sync.county.coming_on import Requests
from sync.county.conversing import Conversation
from sync.county.going_on import COMPRESSOR, Answers, Kept
from sync.county.lanes import Lanes
from sync.wire import RESUMED, STREAMED, Down, End, Hello, Move, Reader, Receipts, Writer
from tests.sync.conftest import VILLAGES
from tests.sync.test_bad_input import hello
from tests.sync.test_conversing import post

MANY = 2_000
SEEDS = [1]
NAME = b"a stream"
STREAMS = [("1", "ordinary"), ("2", "ordinary"), ("1", "urgent")]
START = Hello(2, "c", "d", "i", 1, 0, b"s", {"ordinary": (5, b""), "urgent": (5, b"")}, (("ordinary", "2", 2),))


def people(count, word=""):
    # Little of them can be compressed away, so that most of the answer is still to come when it is cut.
    values = [{"name": f"张{word}", "remark": secrets.token_hex(40)} for _ in range(count)]
    return [Edit("resident", None, VILLAGES[0], row) for row in values]


class Severed(requests.Session):
    """The connection is really lost in each of the first answers, after so many bytes of it; ``came`` counts what came of each."""

    def __init__(self, *after):
        super().__init__()
        self.came = []
        self.mount("http://", _Adapter(list(after), self.came))


class _Adapter(HTTPAdapter):
    def __init__(self, after, came):
        super().__init__()
        self._after = after
        self._came = came

    def send(self, request, **options):
        answer = super().send(request, **options)
        most = self._after.pop(0) if self._after else 1 << 40
        self._came.append(0)
        answer.raw = _Severed(answer.raw, most, self._came)
        return answer


class _Severed:
    def __init__(self, raw, most, came):
        self._raw, self._most, self._came = raw, most, came

    def stream(self, _amount, **_options):
        for data in self._raw.stream(100):
            if self._came[-1] + len(data) > self._most:
                self._raw.close()
                raise urllib3.exceptions.ProtocolError("cut")
            self._came[-1] += len(data)
            yield data

    def __getattr__(self, name):
        return getattr(self._raw, name)


@pytest.fixture
def full(desks):
    """Two desks, of which the first has brought much to the county."""
    desks[0].save(*people(MANY))
    assert desks[0].sync().in_agreement
    desks[1].store.meta.set("sync.rate_down", 16_000.0)
    return desks


@pytest.fixture
def gone_on(monkeypatch):
    """How often an answer was gone on with, and how often the county had to begin anew."""
    found = []
    go_on = Answers.go_on

    async def told(self, device, hello, streams):
        kept = await go_on(self, device, hello, streams)
        found.append(kept is not None)
        return kept

    monkeypatch.setattr(Answers, "go_on", told)
    return found


# -- the stream -----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 900), min_size=1, max_size=4), st.integers(1, 300))
def test_a_stream_that_is_cut_anywhere_any_number_of_times_goes_on_at_the_byte(cuts, size):
    said = [Receipts(1, 7), Down(b"\x81" + bytes(range(200)) * 9), Receipts(2), Down(b"\x82" * 5000), End(9, b"d" * 16)]
    writer = Writer(19, NAME)
    data = b"".join(writer.write(message) for message in said)
    reader, found = Reader(), []
    for at in [*cuts, len(data)]:
        for start in range(0, min(at, len(data)), size):
            found += reader.feed(data[start : min(start + size, at)])
        if reader.resume[0]:
            # Also where the answer to the last question was cut before its stream began.
            data, reader = writer.again(reader.resume[1]), Reader(cut=reader)
        else:
            reader = Reader()
    for start in range(0, len(data), size):
        found += reader.feed(data[start : start + size])
    assert found == said


def test_a_reader_that_is_left_in_the_middle_of_a_portion_loses_nothing():
    writer = Writer(19, NAME)
    said = [Receipts(number, 7) for number in range(300)]
    data = writer.write(*said)
    reader = Reader()
    found = list(itertools.islice(reader.feed(data), 5))
    later = Reader(cut=reader)
    found += later.feed(writer.again(reader.resume[1]))
    assert found == said  # also where nothing more comes
    assert [*later.feed(writer.write(Receipts(300)))] == [Receipts(300)]


def test_another_stream_or_another_place_is_not_taken_for_the_one_that_was_cut():
    writer = Writer(19, NAME)
    data = writer.write(*[Receipts(number) for number in range(100)])
    reader = Reader()
    list(reader.feed(data[:60]))
    with pytest.raises(WireError):
        list(Reader(cut=reader).feed(writer.again(reader.resume[1] - 1)))
    with pytest.raises(WireError):
        list(Reader().feed(writer.again(reader.resume[1])))


def test_only_the_last_of_a_stream_is_held(monkeypatch):
    monkeypatch.setattr(squeezing, "MOST_HELD", 4 << 10)
    writer = Writer(1, NAME)
    for _ in range(40):
        writer.write(Down(secrets.token_bytes(500)))
        assert writer.held <= 5 << 10
    total = 40 * 500
    assert writer.again(0) is None
    assert writer.again(total * 2) is None
    assert Writer(1).again(0) is None


# -- where the device is -----------------------------------------------------------------------------


def frame(*moves):
    return Down(b"x", tuple(moves))


def kept(*frames):
    found = Kept(START, 1)
    found.write(*frames)
    return found


def test_a_device_on_its_way_through_the_answer_is_taken_to_its_end():
    answer = kept(frame(Move("ordinary", 2, 5, ("2",))), frame(Move("ordinary", 5, 8)), frame(Move("ordinary", 8, 9)))
    here = replace(START, cursors={"ordinary": (8, b"t"), "urgent": (5, b"")}, behind=())
    onward = answer.onward(here, STREAMS)
    assert {name: rev for name, (rev, _) in onward.cursors.items()} == {"ordinary": 9, "urgent": 5}
    assert onward.behind == ()
    assert answer.onward(here, STREAMS) == onward  # and again from there on


def test_a_stream_that_is_behind_stays_behind():
    answer = kept(frame(Move("ordinary", 5, 8)))
    onward = answer.onward(START, STREAMS)
    assert onward.cursors["ordinary"] == (8, b"")
    assert onward.behind == (("ordinary", "2", 2),)


@pytest.mark.parametrize(
    "other",
    [
        {"incarnation": "j"},
        {"epoch": 2},
        {"scope": b"t"},
        {"cursors": {"ordinary": (6, b""), "urgent": (5, b"")}},
        {"behind": ()},
    ],
)
def test_who_is_not_on_its_way_through_it_is_answered_anew(other):
    assert kept(frame(Move("ordinary", 5, 8))).onward(replace(START, **other), STREAMS) is None


# -- what is kept ------------------------------------------------------------------------------------


def test_no_more_is_kept_than_there_is_room_for_and_nothing_longer_than_a_while(monkeypatch):
    monkeypatch.setattr(parking, "MINUTE", 0.05)
    monkeypatch.setattr(parking, "MOST", 3 * COMPRESSOR + 1000)

    async def go():
        answers = Answers()
        for number in range(5):
            answers.park(f"{number}", answers.begin(f"{number}", START, 1))
            assert answers.weight <= 3 * COMPRESSOR + 1000
        oldest = replace(START, resume=(answers.begin("0", START, 1).name, 0))
        assert await answers.go_on("0", oldest, STREAMS)
        last = answers._kept.get("4")
        await asyncio.sleep(0.2)
        assert answers.weight == 0
        assert await answers.go_on("4", replace(START, resume=(last.name, 0)), STREAMS) is None
        # What is under way is nobody's to throw away.
        return await answers.go_on("0", oldest, STREAMS) is not None

    assert asyncio.run(go())


def test_an_answer_that_has_ended_weighs_what_went_out_of_it():
    answer = Kept(START, 19)
    answer.write(End(1, b"d" * 16))
    assert answer.weight < 200


# -- device and county ------------------------------------------------------------------------------------


def test_a_first_download_that_is_cut_costs_hardly_more_bytes(full, gone_on):
    _, b = full
    with Severed(20_000, 30_000, 20_000) as http:
        report = b.sync(http=http)
    assert report.in_agreement
    assert b.store.count("resident") == MANY
    assert gone_on == [True, True, True]
    whole = sum(http.came)
    again = full[0].store.sync.exchanges(1)[0].bytes_up  # the same records went up once
    assert whole < again * 1.25


def test_what_others_did_meanwhile_comes_behind_what_was_kept(full, gone_on):
    a, b = full

    def meanwhile(_seconds):
        a.save(*people(30, "后来"))
        assert a.sync().in_agreement

    with Severed(30_000) as http:
        assert b.sync(http=http, sleep=meanwhile).in_agreement
    assert b.store.count("resident") == MANY + 30
    assert gone_on[-1:] == [True]


def test_who_has_saved_something_meanwhile_is_answered_anew(full, gone_on):
    _, b = full
    with Severed(30_000) as http:
        assert b.sync(http=http, sleep=lambda _: b.save(*people(1, "我的"))).in_agreement
    assert b.store.count("resident") == MANY + 1
    assert gone_on == []


def test_a_county_that_was_started_anew_meanwhile_begins_anew(full, gone_on, monkeypatch):
    _, b = full
    init = Conversation.__init__

    def forgetful(self, county, lanes, arriving, requests_, _answers, device):
        init(self, county, lanes, arriving, requests_, Answers(), device)

    with Severed(30_000) as http:
        assert b.sync(http=http, sleep=lambda _: monkeypatch.setattr(Conversation, "__init__", forgetful)).in_agreement
    assert b.store.count("resident") == MANY
    assert gone_on == [False]


def test_what_is_no_longer_held_is_told_anew(full, gone_on, monkeypatch):
    monkeypatch.setattr(squeezing, "MOST_HELD", 1 << 10)
    _, b = full
    with Severed(30_000) as http:
        assert b.sync(http=http).in_agreement
    assert b.store.count("resident") == MANY
    assert gone_on == [False]


def test_a_line_that_died_unnoticed_carries_no_more_once_the_device_has_come_again():
    async def go():
        answers, lanes = Answers(), Lanes()
        old, new = (
            Conversation(None, lanes, Arriving(), Requests(), answers, SimpleNamespace(id="d")) for _ in range(2)
        )
        old._kept = answers.begin("d", START, 1)
        first = await old._write(None, [frame(Move("ordinary", 5, 8))])
        asked = replace(START, resume=(old._kept.name, 0))
        new._kept, again, onward = await answers.go_on("d", asked, STREAMS)
        new._turn = new._kept.turn
        assert again == first
        assert await old._write(None, [frame(Move("ordinary", 8, 9))]) is None
        rest = await new._write(None, [frame(Move("ordinary", 8, 10))])
        return list(Reader().feed(again + rest)), onward

    told, onward = anyio.run(go)
    assert told == [Down(b"x"), Down(b"x")]
    assert onward.cursors["ordinary"][0] == 8


def test_a_resume_that_is_nonsense_is_answered_as_ever(county, gone_on):
    device = county.enrolment()
    for resume in ((b"12345678", 5), (b"x", 1 << 61), (b"", 7)):
        said = hello(device, capabilities=(STREAMED, RESUMED), resume=resume)
        assert isinstance(list(Reader().feed(post(county, device, said).content))[-1], End)
    assert True not in gone_on
    assert post(county, device, hello(device, resume=(b"12345678", -1))).status_code == 400


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_between_cuts_both_hold_the_same_in_the_end(desks, county, gone_on, seed):
    chance = random.Random(seed)
    a, b = desks
    with b.store.transaction():
        b.store.meta.set("sync.rate", 8_000.0)  # frames of 2 KB
    made = []

    def work(desk, most):
        edits = people(chance.randrange(1, most))
        edits += [
            Edit("resident", record_id, VILLAGES[0], {"name": f"改{chance.random()}"})
            for record_id in chance.sample(made, len(made) // 9)
        ]
        if made and chance.random() < 0.5:
            edits.append(Edit("resident", made.pop(chance.randrange(len(made))), VILLAGES[0], {}, deleted=True))
        saved = desk.save(*edits)
        if desk is a:
            made.extend(saved.ids[:most])

    def meanwhile(_seconds):
        if chance.random() < 0.4:
            work(a, 40)
            a.sync()
        if chance.random() < 0.1:
            work(b, 3)

    for _ in range(5):
        work(a, 300)
        assert a.sync().ok
        cuts = [chance.randrange(200, 9_000) for _ in range(chance.randrange(6))]
        with Severed(*cuts) as http:
            b.sync(http=http, sleep=meanwhile)
    for desk in (a, b, a, b):
        report = desk.sync()
    assert report.in_agreement
    assert a.sync().in_agreement
    assert a.store.count("resident") == b.store.count("resident")
    assert a.store.sync.digests() == b.store.sync.digests()
    assert True in gone_on

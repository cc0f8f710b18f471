"""When the county took each step: by its own clock, for every device, unforgeable, and nothing of it where nobody asks."""

from __future__ import annotations

import zlib

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendar import iso
from app.schema.record import Receipt
from app.store.saving import Edit
from sync import bundle
from sync.client import filling, greeting, taking
from sync.client.link import Cut
from sync.county import bundles
from sync.frames import RAW, decode_down, encode_up
from sync.wire import Down, Receipts
from tests.sync.offices import HOUR, MONDAY, Turned, V


@pytest.fixture
def clock():
    return Turned()


@pytest.fixture
def database(tmp_path):
    return tmp_path / "county.db"


@pytest.fixture
def desk(make):
    return make


@pytest.fixture
def heard(monkeypatch):
    """Every message that a device takes."""
    messages = []
    honest, together = taking.Answer.take, taking.Answer.take_together

    def take(self, message):
        if not isinstance(message, Receipts):
            messages.append(message)
        return honest(self, message)

    def take_together(self, some):
        some = list(some)
        messages.extend(some)
        return together(self, some)

    monkeypatch.setattr(taking.Answer, "take", take)
    monkeypatch.setattr(taking.Answer, "take_together", take_together)
    return messages


def reported(desk, title="路灯不亮"):
    values = {"title": title, "detail": "村口", "urgency": "normal", "category": "appeal"}
    made = desk.office.cases.report(values, area=V)
    assert made.ok, made.faults
    return made.record.id


def act(desk, event, action, **values):
    done = desk.office.cases.act(event, action, values)
    assert done.ok, done.faults
    return done.record.id


def lost(_self, _message):
    raise Cut("lost")


def times(desk, event):
    """By action, the hours after Monday nine o'clock at which the county took the step."""
    cases = desk.office.cases
    case = cases.case(event)
    came = cases.received(case)
    return {step.action: (came[step.id].timestamp() - MONDAY) / HOUR for step in case.steps if step.id in came}


class TestBothDatabases:
    @pytest.fixture(params=["sqlite", "postgresql"])
    def database(self, request, tmp_path):
        return tmp_path / "county.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")

    def test_whoever_made_a_step_every_device_says_the_same_time_of_the_county(self, desk, clock):
        a, b = desk(), desk("李干事")
        event = reported(a)
        clock.at += HOUR / 60
        assert a.sync().ok
        assert b.sync().ok
        clock.at += HOUR
        accepted = act(b, event, "accept")  # without a network from here on
        clock.at += 5 * HOUR
        assert b.sync().ok
        clock.at += HOUR
        assert a.sync().ok
        late = desk("王干事")
        hours = {"report": 1 / 60, "accept": 6 + 1 / 60}
        assert times(a, event) == times(b, event) == times(late, event) == pytest.approx(hours)
        for one in (a, b, late):
            # A minute is nothing to be told of; five hours are.
            assert list(one.office.cases.came_later(one.office.cases.case(event))) == [accepted]


def test_a_step_that_never_left_the_machine_has_no_time_of_the_county(desk):
    a = desk()
    event = reported(a)
    assert times(a, event) == {}
    assert a.sync().ok
    assert times(a, event) == {"report": 0}


def test_a_stick_says_when_the_county_read_it_not_when_its_answer_came_back(county, desk, clock):
    a, b = desk(), desk("李干事")
    event = reported(a)
    clock.at += 20 * HOUR
    made = bundle.write(a.store)
    bundle.note(a.store, made, "上报.xzt")
    clock.at += 4 * HOUR
    answer = bundles.take(county.county, made.content).answer
    clock.at += 48 * HOUR
    bundle.read(a.store, answer)
    assert b.sync().ok
    assert times(a, event) == times(b, event) == {"report": 24}


def test_what_is_sent_again_after_a_lost_answer_keeps_its_first_time(desk, clock, monkeypatch):
    a, b = desk(), desk("李干事")
    event = reported(a)
    with monkeypatch.context() as cut:
        cut.setattr(taking.Answer, "take_together", lost)
        assert not a.desk.sync(tries=1).ok
    assert a.store.sync.open_frames()
    clock.at += 3 * HOUR
    # Its disk was another machine's as well: what has no receipt is framed anew.
    a.store.sync.new_incarnation()
    act(a, event, "accept")
    assert a.sync().ok
    assert b.sync().ok
    assert times(a, event) == times(b, event) == {"report": 0, "accept": 3}


def test_no_device_says_when_the_county_took_its_step(county, desk, clock, monkeypatch):
    def forged(number, changes, _level=3, *more, **options):
        content = encode_up(number, changes, RAW, *more, **options)
        body = msgpack.unpackb(content[:-4])
        for run in body["r"]:
            run["y"] = [0, 1_000_000]
            run["taken"] = [0, 1_000_000]
        plain = msgpack.packb(body)
        return plain + zlib.crc32(plain).to_bytes(4, "big")

    monkeypatch.setattr(filling, "encode_up", forged)
    a, b = desk(), desk("李干事")
    event = reported(a)
    clock.at += 2 * HOUR
    assert a.sync().ok
    assert b.sync().ok
    assert times(b, event) == times(a, event) == {"report": 2}


def test_a_device_of_before_is_told_nothing_of_it(desk, heard, monkeypatch):
    a, b = desk(), desk("李干事")
    monkeypatch.setattr(greeting, "TAKEN", "nothing")
    event = reported(a)
    heard.clear()
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    frames = [decode_down(message.content) for message in heard if isinstance(message, Down)]
    assert any(delta.form == "event_step" for frame in frames for delta in frame.deltas)
    assert not any(delta.taken for frame in frames for delta in frame.deltas)
    assert [message.taken for message in heard if isinstance(message, Receipts)] == [()]
    # It knows when its own were answered, as it did before.
    assert (times(a, event), times(b, event)) == ({"report": 0}, {})


def test_of_records_that_are_changed_there_is_not_a_byte(desk, heard):
    a, b = desk(), desk("李干事")
    made = a.office.records.save("resident", {"name": "张文贵", "sex": "male"}, area=V)
    assert made.ok, made.faults
    heard.clear()
    assert a.sync().ok
    assert b.sync().ok
    raw = [message.content for message in heard if isinstance(message, Down)]
    runs = [run for content in raw for run in msgpack.unpackb(content[:-4])["r"]]
    assert [run["f"] for run in runs] == ["resident"]
    assert "y" not in runs[0]
    assert [message.taken for message in heard if isinstance(message, Receipts)] == [()]


def test_a_step_that_a_disk_lost_comes_again_with_its_time(desk, clock):
    a, b = desk(), desk("李干事")
    event = reported(a)
    clock.at += 2 * HOUR
    assert a.sync().ok
    assert b.sync().ok
    step = b.office.cases.case(event).steps[0].id
    with b.store.transaction():
        b.store.conn.execute("DELETE FROM record_event_step WHERE id = ?", (step,))
        b.store.conn.execute("DELETE FROM taken WHERE id = ?", (step,))
    b.store.sync.look()
    assert b.sync().in_agreement
    assert times(b, event) == {"report": 2}


def test_of_a_step_that_the_county_lets_wait_the_time_is_that_of_its_taking_not_of_one_before_it(desk, clock):
    a, b = desk(), desk("李干事")
    first, later = reported(a), a.store.new_id()
    said = {"action": "report", "by": a.user, "role": "registrar", "at": iso(a.office.cases.now())}
    early = a.store.save([Edit("event_step", None, V, {"event": later, **said})], a.user).ids[0]
    resident = a.store.save([Edit("resident", None, V, {"name": "张文贵", "sex": "male"})], a.user).ids[0]
    assert a.sync().left.total == 1
    assert times(a, first) == {"report": 0}
    # Neither of what only stands behind the step in the frame.
    assert a.store.conn.execute("SELECT id FROM taken WHERE id IN (?, ?)", (early, resident)).fetchall() == []
    clock.at += 5 * HOUR
    event = {"title": "后到", "detail": "村口", "urgency": "normal"}
    a.store.save([Edit("event", later, V, event)], a.user)
    for one in (a, b):
        assert one.sync().in_agreement
        assert one.office.cases.received(one.office.cases.case(later)).keys() == {early}
        assert times(one, later) == {"report": 5}


receipts = st.lists(
    st.builds(
        lambda status, rev, taken: Receipt(0, status, rev, taken=taken),
        st.sampled_from(["accepted", "merged", "conflict"]),
        st.integers(1, 9),
        st.sampled_from([0, MONDAY * 1000, MONDAY * 1000 + 1]),
    ),
    max_size=12,
)


@given(receipts)
def test_receipts_say_of_each_step_its_own_time(some):
    told = Receipts.of(1, some).spread(range(len(some)))
    assert [found.taken for found, given in zip(told, some, strict=True) if given.taken] == [
        given.taken for given in some if given.taken
    ]

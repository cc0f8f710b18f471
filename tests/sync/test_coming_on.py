"""A request that was cut goes on at the byte; and where it can't, its frames go up anew and count once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import socket
import threading
import time

import pytest
import requests

from app.store.saving import Edit
from sync import squeezing
from sync.client import link as link_module
from sync.client.asking import Request
from sync.client.link import Cut
from sync.columns import WireError
from sync.county import arriving, parking
from sync.county.coming_on import READER, Coming, Requests
from sync.county.session import Session
from sync.wire import (
    MEDIA_TYPE,
    NUMBERS,
    RAW,
    STREAMED,
    End,
    Head,
    Reader,
    Receipts,
    Up,
    Writer,
    decode_up,
    encode,
    encode_up,
)  # fmt: skip
from tests.network.faults import Fault
from tests.network.proxy import BadLink
from tests.sync.conftest import VILLAGES
from tests.sync.test_bad_input import hello, person, stored
from tests.sync.test_conversing import post
from tests.sync.test_going_on import people

MANY = 900
NAME = b"a stream"


@pytest.fixture
def database(tmp_path):
    """Nothing here depends on what the county keeps its records in."""
    return tmp_path / "county.db"


@pytest.fixture
def link(county):
    # On loopback all of a request would be on its way at once, and what a cut costs could not be seen.
    with BadLink(county.url, rate=1_000_000) as made:
        yield made


@pytest.fixture
def far(desks, link):
    """A desk that has much to say, over the link."""
    desk = desks[0]
    desk.store.sync.moved(link.url)
    with desk.store.transaction():
        desk.store.meta.set("sync.rate", 32_000.0)
    desk.save(*people(MANY))
    return desk


class Swallowed(requests.Session):
    """A box on the way takes all of the first request, and hands so many bytes of it on."""

    def __init__(self, after):
        super().__init__()
        self._after = after

    def send(self, request, **options):
        if self._after:
            request.body, self._after = self._some(request.body, self._after), 0
        return super().send(request, **options)

    @staticmethod
    def _some(body, after):
        for piece in body:
            if after > 0:
                yield piece
            after -= len(piece)
        raise requests.ConnectionError("cut")


@pytest.fixture
def told(monkeypatch):
    """What the county answered those who asked how much of a request came."""
    found = []
    came = Requests.came

    async def noted(self, device, name):
        bytes_ = await came(self, device, name)
        if name:
            found.append(bytes_)
        return bytes_

    monkeypatch.setattr(Requests, "came", noted)
    return found


@pytest.fixture
def noticed(monkeypatch):
    """Waits until the county, too, has seen that the last request was cut."""
    comings, begun, cuts = [], Requests.begun, []

    def noted(self, device, reader):
        comings.append(begun(self, device, reader))
        return comings[-1]

    def wait(_seconds=0.0, most=60.0):
        cuts.append(1)
        until = time.monotonic() + most
        while (len(comings) < len(cuts) or not comings[-1].over) and time.monotonic() < until:
            time.sleep(0.01)

    monkeypatch.setattr(Requests, "begun", noted)
    return wait


def whole(desk, county, count):
    """Everything is at the county, once."""
    assert desk.store.count("resident") == count
    assert stored(county)[1] == count
    assert desk.sync().in_agreement


def test_an_upload_that_is_cut_costs_hardly_more_bytes(far, county, link, told, noticed):
    link.set_plan([Fault("cut_up", 20_000), Fault("none"), Fault("cut_up", 15_000)])
    assert far.sync(sleep=noticed).in_agreement
    assert link.met == {"cut_up": 2}
    assert len(told) == 2
    assert all(came > 15_000 for came in told)
    whole(far, county, MANY)
    # Uncut it is 47 bytes a person; with streams begun anew each of these cuts costs a third of all.
    assert link.passed.up < 55 * MANY


def test_what_was_saved_between_the_cuts_comes_behind(far, county, link, told, noticed):
    link.set_plan([Fault("cut_up", 20_000), Fault("none"), Fault("cut_up", 20_000)])

    def meanwhile(_seconds):
        noticed()
        far.save(*people(20, "后来"))

    assert far.sync(sleep=meanwhile).in_agreement
    assert min(told) > 0
    whole(far, county, MANY + 40)


def test_what_is_urgent_goes_before_the_rest_of_the_stream(far, county, link, told):
    link.set_plan([Fault("cut_up", 20_000)])
    seen = []

    def look(*_):
        seen.append((stored(county)[1], len(far.store.sync.urgent_frames()) or far.store.sync.urgent_unsent()))

    def urgent(_seconds):
        far.save(Edit("event", None, VILLAGES[0], {"title": "有人落水", "status": "registered"}))

    assert far.sync(sleep=urgent, progress=look).in_agreement
    assert far.store.count("event") == 1
    # It was there before the rest of the residents was.
    assert next(people for people, waiting in seen if people and not waiting) < MANY
    assert far.store.count("resident") == MANY


@pytest.mark.parametrize("lost", ["another process", "no longer held", "too long ago", "older county"])
def test_where_nothing_is_kept_the_frames_go_up_anew(far, county, link, told, monkeypatch, lost):
    if lost == "another process":
        monkeypatch.setattr(Requests, "begun", lambda _self, _device, reader: Coming(reader))
    elif lost == "no longer held":
        monkeypatch.setattr(squeezing, "MOST_HELD", 100)
    elif lost == "too long ago":
        monkeypatch.setattr(parking, "MINUTE", 0.0)
    else:
        with far.store.transaction():
            far.store.meta.set("sync.capabilities", [STREAMED, NUMBERS])
    link.set_plan([Fault("cut_up", 20_000), Fault("none"), Fault("cut_up", 20_000)])
    assert far.sync().in_agreement
    if lost in {"another process", "too long ago"}:
        assert set(told) <= {-1}
    whole(far, county, MANY)


def test_a_stream_that_is_lost_after_the_county_told_of_it_is_begun_anew(far, county, link, noticed, monkeypatch):
    came, found = Requests.came, []

    async def forgetful(self, device, name):
        if name:
            found.append(await came(self, device, name))
            self._coming.drop(device)
        return found[-1] if name else -1

    monkeypatch.setattr(Requests, "came", forgetful)
    link.set_plan([Fault("cut_up", 20_000)])
    assert far.sync(sleep=lambda _: noticed(most=0.5)).in_agreement
    assert found[0] > 0
    assert set(found[1:]) <= {-1}
    whole(far, county, MANY)


def test_a_cut_within_the_hello_leaves_nothing_to_go_on_with(far, county, link, monkeypatch):
    async def early(_self, _device, name):
        return 9 if name else -1

    monkeypatch.setattr(Requests, "came", early)
    link.set_plan([Fault("cut_up", 20_000)])
    assert far.sync().in_agreement
    whole(far, county, MANY)


def test_the_rest_of_a_stream_never_overtakes_a_frame_that_came_but_is_not_in_yet(
    far, county, link, noticed, monkeypatch
):
    """Steps of a case count in the order in which they are in: the later one first would be a contested one."""
    monkeypatch.setattr(arriving, "_PATIENCE", 0.05)
    take, sessions, release, taken = Session.take, [], threading.Event(), []

    def slow(self, content):
        if self not in sessions:
            sessions.append(self)
        if self is sessions[0]:
            release.wait(60)
        else:
            taken.append(decode_up(content).number)
        take(self, content)

    monkeypatch.setattr(Session, "take", slow)
    link.set_plan([Fault("cut_up", 30_000)])
    try:
        assert far.sync(sleep=noticed).in_agreement
    finally:
        release.set()
    assert taken[:3] == [1, 2, 3]
    whole(far, county, MANY)


@pytest.mark.parametrize("refusal", ["said", "not heard"])
def test_a_county_that_tells_of_a_stream_but_never_goes_on_with_it_gets_another(
    desks, county, link, told, noticed, refusal, monkeypatch
):
    # Where two processes take turns, the one that is asked may never be the one that is to go on.
    monkeypatch.setattr(Requests, "cut", lambda _self, _device: None)
    if refusal == "not heard":
        monkeypatch.setattr(link_module, "refusal", lambda _response: Cut("reset"))
    desk = desks[0]
    desk.store.sync.moved(link.url)
    # Each in a frame of its own, that can't be made smaller.
    detail = [secrets.token_hex(5000) for _ in range(21)]
    long = [Edit("event", None, VILLAGES[0], {"title": "长", "detail": some, "urgency": "normal"}) for some in detail]
    with desk.store.transaction():
        desk.store.meta.set("sync.rate", 8_000.0)
    desk.save(*long)
    link.set_plan([Fault("cut_up", 20_000)])
    assert desk.sync(sleep=lambda _: noticed(most=0.3)).in_agreement
    assert max(told) > 0
    assert (desk.store.count("event"), stored(county)[1]) == (21, 21)


def test_who_has_nothing_more_to_say_asks_for_no_stream(far, county, monkeypatch):
    """The end of the request was cut, and nothing else of it."""
    begun, begin = [], Request._begin

    def noted(self, ask):
        begun.append((bool(self._open), bool(self._again[0])))
        return begin(self, ask)

    monkeypatch.setattr(Request, "_begin", noted)
    far.store.sync.moved(county.url)
    assert far.sync(http=Swallowed(1 << 30), sleep=lambda _: time.sleep(0.2)).in_agreement
    assert begun[0] == (False, False)
    assert begun[-1] == (False, False)
    whole(far, county, MANY)


def test_what_is_urgent_ends_a_stream_that_goes_out_once_more_at_the_frame_in_flight(far, county, link, monkeypatch):
    far.save(
        *[Edit("resident", None, VILLAGES[0], {"name": "长", "remark": secrets.token_hex(900)}) for _ in range(60)]
    )
    body, saved, after = Request._body, [], []

    def slower(self, frames, ask):
        again = False
        for piece in body(self, frames, ask):
            again = again or (bool(self._again[0]) and not saved)
            if again and not saved:
                saved.append(self)
                far.save(Edit("event", None, VILLAGES[0], {"title": "有人落水", "status": "registered"}))
            elif saved and self is saved[0]:
                after.append(len(piece))
            yield piece

    monkeypatch.setattr(Request, "_body", slower)
    far.store.sync.moved(county.url)
    assert far.sync(http=Swallowed(20_000), sleep=lambda _: time.sleep(0.2)).in_agreement
    assert saved
    assert sum(after) < 20_000
    assert far.store.count("event") == 1
    assert far.store.count("resident") == MANY + 60


@pytest.mark.parametrize("change", ["new_incarnation", "void"])
def test_a_device_that_renumbered_its_frames_begins_anew(far, county, link, change):
    def meanwhile(_seconds):
        if change == "void":
            far.store.sync.void(far.store.sync.open_frames()[-1].number)
        else:
            far.store.sync.new_incarnation()

    link.set_plan([Fault("cut_up", 20_000)])
    assert far.sync(sleep=meanwhile).in_agreement
    whole(far, county, MANY)


@pytest.mark.parametrize("kind", ["late", "twice", "wait", "garbage_up", "stall_up", "cut_at", "cut_between"])
def test_a_stream_survives_whatever_else_befalls_the_requests_that_go_on_with_it(far, county, link, kind):
    plan = [
        Fault("cut_up", 20_000),
        Fault("none"),
        Fault(kind, 6_000, 0.03),
        Fault(kind, 400, 0.01),
        Fault("cut_up", 9_000),
    ]
    link.set_plan(plan)
    for _ in range(6):
        if far.sync().in_agreement:
            break
    link.deliver()
    whole(far, county, MANY)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_between_cuts_both_hold_the_same_in_the_end(desks, link, noticed, seed):
    chance = random.Random(seed)
    a, b = desks
    a.store.sync.moved(link.url)
    made = []

    def work(_seconds=0):
        edits = people(chance.randrange(1, 200))
        edits += [
            Edit("resident", record_id, VILLAGES[0], {"name": f"改{chance.random()}"})
            for record_id in chance.sample(made, len(made) // 5)
        ]
        made.extend(a.save(*edits).ids[:50])
        if made and chance.random() < 0.3:
            b.sync()
            b.save(Edit("resident", chance.choice(made), VILLAGES[0], {"remark": f"乙{chance.random()}"}))

    for _ in range(4):
        for _ in range(4):
            work()
        link.set_plan([Fault("cut_up", chance.randrange(300, 25_000)) for _ in range(chance.randrange(6))])
        a.sync(sleep=work if chance.random() < 0.5 else lambda _: noticed(most=0.1))
    link.set_plan([])
    for desk in (a, b, a, b):
        report = desk.sync()
    assert report.in_agreement
    assert a.sync().in_agreement
    assert a.store.sync.digests() == b.store.sync.digests()


# -- the county ------------------------------------------------------------------------------------


def post_bytes(county, device, body):
    headers = {"Authorization": f"Bearer {device.token}", "Content-Type": MEDIA_TYPE}
    return requests.post(f"{county.url}/v1/exchange", data=body, headers=headers, timeout=60)


def head(answer):
    found = next(iter(Reader().feed(answer.content)))
    assert isinstance(found, Head)
    return found


class Hanging:
    """A request of which only a part is sent."""

    def __init__(self, county, device, data):
        host, port = county.url.removeprefix("http://").split(":")
        self._sock = socket.create_connection((host, int(port)), timeout=60)
        head = (
            f"POST /v1/exchange HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {device.token}\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: 100000\r\n\r\n"
        )
        self._sock.sendall(head.encode() + data)

    def send(self, data):
        self._sock.sendall(data)

    def ended(self):
        """The status of the answer."""
        return int(self._sock.recv(1 << 12).split()[1])

    def close(self):
        self._sock.close()


@contextlib.contextmanager
def hanging(county, device, data):
    """The request has come so far, the county has taken what is whole in it, and the line stays open."""
    frames = stored(county)[0]
    with contextlib.closing(Hanging(county, device, data)) as line:
        until = time.monotonic() + 60
        while stored(county)[0] == frames and time.monotonic() < until:
            time.sleep(0.01)
        yield line


def frame(number):
    return Up(encode_up(number, [person(number, number)], RAW))


def test_a_request_goes_on_with_no_stream_and_no_place_but_its_own(county):
    device, other = county.enrolment(), county.enrolment("李干事")
    writer = Writer(3, NAME)
    writer.write(hello(device), frame(1))
    again = writer.again(writer.total - 1)
    for who in (device, other):
        answer = post_bytes(county, who, encode(hello(who)) + again)
        assert (answer.status_code, answer.json()["code"]) == (503, "sync.busy")
    told = post(county, other, hello(other, onward=NAME))
    assert next(iter(Reader().feed(told.content))).came == -1
    assert stored(county)[0] == 0


def test_nobody_is_told_of_anothers_stream(county):
    device, other = county.enrolment(), county.enrolment("李干事")
    writer = Writer(3, NAME)
    data = writer.write(hello(device), frame(1))
    with hanging(county, device, data):
        assert head(post(county, other, hello(other, onward=NAME))).came == -1
        assert head(post(county, device, hello(device, onward=b"another1"))).came == -1
        # It is the head alone that isn't in the stream.
        assert head(post(county, device, hello(device, onward=NAME))).came == writer.total


def test_a_line_that_died_unnoticed_brings_no_more_once_the_device_has_asked(county):
    device = county.enrolment()
    writer = Writer(3, NAME)
    first = writer.write(hello(device), frame(1))
    with hanging(county, device, first) as old:
        came = head(post(county, device, hello(device, asked=(1,), onward=NAME))).came
        assert came == writer.total
        late = writer.write(frame(2), frame(3))
        old.send(late)
        assert old.ended() == 503
        assert stored(county)[0] == 1
        answer = post_bytes(county, device, encode(hello(device)) + writer.again(came))
    left = list(Reader().feed(answer.content))
    assert [item.number for item in left if isinstance(item, Receipts)] == [2, 3]
    assert isinstance(left[-1], End)
    assert stored(county)[0] == 3


def test_nobody_goes_on_with_a_stream_that_is_still_being_read(county):
    device = county.enrolment()
    writer = Writer(3, NAME)
    first = writer.write(hello(device), frame(1))
    with hanging(county, device, first) as line:
        came = writer.total
        second = writer.write(frame(2))
        assert post_bytes(county, device, encode(hello(device)) + writer.again(came)).status_code == 503
        line.send(second)
        until = time.monotonic() + 60
        while stored(county)[0] < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert stored(county)[0] == 2


def test_a_stream_is_gone_on_with_once(county):
    device = county.enrolment()
    writer = Writer(3, NAME)
    first = writer.write(hello(device), frame(1))
    with hanging(county, device, first):
        came = head(post(county, device, hello(device, asked=(1,), onward=NAME))).came
        writer.write(frame(2))
        body = encode(hello(device)) + writer.again(came)
        assert post_bytes(county, device, body).status_code == 200
        assert post_bytes(county, device, body).status_code == 503
    assert stored(county)[0] == 2


def test_two_readers_never_share_a_stream():
    writer = Writer(3, NAME)
    data = writer.write(*[Receipts(number) for number in range(100)])
    cut = Reader()
    list(cut.feed(data[:60]))
    one, two = Reader(cut=cut), Reader(cut=cut)
    again = writer.again(cut.resume[1])
    list(one.feed(again))
    with pytest.raises(WireError):
        list(two.feed(again))
    assert cut.resume == (b"", 0)


def test_requests_that_were_cut_are_kept_as_long_as_there_is_room(monkeypatch):
    monkeypatch.setattr(parking, "MOST", 3 * READER + 1000)

    def reader(name):
        found = Reader()
        list(found.feed(Writer(3, name).write(Receipts(1))))
        return found

    async def go():
        requests, names = Requests(), [secrets.token_bytes(8) for _ in range(5)]
        for number, name in enumerate(names):
            requests.ended(f"{number}", requests.begun(f"{number}", reader(name)), cut=True)
        whole_one = requests.begun("whole", reader(NAME))
        requests.ended("whole", whole_one, cut=False)
        kept = [await requests.came(f"{number}", name) > 0 for number, name in enumerate(names)]
        return kept, await requests.came("whole", NAME)

    assert asyncio.run(go()) == ([False, False, True, True, True], -1)

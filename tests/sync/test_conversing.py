"""One request at the county: read ahead, applied in turn, answered as soon as something is applied."""

from __future__ import annotations

import random
import socket
import threading
import time

import pytest
import requests

from sync.county import lanes
from sync.county.applying import Applier
from sync.wire import MEDIA_TYPE, RAW, End, Head, Problem, Reader, Receipts, Up, encode, encode_up
from tests.sync.test_bad_input import hello, person, stored

FRAMES = 6


@pytest.fixture
def device(county):
    return county.enrolment()


@pytest.fixture
def gate(monkeypatch):
    """The county applies frame 1, and waits with the second until this is set."""
    opened = threading.Event()
    apply = Applier.apply

    def slow(self, rights, who, incarnation, content, now, **more):
        if b"second" in content:
            assert opened.wait(30)
        return apply(self, rights, who, incarnation, content, now, **more)

    monkeypatch.setattr(Applier, "apply", slow)
    return opened


def frames():
    """Frames of 12 KB each, one of which says that it is the second."""
    for number in range(1, FRAMES + 1):
        text = random.Random(number).randbytes(3_000).hex()
        # A field that this county doesn't know is carried, however long.
        said = [("second" if number == 2 else "") + text, text[::-1]]
        changes = [person(number * 10 + n, number * 10 + n, later=later) for n, later in enumerate(said)]
        yield Up(encode_up(number, changes, RAW))


def post(county, device, *messages):
    headers = {"Authorization": f"Bearer {device.token}", "Content-Type": MEDIA_TYPE}
    body = b"".join(map(encode, messages))
    return requests.post(f"{county.url}/v1/exchange", data=body, headers=headers, timeout=60, stream=True)


def messages_of(answer):
    reader = Reader()
    for data in answer.iter_content(None):
        yield from reader.feed(data)


def test_the_first_receipts_go_out_while_later_frames_are_being_applied(county, device, gate):
    answer = messages_of(post(county, device, hello(device), *frames()))
    assert isinstance(next(answer), Head)
    assert next(answer).number == 1
    assert stored(county)[0] == 1
    gate.set()
    left = list(answer)
    assert [item.number for item in left if isinstance(item, Receipts)] == list(range(2, FRAMES + 1))
    assert isinstance(left[-1], End)
    assert stored(county)[:2] == [FRAMES, 2 * FRAMES]


def test_receipts_wait_neither_for_the_watch_over_other_peoples_cases_nor_for_what_is_read_after_it(
    county, device, monkeypatch
):
    opened, looked = threading.Event(), threading.Event()

    def look(_most):
        opened.wait(10)
        looked.set()

    monkeypatch.setattr(county.county.watching, "look", look)
    answer = messages_of(post(county, device, hello(device), Up(encode_up(1, [person(1, 1)]))))
    assert isinstance(next(answer), Head)
    assert next(answer).number == 1
    assert not looked.is_set()
    opened.set()
    assert [type(item) for item in answer if not isinstance(item, Receipts)][-1] is End


def test_a_frame_that_cannot_be_read_ends_an_answer_that_has_begun(county, device, gate):
    answer = messages_of(post(county, device, hello(device), *frames(), Up(b"nothing of the kind")))
    assert isinstance(next(answer), Head)
    gate.set()
    left = list(answer)
    assert [item.number for item in left[:-1]] == list(range(1, FRAMES + 1))
    assert left[-1] == Problem("sync.garbage")
    assert stored(county)[:2] == [FRAMES, 2 * FRAMES]


def test_what_came_whole_is_applied_though_the_device_has_gone(county, device, gate):
    host, port = county.url.removeprefix("http://").split(":")
    body = b"".join(map(encode, [hello(device), *frames()]))
    head = (
        f"POST /v1/exchange HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {device.token}\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body) + 100}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as sock:
        sock.sendall(head.encode() + body)
        while not stored(county)[0]:
            time.sleep(0.01)
    gate.set()
    until = time.monotonic() + 30
    while stored(county)[0] < FRAMES and time.monotonic() < until:
        time.sleep(0.01)
    assert stored(county)[:2] == [FRAMES, 2 * FRAMES]


def test_frames_are_read_ahead_no_further_than_there_is_room(county, device, gate, monkeypatch):
    monkeypatch.setattr(lanes, "AHEAD", 0)
    threading.Timer(0.2, gate.set).start()
    answer = post(county, device, hello(device), *frames(), Up(b"nothing of the kind"))
    # Only one frame was held at a time, so the answer had not begun when the last was read.
    assert answer.status_code == 400
    assert stored(county)[:2] == [FRAMES, 2 * FRAMES]

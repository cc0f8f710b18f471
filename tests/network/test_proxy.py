"""The proxy of faults does to a request what its name says, and is otherwise a wire."""

from __future__ import annotations

import contextlib
import random
import socketserver
import threading
import time

import pytest
import requests

from tests.network.faults import KINDS, Fault, draw
from tests.network.proxy import BadLink

BODY = random.Random(3).randbytes(20_000)


class Deaf(socketserver.ThreadingTCPServer):
    """Answers every request with its body, and keeps what it was told."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.heard = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(socketserver.StreamRequestHandler):
    def handle(self):
        # Devices that hang up are what this is about.
        with contextlib.suppress(OSError):
            self._answer()

    def _answer(self):
        while head := self._head():
            # Without a length it reads until the connection ends.
            size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 1 << 20)
            body = self.rfile.read(size)
            if len(body) < size:
                self.server.heard.append(("part", body))
                return
            self.server.heard.append(("whole", body))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + body)

    def _head(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.rfile.read(1)
            if not byte:
                return b""
            head += byte
        return head


@pytest.fixture
def there():
    with Deaf() as server:
        yield server
        server.shutdown()


@pytest.fixture
def link(there):
    with BadLink(there.url) as made:
        yield made


def post(link, session=requests, body=BODY, timeout=10):
    """The answer, or None for a broken connection."""
    try:
        answer = session.post(link.url, data=body, timeout=timeout)
        return answer if answer.status_code != 200 else answer.content
    except requests.RequestException:
        return None


def whole(there):
    return sum(how == "whole" for how, _ in there.heard)


def wait_for(truth):
    end = time.monotonic() + 10
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize("kind", ["refuse", "cut_up", "stall_up"])
def test_a_request_that_is_cut_on_its_way_never_comes_whole(link, there, kind):
    link.set_plan([Fault(kind, 900, 0.0)])
    assert post(link) is None
    assert post(link) == BODY
    assert whole(there) == 1
    assert link.met == {kind: 1}


def test_a_cut_by_time_falls_wherever_the_request_is(link, there):
    link.set_plan([Fault("cut_at", seconds=0.05)])
    with requests.Session() as session, pytest.raises(requests.ConnectionError):
        session.post(link.url, data=iter(lambda: time.sleep(0.01) or b"more", b""), timeout=60)
    assert whole(there) == 0
    assert link.met == {"cut_at": 1}
    assert post(link) == BODY


@pytest.mark.parametrize("kind", ["cut_down", "stall_down", "cut_between"])
def test_an_answer_that_is_cut_was_given(link, there, kind):
    link.set_plan([Fault(kind, 900, 0.05)])
    assert post(link) is None
    assert whole(there) == 1


def test_bytes_before_the_cut_do_arrive(link, there):
    link.set_plan([Fault("cut_up", 5_000)])
    assert post(link) is None
    wait_for(lambda: there.heard)
    (how, got), *_ = there.heard
    assert how == "part"
    assert BODY.startswith(got)
    assert 4_000 < len(got) < 5_000


@pytest.mark.parametrize(("kind", "changed"), [("garbage_up", 1), ("garbage_down", 1), ("insert_down", 12)])
def test_garbage_is_what_it_says(link, there, kind, changed):
    link.set_plan([Fault(kind, 10_000)])
    got = post(link)
    if kind == "insert_down":
        assert got[:9_000] == BODY[:9_000]
        assert b"<script>" in got
    else:
        assert sum(a != b for a, b in zip(got, BODY, strict=True)) == changed


def test_a_gateway_before_the_county_answers_for_it(link, there):
    link.set_plan([Fault("bad_gateway"), Fault("portal"), Fault("gateway_timeout")])
    assert post(link).status_code == 502
    assert "登录" in post(link).decode()
    assert whole(there) == 0
    assert post(link).status_code == 504
    assert whole(there) == 1


def test_a_late_request_comes_after_later_ones(link, there):
    link.set_plan([Fault("late")])
    assert post(link, body=b"first") is None
    assert post(link, body=b"second") == b"second"
    assert post(link, body=b"third") == b"third"
    wait_for(lambda: len(there.heard) == 3)
    assert sorted(body for _, body in there.heard) == [b"first", b"second", b"third"]
    assert there.heard[0] == ("whole", b"second")


def test_a_request_is_delivered_twice(link, there):
    link.set_plan([Fault("twice")])
    assert post(link) == BODY
    assert link.deliver() == 1
    assert [body for _, body in there.heard] == [BODY, BODY]
    assert link.deliver() == 0


def test_a_request_may_wait_for_a_later_connection(link, there):
    link.set_plan([Fault("wait", seconds=10)])
    first = threading.Thread(target=post, args=(link,), kwargs={"body": b"first"})
    first.start()
    wait_for(lambda: link.passed.requests)
    post(link, body=b"second")
    first.join()
    assert [body for _, body in there.heard] == [b"second", b"first"]


def test_each_request_of_one_connection_takes_the_next_fault(link, there):
    with requests.Session() as session:
        assert post(link, session) == BODY
        link.set_plan([Fault("none"), Fault("cut_up", 10)])
        assert post(link, session) == BODY
        assert post(link, session) is None
        assert post(link, session) == BODY
    assert link.passed.connections == 2


def test_connection_refused(link, there):
    with link.refusing(), pytest.raises(requests.ConnectionError, match="refused"):
        requests.post(link.url, data=BODY, timeout=60)
    assert post(link) == BODY


def test_open_connections_can_be_hung_up(link, there):
    with requests.Session() as session:
        assert post(link, session) == BODY
        link.hang_up()
        assert post(link, session) == BODY


def test_every_kind_of_fault_ends_and_leaves_the_link_whole(link, there):
    chance = random.Random(7)
    for kind in KINDS:
        link.set_plan([draw(chance, kinds=[kind]) for _ in range(3)])
        for _ in range(3):
            post(link, timeout=0.3)
        link.set_plan([])
        assert post(link) == BODY, kind
    assert set(link.met) == set(KINDS)

"""The slow link: nothing is changed on its way, everything is counted, and the rate is kept."""

from __future__ import annotations

import http.server
import random
import threading

import pytest
import requests

from app.bench.link import Lane, SlowLink
from app.bench.requests_seen import RequestsSeen


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self._body()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self):
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size + 2)[:-2]
        self.rfile.readline()
        return body

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def echo():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("how", [{}, {"rate": 4_000_000, "round_trip": 0.01}])
def test_what_goes_through_is_unchanged_and_counted(echo, how):
    body = random.Random(1).randbytes(300_000)
    with SlowLink(echo, **how) as link, requests.Session() as session:
        before = link.passed
        assert session.post(link.url, data=body).content == body
        assert session.post(link.url, data=iter([body[:70_000], body[70_000:]])).content == body
        there = link.passed - before
    assert (there.requests, there.connections) == (2, 1)
    assert 600_000 < there.up < 602_000
    assert 600_000 < there.down < 602_000


def test_a_county_that_does_not_answer_is_no_answer(echo):
    with SlowLink("http://127.0.0.1:9") as link, pytest.raises(requests.ConnectionError):
        requests.post(link.url, data=b"x")


def test_a_lane_takes_as_long_as_its_rate_says_whatever_the_pieces():
    lane = Lane(1_000)
    assert lane.through(10.0, 500) == pytest.approx(10.48)
    # What is ready while the lane is taken waits its turn; a lane that was free has no more than a moment to give.
    assert lane.through(10.1, 500) == pytest.approx(10.98)
    assert lane.through(60.0, 100) == pytest.approx(60.08)
    assert lane.passed == 1_100


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
def test_requests_are_told_apart_however_they_are_cut_up(piece):
    sent = [
        b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n0\r\n\r\nGET /\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1a\r\n" + b"z" * 26 + b"\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    ]
    seen, ends, stream = RequestsSeen(), [], b"".join(sent)
    passed = 0
    for start in range(0, len(stream), piece):
        data = stream[start : start + piece]
        while data:
            used, before = seen.feed(data), seen.ended
            assert before >= len(ends)
            passed += used
            data = data[used:]
            if seen.ended > len(ends):
                ends.append(passed)
    assert ends == [sum(len(part) for part in sent[: n + 1]) for n in range(len(sent))]
    assert seen.begun == len(sent)
    assert not seen.within

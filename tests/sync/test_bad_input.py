"""Whatever arrives at the county: a clear status, nothing stored, nothing told, and it goes on."""

from __future__ import annotations

import contextlib
import itertools
import resource
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import msgpack
import pytest
import requests
import schemathesis
import sqlalchemy as sa
import zstandard
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from app.schema.record import AREA, Change
from sync.county import conversing, lanes, office
from sync.county.tables import ASIDE, ENTRY, FRAME, HISTORY
from sync.wire import MEDIA_TYPE, Down, Hello, Reader, Receipts, Up, encode, encode_up, scope_tag
from tests.sync.conftest import OTHER, VILLAGES, Running

V, FAR = VILLAGES[0], "990001102201"
_people = itertools.count(1)


@pytest.fixture
def device(county):
    return county.enrolment()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def standing(request, tmp_path_factory, forms):
    """One county that gets all of it, one after the other."""
    lite = request.param == "sqlite"
    database = tmp_path_factory.mktemp("standing") / "county.db" if lite else request.getfixturevalue("postgres_url")
    with Running(database, forms).serving() as running:
        yield running


def hello(device, /, **changed):
    held = {
        "version": 1, "county": device.county, "device": device.device, "incarnation": "inc", "epoch": 1, "clock": 0,
        "scope": b"", "cursors": {},
    } | changed  # fmt: skip
    return Hello(**held)


def ask(county, device, *messages, raw=None, token=None):
    body = raw if raw is not None else b"".join(map(encode, messages))
    headers = {"Authorization": f"Bearer {token or device.token}", "Content-Type": MEDIA_TYPE}
    return requests.post(f"{county.url}/v1/exchange", data=body, headers=headers, timeout=60)


def person(number, counter, area=V, **values):
    held = {AREA: area, "name": "张文贵", **values}
    return Change("resident", f"0190{number:028x}", area, held, dict.fromkeys(held, 0), 1_760_000_000_000, counter, "u")


def stored(county):
    with county.county.database.snapshot() as conn:
        code = county.county.code
        return [
            conn.scalar(sa.select(sa.func.count()).select_from(t).where(t.c.county == code))
            for t in (FRAME, HISTORY, ENTRY, ASIDE)
        ]


def gained(county, before):
    return [now - then for now, then in zip(stored(county), before, strict=True)]


def alive(county):
    return requests.get(f"{county.url}/v1/status", timeout=30).json()["county"] == county.county.code


def message(kind, body):
    return struct.pack(">IB", len(body), ord(kind)) + body


def frame(**body):
    return zstandard.compress(msgpack.packb({"v": 1, "n": 1, "r": []} | body))


def run(**changed):
    return {
        "f": "resident", "n": 1, "i": [5, [0, 1], [0, 1]], "c": [0, 1], "t": [0, 1], "u": [0, "u"], "a": [0, V],
        "k": ["name"], "v": [[0, "张"]],
    } | changed  # fmt: skip


def nested(depth):
    return b"\x91" * depth + b"\x00"


HOSTILE = {
    "a map nested a hundred thousand deep": zstandard.compress(nested(100_000)),
    "a bomb that says its size": zstandard.compress(bytes(1 << 27)),
    "a bomb that says none": zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 27)),
    "a bomb that lies about its size": b"\x28\xb5\x2f\xfd\x20\x05" + zstandard.compress(bytes(1 << 24))[6:],
    "an array of four billion": zstandard.compress(b"\x83\xa1v\x01\xa1n\x01\xa1r\xdd\xff\xff\xff\xff"),
    "a text of four billion bytes": zstandard.compress(b"\x81\xdb\xff\xff\xff\xff"),
    "fifty thousand rows twice": frame(r=[run(n=50_000)] * 2),
    "a count of 2^63": frame(r=[run(n=2**63)]),
    "a negative count": frame(r=[run(n=-1)]),
    "fewer values than rows": frame(r=[run(n=3, v=[[1, ["张"]]])]),
    "two fields of one name": frame(r=[run(k=["name", "name"], v=[[0, "a"], [0, "b"]])]),
    "cells without end": frame(r=[run(n=50_000, k=[f"f{n}" for n in range(200)], v=[[0, 1]] * 200)]),
    "a number as id": frame(r=[run(i=7)]),
    "a list as value": frame(r=[run(v=[[1, [["a"]]]])]),
    "an index beyond its table": frame(r=[run(v=[[2, ["a"], b"\x09"]])]),
    "another version": frame(v=9),
    "no map": zstandard.compress(msgpack.packb([1])),
    "not msgpack": zstandard.compress(b"\xc1"),
    "not zstd": b"nothing of the kind",
    "nothing": b"",
    "text that is no UTF-8": zstandard.compress(b"\x83\xa1v\x01\xa1n\x01\xa1r\x91\x81\xa1f\xa2\xff\xff"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_frame_is_refused_and_the_one_before_it_stays(standing, name):
    device, before = standing.enrolment(), stored(standing)
    good = Up(encode_up(5, [person(next(_people), 1)]))
    answer = ask(standing, device, hello(device), good, Up(HOSTILE[name]))
    assert answer.status_code in {400, 413, 426}, answer.text
    assert set(answer.json()) <= {"code", "message", "least", "version"}
    assert "张" not in answer.text
    assert gained(standing, before) == [1, 1, 1, 0]
    assert alive(standing)


@pytest.mark.parametrize(
    "body",
    [
        message("H", nested(100_000)),
        message("H", zstandard.compress(bytes(1 << 27))),
        message("H", msgpack.packb({"version": "2"})),
        message("H", msgpack.packb({"version": 1, "cursors": [[]] * 9})),
        message("H", msgpack.packb([])),
        message("H", b""),
        message("Z", b"") + b"\xff" * 100,
        message("?", b"x" * 1000),
        b"\x00\x20\x00\x01H",
        b"\xff" * 64,
    ],
)
def test_a_hostile_hello_is_refused(standing, body):
    device, before = standing.enrolment(), stored(standing)
    assert ask(standing, device, raw=body).status_code in {400, 413}
    assert stored(standing) == before
    assert alive(standing)


@pytest.mark.parametrize(
    "changed",
    [
        {"incarnation": "a\0b"},
        {"incarnation": "x" * 10_000},
        {"incarnation": ""},
        {"clock": 2**62},
        {"cursors": {"ordinary": (-5, b"")}},
        {"cursors": {"no such class": (0, b"")}},
        {"behind": (("ordinary", V, -(2**62)),)},
        {"behind": tuple(("ordinary", f"{n}", n) for n in range(20_000))},
        {"have": ((-(2**60), 2**60),)},
        {"asked": (-1, 2**62)},
        {"void": (-(2**62),)},
        {"asked": tuple(range(1, 20_000))},
        {"void": tuple(range(1, 20_000))},
        {"void": tuple(range(1, 20_002))},
        {"size": -1, "level": -(2**40)},
        {"size": 2**60, "level": 2**60},
        {"want": ("x" * 1000,) * 100},
        {"program": "\0" * 5000},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_numbers_and_names_beyond_all_measure_break_nothing(standing, changed):
    device, before = standing.enrolment(), stored(standing)
    tag = scope_tag(device.areas, device.streams)
    answer = ask(standing, device, hello(device, scope=tag, **changed))
    assert answer.status_code in {200, 400, 413, 422}, answer.text
    assert gained(standing, before)[1:] == [0, 0, 0]
    assert alive(standing)


def test_text_that_the_database_can_not_hold_holds_up_nothing_behind_it(county, device):
    good = person(9, 9)
    bad = [
        person(1, 1, remark="a\0b"),
        Change("no\0form", person(2, 0).id, V, {AREA: V}, {}, 5, 2, "u"),
        Change("resident", person(3, 0).id, "99\0", {AREA: "99\0", "name": "张"}, {}, 5, 3, "u"),
        Change("resident", person(4, 0).id, V, {AREA: V, "name": "张"}, {}, 5, 4, "u\0"),
        Change("resident", person(5, 0).id, V, {AREA: V, "name": "张", "f\0": "x\0"}, {"f\0": 0}, 5, 5, "u"),
        Change("resident", person(6, 0).id, V, {AREA: V, "name": 10**30 and 2**62}, {}, -(2**62), 6, "u"),
    ]
    answer = ask(county, device, hello(device), Up(encode_up(1, [*bad, good])))
    assert answer.status_code == 200, answer.text
    (receipts,) = [found for found in Reader().feed(answer.content) if isinstance(found, Receipts)]
    assert receipts.spread([*range(1, 7), 9])[-1].status == "accepted"
    again = ask(county, device, hello(device, asked=(1,)))
    assert again.status_code == 200


def test_a_number_is_no_text_and_a_day_is_spelled_in_one_way(county, device):
    """What people may type isn't what travels: kept as it came, it would count otherwise than it stands in its column."""
    home = {AREA: V, "address": "村口1号", "area_m2": 90.5, "rented": True}
    odd = [{"area_m2": "90.5"}, {"rented": "是"}, {"rented": 1.5}, {"address": 7}]
    made = [
        Change("dwelling", f"0190{n:028x}", V, {**home, **said}, {}, 1, n, "u") for n, said in enumerate([{}, *odd], 1)
    ]
    people = [person(10, 10, birth_date="1980-01-31"), person(11, 11, birth_date="1980年1月31日")]
    answer = list(Reader().feed(ask(county, device, hello(device), Up(encode_up(1, [*made, *people]))).content))
    (receipts,) = [message for message in answer if isinstance(message, Receipts)]
    found = [receipt.code for receipt in receipts.spread([1, 2, 3, 4, 5, 10, 11])]
    assert found == ["", *["sync.faulty"] * 4, "", "sync.faulty"]
    assert all(row.sound for row in office.digest(county.county))


def test_a_token_is_its_own_devices_and_no_others(county, device):
    other = county.enrolment("李干事", areas=(OTHER,))
    content = Up(encode_up(1, [person(1, 1)]))
    assert ask(county, device, hello(device), content).status_code == 200
    before = stored(county)
    # A replayed request under another's token, one's own token with another's name, and another's frame numbers.
    assert ask(county, device, hello(device), content, token=other.token).status_code == 403
    assert ask(county, other, hello(device), content).status_code == 403
    for forged in ("", "x", device.token[:-1], device.token + "x", device.token.swapcase(), "Ω" * 8):
        header = {"Authorization": f"Bearer {forged}".encode()}
        answer = requests.post(f"{county.url}/v1/exchange", data=b"", headers=header, timeout=30)
        assert answer.status_code == 401
    assert stored(county) == before
    asked = ask(county, other, hello(other, asked=(1,)))
    (verdict,) = [found for found in Reader().feed(asked.content) if isinstance(found, Receipts)]
    assert (verdict.known, verdict.first, verdict.content) == (False, 0, b"")


def test_a_scope_that_is_not_ones_own_gives_nothing(county, device):
    other = county.enrolment("李干事", areas=(OTHER,))
    assert ask(county, other, hello(other), Up(encode_up(1, [person(1, 1, FAR)]))).status_code == 200
    # It says that it holds the other's streams, at 0 and behind: the county knows better.
    tag = scope_tag(device.areas, device.streams)
    behind = (("ordinary", FAR, 0), ("mediation", FAR, 0))
    answer = ask(county, device, hello(device, scope=tag, cursors={"ordinary": (0, b"")}, behind=behind))
    assert answer.status_code == 200
    assert [
        found for found in Reader().feed(answer.content) if isinstance(found, Down) and b"\xe5\xbc\xa0" in found.content
    ] == []
    assert b"0190" not in answer.content
    # And what it writes there is refused.
    answer = ask(county, device, hello(device), Up(encode_up(2, [person(7, 7, FAR)])))
    (verdict,) = [found for found in Reader().feed(answer.content) if isinstance(found, Receipts)]
    assert verdict.spread([7])[0].code == "sync.not_allowed"


def test_a_body_without_end_is_cut_off_and_memory_stays_flat(county, device, monkeypatch):
    monkeypatch.setattr(conversing, "_MOST_BODY", 24 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = 0

    def endless():
        nonlocal sent
        yield encode(hello(device))
        stuffing = message("?", bytes(1 << 20))
        while sent < 512 << 20:
            sent += len(stuffing)
            yield stuffing

    with contextlib.suppress(requests.ConnectionError):  # the line is closed on who goes on sending
        assert ask(county, device, raw=endless()).status_code == 413
    assert sent < 512 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10  # KB
    assert stored(county) == [0, 0, 0, 0]
    assert alive(county)


def test_slow_bodies_hold_neither_a_thread_nor_a_connection(county, device):
    host, port = county.url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/exchange HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {device.token}\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: 100000\r\n\r\n"
    )
    slow = []
    try:
        for _ in range(3 * (lanes.WRITERS + lanes.READERS + lanes.OTHERS)):
            sock = socket.create_connection((host, int(port)), timeout=30)
            sock.sendall(head.encode() + encode(hello(device)) + b"\x00")
            slow.append(sock)
        with ThreadPoolExecutor(4) as pool:
            found = list(
                pool.map(lambda n: ask(county, device, hello(device), Up(encode_up(n, [person(n, n)]))), range(1, 9))
            )
        assert [answer.status_code for answer in found] == [200] * 8
        assert alive(county)
    finally:
        for sock in slow:
            sock.close()
    assert stored(county)[:2] == [8, 8]


def test_nothing_of_the_inside_is_told(county, device, monkeypatch):
    """An error of our own is a plain 500: no trace, no path, no data."""
    monkeypatch.setattr(conversing.Session, "open", lambda _: 1 // 0)
    answer = ask(county, device, hello(device))
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "division" not in answer.text
    assert alive(county)


def test_the_description_and_the_county_agree_whatever_is_asked(county):
    """schemathesis over /openapi.json: no crash, no status and no answer that is not described."""
    described = schemathesis.openapi.from_url(f"{county.url}/openapi.json")
    asked = []
    for found in described.get_all_operations():
        operation = found.ok()
        asked.append(operation.label)
        _ask_anything(operation)
    assert {"GET /v1/status", "POST /v1/enrol", "POST /v1/exchange"} <= set(asked)
    assert alive(county)


@schemathesis.serializer(MEDIA_TYPE)
def _frames(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()


def _ask_anything(operation):
    @settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def check(case):
        answer = case.call(timeout=30)
        case.validate_response(
            answer, checks=[not_a_server_error, status_code_conformance, response_schema_conformance]
        )

    check()

"""The county against whatever arrives: a clear status, nothing stored, and it goes on."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

import pytest
import requests
import sqlalchemy as sa
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.errors import KnownError
from app.schema.record import AREA, Change
from sync.county import office
from sync.county.county import County
from sync.county.tables import ASIDE, AUDIT, DEVICE, ENTRY, FRAME, HISTORY
from sync.county.web import listening
from sync.wire import (
    MEDIA_TYPE,
    VERSION,
    End,
    Head,
    Hello,
    Problem,
    Reader,
    Receipts,
    Up,
    encode,
    encode_up,
    frame_hash,
)
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES

V = VILLAGES[0]


@pytest.fixture
def device(county):
    return county.enrolment()


def hello(device, /, **changed):
    held = {
        "version": 1, "county": device.county, "device": device.device, "incarnation": "inc", "epoch": 1, "clock": 0,
        "scope": b"", "cursors": {},
    } | changed  # fmt: skip
    return Hello(**held)


def ask(county, device, *messages, token=None, raw=None):
    body = raw if raw is not None else b"".join(map(encode, messages))
    return requests.post(
        f"{county.url}/v1/exchange",
        data=body,
        headers={"Authorization": f"Bearer {token or device.token}", "Content-Type": MEDIA_TYPE},
        timeout=30,
    )


def answers(response):
    assert response.status_code == 200, response.text
    return list(Reader().feed(response.content))


def person(number, counter, area=V, **values):
    held = {AREA: area, "name": "张文贵", **values}
    return Change("resident", f"0190{number:028x}", area, held, dict.fromkeys(held, 0), 1_760_000_000_000, counter, "u")


def rows(county, table):
    with county.county.database.snapshot() as conn:
        return conn.execute(sa.select(table).where(table.c.county == county.county.code)).all()


def receipts(response):
    return [message for message in answers(response) if isinstance(message, Receipts)]


def test_status_tells_the_county_and_its_clock(county):
    said = requests.get(f"{county.url}/v1/status", timeout=60).json()
    assert (said["county"], said["version"], said["epoch"]) == (county.county.code, VERSION, 1)


def test_an_exchange_answers_with_head_receipts_and_end(county, device):
    head, receipt, end = answers(ask(county, device, hello(device), Up(encode_up(1, [person(1, 1)]))))
    assert isinstance(head, Head)
    assert receipt.spread([1])[0].status == "accepted"
    assert isinstance(end, End)


def test_the_same_frame_again_gets_the_same_receipts_and_does_nothing(county, device):
    frame = Up(encode_up(1, [person(1, 1), person(2, 2)]))
    first = receipts(ask(county, device, hello(device), frame))
    assert receipts(ask(county, device, hello(device), frame, frame)) == first * 2
    asked = receipts(ask(county, device, hello(device, asked=(1,))))
    assert [item.content for item in asked] == [frame_hash(frame.content)]
    assert [replace(item, content=b"") for item in asked] == first
    assert len(rows(county, HISTORY)) == 2


def test_the_same_changes_in_another_frame_get_their_old_receipts(county, device):
    (first,) = receipts(ask(county, device, hello(device), Up(encode_up(1, [person(1, 1), person(2, 2)]))))
    (again,) = receipts(ask(county, device, hello(device), Up(encode_up(2, [person(2, 2), person(3, 3)]))))
    (same, new) = again.spread([2, 3])
    assert same == first.spread([1, 2])[1]
    assert new.rev == same.rev + 1
    assert len(rows(county, HISTORY)) == 3


def test_a_known_number_with_another_content_is_not_ours(county, device):
    ask(county, device, hello(device), Up(encode_up(1, [person(1, 1)])))
    (verdict,) = receipts(ask(county, device, hello(device), Up(encode_up(1, [person(2, 1)]))))
    assert verdict.code == "sync.not_yours"
    assert len(rows(county, HISTORY)) == 1


def test_a_frame_given_up_is_skipped_when_it_turns_up_later(county, device):
    ask(county, device, hello(device, void=(1,)))
    (verdict,) = receipts(ask(county, device, hello(device), Up(encode_up(1, [person(1, 1)]))))
    assert verdict.code == "sync.void"
    assert rows(county, HISTORY) == []


def test_a_frame_nobody_sent_is_unknown(county, device):
    (verdict,) = receipts(ask(county, device, hello(device, asked=(7,))))
    assert (verdict.known, verdict.number) == (False, 7)


def test_frames_may_come_in_any_order(county, device):
    made = person(1, 1)
    edit = Change("resident", made.id, V, {"remark": "后来"}, {"remark": 0}, 5, 2, "u")
    (waits, created) = receipts(ask(county, device, hello(device), Up(encode_up(2, [edit])), Up(encode_up(1, [made]))))
    assert waits.spread([2])[0].status == "waiting"
    assert created.spread([1])[0].status == "accepted"
    (done,) = receipts(ask(county, device, hello(device, have=((1, 2),)), Up(encode_up(3, [edit]))))
    assert done.spread([2])[0].status == "accepted"


def test_one_bad_change_is_set_aside_and_the_others_go_on(county, device, monkeypatch):
    from sync.county import batch

    honest = batch.create

    def stumbling(form, change, rev):
        if change.values.get("remark") == "坏":
            raise ZeroDivisionError
        return honest(form, change, rev)

    monkeypatch.setattr(batch, "create", stumbling)
    changes = [person(1, 1), person(2, 2, remark="坏"), person(3, 3)]
    (verdict,) = receipts(ask(county, device, hello(device), Up(encode_up(1, changes))))
    assert [(r.status, r.code) for r in verdict.spread([1, 2, 3])] == [
        ("accepted", ""), ("refused", "sync.set_aside"), ("accepted", ""),
    ]  # fmt: skip
    (aside,) = rows(county, ASIDE)
    assert aside.body
    assert len(rows(county, ENTRY)) == 2


def test_revs_are_given_once_and_in_order(county, device):
    for number in range(1, 4):
        ask(
            county,
            device,
            hello(device),
            Up(encode_up(number, [person(number * 10 + n, number * 10 + n) for n in range(5)])),
        )
    revs = sorted(row.rev for row in rows(county, HISTORY))
    assert revs == list(range(revs[0], revs[0] + 15))
    assert revs[0] >> 40 == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage that is long enough to have a length",
        b"\x00\x00\x00\x02H\xff\xff",
        b"\xff\xff\xff\xffH",
        encode(Up(b"a frame before any hello")),
    ],
)
def test_garbage_is_refused_and_the_county_goes_on(county, device, raw):
    response = ask(county, device, raw=raw)
    assert response.status_code in {400, 413}
    assert response.json()["message"]
    assert rows(county, FRAME) == []
    assert requests.get(f"{county.url}/v1/status", timeout=60).ok


def test_a_bomb_is_refused_and_what_came_before_it_stays(county, device):
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 27))
    response = ask(county, device, hello(device), Up(encode_up(1, [person(1, 1)])), Up(bomb))
    assert (response.status_code, response.json()["code"]) == (413, "sync.too_large")
    assert [row.number for row in rows(county, FRAME)] == [1]


def test_a_body_that_ends_in_a_frame_keeps_the_whole_frames(county, device):
    body = encode(hello(device)) + encode(Up(encode_up(1, [person(1, 1)]))) + encode(Up(encode_up(2, [person(2, 2)])))
    assert ask(county, device, raw=body[:-5]).status_code == 400
    assert [row.number for row in rows(county, FRAME)] == [1]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"version": 99}, 426, "sync.version_unknown"),
        ({"county": "000000"}, 409, "sync.foreign_county"),
        ({"device": "somebody"}, 403, "sync.foreign_device"),
        ({"epoch": 9}, 409, "sync.county_restored"),
        ({"cursors": {"urgent": (9 << 40, b"")}}, 409, "sync.county_restored"),
    ],
)
def test_a_hello_that_does_not_fit_is_refused_in_words(county, device, changed, status, code):
    response = ask(county, device, hello(device, **changed), Up(encode_up(1, [person(1, 1)])))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert rows(county, HISTORY) == []


def test_another_entry_at_the_cursor_shows_that_the_county_was_restored(county, device):
    ask(county, device, hello(device), Up(encode_up(1, [person(1, 1)])))
    (row,) = rows(county, HISTORY)
    good = hello(device, cursors={"ordinary": (row.rev, row.chain)})
    assert ask(county, device, good).status_code == 200
    assert ask(county, device, hello(device, cursors={"ordinary": (row.rev, b"12345678")})).status_code == 409


@pytest.mark.parametrize("token", ["forged", "Ω".encode().decode("latin-1"), "a" * 5000])
def test_a_forged_token_is_refused(county, device, token):
    assert ask(county, device, hello(device), token=token).status_code == 401


def test_a_revoked_device_is_refused_and_told_whether_to_wipe(county, device):
    office.revoke(county.county, device.device)
    assert ask(county, device, hello(device)).json()["code"] == "sync.revoked"
    office.revoke(county.county, device.device, wipe=True)
    assert ask(county, device, hello(device)).json()["code"] == "sync.wipe"


def test_tokens_and_passwords_are_kept_only_as_hashes(county, device):
    (row,) = rows(county, DEVICE)
    assert device.token.encode() not in row.token
    with county.county.database.snapshot() as conn:
        stored = conn.execute(sa.text("SELECT password FROM account")).scalars().all()
    assert all(text.startswith("$argon2id$") for text in stored)


def test_an_exchange_that_brings_something_leaves_a_line_in_the_audit_of_the_others_the_first_of_a_day(
    county, device, monkeypatch
):
    def lines():
        return [json.loads(row.detail)["frames"] for row in rows(county, AUDIT) if row.action == "exchange"]

    # The enrolment has a line of its own.
    for _ in range(3):
        ask(county, device, hello(device))
    assert lines() == []
    ask(county, device, hello(device), Up(encode_up(1, [person(1, 1)])))
    ask(county, device, hello(device))
    assert lines() == [1]
    tomorrow = county.county.now_ms() + 86_400_000
    monkeypatch.setattr(county.county, "now_ms", lambda: tomorrow)
    for _ in range(2):
        ask(county, device, hello(device))
    assert sorted(lines()) == [0, 1]
    assert {row.seen for row in rows(county, DEVICE)} == {tomorrow}
    assert {"areas", "code", "enrol", "exchange"} <= {row.action for row in rows(county, AUDIT)}
    assert "张文贵" not in json.dumps([row.detail for row in rows(county, AUDIT)], ensure_ascii=False)


def test_a_code_works_once_but_the_same_key_may_ask_again(county):
    from sync.client import enrol

    code, key = office.issue_code(county.county, [TOWNSHIP]), Ed25519PrivateKey.generate()
    first = enrol(county.url, code, "甲", "密码一二三四", key=key)
    again = enrol(county.url, code.lower().replace("-", " "), "甲", "密码一二三四", key=key)
    assert (again.device, again.token != first.token) == (first.device, True)
    with pytest.raises(KnownError) as told:
        enrol(county.url, code, "甲", "密码一二三四")
    assert told.value.code == "county.code_used"


def test_an_hour_later_the_code_is_dead_for_everyone(database, forms):
    from sync.client import enrol
    from tests.sync.conftest import Running

    clock = [1_800_000_000.0]
    with Running(database, forms, now=lambda: clock[0]).serving() as county:
        code, key = office.issue_code(county.county, [TOWNSHIP]), Ed25519PrivateKey.generate()
        enrol(county.url, code, "甲", "密码一二三四", key=key)
        clock[0] += 3601
        with pytest.raises(KnownError) as told:
            enrol(county.url, code, "甲", "密码一二三四", key=key)
        assert told.value.code == "county.code_used"


def test_a_known_user_needs_the_right_password(county):
    county.enrolment("王主任")
    from sync.client import enrol

    code = office.issue_code(county.county, [TOWNSHIP])
    with pytest.raises(KnownError) as told:
        enrol(county.url, code, "王主任", "不是这个")
    assert told.value.code == "county.password_wrong"
    assert enrol(county.url, code, "王主任", "一个够长的密码").user == "王主任"


@pytest.mark.parametrize("broken", [{"signature": "00" * 64}, {"key": "zz"}, {"code": "WRONG"}, {"user": ""}])
def test_an_enrolment_that_does_not_fit_is_refused(county, broken):
    asked = {"code": "X", "key": "00" * 32, "signature": "11" * 64, "user": "甲", "password": "乙"} | broken
    response = requests.post(f"{county.url}/v1/enrol", json=asked, timeout=60)
    assert response.status_code in {403, 422}
    assert rows(county, DEVICE) == []


def test_a_township_covers_its_villages_and_nothing_else(county, device):
    assert {area for area, _ in device.streams} == {TOWNSHIP, *VILLAGES}
    assert {area.code for area in device.areas} >= {TOWNSHIP, *VILLAGES}
    assert OTHER not in {area.code for area in device.areas}


def test_areas_come_from_json_and_csv_and_only_once(county, tmp_path):
    made = tmp_path / "areas.json"
    made.write_text(json.dumps([{"code": "990001101209", "name": "九村", "level": "village"}]), encoding="utf-8")
    before = len(rows(county, office.AREA))
    assert office.import_areas(county.county, made) == before + 1
    made.with_suffix(".csv").write_text("code,name,level\n990001101209,九村,village\n", encoding="utf-8-sig")
    assert office.import_areas(county.county, made.with_suffix(".csv")) == before + 1
    made.write_text("{", encoding="utf-8")
    with pytest.raises(KnownError):
        office.import_areas(county.county, made)


def test_a_county_is_made_once(database, forms):
    one = office.init(database, forms, "990777")
    office.add_areas(one, [])
    with one.database.snapshot() as conn:
        before = one.standing(conn)
    two = office.init(database, forms, "990777")
    with two.database.snapshot() as conn:
        assert two.standing(conn) == before
    one.close(), two.close()


def test_where_no_county_was_made_there_is_none(tmp_path, forms):
    with pytest.raises(KnownError) as told:
        County.open(tmp_path / "none.db", forms)
    assert told.value.code == "county.missing"


def test_a_problem_in_the_middle_of_an_answer_is_said_in_it(county, device, monkeypatch):
    from sync.county import pulling

    def broken(*_args, **_kwargs):
        raise sa.exc.OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(pulling, "agreement", broken)
    from sync.wire import scope_tag

    tagged = hello(device, scope=scope_tag(device.areas, device.streams))
    assert answers(ask(county, device, tagged))[-1] == Problem("sync.busy")


def test_the_openapi_description_names_everything_there_is_to_ask(county):
    paths = requests.get(f"{county.url}/openapi.json", timeout=60).json()["paths"]
    files = {"/v1/files/ask", "/v1/files/thumbs", "/v1/files/{sha256}"}
    assert set(paths) == {"/v1/status", "/v1/enrol", "/v1/exchange", "/v1/wiped"} | files


def test_a_taken_port_is_said_in_words():
    with listening("127.0.0.1", 0) as sock, pytest.raises(KnownError) as told, listening(*sock.getsockname()):
        pass
    assert told.value.code == "county.port_taken"


def test_answers_do_not_wait_for_acknowledgements():
    with listening("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP

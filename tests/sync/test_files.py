"""Files between devices and county over real sockets: sealed at both ends, going on at the byte, to whom they concern."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import resource
import shutil
import signal
import socket
import threading
import time

import pytest
import requests
import sqlalchemy as sa
from PIL import Image

from app.errors import KnownError
from app.sealed import Sealer
from sync.client import files as client
from sync.client.file_http import FileHttp, Moved
from sync.county import office
from sync.county.tables import DEVICE, FILE
from tests.network.faults import Fault
from tests.network.proxy import BadLink
from tests.sync.conftest import OTHER, VILLAGES, Running
from tests.sync.offices import FileDesk, V

SIZE = 300_000
BIG, LIMIT = 8_000_000, 6_000_000
"""A file beyond what the system lets a file grow to; databases stay below it."""
ASK = CREATE = Fault("none")
"""What a plan lets pass before a file's own bytes."""


@pytest.fixture
def database(tmp_path):
    """What is tested here is files; the one test that asks the database everything runs over both."""
    return tmp_path / "county.db"


@pytest.fixture
def county(database, forms, tmp_path):
    running = Running(database, forms)
    running.county.keep_files(tmp_path / "kept" / "files", tmp_path / "kept" / "key" / "files.key")
    with running.serving():
        yield running


@pytest.fixture
def pair(make):
    return make("张干事"), make("李干事")


@pytest.fixture
def link(county):
    # On loopback all of a file would be on its way at once, and what a cut costs could not be seen.
    with BadLink(county.url, rate=600_000) as made:
        yield made


def photo(path, size=(3000, 2000)):
    Image.effect_noise((size[0] // 8, size[1] // 8), 60).convert("RGB").resize(size).save(path, "JPEG", quality=90)
    return path


def on_disk(county):
    folder = county.county.files._folder
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "coming" and path.name != "identity"
    ]


def coming(county):
    folder = county.county.files._folder / "coming"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def http_of(desk):
    state = desk.store.sync.state
    return FileHttp(desk.http, state.url, state.token, "", Moved())


def test_a_photo_goes_from_one_desk_through_the_county_to_the_other_byte_by_byte(pair, county, tmp_path):
    a, b = pair
    case = a.event()
    one = a.attach(case, photo(tmp_path / "桥.jpg"))
    assert a.store.files.waiting().to_send == 2
    a.sync()
    sent = a.carry()
    assert (sent.sent, sent.stopped, sent.left.total, sent.error) == (2, "", 0, None)
    assert a.known(one).sending == "sent"
    b.sync()
    got = b.carry()
    assert (got.fetched, got.stopped) == (1, "")
    (theirs,) = b.office.attachments.of("event", case)
    assert b.office.attachments.thumbnail(theirs) == a.office.attachments.thumbnail(one)
    assert (theirs.here, theirs.wanted) == (False, False)
    with pytest.raises(KnownError) as bad:
        b.content(theirs)
    assert bad.value.code == "files.missing"
    assert b.store.files.waiting().to_fetch == 1
    assert b.carry().fetched == 1
    assert b.content(theirs) == a.content(one)
    assert hashlib.sha256(b.content(theirs)).hexdigest() == one.sha256
    assert b.carry().requests == 0


def test_at_the_county_neither_names_nor_bytes_tell_anything(pair, county, tmp_path):
    a, _ = pair
    path = tmp_path / "张文贵.txt"
    path.write_text("张文贵 990123199001011239\n" * 5000, encoding="utf-8")
    one = a.attach(a.event(), path)
    a.sync(), a.carry()
    for held in [*on_disk(county), *coming(county)]:
        raw = held.read_bytes()
        assert "张文贵".encode() not in raw
        assert one.sha256 not in str(held)
    (held,) = on_disk(county)
    key = bytes.fromhex((tmp_path / "kept" / "key" / "files.key").read_text())
    with Sealer(key, "county files").reader(held) as reader:
        assert reader.read() == path.read_bytes()
    assert os.name != "posix" or (tmp_path / "kept" / "key" / "files.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [1_000, 50_000, 170_000, 299_000])
def test_a_cut_on_the_way_up_goes_on_at_the_byte(pair, county, link, cut):
    a, _ = pair
    one = a.attach(a.event(), a.paper(SIZE))
    a.sync()
    a.over(link.url)
    before = link.passed
    link.set_plan([ASK, CREATE, Fault("cut_up", cut)])
    report = a.carry()
    assert (report.sent, report.stopped) == (1, "")
    assert a.known(one).sending == "sent"
    passed = link.passed - before
    assert passed.connections == 2
    # All of it once, and besides heads of requests and what was on its way when it broke.
    assert passed.up < SIZE + 40_000
    assert county.county.files.reader(one.sha256).read() == a.content(one)


@pytest.mark.parametrize("sent", [40_000, 100_000, 250_000])
def test_every_byte_that_came_before_the_connection_ended_is_kept(pair, county, sent):
    a, _ = pair
    path = a.paper(SIZE)
    one = a.attach(a.event(), path)
    a.sync()
    http = FileHttp(a.http, county.url, a.store.sync.state.token, "", Moved())
    upload = http.create(one.sha256, SIZE)
    host, port = county.url.removeprefix("http://").split(":")
    head = (
        f"PATCH {upload} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {a.store.sync.state.token}\r\nTus-Resumable: 1.0.0\r\n"
        f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {SIZE}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as sock:
        sock.sendall(head.encode() + path.read_bytes()[:sent])
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(60)
        while sock.recv(1 << 16):
            pass
    end = time.monotonic() + 60
    while http.offset(upload) != sent and time.monotonic() < end:
        time.sleep(0.01)
    assert http.offset(upload) == sent


@pytest.mark.parametrize("cut", [1_000, 50_000, 170_000, 299_000])
def test_a_cut_on_the_way_down_goes_on_at_the_byte(pair, county, link, cut):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(SIZE))
    a.sync(), a.carry(), b.sync(), b.carry()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    b.over(link.url)
    before = link.passed
    link.set_plan([ASK, Fault("cut_down", cut)])
    assert b.carry().fetched == 1
    assert b.content(theirs) == a.content(one)
    passed = link.passed - before
    assert (passed.connections, passed.requests) == (2, 3)
    assert passed.down < SIZE + 20_000


def again_and_again(carry):
    """As a window does it: one that gave up begins anew later."""
    return any(carry() for _ in range(15))


def test_a_link_that_breaks_again_and_again_still_finishes(pair, county, link):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(SIZE))
    a.sync()
    a.over(link.url), b.over(link.url)
    link.set_plan([Fault("cut_up", 20_000 + number) for number in range(40)])
    assert again_and_again(lambda: a.carry().sent)
    assert a.known(one).sending == "sent"
    b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    link.set_plan([Fault("cut_down", 20_000 + number) for number in range(40)])
    assert again_and_again(lambda: b.carry().fetched)
    assert b.content(theirs) == a.content(one)


def test_where_nothing_comes_through_it_stops_and_keeps_everything(pair, link):
    a, _ = pair
    one = a.attach(a.event(), a.paper(SIZE))
    a.sync()
    a.over(link.url)
    with link.refusing():
        report = a.carry()
    assert (report.stopped, report.error.code, report.sent) == ("cut", "sync.unreachable", 0)
    assert report.left.to_send == 1
    link.set_plan([Fault("portal")])
    assert a.carry().error.code == "sync.not_a_county"
    assert (a.carry().sent, a.known(one).sending) == (1, "sent")


def test_an_answer_lost_at_the_very_end_sends_nothing_twice(pair, county, link):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync()
    a.over(link.url)
    before = link.passed
    link.set_plan([ASK, CREATE, Fault("cut_between")])
    report = a.carry()
    assert link.met == {"cut_between": 1}
    assert (report.stopped, a.known(one).sending) == ("", "sent")
    assert (link.passed - before).up < 70_000
    assert len(on_disk(county)) == 1


def test_the_county_refuses_content_that_is_not_what_was_said_and_keeps_nothing_of_it(pair, county):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync()
    http = http_of(a)
    upload = http.create(one.sha256, one.size)
    with pytest.raises(KnownError) as bad:
        http.append(upload, 0, iter([bytes(60_000)]), 60_000)
    assert bad.value.code == "files.hash_wrong"
    assert on_disk(county) == coming(county) == []
    assert http.offset(upload) is None
    assert (a.carry().sent, a.known(one).sending) == (1, "sent")


def test_a_file_damaged_on_the_way_up_is_sent_once_more(pair, county, link):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync()
    a.over(link.url)
    link.set_plan([ASK, CREATE, Fault("garbage_up", 30_000)])
    assert a.carry().sent == 1
    assert link.met == {"garbage_up": 1}
    assert county.county.files.reader(one.sha256).sha256() == one.sha256


def test_a_file_damaged_on_the_way_down_is_thrown_away_and_fetched_once_more(pair, link):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(60_000))
    a.sync(), a.carry(), b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    b.over(link.url)
    link.set_plan([ASK, Fault("garbage_down", 30_000)])
    before = link.passed
    assert b.carry().fetched == 1
    assert (link.passed - before).down > 110_000
    assert b.content(theirs) == a.content(one)


def test_a_file_altered_on_the_countys_disk_is_never_given_out_and_is_asked_for_again(pair, county):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(60_000))
    a.sync(), a.carry(), b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    (held,) = on_disk(county)
    raw = bytearray(held.read_bytes())
    raw[30_000] ^= 1
    held.write_bytes(raw)
    b.carry()
    assert not b.known(theirs).here
    a.store.meta.set("files.asked", 0)
    assert a.carry().sent == 1
    b.store.files.want(theirs.sha256, theirs.size)
    assert b.carry().fetched == 1
    assert b.content(theirs) == a.content(one)


def test_a_foreign_device_is_neither_given_a_file_nor_told_that_there_is_one(pair, make, county):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync(), a.carry()
    stranger = http_of(make("外人", areas=(OTHER,)))
    with pytest.raises(KnownError) as bad:
        list(stranger.fetch(one.sha256, 0, one.size))
    assert bad.value.code == "files.unknown"
    asked = stranger.ask([one.sha256])
    assert (asked.here, asked.send, asked.lost) == (frozenset(), frozenset(), ())
    assert list(stranger.thumbs([one.thumb or one.sha256])) == []
    with pytest.raises(KnownError) as bad:
        stranger.create(one.sha256, one.size)
    assert bad.value.code == "files.not_expected"


def test_a_role_without_mediation_is_not_given_a_mediations_file(pair, make):
    a, _ = pair
    case = a.office.mediations.accept({"title": "地界", "dispute_type": "D02"}, area=V)
    assert case.ok, case.faults
    one = a.attach(case.record.id, a.paper(60_000), form="mediation")
    assert one.form == "mediation_attachment"
    a.sync(), a.carry()
    other = make("值班员", roles=("duty_officer",))
    assert not other.store.select("mediation_attachment")
    with pytest.raises(KnownError) as bad:
        list(http_of(other).fetch(one.sha256, 0, one.size))
    assert bad.value.code == "files.unknown"


def test_another_devices_upload_can_neither_be_seen_nor_added_to_nor_ended(pair, county):
    a, b = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync(), b.sync()
    upload = http_of(a).create(one.sha256, one.size)
    mine, other = http_of(a), http_of(b)
    mine.append(upload, 0, iter([a.content(one)[:1000]]), 1000)
    assert other.offset(upload) is None
    with pytest.raises(KnownError):
        other.append(upload, 1000, iter([bytes(10)]), 10)
    token = b.store.sync.state.token
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    assert requests.delete(f"{county.url}{upload}", headers=headers, timeout=60).status_code == 404
    assert mine.offset(upload) == 1000


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong"])
def test_without_a_token_nothing_is_read_nor_written(pair, county, token):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync()
    upload = http_of(a).create(one.sha256, one.size)
    headers = {"Authorization": token, "Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    patch = headers | {"Content-Type": "application/offset+octet-stream"}
    for answer in (
        requests.patch(f"{county.url}{upload}", b"x" * 100, headers=patch, timeout=60),
        requests.post(f"{county.url}{upload}", b"x", headers=patch | {"X-HTTP-Method-Override": "PATCH"}, timeout=60),
        requests.head(f"{county.url}{upload}", headers=headers, timeout=60),
        requests.post(f"{county.url}/v1/files", headers=headers, timeout=60),
        requests.get(f"{county.url}/v1/files/{one.sha256}", headers=headers, timeout=60),
        requests.post(f"{county.url}/v1/files/ask", json={"have": []}, headers=headers, timeout=60),
    ):
        assert answer.status_code == 401
    assert http_of(a).offset(upload) == 0


def test_a_revoked_device_neither_gives_nor_gets(pair, county):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync()
    upload = http_of(a).create(one.sha256, one.size)
    a.store.files.upload_at(one.sha256, upload)
    office.revoke(county.county, a.store.sync.state.device)
    report = a.carry()
    assert (report.stopped, report.error.code, report.sent) == ("refused", "sync.revoked", 0)
    assert on_disk(county) == []
    assert a.store.files.waiting().to_send == 1


def test_a_creation_with_a_body_is_refused_and_writes_nothing_anywhere(pair, county, tmp_path):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync()
    token = a.store.sync.state.token
    told = base64.b64encode(one.sha256.encode()).decode()
    headers = {
        "Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", "Upload-Length": str(one.size),
        "Upload-Metadata": f"sha256 {told}",
    }  # fmt: skip
    answer = requests.post(f"{county.url}/v1/files", b"x" * 100, headers=headers, timeout=60)
    assert answer.status_code == 400
    assert coming(county) == []


def test_the_same_photo_on_two_cases_and_two_desks_is_stored_once(pair, county, tmp_path):
    a, b = pair
    path = photo(tmp_path / "a.jpg")
    a.attach(a.event(), path), a.attach(a.event("井盖丢了"), path)
    a.sync()
    assert a.carry().sent == 2
    b.sync()
    theirs = b.attach(b.event("又一件"), path)
    b.sync()
    report = b.carry()
    assert (report.sent, report.left.total) == (0, 0)
    assert report.bytes_up < 1_000
    assert b.known(theirs).sending == "sent"
    assert len(on_disk(county)) == 2


def test_the_record_goes_first_and_its_file_waits_for_it(pair, county):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    report = a.carry()
    assert (report.sent, report.requests, report.left.to_send) == (0, 1, 1) or report.requests == 0
    with pytest.raises(KnownError) as bad:
        http_of(a).create(one.sha256, one.size)
    assert bad.value.code == "files.not_expected"
    a.sync()
    assert a.carry().sent == 1


def test_a_size_other_than_the_records_is_refused(pair):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.sync()
    with pytest.raises(KnownError) as bad:
        http_of(a).create(one.sha256, one.size + 1)
    assert bad.value.code == "files.size_wrong"


def test_thumbnails_go_before_any_original_both_ways(pair, county, tmp_path, link):
    a, b = pair
    case = a.event()
    for number in range(3):
        a.attach(case, photo(tmp_path / f"{number}.jpg"))
    a.sync()
    small = sum(one.size for one in a.store.files.to_send() if one.small)
    report = a.carry(budget=small + 2_000)
    assert report.stopped == "budget"
    assert report.sent == 3
    b.sync()
    assert b.carry().fetched == 3
    assert [one.thumb_here for one in b.office.attachments.of("event", case)] == [True] * 3
    assert not any(one.here for one in b.office.attachments.of("event", case))
    assert a.carry().sent == 3


def test_an_urgent_change_saved_meanwhile_goes_before_the_next_chunk(pair, county):
    a, b = pair
    one = a.attach(a.event(), a.paper(SIZE))
    a.sync()
    a.store.meta.set("files.rate", 20_000.0)
    chunks = []

    def told(done, _all):
        chunks.append(done)
        if len(chunks) == 2:
            a.event("有人落水")

    slow = carry_slowly(a, told)
    assert (slow.stopped, slow.sent) == ("urgent", 0)
    assert len(chunks) == 2
    assert slow.bytes_up < SIZE / 2
    assert a.sync().up.count == 1
    assert a.carry().sent == 1
    b.sync()
    assert "有人落水" in [event.values["title"] for event in b.store.select("event")]
    assert a.known(one).sending == "sent"


def carry_slowly(desk, told):
    """As over a link of 20 KB/s: chunks of two seconds of it."""
    made = client._Carrier(desk.store, desk.http, None, None, told, desk.store.sync.urgent_unsent)
    made._rate = 20_000.0
    made._learn = lambda: None
    try:
        made.run(lambda _: None)
        stopped = ""
    except client._Stop as stop:
        stopped = str(stop)
    return client.FilesReport(
        made.sent,
        made.fetched,
        made.moved.up,
        made.moved.down,
        made.moved.requests,
        desk.store.files.waiting(),
        stopped,
    )


def test_a_crash_between_the_store_and_the_upload_loses_nothing(pair, county):
    a, _ = pair
    one = a.attach(a.event(), a.paper(60_000))
    a.again()
    assert a.store.files.waiting().to_send == 1
    a.sync()
    a.again()
    http = http_of(a)
    upload = http.create(one.sha256, one.size)
    a.store.files.upload_at(one.sha256, upload)
    http.append(upload, 0, iter([a.content(one)[:20_000]]), 20_000)
    a.again()
    report = a.carry()
    assert (report.sent, report.left.total) == (1, 0)
    assert report.bytes_up < 41_000


def test_a_county_whose_folder_was_wiped_gets_its_files_again(pair, county, tmp_path):
    a, b = pair
    case = a.event()
    one = a.attach(case, photo(tmp_path / "a.jpg"))
    a.sync(), a.carry(), b.sync(), b.carry()
    shutil.rmtree(county.county.files._folder)
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    b.carry()
    assert not b.known(theirs).here
    a.store.meta.set("files.asked", 0)
    again = a.carry()
    assert again.sent >= 1
    assert county.county.files.reader(one.sha256).sha256() == one.sha256
    b.store.files.want(theirs.sha256, theirs.size)
    assert b.carry().fetched == 1
    assert b.content(theirs) == a.content(one)


def test_a_right_withdrawn_takes_the_files_off_the_device(pair, county):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(60_000))
    a.sync(), a.carry(), b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    b.carry()
    assert b.content(theirs) == a.content(one)
    with county.county.database.plain() as conn:
        conn.execute(
            sa.update(DEVICE).where(DEVICE.c.id == b.store.sync.state.device).values(areas=json.dumps([VILLAGES[1]]))
        )
    b.sync()
    b.carry()
    assert list((b.folder / "files").iterdir()) == []
    with pytest.raises(KnownError):
        b.office.attachments.get(theirs.id)


def test_a_full_disk_at_the_county_refuses_in_words_and_keeps_what_came(pair, county):
    a, _ = pair
    one = a.attach(a.event(), a.paper(BIG))
    a.sync()
    http = http_of(a)
    upload = http.create(one.sha256, one.size)
    a.store.files.upload_at(one.sha256, upload)
    content = a.content(one)
    free, county.county.files.free = county.county.files.free, lambda: 0
    with pytest.raises(KnownError) as bad:
        http.create(one.sha256, one.size)
    assert bad.value.code == "files.county_full"
    county.county.files.free = free
    with no_file_beyond(LIMIT), pytest.raises(KnownError) as bad:
        http.append(upload, 0, iter([content]), BIG)
    assert bad.value.code == "files.county_full"
    held = http.offset(upload)
    assert LIMIT - 100_000 < held < LIMIT
    report = a.carry()
    assert report.sent == 1
    assert report.bytes_up < BIG - held + 1_000


def test_a_full_disk_on_the_device_stops_in_words_and_goes_on_later(pair, county):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(BIG))
    a.sync(), a.carry(), b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    b.store.meta.set("files.asked", b.store.now_ms())
    with no_file_beyond(LIMIT):
        report = b.carry()
    assert (report.stopped, report.error.code, report.fetched) == ("refused", "store.no_space", 0)
    again = b.carry()
    assert again.fetched == 1
    assert again.bytes_down < BIG - LIMIT + 100_000
    assert b.content(theirs) == a.content(one)


class no_file_beyond:  # noqa: N801 - reads as a clause
    """The system refuses to let any file of this process grow beyond so many bytes."""

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.before[1]))

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)
        signal.signal(signal.SIGXFSZ, self.handler)


def test_a_line_that_died_without_a_word_holds_up_nobody_who_goes_on(pair, county):
    a, _ = pair
    one = a.attach(a.event(), a.paper(SIZE))
    a.sync()
    content = a.content(one)
    http = http_of(a)
    upload = http.create(one.sha256, one.size)
    a.store.files.upload_at(one.sha256, upload)
    sending, go_on = threading.Event(), threading.Event()

    def stuck():
        yield content[:100_000]
        sending.set()
        go_on.wait(20)
        yield content[100_000:]

    refused = []

    def late():
        try:
            FileHttp(requests.Session(), county.url, a.store.sync.state.token, "", Moved()).append(
                upload, 0, stuck(), SIZE
            )
        except Exception as bad:  # noqa: BLE001 - whatever it is, it must not spoil the file
            refused.append(bad)

    thread = threading.Thread(target=late)
    thread.start()
    sending.wait(20)
    report = a.carry()
    go_on.set()
    thread.join()
    assert (report.sent, a.known(one).sending) == (1, "sent")
    assert refused
    assert county.county.files.reader(one.sha256).sha256() == one.sha256


def test_files_go_with_their_record_to_another_village(pair, make, county, tmp_path):
    a, _ = pair
    upper, lower = make("上村", areas=(VILLAGES[0],)), make("下村", areas=(VILLAGES[1],))
    made = a.office.records.save("resident", {"name": "张文贵"}, area=VILLAGES[0])
    one = a.attach(made.record.id, photo(tmp_path / "a.jpg"), form="resident")
    a.sync(), a.carry(), upper.sync(), upper.carry()
    assert upper.known(one).thumb_here
    assert a.office.records.save("resident", {}, record_id=made.record.id, area=VILLAGES[1]).ok
    a.sync(), lower.sync(), lower.carry(), upper.sync(), upper.carry()
    (there,) = lower.office.attachments.of("resident", made.record.id)
    assert lower.office.attachments.thumbnail(there)
    with pytest.raises(KnownError):
        upper.office.attachments.get(one.id)
    with pytest.raises(KnownError) as bad:
        list(http_of(upper).fetch(one.sha256, 0, one.size))
    assert bad.value.code == "files.unknown"
    assert not list((upper.folder / "files").iterdir())


def test_a_county_set_back_with_its_files_gets_the_lost_ones_again(pair, county):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(60_000))
    a.sync(), a.carry(), b.sync()
    # The file of today and what the database knew of it are gone; its record came again from a device.
    (held,) = on_disk(county)
    held.unlink()
    with county.county.database.plain() as conn:
        conn.execute(sa.delete(FILE))
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    b.carry()
    a.store.meta.set("files.asked", 0)
    assert a.carry().sent == 1
    b.store.files.want(theirs.sha256, theirs.size)
    b.carry()
    assert b.content(theirs) == a.content(one)


def test_an_upload_that_somebody_waits_for_is_not_begun_anew(pair, county):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(SIZE))
    a.sync(), b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    http = http_of(a)
    upload = http.create(one.sha256, one.size)
    a.store.files.upload_at(one.sha256, upload)
    http.append(upload, 0, iter([a.content(one)[:200_000]]), 200_000)
    b.store.files.want(theirs.sha256, theirs.size)
    b.carry()
    report = a.carry()
    assert report.sent == 1
    assert report.bytes_up < 101_000


def test_what_is_sent_and_attached_again_is_not_uploaded_again(pair, tmp_path):
    a, _ = pair
    path = photo(tmp_path / "a.jpg")
    a.attach(a.event(), path)
    a.sync(), a.carry()
    a.attach(a.event("又一件"), path)
    a.sync()
    report = a.carry()
    assert (report.sent, report.left.total, report.requests) == (0, 0, 1)


@pytest.fixture
def on_postgresql(postgres_url, forms, tmp_path):
    running = Running(postgres_url, forms)
    running.county.keep_files(tmp_path / "kept" / "files", tmp_path / "kept" / "files.key")
    with running.serving():
        yield running


def test_over_postgresql_files_go_both_ways_are_stored_once_and_come_again_when_lost(on_postgresql, tmp_path, forms):
    a, b = (FileDesk(tmp_path / f"desk{number}", forms, on_postgresql, f"用户{number}") for number in (1, 2))
    case = a.event()
    one = a.attach(case, photo(tmp_path / "a.jpg"))
    a.sync(), a.carry(), b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    assert b.carry().fetched == 2
    assert b.content(theirs) == a.content(one)
    for held in on_disk(on_postgresql):
        held.unlink()
    with pytest.raises(KnownError):
        list(http_of(b).fetch(one.sha256, 0, one.size))
    b.store.meta.set("files.asked", 0)
    assert b.carry().sent == 1
    assert on_postgresql.county.files.reader(one.sha256).sha256() == one.sha256
    a.store.close(), b.store.close()


def test_a_file_not_sent_yet_is_taken_though_its_record_was_handed_over_meanwhile(make, tmp_path):
    upper = make("上村", areas=(VILLAGES[0],))
    town = make("镇里")
    made = upper.office.records.save("resident", {"name": "张文贵"}, area=VILLAGES[0])
    one = upper.attach(made.record.id, photo(tmp_path / "a.jpg"), form="resident")
    upper.sync(), town.sync()
    assert town.office.records.save("resident", {}, record_id=made.record.id, area=VILLAGES[1]).ok
    town.sync(), upper.sync()
    with pytest.raises(KnownError):
        upper.office.attachments.get(one.id)
    with upper.store.transaction():
        upper.store.conn.execute("UPDATE file SET at = at - 61000")
    assert upper.carry().sent == 2
    town.carry()
    (there,) = town.office.attachments.of("resident", made.record.id)
    assert town.office.attachments.thumbnail(there)
    town.store.files.want(there.sha256, there.size)
    assert town.carry().fetched == 1
    assert not list((upper.folder / "files").iterdir())


def test_a_county_whose_disk_is_full_still_gives(pair, county, tmp_path):
    a, b = pair
    case = a.event()
    one = a.attach(case, a.paper(60_000))
    a.sync(), a.carry(), b.sync()
    (theirs,) = b.office.attachments.of("event", case)
    b.store.files.want(theirs.sha256, theirs.size)
    b.attach(case, photo(tmp_path / "a.jpg"))
    b.sync()
    county.county.files.free = lambda: 0
    report = b.carry()
    assert (report.stopped, report.error.code, report.fetched) == ("refused", "files.county_full", 1)
    assert b.content(theirs) == a.content(one)
    assert report.left.to_send == 2

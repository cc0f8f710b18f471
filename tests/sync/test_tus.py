"""The county speaks tus 1.0 as it is written: a client that others wrote uploads to it; and a large file costs no memory."""

from __future__ import annotations

import tracemalloc

import pytest
import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from tests.sync.conftest import Running
from tests.sync.offices import FileDesk

SIZE = 20 << 20


@pytest.fixture
def county(tmp_path, forms):
    with Running(tmp_path / "county.db", forms).serving() as running:
        yield running


@pytest.fixture
def pair(county, tmp_path, forms):
    made = [
        FileDesk(tmp_path / f"device{number}", forms, county, user) for number, user in enumerate(("张干事", "李干事"))
    ]
    yield made
    for desk in made:
        desk.store.close()


def theirs(desk, county, path, one, **options):
    """tuspy's uploader for the content at *path*, with the desk's token."""
    headers = {"Authorization": f"Bearer {desk.store.sync.state.token}"}
    client = TusClient(f"{county.url}/v1/files", headers=headers)
    return client.uploader(str(path), metadata={"sha256": one.sha256}, **options)


def test_tuspy_uploads_to_our_county_and_our_county_gives_it_to_our_device(pair, county):
    a, b = pair
    path = a.paper(1_000_000)
    case = a.event()
    one = a.attach(case, path)
    a.sync()
    theirs(a, county, path, one, chunk_size=150_000).upload()
    report = a.carry()
    assert (report.sent, a.known(one).sending) == (0, "sent")
    b.sync()
    (found,) = b.office.attachments.of("event", case)
    b.store.files.want(found.sha256, found.size)
    assert b.carry().fetched == 1
    assert b.content(found) == path.read_bytes()


def test_tuspy_goes_on_where_it_stopped(pair, county):
    a, _ = pair
    path = a.paper(500_000)
    one = a.attach(a.event(), path)
    a.sync()
    first = theirs(a, county, path, one, chunk_size=70_000)
    first.upload(stop_at=140_000)
    again = theirs(a, county, path, one, url=first.url, chunk_size=200_000)
    assert again.offset == 140_000
    again.upload()
    assert county.county.files.reader(one.sha256).sha256() == one.sha256


def test_our_client_goes_on_with_what_tuspy_began(pair, county):
    a, _ = pair
    path = a.paper(500_000)
    one = a.attach(a.event(), path)
    a.sync()
    begun = theirs(a, county, path, one, chunk_size=100_000)
    begun.upload(stop_at=300_000)
    a.store.files.upload_at(one.sha256, "/v1/files/" + begun.url.rpartition("/")[2])
    report = a.carry()
    assert report.sent == 1
    assert report.bytes_up < 201_000


def test_tuspy_is_refused_without_a_token_and_with_other_content(pair, county):
    a, _ = pair
    path = a.paper(50_000)
    one = a.attach(a.event(), path)
    a.sync()
    stranger = TusClient(f"{county.url}/v1/files").uploader(str(path), metadata={"sha256": one.sha256})
    with pytest.raises(TusCommunicationError):
        stranger.upload()
    other = a.paper(50_000)
    with pytest.raises(TusUploadFailed):
        theirs(a, county, other, one).upload()
    assert not county.county.files.has(one.sha256)


def test_what_the_county_offers_is_told_as_tus_says(pair, county):
    answer = requests.options(f"{county.url}/v1/files", timeout=60)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,expiration,termination"
    token = pair[0].store.sync.state.token
    wrong = requests.post(f"{county.url}/v1/files", headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "files.request_wrong")


def test_an_upload_that_is_ended_is_gone(pair, county):
    a, _ = pair
    path = a.paper(500_000)
    one = a.attach(a.event(), path)
    a.sync()
    begun = theirs(a, county, path, one, chunk_size=100_000)
    begun.upload(stop_at=100_000)
    headers = {"Authorization": f"Bearer {a.store.sync.state.token}", "Tus-Resumable": "1.0.0"}
    assert requests.delete(begun.url, headers=headers, timeout=60).status_code == 204
    assert requests.head(begun.url, headers=headers, timeout=60).status_code == 404
    assert a.carry().sent == 1


def test_a_file_of_20_mb_is_taken_in_sent_kept_and_fetched_with_flat_memory(pair, county):
    """Both ends are in this process: what they need together is far below what the file has."""
    a, b = pair
    path = a.paper(SIZE)
    case = a.event()
    tracemalloc.start()
    try:
        one = a.attach(case, path)
        a.sync()
        assert a.carry().sent == 1
        b.sync()
        (found,) = b.office.attachments.of("event", case)
        b.store.files.want(found.sha256, found.size)
        assert b.carry().fetched == 1
        b.office.attachments.write(found.id, b.folder.parent / "out.pdf")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (b.folder.parent / "out.pdf").stat().st_size == one.size == SIZE
    assert peak < 8 << 20

"""Devices whose clocks stand in 2009, run a day ahead or jump: all agree, order and merges stay right, and people are told."""

from __future__ import annotations

import datetime
import shutil
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.services.timekeeping import clock_words
from app.store.clock import DAY_MS
from app.store.saving import Edit
from app.store.store import Store
from tests.sync.conftest import VILLAGES, Desk, Running

V = VILLAGES[0]
YEAR_2009 = 1_231_000_000.0


class World:
    """The right time; it may be made ``later`` for everybody."""

    def __init__(self):
        self.later = 0.0

    def now(self):
        return time.time() + self.later


class Machine:
    """A clock that is wrong by ``by`` seconds, and may be set while it runs."""

    def __init__(self, world, by=0.0):
        self.world = world
        self.by = by

    def now(self):
        return self.world.now() + self.by


class Wrong(Desk):
    """A device with a clock of its own."""

    def sync(self, **options):
        return super().sync(now=self.machine.now, **options)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def county(database, forms, world):
    with Running(database, forms, world.now).serving() as running:
        yield running


@pytest.fixture
def device(county, world, tmp_path, empty_home, forms):
    """Makes devices whose clock is wrong by some seconds; the county's clock is heard at the first exchange, not before."""
    stores = []

    def make(by, user):
        home, key = empty_home
        folder = tmp_path / f"device{len(stores)}"
        shutil.copytree(home, folder)
        machine = Machine(world, by)
        stores.append(Store.open(folder, key, forms, now=machine.now))
        desk = county.device(stores[-1], user)
        made = Wrong(desk.store, user)
        made.machine = machine
        return made

    yield make
    for store in stores:
        store.close()


def person(record_id=None, **values):
    return Edit("resident", record_id, V, {"name": "张文贵", **values} if record_id is None else values)


def near_now(milliseconds):
    return abs(milliseconds - time.time() * 1000) < 10_000


def all_agree(*desks):
    for desk in (*desks, *desks):
        report = desk.sync()
    return report.in_agreement and all(desk.sync().in_agreement for desk in desks)


@pytest.mark.parametrize(
    "by", [YEAR_2009 - time.time(), 86_400.0, -3600.0], ids=["in 2009", "a day ahead", "an hour behind"]
)
def test_a_wrong_clock_is_corrected_by_the_first_exchange_and_the_clerk_is_told(device, by):
    a = device(by, "张干事")
    assert a.sync().in_agreement
    assert near_now(a.store.now_ms())
    assert ("快了" if by > 0 else "慢了") in clock_words(a.store.clock.read())
    made = a.save(person())
    assert near_now(made.changes[0].time)
    # Somebody sets it right: the next exchange knows, and nothing is said any more.
    a.machine.by = 0
    assert a.sync().in_agreement
    assert clock_words(a.store.clock.read()) == ""
    assert near_now(a.store.now_ms())


def test_of_two_edits_apart_the_later_one_stands_whatever_the_clocks_show(device, world):
    behind, ahead = device(YEAR_2009 - time.time(), "张干事"), device(86_400.0, "李干事")
    (made,) = behind.save(person(remark="初")).ids
    assert all_agree(behind, ahead)
    ahead.save(person(made, remark="先写的"))
    # Clocks are told apart by a second: the line alone may take as long.
    world.later += 2
    behind.save(person(made, remark="后写的"))
    assert all_agree(ahead, behind)
    for desk in (ahead, behind):
        assert desk.get("resident", made).values["remark"] == "后写的"


def test_a_device_a_day_ahead_that_never_heard_the_county_wins_no_quarrel_by_its_clock(device, world):
    a = device(0.0, "张干事")
    (made,) = a.save(person(remark="初")).ids
    b = device(0.0, "李干事")
    assert all_agree(a, b)
    # Both offline; b's clock jumps a day ahead while it runs.
    b.machine.by = 86_400.0
    b.save(person(made, remark="钟快的先写"))
    assert b.sync().ok
    world.later += 2
    a.save(person(made, remark="钟准的后写"))
    assert all_agree(a, b)
    assert b.get("resident", made).values["remark"] == a.get("resident", made).values["remark"] == "钟准的后写"


def test_a_clock_that_jumps_between_request_and_answer_and_between_saves_leaves_all_in_agreement(device):
    a, b = device(0.0, "张干事"), device(0.0, "李干事")
    ids = [a.save(person(remark="0")).ids[0]]
    jumps = iter([-86_400.0, 86_400.0 * 400, YEAR_2009 - time.time(), 0.0])

    def jump(_progress):
        a.machine.by = next(jumps, 0.0)

    for number in range(1, 5):
        ids.append(a.save(person(remark=str(number))).ids[0])
        assert a.sync(progress=jump).in_agreement
    a.save(*(person(record_id, remark=f"{number}改") for number, record_id in enumerate(ids)))
    a.machine.by = -7200.0
    a.save(person(ids[0], remark="最后"))
    assert all_agree(a, b)
    assert near_now(a.store.now_ms())
    held = [b.get("resident", record_id).values["remark"] for record_id in ids]
    assert held == ["最后", "1改", "2改", "3改", "4改"]
    assert ids == sorted(ids)
    counters = [line.rev for line in a.store.query.history(ids[0]) if line.kind == "own"]
    assert counters == sorted(counters)


def test_enrolling_tells_the_countys_clock(county):
    made = county.enrolment()
    assert near_now(made.clock)


# -- certificates ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def not_valid_yet(tmp_path):
    """An https server whose certificate begins tomorrow: to it this machine stands in the past. Gives (url, path of the certificate)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    begins = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, secret)
    with socket.create_server(("127.0.0.1", 0)) as sock:

        def serve():
            while True:
                try:
                    plain, _ = sock.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:
                    plain.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{sock.getsockname()[1]}", str(cert)


def test_a_certificate_that_only_the_clock_makes_wrong_is_told_as_the_clocks_fault(device, not_valid_yet):
    a = device(0.0, "张干事")
    a.save(person())
    url, ca = not_valid_yet
    a.store.sync._set_state(url=url, ca=ca)
    assert a.sync().error.code == "sync.certificate"
    a.machine.by = YEAR_2009 - time.time()
    report = a.sync()
    assert report.error.code == "sync.certificate_clock"
    assert "2009" in str(report.error)
    assert report.left.total == 1


def test_the_countys_own_clock_is_the_measure(database, forms, tmp_path, empty_home):
    future = Machine(World(), 5 * DAY_MS / 1000)
    with Running(database, forms, now=future.now).serving() as running:
        home, key = empty_home
        shutil.copytree(home, tmp_path / "one")
        store = Store.open(tmp_path / "one", key, forms)
        desk = running.device(store)
        assert desk.sync().in_agreement
        assert abs(store.now_ms() - future.now() * 1000) < 10_000
        store.close()

"""A real county on a free port, over SQLite and over PostgreSQL, and devices with real encrypted stores."""

from __future__ import annotations

import contextlib
import functools
import itertools
import shutil
import time
from unittest import mock

import argon2
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.schema.loading import load_forms
from app.store.agreement import Area as StoreArea
from app.store.store import Store, new_key
from sync.client import enrol, exchange
from sync.county import county as county_module
from sync.county import enrolment, office
from sync.wire import Area
from tests.serving import answering
from tests.sync.postgres import PostgreSQL

TOWNSHIP = "990001101000"
VILLAGES = ("990001101201", "990001101202", "990001101203")
OTHER = "990001102000"
AREAS = [
    Area(TOWNSHIP, "幸福镇", "township"),
    *(Area(code, f"幸福{number}村", "village") for number, code in enumerate(VILLAGES, 1)),
    Area(OTHER, "平安镇", "township"),
    Area("990001102201", "平安村", "village"),
]
_codes = itertools.count(100_001)


@pytest.fixture(scope="session")
def forms():
    return load_forms()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords():
    """Argon2 as it is, but not as slow: what it costs is not what is tested here."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    before = office.HASHER
    office.HASHER = enrolment.HASHER = cheap
    yield
    office.HASHER = enrolment.HASHER = before


@pytest.fixture(scope="session", autouse=True)
def tables_once():
    """How the tables of some forms look is reckoned once, not for each county."""
    with mock.patch.object(county_module, "Tables", functools.cache(county_module.Tables)):
        yield


@pytest.fixture(scope="session")
def postgres():
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres):
    return postgres.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """Where a county may be made; on PostgreSQL all tests share one database, each with a county of its own."""
    return tmp_path / "county.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


class Running:
    """A county that answers at ``url``."""

    def __init__(self, database, forms, now=time.time):
        self.forms = forms
        self.county = office.init(database, forms, f"{next(_codes)}", now=now)
        office.add_areas(self.county, AREAS)

    @contextlib.contextmanager
    def serving(self):
        try:
            with answering(self.county) as self.url:
                yield self
        finally:
            self.county.close()

    def enrolment(self, user="张干事", areas=(TOWNSHIP,), roles=office.DEFAULT_ROLES, **options):
        code = office.issue_code(self.county, areas, roles)
        return enrol(self.url, code, user, "一个够长的密码", **options)

    def device(self, store, user="张干事", areas=(TOWNSHIP,), roles=office.DEFAULT_ROLES):
        """Enrol *store*, and return it as something that exchanges."""
        key = Ed25519PrivateKey.generate()
        made = self.enrolment(user, areas, roles, key=key)
        store.sync.enrolled(
            device=made.device,
            county=made.county,
            url=made.url,
            token=made.token,
            epoch=made.epoch,
            areas=[StoreArea(area.code, area.name, area.level, area.parent) for area in made.areas],
            streams=set(made.streams),
            begun=made.begun,
            mark=made.mark,
        )
        store.sync.learn_county_keys(made.recipient, made.verify)
        with store.transaction():
            store.meta.set("signing_key", key.private_bytes_raw().hex())
        return Desk(store, user)


class Desk:
    """One device and the clerk at it."""

    def __init__(self, store, user):
        self.store = store
        self.user = user
        self.http = requests.Session()

    def sync(self, **options):
        return exchange(
            self.store, options.pop("http", self.http), sleep=options.pop("sleep", lambda _: None), **options
        )

    def save(self, *edits, bulk=False):
        return self.store.save(edits, self.user, bulk=bulk)

    def get(self, form, record_id):
        return self.store.get(form, record_id)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory, forms):
    """A store made once and copied: making its tables is not what is tested here."""
    folder, key = tmp_path_factory.mktemp("home"), new_key()
    Store.create(folder / "home", key, forms).close()
    return folder / "home", key


@pytest.fixture
def new_store(tmp_path, empty_home, forms):
    """Makes real encrypted stores, closed at the end."""
    with contextlib.ExitStack() as stack:
        numbers = itertools.count(1)

        def make():
            home, key = empty_home
            folder = tmp_path / f"store{next(numbers)}"
            shutil.copytree(home, folder)
            store = Store.open(folder, key, forms)
            stack.callback(store.close)
            return store

        yield make


@pytest.fixture
def clock():
    """The time at the county and its devices; who turns it has a `Turned` of its own."""
    return time.time


@pytest.fixture
def county(database, forms, clock):
    with Running(database, forms, now=clock).serving() as running:
        yield running


@pytest.fixture
def make(county, tmp_path, forms, clock):
    """Makes devices with an office each, closed at the end."""
    from tests.sync.offices import FileDesk  # it builds on this module

    made = []

    def one(user="张干事", **options):
        made.append(FileDesk(tmp_path / f"device{len(made)}", forms, county, user, now=clock, **options))
        return made[-1]

    yield one
    for desk in made:
        desk.store.close()


@pytest.fixture
def desks(county, new_store):
    """Two devices of one township, enrolled and in agreement."""
    pair = county.device(new_store(), "张干事"), county.device(new_store(), "李干事")
    for desk in pair:
        assert desk.sync().in_agreement
    return pair

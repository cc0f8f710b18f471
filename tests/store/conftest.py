"""A real encrypted store in a temporary folder."""

from __future__ import annotations

import pytest

from app.schema.loading import load_forms
from app.store.saving import Edit
from app.store.store import Store, new_key

VILLAGE = "990001101201"


@pytest.fixture(scope="session")
def forms():
    return load_forms()


@pytest.fixture
def key():
    return new_key()


@pytest.fixture
def store(tmp_path, key, forms):
    made = Store.create(tmp_path / "home", key, forms)
    yield made
    made.close()


@pytest.fixture
def enrolled(store):
    streams = {(VILLAGE, "ordinary"), (VILLAGE, "urgent")}
    store.sync.enrolled(
        device="d1", county="990001", url="http://127.0.0.1:1", token="t", epoch=1, areas=[], streams=streams
    )
    return store


def person(record_id=None, **values):
    return Edit("resident", record_id, VILLAGE, {"name": "张文贵", **values} if record_id is None else values)

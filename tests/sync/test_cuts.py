"""A link that is cut again and again but carries much in between: frames keep their length, and it is tried again soon."""

from __future__ import annotations

import secrets

import anyio
import anyio.lowlevel
import pytest
import requests

from app.store.saving import Edit
from sync.client.filling import Filling
from sync.client.link import suited
from sync.county import arriving
from sync.county.arriving import Arriving
from tests.sync.broken import Broken
from tests.sync.conftest import VILLAGES

RATE = 16_000
FRAME = 4_000
MANY = 1_200


@pytest.fixture
def slow(desks):
    """Two desks on a link of 16 KB/s; the first has much to send, of which little can be compressed away."""
    for desk in desks:
        desk.sync()
        with desk.store.transaction():
            desk.store.meta.set("sync.rate", float(RATE))
            desk.store.meta.set("sync.rate_down", float(RATE))
    desks[0].save(*people(MANY))
    return desks


def people(count):
    values = [{"name": "张文贵", "remark": secrets.token_hex(40)} for _ in range(count)]
    return [Edit("resident", None, VILLAGES[0], row) for row in values]


def smaller(desk):
    return desk.store.meta.integer("sync.most_bytes")


def tries(desk):
    return {frame.tries for frame in desk.store.sync.open_frames()}


def test_only_a_link_that_carries_few_frames_between_cuts_gets_smaller_ones(slow):
    a, b = slow
    a.sync(http=Broken(["body"], 2 * RATE + FRAME), tries=1)
    assert smaller(a) == 0
    assert a.sync().in_agreement
    b.sync(http=Broken(["answer", "before"], 4 * FRAME), tries=1)
    assert smaller(b) == 0
    b.sync(http=Broken(["answer", "before"], 2 * FRAME), tries=1)
    assert smaller(b) == 2 << 10
    b.sync(http=Broken(["answer", "before"], 7 * FRAME), tries=1)  # twelve such frames and more
    assert smaller(b) == 4 << 10
    assert b.sync().in_agreement
    assert b.store.count("resident") == MANY


def test_a_cut_behind_frames_that_came_through_is_not_held_against_the_next_ones(slow):
    a, b = slow
    a.sync(http=Broken(["after"], 0), tries=1)
    came = {frame.number for frame in a.store.sync.open_frames()}
    a.save(*people(MANY))
    assert list(Filling(a.store, suited(a.store, a.store.sync.state.url), raw=True).frames())
    a.sync(http=Broken(["", "body"], 1), tries=1)
    assert came & {frame.number for frame in a.store.sync.open_frames()} == set()
    assert tries(a) == {0}
    a.sync(http=Broken(["", "body"], 1), tries=1)
    assert tries(a) == {1}  # this time not one came through
    assert a.sync().in_agreement
    assert b.sync().in_agreement
    assert b.store.count("resident") == 2 * MANY


def test_a_link_that_carried_is_tried_again_soon_and_one_that_is_not_there_later(slow):
    a, b = slow
    a.sync()
    for ways, least, most in ((["answer"], 0.25, 0.75), (["before"], 1, 3)):
        slept = []
        assert b.sync(http=Broken(ways, 4 * FRAME), sleep=slept.append).ok
        assert len(slept) == 1
        assert least <= slept[0] <= most


def test_a_device_that_wants_short_frames_gets_each_by_itself(slow):
    a, b = slow
    a.sync()
    with b.store.transaction():
        b.store.meta.set("sync.most_bytes", 2 << 10)
    sizes = []

    def seen(response, **_):
        whole = response.iter_content
        response.iter_content = lambda _: (sizes.append(len(data)) or data for data in whole(None))

    with requests.Session() as http:
        http.hooks["response"].append(seen)
        report = b.sync(http=http)
    assert report.in_agreement
    assert sum(sizes) > 8 * FRAME
    assert max(sizes) < 2 * FRAME


def test_who_asks_after_frames_is_answered_when_those_that_came_are_done(monkeypatch):
    monkeypatch.setattr(arriving, "_LOOK", 0.001)
    held, heard = Arriving(), []

    async def ask(device):
        await held.settled(device)
        heard.append(device)

    async def go():
        async with anyio.create_task_group() as group:
            with held.taking("one"):
                group.start_soon(ask, "one")
                group.start_soon(ask, "another")
                for _ in range(10):
                    await anyio.lowlevel.checkpoint()
                assert heard == ["another"]

    anyio.run(go)
    assert heard == ["another", "one"]


def test_a_frame_that_takes_too_long_keeps_no_answer_waiting_for_ever(monkeypatch):
    monkeypatch.setattr(arriving, "_PATIENCE", 0.01)

    async def go():
        held = Arriving()
        with held.taking("one"):
            await held.settled("one")
            return True

    assert anyio.run(go)

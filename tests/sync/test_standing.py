"""How far a record has come, between a real device and a real county."""

from __future__ import annotations

import random

from app.store.saving import Edit
from tests.sync.broken import Broken
from tests.sync.conftest import VILLAGES


def person(name="张文贵", record=None):
    return Edit("resident", record, VILLAGES[0], {"name": name})


def test_a_record_is_here_then_sent_then_at_the_county(desks):
    a, b = desks
    record = a.save(person()).ids[0]
    a.sync(http=Broken(["before"], 0), tries=1)
    assert a.store.sync.standing("resident", record).state == "here"
    # The answer is lost: the county has it, and nobody here can know.
    a.sync(http=Broken(["after"], 0), tries=1)
    assert a.store.sync.standing("resident", record).state == "sent"
    assert a.store.sync.waiting().total == 1
    a.sync()
    assert a.store.sync.standing("resident", record).state == "county"
    b.sync()
    assert b.store.sync.standing("resident", record).state == "county"


def test_of_a_request_cut_in_its_body_only_whole_frames_count_as_sent(desks):
    a, _ = desks
    people = [person(f"张{number}") for number in range(4000)]
    noise = random.Random(3)
    for edit in people:
        edit.values["remark"] = noise.randbytes(60).hex()
    ids = a.save(*people, bulk=True).ids
    a.sync(http=Broken(["body"], 200_000), tries=1)
    held = a.store.sync.standings("resident", ids)
    states = [held[record].state for record in ids]
    assert {"sent", "here"} == set(states)
    assert states.index("here") == states.count("sent"), "the first ones went first"


def test_agreement_is_said_after_a_whole_exchange_and_no_longer_after_a_save_or_a_broken_one(desks):
    a, _ = desks
    assert a.store.sync.agreed().now
    a.save(person())
    assert not a.store.sync.agreed().now
    assert a.sync().in_agreement
    assert a.store.sync.agreed().now
    before = a.store.sync.agreed().at_ms
    a.sync(http=Broken(["before"], 0), tries=1)
    assert not a.store.sync.agreed().now
    assert a.store.sync.agreed().at_ms == before

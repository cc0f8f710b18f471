"""What devices and counties of earlier versions really said to each other, played again with today's county and today's devices."""

from __future__ import annotations

import json

import pytest

from app.schema.loading import load_forms
from tests.golden import reader, stage, story

VERSIONS = story.VERSIONS


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def forms():
    return load_forms()


@pytest.fixture(scope="module")
def answered(version, forms, tmp_path_factory):
    """Today's county, asked what the devices of *version* asked: (what was recorded, what it says now)."""
    side = stage.CountySide(tmp_path_factory.mktemp("county") / "county.db", forms)
    with side.serving() as url:
        alone = stage.CountyAlone(url, side, stage.read(version))
        VERSIONS[version](alone)
    return [(item, answer) for item, answer in alone.answers if item.way != "body"]


@pytest.fixture(scope="module")
def played(version, forms, tmp_path_factory):
    """Today's devices, answered as the county of *version* answered."""
    desks = stage.DeskSide(tmp_path_factory.mktemp("desks"), forms)
    with desks.fixed():
        alone = stage.DesksAlone(desks, stage.read(version))
        VERSIONS[version](alone)
        alone.holdings, alone.reach = desks.holdings(), desks.reach()
    return alone


@pytest.fixture(scope="module")
def ended(version):
    return json.loads((stage.GOLDEN / version / "end.json").read_text("utf-8"))


def said(stream):
    """What an answer means to a device of its version: moves and deltas in sum, and everything else message by message."""
    found = {"moves": {}, "deltas": [], "receipts": []}
    for letter, body in reader.messages(stream):
        if letter == "D":
            found["moves"] |= {(move[0], *map(str, move[4:])): move[2] for move in body["moves"]}
            found["deltas"] += [json.dumps(row, sort_keys=True) for row in body["deltas"]]
        elif letter == "R":
            found["receipts"].append(
                {key: body.get(key) for key in ("number", "first", "odd", "code", "known", "content")}
            )
        elif letter == "A":
            found["head"] = {key: body.get(key) for key in ("version", "county", "epoch", "areas", "streams", "clock")}
        elif letter == "E":
            found["end"] = {key: body.get(key) for key in ("rev", "digest", "again")}
        elif letter == "X":
            found["problem"] = body
    found["deltas"].sort()
    return found


def _within(reach, holdings):
    return {desk: {key: row for key, row in held.items() if row[0] in reach[desk]} for desk, held in holdings.items()}


def _tells_no_less(now, then):
    """A county may tell a device of its own change, too, what stands of it where the merge had a say."""
    now, then = json.loads(now), json.loads(then)
    same = {key: value for key, value in now.items() if key not in {"values", "revs"}}
    return same.items() >= {key: then[key] for key in same}.items() and all(
        now[part].items() >= then[part].items() for part in ("values", "revs")
    )


def test_todays_county_answers_the_old_requests_as_it_answered_then(answered):
    assert len(answered) > 20
    for item, answer in answered:
        assert answer.status_code == item.status, item.name
        if item.status == 200:
            now, then = said(answer.content), said(item.answer)
            assert len(now["deltas"]) == len(then["deltas"]), item.name
            assert all(map(_tells_no_less, now.pop("deltas"), then.pop("deltas"))), item.name
            assert now == then, item.name
        else:
            assert answer.json()["code"] == json.loads(item.answer)["code"], item.name


def test_todays_devices_take_the_old_answers_and_hold_what_was_held_then(played, ended):
    assert played.unread == []
    # What is left of a record that went where a desk doesn't reach was a matter of the program: version 1 kept its values.
    assert _within(played.reach, played.holdings) == _within(played.reach, ended["holdings"])


def test_todays_devices_find_their_digests_in_the_old_answers(played, ended):
    assert played.ends == ended["agreed"]
    assert sum(played.ends.values()) > 8

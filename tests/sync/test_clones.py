"""A copied disk under one name with its original: what neither can vouch for is another hand's work, whichever road it takes."""

from __future__ import annotations

import dataclasses
import json

import pytest
import sqlalchemy as sa

import sync.client.asking
import sync.client.greeting
from app.store.saving import Edit
from sync import bundle
from sync.client.greeting import greeting
from sync.client.link import Pace, suited
from sync.county import bundles, office
from sync.county.session import Session
from sync.county.tables import FRAME
from sync.county.vouching import GIVEN_UP, OWN_GIVEN_UP, Vouched, vouched_for
from sync.wire import MARKED, Receipts
from tests.sync.broken import Broken
from tests.sync.conftest import VILLAGES
from tests.sync.test_bundle import carry_up
from tests.sync.test_review import both, cloned, noise, one_frame

V = VILLAGES[0]


def grid(record_id=None, **values):
    return Edit("grid", record_id, V, {"name": "零", **values} if record_id is None else values)


def event(**values):
    return Edit("event", None, V, {"title": "河堤塌了", "detail": "村口", "urgency": "critical", **values})


def roster(count=120):
    """More than goes with something urgent."""
    return [Edit("resident", None, V, {"name": "张文贵", "remark": noise(80, number)}) for number in range(count)]


@pytest.fixture(autouse=True)
def slow_link(monkeypatch):
    """Something urgent goes alone before a roster: on a quick link so short a one would go with it."""
    monkeypatch.setattr(sync.client.asking, "suited", lambda *_: Pace(5_000.0))


@pytest.fixture
def machines(desks, new_store, empty_home, forms):
    """An original and its copy, another device, and a grid that all know."""
    a, b = desks
    (made,) = a.save(grid()).ids
    both(desks)
    clone = cloned(a, new_store, empty_home, forms)
    yield a, clone, b, made
    clone.store.close()


def words(desk, record_id):
    """Every name that the grid has or, by a conflict record, had."""
    found = {desk.get("grid", record_id).values["name"]}
    for conflict in desk.store.select("conflict"):
        found |= {json.loads(conflict.values[part]) for part in ("mine", "theirs")}
    return found


def given_up(desk, made, name):
    """It gives a number up that never left it, and its change goes under the next."""
    desk.save(grid(made, name=name))
    desk.store.sync.void(one_frame(desk).number)
    assert desk.sync().ok


def overtaken(desk, made, name):
    """Its roster is framed and not sent yet when something urgent takes the change along under a later number."""
    desk.save(*roster(), bulk=True)
    while one_frame(desk):
        pass
    desk.save(grid(made, name=name), event(grid=made))
    assert desk.sync().ok


def by_stick(desk, made, name):
    """As ``given_up``, by a file."""
    desk.save(grid(made, name=name))
    desk.store.sync.void(one_frame(desk).number)
    made_bundle = bundle.write(desk.store)
    bundle.note(desk.store, made_bundle, "上报.xzt")
    answer = bundles.take(desk.county, made_bundle.content).answer
    bundle.read(desk.store, answer)
    assert desk.sync().ok


ROADS = {"given up": given_up, "overtaken": overtaken, "by stick": by_stick}


@pytest.mark.parametrize("earlier", [True, False], ids=["fewer changes", "more changes"])
@pytest.mark.parametrize("road", ROADS)
def test_no_word_of_two_machines_with_one_disk_is_written_over_unseen(county, machines, road, earlier):
    a, clone, b, made = machines
    clone.county = county.county
    if not earlier:
        clone.save(*roster(3))  # its counter is beyond that of the original's change
    a.save(*roster(2), grid(made, name="原机改的"))
    assert a.sync().ok
    ROADS[road](clone, made, "克隆改的")
    # At the first word, and not only where numbers meet.
    assert clone.store.sync.state.incarnation != a.store.sync.state.incarnation
    both((a, clone, b))
    for desk in (a, clone, b):
        assert {"原机改的", "克隆改的"} <= words(desk, made)
    assert all(row.sound for row in office.digest(county.county))


@pytest.mark.parametrize("road", ROADS)
def test_so_it_is_where_the_copy_speaks_first(county, machines, road):
    a, clone, b, made = machines
    clone.county = county.county
    a.save(*roster(5), grid(made, name="原机改的"))
    ROADS[road](clone, made, "克隆改的")
    assert a.sync().ok
    both((a, clone, b))
    for desk in (a, clone, b):
        assert {"原机改的", "克隆改的"} <= words(desk, made)
    assert clone.store.sync.state.incarnation != a.store.sync.state.incarnation


def test_a_copy_whose_hello_was_heard_before_the_original_came_is_still_another_hand(county, machines):
    a, clone, b, made = machines
    clone.save(*roster(1))
    one_frame(clone)
    clone.save(grid(made, name="克隆改的"))
    frame = one_frame(clone)
    device, _ = county.county.device_by_id(clone.store.sync.state.device)
    held = {item.number: item for item in clone.store.sync.open_frames()}
    session = Session(county.county, device, greeting(clone.store, held, (), suited(clone.store, county.url), 0))
    assert session.open() is None
    a.save(grid(made, name="原机改的"))
    assert a.sync().ok

    session.take(frame.content)

    (receipts,) = session.receipts()
    assert [receipt.status for receipt in receipts.spread(frame.counters)] in (["merged"], ["conflict"])
    both((a, clone, b))
    for desk in (a, clone, b):
        assert {"原机改的", "克隆改的"} <= words(desk, made)


def test_a_copy_s_word_that_it_gives_a_number_up_does_not_touch_the_original_s_frame(county, machines):
    a, clone, _, made = machines
    a.save(grid(made, name="原机改的"))
    assert a.sync().ok
    mine, theirs = a.store.sync.state.incarnation, clone.store.sync.state.incarnation
    assert mine == theirs
    clone.save(grid(made, remark="克隆"))
    frame = one_frame(clone)
    clone.store.sync.void(frame.number)
    assert clone.sync().ok
    device, _ = county.county.device_by_id(a.store.sync.state.device)
    with county.county.database.snapshot() as conn:
        (known,) = county.county.applier.answered(conn, device, mine, [frame.number]).values()
    assert isinstance(known, Receipts)
    assert not known.code
    assert clone.store.sync.state.incarnation != mine


def test_a_number_that_was_given_up_vouches_for_nobody_until_it_is_proved_ones_own(county, machines):
    a, _clone, _, made = machines
    a.save(grid(made, name="原机改的"))
    number = one_frame(a).number
    assert a.sync().ok
    state = a.store.sync.state
    name = (county.county.code, state.device, state.incarnation)
    said = Vouched(have=((1, number),))
    key = FRAME.c.device == state.device, FRAME.c.incarnation == state.incarnation, FRAME.c.number == number
    for void, vouched in ((0, {number}), (GIVEN_UP, set()), (OWN_GIVEN_UP, {number})):
        with county.county.database.plain() as conn:
            conn.execute(sa.update(FRAME).where(*key), {"void": void})
            assert vouched_for(conn, *name, said, (number + 1, b"\0" * 32), {number}) == vouched


def test_an_honest_device_whose_later_frame_came_before_its_stick_has_no_quarrel_with_itself(county, desks):
    a, b = desks
    (made,) = a.save(grid()).ids
    both(desks)
    a.save(grid(made, name="一"), *roster(), bulk=True)
    content = carry_up(a)
    a.save(grid(made, name="二"), event(grid=made))
    a.sync(http=Broken(["", *["before"] * 9], 0), tries=1)  # the urgent frame goes, with the grid; the rest does not
    b.sync()
    assert b.get("grid", made).values["name"] == "二"
    assert b.store.count("resident") == 0
    bundle.read(a.store, bundles.take(county.county, content).answer)
    both(desks)
    for desk in desks:
        assert (desk.get("grid", made).values["name"], desk.store.count("conflict")) == ("二", 0)
        assert desk.store.count("resident") == 120


def test_an_honest_device_that_gave_a_frame_up_that_had_come_has_no_quarrel_with_itself(desks):
    a, _ = desks
    (made,) = a.save(grid()).ids
    both(desks)
    before = a.store.sync.state.incarnation
    a.save(grid(made, name="一"))
    frame = one_frame(a)
    a.save(grid(made, name="二"))
    a.sync(http=Broken(["after"], 0), tries=1)
    a.save(grid(made, name="三"))
    a.store.sync.void(frame.number)
    a.save(grid(made, name="四"))
    both(desks)
    a.save(Edit("grid", made, V, {}, deleted=True))
    both(desks)
    for desk in desks:
        assert (desk.get("grid", made).values["name"], desk.store.count("conflict")) == ("四", 0)
    assert a.store.sync.state.incarnation == before


def test_a_county_that_does_not_read_marks_is_not_told_any(county, desks):
    a, _ = desks
    a.sync()
    a.save(grid())
    frame = one_frame(a)
    pace = suited(a.store, county.url)
    assert [number for number, _ in greeting(a.store, {frame.number: frame}, (), pace, 0).made] == [frame.number]
    with a.store.transaction():
        held = [name for name in a.store.meta.get("sync.capabilities") if name != MARKED]
        a.store.meta.set("sync.capabilities", held)
    assert greeting(a.store, {frame.number: frame}, (), pace, 0).made == ()


@pytest.mark.parametrize("made", [((1, b"short"),), ((-1, bytes(8)),), ((1 << 63, bytes(8)),)], ids=str)
def test_marks_that_no_device_has_are_refused(county, desks, made):
    a, _ = desks
    a.sync()
    device, _ = county.county.device_by_id(a.store.sync.state.device)
    hello = dataclasses.replace(greeting(a.store, {}, (), suited(a.store, county.url), 0), made=made)
    assert Session(county.county, device, hello).open().code == "sync.garbage"


def test_a_device_that_never_heard_its_county_yet_has_no_quarrel_with_itself(county, new_store):
    a = county.device(new_store())
    (made, *_) = a.save(grid(name="一"), *roster(), bulk=True).ids
    a.sync(http=Broken(["after"], 0), tries=1)  # all of it is there, and the first answer is lost
    a.save(grid(made, name="二"), event(grid=made))
    assert a.sync().ok
    assert a.sync().in_agreement
    assert a.get("grid", made).values["name"] == "二"
    assert a.store.count("conflict") == 0


def test_a_program_from_before_that_can_not_vouch_loses_no_word_though_it_quarrels_with_itself(
    county, new_store, monkeypatch
):
    monkeypatch.setattr(sync.client.greeting, "MARKED", "unheard of")
    a = county.device(new_store())
    assert a.sync().ok
    (made, *_) = a.save(grid(name="一"), *roster(), bulk=True).ids
    a.sync(http=Broken(["after"], 0), tries=1)
    a.save(grid(made, name="二"), event(grid=made))
    assert a.sync().ok
    assert a.sync().in_agreement
    assert a.get("grid", made).values["name"] in {"一", "二"}
    assert words(a, made) == {"一", "二"}

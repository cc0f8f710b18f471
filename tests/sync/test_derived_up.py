"""Columns that others tell, on their way up: a county that says it reads them gets them, one of before never does, whatever it said once."""

from __future__ import annotations

import pytest

from app.schema.identity import check_character
from app.store.saving import Edit
from sync import bundle
from sync.client import filling
from sync.county import applying, bundles, conversing, session
from sync.wire import DERIVED, STREAMED, Reader, WireError, needed
from tests.sync.broken import Broken
from tests.sync.conftest import VILLAGES

V = VILLAGES[0]


def people(count):
    """*count* new residents, each with a number and its date; one of seven has another date, one of nine none."""
    for n in range(count):
        date = f"{1930 + n % 80}-{n % 12 + 1:02}-{n % 28 + 1:02}"
        first = f"990001{date.replace('-', '')}{n % 900 + 100}"
        values = {"name": f"张{n * 7919}", "id_number": first + check_character(first), "birth_date": date}
        if n % 7 == 3:
            values["birth_date"] = "1999-12-31"
        if n % 9 == 5:
            del values["birth_date"]
        yield Edit("resident", None, V, values)


@pytest.fixture
def database(tmp_path):
    """What lies under the county has no part in this."""
    return tmp_path / "county.db"


@pytest.fixture
def came(monkeypatch):
    """What the frames that the county took needed of it."""
    found = []
    honest = session.Session.take

    def take(self, content):
        honest(self, content)
        found.append(needed(content))

    monkeypatch.setattr(session.Session, "take", take)
    return found


def county_of_before(monkeypatch, *lacks):
    """As its program was: it doesn't say that it reads them, and refuses them."""
    able = tuple(name for name in session.CAPABILITIES if name not in lacks)
    monkeypatch.setattr(session, "CAPABILITIES", able)
    honest = applying.decode_up

    def decode(content):
        if needed(content) & set(lacks):
            raise WireError("values")
        return honest(content)

    class OldReader(Reader):
        def _stream(self, place):
            raise WireError("Z")

    monkeypatch.setattr(applying, "decode_up", decode)
    if STREAMED in lacks:
        monkeypatch.setattr(conversing, "Reader", OldReader)


def as_saved(desk, saved, edits):
    return [
        {name: desk.get("resident", record_id).values[name] for name in edit.values}
        for record_id, edit in zip(saved.ids, edits, strict=True)
    ] == [dict(edit.values) for edit in edits]


def none_twice(desk, count):
    return desk.store.count("resident") == count and desk.store.sync.waiting().total == 0


def test_a_county_that_reads_them_gets_them_and_everybody_what_was_saved(desks, came):
    a, b = desks
    edits = list(people(400))
    saved = a.save(*edits)
    assert a.sync().in_agreement
    assert came[0] == {STREAMED, DERIVED}
    assert b.sync().in_agreement
    assert as_saved(a, saved, edits)
    assert as_saved(b, saved, edits)
    assert "birth_date" not in b.get("resident", saved.ids[5]).revs
    assert b.store.sync.reckon() == a.store.sync.reckon()


def test_who_has_not_heard_the_county_yet_sends_none(county, new_store, came):
    desk = county.device(new_store())
    desk.save(*people(60))
    assert desk.sync().in_agreement
    assert came == [set()]


def test_a_county_of_before_gets_none(desks, came, monkeypatch):
    a, b = desks
    county_of_before(monkeypatch, DERIVED)
    a.sync()
    edits = list(people(400))
    saved = a.save(*edits)
    assert a.sync().in_agreement
    assert came
    assert all(DERIVED not in needs for needs in came)
    assert b.sync().in_agreement
    assert as_saved(b, saved, edits)


def test_a_device_of_before_goes_on_as_ever(desks, came, monkeypatch):
    a, b = desks
    monkeypatch.setattr(filling, "DERIVED", "not invented")
    a.save(*people(60))
    assert a.sync().in_agreement
    assert came == [{STREAMED}]
    assert b.sync().in_agreement
    assert b.store.sync.reckon() == a.store.sync.reckon()


@pytest.mark.parametrize(
    ("way", "count", "lacks"),
    [
        ("", 40, (DERIVED,)),
        ("body", 40, (DERIVED, STREAMED)),
        ("body", 600, (DERIVED,)),
        ("after", 40, (DERIVED,)),
        ("after", 600, (DERIVED, STREAMED)),
    ],
)
def test_a_county_whose_program_was_set_back_gets_everything_once(desks, monkeypatch, way, count, lacks):
    """Also what lies written down in frames that it can't read any more, whether it has them already or not."""
    a, b = desks
    edits = list(people(count))
    saved = a.save(*edits)
    if way:
        assert not a.sync(http=Broken([way], 300), tries=1).ok
        assert {DERIVED} <= set().union(*(needed(frame.content) for frame in a.store.sync.open_frames()))
    county_of_before(monkeypatch, *lacks)
    a.save(Edit("resident", saved.ids[0], V, {"remark": "独居"}))
    reports = [a.sync(), a.sync()]
    assert reports[-1].in_agreement
    assert {report.error.code for report in reports if report.error} <= {"sync.garbage"}
    assert none_twice(a, count)
    assert b.sync().in_agreement
    assert as_saved(b, saved, edits)
    assert b.get("resident", saved.ids[0]).values["remark"] == "独居"
    assert a.store.count("conflict") == 0
    assert a.store.sync.attention() == []


def test_by_stick_too_a_county_gets_only_what_it_is_known_to_read(county, desks, monkeypatch):
    a, b = desks
    edits = list(people(60))
    saved = a.save(*edits)
    bundle.write(a.store)  # lost
    (frame,) = a.store.sync.open_frames()
    assert DERIVED in needed(frame.content)
    county_of_before(monkeypatch, DERIVED)
    b.sync()
    with a.store.transaction():
        a.store.meta.set("sync.capabilities", list(session.CAPABILITIES))
    made = bundle.write(a.store)
    bundle.note(a.store, made, "上报.xzt")
    got = bundle.read(a.store, bundles.take(county.county, made.content).answer)
    assert (got.up, got.left.total) == (60, 0)
    assert b.sync().in_agreement
    assert as_saved(b, saved, edits)
    assert none_twice(b, 60)


def test_after_two_sticks_that_a_county_of_before_could_not_read_the_third_is_for_every_county(
    county, desks, monkeypatch
):
    a, b = desks
    edits = list(people(60))
    saved = a.save(*edits)
    county_of_before(monkeypatch, DERIVED, STREAMED)
    monkeypatch.setattr(bundles, "decode_up", applying.decode_up)
    for number in range(2):
        made = bundle.write(a.store)
        bundle.note(a.store, made, f"{number}.xzt")
        with pytest.raises(WireError):
            bundles.take(county.county, made.content)
    made = bundle.write(a.store)
    bundle.note(a.store, made, "2.xzt")
    got = bundle.read(a.store, bundles.take(county.county, made.content).answer)
    assert (got.up, got.left.total) == (60, 0)
    assert b.sync().in_agreement
    assert as_saved(b, saved, edits)
    assert none_twice(b, 60)


def test_what_the_device_could_not_read_itself_is_no_word_of_the_county(desks):
    a, _ = desks
    a.save(*people(3))
    assert not a.sync(http=Broken(["answer"], 40), tries=1).ok
    before = list(a.store.meta.get("sync.capabilities"))
    assert {DERIVED, STREAMED} <= set(before)
    assert a.sync().in_agreement
    assert a.store.meta.get("sync.capabilities") == before

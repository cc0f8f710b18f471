"""Case numbers leased in blocks: final when they are printed offline, and never given twice, whatever is restored, cloned or cut."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import time

import pytest
import sqlalchemy as sa

from app.rules.case_engine import CaseRules
from app.services.cases import derive_cases
from app.store.store import Store
from sync.county import office
from sync.county.backup import back_up, put_back
from sync.county.tables import LEASE
from tests.sync.conftest import OTHER, TOWNSHIP, Running
from tests.sync.offices import FileDesk, V

YEAR = 2026
ROW = f"101〔{YEAR}〕"
_BEGAN = time.time()


def june():
    """It is always summer here: in December a device asks for the next year's numbers as well."""
    return dt.datetime(YEAR, 6, 15, 9, tzinfo=dt.UTC).timestamp() + time.time() - _BEGAN


@pytest.fixture
def database(tmp_path):
    """SQLite, where nothing asks for both."""
    return tmp_path / "county.db"


@pytest.fixture
def county(database, forms):
    with Running(database, forms, june).serving() as running:
        yield running


@pytest.fixture
def desk(county, tmp_path, forms):
    made = iter(range(100))

    def make(user="张干事", **options):
        one = FileDesk(tmp_path / f"desk{next(made)}", forms, county, user, now=june, **options)
        # The capability is known from the first answer on.
        assert one.sync().ok
        return one

    return make


def accept(desk, title="路灯坏了"):
    made = desk.office.cases.report({"title": title, "detail": "村口", "urgency": "normal"}, area=V)
    assert made.ok, made.faults
    assert desk.office.cases.act(made.record.id, "accept", {}).ok
    return made.record.id


def number(desk, case):
    return desk.office.cases.case(case).state.case_no


def numbers(*desks):
    return [row.values["case_no"] for desk in desks for row in desk.store.select("event") if row.values.get("case_no")]


def test_a_block_is_topped_up_when_less_than_a_third_is_left_and_the_next_is_larger_where_they_go_quickly(desk):
    a = desk()
    for _ in range(13):
        a.store.numbers.take(YEAR)
    assert a.sync().ok
    assert [block.high for block in a.store.numbers.blocks()] == [20]
    a.store.numbers.take(YEAR)
    assert a.sync().ok
    first, second = a.store.numbers.blocks()
    assert (first.left, second.low, second.left) == (6, 21, 500)


def test_a_block_used_up_offline_gives_the_devices_own_form_and_a_new_one_after_the_next_exchange(desk):
    a = desk()
    for _ in range(20):
        assert a.store.numbers.take(YEAR)
    case = accept(a)
    assert number(a, case).startswith(f"{YEAR}-")
    assert a.sync().ok
    assert number(a, case).startswith(f"{YEAR}-")
    assert number(a, accept(a)) == f"{ROW}00021"


def test_who_may_accept_no_case_is_given_no_numbers(desk, county):
    a = desk("张网格员", roles=("grid_member",))
    assert a.store.numbers.blocks() == []
    with county.county.database.snapshot() as conn:
        assert conn.scalars(sa.select(LEASE.c.word).where(LEASE.c.county == county.county.code)).all() == []
    assert a.store.numbers.wanted() is None


def test_each_township_has_its_own_row_and_a_device_of_two_has_the_countys(desk):
    a, b, c = desk(), desk("李干事", areas=(OTHER,)), desk("县干事", areas=(TOWNSHIP, OTHER))
    assert [one.store.numbers.take(YEAR) for one in (a, b, c)] == [
        f"101〔{YEAR}〕00001",
        f"102〔{YEAR}〕00001",
        f"000〔{YEAR}〕00001",
    ]


def test_an_answer_to_another_word_is_passed_over(desk):
    a = desk()
    held = a.store.numbers.blocks()
    a.store.numbers.leased("0123456789ab", [(YEAR, ROW, "", 5, 900, 950)])
    assert a.store.numbers.blocks() == held


def test_in_december_the_next_years_row_is_leased_as_well(county, tmp_path, forms):
    december = dt.datetime(YEAR, 12, 20, 9, tzinfo=dt.UTC).timestamp()
    county.county._now = lambda: december
    a = FileDesk(tmp_path / "desk", forms, county, now=lambda: december)
    for _ in range(3):
        assert a.sync().ok
    assert {(block.year, block.low) for block in a.store.numbers.blocks()} == {(YEAR, 1), (YEAR + 1, 1)}
    assert a.store.numbers.take(YEAR + 1) == f"101〔{YEAR + 1}〕00001"


def test_a_store_set_back_knows_by_its_own_steps_what_it_gave(desk):
    a = desk()
    before = a.store.meta.get("numbers")
    assert number(a, accept(a)) == f"{ROW}00001"
    with a.store.transaction():
        a.store.meta.set("numbers", before)
    assert number(a, accept(a)) == f"{ROW}00002"


def test_killed_between_number_and_step_leaves_a_gap_and_no_double(desk, monkeypatch):
    a = desk()
    case = a.office.cases.report({"title": "甲", "detail": "村口", "urgency": "normal"}, area=V).record.id
    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            a.office.cases.act(case, "accept", {})
    a.again()
    assert a.office.cases.act(case, "accept", {}).ok
    assert number(a, case) == f"{ROW}00002"


class TestRestored:
    """What only a file can be set back to."""

    def test_no_number_of_the_lost_past_is_given_again(self, desk, county, database, tmp_path, forms):
        a, b = desk(), desk("李干事")
        assert back_up(database, tmp_path / "monday.db")
        # Leased in the past that is lost: nobody but the device knows of it.
        for _ in range(20):
            b.store.numbers.take(YEAR)
        assert b.sync().ok
        lost = next(block for block in b.store.numbers.blocks() if block.left)
        put_back(database, tmp_path / "monday.db", forms, now=june)
        c = desk("王干事")
        assert c.store.numbers.take(YEAR) == f"{ROW}100001"
        for one in (a, b):
            assert one.sync().ok
        assert a.store.numbers.take(YEAR) == f"{ROW}00001"
        # It keeps its block: it is the same hand.
        assert b.store.numbers.take(YEAR) == lost.number(lost.low)
        put_back(database, tmp_path / "monday.db", forms, now=june)
        d = desk("赵干事")
        assert d.store.numbers.take(YEAR) == f"{ROW}200001"

    def test_a_county_set_back_unnoticed_goes_beyond_what_the_device_reports(self, desk, county):
        a = desk()
        for _ in range(20):
            a.store.numbers.take(YEAR)
        with county.county.database.plain() as conn:
            conn.execute(sa.delete(LEASE))
        assert a.sync().ok
        assert a.store.numbers.take(YEAR) == f"{ROW}00021"


def issue(desk, event, content, by="张干事", corrects=""):
    """A supervision letter of a case, its number."""
    papers, case = desk.office.case_papers, desk.office.cases.case(event)
    papers._gate.session = dataclasses.replace(papers._gate.session, name=by)
    number = papers.number(case, "督")
    papers.keep(case, "supervision_notice", number, {"pdf": content}, title="督办通知书", corrects=corrects)
    return number


def test_a_revoked_devices_block_stays_unused(desk, county):
    a = desk()
    office.revoke(county.county, a.store.sync.state.device)
    assert not a.sync().ok
    assert desk("李干事").store.numbers.take(YEAR) == f"{ROW}00021"


def test_what_another_program_opened_with_old_forms_has_no_steps_to_ask(tmp_path, forms, empty_home):
    shutil.copytree(empty_home[0], tmp_path / "home")
    store = Store.open(tmp_path / "home", empty_home[1], forms, derive=derive_cases(CaseRules.load()))
    assert store.numbers.take(YEAR) == ""
    store.close()


class TestBothDatabases:
    """On SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def database(self, request, tmp_path):
        return tmp_path / "county.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")

    def test_two_desks_offline_give_final_numbers_of_one_row(self, desk):
        a, b = desk(), desk("李干事")
        cases = [accept(a), accept(b), accept(a)]
        assert [number(a, cases[0]), number(b, cases[1]), number(a, cases[2])] == [
            f"{ROW}00001",
            f"{ROW}00021",
            f"{ROW}00002",
        ]
        for one in (a, b, a):
            assert one.sync().ok
        assert sorted(numbers(a)) == sorted(numbers(b)) == [f"{ROW}00001", f"{ROW}00002", f"{ROW}00021"]

    def test_the_answer_that_was_cut_is_given_again_and_costs_no_block(self, desk, county):
        a = desk()
        for _ in range(18):
            a.store.numbers.take(YEAR)
        word, years, rows = a.store.numbers.wanted()
        assert a.store.numbers.wanted() == (word, years, rows)
        assert rows == ((ROW, "", 20),)
        assert a.sync().ok
        low = a.store.numbers.blocks()[-1].low
        with a.store.transaction():
            # As before the answer came: the process died before it wrote it down.
            a.store.meta.set("numbers", {"blocks": [[YEAR, ROW, "", 5, 1, 20, 19]], "word": word})
        assert a.sync().ok
        assert a.store.numbers.blocks()[-1].low == low

    def test_a_cloned_disk_gives_its_block_up_and_the_number_given_twice_is_told_apart(
        self, desk, county, tmp_path, forms
    ):
        a = desk()
        b = a.clone(tmp_path / "clone")
        ours, theirs = accept(a, "甲"), accept(b, "乙")
        assert number(a, ours) == number(b, theirs) == f"{ROW}00001"
        for one in (a, b, b, a, b, a):
            done = one.sync()
            assert (done.ok, done.mended) == (True, 0)
        for one in (a, b):
            assert {number(one, ours), number(one, theirs)} == {f"{ROW}00001", f"{ROW}00001-2"}
            assert number(one, ours) == f"{ROW}00001"
            assert one.sync().in_agreement
            kept = one.store.select("conflict")
            assert ["00001" in str(row.values["mine"]) for row in kept] == [True]
        later = accept(b, "丙")
        assert number(b, later) == f"{ROW}00021"

    def test_a_paper_number_that_a_clone_gave_too_is_told_and_both_papers_stay(self, desk, tmp_path):
        a = desk()
        case = accept(a, "甲")
        assert a.sync().ok
        b = a.clone(tmp_path / "clone")
        first, second = issue(a, case, b"one"), issue(b, case, b"two", by="另一人")
        assert first == second == f"{ROW}00001-督1号"
        for one in (a, b, b, a, b, a):
            assert one.sync().ok
        for one in (a, b):
            papers = one.office.case_papers.of(case)
            assert [(paper.number, paper.twice) for paper in papers] == [(first, True)] * 2
            assert len({one.office.case_papers.find(case, paper.key).sha256 for paper in papers}) == 2
        third = issue(a, case, b"three", corrects=first)
        by_number = {paper.number: paper for paper in a.office.case_papers.of(case) if not paper.twice}
        assert by_number[third].corrects == first
        # One of the two stands corrected, the other as it is.
        assert sorted(paper.corrected for paper in a.office.case_papers.of(case) if paper.twice) == ["", third]

    def test_numbers_that_cases_bear_already_are_passed_over(self, desk, county):
        a = desk()
        case = a.office.cases.report({"title": "甲", "detail": "村口", "urgency": "normal"}, area=V).record.id
        assert a.office.cases.act(case, "accept", {"case_no": f"{ROW}00733"}).ok
        assert a.sync().ok
        with county.county.database.plain() as conn:
            conn.execute(sa.delete(LEASE).where(LEASE.c.county == county.county.code))
        b = desk("李干事")
        assert b.store.numbers.take(YEAR) == f"{ROW}00734"

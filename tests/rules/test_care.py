"""A care tag is looked at again within a year and expires by itself; small figures are hidden."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.rules.care import CareRules, later

RULES = CareRules.load()
TAG = {
    "kind": "living_alone", "purpose": "每周上门", "basis": "consent", "basis_note": "2026年9月1日同意书",
    "since": "2026-09-18", "review_on": "2027-03-18", "expires_on": "2027-09-18",
}  # fmt: skip


def faults(values, before=None, today="2026-09-18"):
    return {fault.field: fault.code for fault in RULES.faults(values, before, today)}


def test_a_tag_with_purpose_basis_and_term_is_sound():
    assert faults(TAG) == {}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"review_on": "2027-09-19", "expires_on": "2027-09-19"}, {"review_on": "review_late"}),
        ({"review_on": "2026-09-17", "expires_on": "2026-12-31"}, {"review_on": "review_early"}),
        ({"expires_on": "2027-03-17"}, {"expires_on": "expires_early"}),
        ({"expires_on": "2028-03-19"}, {"expires_on": "expires_late"}),
        ({"basis_note": None}, {"basis_note": "basis_note"}),
        ({"basis": "duty", "basis_note": None}, {}),
    ],
)
def test_dates_and_basis_are_judged(change, wrong):
    assert faults({**TAG, **change}) == wrong


def test_a_review_counts_from_the_day_on_which_it_is_made():
    renewed = {"review_on": "2028-03-01", "expires_on": "2028-06-01"}
    assert faults(renewed, TAG, "2027-03-10") == {}
    assert faults({"review_on": "2028-03-11", "expires_on": "2028-06-01"}, TAG, "2027-03-10") == {
        "review_on": "review_late"
    }


def test_a_note_on_an_old_tag_asks_nothing_of_its_dates():
    assert faults({"note": "已送餐"}, TAG, "2027-09-01") == {}


def test_a_tag_is_out_of_force_on_the_day_on_which_it_expires_or_ends():
    assert RULES.stands(TAG, "2027-09-17")
    assert not RULES.stands(TAG, "2027-09-18")
    assert not RULES.stands({**TAG, "ended_on": "2026-10-01"}, "2026-10-01")


@pytest.mark.parametrize(("count", "said"), [(0, "0"), (1, "少于5"), (4, "少于5"), (5, "5"), (120, "120")])
def test_a_figure_that_could_tell_a_person_is_hidden(count, said):
    assert RULES.figure(count) == said


def test_months_end_where_the_month_ends():
    assert later("2026-08-31", 6) == "2027-02-28"
    assert later("2027-08-31", 6) == "2028-02-29"


def test_a_rule_that_is_misspelt_is_named(tmp_path):
    page = tmp_path / "care.toml"
    page.write_text("[care]\nreview_month = 12\n", encoding="utf-8")
    with pytest.raises(KnownError) as bad:
        CareRules.load(page)
    assert "review_month" in str(bad.value)

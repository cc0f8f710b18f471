"""The demo: plausible, canonical, in order, the same for the same seed, and its cases stand as their steps say."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import tracemalloc

import pytest

from app.demo import plan, records
from app.rules.care import CareRules
from app.rules.case_engine import CaseRules
from app.rules.case_fold import Step
from app.rules.requests import RequestRules
from app.schema.dates import CHINA
from app.schema.identity import read_identity
from app.schema.loading import load_forms

NOW = dt.datetime(2026, 9, 18, 10, 42, tzinfo=CHINA)


@pytest.fixture(scope="module")
def village():
    return list(records(plan("village", 7), NOW))


@pytest.fixture(scope="module")
def township():
    return list(records(plan("township", 1), NOW))


def _by_form(rows):
    found = collections.defaultdict(list)
    for form, record_id, area, values in rows:
        found[form].append((record_id, area, values))
    return found


def test_every_record_is_canonical_already(village):
    forms = load_forms()
    for form, _, _, values in village:
        cleaned, faults = forms[form].clean(values)
        assert (faults, cleaned) == ([], values), form


def test_a_seed_makes_the_same_demo_and_another_a_different_one(village):
    assert list(records(plan("village", 7), NOW)) == village
    assert list(records(plan("village", 8), NOW)) != village


def test_nothing_refers_to_a_record_that_comes_later_or_never(township):
    forms = load_forms()
    seen = collections.defaultdict(set)
    for form, record_id, _, values in township:
        for name, target in forms[form].references:
            if values.get(name):
                assert values[name] in seen[target], (form, name)
        assert record_id not in seen[form]
        seen[form].add(record_id)


def test_ids_look_like_version_seven_before_now_and_count_up(village):
    ids = [record_id for _, record_id, _, _ in village]
    assert len(set(ids)) == len(ids)
    assert all(each[12] == "7" and each[16] in "89ab" for each in ids)
    assert all(int(each[:12], 16) < NOW.timestamp() * 1000 for each in ids)


def test_the_township_is_yunling_with_its_villages_and_grids(township):
    found = _by_form(township)
    assert 29_500 < len(found["resident"]) < 30_800
    assert 45_000 < len(township) < 60_000
    assert len(found["grid"]) == 42
    assert len({area for _, area, _ in found["grid"]}) == 8
    assert len(found["event"]) == 120
    assert (len(found["visit"]), len(found["hazard"]), len(found["dispute"]), len(found["mediation"])) == (
        60,
        40,
        25,
        12,
    )


def test_areas_stand_under_their_parents_and_records_in_villages(township):
    areas = {area["code"]: area for area in plan("township").areas}
    assert areas["990001101000"]["name"] == "云岭镇"
    assert all(not area["parent"] or area["parent"] in areas for area in areas.values())
    villages = {code for code, area in areas.items() if area["level"] == "village"}
    of_township = {"meeting", "meeting_item", "reception_day"}
    assert {area for form, _, area, _ in township if form not in of_township} == villages
    assert {area for form, _, area, _ in township if form in of_township} == {"990001101000"}


def test_identity_numbers_are_right_unique_and_of_nobody(township):
    numbers = set()
    for _, _, values in _by_form(township)["resident"]:
        identity = read_identity(values["id_number"], NOW.date())
        assert identity.number.startswith("9900")
        assert (identity.birth_date, identity.sex) == (values["birth_date"], values["sex"])
        assert identity.number not in numbers
        numbers.add(identity.number)


def test_a_household_has_one_head_whose_name_it_bears(township):
    found = _by_form(township)
    heads = {record_id: values["head_name"] for record_id, _, values in found["household"]}
    members = collections.defaultdict(list)
    for _, _, values in found["resident"]:
        members[values["household"]].append(values)
    assert members.keys() == heads.keys()
    for household, people in members.items():
        assert [each["name"] for each in people if each["relation"] == "0"] == [heads[household]]


def test_children_are_younger_than_their_parents_and_bear_the_fathers_surname(township):
    members = collections.defaultdict(list)
    for _, _, values in _by_form(township)["resident"]:
        members[values["household"]].append(values)
    checked = 0
    for people in members.values():
        couple = [each for each in people if each["relation"] in {"0", "1"}]
        father = next((each for each in couple if each["sex"] == "1"), couple[0])
        for child in people:
            if child["relation_text"] in {"长子", "次子", "长女", "次女"}:
                assert int(child["birth_date"][:4]) - int(father["birth_date"][:4]) >= 18
                if "·" not in father["name"]:
                    assert child["name"][0] == father["name"][0]
                checked += 1
    assert checked > 3_000


def test_addresses_are_unique_and_some_dwellings_stand_empty_or_are_let(township):
    dwellings = [values for _, _, values in _by_form(township)["dwelling"]]
    addresses = collections.Counter(values["address"] for values in dwellings)
    assert max(addresses.values()) == 1
    assert {values["use"] for values in dwellings} == {"own", "vacant", "let", "mixed"}


def test_dots_rare_characters_and_every_presence_occur(township):
    people = [values for _, _, values in _by_form(township)["resident"]]
    assert any("·" in values["name"] for values in people)
    assert any(ord(letter) > 0xFFFF for values in people for letter in values["name"])
    assert {values["presence"] for values in people} == {"present", "away", "lodging", "moved", "dead", "abroad"}


@pytest.mark.parametrize(
    "now", [NOW, NOW.replace(month=2, day=18, hour=3, minute=5), NOW.replace(month=1, day=1, hour=23)]
)
def test_no_step_of_the_demo_is_contested_whatever_the_hour(now):
    rules = CaseRules.load()
    found = _by_form(records(plan("village", 3), now))
    steps = collections.defaultdict(list)
    for record_id, _, values in found["event_step"]:
        steps[values["event"]].append(Step.read(record_id, values))
    for record_id, _, values in found["event"]:
        case = rules.fold(values, steps[record_id])
        assert case.contested == ()
        times = [step.at for step in steps[record_id]]
        assert times == sorted(times)
        assert times[-1] < now


def test_movements_tell_how_people_came_to_what_they_are(township):
    found = _by_form(township)
    people = {record_id: values for record_id, _, values in found["resident"]}
    movements = [values for _, _, values in found["movement"]]
    assert 500 < len(movements) < 6_000
    assert {each["kind"] for each in movements} == {"birth", "move_in", "away", "move_out", "abroad", "death"}
    for each in movements:
        person = people[each["resident"]]
        assert each["to_presence"] == person["presence"]
        assert each["to_household"] == person["household"]
        assert person["birth_date"] <= each["date"] <= NOW.date().isoformat()
        assert each["date"] == person["presence_since"]


def test_every_grid_has_its_posts_and_every_village_its_organisations(township):
    found = _by_form(township)
    posts = collections.defaultdict(set)
    for _, _, values in found["grid_post"]:
        if not values.get("valid_to"):
            posts[values["grid"]].add(values["post"])
    assert all({"leader2", "leader3", "member", "linked_unit"} <= posts[record_id] for record_id, _, _ in found["grid"])
    assert any(values.get("valid_to") for _, _, values in found["grid_post"])
    assert {area for _, area, _ in found["organization"]} == {area for _, area, _ in found["premises"]}
    codes = [values["credit_code"] for _, _, values in found["organization"]]
    assert len(set(codes)) == len(codes) == 24
    assert len(found["sector_grid"]) == 24


def test_cases_stand_in_every_stage_and_some_are_late_or_nearly_due(township):
    rules = CaseRules.load()
    found = _by_form(township)
    steps = collections.defaultdict(list)
    for record_id, _, values in found["event_step"]:
        steps[values["event"]].append(Step.read(record_id, values))
    cases = [rules.fold(values, steps[record_id]) for record_id, _, values in found["event"]]
    states = collections.Counter(case.state for case in cases)
    assert states.keys() >= {
        "reported", "accepted", "assigned", "handling", "suspended", "feedback", "verifying", "closed", "archived",
        "not_accepted", "void",
    }  # fmt: skip
    assert 30 <= sum(rules.states[case.state].waiting for case in cases) <= 50
    assert any(case.overdue(NOW) for case in cases)
    assert any(case.due_at and NOW < case.due_at < NOW + dt.timedelta(hours=8) for case in cases)
    numbers = [case.case_no for case in cases if case.case_no]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("scale", ["village", "township"])
def test_one_mediation_is_a_complete_file(scale, village, township):
    found = _by_form(village if scale == "village" else township)
    case_id, values = next((i, v) for i, _, v in found["mediation"] if v["title"] == "张文贵与李长顺相邻通行纠纷")
    assert all(
        values[name]
        for name in ("agreement_terms", "performance", "performance_due", "agreement_no", "copies", "amount")
    )
    parties = [v for _, _, v in found["party"] if v["mediation"] == case_id]
    assert [(each["name"], each["side"]) for each in parties] == [
        ("张文贵", "applicant"), ("李长顺", "respondent"), ("周玉兰", "family"),
    ]  # fmt: skip
    sessions = [v for _, _, v in found["mediation_session"] if v["mediation"] == case_id]
    assert [each["number"] for each in sessions] == [1, 2]
    assert all(sessions[1][name] is True for name in sessions[1] if name.startswith("told_") or name == "read_back")
    assert all(len(each["transcript"].splitlines()) >= 8 for each in sessions)


def test_mediations_and_hazards_stand_in_every_stage(township):
    found = _by_form(township)
    assert {v["outcome"] for _, _, v in found["mediation"]} == {
        "pending", "written", "oral", "failed", "withdrawn", "refused", "unreachable",
    }  # fmt: skip
    assert any(v.get("struck_off_at") for _, _, v in found["hazard"])
    assert any(v.get("rectified_at") and not v.get("struck_off_at") for _, _, v in found["hazard"])
    assert any(not v.get("rectified_at") for _, _, v in found["hazard"])


def test_no_text_is_left_with_a_blank(township):
    for form, _, _, values in township:
        for name, value in values.items():
            if name not in {"details", "outline"}:
                assert not (isinstance(value, str) and "{" in value), (form, name, value)


def test_a_county_of_half_a_million_streams_in_bounded_memory():
    frame = plan("county", 1)
    assert abs(frame.people - 500_000) < 500
    assert len({area["code"] for area in frame.areas}) == len(frame.areas)
    own = [village.name for village in frame.villages if not village.community]
    assert len(set(own)) == len(own)
    tracemalloc.start()
    try:
        taken = sum(1 for _ in itertools.islice(records(frame, NOW), 60_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken == 60_000
    assert peak < 40_000_000


def test_each_village_has_care_tags_that_stand_and_requests_in_every_state(township):
    found, today = _by_form(township), NOW.date().isoformat()
    care, asked = CareRules.load(), RequestRules.load()
    assert len(found["care_tag"]) == len(found["data_request"]) == 3 * 8
    for _, _, values in found["care_tag"]:
        assert care.stands(values, today)
        assert care.faults(values, None, today) == []
        assert values["basis_note"]
    assert sum(care.reminded(values, today) for _, _, values in found["care_tag"]) >= 1
    for _, _, values in found["data_request"]:
        assert asked.faults(values, None, today) == []
    assert {values.get("outcome") for _, _, values in found["data_request"]} == {"done", "refused", None}


def test_one_meeting_was_held_one_is_prepared_and_leaders_receive_before_and_after_today(township):
    held, prepared = sorted((row for row in township if row[0] == "meeting"), key=lambda row: row[3]["date"])
    items = [row[3] for row in township if row[0] == "meeting_item"]
    first = [item for item in items if item["meeting"] == held[1]]
    second = [item for item in items if item["meeting"] == prepared[1]]
    assert len(first) > 10
    assert all(item["decision"] and item["owner"] and item["due"] for item in first)
    assert {item.get("result") for item in first} == {"done", "partly", "not_done", None}
    assert len(second) > 10
    assert not any("decision" in item for item in second)
    # Some was carried from the one to the other, some was settled between.
    assert {item["about"] for item in first} & {item["about"] for item in second}
    assert {item["about"] for item in first} - {item["about"] for item in second}
    assert {item["about_form"] for item in second} == {"event", "dispute", "hazard"}
    days = [row[3]["date"] for row in township if row[0] == "reception_day"]
    assert min(days) < NOW.date().isoformat() <= max(days)
    came = [row[3] for row in township if row[0] == "case_link" and row[3]["other_form"] == "reception_day"]
    assert came

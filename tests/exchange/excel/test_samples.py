"""The sample rosters against their truth: every count, every fault, every value."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.exchange.excel.conftest import DATA, VILLAGE

FIELDS = {"id": "id_number", "birth": "birth_date", "status": "presence", "area": "area_m2"}
ROSTERS = ("roster_clean.xlsx", "roster_wps.xls", "roster_messy.xlsx")


def truth_of(name):
    return json.loads((DATA / "truth" / f"{name}.json").read_text(encoding="utf-8"))


def pairs(found):
    return {frozenset([(t["sheet"], t["row"]), (t["with"]["sheet"], t["with"]["row"])]) for t in found}


@pytest.fixture(params=ROSTERS)
def imported(request, office, intake):
    return truth_of(request.param), intake.run("resident", DATA / request.param, area=VILLAGE), office.store


def test_a_roster_makes_the_records_that_its_truth_counts(imported):
    truth, said, store = imported
    expected = truth["expected"]
    assert said["rows"] == expected["person_rows"]
    assert expected["persons"]["min"] <= said["created"] <= expected["persons"]["max"]
    assert store.count("resident") == said["created"]
    assert store.count("household") == expected["households"]["min"] == expected["households"]["max"]
    assert store.count("dwelling") == expected["dwellings"]["min"]
    assert store.count("building") == expected["buildings"]
    assert store.count("grid") == expected["grids"]
    refused = {(item["sheet"], item["row"]) for item in said["refused"]}
    assert len(refused) + len(said["same_person"]) + said["created"] == said["rows"]
    assert len(said["same_person"]) == expected["rows_same_person"]


def test_a_roster_brings_just_the_people_of_its_truth(imported):
    truth, _, store = imported
    numbers = sorted(record.values["id_number"] for record in store.select("resident") if record.values["id_number"])
    assert hashlib.sha256("\n".join(numbers).encode()).hexdigest() == truth["ids_sha256"]


def test_every_fault_is_told_at_its_cell_and_nothing_else_is(imported):
    truth, said, _ = imported
    told = {"refuse": set(), "flag": set()}
    for action, key in (("refuse", "refused"), ("flag", "flagged")):
        told[action] = {(item["sheet"], item["row"], item["field"], item["code"]) for item in said[key]}
    expected = {"refuse": set(), "flag": set()}
    twice = set()
    for fault in truth["faults"]:
        place = (fault["sheet"], fault["row"], FIELDS.get(fault["field"], fault["field"]), fault["code"])
        if fault["action"] == "same_person":
            twice.add(place[:2])
        elif fault["action"] == "refuse_or_flag":
            action = "refuse" if fault["code"] == "id_of_another_person" else "flag"
            expected[action].add(place)
        else:
            expected[fault["action"]].add(place)
    assert told == expected
    repeated = [
        {(item["sheet"], item["row"]), (item["with"]["sheet"], item["with"]["row"])} for item in said["same_person"]
    ]
    assert all(any(place in pair for pair in repeated) for place in twice)
    assert len(repeated) == len(twice)


def test_people_of_one_name_and_birth_are_shown_as_possible_duplicates(imported):
    truth, said, _ = imported
    expected = {
        frozenset([(pair["a"]["sheet"], pair["a"]["row"]), (pair["b"]["sheet"], pair["b"]["row"])])
        for pair in truth["possible_duplicates"]
        if pair["code"] == "same_name_and_birth_other_id"
    }
    assert pairs(said["possible_duplicates"]) == expected


def test_every_value_is_the_one_of_its_truth(imported, forms):
    truth, said, store = imported
    left_out = {(item["sheet"], item["row"]) for key in ("refused", "same_person") for item in said[key]}
    form = forms["resident"]
    compared = 0
    by_key = {}
    for record in store.select("resident"):
        by_key[record.values["id_number"] or (record.values["name"], record.values["birth_date"])] = record.values
    for told in truth["people"]:
        if (told["sheet"], told["row"]) in left_out:
            continue
        values = by_key[told["id"] or (told["name"], told["birth"])]
        household = store.get("household", values["household"]).values
        dwelling = store.get("dwelling", household["dwelling"]).values
        found = {
            "name": values["name"],
            "sex": form.show("sex", values["sex"]),
            "id": values["id_number"] or "",
            "birth": values["birth_date"] or "",
            "phone": values["phone"] or "",
            "status": form.show("presence", values["presence"]),
            "address": dwelling["address"],
            "grid": store.get("grid", dwelling["grid"]).values["name"],
            "building": store.get("building", dwelling["building"]).values["name"],
            "household": household["number"],
        }
        expected = {key: told[key] for key in found} | {"household": told["household"].rpartition("/")[2]}
        assert found == expected, told
        relation = values["relation"]
        assert (int(relation) in told["relation"]) if told["relation"] else relation is None, told
        compared += 1
    assert compared == said["created"]


def test_repairs_are_made_without_a_question(imported):
    truth, said, _ = imported
    asked = {(item["sheet"], item["row"], item["field"]) for item in said["flagged"]}
    people = {(told["sheet"], told["row"]): told for told in truth["people"]}
    assert not asked & {(r["sheet"], r["row"], FIELDS.get(r["field"], r["field"])) for r in truth["normalised"]}
    for repair in truth["normalised"]:
        told = people.get((repair["sheet"], repair["row"]))
        if told and repair["field"] in told:
            assert told[repair["field"]] == repair["becomes"]


@pytest.mark.parametrize(("form", "name"), [*(("resident", name) for name in ROSTERS), ("dwelling", "dwellings.xlsx")])
def test_everything_that_is_told_is_a_whole_sentence(form, name, intake):
    said = intake.run(form, DATA / name, area=VILLAGE, dry_run=True)
    told = [
        item["message"] for key in ("refused", "flagged", "same_person", "possible_duplicates") for item in said[key]
    ]
    assert [text for text in told if not text.endswith("。") or "…" in text or "import." in text] == []


@pytest.mark.parametrize("name", ROSTERS)
def test_the_same_roster_twice_changes_nothing(name, office, intake):
    first = intake.run("resident", DATA / name, area=VILLAGE)
    counter = office.store.meta.integer("counter")
    again = intake.run("resident", DATA / name, area=VILLAGE)
    assert office.store.meta.integer("counter") == counter
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, first["created"])
    assert again["refused"] == first["refused"]
    assert again["same_person"] == first["same_person"]


def test_buildings_and_dwellings_match_their_truth(office, intake):
    truth = truth_of("dwellings.xlsx")
    said = intake.run("dwelling", DATA / "dwellings.xlsx", area=VILLAGE)
    expected = truth["expected"]
    assert said["rows"] == expected["dwelling_rows"]
    assert said["created"] == office.store.count("dwelling") == expected["dwellings"]
    assert office.store.count("building") == expected["buildings"]
    assert office.store.count("grid") == expected["grids"]
    assert office.store.count("dwelling", {"rented": True}) == expected["rented"]
    told = {"refuse": said["refused"], "flag": said["flagged"], "same_dwelling": said["same_person"]}
    for action, items in told.items():
        assert {(item["sheet"], item["row"], item["field"], item["code"]) for item in items} == {
            (fault["sheet"], fault["row"], FIELDS.get(fault["field"], fault["field"]), fault["code"])
            for fault in truth["faults"]
            if fault["action"] == action
        }
    assert pairs(said["same_person"]) == {
        frozenset([(pair["a"]["sheet"], pair["a"]["row"]), (pair["b"]["sheet"], pair["b"]["row"])])
        for pair in truth["possible_duplicates"]
    }


def test_repaired_cells_of_dwellings_become_what_the_truth_says(office, intake):
    found = intake.recognise(intake.read(DATA / "dwellings.xlsx"), "dwelling")
    plan = intake.plan("dwelling", found, VILLAGE)
    intake.apply(plan)
    sheet = next(layout for layout in found.layouts if layout.form == "dwelling")
    rows = {row.number: row for row in sheet.rows}
    names = {"area": "area_m2", "rent": "rented"}
    for repair in truth_of("dwellings.xlsx")["normalised"]:
        address = str(rows[repair["row"]].cells["dwelling.address"]).strip("\u3000 ")
        [record] = office.store.select("dwelling", {"address": address})
        assert record.values[names.get(repair["field"], repair["field"])] == repair["becomes"]


def test_dwellings_after_the_roster_fill_what_the_roster_made(office, intake):
    intake.run("resident", DATA / "roster_clean.xlsx", area=VILLAGE)
    said = intake.run("dwelling", DATA / "dwellings.xlsx", area=VILLAGE)
    expected = truth_of("dwellings.xlsx")["expected"]["after_roster_clean"]
    assert office.store.count("dwelling") == expected["dwellings"]
    assert said["created"] == expected["new_dwellings"]
    assert office.store.count("household") == 520
    again = intake.run("dwelling", DATA / "dwellings.xlsx", area=VILLAGE)
    assert (again["created"], again["updated"]) == (0, 0)


def test_two_villages_with_the_same_household_numbers_stay_apart(office, intake):
    intake.run("resident", DATA / "roster_clean.xlsx", area=VILLAGE)
    said = intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE)
    assert said["created"] == 299
    assert office.store.count("household") == 520 + 86

"""A form takes in what people wrote: values by field, faults by field, whole or in part."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schema.ddl import columns, from_row, to_row
from app.schema.loading import load_forms

FORMS = load_forms()
RESIDENT = FORMS["resident"]


def codes(faults):
    return {(fault.field, fault.code) for fault in faults}


def test_values_are_cleaned_field_by_field():
    values, faults = RESIDENT.clean({"name": "张 三", "sex": "男", "phone": "139 0000 0001", "remark": "  "})
    assert not faults
    assert values == {"name": "张三", "sex": "1", "phone": "13900000001", "remark": None}


def test_every_fault_is_named_with_its_field_and_the_good_values_are_kept():
    values, faults = RESIDENT.clean({"id_number": "12", "phone": "无", "sex": "男", "invented": 1})
    assert codes(faults) == {
        ("id_number", "id_length_wrong"),
        ("phone", "phone_wrong"),
        ("name", "required"),
        ("invented", "field_unknown"),
    }
    assert values == {"sex": "1"}
    assert all(fault.message.endswith("。") for fault in faults)


def test_a_required_field_may_be_left_out_of_a_part_but_not_emptied():
    assert RESIDENT.check({"phone": "13900000001"}, partial=True) == []
    assert codes(RESIDENT.check({"name": " "}, partial=True)) == {("name", "required")}
    assert codes(RESIDENT.check({"name": None})) == {("name", "required")}


def test_a_wrong_value_of_a_required_field_is_one_fault():
    assert codes(FORMS["hazard"].check({"found_at": "明天"}, partial=True)) == {("found_at", "date_wrong")}


def test_what_is_derived_is_left_out_silently():
    values, faults = FORMS["event"].clean({"title": "路灯坏了", "state": "closed", "case_no": "1"})
    assert (values, faults) == ({"title": "路灯坏了"}, [])
    assert not {"state", "case_no"} & {item.name for item in FORMS["event"].stored}


def test_fields_of_a_group_merge_as_one():
    assert RESIDENT.unit_of["sex"] == ("id_number", "birth_date", "sex")
    assert RESIDENT.unit_of["name"] == ("name",)
    assert FORMS["dwelling"].unit_of["lat"] == ("lon", "lat")


def test_references_name_the_form_they_point_to():
    assert RESIDENT.references == (
        ("household", "household"),
        ("registered_household", "household"),
        ("merged_into", "resident"),
    )
    assert ("mediation", "mediation") in FORMS["party"].references


def test_a_record_without_title_says_so():
    assert RESIDENT.record_title({}) == "（未填的居民）"
    assert FORMS["hazard"].record_title({"object": "岭上小学"}) == "岭上小学"


def test_sensitive_values_are_masked_only_where_that_is_asked():
    assert RESIDENT.show("phone", "13900000001") == "13900000001"
    assert RESIDENT.show("phone", "13900000001", masked=True) == "139****0001"
    assert RESIDENT.show("name", "张三", masked=True) == "张三"
    assert RESIDENT.show("from_a_newer_program", 7) == "7"
    assert RESIDENT.show("from_a_newer_program", None) == ""


def test_conflicts_of_a_restricted_form_are_kept_in_its_own_class():
    assert FORMS.conflict_form(FORMS["mediation"]).name == "mediation_conflict"
    assert FORMS.conflict_form(FORMS["resident"]).name == "conflict"


def test_ledgers_are_the_forms_that_say_so():
    assert {form.name for form in FORMS.ledgers} == {
        "data_request",
        "dispute",
        "hazard",
        "meeting",
        "reception_day",
        "visit",
    }


@pytest.mark.parametrize("name", FORMS)
def test_every_number_and_phone_of_a_person_is_masked_somewhere(name):
    for item in FORMS[name].fields.values():
        # The telephone of an office is nobody's own.
        if item.kind.name in {"identity", "phone", "document"} and not item.label.startswith("单位"):
            assert item.sensitive, item.name


@pytest.mark.parametrize("name", FORMS)
def test_derived_columns_exist_only_where_a_device_keeps_them(name):
    form = FORMS[name]
    here = {column.name for column in columns(form, derived=True)}
    there = {column.name for column in columns(form, derived=False)}
    assert here == set(form.fields)
    assert there == {item.name for item in form.stored}
    assert {column.name for column in columns(form, derived=True) if column.indexed} >= {
        field for field, _ in form.references
    }


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_a_form_took_in_stands_in_its_columns_and_is_taken_again(name, data):
    form = FORMS[name]
    raw = data.draw(
        st.dictionaries(
            st.sampled_from(list(form.fields)), st.none() | st.booleans() | st.integers() | st.text(max_size=8)
        )
    )
    values, _ = form.clean(raw, partial=True)
    again, faults = form.clean(values, partial=True)
    assert (again, [fault for fault in faults if fault.code != "required"]) == (values, [])
    assert from_row(form, to_row(form, values)) == values

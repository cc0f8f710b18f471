"""Who left long ago is proposed, and goes only by the word of somebody who may delete."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.rules.retention import Retention
from app.schema.erasing import MARK, pseudonym
from app.store.saving import Edit
from tests.services.conftest import LOWER, UPPER, colleague

# The clock of these tests stands at 2026-09-18.


def person(office, area=UPPER, **values):
    return office.store.save(
        [Edit("resident", None, area, {"name": "李长顺", "phone": "13900001000", **values})], "lin"
    ).ids[0]


def proposed(office):
    return [(one.person.id, one.left_on, one.due_on) for one in office.leaving.proposals()]


def test_who_left_a_year_ago_or_died_is_proposed_the_longest_gone_first(office):
    person(office, presence="present", presence_since="2020-01-01")
    person(office, presence="moved", presence_since="2025-09-19")
    late = person(office, presence="moved", presence_since="2025-09-18")
    early = person(office, presence="dead", presence_since="2024-02-29")
    assert proposed(office) == [(early, "2024-02-29", "2025-02-28"), (late, "2025-09-18", "2026-09-18")]


def test_when_somebody_left_is_told_by_a_movement_or_by_the_day_it_was_written_down(office, clock):
    moved = person(office, presence="moved")
    office.store.save(
        [
            Edit(
                "movement",
                None,
                UPPER,
                {"date": "2025-03-01", "kind": "move_out", "resident": moved, "to_presence": "moved"},
            )
        ],
        "lin",
    )
    written = person(office, presence="moved")
    clock.hours(24 * 366)
    assert proposed(office) == [(moved, "2025-03-01", "2026-03-01"), (written, "2026-09-18", "2027-09-18")]


def test_what_is_proposed_stays_until_somebody_confirms(office, clock):
    who = person(office, presence="moved", presence_since="2020-01-01")
    for _ in range(3):
        office.leaving.proposals()
        clock.hours(24 * 400)
    assert office.store.get("resident", who).values["name"] == "李长顺"


def test_a_confirmation_takes_the_name_and_is_written_down_with_its_reason(office):
    who = person(office, presence="moved", presence_since="2020-01-01", sex="1", workplace="合作社")
    assert office.leaving.confirm([who], "离开满期") == 1
    values = office.store.get("resident", who).values
    assert (values["name"], values["sex"], values[MARK]) == (pseudonym(who), "1", "2026-09-18")
    assert (values["phone"], values["workplace"]) == (None, None)
    assert office.leaving.proposals() == []
    assert office.registry.find("李长顺") == []
    [line] = [one for one in office.store.audit.lines(20) if one.action == "delete"]
    assert (line.record, line.fields, line.reason) == (who, MARK, "离开满期")
    with pytest.raises(KnownError) as again:
        office.leaving.confirm([who], "离开满期")
    assert again.value.code == "leaving.erased"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"presence": "present"}, "leaving.not_gone"),
        ({"presence": "moved", "presence_since": "2026-01-01"}, "leaving.too_early"),
    ],
)
def test_nobody_goes_who_is_not_due_and_then_nobody_of_the_lot(office, values, code):
    due = person(office, presence="moved", presence_since="2020-01-01")
    other = person(office, **values)
    with pytest.raises(KnownError) as refused:
        office.leaving.confirm([due, other], "离开满期")
    assert refused.value.code == code
    assert office.store.get("resident", due).values["name"] == "李长顺"


def test_only_who_may_delete_is_shown_the_list_and_may_confirm_and_only_in_his_areas(office):
    who = person(office, presence="moved", presence_since="2020-01-01")
    leader = colleague(office, "wang", roles=("grid_leader",))
    assert leader.leaving.proposals() == []
    with pytest.raises(Denied):
        leader.leaving.confirm([who], "离开满期")
    elsewhere = colleague(office, "he", roles=("registrar",), areas=(LOWER,))
    assert elsewhere.leaving.proposals() == []
    with pytest.raises(Denied):
        elsewhere.leaving.confirm([who], "离开满期")
    with pytest.raises(Denied):
        office.leaving.confirm([who], "  ")
    with pytest.raises(KnownError):
        office.leaving.confirm([], "离开满期")


def test_nobody_is_pseudonymised_by_typing_a_date(office):
    who = person(office, presence="present")
    with pytest.raises(KnownError) as refused:
        office.records.save("resident", {MARK: "2026-09-18"}, record_id=who)
    assert refused.value.code == "leaving.by_list"


def test_a_request_for_deletion_needs_no_waiting_but_a_checked_identity(office):
    who = person(office, presence="present")
    asked = {"received_on": "2026-09-17", "name": "李长顺", "resident": who, "kind": "delete", "asked": "都删掉"}
    request = office.requests.receive(asked).record
    with pytest.raises(KnownError) as refused:
        office.leaving.erase_for(request.id)
    assert refused.value.code == "requests.not_checked"
    assert office.records.save("data_request", {"identity_checked": True}, record_id=request.id).ok
    assert office.leaving.erase_for(request.id).values["name"] == pseudonym(who)
    assert office.store.get("data_request", request.id).values["outcome"] == "done"


def test_the_county_may_make_the_time_shorter_and_a_misspelt_rule_is_named(tmp_path):
    rules = Retention.load()
    assert (rules.months, rules.presence) == (12, ("moved", "dead"))
    page = tmp_path / "retention.toml"
    page.write_text('[leaving]\npresence = ["moved"]\nmonth = 6\n\n[kept]\n', encoding="utf-8")
    with pytest.raises(KnownError) as bad:
        Retention.load(page)
    assert "month" in str(bad.value)

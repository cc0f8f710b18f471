"""A household is entered at once: people with what their numbers tell, nobody twice, nothing half saved, nobody's words lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import Denied, KnownError
from app.schema.identity import check_character
from app.services.entry_sheet import COMES, Line, Sheet
from app.services.people import Filter
from tests.services.conftest import LOWER, UPPER, colleague

ADDRESS = "上寨村三组3-12号"


def number(birth, sequence, region="990001"):
    first = f"{region}{birth}{sequence:03}"
    return first + check_character(first)


HEAD, WIFE, SON = number("19650314", 11), number("19680520", 22), number("19901231", 33)


def typed(office, *people, area=UPPER, **household):
    """A new household at a new dwelling with *people*, each the fields of a row."""
    sheet = office.entry.begin(area=area)
    lines = tuple(replace(office.entry.line(), typed=person) for person in people)
    return replace(
        sheet,
        dwelling=office.store.new_id(),
        new_dwelling=True,
        place={"address": ADDRESS},
        typed=household,
        lines=(*lines, office.entry.line()),
    )


def four(office, **household):
    return typed(
        office,
        {"name": "李长顺", "relation": "户主", "id_number": HEAD.lower(), "phone": "139 0000 0001", "presence": "present"},
        {"name": "周玉兰", "relation": "妻", "id_number": WIFE, "presence": "present"},
        {"name": "李建军", "relation": "长子", "id_number": SON, "phone": "13900000002/0591-88886666", "presence": "away"},
        {"name": "陈 敏", "relation": "儿媳", "presence": "户在人在"},
        **household,
    )  # fmt: skip


def saved(office, sheet):
    entered = office.entry.save(sheet)
    assert entered.ok, entered.faults
    return entered


def people(office, household):
    return {p.values["name"]: p for p in office.store.select("resident", {"household": household})}


def doubtful(office):
    """Who the list 待核实 shows."""
    listing = office.people.list(Filter(doubtful=True))
    return [p.values["name"] for p in office.people.page(listing, 0, 50)]


def faults(office, sheet):
    return {(fault.row, fault.field, fault.code) for fault in office.entry.check(sheet)}


def test_a_household_is_saved_whole_and_as_one(office):
    entered = saved(office, four(office, number="5300012"))
    assert (entered.new, entered.came, entered.changed) == (4, 0, 0)
    home = office.store.get("household", entered.household)
    place = office.store.get("dwelling", home.values["dwelling"])
    assert (home.values["head_name"], home.values["number"], place.values["address"]) == ("李长顺", "5300012", ADDRESS)
    found = people(office, entered.household)
    assert {name: p.values["relation"] for name, p in found.items()} == {
        "李长顺": "0", "周玉兰": "1", "李建军": "2", "陈敏": "3",
    }  # fmt: skip
    assert {name: p.values["relation_text"] for name, p in found.items()} == {
        "李长顺": None, "周玉兰": "妻", "李建军": "长子", "陈敏": "儿媳",
    }  # fmt: skip
    assert found["李长顺"].values["id_number"] == HEAD
    assert (found["李长顺"].values["sex"], found["李长顺"].values["birth_date"]) == ("1", "1965-03-14")
    assert (found["李建军"].values["phone"], found["李建军"].values["other_phone"]) == ("13900000002", "0591-88886666")
    assert (found["周玉兰"].values["live_address"], found["李建军"].values["live_address"]) == (ADDRESS, None)
    assert {record.area for record in (home, place, *found.values())} == {UPPER}


def test_one_wrong_cell_and_nothing_is_saved(office):
    sheet = typed(
        office, {"name": "李长顺", "relation": "0"}, {"name": "周玉兰", "phone": "123"}, {"phone": "13900000001"}
    )
    entered = office.entry.save(sheet)
    assert {(f.row, f.field, f.code) for f in entered.faults} == {(1, "phone", "phone_wrong"), (2, "name", "required")}
    assert all(fault.message.endswith("。") for fault in entered.faults)
    assert [office.store.count(form) for form in ("dwelling", "household", "resident")] == [0, 0, 0]


def test_the_same_sheet_saved_twice_is_one_household(office):
    sheet = four(office)
    saved(office, sheet)
    # As after a crash between the save and the forgetting of the draft.
    again = office.entry.again(Sheet.unpacked(sheet.packed()))
    saved(office, again)
    assert [office.store.count(form) for form in ("dwelling", "household", "resident")] == [1, 1, 4]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("990001196503140118", "id_check_wrong"),
        ("99000119650314", "id_length_wrong"),
        ("9.90001E+17", "id_digits_lost"),
        ("不详", "id_length_wrong"),
        ("990001206503140112", "id_birth_in_future"),
    ],
)
def test_a_wrong_number_is_refused_or_kept_as_it_was_written(office, raw, code):
    sheet = typed(
        office, {"name": "李长顺", "relation": "户主", "id_number": raw, "birth_date": "1965.3.14", "sex": "男"}
    )
    assert faults(office, sheet) == {(0, "id_number", code)}
    assert office.entry.check(sheet)[0].keepable
    kept = replace(sheet, lines=(replace(sheet.lines[0], verify=True), *sheet.lines[1:]))
    person = people(office, saved(office, kept).household)["李长顺"].values
    assert (person["id_number"], person["id_written"], person["birth_date"]) == (None, raw, "1965-03-14")
    assert person["verify_note"].startswith("号码待核实：")
    if raw[0].isdigit():
        assert len(office.registry.find(raw[-6:], forms=["resident"])) == 1
    assert doubtful(office) == ["李长顺"]


def test_a_right_number_that_stands_is_not_given_up_for_a_doubtful_one(office):
    home = saved(office, four(office)).household
    opened = office.entry.open(home)
    line = replace(opened.lines[0], typed={"id_number": "990001196503140999"}, verify=True)
    saved(office, replace(opened, lines=(line,)))
    head = people(office, home)["李长顺"].values
    assert (head["id_number"], head["id_written"], head["sex"]) == (HEAD, "990001196503140999", "1")
    assert doubtful(office) == ["李长顺"]


def test_a_number_of_somebody_in_another_row_is_told_by_that_row(office):
    home = saved(office, four(office)).household
    opened = office.entry.open(home)
    twice = replace(office.entry.line(), typed={"name": "李长顺", "id_number": HEAD})
    assert faults(office, replace(opened, lines=(*opened.lines, twice))) == {(4, "id_number", "number_twice")}


def test_a_passport_in_the_place_of_the_number_becomes_another_paper(office):
    sheet = typed(office, {"name": "John Smith", "id_number": "e 12345678", "birth_date": "1980-01-01"})
    [fault] = office.entry.check(sheet)
    assert "普通护照" in fault.message
    kept = replace(sheet, lines=(replace(sheet.lines[0], verify=True),))
    person = people(office, saved(office, kept).household)["John Smith"].values
    assert (person["document_kind"], person["document_number"]) == ("414", "E12345678")
    assert (person["id_number"], person["id_written"], person["verify_note"]) == (None, None, None)


@pytest.mark.parametrize(("born", "code"), [("2026-09-19", "birth_in_future"), ("1895-12-31", "birth_too_early")])
def test_nobody_is_born_tomorrow_or_130_years_ago(office, born, code):
    assert faults(office, typed(office, {"name": "李长顺", "birth_date": born})) == {(0, "birth_date", code)}


def test_a_draft_of_another_version_opens(office):
    kept = typed(office, {"name": "李长顺"}).packed()
    kept["lines"][0]["from_a_newer_program"] = 1
    assert Sheet.unpacked({**kept, "from_a_newer_program": 1}).lines[0].says("name") == "李长顺"


def test_a_right_number_settles_what_was_to_be_verified(office):
    sheet = typed(office, {"name": "李长顺", "id_number": "99000119650314"})
    home = saved(office, replace(sheet, lines=(replace(sheet.lines[0], verify=True),))).household
    opened = office.entry.open(home)
    mended = replace(
        opened, lines=(replace(opened.lines[0], typed={"id_number": HEAD, "sex": "1", "birth_date": "1965-03-14"}),)
    )
    saved(office, mended)
    person = people(office, home)["李长顺"].values
    assert (person["id_number"], person["id_written"], person["verify_note"]) == (HEAD, None, None)
    assert doubtful(office) == []


def test_sex_and_birth_date_that_the_number_denies_are_told(office):
    sheet = typed(office, {"name": "李长顺", "id_number": HEAD, "sex": "女", "birth_date": "1965-03-15"})
    assert faults(office, sheet) == {(0, "sex", "sex_differs"), (0, "birth_date", "birth_date_differs")}
    kept = replace(sheet, lines=(replace(sheet.lines[0], verify=True),))
    person = people(office, saved(office, kept).household)["李长顺"].values
    assert (person["id_number"], person["id_written"], person["sex"]) == (None, HEAD, "2")


def test_an_unknown_region_goes_in_and_is_to_be_verified(office):
    strange = number("19650314", 11, region="169999")
    sheet = typed(office, {"name": "李长顺", "id_number": strange})
    person = people(office, saved(office, sheet).household)["李长顺"].values
    assert (person["id_number"], person["verify_note"]) == (strange, "号码前六位 169999 待核实")
    assert doubtful(office) == ["李长顺"]


def test_an_old_number_of_fifteen_digits_becomes_one_of_eighteen(office):
    sheet = typed(office, {"name": "李长顺", "id_number": "990001650314011"})
    assert people(office, saved(office, sheet).household)["李长顺"].values["id_number"] == HEAD


def test_a_character_of_an_old_system_is_told_and_kept(office):
    person = people(office, saved(office, typed(office, {"name": "张\ue863"})).household)["张\ue863"].values
    assert "U+E863" in person["verify_note"]


def test_nobody_is_registered_twice(office):
    home = saved(office, four(office)).household
    other = typed(office, {"name": "李长顺", "id_number": HEAD}, {"name": "李长顺", "id_number": HEAD})
    assert faults(office, other) == {(0, "id_number", "number_taken"), (1, "id_number", "number_twice")}
    said = office.entry.check(other)[0].message
    assert "李长顺户" in said
    assert ADDRESS in said
    known = office.entry.same_person(HEAD)
    assert (known.household, known.head) == (home, True)
    assert office.entry.same_person(number("19650314", 77)) is None


def test_the_same_person_comes_from_another_household(office):
    home = saved(office, four(office)).household
    son = people(office, home)["李建军"]
    line = office.entry.comes(son.id, {"relation": "户主", "name": "李建"})
    assert (line.known, line.says("name"), line.says("relation")) == (COMES, "李建军", "户主")
    assert line.says("presence") == "away"
    line = replace(line, typed={**line.typed, "presence": "present"})
    new = typed(office, area=LOWER)
    entered = saved(office, replace(new, place={"address": "下寨村1号"}, lines=(line,)))
    assert (entered.new, entered.came) == (0, 1)
    came = office.store.get("resident", son.id)
    assert (came.values["household"], came.area, came.values["relation"]) == (entered.household, LOWER, "0")
    assert (came.values["live_address"], came.values["relation_text"]) == ("下寨村1号", None)
    assert came.values["id_number"] == SON
    assert office.store.count("resident") == 4
    assert office.store.get("household", entered.household).values["head_name"] == "李建军"
    assert came.values["living_since"] == "2026-09-18"
    told = office.store.select("movement", {"resident": son.id})
    assert {(m.values["kind"], m.values["from_household"], m.values["to_household"]) for m in told} == {
        ("move", home, entered.household)
    }
    assert {m.area for m in told} == {UPPER, LOWER}
    moved = [line for line in office.store.audit.lines() if line.reason == "登记住户时移入"]
    assert {line.area for line in moved} == {UPPER, LOWER}


def test_who_had_moved_away_is_not_shown_and_comes_back_as_one_who_moves_in(office):
    home = saved(office, four(office)).household
    son = people(office, home)["李建军"]
    office.movements.turn([son.id], "move_out", "2026-09-01")
    assert [line.says("name") for line in office.entry.open(home).lines] == ["李长顺", "周玉兰", "陈敏"]
    line = office.entry.comes(son.id, {"relation": "户主", "presence": "present"})
    entered = saved(office, replace(typed(office), place={"address": "上寨村1号"}, lines=(line,)))
    kinds = [m.values["kind"] for m in office.store.select("movement", {"resident": son.id}, order=["date"])]
    assert kinds == ["move_out", "move_in"]
    came = office.store.get("resident", son.id).values
    assert (came["household"], came["presence"], came["presence_since"]) == (
        entered.household, "present", "2026-09-18",
    )  # fmt: skip


def test_new_people_are_no_movement(office):
    saved(office, four(office))
    assert office.store.count("movement") == 0


def test_a_household_has_one_head_and_at_least_one_person(office):
    two = typed(office, {"name": "甲一", "relation": "户主"}, {"name": "乙二", "relation": "本人"})
    assert faults(office, two) == {(1, "relation", "two_heads")}
    nobody = typed(office, {"relation": "户主", "presence": "present"})
    assert faults(office, nobody) == {(0, "name", "no_people")}


def test_the_dwelling_is_needed_and_is_never_made_twice(office):
    sheet = four(office)
    assert faults(office, replace(sheet, dwelling="", new_dwelling=False)) == {(-1, "dwelling", "no_dwelling")}
    assert (-1, "area", "no_area") in faults(office, replace(sheet, area=""))
    saved(office, sheet)
    more = typed(office, {"name": "罗春生"})
    saved(office, replace(more, place={"address": "上寨村 三组 ３-12号"}))
    assert office.store.count("dwelling") == 1
    [place] = office.store.select("dwelling")
    assert [words for _, words in office.entry.living_at(place.id)] == ["李长顺户 4 人", "罗春生户 1 人"]


def test_one_household_number_is_one_household_of_its_village(office):
    saved(office, four(office, number="5300012"))
    assert faults(office, typed(office, {"name": "罗春生"}, number="5300012")) == {
        (-1, "number", "household_number_taken")
    }
    assert faults(office, typed(office, {"name": "罗春生"}, number="5300012", area=LOWER)) == set()


def test_a_household_that_stands_changes_only_what_was_typed(office):
    home = saved(office, four(office)).household
    opened = office.entry.open(home)
    assert opened.lines[0].says("name") == "李长顺"
    sent = office.store.meta.integer("counter")
    saved(office, opened)
    assert office.store.meta.integer("counter") == sent
    lines = tuple(
        replace(line, typed={"phone": "13900000009"}) if line.says("name") == "周玉兰" else line
        for line in opened.lines
    )
    entered = saved(
        office,
        replace(
            opened,
            typed={"contact": "普云芳"},
            lines=(*lines, Line(office.store.new_id(), {"name": "李可欣", "relation": "孙女"})),
        ),
    )
    assert (entered.new, entered.changed) == (1, 1)
    found = people(office, home)
    assert (found["周玉兰"].values["phone"], found["李可欣"].values["relation_text"]) == ("13900000009", "孙女")
    assert office.store.get("household", home).values["contact"] == "普云芳"


def test_a_draft_keeps_the_revs_that_were_on_the_screen(office):
    home = saved(office, four(office)).household
    opened = office.entry.open(home)
    kept = Sheet.unpacked(replace(opened, lines=(replace(opened.lines[0], seen={"phone": 7}),)).packed())
    again = office.entry.again(kept)
    assert again.lines[0].seen == {"phone": 7}
    assert again.lines[0].stands["name"] == "李长顺"


def test_who_may_not_register_may_not_enter_a_household(office):
    sheet = four(office)
    reader = colleague(office, "du", roles=("duty_officer",))
    with pytest.raises(Denied):
        reader.entry.save(sheet)
    assert office.store.count("resident") == 0


def test_every_record_of_a_household_is_audited(office):
    saved(office, four(office))
    made = [line.form for line in office.store.audit.lines() if line.action == "create"]
    assert sorted(made) == ["dwelling", "household", *["resident"] * 4]


def test_somebody_deleted_meanwhile_stops_the_whole_save_and_says_so(office):
    home = saved(office, four(office)).household
    opened = office.entry.open(home)
    office.records.delete("resident", opened.lines[1].id, "重复登记")
    lines = (
        opened.lines[0],
        replace(opened.lines[1], typed={"phone": "13900000009"}),
        replace(opened.lines[2], typed={"phone": "13900000008"}),
    )
    with pytest.raises(KnownError):
        office.entry.save(replace(opened, lines=lines))
    assert people(office, home)["李建军"].values["phone"] == "13900000002"


def test_who_lodges_here_stays_registered_where_he_was(office):
    home = saved(office, four(office)).household
    line = office.entry.comes(people(office, home)["周玉兰"].id, {"relation": "户主"})
    line = replace(line, typed={**line.typed, "presence": "人在户不在"})
    entered = saved(office, replace(typed(office), place={"address": "上寨村1号"}, lines=(line,)))
    wife = people(office, entered.household)["周玉兰"].values
    assert (wife["presence"], wife["registered_household"]) == ("lodging", home)


def test_who_left_this_very_household_comes_back_to_it(office):
    home = saved(office, four(office)).household
    wife = people(office, home)["周玉兰"]
    office.movements.turn([wife.id], "move_out", "2026-09-01")
    opened = office.entry.open(home)
    again = replace(
        opened, lines=(*opened.lines, replace(office.entry.line(), typed={"name": "周玉兰", "id_number": WIFE}))
    )
    assert faults(office, again) == {(3, "id_number", "number_taken")}
    line = office.entry.comes(wife.id, again.lines[3].typed)
    saved(office, replace(opened, lines=(*opened.lines, line)))
    assert office.store.get("resident", wife.id).values["presence"] == "present"


def test_a_household_without_people_keeps_its_number(office):
    home = office.records.save("household", {"head_name": "李长顺"}, area=UPPER).record.id
    saved(office, replace(office.entry.open(home), typed={"number": "5300012"}))
    assert office.store.get("household", home).values["number"] == "5300012"


def test_a_household_that_was_handed_over_meanwhile_stays_where_it_went(office):
    home = saved(office, four(office)).household
    opened = office.entry.open(home)
    office.registry.move_record("household", home, LOWER)
    child = Line(office.store.new_id(), {"name": "李可欣", "relation": "孙女"})
    saved(office, replace(opened, typed={"contact": "普云芳"}, lines=(*opened.lines, child)))
    assert office.store.get("household", home).area == LOWER
    assert {person.area for person in people(office, home).values()} == {LOWER}


def test_a_draft_that_was_saved_already_overwrites_nobody(two):
    mine, other = two
    area = next(a["code"] for a in mine.store.areas() if a["level"] in ("village", "community"))
    sheet = replace(four(mine), area=area)
    home = saved(mine, sheet).household
    mine.sync()
    other.sync()
    theirs = other.entry.open(home)
    saved(other, replace(theirs, lines=(replace(theirs.lines[0], typed={"name": "李长胜"}),)))
    other.sync()
    mine.sync()
    saved(mine, mine.entry.again(Sheet.unpacked(sheet.packed())))
    mine.sync()
    other.sync()
    [conflict] = [c for c in mine.conflicts.open() if c.form == "resident" and c.fields == ("name",)]
    assert {*conflict.mine.values(), *conflict.theirs.values()} == {"李长顺", "李长胜"}
    assert other.store.count("resident") == mine.store.count("resident") == 4


def test_what_another_device_changed_meanwhile_meets_what_was_on_the_screen(two):
    mine, other = two
    area = next(a["code"] for a in mine.store.areas() if a["level"] in ("village", "community"))
    home = saved(mine, replace(four(mine), area=area)).household
    mine.sync()
    other.sync()
    opened = mine.entry.open(home)
    head = opened.lines[0].id
    theirs = other.entry.open(home)
    saved(other, replace(theirs, lines=(replace(theirs.lines[0], typed={"name": "李长胜", "phone": "13900000007"}),)))
    other.sync()
    mine.sync()
    # What came in while the sheet was open is overwritten by nobody: the name asks, the phone keeps the later and shows both.
    saved(mine, replace(opened, lines=(replace(opened.lines[0], typed={"name": "李常顺"}),)))
    mine.sync()
    other.sync()
    assert mine.store.get("resident", head).values["phone"] == "13900000007"
    assert other.store.get("resident", head).values == mine.store.get("resident", head).values
    [conflict] = [c for c in mine.conflicts.open() if c.fields == ("name",)]
    assert {*conflict.mine.values(), *conflict.theirs.values()} == {"李常顺", "李长胜"}


def test_nobody_is_registered_twice_by_a_record_of_his_own(office):
    number = "11010519491231002X"
    first = office.records.save("resident", {"name": "张文贵", "id_number": number}, area=UPPER)
    again = office.records.save("resident", {"name": "张文贵", "id_number": number.lower()}, area=UPPER)
    assert [(fault.field, fault.code) for fault in again.faults] == [("id_number", "number_taken")]
    assert "张文贵" in again.faults[0].message
    other = office.records.save("resident", {"name": "李小花"}, area=UPPER).record
    assert not office.records.save("resident", {"id_number": number}, record_id=other.id).ok
    # Himself is nobody else, and who was deleted holds no number.
    assert office.records.save("resident", {"id_number": number, "remark": "核过"}, record_id=first.record.id).ok
    office.records.delete("resident", first.record.id, "重复登记")
    assert office.records.save("resident", {"id_number": number}, record_id=other.id).ok
    home = saved(office, typed(office, {"name": "何秀珍", "relation": "户主"})).household
    with pytest.raises(KnownError, match="李小花"):
        office.movements.arrive(home, "2026-01-01", values={"name": "张文贵", "id_number": number})
    assert office.store.count("resident", {"id_number": number}) == 1

"""A case is taken whole: event, first step, people and photos in one save, or nothing of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from app.errors import Denied, KnownError
from app.rules.case_engine import Doing
from app.rules.case_fold import Step
from app.services.case_sheet import Person, Sheet
from app.services.case_taking import person_id
from app.store.saving import Edit
from tests.services.conftest import LOWER, UPPER, codes, colleague

LAMP = {"title": "村口路灯不亮", "category": "facility_light", "place": "村口", "channel": "phone"}
ZHANG = Person("reporter", "张文贵", phone="19900000001")


def sheet_of(office, people=(), files=(), solved="", area=UPPER, witness="", **values):
    begun = office.taking.begin({**LAMP, **values}, area)
    return Sheet(begun.id, begun.area, begun.values, tuple(people), tuple(files), solved, witness)


def photo(tmp_path, colour="red"):
    path = tmp_path / f"{colour}.jpg"
    Image.new("RGB", (900, 600), colour).save(path, "JPEG")
    return path


def resident(office, name="李长顺", **values):
    return office.records.save("resident", {"name": name, **values}, area=UPPER).record.id


def test_event_step_people_and_photos_are_one_save(office, tmp_path):
    begun = sheet_of(office)
    staged = office.attachments.stage("event", begun.id, photo(tmp_path))
    whole = Sheet(begun.id, begun.area, begun.values, (ZHANG, Person("witness", "李四")), (staged,))
    outcome = office.taking.save(whole)
    assert outcome.ok, outcome.faults
    event = outcome.record
    assert (event.id, event.values["state"], event.area) == (begun.id, "reported", UPPER)
    people = office.taking.people(event)
    assert [(p.values["role"], p.values["name"]) for p in people] == [("reporter", "张文贵"), ("witness", "李四")]
    [file] = office.attachments.of("event", event.id)
    assert (file.here, file.thumb_here) == (True, True)


def test_a_fault_in_one_person_keeps_nothing_at_all(office):
    outcome = office.taking.save(sheet_of(office, [ZHANG, Person("party", "王五", phone="12")]))
    assert {field for field, _ in codes(outcome)} == {"people"}
    assert "王五" in outcome.faults[0].message
    assert office.store.count("event") == 0
    assert office.store.count("event_step") == 0
    assert office.store.count("case_person") == 0


def test_the_same_person_twice_is_refused(office):
    who = resident(office)
    twice = [Person("reporter", "李长顺", who), Person("party", "李长顺", who)]
    assert codes(office.taking.save(sheet_of(office, twice))) == {("people", "person_twice")}
    alike = [Person("reporter", "李长顺"), Person("witness", "李长顺")]
    assert codes(office.taking.save(sheet_of(office, alike))) == {("people", "person_twice")}
    namesakes = [Person("reporter", "李长顺", who), Person("party", "李长顺", resident(office, "李长顺"))]
    assert office.taking.save(sheet_of(office, namesakes)).ok


def test_a_sheet_saved_twice_is_still_one_case(office):
    sheet = sheet_of(office, [ZHANG])
    first = office.taking.save(sheet)
    again = office.taking.save(Sheet.unpacked(sheet.packed()))
    assert (first.record.id, office.store.count("event")) == (again.record.id, 1)
    assert office.store.count("event_step") == 1
    assert office.store.count("case_person") == 1


def test_a_sheet_comes_back_from_its_draft_as_it_was(office, tmp_path):
    staged = office.attachments.stage("event", "0" * 32, photo(tmp_path))
    sheet = sheet_of(office, [ZHANG], [staged], "换了灯泡", witness="李四")
    office.store.keep_draft("taking", "event", None, sheet.packed())
    assert Sheet.unpacked(office.store.draft("taking")) == sheet


def test_solved_on_the_spot_is_closed_with_its_result(office):
    event = office.taking.save(sheet_of(office, solved="当场换了灯泡", witness="李四")).record
    assert event.values["state"] == "closed"
    [step] = office.cases.case(event.id).steps
    assert (step.action, step.values["result"], step.values["witness"]) == ("self_handle", "当场换了灯泡", "李四")


def test_solved_on_the_spot_wants_a_photo_or_somebody_who_saw_it(office, tmp_path):
    outcome = office.taking.save(sheet_of(office, solved="当场换了灯泡"))
    assert codes(outcome) == {("witness", "one_of")}
    assert office.store.count("event") == 0
    saw = [Person("witness", "王五"), Person("witness", "赵六"), ZHANG]
    [step] = steps(office, sheet_of(office, saw, solved="当场换了灯泡"))
    assert step.values["witness"] == "王五、赵六"
    assert "photos" not in step.values
    staged = office.attachments.stage("event", "0" * 32, photo(tmp_path))
    [step] = steps(office, sheet_of(office, [ZHANG], [staged, staged], solved="当场换了灯泡"))
    assert step.values["photos"] == 1


def steps(office, sheet):
    outcome = office.taking.save(sheet)
    assert outcome.ok, outcome.faults
    return office.cases.case(outcome.record.id).steps


def test_a_case_that_was_kept_is_solved_on_the_spot_with_the_photos_that_hang_on_it(office, tmp_path):
    event = office.cases.keep(LAMP, area=UPPER).record.id
    assert codes(office.cases.act(event, "self_handle", {"result": "换了灯泡"})) == {("witness", "one_of")}
    assert office.attachments.add("event", event, photo(tmp_path)).ok
    done = office.cases.act(event, "self_handle", {"result": "换了灯泡"})
    assert done.ok, done.faults
    assert office.cases.case(event).steps[0].values["photos"] == 1


def test_the_county_may_do_without_photo_and_witness_and_an_older_step_stays_as_it_is(office, monkeypatch):
    rules = office.cases.rules
    older = [Step("1" * 32, "self_handle", office.cases.now(), {"result": "换了"}, "li", "grid_member")]
    assert rules.fold({"category": "facility_light"}, older).state == "closed"
    for actions in (rules.actions, *(profile.actions for profile in rules.profiles.values())):
        if "self_handle" in actions:
            monkeypatch.setitem(actions, "self_handle", replace(actions["self_handle"], one_of=()))
    assert office.taking.save(sheet_of(office, solved="当场换了灯泡")).ok


def test_what_must_not_be_solved_on_the_spot_is_refused_and_not_offered(office):
    assert not office.taking.may_be_solved("tip_off")
    assert office.taking.may_be_solved("facility_light")
    outcome = office.taking.save(sheet_of(office, solved="已处理", witness="李四", category="tip_off"))
    assert codes(outcome) == {("category", "not_self_handled")}
    assert office.store.count("event") == 0


def test_the_class_gives_the_flow(office):
    event = office.taking.save(sheet_of(office, category="hazard_road")).record
    assert event.values["profile"] == "hazard" == office.taking.profile_for("hazard_road")
    assert office.taking.profile_for("facility_light") == office.taking.profile_for(None) == "seven_stage"


def test_entered_for_a_member_it_is_he_who_collected_not_the_clerk(office):
    event = office.taking.save(sheet_of(office, entered_for="王霞", category="facility_light")).record
    assert event.values["reporter"] == "王霞"
    case = office.cases.case(event.id)
    assert (case.state.reporter, case.state.entered_for) == ("lin", "王霞")
    rules = office.cases.rules
    assert not rules.separation(case.state, Doing("acknowledge", {"name": "林小禾"}, "lin"))
    assert not rules.separation(case.state, Doing("assign", {"lead_handler": "林小禾"}, "duan"))
    for action, values, user in (
        ("assign", {"lead_handler": "王霞"}, "duan"),
        ("acknowledge", {"handler": "王霞"}, "lin"),
        ("acknowledge", {"name": "王霞"}, "wangxia"),
    ):
        assert [c.code for c in rules.separation(case.state, Doing(action, values, user))] == ["reporter_not_handler"]


def test_the_registrar_may_still_withdraw_what_he_entered_for_a_member(office):
    event = office.taking.save(sheet_of(office, entered_for="王霞")).record
    assert "withdraw" in [action.code for action in office.cases.actions(office.cases.case(event.id))]


def test_the_members_of_the_grids_are_offered_each_once(office):
    grid = office.records.save(
        "grid", {"name": "第一网格", "member": "王霞", "member_phone": "19900000009"}, area=UPPER
    ).record
    office.posts.appoint(grid.id, {"post": "member", "name": "王霞", "phone": "19900000009"})
    office.posts.appoint(grid.id, {"post": "leader3", "name": "赵敏"})
    gone = office.posts.appoint(grid.id, {"post": "helper", "name": "钱进"}, day="2026-01-01")
    office.posts.end(gone.id, "2026-09-01")
    found = office.taking.members()
    assert [(m.name, m.post, m.phone) for m in found] == [("王霞", "member", "19900000009"), ("赵敏", "leader3", "")]


def test_a_photo_that_is_no_longer_here_is_named_and_nothing_is_saved(office, tmp_path):
    begun = sheet_of(office)
    staged = office.attachments.stage("event", begun.id, photo(tmp_path))
    office.store.files.lost(staged.sha256)
    with pytest.raises(KnownError, match=r"red\.jpg"):
        office.taking.save(Sheet(begun.id, begun.area, begun.values, (), (staged,)))
    assert office.store.count("event") == 0


def test_files_of_a_draft_thrown_away_go_but_for_those_that_something_else_holds(office, tmp_path):
    one, other = sheet_of(office), sheet_of(office)
    red, green, blue = (office.attachments.stage("event", one.id, photo(tmp_path, c)) for c in ("red", "green", "blue"))
    assert office.taking.save(Sheet(other.id, other.area, other.values, (), (green,))).ok
    waiting = sheet_of(office, files=[blue])
    office.store.keep_draft(f"taking:lin:{waiting.id}", "event", None, waiting.packed())
    office.store.keep_draft(f"taking:lin:{one.id}", "event", None, one.packed())
    office.taking.forget(f"taking:lin:{one.id}", [red, green, blue])
    assert set(office.store.files.many([red.sha256, green.sha256, blue.sha256])) == {green.sha256, blue.sha256}
    assert [key for key, *_ in office.store.drafts()] == [f"taking:lin:{waiting.id}"]


def test_the_classes_taken_last_come_first(office):
    for category in ("facility_light", "hazard_road", "facility_light", "unclassified"):
        assert office.taking.save(sheet_of(office, category=category)).ok
    assert office.taking.recent_classes() == ("facility_light", "hazard_road")


def test_who_may_not_create_cases_takes_none(office):
    auditor = colleague(office, "chu", roles=("supervisor",))
    with pytest.raises(Denied):
        auditor.taking.save(sheet_of(auditor, [ZHANG]))
    assert office.store.count("event") == 0


def test_two_devices_that_add_one_resident_apart_name_him_once(two, tmp_path):
    one, other = two
    who = one.records.save("resident", {"name": "李长顺"}, area=UPPER).record.id
    event = one.taking.save(sheet_of(one, [ZHANG])).record.id
    one.sync()
    other.sync()
    for office, role in ((one, "party"), (other, "witness")):
        values = {"event": event, "resident": who, "name": "李长顺", "role": role}
        office.store.save([Edit("case_person", person_id(event, who), UPPER, values)], office.session.user)
    one.sync()
    other.sync()
    one.sync()
    for office in two:
        named = [p.values["name"] for p in office.taking.people(office.store.get("event", event))]
        assert named.count("李长顺") == 1
    assert (
        one.store.get("case_person", person_id(event, who)).values
        == other.store.get("case_person", person_id(event, who)).values
    )


def test_a_case_taken_whole_comes_whole_to_another_device(two, tmp_path):
    one, other = two
    begun = sheet_of(one)
    staged = one.attachments.stage("event", begun.id, photo(tmp_path))
    assert one.taking.save(Sheet(begun.id, begun.area, begun.values, (ZHANG,), (staged,))).ok
    one.sync()
    other.sync()
    event = other.store.get("event", begun.id)
    assert event.values["state"] == "reported"
    assert [p.values["name"] for p in other.taking.people(event)] == ["张文贵"]
    assert [f.name for f in other.attachments.of("event", begun.id)] == ["red.jpg"]


# -- finding ------------------------------------------------------------------------------------------------------------------


def places(office):
    grid = office.records.save("grid", {"name": "第三网格"}, area=UPPER).record.id
    home = office.records.save("dwelling", {"address": "上寨村一组3-12号", "grid": grid}, area=UPPER).record.id
    return grid, home


def test_one_field_finds_dwelling_grid_and_village(office):
    grid, home = places(office)
    [by_address] = [hit for hit in office.finding.places("一组3-12") if hit.kind == "dwelling"]
    assert (by_address.dwelling, by_address.grid, by_address.area, by_address.note) == (
        home,
        grid,
        UPPER,
        "上寨村 › 第三网格",
    )
    assert [h.dwelling for h in office.finding.places("szcyz312") if h.kind == "dwelling"] == [home]
    assert office.finding.places("上寨三网格")[0].grid == grid
    assert office.finding.places("下寨")[0] == office.finding.places("xzc")[0]
    assert office.finding.places("xzc")[0].area == LOWER
    assert office.finding.places("月亮") == []


def test_people_are_found_by_name_initials_and_digits_and_shown_masked(office):
    _grid, home = places(office)
    household = office.records.save("household", {"dwelling": home, "number": "1"}, area=UPPER).record.id
    who = resident(office, phone="19900000012", household=household, sex="1")
    for typed in ("李长", "lcs", "0012"):
        [hit] = office.finding.people(typed)
        assert (hit.resident, hit.name) == (who, "李长顺")
        assert "19900000012" not in hit.note
        assert "上寨村一组3-12号" in hit.note
    assert office.finding.place_of(who).dwelling == home


def test_who_may_not_read_the_registry_finds_villages_and_nobody(office):
    places(office)
    resident(office)
    helper = colleague(office, "bang", roles=("helper",), areas=(UPPER,))
    assert helper.finding.people("李长顺") == []
    assert {hit.kind for hit in helper.finding.places("上寨")} == {"village"}

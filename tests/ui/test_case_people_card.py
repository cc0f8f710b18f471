"""The card of who is in a case: reporter and named people once each, numbers masked, residents one press away."""

from __future__ import annotations

from app.services.case_sheet import Person, Sheet
from tests.ui.offices import UPPER
from ui import theme
from ui.forms.references import Target
from ui.pages.case import CasePage
from ui.pages.case_read import read_file
from ui.pieces.person import PersonChip


def taken(desk, *people, **values):
    begun = desk.office.taking.begin({"title": "路灯不亮", "place": "村口", **values}, UPPER)
    outcome = desk.office.taking.save(Sheet(begun.id, begun.area, begun.values, people))
    assert outcome.ok, outcome.faults
    return outcome.record.id


def test_the_reporter_named_in_the_case_stands_there_once_with_the_number_he_called_from(desk):
    who = desk.make("resident", name="张文贵")
    event = taken(desk, Person("reporter", "张文贵", who), reporter="张文贵", reporter_phone="19900000001")
    [one] = read_file(desk.office, event).people
    assert (one.role, one.name, one.phone, one.resident) == ("反映人", "张文贵", "199****0001", who)
    assert desk.office.records.get(one.form, one.id).values[one.field] == "19900000001"


def test_each_person_stands_with_role_and_masked_number(desk):
    event = taken(desk, Person("victim", "李长顺", phone="19900000012"), Person("witness", "王五"), reporter="张文贵")
    shown = [(one.role, one.name, one.phone) for one in read_file(desk.office, event).people]
    assert shown == [("上报人", "张文贵", ""), ("受害人", "李长顺", "199****0012"), ("证人", "王五", "")]


def test_in_large_type_a_name_beside_a_number_is_whole(qapp, qtbot, desk):
    event = taken(
        desk, Person("party", "欧阳春晓兰", phone="19900000012"), reporter="张文贵", reporter_phone="19900000001"
    )
    theme.apply(qapp, "light", large=True)
    try:
        page = CasePage(desk.office, desk.jobs)
        qtbot.addWidget(page)
        page.resize(1190, 720)
        page.show()
        page.opened({"id": event})
        desk.settle()
        chips = page.people_card.findChildren(PersonChip)
        assert {chip.said().text for chip in chips} == {"张文贵", "欧阳春晓兰"}
        assert all(chip.width() >= chip.sizeHint().width() for chip in chips)
    finally:
        theme.apply(qapp, "light", large=False)


def test_a_resident_opens_his_card_and_one_that_was_only_typed_does_not(qtbot, desk):
    who = desk.make("resident", name="李长顺")
    event = taken(desk, Person("party", "李长顺", who), Person("witness", "王五"))
    page = CasePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": event})
    desk.settle()
    chips = page.people_card.findChildren(PersonChip)
    with qtbot.waitSignal(page.go) as went:
        chips[0].click()
    assert went.args == ["person", {"id": who}]
    with qtbot.assertNotEmitted(page.go):
        chips[1].click()


def test_who_may_not_read_the_registry_opens_nobody(open_desk):
    desk = open_desk("dispatcher", "registrar")
    who = desk.make("resident", name="李长顺")
    event = taken(desk, Person("party", "李长顺", who))
    session = desk.office.session
    object.__setattr__(session, "roles", ("archivist",))
    [one] = read_file(desk.office, event).people
    assert (one.name, one.resident) == ("李长顺", "")


def test_somebody_is_added_later_and_the_same_one_only_once(qtbot, desk):
    who = desk.make("resident", name="李长顺")
    event = taken(desk, Person("witness", "王五"))
    page = CasePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": event})
    desk.settle()
    said = []
    page.said.connect(lambda words, _undo: said.append(words))
    for expected in (2, 2):
        page.people_card.name_person()
        name, role, _phone = page.people_card.dialog._fields
        name.take(Target(who, "李长顺"))
        role.set_value("victim")
        page.people_card.dialog.do()
        desk.settle()
        desk.settle()
        assert len(desk.office.taking.people(desk.office.store.get("event", event))) == expected
    assert "已在涉事人员里" in page.people_card.dialog.said.text()
    assert said == ["已添加李长顺，存在本机"]
    chips = [chip.toolTip() for chip in page.people_card.findChildren(PersonChip) if chip.isVisible()]
    assert any("李长顺" in chip for chip in chips)


def test_who_was_taken_out_comes_back_as_the_same_record(desk):
    who = desk.make("resident", name="李长顺")
    event = taken(desk, Person("party", "李长顺", who))
    [record] = desk.office.taking.people(desk.office.store.get("event", event))
    desk.office.records.delete("case_person", record.id, "弄错了")
    again = desk.office.taking.name_person(event, Person("witness", "李长顺", who))
    assert (again.id, again.deleted, again.values["role"]) == (record.id, False, "witness")

"""Care tags are on a person's card for who has the right, and nowhere else: looked for everywhere."""

from __future__ import annotations

import json

import pytest

from app.errors import Denied, KnownError
from app.exchange.outgo import export_form
from app.rules.permissions import Permissions
from app.services.session import Session
from app.store.agreement import Area
from app.store.saving import Edit
from app.store.store import Store, new_key
from sync.client import exchange
from sync.county.granting import grant
from tests.services.conftest import ALL, LOWER, TOWN, UPPER, colleague

OTHERS = tuple(role for role in ALL if role != "care_worker")
PURPOSE, PROOF = "每周上门送餐", "2026年9月1日同意书甲字7号"
TAG = {
    "kind": "living_alone", "purpose": PURPOSE, "basis": "consent", "basis_note": PROOF, "since": "2026-09-18",
    "review_on": "2027-03-18", "expires_on": "2027-09-18", "note": "腿脚不便",
}  # fmt: skip
SECRET = (PURPOSE, PROOF, "腿脚不便", "living_alone", "独居")


def person(office, name="李长顺", area=UPPER):
    return office.records.save("resident", {"name": name}, area=area).record


def tagged(office, **change):
    who = person(office)
    made = office.care.register(who.id, {**TAG, **change})
    assert made.ok, made.faults
    return who, made.record


def test_a_care_worker_sees_the_tags_of_a_person_and_it_is_written_down(office):
    who, tag = tagged(office)
    assert [record.id for record in office.care.of(who.id)] == [tag.id]
    lines = [line for line in office.store.audit.lines(100) if line.form == "care_tag" and line.action == "read"]
    assert {line.record for line in lines} <= {who.id, ""}
    assert lines


def test_looking_at_somebody_without_a_tag_is_written_down_the_same(open_office):
    desk = open_office(roles=("care_worker", "registrar"))
    desk.care.of(person(desk).id)
    assert [line.action for line in desk.store.audit.lines(100) if line.form == "care_tag"] == ["read"]


def test_a_village_leader_sees_the_tags_of_his_village_and_changes_none(office, tmp_path):
    who, tag = tagged(office)
    leader = colleague(office, "zhou", roles=("grid_leader", "village_leader"), areas=(UPPER,))
    assert leader.care.may(who)
    assert [one.id for one in leader.care.of(who.id)] == [tag.id]
    assert next(line.record for line in office.store.audit.lines(5) if line.form == "care_tag") == who.id
    for attempt in (
        lambda: leader.care.register(who.id, {**TAG, "kind": "disabled"}),
        lambda: leader.care.end(tag.id, "over"),
        lambda: leader.care.renew(tag.id, "2027-04-01", "2027-09-18"),
        lambda: leader.care.totals(TOWN),
        lambda: export_form(leader, "care_tag", tmp_path / "x.xlsx", "看看"),
    ):
        with pytest.raises((Denied, KnownError)):
            attempt()
    for areas in ((LOWER,), (TOWN,)):
        assert not colleague(office, "zhou", roles=("village_leader",), areas=areas).care.may(who)


def test_only_a_village_s_device_gets_the_tags_of_a_leader(county, tmp_path, forms):
    with pytest.raises(KnownError, match="只能授予村"):
        county.device(
            Store.create(tmp_path / "wide", new_key(), forms), "周书记", areas=(TOWN,), roles=("village_leader",)
        )
    desk = county.device(
        Store.create(tmp_path / "one", new_key(), forms), "周书记", areas=(UPPER,), roles=("village_leader",)
    )
    assert desk.sync().down is not None
    assert (UPPER, "care") in desk.store.sync.digests()
    with pytest.raises(KnownError, match="只能授予村"):
        grant(county.county, desk.store.sync.state.device, areas=[TOWN])
    desk.store.close()


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_may_see_register_or_count_them(office, role):
    who, tag = tagged(office)
    other = colleague(office, "wang", roles=(role,))
    assert not other.care.may(who)
    for attempt in (
        lambda: other.care.of(who.id),
        lambda: other.care.all_of(who.id),
        lambda: other.care.register(who.id, dict(TAG)),
        lambda: other.care.totals(TOWN),
        lambda: other.records.get("care_tag", tag.id),
        lambda: other.records.save("care_tag", {"note": "x"}, record_id=tag.id),
    ):
        with pytest.raises(Denied):
            attempt()
    assert other.care.reviews() == []


def test_a_care_worker_of_another_village_is_refused(office):
    who, _tag = tagged(office)
    other = colleague(office, "wang", roles=("care_worker",), areas=(LOWER,))
    with pytest.raises(Denied):
        other.care.of(who.id)
    assert other.care.reviews() == []


def test_an_expired_tag_is_out_of_sight_by_itself(office, clock):
    who, _tag = tagged(office)
    clock.hours(24 * 364)
    assert len(office.care.of(who.id)) == 1
    clock.hours(24)
    assert office.care.of(who.id) == ()
    assert office.care.reviews() == []
    assert len(office.care.all_of(who.id)) == 1


def test_who_takes_his_consent_back_has_no_tag_from_that_day_on(office):
    who, tag = tagged(office)
    assert office.care.end(tag.id, "本人撤回同意").ok
    assert office.care.of(who.id) == ()
    with pytest.raises(KnownError) as refused:
        office.care.renew(tag.id, "2027-09-01", "2028-03-01")
    assert refused.value.code == "care.ended"


def test_a_review_is_a_task_before_it_is_due_and_can_be_done(office, clock):
    who, tag = tagged(office)
    assert office.care.reviews() == []
    clock.hours(24 * 160)
    [task] = office.care.reviews()
    assert (task.resident, task.name, task.due, task.late) == (who.id, "李长顺", "2027-03-18", False)
    clock.hours(24 * 30)
    assert office.care.reviews()[0].late
    assert office.care.renew(tag.id, "2028-01-01", "2028-06-01").ok
    assert office.care.reviews() == []


def test_the_term_is_judged_also_where_a_form_is_saved_as_any_other(office):
    who = person(office)
    outcome = office.records.save("care_tag", {**TAG, "resident": who.id, "expires_on": "2036-01-01"}, area=UPPER)
    assert [(fault.field, fault.code) for fault in outcome.faults] == [("expires_on", "expires_late")]


def test_one_need_is_registered_once(office):
    who, _tag = tagged(office)
    with pytest.raises(KnownError) as refused:
        office.care.register(who.id, dict(TAG))
    assert refused.value.code == "care.already"
    assert office.care.register(who.id, {**TAG, "kind": "低保"}).ok


def test_tags_stay_with_a_person_who_was_registered_twice(office):
    who, tag = tagged(office)
    twin = person(office, "李长顺")
    office.registry.merge(twin.id, who.id)
    assert [record.id for record in office.care.of(twin.id)] == [tag.id]
    assert [record.id for record in office.care.of(who.id)] == [tag.id]


def test_the_township_counts_and_hides_what_is_few(office):
    for number in range(5):
        office.care.register(person(office, f"甲{number}").id, dict(TAG))
    tagged(office, kind="allowance")
    totals = office.care.totals(TOWN)
    assert (totals["独居老人"], totals["低保"], totals["残疾人"]) == ("5", "少于5", "0")


@pytest.mark.parametrize("area", [UPPER, LOWER, "990001000000", "", "990001101299"])
def test_nothing_but_a_township_is_counted(office, area):
    tagged(office)
    with pytest.raises(KnownError) as refused:
        office.care.totals(area)
    assert refused.value.code == "care.township_only"


# -- everywhere else ------------------------------------------------------------------------------


def test_no_search_finds_them(office):
    who, tag = tagged(office)
    for text in (PURPOSE, "送餐", "独居", "腿脚", "甲字", "2026-09-18", "living_alone", tag.id):
        assert {hit.form for hit in office.registry.find(text)} <= {"resident"}
    rows = office.store.conn.execute("SELECT form, names, numbers, places FROM search_document").fetchall()
    assert {row[0] for row in rows} == {"resident"}
    assert not any(word in json.dumps(rows, ensure_ascii=False) for word in SECRET)
    assert who.id


def test_the_form_has_no_list_no_ledger_and_no_search(forms):
    form = forms["care_tag"]
    assert form.card_only
    assert (form.list_columns, form.note_fields, form.ledger) == ((), (), False)
    assert not any(item.search for item in form.fields.values())
    assert form.record_title(TAG) == "2026-09-18"
    for other in forms.values():
        assert all(target != "care_tag" for _, target in other.references)
        assert not {"care_kind", "care_basis"} & {
            getattr(getattr(item.kind, "codes", None), "name", "")
            for item in other.fields.values()
            if other is not form
        }


def test_no_export_of_anything_holds_them(office, tmp_path, forms):
    import openpyxl

    tagged(office)
    written = 0
    for name, form in forms.items():
        out = tmp_path / f"{name}.xlsx"
        if form.system:
            continue
        try:
            export_form(office, name, out, "核对", plain=True)
        except KnownError:
            assert not out.exists()
            continue
        written += 1
        said = json.dumps(
            [[str(cell) for cell in row] for sheet in openpyxl.load_workbook(out) for row in sheet.values],
            ensure_ascii=False,
        )
        assert not any(word in said for word in SECRET), name
    assert written > 3


def test_moving_a_person_takes_the_tags_along_and_tells_nobody_of_them(office):
    who, tag = tagged(office)
    assert office.registry.preview("resident", who.id) == {"resident": 1}
    assert office.registry.move_record("resident", who.id, LOWER).counts == {"resident": 1}
    assert office.store.get("care_tag", tag.id).area == LOWER


def test_the_audit_tells_what_was_done_and_not_what_it_says(office):
    tagged(office)
    lines = json.dumps(office.store.conn.execute("SELECT * FROM audit").fetchall(), ensure_ascii=False, default=str)
    assert not any(word in lines for word in (PURPOSE, PROOF, "腿脚不便", "living_alone", "独居", "李长顺"))


def test_no_figure_of_a_day_counts_them(office):
    import datetime as dt

    before = office.statistics.day(dt.date(2026, 9, 18), area=UPPER)
    tagged(office)
    after = office.statistics.day(dt.date(2026, 9, 18), area=UPPER)
    assert after["indicators"] == before["indicators"]
    assert not any(word in json.dumps(after, ensure_ascii=False, default=str) for word in SECRET)


# -- on the way -----------------------------------------------------------------------------------


def device(county, tmp_path, name, roles, forms, areas=(TOWN,)):
    from app.rules.case_engine import CaseRules
    from app.services.cases import derive_cases
    from app.services.office import Office

    rules = CaseRules.load()
    store = Store.create(tmp_path / name, new_key(), forms, derive=derive_cases(rules))
    desk = county.device(store, name, roles=roles)
    session = Session(name, name, roles, areas, "单位", store.sync.state.device)
    return Office(store, session, rules, Permissions.load()), desk


def synced(desk):
    report = exchange(desk.store, desk.http, sleep=lambda _: None)
    assert report.ok, report
    assert report.in_agreement
    return report


def test_a_device_without_the_right_never_gets_them(two, county, tmp_path, forms):
    first, second = two
    who = person(first, area="990001101201")
    tag = first.care.register(who.id, dict(TAG)).record
    first.sync()
    second.sync()
    assert [record.id for record in second.care.of(who.id)] == [tag.id]
    # Two care workers disagree: the question about it is for care workers alone, too.
    first.records.save("care_tag", {"kind": "allowance"}, record_id=tag.id)
    second.records.save("care_tag", {"kind": "disabled"}, record_id=tag.id)
    for one in (first, second, first):
        one.sync()
    [asked] = first.conflicts.open()
    assert asked.record == tag.id
    other, desk = device(county, tmp_path, "王干事", OTHERS, forms)
    synced(desk)
    assert other.store.get("resident", who.id)
    assert other.store.get("care_tag", tag.id) is None
    assert other.conflicts.open() == []
    assert other.store.count("care_tag") == other.store.count("care_conflict") == other.store.count("conflict") == 0
    assert not [key for key in other.store.sync.cursors() if key == "care"]
    for table in ("history", "agreed", "outbox", "record_conflict", "search_document", "audit"):
        held = repr(other.store.conn.execute(f"SELECT * FROM {table}").fetchall())
        assert not any(word in held for word in (*SECRET, "allowance", "disabled", tag.id)), table
    other.store.close()


def test_who_lost_the_right_keeps_nothing_of_them(two, county, tmp_path, forms):
    first, _second = two
    who = person(first, area="990001101201")
    tag = first.care.register(who.id, dict(TAG)).record
    first.sync()
    other, desk = device(county, tmp_path, "王干事", ALL, forms)
    synced(desk)
    assert other.store.get("care_tag", tag.id)
    grant(county.county, other.store.sync.state.device, roles=OTHERS)
    synced(desk)
    assert other.store.get("care_tag", tag.id) is None
    assert other.store.stubs.get("care_tag", tag.id) is None
    assert other.store.stubs.find("2026", forms) == []
    other.store.close()


def test_a_tag_that_leaves_with_its_person_leaves_no_stub(two):
    first, _second = two
    first.store.sync.set_areas([Area(TOWN, "幸福镇", "township"), Area("990001101201", "一村", "village", TOWN)])
    who = person(first, area="990001101201")
    tag = first.care.register(who.id, dict(TAG)).record
    with first.store.transaction():
        rows = first.store.rows.get("care_tag", [tag.id])
        first.store.stubs.leave("care_tag", list(rows.values()), {rows[tag.id].area: "别处"})
    assert first.store.stubs.get("care_tag", tag.id) is None or not first.store.stubs.get("care_tag", tag.id).title
    assert not any(word in repr(first.store.rows.get("care_tag", [tag.id])) for word in SECRET)


def test_the_county_refuses_a_tag_from_who_has_no_right(two, county, tmp_path, forms):
    first, _second = two
    who = person(first, area="990001101201")
    first.sync()
    other, desk = device(county, tmp_path, "王干事", OTHERS, forms)
    synced(desk)
    other.store.save([Edit("care_tag", None, "990001101201", {**TAG, "resident": who.id})], "王干事")
    report = exchange(desk.store, desk.http, sleep=lambda _: None)
    assert report.refused == 1
    assert [line.code for line in other.store.sync.attention()] == ["sync.not_allowed"]
    other.store.close()

"""A county set back to an earlier day gets the lost days again from its devices, by itself; nobody's words vanish on the way."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
import requests
import sqlalchemy as sa
from requests.adapters import HTTPAdapter

from app.schema.record import Change, Offer
from app.store.saving import Edit
from sync.client import recovering as recovering_device
from sync.client.greeting import greeting
from sync.client.link import Pace, suited
from sync.county import aside, office, recovering
from sync.county.tables import META
from sync.offers import encode_offers
from sync.wire import Down, End, Offers, Reader, Streamed, Up, encode
from tests.sync.broken import Broken, _Half
from tests.sync.conftest import TOWNSHIP, VILLAGES
from tests.sync.test_exchange import mediation, person

V = VILLAGES[0]


def tables(county):
    return [*META.sorted_tables, *county.tables.by_form.values()]


def copied(running):
    """Every row of the county, as a backup has it."""
    with running.county.database.snapshot() as conn:
        return {
            table.name: [
                dict(row._mapping)
                for row in conn.execute(sa.select(table).where(table.c.county == running.county.code))
            ]
            for table in tables(running.county)
        }


def put_back(running, backup):
    """Set the county back, as a file copy or pg_restore does: it knows nothing of it."""
    with running.county.database.plain() as conn:
        for table in tables(running.county):
            conn.execute(sa.delete(table).where(table.c.county == running.county.code))
            if backup[table.name]:
                conn.execute(sa.insert(table), backup[table.name])


def both(desks, rounds=3):
    for _ in range(rounds):
        for desk in desks:
            report = desk.sync()
            assert report.ok, report.error
    for desk in desks:
        assert desk.sync().in_agreement
        assert desk.store.sync.reckon() == desk.store.sync.digests()


class _ReceiptsOnly(HTTPAdapter):
    """An answer that is cut before its first delta, or before its end where it has none."""

    def send(self, request, **options):
        answer = super().send(request, **options)
        if answer.status_code != requests.codes.ok:
            return answer
        messages = Reader().feed(b"".join(answer.iter_content(1024)))
        kept = itertools.takewhile(lambda message: not isinstance(message, Down | End), messages)
        content = b"".join(encode(message) for message in kept if not isinstance(message, Streamed))
        answer.raw = _Half(content + b"..", len(content))
        answer._content_consumed = answer._content = False
        return answer


def receipts_only():
    http = requests.Session()
    http.mount("http://", _ReceiptsOnly())
    return http


def conflicts(desk):
    return desk.store.select("conflict")


def epoch(running):
    with running.county.database.snapshot() as conn:
        return running.county.standing(conn)[0]


def test_the_lost_day_comes_back_by_itself(county, desks):
    a, b = desks
    (before,) = a.save(person(remark="昨天")).ids
    both(desks)
    backup = copied(county)
    (made,) = a.save(person(remark="今天")).ids
    b.save(person(before, phone="13900000001"))
    both(desks)
    b.save(person(made, occupation="木匠"))
    both(desks)
    put_back(county, backup)
    assert a.sync().in_agreement
    assert epoch(county) == 2
    assert b.sync().in_agreement
    assert a.sync().in_agreement
    assert epoch(county) == 2
    for desk in desks:
        assert desk.get("resident", before).values["phone"] == "13900000001"
        assert desk.get("resident", made).values["occupation"] == "木匠"
        assert desk.store.count("conflict") == 0
    assert all(row.sound for row in office.digest(county.county))
    both(desks)


def test_it_comes_back_also_where_the_county_went_on_with_the_same_numbers(county, desks, new_store):
    a, b = desks
    (before,) = a.save(person(remark="昨天")).ids
    both(desks)
    backup = copied(county)
    c = county.device(new_store(), "王干事")
    with_c = copied(county)
    a.save(person(remark="今天一"), person(remark="今天二"))
    a.save(person(before, name="张文桂", remark="今天改的"))
    both(desks)
    put_back(county, {**backup, "device": with_c["device"]})
    # c was enrolled after the backup was made and never synced: the county goes on with it and gives the same revs again.
    c.sync()
    c.save(person(remark="恢复之后"), person(before, name="张闻贵"))
    assert c.sync().ok
    assert epoch(county) == 1
    both((a, b, c))
    assert epoch(county) == 2
    remarks = {"昨天", "今天改的", "今天一", "今天二", "恢复之后"} - {"昨天"}
    for desk in (a, b, c):
        assert {record.values["remark"] for record in desk.store.select("resident")} == remarks
        (conflict,) = desk.store.select("conflict")
        names = {json.loads(conflict.values[part]) for part in ("mine", "theirs")}
        assert names == {"张文桂", "张闻贵"}
        assert desk.get("resident", before).values["name"] == "张闻贵"


def test_another_change_at_the_same_number_with_a_value_in_common_is_not_taken_for_the_lost_one(county, desks):
    a, b = desks
    (made,) = a.save(person(remark="昨天")).ids
    both(desks)
    backup = copied(county)
    # A group: the parts that stay empty are the same in both changes.
    b.save(person(made, birth_date="1900-01-06"))
    b.sync()
    put_back(county, backup)
    a.save(person(made, birth_date="1900-01-05"))
    assert a.sync().ok
    both((b, a))
    for desk in desks:
        (conflict,) = desk.store.select("conflict")
        told = {json.loads(conflict.values[part])["birth_date"] for part in ("mine", "theirs")}
        assert told == {"1900-01-05", "1900-01-06"}


def test_a_conflict_that_came_back_before_the_change_that_made_it_is_kept_once(county, desks):
    a, b = desks
    (made,) = a.save(person(remark="昨天")).ids
    both(desks)
    backup = copied(county)
    a.save(person(made, name="张文桂"))
    a.sync()
    b.save(person(made, name="张闻贵"))
    b.sync(http=Broken(["after"], 0), tries=1)  # the county did it; b doesn't know
    a.sync()
    assert a.store.count("conflict") == 1
    put_back(county, backup)
    assert a.sync().ok
    both((b, a))
    for desk in desks:
        assert desk.store.sync.attention() == []
        (conflict,) = desk.store.select("conflict")
        assert {json.loads(conflict.values[part]) for part in ("mine", "theirs")} == {"张文桂", "张闻贵"}


def test_a_change_that_lost_before_the_restore_and_won_after_it_keeps_both_quarrels(county, desks, new_store):
    a, b = desks
    c = county.device(new_store(), "王干事")
    (made,) = a.save(person(remark="昨天")).ids
    both((a, b, c))
    backup = copied(county)
    for desk, remark in zip((a, b, c), ("一", "二", "三"), strict=True):
        desk.save(person(made, remark=remark))
    assert c.sync().ok
    b.sync(http=Broken(["after"], 0), tries=1)  # "二" lost to "三" at the county; b doesn't know, c reads it
    assert c.sync().in_agreement
    put_back(county, backup)
    assert a.sync().ok
    assert b.sync().ok  # this time it replaces "一"
    both((c, b, a))
    for desk in (a, b, c):
        quarrels = [{json.loads(found.values[part]) for part in ("mine", "theirs")} for found in conflicts(desk)]
        assert set().union(*quarrels) == {"一", "二", "三"}
        assert {"一", "二"} in quarrels
        assert desk.get("resident", made).values["remark"] == "三"


def test_work_that_was_never_sent_follows_what_it_was_based_on(county, desks):
    a, b = desks
    (made,) = a.save(person(remark="一")).ids
    both(desks)
    backup = copied(county)
    b.save(person(made, remark="二"))
    both(desks)
    shown = a.get("resident", made)
    a.save(person(made, remark="三"))
    put_back(county, backup)
    assert b.sync().in_agreement
    assert a.sync().in_agreement
    # A form that was open all the while: what was on its screen is the same, whatever number it has now.
    a.save(Edit("resident", made, V, {"phone": "13900000001"}, seen={"phone": shown.rev_of("phone")}))
    both(desks)
    for desk in desks:
        assert (desk.get("resident", made).values["remark"], desk.store.count("conflict")) == ("三", 0)


def test_a_deletion_and_a_revival_come_back_in_their_order(county, desks):
    a, b = desks
    kept, gone = a.save(person(remark="留"), person(remark="走")).ids
    both(desks)
    backup = copied(county)
    a.save(Edit("resident", kept, V, {}, deleted=True))
    a.save(person(gone, remark="先改"))
    both(desks)
    b.save(Edit("resident", kept, V, {}, deleted=False))
    b.save(Edit("resident", gone, V, {}, deleted=True))
    both(desks)
    put_back(county, backup)
    both((b, a))
    for desk in desks:
        assert (desk.get("resident", kept).deleted, desk.get("resident", gone).deleted) == (False, True)
        assert desk.get("resident", gone).values["remark"] == "先改"
        assert desk.store.count("conflict") == 0


def test_a_decided_conflict_comes_back_decided_and_once(county, desks):
    a, b = desks
    (made,) = a.save(person()).ids
    both(desks)
    backup = copied(county)
    a.save(person(made, name="张文桂"))
    b.save(person(made, name="张闻贵"))
    both(desks)
    (conflict,) = a.store.select("conflict")
    b.save(person(made, name="张闻贵"), Edit("conflict", conflict.id, conflict.area, {"status": "decided"}))
    both(desks)
    put_back(county, backup)
    both(desks)
    for desk in desks:
        (found,) = desk.store.select("conflict")
        assert (found.id, found.values["status"]) == (conflict.id, "decided")
        assert desk.get("resident", made).values["name"] == "张闻贵"


def test_a_quarrel_whose_record_was_never_read_is_kept_again(county, desks):
    a, b = desks
    (made,) = a.save(person()).ids
    both(desks)
    a.save(person(made, name="张文桂"))
    both((a,), 1)
    backup = copied(county)
    b.save(person(made, name="张闻贵"))
    # b gets its receipt and is cut before it reads the record that keeps what it wrote.
    b.sync(http=receipts_only(), tries=1)
    assert (b.store.outbox.first_counter(), b.store.count("conflict")) == (None, 0)
    put_back(county, backup)
    both((b, a))
    for desk in desks:
        (conflict,) = desk.store.select("conflict")
        assert json.loads(conflict.values["mine"]) == "张闻贵"


def test_a_receipt_that_came_before_the_cut_is_enough_to_notice(county, desks):
    a, _ = desks
    backup = copied(county)
    (made,) = a.save(person(remark="只有回执")).ids
    a.sync(http=receipts_only(), tries=1)
    assert a.store.outbox.first_counter() is None
    put_back(county, backup)
    both(desks)
    assert all(desk.get("resident", made) for desk in desks)


@pytest.mark.parametrize("way", ["before", "body", "after", "answer"])
@pytest.mark.parametrize("after", [60, 700, 2000])
def test_a_cut_on_the_way_back_costs_nothing(county, desks, way, after):
    a, b = desks
    both(desks)
    backup = copied(county)
    made = a.save(*[person(remark=f"第{n}人") for n in range(60)]).ids
    b.save(person(remark="另一个"))
    both(desks)
    a.save(*[person(record, occupation="木匠") for record in made[:20]])
    put_back(county, backup)
    for _ in range(4):
        a.sync(http=Broken([way, ""] * 3, after), tries=2)
        b.sync(http=Broken(["", way] * 3, after), tries=2)
    both(desks)
    for desk in desks:
        assert desk.store.count("resident") == 61
        assert desk.store.count("resident", {"occupation": "木匠"}) == 20
        assert desk.store.count("conflict") == 0
    assert all(row.sound for row in office.digest(county.county))


def test_a_county_restored_again_in_the_middle_of_the_way_back_still_gets_everything(county, desks):
    a, b = desks
    both(desks)
    backup = copied(county)
    made = a.save(*[person(remark=f"第{n}人") for n in range(30)]).ids
    both(desks)
    b.save(*[person(record, occupation="木匠") for record in made[:10]])
    both(desks)
    put_back(county, backup)
    a.sync()
    second = copied(county)
    b.save(person(made[20], remark="又改"))
    b.sync()
    put_back(county, backup)
    a.sync()
    put_back(county, second)
    both((b, a))
    both(desks)
    for desk in desks:
        assert desk.store.count("resident") == 30
        assert desk.store.count("resident", {"occupation": "木匠"}) == 10
        assert desk.get("resident", made[20]).values["remark"] == "又改"


def test_a_device_that_heard_nothing_of_it_for_long_comes_back_last(county, desks, new_store):
    a, b = desks
    c = county.device(new_store(), "王干事")
    (made,) = a.save(person(remark="一")).ids
    both((a, b, c))
    backup = copied(county)
    a.save(person(made, remark="二"))
    both((a, c), 1)
    c.save(person(remark="丙的"))
    both((c,), 1)
    put_back(county, backup)
    both((b,), 1)
    assert epoch(county) == 1
    both((a,), 1)
    b.save(person(made, occupation="瓦匠"))
    both((b, a, c))
    for desk in (a, b, c):
        assert {r.values["remark"] for r in desk.store.select("resident")} == {"二", "丙的"}
        assert desk.get("resident", made).values["occupation"] == "瓦匠"
        assert desk.store.count("conflict") == 0


def test_restricted_records_come_back_and_only_from_those_who_hold_them(county, desks, new_store):
    a, b = desks
    clerk = county.device(new_store(), "赵干事", roles=("registrar",))
    both((a, b, clerk))
    backup = copied(county)
    (secret,) = a.save(Edit("mediation", None, V, mediation(county.forms))).ids
    both((a, b, clerk))
    put_back(county, backup)
    both((clerk, b, a))
    assert b.get("mediation", secret)
    assert clerk.store.select("mediation") == []


def test_an_area_given_after_the_backup_is_set_aside_for_a_person(county, new_store):
    from sync.county.tables import ASIDE, DEVICE

    a = county.device(new_store(), "张干事", areas=(VILLAGES[0],))
    both((a,))
    backup = copied(county)
    with county.county.database.plain() as conn:
        conn.execute(sa.update(DEVICE).where(DEVICE.c.county == county.county.code), {"areas": json.dumps([TOWNSHIP])})
    a.sync()
    (made,) = a.save(person(area=VILLAGES[1], remark="新分来的")).ids
    both((a,))
    put_back(county, backup)
    assert a.sync().ok
    with county.county.database.snapshot() as conn:
        (row,) = conn.execute(sa.select(ASIDE).where(ASIDE.c.county == county.county.code)).all()
    assert (row.id, row.code) == (made, "sync.outside")
    # A supervisor lets it in: it takes its place whoever's area that is, and leaves the tray.
    (waits,) = aside.tray(county.county)
    assert aside.accept(county.county, [waits.key]) == {waits.key: "accepted"}
    assert aside.tray(county.county) == []
    b = county.device(new_store(), "李干事")
    both((b,))
    assert b.get("resident", made).values["remark"] == "新分来的"


def test_a_county_with_another_past_is_refused_and_nothing_changes(county, desks):
    a, _ = desks
    (made,) = a.save(person(remark="一")).ids
    both(desks)
    a.save(person(made, remark="没发的"))
    # A new county of the same code into which somebody copied the devices: nothing of the past is there.
    empty = {table.name: [] for table in tables(county.county)}
    full = copied(county)
    put_back(county, {**empty, **{name: full[name] for name in ("county", "device", "area", "account")}, "epoch": []})
    report = a.sync()
    assert (report.ok, report.error.code) == (False, "sync.other_past")
    assert a.get("resident", made).values["remark"] == "没发的"
    assert a.store.sync.waiting().total == 1
    assert a.store.sync.recovery is None
    assert all(rev > 1 << 40 for held in a.store.sync.cursors().values() for rev in held.values())


def test_offers_are_taken_only_of_what_was_lost_and_only_from_who_was_told(county, desks):
    a, _ = desks
    (made,) = a.save(person(remark="一")).ids
    both(desks)
    backup = copied(county)
    put_back(county, backup)
    state, record = a.store.sync.state, a.get("resident", made)
    mark = a.store.sync.marks()[-1]
    change = Change("resident", made, V, {"remark": "假的"}, {"remark": 0}, 1, 0, "某人")
    hello = greeting(a.store, {}, (), suited(a.store, state.url), 0)

    def answer(hello, was):
        content = encode_offers(1, mark[0], [Offer(change, was)])
        body = encode(hello) + encode(Offers(content))
        response = a.http.post(
            f"{state.url}/v1/exchange", data=body, headers={"Authorization": f"Bearer {state.token}"}
        )
        return response.status_code, response.json()["code"]

    assert answer(hello, mark[0] + 1) == (400, "sync.garbage")
    told = replace(hello, marks=(mark,))
    assert answer(told, mark[0]) == (400, "sync.garbage")
    assert answer(told, 9 << 40) == (400, "sync.garbage")
    assert a.sync().in_agreement
    assert a.get("resident", made).values == record.values


def test_an_offer_that_the_county_fails_at_is_kept_aside_and_holds_up_nothing(county, desks, monkeypatch):
    from sync.county import bringing
    from sync.county.tables import ASIDE

    a, _ = desks
    both(desks)
    backup = copied(county)
    good, bad = a.save(person(remark="好的"), person(remark="坏的")).ids
    both(desks)
    put_back(county, backup)
    whole = bringing.merge

    def failing(form, stored, change, context):
        if change.id == bad:
            raise ValueError
        return whole(form, stored, change, context)

    monkeypatch.setattr(bringing, "merge", failing)
    assert a.sync().ok
    with county.county.database.snapshot() as conn:
        rows = conn.execute(sa.select(ASIDE).where(ASIDE.c.county == county.county.code)).all()
        held = county.county.records.get(conn, "resident", [good, bad])
    assert [(row.id, row.code) for row in rows] == [(bad, "sync.set_aside")]
    assert list(held) == [good]


def test_an_offer_that_no_device_could_read_is_kept_aside_whoever_lets_it_in(county, desks, monkeypatch):
    a, b = desks
    both(desks)
    backup = copied(county)
    good, spelled, typed = a.save(person(remark="好的"), person(remark="日子"), person(remark="数字")).ids
    assert a.sync().ok
    put_back(county, backup)
    odd = {spelled: {"birth_date": "1987年3月5日"}, typed: {"name": 5}}

    def forged(number, common, offers, level):
        # By a program that is no device of ours, or a disk that went bad.
        changed = [
            replace(one, change=replace(one.change, values={**one.change.values, **odd.get(one.change.id, {})}))
            for one in offers
        ]
        return encode_offers(number, common, changed, level)

    monkeypatch.setattr(recovering_device, "encode_offers", forged)
    assert a.sync().ok
    assert b.sync().ok
    assert sorted((item.change.id, item.code) for item in aside.tray(county.county)) == sorted(
        [(spelled, "sync.set_aside"), (typed, "sync.set_aside")]
    )
    assert [record.id for record in b.store.select("resident")] == [good]
    keys = [item.key for item in aside.tray(county.county)]
    assert set(aside.accept(county.county, keys).values()) == {"sync.set_aside"}
    assert len(aside.tray(county.county)) == 2
    assert all(row.sound for row in office.digest(county.county))


def test_what_comes_long_after_the_restore_is_for_a_person_if_it_would_change_anything(county, desks, monkeypatch):
    a, b = desks
    both(desks)
    backup = copied(county)
    a.save(person(remark="早来的"))
    both(desks)
    (late,) = b.save(person(remark="迟来的")).ids
    both((b,), 1)
    put_back(county, backup)
    both((a,), 1)
    monkeypatch.setattr(recovering, "TIME_LIMIT_MS", -1)
    assert b.sync().ok
    (waits,) = aside.tray(county.county)
    assert (waits.change.id, waits.code) == (late, "sync.offered_late")
    aside.accept(county.county, [waits.key])
    assert aside.tray(county.county) == []
    both(desks)
    for desk in desks:
        assert {record.values["remark"] for record in desk.store.select("resident")} == {"早来的", "迟来的"}


@pytest.mark.parametrize("first", [0, 1])
def test_a_quarrel_that_one_won_and_nobody_had_read_is_kept_again(county, desks, first):
    a, b = desks
    (made,) = a.save(person(occupation="农民")).ids
    both(desks)
    backup = copied(county)
    a.save(person(made, occupation="木匠"))
    b.save(person(made, occupation="瓦匠"))
    both((a,), 1)
    # b's stands, being later; b is cut before it reads the record that keeps what a wrote.
    b.sync(http=receipts_only(), tries=1)
    assert (b.store.outbox.first_counter(), b.store.count("conflict")) == (None, 0)
    put_back(county, backup)
    both((a, b) if first == 0 else (b, a))
    for desk in desks:
        (conflict,) = desk.store.select("conflict")
        assert [json.loads(conflict.values[part]) for part in ("mine", "theirs")] == ["木匠", "瓦匠"]
        assert desk.get("resident", made).values["occupation"] == "瓦匠"


def test_an_edit_that_met_a_deletion_unread_is_shown_again(county, desks):
    a, b = desks
    (made,) = a.save(person(remark="一")).ids
    both(desks)
    backup = copied(county)
    a.save(Edit("resident", made, V, {}, deleted=True))
    b.save(person(made, remark="二"))
    both((a,), 1)
    b.sync(http=receipts_only(), tries=1)
    put_back(county, backup)
    both((b, a))
    for desk in desks:
        (conflict,) = desk.store.select("conflict")
        assert json.loads(conflict.values["mine"]) == {"remark": "二"}
        assert desk.get("resident", made).deleted


def test_what_was_handed_over_and_not_fetched_yet_comes_back_from_who_wrote_it(county, desks, new_store):
    both_villages, _ = desks
    giver = county.device(new_store(), "甲村", areas=(VILLAGES[0],))
    receiver = county.device(new_store(), "乙村", areas=(VILLAGES[1],))
    (old,) = giver.save(person(remark="早就有的")).ids
    both((giver, both_villages, receiver))
    backup = copied(county)
    (new,) = giver.save(person(remark="当天登记的")).ids
    giver.save(person(old, occupation="木匠"))
    both((giver,), 1)
    both_villages.sync()
    both_villages.save(*[Edit("resident", record, VILLAGES[1], {}) for record in (old, new)])
    both_villages.sync()
    both((giver,), 1)
    assert [giver.store.stubs.get("resident", record).area for record in (old, new)] == [VILLAGES[1]] * 2
    put_back(county, backup)
    # The device of the township that moved them is lost: only the stubs and the journal of the village are left.
    both((giver, receiver, giver))
    assert receiver.get("resident", new).values["remark"] == "当天登记的"
    assert receiver.get("resident", old).values["occupation"] == "木匠"
    assert [giver.store.stubs.get("resident", record).area for record in (old, new)] == [VILLAGES[1]] * 2
    assert aside.tray(county.county) == []
    assert all(row.sound for row in office.digest(county.county))


def test_who_only_has_a_stub_of_what_the_county_lost_leaves_it_to_who_wrote_it(county, desks, new_store):
    township, _ = desks
    writer = county.device(new_store(), "甲村", areas=(VILLAGES[0],))
    reader = county.device(new_store(), "甲村二", areas=(VILLAGES[0],))
    both((writer, reader, township))
    backup = copied(county)
    (made,) = writer.save(person(remark="当天登记的")).ids
    both((writer, reader, township))
    township.save(Edit("resident", made, VILLAGES[1], {}))
    both((township, writer, reader))
    put_back(county, backup)
    both((reader, writer, reader))
    assert aside.tray(county.county) == []
    receiver = county.device(new_store(), "乙村", areas=(VILLAGES[1],))
    both((receiver,))
    assert receiver.get("resident", made).values["remark"] == "当天登记的"
    assert reader.get("resident", made) is None


def test_a_stub_that_says_what_the_writer_of_the_move_has_said_already_waits_for_nobody(county, desks, new_store):
    township, _ = desks
    reader = county.device(new_store(), "甲村", areas=(VILLAGES[0],))
    (made,) = township.save(person()).ids
    both((township, reader))
    backup = copied(county)
    township.save(Edit("resident", made, VILLAGES[1], {}))
    both((township, reader))
    assert reader.get("resident", made) is None
    put_back(county, backup)
    both((township, reader, township))
    assert aside.tray(county.county) == []
    assert township.get("resident", made).area == VILLAGES[1]
    assert reader.get("resident", made) is None


def test_no_device_speaks_of_records_that_were_never_in_its_areas(county, desks, new_store):
    a, _ = desks
    other = county.device(new_store(), "乙村", areas=(VILLAGES[1],))
    (foreign,) = a.save(person(remark="甲村的")).ids
    both((a, other))
    backup = copied(county)
    other.save(person(area=VILLAGES[1], remark="今天"))
    both((other,), 1)
    put_back(county, backup)
    assert other.sync().ok  # the county is told of the restore, and begins its epoch
    state, mark = other.store.sync.state, [mark for mark in other.store.sync.marks() if mark[0] < 2 << 40][-1]
    hello = greeting(other.store, {}, (), suited(other.store, state.url), 0)
    cursors = dict.fromkeys(hello.cursors, mark)
    hello = replace(hello, marks=(mark,), cursors=cursors, behind=())
    # It says that it edited the record in its own village, where that never was.
    change = Change("resident", foreign, VILLAGES[1], {"remark": "假的"}, {"remark": 0}, 1, 0, "某人")
    content = encode_offers(1, mark[0], [Offer(change, mark[0] + 1)])
    url, token = f"{state.url}/v1/exchange", {"Authorization": f"Bearer {state.token}"}
    assert other.http.post(url, data=encode(hello) + encode(Offers(content)), headers=token).ok
    (waits,) = aside.tray(county.county)
    assert (waits.change.id, waits.code) == (foreign, "sync.outside")
    both((a,))
    assert a.get("resident", foreign).values["remark"] == "甲村的"


class _Slow(Pace):
    """A link on which a request carries next to nothing."""

    @property
    def batch(self):
        return 300

    @property
    def frame(self):
        return 200


class _Roads(HTTPAdapter):
    """Keeps what each request carried: "O" for offers, "F" for frames with changes."""

    def __init__(self, then):
        super().__init__()
        self.carried = []
        self._then = then

    def send(self, request, **options):
        request.body = b"".join(request.body)
        kinds = {type(message) for message in Reader().feed(request.body)}
        self.carried.append("".join(letter for letter, kind in (("O", Offers), ("F", Up)) if kind in kinds))
        self._then(self.carried)
        return super().send(request, **options)


def test_what_is_urgent_does_not_wait_until_everything_was_brought_back(county, desks, monkeypatch):
    a, b = desks
    (old,) = a.save(person(remark="昨天")).ids
    both(desks)
    backup = copied(county)
    a.save(*[person(remark=f"第{n}人") for n in range(60)])
    both(desks)
    put_back(county, backup)
    a.save(person(old, remark="不急的"))
    urgent = Edit("event", None, V, {"title": "河堤塌了", "detail": "村口", "urgency": "critical"})
    # Saved while the second request with offers is on its way, and a slow link: many requests until everything was offered.
    monkeypatch.setattr(recovering_device, "suited", lambda *_: _Slow(1.0))
    roads = _Roads(lambda carried: carried[-1] == "O" and carried.count("O") == 2 and a.save(urgent))
    http = requests.Session()
    http.mount("http://", roads)
    assert a.sync(http=http).ok
    assert roads.carried[:6] == ["F", "", "O", "O", "F", "O"]
    assert roads.carried.count("O") > 5
    both((b, a))
    for desk in desks:
        assert desk.store.count("resident") == 61
        assert desk.store.count("event") == 1
        assert desk.get("resident", old).values["remark"] == "不急的"
        assert desk.store.count("conflict") == 0


def test_on_the_way_back_what_was_urgent_a_moment_ago_is_no_strangers_word(county, desks, monkeypatch):
    a, b = desks
    both(desks)
    backup = copied(county)
    a.save(*[person(remark=f"第{n}人") for n in range(60)])
    both(desks)
    put_back(county, backup)
    urgent = Edit("event", None, V, {"title": "河堤塌了", "detail": "村口", "urgency": "critical"})
    monkeypatch.setattr(recovering_device, "suited", lambda *_: _Slow(1.0))
    made = []

    def then(carried):
        if carried[-1] == "O" and carried.count("O") == 2:
            made.extend(a.save(urgent).ids)
        if carried[-1] == "O" and carried.count("O") == 4:
            # Saved from a page that was opened before the county had answered.
            a.save(Edit("event", made[0], V, {"title": "河堤塌了两处"}, seen={"title": 0}))

    http = requests.Session()
    http.mount("http://", roads := _Roads(then))
    assert a.sync(http=http).ok
    assert [kind for kind in roads.carried if kind][:6] == ["O", "O", "F", "O", "O", "F"]
    both((b, a))
    for desk in desks:
        assert desk.get("event", made[0]).values["title"] == "河堤塌了两处"
        assert desk.store.count("conflict") == 0


def test_an_urgent_change_on_top_of_something_lost_waits_until_that_was_offered(county, desks):
    a, b = desks
    event = Edit("event", None, V, {"title": "河堤塌了", "detail": "村口", "urgency": "critical"})
    (made,) = a.save(event).ids
    both(desks)
    backup = copied(county)
    b.save(Edit("event", made, V, {"detail": "村东口"}))
    both(desks)
    a.save(Edit("event", made, V, {"title": "河堤塌了两处"}))
    put_back(county, backup)
    assert a.sync().ok
    both((a, b))
    for desk in desks:
        assert desk.get("event", made).values["detail"] == "村东口"
        assert desk.get("event", made).values["title"] == "河堤塌了两处"
        assert desk.store.count("conflict") == 0


def test_two_things_said_of_one_lost_number_meet_the_merge(county, desks):
    a, b = desks
    (made,) = a.save(person(name="零")).ids
    both(desks)
    backup = copied(county)
    a.save(person(made, name="第一次之前"))
    assert a.sync().ok
    put_back(county, backup)
    b.save(person(made, name="第二次之前"))
    assert b.sync().ok
    put_back(county, backup)
    both((a, b))
    for desk in desks:
        (conflict,) = desk.store.select("conflict")
        words = {json.loads(conflict.values[part]) for part in ("mine", "theirs")}
        assert words == {"第一次之前", "第二次之前"}

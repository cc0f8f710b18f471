"""What a second look at the store found: changes that were lost, doubled, halved or hidden, each with the road that led there."""

from __future__ import annotations

import contextlib
import dataclasses
import resource
import shutil
import time

import pytest

from app.errors import KnownError
from app.schema.record import AREA, Change, Delta, Receipt
from app.store.journal import Journal
from app.store.saving import Edit
from app.store.store import Store
from tests.store.conftest import VILLAGE, person
from tests.store.test_agreement import agreed, frame


@contextlib.contextmanager
def died_before_the_commit(store):
    """Whatever is saved inside is in the journal, and its transaction is gone: a process killed between the two."""
    append = store.journal.append

    def then_die(changes):
        append(changes)
        raise KeyboardInterrupt

    store.journal.append = then_die
    with pytest.raises(KeyboardInterrupt):
        yield
    store.journal.append = append


def test_a_save_that_died_never_comes_back_by_half(store, key, forms):
    store.save([person(remark="一")], "lin")
    with died_before_the_commit(store):
        store.save([person(remark="没存上"), person(remark="没存上"), person(remark="没存上")], "lin")
    store.save([person(remark="二")], "lin")  # the window was open beside it, and goes on under the same counter
    store.close()
    again = Store.open(store.folder, key, forms)
    assert again.tally("resident", "remark") == {"一": 1, "二": 1}
    again.close()


def test_a_clock_set_back_by_years_hides_no_save_from_the_journal(store, monkeypatch):
    store.save([person(remark="一")], "lin")
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((2000, 1, 1, 0, 0, 0, 5, 1, 0)))
    store.save([person(remark="二")], "lin")
    monkeypatch.undo()
    store.save([person(remark="三")], "lin")
    assert [change.values["remark"] for change in store.journal.since(0)] == ["一", "二", "三"]


def test_a_block_that_the_disk_took_only_in_part_is_no_saved_block(tmp_path, key):
    journal = Journal(tmp_path / "journal", key)
    change = Change("resident", "0" * 31 + "1", VILLAGE, {"remark": "甲" * 500}, {}, 1, 1, "lin")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            journal.append([change])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.append([change])
    assert journal.since(0) == [change]


def set_back(store, tmp_path, key, forms):
    """The store as it was when ``tmp_path/before.db`` was copied, with today's journal."""
    store.close()
    for name in ("store.db-wal", "store.db-shm"):
        (store.folder / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "before.db", store.folder / "store.db")
    return Store.open(store.folder, key, forms)


def test_an_edit_that_outlived_its_record_takes_the_whole_record_again(enrolled, tmp_path, key, forms):
    enrolled.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(enrolled.folder / "store.db", tmp_path / "before.db")
    whole = Delta("resident", enrolled.new_id(), VILLAGE, 9, {"name": "甲", "remark": "一"}, {"": 9}, whole=True)
    enrolled.sync.deltas([whole], {(VILLAGE, "ordinary"): 9})
    enrolled.save([person(whole.id, remark="二")], "lin")
    again = set_back(enrolled, tmp_path, key, forms)
    assert again.get("resident", whole.id).values["remark"] == "二"
    again.sync.receipts(frame(again).number, [Receipt(1, "accepted", 12)])
    assert agreed(again)[VILLAGE, "ordinary"].records == 0
    news = Delta("resident", whole.id, VILLAGE, 12, {"name": "甲", "remark": "二"}, {"": 9, "remark": 12}, whole=True)
    again.sync.deltas([news], {(VILLAGE, "ordinary"): 12})
    values = again.get("resident", whole.id).values
    assert (values["name"], values["remark"]) == ("甲", "二")
    assert agreed(again)[VILLAGE, "ordinary"].records == 1
    again.close()


def test_a_store_brought_back_by_its_journal_never_speaks_under_its_old_incarnation(enrolled, tmp_path, key, forms):
    enrolled.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(enrolled.folder / "store.db", tmp_path / "before.db")
    old = enrolled.sync.state.incarnation
    enrolled.save([person()], "lin")
    enrolled.close()
    for name in ("store.db-wal", "store.db-shm"):
        (enrolled.folder / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "before.db", enrolled.folder / "store.db")
    commits = []
    real = Store.transaction

    @contextlib.contextmanager
    def only_one(self):
        if commits:
            raise KeyboardInterrupt  # killed after the first commit of the opening
        with real(self):
            yield
        commits.append(1)

    Store.transaction = only_one
    try:
        with contextlib.suppress(KeyboardInterrupt):
            Store.open(enrolled.folder, key, forms).close()
    finally:
        Store.transaction = real
    again = Store.open(enrolled.folder, key, forms)
    assert again.count("resident") == 1
    assert again.sync.state.incarnation != old
    again.close()


def test_a_refused_new_record_that_is_corrected_goes_out_whole(enrolled):
    (record_id,) = enrolled.save([person(phone="12", remark="一")], "lin").ids
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "refused", code="form")])
    (change,) = enrolled.save([person(record_id, phone="19900000001")], "lin").changes
    assert change.creates
    assert change.values == {"name": "张文贵", "phone": "19900000001", "remark": "一", AREA: VILLAGE}
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(2, "accepted", 7)])
    assert enrolled.get("resident", record_id).values["remark"] == "一"
    assert agreed(enrolled)[VILLAGE, "ordinary"].records == 1


@pytest.mark.parametrize("framed", ["together", "apart", "not yet", "answered first"])
def test_what_was_saved_upon_a_refused_new_record_stays_in_sight(enrolled, framed):
    (record_id,) = enrolled.save([person(phone="12", remark="一")], "lin").ids
    first = frame(enrolled) if framed != "together" else None
    enrolled.save([person(record_id, remark="二")], "lin")
    refused, waiting = Receipt(1, "refused", code="form"), Receipt(2, "waiting", code="sync.record_missing")
    if framed == "together":
        enrolled.sync.receipts(frame(enrolled).number, [refused, waiting])
    elif framed == "not yet":
        enrolled.sync.receipts(first.number, [refused])
    else:
        answers = [(first.number, [refused]), (frame(enrolled).number, [waiting])]
        for number, receipts in answers if framed == "apart" else answers[::-1]:
            enrolled.sync.receipts(number, receipts)
    record = enrolled.get("resident", record_id)
    assert (record.values["name"], record.values["phone"], record.values["remark"]) == ("张文贵", "12", "二")
    assert [item.values.get("remark") for item in enrolled.sync.attention()] == ["一", "二"]
    assert enrolled.sync.waiting().total == 0  # nothing waits for what will never come
    (change,) = enrolled.save([person(record_id, phone="19900000001")], "lin").changes
    assert (change.creates, change.values["remark"], change.values["phone"]) == (True, "二", "19900000001")
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(3, "accepted", 7)])
    assert agreed(enrolled)[VILLAGE, "ordinary"].records == 1


def test_moving_a_record_that_was_never_sent_does_not_make_it_a_second_time(enrolled):
    (record_id,) = enrolled.save([person(remark="一")], "lin").ids
    (moved,) = enrolled.save([Edit("resident", record_id, "990001101202", {})], "lin").changes
    assert not moved.creates


def test_one_field_of_a_group_seen_old_makes_the_whole_group_old(enrolled):
    whole = {"name": "甲", "id_number": "11010119900307867X", "birth_date": "1990-03-07", "sex": "1"}
    first = Delta("resident", enrolled.new_id(), VILLAGE, 5, whole, {"": 5}, whole=True)
    enrolled.sync.deltas([first], {(VILLAGE, "ordinary"): 5})
    shown = enrolled.get("resident", first.id)
    news = {"id_number": "110101199003073538", "birth_date": "1990-03-08", "sex": "2"}
    enrolled.sync.deltas(
        [Delta("resident", first.id, VILLAGE, 8, news, dict.fromkeys(news, 8))], {(VILLAGE, "ordinary"): 8}
    )
    mine = {"id_number": "110101199003078178"}
    edit = Edit("resident", first.id, VILLAGE, mine, seen={"id_number": shown.rev_of("id_number")})
    (change,) = enrolled.save([edit], "lin").changes
    assert {change.bases[name] for name in news} == {5}


def test_a_deletion_claims_no_more_than_the_device_had_seen(enrolled):
    whole = Delta("resident", enrolled.new_id(), VILLAGE, 5, {"name": "甲"}, {"": 5}, whole=True)
    enrolled.sync.deltas([whole], {(VILLAGE, "ordinary"): 5})
    enrolled.save([person(whole.id, remark="我的")], "lin")
    # Another device wrote at 7; the link broke between our receipt and that delta.
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "accepted", 9)])
    (gone,) = enrolled.save([Edit("resident", whole.id, VILLAGE, {}, deleted=True)], "lin").changes
    assert gone.bases["@deleted"] < 7


def test_a_frame_that_comes_twice_leaves_one_line_of_history(enrolled):
    whole = Delta("resident", enrolled.new_id(), VILLAGE, 5, {"name": "甲"}, {"": 5}, whole=True)
    news = Delta("resident", whole.id, VILLAGE, 8, {"remark": "乙"}, {"remark": 8})
    for deltas in ([whole], [news], [whole], [news]):
        enrolled.sync.deltas(deltas, {})
    assert [line.rev for line in enrolled.query.history(whole.id)] == [5, 8]


def test_a_record_that_came_back_is_no_stub_any_more(enrolled):
    whole = Delta("resident", enrolled.new_id(), VILLAGE, 5, {"name": "甲"}, {"": 5}, whole=True)
    left = Delta("resident", whole.id, "990001101299", 8, {}, {AREA: 8}, left=True)
    back = Delta("resident", whole.id, VILLAGE, 9, {"name": "甲"}, {"": 5, AREA: 9}, whole=True)
    standings = []
    for delta in (whole, left, back):
        enrolled.sync.deltas([delta], {})
        standings.append(enrolled.conn.execute("SELECT standing FROM record_resident").fetchone()[0])
    assert standings == ["", "stub", ""]
    assert agreed(enrolled)[VILLAGE, "ordinary"].records == 1


def test_a_withdrawn_stream_leaves_nothing_to_be_found(enrolled):
    whole = Delta("resident", enrolled.new_id(), VILLAGE, 5, {"name": "欧阳修远"}, {"": 5}, whole=True)
    enrolled.sync.deltas([whole], {(VILLAGE, "ordinary"): 5})
    enrolled.sync.deltas([Delta("resident", whole.id, VILLAGE, 8, {"remark": "乙"}, {"remark": 8})], {})
    enrolled.sync.set_scope({(VILLAGE, "urgent")})
    left = [
        enrolled.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("search_document", "history")
    ]
    assert left == [0, 0]


def test_a_stream_withdrawn_and_granted_again_counts_right(enrolled):
    whole = Delta("resident", enrolled.new_id(), VILLAGE, 5, {"name": "甲"}, {"": 5}, whole=True)
    enrolled.sync.deltas([whole], {(VILLAGE, "ordinary"): 5})
    enrolled.save([person(whole.id, remark="没发出")], "lin")
    sent = frame(enrolled)
    enrolled.sync.set_scope({(VILLAGE, "urgent")})
    enrolled.sync.receipts(sent.number, [Receipt(1, "accepted", 9)])
    enrolled.sync.set_scope({(VILLAGE, "urgent"), (VILLAGE, "ordinary")})
    news = Delta("resident", whole.id, VILLAGE, 9, {"name": "甲", "remark": "没发出"}, {"": 5, "remark": 9}, whole=True)
    enrolled.sync.deltas([news], {(VILLAGE, "ordinary"): 9})
    assert agreed(enrolled)[VILLAGE, "ordinary"].records == 1


def test_numbers_given_up_belong_to_their_incarnation(enrolled):
    enrolled.save([person()], "lin")
    enrolled.sync.void(frame(enrolled).number)
    enrolled.sync.new_incarnation()
    assert enrolled.sync.voided() == []


def test_a_frame_of_long_texts_is_no_longer_than_was_asked_for(enrolled):
    enrolled.save([person(remark="字" * 5000) for _ in range(40)], "lin")
    made = enrolled.sync.compose(1000, lambda _n, changes: b"x" * 5000 * len(changes), 20_000)
    assert (len(made.counters), len(made.content)) == (4, 20_000)
    assert made.counters == (1, 2, 3, 4)
    assert enrolled.sync.open_frames() == [made]


def test_a_whole_number_in_a_field_of_decimals_counts_the_same_on_both_sides_of_the_disk(enrolled):
    enrolled.save([Edit("dwelling", None, VILLAGE, {"lon": 109, "lat": 27.5})], "lin")
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "accepted", 7)])
    assert agreed(enrolled)[VILLAGE, "ordinary"].records == 1


def test_what_a_full_disk_refused_can_be_saved_again(store, monkeypatch):
    real = store.meta.set

    def full(*_args):
        raise KnownError("store.no_space")

    monkeypatch.setattr(store.meta, "set", full)
    with pytest.raises(KnownError):
        store.save([person(remark="一"), person(remark="一")], "lin")
    monkeypatch.setattr(store.meta, "set", real)
    store.save([person(remark="二")], "lin")
    assert [change.values["remark"] for change in store.journal.since(0)] == ["二"]


def test_a_field_that_the_program_learns_under_an_unsent_change_is_where_it_belongs(store, key, forms, tmp_path):
    resident = forms["resident"]
    fewer = dataclasses.replace(resident, fields={n: item for n, item in resident.fields.items() if n != "occupation"})
    old = Store.create(tmp_path / "old", key, dataclasses.replace(forms, by_name={**forms.by_name, "resident": fewer}))
    whole = {"name": "甲", "occupation": "木匠"}
    old.sync.deltas([Delta("resident", old.new_id(), VILLAGE, 5, whole, {"": 5}, whole=True)], {})
    (record,) = old.select("resident")
    old.save([person(record.id, remark="没发出")], "lin")
    old.close()
    new = Store.open(tmp_path / "old", key, forms)
    new.save([person(record.id, occupation="瓦匠")], "lin")
    for number, rev in ((1, 8), (2, 9)):
        new.sync.receipts(number, [Receipt(number, "accepted", rev)])
    assert new.get("resident", record.id).values["occupation"] == "瓦匠"
    assert new.get("resident", record.id).extra == {}
    new.close()

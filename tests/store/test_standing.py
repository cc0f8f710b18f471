"""How far a record has come, as the store tells it."""

from __future__ import annotations

import json

from app.schema.record import Receipt
from app.store.saving import Edit
from app.store.standing import Standing
from app.store.store import Store
from tests.store.conftest import VILLAGE, person


def save(store, **values):
    return store.save([person(**values)], "张干事").ids[0]


def frame_of(store):
    return store.sync.compose(10, lambda number, changes: b"%d %d" % (number, len(changes)))


def answer(store, frame, status="accepted", code=""):
    store.sync.receipts(frame.number, [Receipt(counter, status, rev=7, code=code) for counter in frame.counters])


def state(store, record_id):
    return store.sync.standing("resident", record_id).state


def test_a_record_goes_from_here_over_sent_to_the_county(enrolled):
    record = save(enrolled)
    assert enrolled.sync.standing("resident", record) == Standing("here", enrolled.outbox.all()[0].time)
    frame = frame_of(enrolled)
    assert state(enrolled, record) == "here", "written down is not sent"
    enrolled.sync.handed([frame.number])
    sent = enrolled.sync.standing("resident", record)
    assert sent.state == "sent"
    assert 0 <= enrolled.now_ms() - sent.at_ms < 60_000
    answer(enrolled, frame)
    there = enrolled.sync.standing("resident", record)
    assert there.state == "county"
    assert there.at_ms >= sent.at_ms


def test_the_first_time_a_frame_was_sent_stays(enrolled):
    save(enrolled)
    frame = frame_of(enrolled)
    enrolled.sync.handed([frame.number])
    enrolled.conn.execute("UPDATE frame SET sent_at = 5")
    enrolled.sync.handed([frame.number])
    assert enrolled.conn.execute("SELECT sent_at FROM frame").fetchone()[0] == 5


def test_a_record_with_one_change_sent_and_one_not_is_still_here(enrolled):
    record = save(enrolled)
    enrolled.sync.handed([frame_of(enrolled).number])
    enrolled.save([Edit("resident", record, VILLAGE, {"name": "张文富"})], "张干事")
    assert state(enrolled, record) == "here"


def test_an_outbox_row_goes_only_on_the_receipt_for_that_change(enrolled):
    first, second = save(enrolled), save(enrolled)
    frame = frame_of(enrolled)
    enrolled.sync.handed([frame.number])
    enrolled.sync.receipts(frame.number, [Receipt(frame.counters[0], "accepted", rev=7)])
    assert [change.id for change in enrolled.outbox.all()] == [second]
    assert (state(enrolled, first), state(enrolled, second)) == ("county", "sent")


def test_what_was_answered_waiting_is_only_here_and_says_why(enrolled):
    record = save(enrolled)
    frame = frame_of(enrolled)
    enrolled.sync.handed([frame.number])
    answer(enrolled, frame, "waiting")
    found = enrolled.sync.standing("resident", record)
    assert (found.state, found.reason) == ("here", "sync.parent_missing")


def test_a_refused_record_says_so_with_its_reason_until_it_is_sent_anew(enrolled):
    record = save(enrolled)
    frame = frame_of(enrolled)
    answer(enrolled, frame, "refused", "sync.faulty")
    found = enrolled.sync.standing("resident", record)
    assert (found.state, found.reason) == ("refused", "sync.faulty")
    assert enrolled.now_ms() - found.at_ms < 60_000
    # A person who has read of it has not brought it to the county.
    enrolled.sync.attended(frame.counters[0])
    assert state(enrolled, record) == "refused"


def test_a_record_with_an_open_conflict_says_so(enrolled):
    record = save(enrolled)
    answer(enrolled, frame_of(enrolled))
    values = {
        "record_form": "resident",
        "record": record,
        "field": "name",
        "mine": json.dumps("张文富"),
        "at": "2026-09-17T16:20:00+08:00",
        "status": "open",
    }
    conflict = enrolled.save([Edit("conflict", None, VILLAGE, values)], "county").ids[0]
    assert enrolled.sync.standing("resident", record) == Standing("conflict", 1_789_633_200_000)
    enrolled.save([Edit("conflict", conflict, VILLAGE, {"status": "decided"})], "county")
    assert state(enrolled, record) == "county"


def test_many_records_are_told_at_once_and_unknown_ones_left_out(enrolled):
    made = enrolled.save([person(name=f"张{number}") for number in range(600)], "张干事", bulk=True).ids
    found = enrolled.sync.standings("resident", [*made, "0" * 32])
    assert len(found) == 600
    assert {standing.state for standing in found.values()} == {"here"}


def test_agreement_is_said_only_while_nothing_was_saved_since(enrolled, key, forms):
    assert not enrolled.sync.agreed().now
    enrolled.sync.began()
    enrolled.sync.ended(in_agreement=True)
    assert enrolled.sync.agreed().now
    # A window that is opened anew knows it, too.
    again = Store.open(enrolled.folder, key, forms)
    assert again.sync.agreed() == enrolled.sync.agreed()
    again.close()
    save(enrolled)
    held = enrolled.sync.agreed()
    assert not held.now
    assert held.at_ms


def test_a_change_sent_and_answered_since_is_not_agreement_yet(enrolled):
    enrolled.sync.ended(in_agreement=True)
    save(enrolled)
    answer(enrolled, frame_of(enrolled))
    assert enrolled.outbox.first_counter() is None
    assert not enrolled.sync.agreed().now


def test_agreement_reckoned_before_a_save_is_not_said_after_it(enrolled):
    enrolled.sync.began()
    save(enrolled)
    enrolled.sync.ended(in_agreement=True)
    assert not enrolled.sync.agreed().now


def test_an_exchange_that_was_killed_leaves_no_agreement_behind(enrolled):
    enrolled.sync.ended(in_agreement=True)
    enrolled.sync.began()
    assert not enrolled.sync.agreed().now
    assert enrolled.sync.agreed().at_ms


def test_a_corrected_save_stands_in_the_place_of_what_was_refused(enrolled):
    record = save(enrolled)
    answer(enrolled, frame_of(enrolled))
    enrolled.save([Edit("resident", record, VILLAGE, {"phone": "1", "remark": "旧"})], "张干事")
    answer(enrolled, frame_of(enrolled), "refused", "sync.faulty")
    enrolled.save([Edit("resident", record, VILLAGE, {"remark": "新"})], "张干事")
    assert len(enrolled.sync.attention()) == 1, "the phone is not corrected yet"
    enrolled.save([Edit("resident", record, VILLAGE, {"phone": "2", "remark": "更新"})], "张干事")
    assert enrolled.sync.attention() == []
    assert state(enrolled, record) == "here"
    assert {"refused"} & {line.kind for line in enrolled.query.history(record)}, "its text stays in the history"


def test_a_refused_record_that_is_corrected_goes_out_as_a_new_one(enrolled):
    record = save(enrolled)
    answer(enrolled, frame_of(enrolled), "refused", "sync.faulty")
    enrolled.save([Edit("resident", record, VILLAGE, {"name": "张文富"})], "张干事")
    assert enrolled.sync.attention() == []
    answer(enrolled, frame_of(enrolled))
    assert state(enrolled, record) == "county"


def test_a_refused_record_that_is_dropped_is_gone_from_view_and_can_be_taken_up_again(enrolled):
    record = save(enrolled)
    frame = frame_of(enrolled)
    answer(enrolled, frame, "refused", "sync.faulty")
    enrolled.sync.drop(frame.counters)
    assert enrolled.select("resident") == []
    assert enrolled.find("张文贵") == []
    assert enrolled.outbox.first_counter() is None
    enrolled.sync.take_up(frame.counters)
    assert [held.id for held in enrolled.select("resident")] == [record]
    assert [hit.id for hit in enrolled.find("张文贵")] == [record]
    assert len(enrolled.sync.attention()) == 1


def test_dropping_a_refused_edit_leaves_what_the_county_holds(enrolled):
    record = save(enrolled)
    answer(enrolled, frame_of(enrolled))
    enrolled.save([Edit("resident", record, VILLAGE, {"name": "张文富"})], "张干事")
    frame = frame_of(enrolled)
    answer(enrolled, frame, "refused", "sync.not_allowed")
    enrolled.sync.drop(frame.counters)
    assert enrolled.get("resident", record).values["name"] == "张文贵"
    assert state(enrolled, record) == "county"


def test_lanes_are_told_with_what_is_on_its_way(enrolled):
    save(enrolled)
    enrolled.sync.handed([frame_of(enrolled).number])
    enrolled.save([person(name="李四"), person(name="王五")], "张干事", bulk=True)
    assert enrolled.sync.lanes() == {1: (1, 1), 2: (2, 0)}

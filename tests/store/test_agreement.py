"""Receipts, deltas and digests: agreed values beneath unsent ones, and sums that always fit the rows."""

from __future__ import annotations

from app.schema.record import AREA, Delta, Receipt
from app.store.saving import Edit
from tests.store.conftest import VILLAGE, person

OTHER = "990001101202"


def frame(store):
    return store.sync.compose(1000, lambda number, changes: repr((number, changes)).encode())


def agreed(store):
    assert store.sync.reckon() == store.sync.digests()
    return store.sync.digests()


def test_a_frame_keeps_its_bytes_until_its_last_receipt(enrolled):
    enrolled.save([person(), person()], "lin")
    made = frame(enrolled)
    assert enrolled.sync.open_frames() == [made]
    enrolled.sync.receipts(made.number, [Receipt(1, "accepted", 7)])
    assert enrolled.sync.open_frames()[0].content == made.content
    enrolled.sync.receipts(made.number, [Receipt(2, "accepted", 8)])
    assert enrolled.sync.open_frames() == []
    assert enrolled.sync.waiting().total == 0
    assert agreed(enrolled)[VILLAGE, "ordinary"].records == 2


def test_urgent_changes_go_first_and_take_what_they_refer_to_along(enrolled):
    enrolled.save([person() for _ in range(50)], "lin", bulk=True)
    (grid,) = enrolled.save([Edit("grid", None, VILLAGE, {"name": "第一网格"})], "lin", bulk=True).ids
    enrolled.save([Edit("event", None, VILLAGE, {"title": "路灯不亮", "grid": grid})], "lin")
    made = enrolled.sync.compose(1, lambda _n, changes: ",".join(change.form for change in changes).encode())
    assert made.content == b"grid,event"


def test_an_unsent_change_stays_on_top_of_what_comes(enrolled):
    (record_id,) = enrolled.save([person(phone="19900000001")], "lin").ids
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "accepted", 7)])
    enrolled.save([person(record_id, phone="19900000002")], "lin")
    delta = Delta(
        "resident", record_id, VILLAGE, 9, {"phone": "19900000009", "remark": "新"}, {"phone": 9, "remark": 9}
    )
    enrolled.sync.deltas([delta], {(VILLAGE, "ordinary"): 9})
    found = enrolled.get("resident", record_id)
    assert (found.values["phone"], found.values["remark"]) == ("19900000002", "新")
    agreed(enrolled)
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(2, "conflict", 10, lost=("phone",))])
    assert enrolled.get("resident", record_id).values["phone"] == "19900000009"
    agreed(enrolled)


def test_an_older_delta_never_takes_back_a_newer_receipt(enrolled):
    (record_id,) = enrolled.save([person(phone="19900000001")], "lin").ids
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "accepted", 12)])
    enrolled.sync.deltas(
        [Delta("resident", record_id, VILLAGE, 9, {"phone": "旧"}, {"phone": 9})], {(VILLAGE, "ordinary"): 9}
    )
    assert enrolled.get("resident", record_id).values["phone"] == "19900000001"


def test_a_receipt_that_comes_again_moves_nothing_back_to_where_it_was(enrolled):
    (record_id,) = enrolled.save([person(phone="19900000001")], "lin").ids
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "accepted", 7)])
    enrolled.sync.set_scope({(VILLAGE, "ordinary"), (OTHER, "ordinary")})
    enrolled.save([person(record_id, phone="19900000002")], "lin")
    late = frame(enrolled).number
    moved = Delta("resident", record_id, OTHER, 60, {"phone": "19900000002"}, {"phone": 50, AREA: 60})
    enrolled.sync.deltas([moved], {(VILLAGE, "ordinary"): 60})
    enrolled.sync.receipts(late, [Receipt(2, "merged", 50, results={AREA: VILLAGE})])
    assert enrolled.get("resident", record_id).area == OTHER
    agreed(enrolled)


def test_a_refused_edit_goes_to_attention_and_the_record_shows_the_countys_value(enrolled):
    (record_id,) = enrolled.save([person(phone="19900000001")], "lin").ids
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "accepted", 7)])
    enrolled.save([person(record_id, phone="19900000002")], "lin")
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(2, "refused", code="denied")])
    assert enrolled.get("resident", record_id).values["phone"] == "19900000001"
    (line,) = enrolled.sync.attention()
    assert (line.values, line.code) == ({"phone": "19900000002"}, "denied")
    agreed(enrolled)


def test_a_refused_new_record_stays_visible_as_only_here(enrolled):
    (record_id,) = enrolled.save([person()], "lin").ids
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "refused", code="form")])
    assert enrolled.get("resident", record_id).values["name"] == "张文贵"
    assert enrolled.conn.execute("select standing from record_resident").fetchone()[0] == "refused"
    assert agreed(enrolled)[VILLAGE, "ordinary"].records == 0


def test_waiting_is_not_final_and_is_asked_again(enrolled):
    enrolled.save([person()], "lin")
    enrolled.sync.receipts(frame(enrolled).number, [Receipt(1, "waiting")])
    assert enrolled.sync.waiting().total == 1
    assert frame(enrolled) is None
    assert enrolled.sync.ask_again() == 1
    assert frame(enrolled).counters == (1,)


def test_a_void_frame_is_framed_anew_under_another_number(enrolled):
    enrolled.save([person(), person()], "lin")
    first = frame(enrolled)
    enrolled.sync.void(first.number)
    second = frame(enrolled)
    assert second.counters == first.counters
    assert second.number == first.number + 1
    assert enrolled.sync.voided() == [first.number]


def test_unknown_fields_are_kept_and_count(enrolled):
    delta = Delta("resident", enrolled.new_id(), VILLAGE, 9, {"name": "甲", "later": 5}, {"": 9}, whole=True)
    enrolled.sync.deltas([delta], {(VILLAGE, "ordinary"): 9})
    assert enrolled.get("resident", delta.id).extra == {"later": 5}
    before = agreed(enrolled)
    enrolled.save([person(delta.id, later=6)], "lin")
    assert agreed(enrolled) == before


def test_a_flipped_value_on_the_disk_shows_in_the_reckoned_digest(enrolled):
    enrolled.sync.deltas(
        [Delta("resident", enrolled.new_id(), VILLAGE, 9, {"name": "甲"}, {"": 9}, whole=True)],
        {(VILLAGE, "ordinary"): 9},
    )
    enrolled.conn.execute("UPDATE record_resident SET name = '乙'")
    assert enrolled.sync.reckon() != enrolled.sync.digests()


def test_a_withdrawn_stream_is_dropped_and_a_new_one_starts_at_nothing(enrolled):
    enrolled.sync.deltas(
        [Delta("resident", enrolled.new_id(), VILLAGE, 9, {"name": "甲"}, {"": 9}, whole=True)],
        {(VILLAGE, "ordinary"): 9},
    )
    enrolled.sync.set_scope({(VILLAGE, "urgent"), ("990001101202", "ordinary")})
    assert enrolled.select("resident") == []
    assert enrolled.sync.cursors() == {"ordinary": {"990001101202": 0}, "urgent": {VILLAGE: 0}}


def test_whole_records_of_one_frame_stand_as_if_they_had_come_one_by_one(enrolled):
    # More than one transaction takes, and the first of them once more with a newer name in the same frame.
    ids = [f"{number:032x}" for number in range(1, 601)]
    came = [
        Delta("resident", record_id, VILLAGE, number, {"name": "李小梅", "remark": None}, {"": number}, whole=True)
        for number, record_id in enumerate(ids, 10)
    ]
    newer = Delta("resident", ids[0], VILLAGE, 800, {"name": "王大山"}, {"name": 800})
    odd = Delta("resident", "f" * 32, VILLAGE, 700, {"name": "赵四", "tail": 1}, {"": 700, "name": 701}, whole=True)
    enrolled.sync.deltas([came[0], newer, *came[1:], odd], {(VILLAGE, "ordinary"): 801})
    assert [hit.id for hit in enrolled.find("王大山")] == [ids[0]]
    assert len(enrolled.find("李小梅", limit=1000)) == len(ids) - 1
    assert enrolled.get("resident", "f" * 32).extra == {"tail": 1}
    assert enrolled.get("resident", ids[0]).rev_of("name") == 800
    assert enrolled.get("resident", ids[5]).revs == {"": 15}
    kept = enrolled.sync.digests()[VILLAGE, "ordinary"]
    assert kept == enrolled.sync.reckon()[VILLAGE, "ordinary"]
    assert kept.records == 601
    assert enrolled.sync.cursor(VILLAGE, "ordinary") == 801

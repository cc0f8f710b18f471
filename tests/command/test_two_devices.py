"""What two clerks do apart, by the command alone, until both devices and the county hold the same."""

from __future__ import annotations

import contextlib
import functools
import sqlite3

from app.services.office import open_office
from sync import client as sync_client
from tests.command.conftest import LOWER, TOWNSHIP, UPPER, Device, township

PERSON = {"name": "李小河", "id_number": "990123199001011239", "phone": "13900001234", "remark": "第一稿"}


def sync(*devices):
    return [device.json("sync") for device in devices]


def in_agreement(town, *devices):
    """Whether all hold what the county holds, stream by stream."""
    held = township("county", "digest", "--json", *town.data).json
    assert all(stream.pop("sound") for stream in held["streams"])
    return all(device.json("digest") == held for device in devices)


def test_a_sync_tells_everything_a_script_asks_for(town, pair):
    first, second = pair
    first.save("resident", **PERSON)
    said = sync(first)[0]
    assert said["up"]["changes"] == 1
    assert said["up"]["bytes"] > 0
    assert said["left"] == {"urgent": 0, "normal": 0, "bulk": 0, "files": 0}
    assert {key: said[key] for key in ("ok", "conflicts", "refused", "in_agreement", "requests")} == {
        "ok": True, "conflicts": 0, "refused": 0, "in_agreement": True, "requests": 1,
    }  # fmt: skip
    assert sync(second)[0]["down"]["records"] == 1
    assert in_agreement(town, first, second)


def test_refs_join_lines_and_a_line_that_fails_holds_up_no_other(clerk):
    results = clerk.apply(
        {"op": "save", "form": "household", "ref": "h", "area": UPPER, "values": {"number": "H1"}},
        {"op": "save", "form": "resident", "ref": "p", "area": UPPER, "values": {**PERSON, "household": "@h"}},
        {"op": "save", "form": "resident", "values": {"name": "王五", "id_number": "990123199001011238"}},
        {"op": "nonsense"},
        {"op": "delete", "form": "resident", "id": "@p"},
        {"op": "delete", "form": "household", "id": "@nobody", "reason": "错"},
        {"op": "save", "form": "resident", "id": "@p", "values": {"remark": "第二稿"}},
    )
    assert [line["ok"] for line in results] == [True, True, False, False, False, False, True]
    assert [line["line"] for line in results] == [1, 2, 3, 4, 5, 6, 7]
    assert "校验码" in results[2]["message"]
    assert all(line["code"] and line["message"] for line in results if not line["ok"])
    person = clerk.values("resident", results[1]["id"])
    assert (person["household"], person["remark"]) == (results[0]["id"], "第二稿")
    assert results[6]["id"] == results[1]["id"]
    assert clerk("apply", clerk.home.parent / "tasks.jsonl").code == 1


def test_a_case_goes_from_the_report_to_the_return_visit_on_two_devices(town, pair):
    first, second = pair
    results = first.apply(
        {
            "op": "save",
            "form": "event",
            "ref": "a",
            "area": UPPER,
            "values": {"title": "路灯不亮", "urgency": "urgent"},
        },
        {"op": "act", "case": "@a", "action": "report"},
        {"op": "act", "case": "@a", "action": "accept"},
        {"op": "act", "case": "@a", "action": "assign", "values": {"lead_unit": "城建办"}},
        {"op": "act", "case": "@a", "action": "acknowledge"},
        {"op": "act", "case": "@a", "action": "progress", "values": {"text": "到场"}},
        {"op": "act", "case": "@a", "action": "feed_back", "values": {"result": "已换"}},
        {"op": "act", "case": "@a", "action": "verify_pass", "values": {"finding": "亮了"}},
        {"op": "save", "form": "event", "ref": "b", "area": LOWER, "values": {"title": "外乡的事"}},
        {"op": "act", "case": "@b", "action": "report"},
        {"op": "act", "case": "@b", "action": "reject", "values": {"reason": "不是本乡的"}},
    )
    assert [line["line"] for line in results if not line["ok"]] == [8]
    assert "办理人不能核查自己办的事" in results[7]["message"]
    sync(first, second)
    case = results[0]["id"]
    done = second.apply(
        {"op": "act", "case": case, "action": "verify_pass", "values": {"finding": "亮了"}},
        {"op": "act", "case": case, "action": "return_visit", "values": {"words": "好"}},
    )
    assert all(line["ok"] for line in done)
    sync(second, first)
    shown = first.json("show", "event", case, "--history")
    assert shown["values"]["state"] == "closed"
    assert [step["action"] for step in shown["steps"]] == [
        "report", "accept", "assign", "acknowledge", "progress", "feed_back", "verify_pass", "return_visit",
    ]  # fmt: skip
    assert shown["steps"][0]["values"]["category"] == "unclassified"
    assert {
        event["values"]["state"] for event in first.json("list", "event", "--where", f"area={LOWER}")["records"]
    } == {"not_accepted"}
    assert in_agreement(town, first, second)


def test_fields_edited_apart_merge_and_a_later_word_leaves_the_earlier_in_the_history_of_both(town, pair):
    first, second = pair
    person = first.save("resident", **PERSON)
    sync(first, second)
    first.save("resident", person, remark="甲改", occupation="木工")
    second.save("resident", person, remark="乙改", workplace="石板乡")
    sync(first, second, first)
    for device in pair:
        shown = device.json("show", "resident", person, "--history")
        assert shown["values"]["occupation"] == "木工"
        assert shown["values"]["workplace"] == "石板乡"
        stood = [moment["values"].get("remark") for moment in shown["history"]]
        assert {"第一稿", "甲改", "乙改"} <= set(stood)
        (lost,) = [moment for moment in shown["history"] if moment["kind"] == "lost"]
        assert (lost["who"], lost["values"]) == ("lin", {"remark": "甲改"})
    assert in_agreement(town, first, second)


def test_a_record_that_came_whole_shows_its_present_values_and_keeps_them_when_they_are_overwritten(pair):
    first, second = pair
    person = first.save("resident", **PERSON)
    sync(first, second)
    (came,) = second.json("show", "resident", person, "--history")["history"]
    assert came["values"]["name"] == "李小河"
    assert came["values"]["id_number"] == "990123********1239"
    second.save("resident", person, name="李小荷")
    names = [moment["values"].get("name") for moment in second.json("show", "resident", person, "--history")["history"]]
    assert names == ["李小河", "李小荷"]


def test_each_side_of_a_conflict_sees_its_own_words_as_mine_and_either_may_settle_it(town, pair):
    first, second = pair
    for keep, settler, expected in (("mine", second, "乙说"), ("theirs", second, "甲说"), ("theirs", first, "乙说")):
        case = first.save("event", title="吵架", detail="原话")
        sync(first, second)
        first.save("event", case, detail="甲说")
        second.save("event", case, detail="乙说")
        assert [report["conflicts"] for report in sync(first, second, first)] == [0, 1, 1]
        (seen,), (other,) = (device.json("conflicts")["conflicts"] for device in pair)
        assert (seen["base"], seen["mine"], seen["theirs"], seen["who"]) == ("原话", "甲说", "乙说", "wang")
        assert (other["base"], other["mine"], other["theirs"], other["who"]) == ("原话", "乙说", "甲说", "lin")
        assert (seen["form"], seen["record"], seen["field"]) == ("event", case, "detail")
        assert settler.json("conflicts", "resolve", seen["id"], "--keep", keep) == {"ok": True, "id": seen["id"]}
        sync(settler, first, second)
        assert [device.values("event", case)["detail"] for device in pair] == [expected, expected]
        assert [device.json("conflicts") for device in pair] == [{"conflicts": []}] * 2
    assert in_agreement(town, first, second)


def test_a_third_value_settles_as_well_and_restricted_ones_are_masked_until_revealed(town, pair):
    first, second = pair
    person = first.save("resident", **PERSON)
    sync(first, second)
    first.save("resident", person, id_number="990123199102021241")
    second.save("resident", person, id_number=None)
    sync(first, second, first)
    (seen,) = first.json("conflicts")["conflicts"]
    assert seen["mine"]["id_number"] == "990123********1241"
    assert first("conflicts", "--reveal", "核对").code == 4
    (whole,) = second.json("conflicts", "--reveal", "核对")["conflicts"]
    assert whole["theirs"]["id_number"] == "990123199102021241"
    assert "990123199102021241" not in first("list", "conflict", "--json").out
    assert "990123199102021241" not in first("show", "conflict", seen["id"]).out
    assert first("conflicts", "resolve", seen["id"], "--value", "{").code == 3
    assert first("conflicts", "resolve", seen["id"], "--value", '{"id_number": "1"}').code == 3
    assert first("conflicts", "resolve", seen["id"], "--value", '{"id_number": "990123199001011239"}').code == 0
    sync(first, second)
    revealed = second.json("show", "resident", person, "--reveal", "核对")
    assert revealed["values"]["id_number"] == "990123199001011239"
    assert in_agreement(town, first, second)


def test_an_edit_and_a_deletion_apart_leave_mine_and_theirs_right_whoever_came_first(pair):
    first, second = pair
    for deletes, edits in ((first, second), (second, first)):
        for order in ((deletes, edits), (edits, deletes)):
            person = first.save("resident", name="张三")
            sync(first, second)
            deletes.apply({"op": "delete", "form": "resident", "id": person, "reason": "重复"})
            edits.save("resident", person, remark="还要用")
            sync(*order, *order)
            (by_deleter,), (by_editor,) = (device.json("conflicts")["conflicts"] for device in (deletes, edits))
            assert by_deleter["mine"] == {"@deleted": True} == by_editor["theirs"]
            assert by_deleter["theirs"]["remark"] == "还要用" == by_editor["mine"]["remark"]
            edits.json("conflicts", "resolve", by_editor["id"], "--keep", "mine")
            sync(edits, deletes)
            assert all(device.values("resident", person)["remark"] == "还要用" for device in pair)


def reported_case(device):
    case = device.save("event", title="争步骤")
    device.apply({"op": "act", "case": case, "action": "report"})
    return case


def test_a_step_that_came_second_waits_for_a_person_and_either_may_leave_what_stands(town, pair):
    first, second = pair
    for settler, keep in ((second, "theirs"), (first, "mine")):
        case = reported_case(first)
        sync(first, second)
        first.apply({"op": "act", "case": case, "action": "accept"})
        second.apply({"op": "act", "case": case, "action": "reject", "values": {"reason": "重复"}})
        sync(first, second, first)
        (seen,), (other,) = (device.json("conflicts")["conflicts"] for device in pair)
        assert seen["step"] == other["step"] == seen["id"]
        assert (seen["mine"], seen["theirs"], seen["who"]) == ({"state": "accepted"}, {"action": "reject"}, "wang")
        assert (other["mine"], other["theirs"], other["who"]) == ({"action": "reject"}, {"state": "accepted"}, "lin")
        assert "现在是“待交办”" in seen["cannot"]
        assert seen["cannot"] == other["cannot"]
        assert second("conflicts", "resolve", seen["id"], "--keep", "mine").code == 3
        assert settler.json("conflicts", "resolve", seen["id"], "--keep", keep) == {"ok": True, "id": seen["id"]}
        sync(settler, first, second)
        assert [device.json("conflicts") for device in pair] == [{"conflicts": []}] * 2
        assert [device.values("event", case)["state"] for device in pair] == ["accepted"] * 2
    assert in_agreement(town, first, second)


def test_a_step_that_came_second_may_be_done_again_once_it_fits(town, pair):
    first, second = pair
    case = reported_case(first)
    sync(first, second)
    first.apply({"op": "act", "case": case, "action": "withdraw", "values": {"reason": "写错了"}})
    second.apply({"op": "act", "case": case, "action": "accept"})
    sync(first, second, first)
    (seen,) = second.json("conflicts")["conflicts"]
    refused = second("conflicts", "resolve", seen["id"], "--keep", "mine")
    assert refused.code == 3
    assert "这一步现在做不成" in refused.err
    first.apply({"op": "act", "case": case, "action": "report"})
    sync(first, second)
    second.json("conflicts", "resolve", seen["id"], "--keep", "mine")
    sync(second, first)
    assert [device.values("event", case)["state"] for device in pair] == ["accepted"] * 2
    assert [device.json("conflicts") for device in pair] == [{"conflicts": []}] * 2
    assert in_agreement(town, first, second)


def test_restricted_values_are_whole_only_for_a_reason_and_a_role(pair):
    first, second = pair
    person = first.save("resident", **PERSON)
    sync(first, second)
    for device in pair:
        assert device.values("resident", person)["id_number"] == "990123********1239"
        assert device.values("resident", person)["phone"] == "139****1234"
    for words in (("show", "resident", person), ("list", "resident")):
        assert first(*words, "--reveal", "核对").code == 4
        assert second(*words, "--reveal", "").code == 4
        assert "990123199001011239" in second(*words, "--reveal", "核对").out
        assert "990123199001011239" not in second(*words).out
    log = second("show", "resident", person, "--history", "--json").json["history"]
    assert "990123199001011239" not in str(log)


def test_a_known_user_needs_the_right_password_and_is_then_the_same_person(town, clerk):
    stranger = Device(town.folder / "b", "lin", "guess")
    code = town.code()
    refused = stranger("init", "--county", town.url, "--code", code)
    assert (refused.code, refused.err.strip()) == (
        3, "县中心已有这个用户，密码不对。请输入这个用户的密码，或换一个用户名。",
    )  # fmt: skip
    same = Device(town.folder / "b", "lin", clerk.password)
    assert same.json("init", "--county", town.url, "--code", code)["areas"] == [UPPER, LOWER]
    person = clerk.save("resident", **PERSON)
    sync(clerk, same)
    clerk.save("resident", person, name="甲")
    same.save("resident", person, name="乙")
    sync(clerk, same, clerk)
    (here,), (there,) = (device.json("conflicts")["conflicts"] for device in (clerk, same))
    assert (here["mine"], here["theirs"]) == ("甲", "乙")
    assert (there["mine"], there["theirs"]) == ("乙", "甲")


def test_a_code_serves_once_and_a_home_is_not_enrolled_twice(town, clerk):
    again = clerk("init", "--county", town.url, "--code", town.code())
    assert again.code == 3
    assert "已经有一份数据" in again.err
    code = town.code()
    assert Device(town.folder / "b", "b", "pw")("init", "--county", town.url, "--code", code).code == 0
    used = Device(town.folder / "c", "c", "pw")("init", "--county", town.url, "--code", code)
    assert (used.code, used.err.strip()) == (3, "注册码已经用过。请向县中心要一个新的。")
    assert Device(town.folder / "d", "d", "pw")("init", "--county", town.url, "--code", "AAAA-AAAA-AAAA").code == 3
    assert Device(town.folder / "e", "e", "pw")("init", "--county", "http://example.org", "--code", code).code == 3
    assert township("init", "--home", town.folder / "f", "--county", town.url, "--code", code, password="x").code == 3


def test_other_areas_are_not_for_this_device(pair):
    first, second = pair
    assert first("list", "resident", "--area", "990199000000").code == 4
    assert first("list", "resident", "--area", TOWNSHIP).code == 4
    assert second("list", "resident", "--area", TOWNSHIP).code == 0
    outside = first.apply({"op": "save", "form": "resident", "area": "990199101201", "values": {"name": "外人"}})
    assert not outside[0]["ok"]
    assert first("apply", first.home.parent / "tasks.jsonl").code == 4


def test_a_county_that_is_down_costs_nothing_but_the_exchange(quiet_town, monkeypatch):
    monkeypatch.setattr(sync_client, "exchange", functools.partial(sync_client.exchange, sleep=lambda _seconds: None))
    town = quiet_town
    with town.serving():
        clerk = town.device("a", "lin")
        clerk.save("resident", **PERSON)
        sync(clerk)
    clerk.save("resident", name="断网时登记的人")
    before = clerk.json("list", "resident")
    answer = clerk("sync", "--json")
    assert answer.code == 3
    assert answer.json["ok"] is False
    assert answer.json["left"] == {"urgent": 0, "normal": 1, "bulk": 0, "files": 0}
    assert "现在连不上县中心" in answer.err
    assert clerk.json("list", "resident") == before
    county = next(check for check in clerk.json("doctor")["checks"] if check["name"] == "县中心")
    assert county["ok"] is None
    with town.serving():
        assert clerk.json("sync")["in_agreement"] is True
        assert in_agreement(town, clerk)


def test_the_doctor_finds_a_value_flipped_on_the_disk_and_the_next_sync_mends_it(town, pair):
    first, second = pair
    made = first.save("resident", **PERSON)
    sync(first, second)
    with contextlib.closing(open_office(second.home, second.user, second.password)) as office:
        office.store.conn.execute("UPDATE record_resident SET phone = '13000000000' WHERE id = ?", (made,))
    said = second("doctor", "--json")
    (found,) = (check for check in said.json["checks"] if check["name"] == "记录的校验值")
    assert (said.code, found["ok"], found["detail"].split("。")[0]) == (1, False, "居民 1 条与校验值不符")
    mended = second.json("sync")
    assert (mended["mended"], mended["in_agreement"]) == (1, True)
    assert second.json("doctor")["ok"] is True
    assert second.values("resident", made)["phone"] == first.values("resident", made)["phone"] == "139****1234"
    assert in_agreement(town, *pair)


def test_the_county_says_that_a_value_was_flipped_and_puts_it_back_from_its_history(town, pair):
    first, second = pair
    made = first.save("resident", **PERSON)
    sync(first, second)
    with contextlib.closing(sqlite3.connect(town.folder / "county" / "county.db")) as raw, raw:
        raw.execute("UPDATE record_resident SET phone = '13000000000' WHERE id = ?", (made,))
    said = township("county", "digest", "--json", *town.data)
    assert (said.code, said.json["unsound"]) == (1, {"resident": {"mended": 0, "left": 1}})
    assert "先备份" in township("county", "digest", *town.data).out
    mended = township("county", "digest", "--mend", "--json", *town.data)
    assert (mended.code, mended.json["unsound"]) == (0, {"resident": {"mended": 1, "left": 0}})
    assert in_agreement(town, *pair)

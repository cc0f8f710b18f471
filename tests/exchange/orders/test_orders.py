"""Work orders of other systems become cases, each once, and nothing that was edited here is overwritten."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.exchange.excel.workbook import read_workbook
from app.exchange.orders.intake import OrderIntake
from app.exchange.orders.report import write_replies
from tests.exchange.orders import samples
from tests.exchange.orders.conftest import SOURCE, brought, decided, steps
from tests.services.conftest import LOWER, TOWN, UPPER, colleague

FIRST, SECOND, THIRD, FOURTH = samples.HOTLINE


def with_field(order, name, value):
    at = samples.HEADINGS.index(name) - 1
    return (*order[:at], value, *order[at + 1 :])


def close(office, event):
    for action, said in (
        ("accept", {}), ("assign", {"lead_unit": "镇综合服务中心"}), ("acknowledge", {}), ("feed_back", {"result": "三盏灯都换了"}),
    ):  # fmt: skip
        outcome = office.cases.act(event.id, action, said)
        assert outcome.ok, outcome.faults
    inspector = colleague(office, "核查员")
    outcome = inspector.cases.act(event.id, "verify_pass", {"finding": "都亮了"})
    assert outcome.ok, outcome.faults


def test_a_hotline_export_becomes_reported_cases_with_their_source_number_and_reply_due(office, bring, hotline):
    said = bring(hotline())
    assert (said["rows"], said["created"], said["refused"]) == (4, 4, [])
    event = brought(office, "RX20260917001")
    values = event.values
    assert (event.area, values["state"], values["category"]) == (UPPER, "reported", "facility_light")
    assert (values["title"], values["place"], values["channel"]) == ("上寨村路灯不亮", "上寨村村口", "hotline")
    assert values["reporter_phone"] == "19900000001"
    assert (values["found_at"], values["reply_due"]) == ("2026-09-17T09:12:00+08:00", "2026-09-24T23:59:59+08:00")
    assert values["order_unit"] == "镇综合服务中心"
    assert "片区：东片" in values["order_more"]
    assert "诉求类别：公共设施/照明/路灯照明" in values["order_more"]
    assert "序号" not in values["order_more"]
    assert steps(office, event) == [
        ("order_in", "从“12345热线”导入的工单，原编号 RX20260917001。来源要求 2026-09-24 23:59 前回复。")
    ]
    assert [hit.id for hit in office.registry.find("RX20260917001", forms=["event"])] == [event.id]


def test_what_fits_nowhere_is_said_and_kept_in_its_own_words(office, bring, hotline):
    said = bring(hotline())
    event = brought(office, "RX20260918003")
    assert (event.area, event.values["title"]) == (TOWN, "=1+1 邻居养狗半夜叫")
    assert {(f["row"], f["code"]) for f in said["flagged"]} == {
        (5, "class_unknown"), (5, "urgency_unknown"), (6, "village_unknown"), (6, "phone_wrong"), (7, "no_number"),
    }  # fmt: skip
    for words in ("所属村居：没有的村", "来电号码：1234"):
        assert words in event.values["order_more"]
    smell = brought(office, "RX20260917002")
    assert (smell.values["category"], smell.area) == ("unclassified", LOWER)
    assert "紧急程度：加急" in smell.values["order_more"]


def test_a_day_number_as_text_and_a_day_without_its_year_are_read_where_the_order_says_the_year(office, bring, hotline):
    order = with_field(with_field(FIRST, "来电时间", "46376.5"), "答复时限", "1月5日")
    alone = with_field(with_field(SECOND, "来电时间", "11月20日"), "答复时限", "无")
    far = with_field(with_field(THIRD, "来电时间", "2026-09-18 08:40:00"), "答复时限", "8月1日")
    back = with_field(with_field(FOURTH, "来电时间", "12月30日 9:05"), "答复时限", "2026-01-08")
    said = bring(hotline([order, alone, far, back]))
    values = brought(office, "RX20260917001").values
    assert (values["found_at"], values["reply_due"]) == ("2026-12-20T12:00:00+08:00", "2027-01-05T23:59:59+08:00")
    assert "时限" not in values.get("order_more", "")
    assert sorted(f["row"] for f in said["flagged"] if f["code"] == "time_wrong") == [5, 6]
    kept = brought(office, "RX20260917002").values
    assert "来电时间：11月20日" in kept["order_more"]
    assert "答复时限：8月1日" in brought(office, "RX20260918003").values["order_more"]
    [unnumbered] = [e for e in office.store.select("event", {}) if not e.values.get("order_no")]
    assert unnumbered.values["found_at"] == "2025-12-30T09:05:00+08:00"
    # What was worked out doesn't make another order of one without a number: so it came from programs that couldn't read it.
    unread = with_field(with_field(back, "来电时间", ""), "答复时限", "2026-01-08")
    assert bring(hotline([unread]))["created"] == 0


def test_the_same_file_twice_changes_nothing(office, bring, hotline):
    bring(hotline())
    before = office.store.meta.integer("counter")
    said = bring(hotline())
    assert (said["created"], said["updated"], said["unchanged"]) == (0, 0, 4)
    assert office.store.meta.integer("counter") == before
    assert office.store.count("event") == 4


def test_who_imported_an_order_is_not_warned_as_its_reporter(office, bring, hotline):
    bring(hotline([FIRST]))
    event = brought(office, "RX20260917001")
    for action, said in (("accept", {}), ("assign", {"lead_unit": "镇综合服务中心"})):
        assert office.cases.act(event.id, action, said).ok
    assert office.cases.concerns(office.cases.case(event.id), "acknowledge") == []
    own = office.cases.report({"title": "路灯坏了"}, area=UPPER).record.id
    for action, said in (("accept", {}), ("assign", {"lead_unit": "镇综合服务中心"})):
        assert office.cases.act(own, action, said).ok
    assert "reporter_not_handler" in [c.code for c in office.cases.concerns(office.cases.case(own), "acknowledge")]


def test_another_source_with_the_same_number_is_another_order(office, bring, hotline):
    bring(hotline([FIRST]))
    assert bring(hotline([FIRST]), "县平台")["created"] == 1
    assert bring(hotline([FIRST]), "12345 热线")["unchanged"] == 1


def test_an_order_that_changed_tells_its_new_words_in_a_step_and_overwrites_nothing(office, bring, hotline):
    bring(hotline([FIRST]))
    event = brought(office, FIRST[0])
    outcome = office.records.save(
        "event", {"reporter": "张文贵（改）", "reporter_phone": "19900000009"}, record_id=event.id
    )
    assert outcome.ok, outcome.faults
    new = with_field(FIRST, "诉求内容", "又坏了两盏，共五盏。")
    new = with_field(with_field(new, "答复时限", "2026-09-26"), "来电号码", "19900000005")
    said = bring(hotline([new]))
    assert (said["created"], said["updated"]) == (0, 1)
    event = brought(office, FIRST[0])
    assert event.values["detail"] == FIRST[2]
    assert (event.values["reporter"], event.values["reporter_phone"]) == ("张文贵（改）", "19900000009")
    assert event.values["reply_due"] == "2026-09-26T23:59:59+08:00"
    action, words = steps(office, event)[-1]
    assert action == "order_update"
    assert "情况，来源改为：又坏了两盏，共五盏。" in words
    assert "19900000005" not in words
    assert bring(hotline([new]))["unchanged"] == 1
    assert bring(hotline([FIRST]))["unchanged"] == 1, "an older export brings nothing back"


def test_what_a_clerk_saves_while_the_file_is_compared_is_not_written_over(office, bring, hotline):
    bring(hotline([FIRST]))
    event = brought(office, FIRST[0])
    new = with_field(with_field(FIRST, "来电号码", "19900000005"), "答复时限", "2026-09-26")
    saved = []

    def meanwhile(_done, total, _words):
        if total == 1 and not saved:
            saved.append(office.records.save("event", {"reporter_phone": "19900000009"}, record_id=event.id))

    said = bring(hotline([new]), progress=meanwhile)
    assert saved[0].ok
    assert (said["created"], said["updated"], said["refused"]) == (0, 1, [])
    event = brought(office, FIRST[0])
    assert event.values["reporter_phone"] == "19900000009"
    assert event.values["reply_due"] == "2026-09-26T23:59:59+08:00"
    assert bring(hotline([new]))["unchanged"] == 1


def test_an_empty_field_is_filled_by_a_later_export(office, bring, hotline):
    bring(hotline([with_field(FIRST, "事发地址", "")]))
    bring(hotline([FIRST]))
    event = brought(office, FIRST[0])
    assert event.values["place"] == "上寨村村口"
    assert steps(office, event)[-1] == ("order_update", "地点，来源补上了，已填入。")


def test_the_reply_due_is_the_handling_limit_and_the_unit_is_offered_when_the_case_is_assigned(office, bring, hotline):
    bring(hotline([FIRST]))
    event = brought(office, FIRST[0])
    assert office.cases.act(event.id, "accept", {}).ok
    assert office.cases.act(event.id, "assign", {}).ok
    case = office.cases.case(event.id)
    assert case.state.lead_unit == "镇综合服务中心"
    assert case.event.values["handle_due"] == "2026-09-24T23:59:59+08:00"


def test_rows_at_fault_are_refused_with_the_reason_and_come_in_once_corrected(office, bring, hotline, tmp_path):
    lost = with_field(FIRST, "工单编号", "2.02609E+17")
    empty = with_field(with_field(SECOND, "诉求标题", ""), "诉求内容", "")
    other = with_field(THIRD, "诉求内容", "说法不同")
    report = tmp_path / "改错表.xlsx"
    said = bring(hotline([lost, empty, THIRD, other]), report=report)
    assert {(f["row"], f["code"]) for f in said["refused"]} == {(4, "number_lost"), (5, "empty"), (7, "twice")}
    assert said["created"] == 1
    sheet = read_workbook(report).sheets[0]
    assert (sheet.rows[0][-1], len(sheet.rows)) == ("不导入的原因", 4)
    assert bring(hotline([FIRST]))["created"] == 1


def test_a_case_closed_here_and_opened_again_there_waits_for_a_decision(office, bring, hotline, tmp_path):
    bring(hotline([FIRST]))
    event = brought(office, FIRST[0])
    close(office, event)
    assert bring(hotline([FIRST]))["unchanged"] == 1, "that the source doesn't know yet is no reopening"
    again = with_field(FIRST, "办理状态", "退回重办")
    said = bring(hotline([again]))
    assert (said["waiting"], said["updated"]) == (1, 0)
    assert brought(office, FIRST[0]).values["state"] == "closed"
    told = decided(tmp_path, rows=[{"sheet": "工单明细", "row": 4, "do": "reopen"}])
    assert bring(hotline([again]), told=told)["updated"] == 1
    event = brought(office, FIRST[0])
    assert (event.values["state"], event.values["reopen_count"]) == ("handling", 1)
    assert [action for action, _ in steps(office, event)][-2:] == ["order_update", "order_reopen"]
    assert bring(hotline([again]))["unchanged"] == 1


def test_a_registrar_takes_it_up_again_by_the_sources_word_and_the_new_reply_due_is_the_limit(
    office, hotline, tmp_path
):
    desk = colleague(office, "受理员", roles=("registrar",))
    OrderIntake(desk).run(SOURCE, hotline([FIRST]))
    close(office, brought(office, FIRST[0]))
    again = with_field(with_field(FIRST, "办理状态", "退回重办"), "答复时限", "2026-09-30")
    shown = OrderIntake(desk).run(SOURCE, hotline([again]), dry_run=True, shown=True)["preview"]["waiting"]
    assert [one["may_reopen"] for one in shown] == [True]
    told = decided(tmp_path, rows=[{"sheet": "工单明细", "row": 4, "do": "reopen"}])
    OrderIntake(desk).run(SOURCE, hotline([again]), told=told)
    values = brought(office, FIRST[0]).values
    assert (values["state"], values["handle_due"]) == ("handling", "2026-09-30T23:59:59+08:00")


def test_a_reopening_that_is_only_noted_leaves_the_case_closed_and_isnt_asked_again(office, bring, hotline, tmp_path):
    bring(hotline([FIRST]))
    close(office, brought(office, FIRST[0]))
    again = with_field(FIRST, "办理状态", "退回重办")
    told = decided(tmp_path, rows=[{"sheet": "工单明细", "row": 4, "do": "note"}])
    assert bring(hotline([again]), told=told)["updated"] == 1
    event = brought(office, FIRST[0])
    assert event.values["state"] == "closed"
    assert "又退回来重办" in steps(office, event)[-1][1]
    assert (bring(hotline([again]))["unchanged"], bring(hotline([again]))["waiting"]) == (1, 0)


def test_what_was_matched_by_hand_is_remembered_for_the_source_and_may_be_corrected(office, bring, hotline, tmp_path):
    told = decided(
        tmp_path,
        columns={"片区": "", "事发地址": "@keep"},
        values={"class": {"怪味扰民": "sanitation_smell"}},
        remember=True,
    )
    codes = office.forms.codes["event_class"]
    smell = next(item.code for item in codes.items if item.code.startswith("dispute_neighbour_"))
    told.values["class"]["怪味扰民"] = smell
    bring(hotline([FIRST]), told=told)
    event = brought(office, FIRST[0])
    assert event.values.get("place") is None
    assert "事发地址：上寨村村口" in event.values["order_more"]
    assert "片区" not in event.values["order_more"]
    # Remembered: the next file of the source is read the same way, one of another source isn't.
    bring(hotline([SECOND]))
    second = brought(office, SECOND[0])
    assert (second.values["category"], second.values.get("place")) == (smell, None)
    shown = bring(hotline([THIRD]), dry_run=True, shown=True)["preview"]
    assert {c["heading"]: (c["target"], c["how"]) for c in shown["columns"]}["片区"] == (None, "remembered")
    assert bring(hotline([THIRD]), "县平台", dry_run=True, shown=True)["preview"]["columns"][-1]["target"] == "@keep"
    # Another heading is asked for; the rest stays matched.
    renamed = [heading if heading != "事发地址" else "出事的地方" for heading in samples.HEADINGS]
    columns = bring(hotline([THIRD], renamed), dry_run=True, shown=True)["preview"]["columns"]
    assert {c["heading"]: (c["target"], c["how"]) for c in columns}["出事的地方"] == ("@keep", "kept")
    bring(hotline([THIRD]), told=decided(tmp_path, columns={"事发地址": "order.place"}, remember=True))
    assert brought(office, THIRD[0]).values["place"] == "云岭街12号"
    assert OrderIntake(office).sources() == [SOURCE]


def test_the_county_apps_csv_and_headings_in_two_rows_are_understood(office, bring, tmp_path):
    said = bring(samples.platform(tmp_path / "a.csv"), "县综治平台")
    assert (said["rows"], said["created"]) == (2, 2)
    event = brought(office, "990001202609180001", "县综治平台")
    assert (event.values["urgency"], event.values["channel"]) == ("urgent", "superior")
    assert event.values["found_at"] == "2026-09-18T09:05:00+08:00"
    assert "上报渠道：随手拍" in event.values["order_more"]
    said = bring(samples.two_rows(tmp_path / "b.xlsx"), "数字城管")
    assert (said["rows"], said["created"], [f["code"] for f in said["refused"]]) == (2, 1, ["empty"])
    event = brought(office, "D-1", "数字城管")
    assert (event.values["title"], event.values["reporter"]) == ("垃圾三天没清", "孙某")


def test_numbers_of_papers_and_what_is_never_collected_stay_out(office, bring, hotline):
    headings = [h if h != "片区" else "诉求人身份证号" for h in samples.HEADINGS]
    bring(hotline([with_field(FIRST, "片区", "990001199001010010")], headings))
    event = brought(office, FIRST[0])
    assert "990001199001010010" not in str(event.values)


def test_two_devices_that_import_one_file_apart_make_one_case(two, hotline):
    path = hotline()
    for office in two:
        assert OrderIntake(office).run(SOURCE, path)["created"] == 4
    for office in (*two, *two):
        office.sync()
    digests = [{event.id: event.values["state"] for event in office.store.select("event")} for office in two]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 4
    for office in two:
        event = brought(office, FIRST[0])
        assert event.values["state"] == "reported"
        assert not event.values.get("contested")
        assert [action for action, _ in steps(office, event)] == ["order_in", "order_in"]
        assert OrderIntake(office).run(SOURCE, path)["unchanged"] == 4


def test_a_reopening_decided_on_two_devices_apart_counts_once_and_is_no_quarrel(two, hotline, tmp_path):
    one, other = two
    OrderIntake(one).run(SOURCE, hotline([FIRST]))
    close(one, brought(one, FIRST[0]))
    one.sync()
    other.sync()
    told = decided(tmp_path, rows=[{"sheet": "工单明细", "row": 4, "do": "reopen"}])
    path = hotline([with_field(FIRST, "办理状态", "退回重办")])
    for office in two:
        assert OrderIntake(office).run(SOURCE, path, told=told)["updated"] == 1
    for office in (*two, *two):
        office.sync()
    for office in two:
        values = brought(office, FIRST[0]).values
        assert (values["state"], values["reopen_count"], values.get("contested") or 0) == ("handling", 1, 0)


def test_what_one_device_matched_the_other_of_the_office_knows(two, hotline, tmp_path):
    one, other = two
    OrderIntake(one).run(SOURCE, hotline([FIRST]), told=decided(tmp_path, columns={"片区": ""}, remember=True))
    one.sync()
    other.sync()
    assert OrderIntake(other).remembered(SOURCE).columns["片区"] == ""
    assert SOURCE in OrderIntake(other).sources()


def test_a_stopped_import_keeps_what_is_whole_and_goes_on_where_it_ended(office, hotline):
    many = [with_field(FIRST, "工单编号", f"RX{number}") for number in range(450)]
    path = hotline(many)
    seen = []
    said = OrderIntake(office).run(
        SOURCE, path, progress=lambda done, _all, words: seen.append((words, done)),
        cancelled=lambda: ("正在导入", 200) in seen,
    )  # fmt: skip
    assert (said.get("stopped"), said["created"]) == (True, 200)
    assert office.store.count("event") == 200
    said = OrderIntake(office).run(SOURCE, path)
    assert (said["created"], said["unchanged"]) == (250, 200)


def test_replies_of_closed_orders_go_out_and_no_formula_runs(office, bring, hotline, tmp_path):
    out = tmp_path / "回复.xlsx"
    bring(hotline([FIRST, THIRD]))
    with pytest.raises(KnownError, match="没有已经办结的工单"):
        write_replies(office, SOURCE, out, "回复热线办")
    for order in (FIRST, THIRD):
        close(office, brought(office, order[0]))
    assert write_replies(office, SOURCE, out, "回复热线办") == 2
    rows = read_workbook(out).sheets[0].rows
    assert rows[0][:3] == ("工单编号", "标题", "办理结果")
    assert rows[1][0] == "RX20260917001"
    assert rows[1][2] == "三盏灯都换了"
    assert rows[2][1] == "=1+1 邻居养狗半夜叫"
    assert "19900000001" not in str(rows)


def test_who_may_not_import_is_refused_and_nothing_is_made(open_office, hotline):
    office = open_office(roles=("dispatcher",))
    with pytest.raises(Denied):
        OrderIntake(office).run(SOURCE, hotline())
    assert office.store.count("event") == 0


def test_a_source_has_to_be_named(bring, hotline):
    with pytest.raises(KnownError, match="哪个系统的工单"):
        bring(hotline(), " ")

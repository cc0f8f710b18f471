"""The page of the exchange holds, lets go, and deals with what the county did not take; an open form meets a pull."""

from __future__ import annotations

from app.schema.record import Delta, Receipt
from app.services.traffic import FOREVER
from app.store.agreement import Exchange
from tests.ui.conftest import commit
from tests.ui.offices import UPPER
from ui.frame import make_window
from ui.pages.sync import SyncPage
from ui.pages.sync_speed import Speed, Told


def opened(qtbot, desk, **told):
    page = SyncPage(desk.office, desk.jobs, lambda: None, desk.worker, **told)
    qtbot.addWidget(page)
    page.opened({})
    desk.settle()
    return page


def refuse(desk, code="sync.not_allowed"):
    frame = desk.office.store.sync.compose(100, lambda number, _changes: b"%d" % number)
    receipts = [Receipt(counter, "refused", code=code) for counter in frame.counters]
    desk.office.store.sync.receipts(frame.number, receipts)


def test_a_pause_is_kept_seen_in_the_top_bar_and_lifted(qtbot, qapp, desk):
    allowed = []
    page = opened(qtbot, desk, allowed=allowed.append)
    page._change(lambda: desk.office.traffic.pause(FOREVER))
    desk.settle()
    desk.settle()
    assert allowed[-1].paused
    assert not page.held_card.isHidden()
    window, _frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.go("desk")
    desk.settle()
    assert window.top.sync.said().text.startswith("同步已暂停")
    page.held_card.resumed.emit()
    desk.settle()
    desk.settle()
    assert not allowed[-1].paused
    assert page.held_card.isHidden()


def test_over_the_budget_the_page_asks_whether_to_go_on_today(qtbot, desk):
    store = desk.office.store
    store.sync.log(Exchange(store.now_ms(), "network", 1, 0, 30 << 20, 0, 9.0, "ok"))
    allowed, synced = [], []
    page = opened(qtbot, desk, allowed=allowed.append)
    page._sync_now = lambda: synced.append(1)
    page._on_budget(20)
    desk.settle()
    desk.settle()
    assert allowed[-1].over
    assert not page.held_card.isHidden()
    page.held_card.lifted.emit()
    desk.settle()
    desk.settle()
    assert not allowed[-1].over
    assert page.held_card.isHidden()


def test_what_was_refused_is_shown_corrected_and_sent_again(qtbot, desk):
    person = desk.make("resident", name="张文贵", remark="错")
    refuse(desk, "sync.faulty")
    page = opened(qtbot, desk)
    wanted = []
    page.go.connect(lambda name, args: wanted.append((name, args)))
    page._correct(page._view.refused[0])
    desk.settle()
    assert wanted == [("record", {"form": "resident", "id": person})]
    assert desk.office.store.draft(f"form:resident:{person}")["remark"] == "错"
    assert desk.office.records.save("resident", {"remark": "对"}, record_id=person).ok
    assert desk.office.refusals.open() == []
    assert desk.office.standings.of("resident", person).state == "here"


def test_what_was_refused_can_be_given_up_and_taken_up_again(qtbot, desk):
    person = desk.make("resident", name="张文贵")
    refuse(desk)
    page = opened(qtbot, desk)
    undo = []
    page.said.connect(lambda _text, back: undo.append(back))
    page._drop(page._view.refused[0])
    desk.settle()
    desk.settle()
    assert page._view.refused == ()
    assert desk.office.store.select("resident") == []
    undo[0]()
    desk.settle()
    assert [held.id for held in desk.office.store.select("resident")] == [person]


def test_in_a_real_window_a_pull_under_an_open_form_is_told_and_never_overwritten_unseen(qtbot, qapp, desk):
    store, person = desk.office.store, desk.office.store.new_id()
    values = {"name": "李长顺", "occupation": "务农"}
    store.sync.deltas([Delta("resident", person, UPPER, 5, values, {"": 5}, whole=True)], {})
    window, _frame = make_window(qapp, desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(window)
    window.show()
    window.go("record", form="resident", id=person)
    desk.settle()
    form = window.current_page().form
    form.rows["occupation"].entry.setFocus()
    form.rows["occupation"].entry.selectAll()
    commit(form.rows["occupation"].entry, "务工")
    news = Delta("resident", person, UPPER, 9, {"occupation": "经商"}, {"occupation": 9})
    desk.jobs.run(lambda: store.sync.deltas([news], {}))
    desk.settle()
    window.refresh()
    desk.settle()
    assert "经商" in form.rows["occupation"].said.text()
    form.save()
    desk.settle()
    assert store.outbox.of([person])[person][-1].bases["occupation"] == 5


def test_a_deletion_is_based_on_what_was_on_the_screen(desk):
    store, person = desk.office.store, desk.office.store.new_id()
    store.sync.set_scope({(UPPER, "ordinary")})
    whole = Delta("resident", person, UPPER, 5, {"name": "李长顺"}, {"": 5}, whole=True)
    store.sync.deltas([whole], {(UPPER, "ordinary"): 5})
    seen = store.get("resident", person).rev
    news = Delta("resident", person, UPPER, 9, {"remark": "搬家"}, {"remark": 9})
    store.sync.deltas([news], {(UPPER, "ordinary"): 9})
    desk.office.records.delete("resident", person, "重复登记", seen=seen)
    assert store.outbox.of([person])[person][-1].bases["@deleted"] == 5


def test_speed_and_time_left_are_those_of_the_last_seconds():
    now = [0.0]
    speed = Speed(lambda: now[0])
    speed.begin()
    assert speed.words() == ("0 B", "")
    for second in range(1, 6):
        now[0] = float(second)
        speed.feed(Told(second * 10, 0, second * 1024, 10 * 1024))
    figure, note = speed.words()
    assert figure == "5.0 KB / 约 15.0 KB"
    assert "每秒 1.0 KB" in note
    assert "约还需 10 秒" in note
    # Nothing comes any more: the figure sinks before the clerk's eyes.
    now[0] = 30.0
    assert speed.rate() < 200

"""The card of the sync page for people registered twice and for changes that have waited for a month."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.schema.record import Receipt
from app.store.patience import PATIENCE_MS
from ui.pages.sync import SyncPage
from ui.pieces.buttons import Button

NUMBER = "440524188001010014"


@pytest.fixture
def page(qtbot, desk):
    made = SyncPage(desk.office, desk.jobs, lambda: None, desk.worker)
    qtbot.addWidget(made)
    made.resize(1190, 720)
    with qtbot.waitActive(made):
        made.show()
    return made


def opened(page, desk):
    page.opened({})
    desk.settle()
    return page.doubts_card


def press(qtbot, desk, card, text):
    button = next(b for b in card.findChildren(Button) if b.words() == text)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    desk.settle()


def told(card):
    return " ".join(label.text() for label in card.findChildren(QLabel))


def test_the_card_is_not_there_while_there_is_nothing_to_decide(page, desk):
    assert opened(page, desk).isHidden()


def test_two_registrations_are_looked_at_and_made_one(qtbot, page, desk):
    first = desk.make("resident", name="张文贵", id_number=NUMBER)
    second = desk.came("resident", name="张文桂", id_number=NUMBER, phone="13900001111")
    card = opened(page, desk)
    assert not card.isHidden()
    assert NUMBER not in told(card)
    assert "张文贵（上寨村）、张文桂（上寨村）" in told(card)
    went = []
    page.go.connect(lambda name, args: went.append((name, args["id"])))
    press(qtbot, desk, card, "看后一条")
    assert went == [("person", second)]
    press(qtbot, desk, card, "合并到前一条")
    assert card.isHidden()
    assert desk.get("resident", first)["phone"] == "13900001111"
    assert desk.office.store.get("resident", second).deleted


def test_a_clerk_sends_on_or_takes_back_what_waited_for_a_month(qtbot, page, desk):
    home = desk.make("household", head_name="张文贵")
    person = desk.make("resident", name="张小小", household=home)
    store = desk.office.store
    counter = next(change.counter for change in store.outbox.all() if change.id == person)

    def waits():
        store.sync.receipts(0, [Receipt(counter, "waiting", code="sync.parent_missing")])
        with store.transaction():
            store.conn.execute("UPDATE waiting SET since = ?", (store.now_ms() - PATIENCE_MS,))

    waits()
    card = opened(page, desk)
    assert "已等 30 天" in told(card)
    press(qtbot, desk, card, "接着等")
    assert card.isHidden()
    waits()
    press(qtbot, desk, opened(page, desk), "撤回")
    assert card.isHidden()
    assert [item.code for item in store.sync.attention()] == ["sync.withdrawn"]
    assert store.get("resident", person).values["name"] == "张小小"

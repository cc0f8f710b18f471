"""The USB way of the sync page: by keyboard, by a worker process, with a real county at the other end."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.schema.loading import load_forms
from app.store.agreement import Area as StoreArea
from sync.county import bundles, enrolment, office
from sync.wire import Area, enrol_text
from tests.ui.offices import LOWER, TOWN, UPPER
from ui.pages.sync import SyncPage


@pytest.fixture
def county(tmp_path):
    made = office.init(tmp_path / "county.db", load_forms(), "990001")
    office.add_areas(
        made,
        [
            Area(TOWN, "云岭镇", "township"),
            Area(UPPER, "上寨村", "village", TOWN),
            Area(LOWER, "下寨村", "village", TOWN),
        ],
    )
    yield made
    made.close()


@pytest.fixture
def enrolled(desk, county):
    """The desk belongs to the county, as if it had been enrolled over the network."""
    key = Ed25519PrivateKey.generate()
    code = office.issue_code(county, [TOWN])
    said = enrolment.enrol(county, code, key.public_key().public_bytes_raw(), key.sign(enrol_text(code)), "lin", "pw")
    sync = desk.office.store.sync
    sync.enrolled(
        device=said.device,
        county=said.county,
        url="http://127.0.0.1:1",
        token=said.token,
        epoch=said.epoch,
        areas=[StoreArea(area.code, area.name, area.level, area.parent) for area in said.areas],
        streams=set(said.streams),
    )
    sync.learn_county_keys(said.recipient, said.verify)
    with desk.office.store.transaction():
        desk.office.store.meta.set("signing_key", key.private_bytes_raw().hex())
    return desk


@pytest.fixture
def page(qtbot, enrolled):
    made = SyncPage(enrolled.office, enrolled.jobs, lambda: None, enrolled.worker)
    qtbot.addWidget(made)
    made.resize(1190, 720)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.opened({})
    enrolled.settle()
    return made


def press(qtbot, button, card):
    """What a person without a mouse does: the focus on it, then the space bar; until the worker is done."""
    button.setFocus()
    assert button.hasFocus()
    with qtbot.waitSignal(card.changed, timeout=60_000):
        qtbot.keyClick(button, Qt.Key.Key_Space)


def test_a_clerk_writes_a_stick_and_reads_the_answer_by_keyboard(qtbot, enrolled, page, county, tmp_path, monkeypatch):
    person = enrolled.make("resident", name="张文贵")
    card = page.stick_card
    card.load()
    enrolled.settle()
    assert "1 条" in card.holds.text()
    stick = tmp_path / "U盘"
    stick.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(stick))
    press(qtbot, card.write_button, card)
    enrolled.settle()
    (written,) = stick.iterdir()
    assert written.name in card.told.text()
    assert "还没读到答复" in card.went.text()
    assert enrolled.office.store.sync.waiting().total == 1
    answer = stick / "乡治通-答复.xzt"
    answer.write_bytes(bundles.take(county, written.read_bytes()).answer)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(answer), ""))
    press(qtbot, card.read_button, card)
    enrolled.settle()
    assert "已收到 1 条" in card.told.text()
    assert "读入" in card.went.text()
    assert enrolled.office.store.sync.waiting().total == 0
    assert enrolled.office.store.sync.agreed().now
    assert enrolled.get("resident", person)["name"] == "张文贵"
    assert [page.table.model.record(row)["road"] for row in (0, 1)] == ["U 盘", "U 盘"]


def test_photos_that_wait_are_said_not_to_go_by_stick(qtbot, enrolled, page):
    card = page.stick_card
    assert "照片" not in card.holds.text()
    kept = enrolled.office.store.files.keep([b"x" * 5000])
    small = enrolled.office.store.files.keep([b"x" * 50], small=True)
    event = enrolled.make("event", title="路灯坏了", urgency="normal")
    enrolled.make(
        "cases_attachment",
        owner_form="event",
        owner=event,
        sha256=kept.sha256,
        size=5000,
        thumb=small.sha256,
        thumb_size=50,
    )
    card.load()
    enrolled.settle()
    assert "1 个在等" in card.holds.text()
    assert "不走 U 盘" in card.holds.text()
    qtbot.waitUntil(lambda: card.holds.height() >= card.holds.heightForWidth(card.holds.width()))


def test_after_a_restore_the_stick_waits_for_one_exchange_and_says_so(enrolled, page):
    store = enrolled.office.store
    store.sync.begin_recovery(2, b"12345678", 0)
    card = page.stick_card
    card.load()
    enrolled.settle()
    assert not card.write_button.isEnabled()
    assert "先联网同步一次" in card.write_button.toolTip()


def test_a_wrong_file_is_told_in_a_sentence_and_nothing_changes(qtbot, enrolled, page, tmp_path):
    enrolled.make("resident", name="张文贵")
    photo = tmp_path / "照片.xzt"
    photo.write_bytes(b"\xff\xd8\xff\xe0")
    card = page.stick_card
    with qtbot.waitSignal(card.changed, timeout=60_000):
        card.read(photo)
        assert not card.write_button.isEnabled()
    enrolled.settle()
    assert "没有使用" in card.told.text()
    assert "都在" in card.told.text()
    assert card.write_button.isEnabled()
    assert enrolled.office.store.sync.waiting().total == 1


def test_a_dialog_that_is_left_begins_nothing(qtbot, enrolled, page, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: ("", ""))
    for button in (page.stick_card.write_button, page.stick_card.read_button):
        button.click()
    assert not page.stick_card.running()


def test_a_desk_that_does_not_know_its_county_says_why_it_can_not(qtbot, desk):
    page = SyncPage(desk.office, desk.jobs, lambda: None, desk.worker)
    qtbot.addWidget(page)
    page.opened({})
    desk.settle()
    assert not page.stick_card.write_button.isEnabled()
    assert "登记" in page.stick_card.write_button.toolTip()

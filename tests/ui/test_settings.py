"""Settings: the look changes at once, a PIN and a new password really log in, the audit only for who may read it."""

from __future__ import annotations

import pytest
from keyring.errors import NoKeyringError
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.errors import KnownError
from app.services.office import unlock
from app.store.keys import Cost
from tests.ui.offices import Desk
from ui import theme
from ui.pages import later
from ui.pages.settings import SettingsPage
from ui.window import Window

COST = Cost(1024, 1, 1)


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service, name):
        return self.held.get((service, name))

    def set_password(self, service, name, secret):
        self.held[service, name] = secret

    def delete_password(self, service, name):
        del self.held[service, name]


class NoRing(Ring):
    def set_password(self, service, name, secret):
        raise NoKeyringError


def opened(desk: Desk, ring: Ring) -> SettingsPage:
    page = SettingsPage(desk.office, desk.jobs, ring=ring, cost=COST)
    desk.qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show()
    page.opened({})
    desk.settle()
    return page


def fill(desk: Desk, page: SettingsPage, *secrets: str) -> None:
    for field, secret in zip(page.dialog.fields, secrets, strict=True):
        field.setText(secret)
    page.dialog.act.click()
    desk.settle()


def test_a_pin_logs_in_beside_the_password(desk):
    ring = Ring()
    page = opened(desk, ring)
    page._ask_pin()
    fill(desk, page, "pw", "2468")
    desk.settle()
    assert unlock(desk.home, "lin", "2468", ring=ring, cost=COST)[1] == desk.key
    assert unlock(desk.home, "lin", "pw", cost=COST)[1] == desk.key
    assert "已设快捷码" in page.pin_text.text()
    page.pin_away.click()
    desk.settle()
    with pytest.raises(KnownError):
        unlock(desk.home, "lin", "2468", ring=ring, cost=COST)


def test_a_wrong_password_sets_no_pin_and_the_question_stays_open(desk):
    ring = Ring()
    page = opened(desk, ring)
    page._ask_pin()
    fill(desk, page, "wrong", "2468")
    assert page.dialog.isVisible()
    assert "密码不对" in page.dialog.said.text()
    assert ring.held == {}


def test_a_computer_without_keyring_says_so(desk):
    page = opened(desk, NoRing())
    assert "没有可用的系统密钥库" in page.pin_text.text()
    assert not page.pin_button.isVisibleTo(page)


def test_the_password_is_changed_only_with_the_old_one_and_twice_the_same(desk):
    page = opened(desk, Ring())
    page._ask_password()
    fill(desk, page, "pw", "new-password", "other-password")
    assert "不一样" in page.dialog.said.text()
    fill(desk, page, "pw", "new-password", "new-password")
    assert unlock(desk.home, "lin", "new-password", cost=COST)[1] == desk.key
    with pytest.raises(KnownError):
        unlock(desk.home, "lin", "pw", cost=COST)


def test_a_password_that_is_being_changed_is_changed_once_and_said_though_somebody_presses_escape(qtbot, desk):
    page = opened(desk, Ring())
    said = []
    page.said.connect(lambda text, _undo: said.append(text))
    page._ask_password()
    dialog, run, given = page.dialog, page.dialog.given, []
    dialog.given = lambda secrets: (given.append(len(secrets)), run(secrets))
    for field, text in zip(dialog.fields, ("pw", "new-password", "new-password"), strict=True):
        field.setText(text)
    qtbot.keyClick(dialog.fields[-1], Qt.Key.Key_Return)
    qtbot.keyClick(dialog.fields[-1], Qt.Key.Key_Return)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    desk.settle()
    assert said == ["密码改好了，下次登录用新密码"]
    assert given == [3]


def test_the_audit_shows_to_the_auditor_alone(open_desk):
    desk = open_desk("auditor")
    page = opened(desk, Ring())
    desk.settle()
    assert page.audit.model.total() >= 1
    assert page.audit.model.row(0)["action"] == "看日志"


def test_nobody_else_sees_an_audit(desk):
    assert not hasattr(opened(desk, Ring()), "audit")


def test_large_type_is_put_in_force_at_once(desk, qapp):
    window = Window(qapp)
    desk.qtbot.addWidget(window)
    window.add_page("settings", lambda: SettingsPage(desk.office, desk.jobs, ring=Ring(), cost=COST))
    window.go("settings")
    desk.settle()
    page = window.current_page()
    try:
        page.sizes.pick("large")
        assert theme.current().large
    finally:
        theme.apply(qapp)


@pytest.mark.parametrize("make", [later.duty])
def test_a_room_that_comes_later_says_what_to_use_meanwhile(qapp, qtbot, make):
    page = make()
    qtbot.addWidget(page)
    gone = []
    page.go.connect(lambda name, _args: gone.append(name))
    for button in page.findChildren(type(page.back_button).__mro__[1]):
        if button.words():
            button.click()
    assert len(gone) == 2


def test_the_unit_is_filled_in_and_shown_at_once(open_desk):
    desk = open_desk("registrar")
    with desk.office.store.transaction():
        account = {**desk.office.store.meta.get("accounts")["lin"], "unit": ""}
        desk.office.store.meta.set("accounts", {"lin": account})
    page = opened(desk, Ring())
    page.unit.setText("石板乡综治中心")
    page.unit_button.click()
    desk.settle()
    desk.settle()
    assert desk.office.session.unit == "石板乡综治中心"
    shown = [label.text() for label in page.about.findChildren(QLabel)]
    assert "林小禾（石板乡综治中心）" in shown


def test_a_unit_from_the_county_is_shown_and_not_changed(desk):
    with desk.office.store.transaction():
        account = {**desk.office.store.meta.get("accounts")["lin"], "unit": "派出所"}
        desk.office.store.meta.set("accounts", {"lin": account})
    page = opened(desk, Ring())
    assert not page.unit.isVisibleTo(page)
    assert "由县中心定" in page.unit_text.text()

"""Who may sit down at a desk: the right user with the right password, or a worker who brings the key."""

from __future__ import annotations

import pytest

from app.errors import KnownError
from app.services.office import make_office, office_with_key, open_office, unlock
from app.store.keys import KeySlots
from app.store.store import new_key
from tests.services.conftest import CHEAP, UPPER

ACCOUNT = {"name": "林小禾", "roles": ["registrar"], "areas": [UPPER], "unit": "村委会"}


@pytest.fixture
def home(tmp_path, forms, clock):
    key = new_key()
    office = make_office(tmp_path / "home", key, "lin", "密码一", ACCOUNT, forms=forms, now=clock, cost=CHEAP)
    office.records.save("resident", {"name": "张三"})
    office.close()
    return tmp_path / "home", key


def open_again(home, user, password, forms, clock):
    return open_office(home, user, password, forms=forms, now=clock, cost=CHEAP)


@pytest.mark.parametrize("user", ["lin", None])
def test_the_right_password_opens_what_was_saved(home, forms, clock, user):
    office = open_again(home[0], user, "密码一", forms, clock)
    session = office.session
    assert (session.user, session.name, session.roles, session.area, session.unit) == (
        "lin", "林小禾", ("registrar",), UPPER, "村委会",
    )  # fmt: skip
    assert office.store.count("resident") == 1
    office.close()


@pytest.mark.parametrize(
    ("user", "password", "code"),
    [("lin", "密码二", "wrong_password"), ("wang", "密码一", "unknown_user"), (None, "", "wrong_password")],
)
def test_a_wrong_user_or_password_opens_nothing(home, forms, clock, user, password, code):
    with pytest.raises(KnownError) as told:
        open_again(home[0], user, password, forms, clock)
    assert told.value.code == f"accounts.{code}"
    assert str(told.value).endswith("。")


def test_after_several_wrong_passwords_even_the_right_one_waits(home, forms, clock):
    for _ in range(4):
        with pytest.raises(KnownError):
            open_again(home[0], "lin", "密码二", forms, clock)
    with pytest.raises(KnownError) as told:
        open_again(home[0], "lin", "密码一", forms, clock)
    assert told.value.code == "accounts.wait"
    clock.hours(1)
    open_again(home[0], "lin", "密码一", forms, clock).close()


def test_where_there_is_no_store_that_is_said(tmp_path, forms, clock):
    with pytest.raises(KnownError) as told:
        open_again(tmp_path / "nowhere", None, "x", forms, clock)
    assert told.value.code == "store.missing"


def test_with_two_users_one_must_be_named(home, forms, clock):
    folder, key = home
    KeySlots(folder, cost=CHEAP, now=clock).add_password("wang", "密码三", key)
    with pytest.raises(KnownError) as told:
        open_again(folder, None, "密码一", forms, clock)
    assert told.value.code == "accounts.need_user"
    assert unlock(folder, "wang", "密码三", now=clock) == ("wang", key)


def test_a_user_whom_the_county_no_longer_knows_does_not_get_in(home, forms, clock):
    folder, key = home
    KeySlots(folder, cost=CHEAP, now=clock).add_password("wang", "密码三", key)
    with pytest.raises(KnownError) as told:
        open_again(folder, "wang", "密码三", forms, clock)
    assert told.value.code == "accounts.unknown_user"


def test_a_worker_opens_with_the_key_alone_beside_the_window(home, forms, clock):
    folder, key = home
    window = open_again(folder, "lin", "密码一", forms, clock)
    worker = office_with_key(folder, "lin", key, forms=forms, now=clock)
    worker.records.save("resident", {"name": "李四"})
    assert window.store.count("resident") == 2
    worker.close()
    window.close()


def test_a_wrong_key_opens_nothing(home, forms, clock):
    with pytest.raises(KnownError):
        office_with_key(home[0], "lin", new_key(), forms=forms, now=clock)


def test_a_store_is_never_made_over_another(home, forms, clock):
    with pytest.raises(KnownError) as told:
        make_office(home[0], new_key(), "wang", "x", ACCOUNT, forms=forms, now=clock, cost=CHEAP)
    assert told.value.code == "store.exists"
    open_again(home[0], "lin", "密码一", forms, clock).close()


def test_a_unit_that_a_user_fills_in_stands_in_his_steps_and_after_the_next_login(tmp_path, forms, clock):
    home, key = tmp_path / "home", new_key()
    account = {**ACCOUNT, "unit": ""}
    office = make_office(home, key, "lin", "密码一", account, forms=forms, now=clock, cost=CHEAP)
    assert office.names_unit()
    office.name_unit("  上寨村 村委会 ")
    assert (office.session.unit, office.gate.session.unit) == ("上寨村 村委会", "上寨村 村委会")
    assert office.store.audit.lines(1)[0].action == "unit"
    outcome = office.cases.report({"title": "路灯坏了"}, area=UPPER)
    assert outcome.ok, outcome.faults
    assert office.cases.case(outcome.record.id).steps[0].unit == "上寨村 村委会"
    with pytest.raises(KnownError, match="60"):
        office.name_unit("长" * 61)
    office.close()
    office = office_with_key(home, "lin", key, forms=forms, now=clock)
    assert office.session.unit == "上寨村 村委会"
    office.close()


def test_nobody_gets_at_the_cases_of_a_unit_by_saying_that_he_is_of_it(tmp_path, forms, clock):
    home, key = tmp_path / "home", new_key()
    account = {**ACCOUNT, "unit": "", "unit_said": "派出所"}
    office = make_office(home, key, "lin", "密码一", account, forms=forms, now=clock, cost=CHEAP)
    assert office.session.unit == "派出所"
    office.store.sync.set_rights("lin", ["lead_handler"], [UPPER])
    # Also before the next login: what he may do then must not come from what he says now.
    with pytest.raises(KnownError, match="县中心"):
        office.name_unit("水利站")
    office.close()
    office = office_with_key(home, "lin", key, forms=forms, now=clock)
    assert office.session.unit == ""
    with pytest.raises(KnownError, match="县中心"):
        office.name_unit("水利站")
    assert office.session.unit == ""
    office.close()


def test_a_unit_that_was_given_is_not_changed_at_the_desk(home, forms, clock):
    office = open_again(home[0], "lin", "密码一", forms, clock)
    with pytest.raises(KnownError, match="县中心"):
        office.name_unit("派出所")
    assert office.session.unit == "村委会"
    office.close()

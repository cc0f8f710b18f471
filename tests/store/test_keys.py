"""Key slots: who may open the store, and how long a guesser waits."""

from __future__ import annotations

import keyring.backends.fail
import keyring.backends.null
import pytest

from app.errors import KnownError
from app.store.keys import Cost, KeySlots
from app.store.store import new_key

QUICK = Cost(memory=1024, passes=1, lanes=1)


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


class Ring:
    """A keyring that keeps what it is given."""

    def __init__(self):
        self.held = {}

    def get_password(self, service, name):
        return self.held.get((service, name))

    def set_password(self, service, name, secret):
        self.held[service, name] = secret

    def delete_password(self, service, name):
        del self.held[service, name]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def slots(tmp_path, clock):
    return KeySlots(tmp_path, cost=QUICK, now=clock)


def test_each_user_opens_the_same_store_with_his_own_password(slots):
    key = new_key()
    slots.add_password("林小禾", "云岭2026!a", key)
    slots.add_password("杨守义", "调解2026!b", key)
    assert slots.open("林小禾", "云岭2026!a") == slots.open("杨守义", "调解2026!b") == key
    assert slots.users() == ["林小禾", "杨守义"]


def test_the_real_cost_opens_too(tmp_path):
    slots = KeySlots(tmp_path)
    key = new_key()
    slots.add_password("lin", "p", key)
    assert slots.open("lin", "p") == key


def test_a_wrong_password_is_told_and_from_the_fourth_on_the_wait_grows(slots, clock):
    slots.add_password("lin", "right", new_key())
    for _ in range(3):
        with pytest.raises(KnownError) as bad:
            slots.open("lin", "wrong")
        assert bad.value.code == "accounts.wrong_password"
    waits = []
    for _ in range(4):
        with pytest.raises(KnownError) as bad:
            slots.open("lin", "wrong")
        waits.append(bad.value.params["seconds"])
        with pytest.raises(KnownError) as early:
            slots.open("lin", "right")
        assert early.value.code == "accounts.wait"
        clock.now += waits[-1]
    assert waits == [2, 4, 8, 16]
    assert slots.open("lin", "right")
    assert slots.wait_left("lin") == 0


def test_a_clock_set_back_locks_nobody_out_for_longer_than_a_quarter_hour(slots, clock):
    slots.add_password("lin", "right", new_key())
    for _ in range(3):
        with pytest.raises(KnownError):
            slots.open("lin", "wrong")
    with pytest.raises(KnownError):
        slots.open("lin", "wrong")
    clock.now -= 10_000_000
    assert slots.wait_left("lin") <= 900


def test_the_keyring_slot_needs_the_ring_and_the_pin(slots):
    key, ring = new_key(), Ring()
    slots.add_password("lin", "long password", key)
    slots.add_keyring("lin", "246810", key, ring)
    assert slots.open("lin", "246810", ring=ring) == key
    assert slots.open("lin", "long password") == key
    with pytest.raises(KnownError):
        slots.open("lin", "246810")
    with pytest.raises(KnownError):
        slots.open("lin", "246810", ring=Ring())
    with pytest.raises(KnownError):
        slots.open("lin", "000000", ring=ring)


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring(), keyring.backends.null.Keyring()])
def test_a_keyring_that_keeps_nothing_is_never_accepted(slots, backend):
    with pytest.raises(KnownError) as bad:
        slots.add_keyring("lin", "246810", new_key(), backend)
    assert "密码登录" in str(bad.value)
    assert slots.users() == []


def test_a_slot_file_holds_no_key_and_no_password(slots, tmp_path):
    key = new_key()
    slots.add_password("lin", "right", key)
    held = (tmp_path / "keys.json").read_bytes()
    assert key not in held
    assert key.hex().encode() not in held
    assert b"right" not in held

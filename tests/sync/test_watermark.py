"""A county that was set back while it was stopped notices as it starts, whether or not a device comes that knows more."""

from __future__ import annotations

import json

import pytest

from sync.county.file_room import FOLDER, KEY_FILE
from sync.county.watermark import Watermark
from tests.sync.conftest import Running
from tests.sync.test_county_restored import both, copied, epoch, put_back
from tests.sync.test_exchange import person


@pytest.fixture
def running(database, forms, tmp_path):
    made = Running(database, forms)
    made.county.keep_files(tmp_path / FOLDER, tmp_path / KEY_FILE)
    return made


def again(running, *desks):
    """Serve once more; the devices find it where it is now."""
    serving = running.serving()
    serving.__enter__()
    for desk in desks:
        desk.store.sync.moved(running.url)
    return serving


def stop(serving):
    serving.__exit__(None, None, None)


def test_two_restores_of_one_epoch_that_no_device_noticed_in_between_are_two_pasts(running, new_store):
    serving = again(running)
    a, b = running.device(new_store(), "张干事"), running.device(new_store(), "李干事")
    (made,) = a.save(person(name="零")).ids
    both((a, b))
    backup = copied(running)
    a.save(person(remark="先有别的"), person(made, name="第一次之前"))
    assert a.sync().ok
    stop(serving)
    put_back(running, backup)
    serving = again(running, a, b)
    assert epoch(running) == 2
    # a stays away, so that only b works in what came after; then the county is set back once more.
    b.save(person(made, name="第二次之前"))
    assert b.sync().ok
    stop(serving)
    put_back(running, backup)
    serving = again(running, a, b)
    assert epoch(running) == 3
    both((a, b))
    for desk in (a, b):
        (conflict,) = desk.store.select("conflict")
        words = {json.loads(conflict.values[part]) for part in ("mine", "theirs")}
        assert words == {"第一次之前", "第二次之前"}
    stop(serving)


def test_a_county_that_lost_nothing_goes_on_in_its_epoch(running, new_store):
    serving = again(running)
    a = running.device(new_store())
    a.save(person())
    both((a,))
    stop(serving)
    serving = again(running, a)
    assert epoch(running) == 1
    assert a.sync().in_agreement
    stop(serving)


def test_what_is_no_mark_is_none(running, tmp_path):
    mark = Watermark(running.county)
    mark.write()
    (file,) = (tmp_path / FOLDER).glob("*.standing")
    for text in ("", "{}", "[1]", "[1, 2, 3]", '["a", 2, "zz"]'):
        file.write_text(text)
        assert mark.begin() is False
    assert epoch(running) == 1
    running.county.close()

"""A county copied while it serves and set back: its devices bring the days between again."""

from __future__ import annotations

import json
import sqlite3

import pytest

from app.errors import KnownError
from sync.county import office
from sync.county.backup import back_up, put_back
from tests.sync.conftest import Running
from tests.sync.test_county_restored import both, epoch
from tests.sync.test_exchange import person


@pytest.fixture
def database(tmp_path):
    """What PostgreSQL has of its own is not tested here."""
    return tmp_path / "county.db"


def test_a_backup_put_back_under_a_running_server_gets_the_days_between_again(county, database, desks, tmp_path, forms):
    a, b = desks
    (made,) = a.save(person(remark="备份前")).ids
    both(desks)
    size = back_up(database, tmp_path / "copies" / "monday.db")
    assert size == (tmp_path / "copies" / "monday.db").stat().st_size
    a.save(person(made, occupation="木匠"), person(remark="备份后"))
    both(desks)
    begun, kept = put_back(database, tmp_path / "copies" / "monday.db", forms)
    assert (begun, epoch(county)) == (2, 2)
    with sqlite3.connect(kept) as conn:
        assert conn.execute("SELECT count(*) FROM record_resident").fetchone() == (2,)
    both(desks)
    for desk in desks:
        assert {r.values["remark"] for r in desk.store.select("resident")} == {"备份前", "备份后"}
        assert desk.get("resident", made).values["occupation"] == "木匠"
    assert all(row.sound for row in office.digest(county.county))
    # An old copy put back once more begins an epoch that none of the devices has seen.
    assert put_back(database, tmp_path / "copies" / "monday.db", forms)[0] == 3
    both(desks)
    assert b.get("resident", made).values["occupation"] == "木匠"


def test_a_backup_goes_to_a_new_machine(county, database, desks, tmp_path, forms):
    desks[0].save(person(remark="备份前"))
    both(desks)
    back_up(database, tmp_path / "copy.db")
    assert put_back(tmp_path / "elsewhere" / "county.db", tmp_path / "copy.db", forms) == (2, None)
    assert json.dumps(office.devices(county.county)) == json.dumps(
        office.devices(_opened(tmp_path / "elsewhere" / "county.db", forms))
    )


def _opened(path, forms):
    from sync.county.county import County

    return County.open(path, forms)


def test_a_broken_file_or_another_county_changes_nothing(county, database, desks, tmp_path, forms):
    both(desks)
    before = database.read_bytes()
    (tmp_path / "broken.db").write_bytes(b"no database at all, but long enough to be one" * 100)
    with Running(tmp_path / "other.db", forms).serving():
        pass
    for file, code in (
        ("broken.db", "county.backup_wrong"),
        ("none.db", "county.backup_wrong"),
        ("other.db", "county.backup_foreign"),
    ):
        with pytest.raises(KnownError) as refused:
            put_back(database, tmp_path / file, forms)
        assert refused.value.code == code
    assert database.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*before*")] == []


def test_postgresql_is_told_of_in_words(forms, tmp_path):
    for work in (
        lambda: back_up("postgresql://x@/y", tmp_path / "x"),
        lambda: put_back("postgresql://x@/y", tmp_path / "x", forms),
    ):
        with pytest.raises(KnownError) as refused:
            work()
        assert "pg_dump" in str(refused.value)

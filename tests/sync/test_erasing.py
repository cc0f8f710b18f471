"""Who is pseudonymised is so everywhere: at the county, on every device, in history, search and quarrels, and after a restore."""

from __future__ import annotations

import msgpack
import pytest
import sqlalchemy as sa

from app.rules.case_engine import CaseRules
from app.rules.permissions import Permissions
from app.schema.erasing import MARK, bare, pseudonym
from app.services.office import Office
from app.services.past import past
from app.services.session import Session
from app.store.saving import Edit
from sync.client.files import carry
from sync.county import soundness
from sync.county.files import throw_away
from sync.county.tables import META
from tests.services.conftest import ALL
from tests.sync.conftest import TOWNSHIP, VILLAGES
from tests.sync.test_county_restored import both, copied, put_back, tables

V = VILLAGES[0]
NAME, FORMER, NUMBER, PHONE, STREET = "欧阳长顺", "欧阳老六", "11010519491231002X", "13912345678", "上寨三组青石巷九号"
SECRET = (NAME, FORMER, NUMBER, PHONE, STREET, "老支书的弟弟")
PERSON = {
    "name": NAME, "former_name": FORMER, "id_number": NUMBER, "phone": PHONE, "live_address": STREET, "remark": "老支书的弟弟", "sex": "1",
    "birth_date": "1949-12-31", "relation": "0", "presence": "dead", "presence_since": "2025-01-05",
}  # fmt: skip


# The county asks the database nothing here that the other tests do not ask of both.
ONCE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def packed(values):
    return msgpack.packb(values)


def office(desk):
    session = Session(desk.user, desk.user, ALL, (TOWNSHIP,), "单位", desk.store.sync.state.device)
    return Office(desk.store, session, CaseRules.load(), Permissions.load())


@pytest.fixture
def pair(county, new_store):
    made = county.device(new_store(), "张干事", roles=ALL), county.device(new_store(), "李干事", roles=ALL)
    both(made, 1)
    return made


def street(desk):
    """A person named by everything that may name him."""
    s = desk.store
    ids = {
        name: s.new_id()
        for name in ("who", "home", "house", "twin", "move", "tag", "photo", "case", "party", "request")
    }
    desk.save(
        Edit("dwelling", ids["house"], V, {"address": "上寨村九号", "owner": NAME, "owner_id": NUMBER, "owner_phone": PHONE}),
        Edit("household", ids["home"], V, {"head_name": NAME, "dwelling": ids["house"], "number": "H1"}),
        Edit("resident", ids["who"], V, {**PERSON, "household": ids["home"]}),
        Edit("resident", ids["twin"], V, {"name": FORMER, "phone": PHONE}),
        Edit("movement", ids["move"], V, {"date": "2025-01-05", "kind": "death", "name": NAME, "resident": ids["who"], "from_place": STREET}),
        Edit("care_tag", ids["tag"], V, {"resident": ids["who"], "kind": "allowance", "purpose": f"给{NAME}送餐",
             "basis": "duty", "since": "2024-05-01", "review_on": "2024-06-01", "expires_on": "2024-07-01"}),
        Edit("mediation", ids["case"], V, {"title": "宅基地纠纷", "accepted_on": "2024-01-01"}),
        Edit("party", ids["party"], V, {"mediation": ids["case"], "side": "applicant", "name": NAME, "resident": ids["who"]}),
        Edit("data_request", ids["request"], V, {"received_on": "2026-09-01", "name": NAME, "resident": ids["who"], "kind": "delete",
             "asked": f"{NAME}的都删掉", "identity_checked": True}),
    )  # fmt: skip
    desk.save(Edit("resident", ids["who"], V, {"phone": "13900000000"}))
    desk.save(Edit("resident", ids["who"], V, {"phone": PHONE}))
    office(desk).registry.merge(ids["who"], ids["twin"])
    return ids


def quarrelled(pair, ids):
    """Both wrote another name apart: the quarrel holds both."""
    first, second = pair
    both(pair)
    first.save(Edit("resident", ids["who"], V, {"name": NAME + "甲"}))
    second.save(Edit("resident", ids["who"], V, {"name": NAME + "乙"}))
    both(pair)
    office(first).conflicts.resolve(office(first).conflicts.open()[0].id, keep="theirs")
    first.save(Edit("resident", ids["who"], V, {"name": NAME}), Edit("household", ids["home"], V, {"head_name": NAME}))
    both(pair)


def told(desk):
    """Everything that a device's database says, but for what law keeps of a mediation and what its clerk typed."""
    names = [row[0] for row in desk.store.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    skipped = {"record_party", "record_mediation", "search_token", "search_document", "history"}
    rows = [
        repr(desk.store.conn.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names if name not in skipped
    ]
    rows.append(
        repr(desk.store.conn.execute("SELECT * FROM history WHERE form NOT IN ('party', 'mediation')").fetchall())
    )
    rows.append(repr(desk.store.conn.execute("SELECT * FROM search_document WHERE form != 'party'").fetchall()))
    return "".join(rows) + _raw(desk)


def _raw(desk):
    bodies = desk.store.conn.execute("SELECT body FROM history WHERE form NOT IN ('party', 'mediation')").fetchall()
    return "".join(bytes(body).decode("utf-8", "replace") for (body,) in bodies)


def county_says(county):
    skipped = {"record_party", "record_mediation"}
    said = []
    with county.county.database.snapshot() as conn:
        for table in tables(county.county):
            if table.name in skipped:
                continue
            for row in conn.execute(sa.select(table).where(table.c.county == county.county.code)):
                if getattr(row, "form", "") in ("party", "mediation"):
                    continue
                said += [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in row]
    return "\n".join(said)


def leaks(text):
    return [word for word in SECRET if word in text]


def erase(desk, ids):
    return office(desk).leaving.confirm([ids["who"]], "离开满期")


def sound(county):
    with county.county.database.snapshot() as conn:
        return not list(soundness.unsound(conn, county.county.records, list(county.county.forms)))


def test_nothing_says_who_he_was_at_the_county_on_both_devices_in_history_and_search(county, pair):
    first, second = pair
    ids = street(first)
    quarrelled(pair, ids)
    assert leaks(told(second))
    assert leaks(county_says(county))
    assert erase(first, ids) == 1
    both(pair)
    assert leaks(county_says(county)) == []
    for desk in pair:
        assert leaks(told(desk)) == []
        values = desk.get("resident", ids["who"]).values
        assert (values["name"], values["sex"], values["presence"]) == (pseudonym(ids["who"]), "1", "dead")
        assert values["birth_date"] is None
        assert desk.get("household", ids["home"]).values["head_name"] == pseudonym(ids["who"])
        assert desk.get("movement", ids["move"]).values["name"] == pseudonym(ids["who"])
        assert desk.get("care_tag", ids["tag"]).deleted
        assert desk.get("dwelling", ids["house"]).values["owner_id"] is None
        # What the law has the committee keep stays as it was signed (人民调解法第二十九条).
        assert desk.get("party", ids["party"]).values["name"] == NAME
        for text in (NAME, "欧阳", NUMBER[-4:], PHONE):
            assert not [hit for hit in desk.store.find(text) if hit.form != "party"]
    assert sound(county)


def test_an_erasure_that_waits_forgets_nothing_and_one_that_is_refused_is_as_if_it_had_not_been(county, pair):
    first, second = pair
    ids = street(first)
    both(pair)
    assert erase(first, ids) == 1
    assert NUMBER in _raw(first)
    second.save(Edit("resident", ids["who"], V, {"presence": "present", "phone": "13911112222"}))
    assert second.sync().ok
    report = first.sync()
    assert report.refused == 1
    assert [line.code for line in first.store.sync.attention()] == ["sync.changed_since"]
    both(pair)
    for desk in pair:
        values = desk.get("resident", ids["who"]).values
        assert (values["name"], values["id_number"], values["phone"], values["presence"]) == (
            NAME,
            NUMBER,
            "13911112222",
            "present",
        )
        assert values[MARK] is None
        assert NUMBER in _raw(desk)


def test_an_unsent_edit_of_another_device_brings_nobody_back_and_its_words_stay_with_their_writer(county, pair):
    first, second = pair
    ids = street(first)
    both(pair)
    second.save(Edit("resident", ids["who"], V, {"phone": "13911112222", "name": NAME + "丙"}))
    erase(first, ids)
    assert first.sync().ok
    assert second.sync().refused == 1
    both(pair)
    [line] = second.store.sync.attention()
    assert (line.code, line.values["name"]) == ("sync.erased", NAME + "丙")
    assert second.get("resident", ids["who"]).values["name"] == pseudonym(ids["who"])
    assert leaks(county_says(county)) == []
    assert leaks(told(first)) == []


@ONCE
def test_what_says_nothing_of_him_may_still_be_changed_by_who_did_not_know(county, pair):
    first, second = pair
    ids = street(first)
    both(pair)
    second.save(Edit("resident", ids["who"], V, {"relation": "3"}))
    erase(first, ids)
    # The erasure came first: what it left is anybody's to change; it had seen no name.
    assert first.sync().ok
    assert second.sync().refused == 0
    both(pair)
    assert first.get("resident", ids["who"]).values["relation"] == "3"
    assert leaks(county_says(county)) == []


def test_a_new_record_that_names_him_is_bared_as_well(county, pair):
    first, second = pair
    ids = street(first)
    both(pair)
    made = second.store.new_id()
    second.save(
        Edit("movement", made, V, {"date": "2025-02-01", "kind": "correct", "name": NAME, "resident": ids["who"]})
    )
    erase(first, ids)
    assert first.sync().ok
    both(pair)
    assert leaks(county_says(county)) == []
    for desk in pair:
        assert desk.get("movement", made).values["name"] == pseudonym(ids["who"])
        assert leaks(told(desk)) == []


@ONCE
def test_two_who_erase_at_once_agree(county, pair):
    ids = street(pair[0])
    both(pair)
    for desk in pair:
        erase(desk, ids)
    assert pair[0].sync().ok
    pair[1].sync()
    both(pair)
    assert leaks(county_says(county)) == []
    assert pair[1].get("resident", ids["who"]).values["name"] == pseudonym(ids["who"])


@ONCE
def test_who_comes_back_is_written_down_again_by_who_saw_that_he_had_gone(county, pair):
    first, second = pair
    ids = street(first)
    erase(first, ids)
    both(pair)
    second.save(Edit("resident", ids["who"], V, {"name": "欧阳归", "presence": "present"}))
    both(pair)
    # What names him from now on takes nothing away again.
    second.save(
        Edit("movement", None, V, {"date": "2026-02-01", "kind": "return", "name": "欧阳归", "resident": ids["who"]})
    )
    both(pair)
    for desk in pair:
        values = desk.get("resident", ids["who"]).values
        assert (values["name"], values[MARK]) == ("欧阳归", None)
    assert leaks(county_says(county)) == []


def test_a_county_set_back_to_before_the_erasure_does_not_bring_the_name_back(county, pair):
    first, _second = pair
    ids = street(first)
    both(pair)
    backup = copied(county)
    erase(first, ids)
    both(pair)
    put_back(county, backup)
    assert leaks(county_says(county))
    both(pair)
    assert leaks(county_says(county)) == []
    for desk in pair:
        assert leaks(told(desk)) == []
        assert desk.get("resident", ids["who"]).values["name"] == pseudonym(ids["who"])
    assert sound(county)


def test_a_device_that_was_behind_brings_nothing_back_to_a_restored_county(county, pair):
    first, second = pair
    ids = street(first)
    both(pair)
    backup = copied(county)
    second.save(Edit("resident", ids["who"], V, {"remark": "老支书的弟弟，住东头"}))
    both(pair)
    erase(first, ids)
    assert first.sync().ok
    put_back(county, backup)
    # The one who knows comes first, and then the one who knew only the name.
    assert first.sync().ok
    assert second.sync().ok
    both(pair)
    assert leaks(county_says(county)) == []
    assert leaks(told(first)) == []
    assert leaks(told(second)) == []


@ONCE
def test_a_device_that_enrols_later_never_hears_the_name(county, pair, new_store):
    ids = street(pair[0])
    erase(pair[0], ids)
    both(pair)
    late = county.device(new_store(), "王干事", roles=ALL)
    both([late])
    assert leaks(told(late)) == []
    assert late.get("resident", ids["who"]).values["name"] == pseudonym(ids["who"])


@ONCE
def test_the_county_clears_what_an_older_device_did_not_know_of(county, pair):
    first, _second = pair
    ids = street(first)
    both(pair)
    person = first.get("resident", ids["who"])
    values = {**bare(person), MARK: "2026-09-18"}
    for name in ("remark", "live_address"):
        del values[name]
    first.save(Edit("resident", ids["who"], V, values, {MARK: person.rev}))
    both(pair)
    assert leaks(county_says(county)) == []
    assert first.get("resident", ids["who"]).values["remark"] is None
    assert leaks(told(first)) == []


@ONCE
def test_photos_and_scans_of_him_are_thrown_away_at_both_ends(county, pair, tmp_path):
    county.county.keep_files(tmp_path / "files", tmp_path / "files.key")
    first, _second = pair
    ids = street(first)
    both(pair)
    scan = tmp_path / "户口本.pdf"
    scan.write_bytes(b"%PDF-1.4 " + NAME.encode() * 50)
    desk = office(first)
    made, keep = (
        desk.attachments.add(form, owner, path, kind="scan").record
        for form, owner, path in (("resident", ids["who"], scan), ("household", ids["home"], _other(tmp_path)))
    )
    sha, other = made.values["sha256"], keep.values["sha256"]
    both(pair)
    for one in pair:
        assert carry(one.store, one.http).error is None
    room = county.county.files
    assert room.has(sha)
    assert room.has(other)
    erase(first, ids)
    both(pair)
    assert throw_away(county.county) == 1
    assert not room.has(sha)
    assert room.has(other)
    for one in pair:
        assert carry(one.store, one.http).error is None
        assert one.get("registry_attachment", made.id).deleted
        assert one.store.files.many([sha]) == {}
    assert list(first.store.files.many([other])) == [other]
    assert leaks(county_says(county)) == []


def _other(tmp_path):
    path = tmp_path / "户口册.pdf"
    path.write_bytes(b"%PDF-1.4 another")
    return path


@ONCE
def test_his_history_and_quarrels_can_still_be_opened(county, pair):
    first, _second = pair
    ids = street(first)
    quarrelled(pair, ids)
    erase(first, ids)
    both(pair)
    for desk in pair:
        made = office(desk)
        moments = past(desk.store, made.conflicts, made.records.get("resident", ids["who"]))
        assert len(moments) > 2
        assert leaks(repr(moments)) == []
        assert made.conflicts.open() == []


@ONCE
def test_a_change_that_the_journal_brings_back_is_forgotten_again(county, new_store, pair):
    first, _second = pair
    ids = street(first)
    both(pair)
    erase(first, ids)
    both(pair)
    # As after a crash of the disk: the store knows again what the journal has, and hears the old receipts.
    with first.store.transaction():
        first.store.conn.execute(
            "UPDATE history SET body = ? WHERE id = ? AND kind = 'own'", (packed(PERSON), ids["who"])
        )
    first.save(Edit("resident", ids["who"], V, {"relation": "3"}))
    both(pair)
    assert leaks(_raw(first)) == []


@ONCE
def test_the_county_takes_it_only_from_who_may_delete(county, pair, new_store):
    first, _second = pair
    ids = street(first)
    both(pair)
    clerk = county.device(new_store(), "王网格员", roles=("grid_member",))
    both([clerk])
    held = clerk.get("resident", ids["who"])
    clerk.save(Edit("resident", ids["who"], V, {**bare(held), MARK: "2026-09-18"}, {MARK: held.rev}))
    assert clerk.sync().refused == 1
    assert [line.code for line in clerk.store.sync.attention()] == ["sync.not_allowed"]
    both(pair)
    assert first.get("resident", ids["who"]).values["name"] == NAME


@ONCE
def test_a_request_for_deletion_is_carried_out_and_says_so(county, pair):
    first, second = pair
    ids = street(first)
    both(pair)
    done = office(first).leaving.erase_for(ids["request"])
    assert done.values["name"] == pseudonym(ids["who"])
    both(pair)
    values = second.get("data_request", ids["request"]).values
    assert (values["outcome"], values["name"]) == ("done", pseudonym(ids["who"]))
    assert "已去标识" in values["carried_out"]
    assert leaks(county_says(county)) == []


@ONCE
def test_every_table_of_the_county_is_looked_at(county):
    assert {table.name for table in META.sorted_tables} <= {table.name for table in tables(county.county)}

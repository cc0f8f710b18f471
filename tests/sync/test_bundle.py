"""Bundles: the same exchange in a file, in any order with the network, lost, twice, late, torn, forged; nothing lost or doubled."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import subprocess
import time

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.errors import KnownError
from app.store.saving import Edit
from sync import bundle
from sync.county import aside, bundles, office
from sync.county.tables import HISTORY, SECRET
from sync.sealed import Label, new_identity, seal, unseal
from sync.wire import Down, Hello, Up
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES, Running
from tests.sync.test_county_restored import copied, put_back

V = VILLAGES[0]


def person(record_id=None, area=V, **values):
    return Edit("resident", record_id, area, {"name": "张文贵", **values} if record_id is None else values)


@contextlib.contextmanager
def said(code):
    """Refused under *code*, which has a sentence."""
    with pytest.raises(KnownError) as bad:
        yield
    assert bad.value.code == code
    assert str(bad.value) != code


def carry_up(desk):
    """The clerk writes a file, and it is on the stick."""
    made = bundle.write(desk.store)
    bundle.note(desk.store, made, "上报.xzt")
    return made.content


def carry(desk, county):
    """There and back again."""
    return bundle.read(desk.store, bundles.take(county, carry_up(desk)).answer)


def history(county):
    with county.database.snapshot() as conn:
        rows = conn.execute(sa.select(HISTORY).where(HISTORY.c.county == county.code, HISTORY.c.device != "")).all()
    return sorted((row.device, row.counter) for row in rows)


def held(desk):
    """Everything that a device has of its exchange: nothing of it may change when a file is refused."""
    sync = desk.store.sync
    return sync.waiting(), sync.cursors(), sync.digests(), sync.state, [f.content for f in sync.open_frames()]


def refused(desk, content, code):
    before = held(desk)
    with said(code):
        bundle.read(desk.store, content)
    assert held(desk) == before


def test_a_township_without_a_network_exchanges_by_stick(county, desks):
    a, b = desks
    (mine,) = a.save(person(phone="13900000001")).ids
    (theirs,) = b.save(person(remark="独居")).ids
    b.sync()
    got = carry(a, county.county)
    assert (got.up, got.down, got.left.total, got.in_agreement) == (1, 2, 0, True)
    assert a.get("resident", theirs).values["remark"] == "独居"
    assert b.sync().in_agreement
    assert b.get("resident", mine).values["phone"] == "13900000001"


def test_writing_a_file_delivers_nothing(county, desks):
    a, _ = desks
    a.save(person())
    before = a.store.sync.waiting().total
    carry_up(a)
    assert a.store.sync.waiting().total == before == 1
    report = a.sync()
    assert (report.up.count, report.left.total, report.in_agreement) == (1, 0, True)


def test_a_file_brought_in_twice_takes_effect_once(county, desks):
    a, b = desks
    a.save(person()), a.save(person())
    content = carry_up(a)
    first = bundles.take(county.county, content)
    second = bundles.take(county.county, content)
    assert first.changes == second.changes == {"accepted": 2}
    assert len(history(county.county)) == 2
    assert bundle.read(a.store, first.answer).up == 2
    again = bundle.read(a.store, second.answer)
    assert (again.up, again.in_agreement) == (0, True)
    assert bundle.read(a.store, first.answer).in_agreement
    assert b.sync().in_agreement


def test_an_answer_that_is_lost_comes_again_with_the_next_one(county, desks):
    a, _ = desks
    a.save(person())
    bundles.take(county.county, carry_up(a))
    a.save(person())
    got = carry(a, county.county)
    assert (got.up, got.left.total, got.in_agreement) == (2, 0, True)
    assert len(history(county.county)) == 2


def test_a_file_that_is_weeks_late_does_no_harm(county, desks):
    a, b = desks
    (made,) = a.save(person(remark="一")).ids
    late = carry_up(a)
    a.sync()
    a.save(person(made, remark="二"))
    a.sync(), b.sync()
    b.save(person(made, remark="三"))
    b.sync(), a.sync()
    before = a.store.sync.cursors()
    answer = bundles.take(county.county, late).answer
    got = bundle.read(a.store, answer)
    assert got.left.total == 0
    assert a.store.sync.cursors() == before
    assert a.get("resident", made).values["remark"] == "三"
    assert a.sync().in_agreement
    assert b.sync().in_agreement


def test_an_old_answer_read_after_newer_ones_moves_nothing_back(county, desks):
    a, b = desks
    b.save(person(remark="旧")), b.sync()
    old = bundles.take(county.county, carry_up(a)).answer
    (later,) = b.save(person(remark="新")).ids
    b.sync()
    assert carry(a, county.county).in_agreement
    bundle.read(a.store, old)
    assert a.get("resident", later).values["remark"] == "新"
    report = a.sync()
    assert (report.in_agreement, report.down.count, report.requests) == (True, 0, 1)


def test_a_frame_given_up_while_its_answer_was_on_the_way_comes_right(county, desks):
    a, b = desks
    (made,) = a.save(person(remark="一")).ids
    content = carry_up(a)
    bundles.take(county.county, content)
    b.sync()
    b.save(person(made, phone="13900000001"))
    b.sync()
    # The answer bears the frame's receipts and what another wrote into its record since; nobody waits for the frame any more.
    answer = bundles.take(county.county, content).answer
    (frame,) = a.store.sync.open_frames()
    a.store.sync.void(frame.number)
    assert bundle.read(a.store, answer).up == 0
    assert a.get("resident", made).values["phone"] == "13900000001"
    report = a.sync()
    assert (report.in_agreement, report.mended) == (True, 0)
    held = a.get("resident", made).values
    assert (held["remark"], held["phone"]) == ("一", "13900000001")
    assert len(history(county.county)) == 2


def test_the_county_answers_again_without_another_file(county, desks):
    a, b = desks
    assert carry(a, county.county).in_agreement
    (made,) = b.save(person()).ids
    b.sync()
    got = bundle.read(a.store, bundles.answer_again(county.county, a.store.sync.state.device).answer)
    assert (got.down, got.in_agreement) == (1, True)
    assert a.get("resident", made)


def test_a_device_that_never_wrote_one_can_not_be_answered(county, desks):
    with said("bundle.none_yet"):
        bundles.answer_again(county.county, desks[0].store.sync.state.device)
    with said("county.device_unknown"):
        bundles.answer_again(county.county, "nobody")


def test_an_answer_for_another_device_or_to_an_older_incarnation_changes_nothing(county, desks):
    a, b = desks
    a.save(person())
    answer = bundles.take(county.county, carry_up(a)).answer
    refused(b, answer, "bundle.not_for_us")
    a.store.sync.new_incarnation()
    refused(a, answer, "bundle.outdated")
    assert a.sync().in_agreement
    assert len(history(county.county)) == 1


def test_an_answer_to_a_file_that_this_disk_never_wrote_changes_nothing(county, desks):
    # A clone of the disk has the same keys and the same incarnation, but not the same frames.
    a, _ = desks
    a.save(person())
    answer = bundles.take(county.county, bundle.write(a.store).content).answer
    refused(a, answer, "bundle.outdated")


def test_an_answer_that_begins_beyond_the_cursor_is_refused(county, desks):
    a, b = desks
    a.sync()
    content = carry_up(a)
    b.save(person()), b.sync()
    answer = bundles.take(county.county, content).answer
    with a.store.transaction():
        a.store.conn.execute("UPDATE cursor SET rev = rev - 1")
    refused(a, answer, "sync.gap")
    assert a.sync().in_agreement


def test_a_torn_or_changed_file_is_refused_whole_at_both_ends(county, desks):
    a, _ = desks
    for number in range(3):
        a.save(person(remark=f"第{number}个"))
    content = carry_up(a)
    answer = bundles.take(county.county, content).answer
    for name, bad in damaged(content).items():
        with pytest.raises(KnownError) as why:
            bundles.take(county.county, bad)
        assert why.value.code in {"bundle.torn", "bundle.not_a_bundle", "bundle.not_for_us"}, name
    for bad in damaged(answer).values():
        before = held(a)
        with pytest.raises(KnownError) as why:
            bundle.read(a.store, bad)
        assert why.value.code in {"bundle.torn", "bundle.not_a_bundle", "bundle.not_for_us"}
        assert held(a) == before
    assert bundle.read(a.store, answer).up == 3


def damaged(content):
    middle = len(content) // 2
    return {
        "half": content[:middle],
        "tail": content[:-1],
        "head": content[:40],
        "flipped": content[:-30] + bytes([content[-30] ^ 1]) + content[-29:],
        "longer": content + b"x",
        "empty": b"",
        "page": b"<html>please log in</html>",
    }


def test_a_file_for_another_county_is_not_opened(county, desks, new_store, forms, tmp_path):
    a, _ = desks
    a.save(person())
    content = carry_up(a)
    with Running(tmp_path / "other.db", forms).serving() as other:
        with said("bundle.not_for_us"):
            bundles.take(other.county, content)
        stranger = other.device(new_store(), areas=(OTHER,))
        stranger.save(person(area=OTHER))
        foreign = bundles.take(other.county, carry_up(stranger)).answer
    refused(a, foreign, "bundle.not_for_us")


def test_what_nobody_known_has_signed_is_not_used(county, desks):
    a, b = desks
    a.save(person())
    content = carry_up(a)
    opened = unseal(content, county.county.keys.identity)
    messages = list(opened.messages())
    stranger = Ed25519PrivateKey.generate().private_bytes_raw()
    for key in (stranger, b.store.sync.signing_key):
        with said("bundle.forged"):
            bundles.take(county.county, seal(opened.label, messages, key, county.county.keys.recipient))
    answer = unseal(bundles.take(county.county, content).answer, a.store.sync.identity(str))
    made = seal(answer.label, answer.messages(), stranger, opened.label.recipient)
    refused(a, made, "bundle.forged")
    # The keys may have changed at the county: the next exchange asks for them, over a secured link.
    assert a.store.sync.wants_county_keys
    assert a.sync().in_agreement
    assert not a.store.sync.wants_county_keys


def test_a_device_can_not_write_in_the_name_of_another(county, desks):
    a, b = desks
    a.save(person())
    opened = unseal(carry_up(a), county.county.keys.identity)
    label = dataclasses.replace(opened.label, device=b.store.sync.state.device)
    messages = list(opened.messages())
    with said("bundle.forged"):
        bundles.take(county.county, seal(label, messages, b.store.sync.signing_key, county.county.keys.recipient))
    assert history(county.county) == []


def test_ones_own_file_is_known_again(county, desks):
    a, _ = desks
    refused(a, carry_up(a), "bundle.own")


def test_a_device_that_does_not_know_the_county_s_keys_learns_them_with_an_exchange(county, desks):
    a, _ = desks
    a.store.sync.learn_county_keys("", "")
    with said("bundle.no_keys"):
        bundle.write(a.store)
    report = a.sync()
    assert (report.requests, report.in_agreement) == (1, True)
    assert a.store.sync.county_keys == (county.county.keys.recipient, county.county.keys.verify)


def test_keys_that_the_county_made_anew_are_learned_with_the_next_exchange(county, desks):
    a, _ = desks
    carry_up(a)
    with county.county.database.plain() as conn:
        conn.execute(sa.delete(SECRET).where(SECRET.c.county == county.county.code))
    del county.county.keys
    a.save(person())
    content = carry_up(a)
    with said("bundle.not_for_us"):
        bundles.take(county.county, content)
    assert a.sync().in_agreement
    a.save(person())
    assert carry(a, county.county).up == 1


def test_the_county_tells_its_public_keys_to_everybody_and_keeps_them_for_good(county, desks):
    told = desks[0].http.get(f"{county.url}/v1/status").json()
    keys = county.county.keys
    assert (told["recipient"], told["verify"]) == (keys.recipient, keys.verify)
    again = office.init(
        county.county.database.engine.url.render_as_string(hide_password=False), county.forms, county.county.code
    )
    assert again.keys == keys
    again.close()
    assert keys.identity not in str(told)


def test_a_new_scope_comes_by_stick_and_its_records_with_the_next_file(county, desks, new_store):
    b = desks[1]
    c = county.device(new_store(), areas=(V,))
    assert c.sync().in_agreement
    (there,) = b.save(person(area=VILLAGES[1])).ids
    b.sync()
    with county.county.database.plain() as conn:
        conn.execute(
            sa.text("UPDATE device SET areas = :areas WHERE id = :id"),
            {"areas": f'["{TOWNSHIP}"]', "id": c.store.sync.state.device},
        )
    first = carry(c, county.county)
    assert (first.again, first.in_agreement) == (True, False)
    second = carry(c, county.county)
    assert (second.again, second.in_agreement) == (False, True)
    assert c.get("resident", there)


def test_an_old_word_of_the_scope_does_nothing_after_a_newer_one(county, desks, new_store):
    c = county.device(new_store(), areas=(V,))
    assert c.sync().in_agreement
    device = c.store.sync.state.device
    answers = []
    for areas in ([V, VILLAGES[1]], [V, VILLAGES[1], VILLAGES[2]]):
        with county.county.database.plain() as conn:
            values = {"areas": json.dumps(areas), "id": device}
            conn.execute(sa.text("UPDATE device SET areas = :areas WHERE id = :id"), values)
        answers.append(bundles.take(county.county, carry_up(c)).answer)
        time.sleep(0.002)
    assert bundle.read(c.store, answers[1]).again
    refused(c, answers[0], "bundle.outdated")
    assert carry(c, county.county).in_agreement
    assert set(c.store.sync.cursors()["ordinary"]) == set(VILLAGES)
    refused(c, answers[0], "bundle.outdated")


def test_urgent_changes_stand_first_in_the_file(county, desks):
    a, _ = desks
    a.save(*(person() for _ in range(300)), bulk=True)
    a.save(Edit("event", None, V, {"title": "路塌了"}))
    opened = unseal(carry_up(a), county.county.keys.identity)
    hello, first, *_ = opened.messages()
    assert isinstance(hello, Hello)
    assert isinstance(first, Up)
    assert 301 in a.store.sync.open_frames()[0].counters


def test_a_county_that_was_set_back_takes_files_again_after_one_exchange(county, desks):
    a, b = desks
    backup = copied(county)
    (made,) = a.save(person()).ids
    old = bundles.take(county.county, carry_up(a)).answer
    bundle.read(a.store, old)
    put_back(county, backup)
    content = carry_up(a)
    with said("bundle.county_restored"):
        bundles.take(county.county, content)
    report = a.sync()
    assert report.ok
    refused(a, old, "bundle.outdated")
    a.save(person(made, phone="13900000001"))
    assert carry(a, county.county).up == 1
    assert b.sync().in_agreement
    assert b.get("resident", made).values["phone"] == "13900000001"


def test_a_reading_that_was_killed_is_read_again(county, desks):
    a, b = desks
    for number in range(3):
        a.save(person(remark=f"第{number}个"))
    b.save(*(person(remark=f"备注{number * 7919}") for number in range(2000)), bulk=True)
    b.sync()
    answer = bundles.take(county.county, carry_up(a)).answer

    def after(messages):
        left = itertools.count(messages, -1)

        def die(_done):
            if not next(left):
                raise MemoryError

        return die

    for messages in (1, 2, 4):
        with pytest.raises(MemoryError):
            bundle.read(a.store, answer, progress=after(messages))
        assert not a.store.sync.agreed().now
    assert bundle.read(a.store, answer).in_agreement
    report = a.sync()
    assert (report.in_agreement, report.mended, report.down.count) == (True, 0, 0)
    assert len(history(county.county)) == 2003


# -- revoked devices ----------------------------------------------------------------------------------


def test_what_a_revoked_device_had_not_sent_lies_for_a_supervisor(county, desks):
    a, b = desks
    (made,) = a.save(person(remark="最后一条")).ids
    a.save(person(made, phone="13900000001"))
    device = a.store.sync.state.device
    sealed = bundle.seal_unsent(a.store)
    office.revoke(county.county, device, wipe=True)
    for _ in range(2):
        assert bundles.take(county.county, sealed).aside == 2
    assert history(county.county) == []
    waiting = aside.tray(county.county)
    assert [item.change.values.get("remark") for item in waiting] == ["最后一条", None]
    assert set(aside.accept(county.county, [item.key for item in waiting]).values()) == {"accepted"}
    assert aside.tray(county.county) == []
    assert bundles.take(county.county, sealed).aside == 0
    assert b.sync().in_agreement
    assert b.get("resident", made).values["phone"] == "13900000001"
    assert len(history(county.county)) == 2


def test_what_a_supervisor_dropped_stays_out_and_is_kept(county, desks):
    a, b = desks
    a.save(person())
    sealed = bundle.seal_unsent(a.store)
    office.revoke(county.county, a.store.sync.state.device)
    bundles.take(county.county, sealed)
    (item,) = aside.tray(county.county)
    assert aside.drop(county.county, [item.key]) == 1
    assert aside.tray(county.county) == []
    with said("bundle.not_in_tray"):
        aside.accept(county.county, [item.key])
    bundles.take(county.county, sealed)
    assert aside.tray(county.county) == history(county.county) == []
    assert b.sync().down.count == 0


def test_what_was_allowed_by_rights_since_withdrawn_is_a_supervisor_s_to_let_in(county, desks, new_store):
    c = county.device(new_store())
    c.sync()
    with county.county.database.plain() as conn:
        values = {"areas": f'["{V}"]', "id": c.store.sync.state.device}
        conn.execute(sa.text("UPDATE device SET areas = :areas WHERE id = :id"), values)
    assert c.sync().in_agreement
    # It was told long ago, and not a moment before it saved.
    with county.county.database.plain() as conn:
        values = {"past": json.dumps({"areas": {VILLAGES[1]: 1}, "roles": {}}), "id": c.store.sync.state.device}
        conn.execute(sa.text("UPDATE device SET past = :past WHERE id = :id"), values)
    (made,) = c.save(person(area=VILLAGES[1])).ids
    assert c.sync().refused == 1
    (item,) = aside.tray(county.county)
    assert item.code == "sync.doubtful"
    assert aside.accept(county.county, [item.key]) == {item.key: "accepted"}
    assert aside.tray(county.county) == []
    desks[0].sync()
    assert desks[0].get("resident", made)


def test_a_device_that_is_let_in_again_sends_what_lay_aside(county, desks):
    a, b = desks
    (made,) = a.save(person()).ids
    device = a.store.sync.state.device
    office.revoke(county.county, device)
    assert bundles.take(county.county, bundle.seal_unsent(a.store)).aside == 1
    with county.county.database.plain() as conn:
        conn.execute(sa.text("UPDATE device SET state = 'active' WHERE id = :id"), {"id": device})
    report = a.sync()
    assert (report.refused, report.in_agreement) == (0, True)
    assert aside.tray(county.county) == []
    assert b.sync().in_agreement
    assert b.get("resident", made)


def test_a_change_that_waits_for_another_stays_in_the_tray(county, desks):
    a, _ = desks
    (made,) = a.save(person(remark="一")).ids
    a.save(person(made, remark="二"))
    sealed = bundle.seal_unsent(a.store)
    office.revoke(county.county, a.store.sync.state.device)
    bundles.take(county.county, sealed)
    first, second = aside.tray(county.county)
    assert aside.accept(county.county, [second.key]) == {second.key: "waiting"}
    assert [item.key for item in aside.tray(county.county)] == [first.key, second.key]
    assert set(aside.accept(county.county, [first.key, second.key]).values()) == {"accepted"}


def test_a_revoked_device_reads_that_it_is(county, desks):
    a, _ = desks
    a.save(person())
    content = carry_up(a)
    office.revoke(county.county, a.store.sync.state.device)
    refused(a, bundles.take(county.county, content).answer, "sync.revoked")


def test_an_old_word_of_being_out_of_use_does_nothing_to_a_device_that_was_let_in_again(county, desks):
    a, _ = desks
    content = carry_up(a)
    device = a.store.sync.state.device
    office.revoke(county.county, device, wipe=True)
    old = bundles.take(county.county, content).answer
    with county.county.database.plain() as conn:
        conn.execute(sa.text("UPDATE device SET state = 'active' WHERE id = :id"), {"id": device})
    time.sleep(0.002)
    assert a.sync().in_agreement
    refused(a, old, "bundle.outdated")
    assert a.sync().in_agreement


# -- the standard tool ---------------------------------------------------------------------------------


def test_the_standard_age_tool_opens_the_shell_with_the_right_key_and_no_other(county, desks, tmp_path):
    a, _ = desks
    a.save(person())
    up = carry_up(a)
    down = bundles.take(county.county, up).answer
    for content, identity in ((up, county.county.keys.identity), (down, a.store.sync.identity(str))):
        good = age(tmp_path, content, identity)
        assert (good.returncode, good.stdout[:4]) == (0, b"XZTB")
        other = age(tmp_path, content, new_identity()[0])
        assert other.returncode != 0
        assert other.stdout == b""


def test_a_shell_made_by_the_standard_age_tool_is_opened(county, desks, tmp_path):
    a, _ = desks
    a.save(person())
    plain = age(tmp_path, carry_up(a), county.county.keys.identity).stdout
    made = subprocess.run(
        ["age", "-r", county.county.keys.recipient], input=plain, capture_output=True, check=True
    ).stdout
    assert bundles.take(county.county, made).changes == {"accepted": 1}


def age(folder, content, identity):
    key = folder / "key.txt"
    key.write_text(identity + "\n")
    return subprocess.run(["age", "-d", "-i", str(key)], input=content, capture_output=True, check=False)


def test_a_label_says_whose_it_is_only_to_who_can_open_it(county, desks):
    a, _ = desks
    content = carry_up(a)
    state = a.store.sync.state
    for secret in (state.device, state.county, state.incarnation):
        assert secret.encode() not in content
    assert isinstance(unseal(content, county.county.keys.identity).label, Label)


def test_a_large_answer_comes_in_many_frames(county, desks):
    a, b = desks
    b.save(*(person(remark=f"备注{number * 7919}") for number in range(3000)), bulk=True)
    b.sync()
    content = bundles.take(county.county, carry_up(a)).answer
    opened = unseal(content, a.store.sync.identity(str))
    assert sum(isinstance(message, Down) for message in opened.messages()) > 1
    got = bundle.read(a.store, content)
    assert (got.down, got.in_agreement) == (3000, True)

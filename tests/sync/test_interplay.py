"""Where rooms of the sync meet: a file and the network, a restore and work that was under way."""

from __future__ import annotations

import json
import random

from sync.county import bundles
from tests.sync.test_bundle import carry_up
from tests.sync.test_county_restored import both, copied, epoch, put_back
from tests.sync.test_exchange import person


def noise(size):
    chance = random.Random(size)
    return "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(size))


def words(desk, part="mine"):
    """The birth dates that conflict records keep."""
    found = [json.loads(conflict.values[part]) for conflict in desk.store.select("conflict")]
    return {value["birth_date"] for value in found if "birth_date" in value}


def test_a_change_too_large_for_any_frame_does_not_make_a_file_look_like_a_restore(county, desks):
    a, _ = desks
    a.save(person(invented_later=noise(1_600_000)), person(remark="小"))
    assert bundles.take(county.county, carry_up(a)).changes == {"accepted": 1}
    report = a.sync()
    assert (report.error, report.left.total, epoch(county)) == (None, 0, 1)


def test_what_was_saved_on_a_lost_part_of_a_group_overrules_nobody(county, desks, new_store):
    a, b = desks
    c = county.device(new_store(), "王干事")
    (made,) = a.save(person(birth_date="1980-01-01", sex="1")).ids
    both((a, b, c))
    backup = copied(county)
    a.save(person(made, birth_date="1980-01-02"))
    both((a, b))
    b.save(person(made, birth_date="1980-01-03"))
    c.save(person(made, birth_date="1980-01-04"))
    put_back(county, backup)
    # c has not heard of the lost day, nor of the restore: what it saved stands first.
    assert c.sync().ok
    both((b, a, c))
    for desk in (a, b, c):
        stands = desk.get("resident", made).values["birth_date"]
        assert {stands, *words(desk), *words(desk, "theirs")} >= {"1980-01-03", "1980-01-04"}

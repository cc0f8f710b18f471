"""When two registrations look like one person."""

from __future__ import annotations

import pytest

from app.rules.likeness import Person, likeness

NUMBER, OTHER = "990001198203140015", "99000119700707001X"


def person(area="990001101201", dwelling=None, **values):
    return Person({"name": "李长顺", "birth_date": "1982-03-14", **values}, area, dwelling)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ({"id_number": NUMBER}, {"id_number": NUMBER, "name": "李常顺", "birth_date": None}, "number"),
        ({"household": "h"}, {"household": "h"}, "home"),
        ({"dwelling": "d", "household": "h"}, {"dwelling": "d", "household": "k"}, "home"),
        ({"area": "990001101201"}, {"area": "990001101201"}, "village"),
        ({"area": "1", "live_address": "云岭镇上寨村三组12号"}, {"area": "2", "hukou_address": "上寨村三组 12 号"}, "address"),
        ({"area": "1", "id_number": NUMBER}, {"area": "2", "id_number": NUMBER[:-2] + "23"}, "typo"),
        ({"household": "h", "id_number": NUMBER}, {"household": "h", "id_number": OTHER}, "other_number"),
        ({"id_number": NUMBER}, {"id_number": OTHER}, None),
        ({"area": "1", "live_address": "上寨村三组"}, {"area": "2", "live_address": "下寨村三组"}, None),
        ({"area": "1", "live_address": "三组"}, {"area": "2", "live_address": "上寨村三组"}, None),
        ({"name": "李长顺"}, {"name": "李长明"}, None),
        ({"birth_date": None}, {"birth_date": None}, None),
    ],
)  # fmt: skip
def test_two_registrations_look_like_one_person_for_a_reason_or_not_at_all(one, other, why):
    found = likeness(person(**one), person(**other))

    assert (found.code if found else None) == why
    assert likeness(person(**other), person(**one)) == found

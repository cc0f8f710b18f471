"""Long lists of findings are decoded where they are looked at, and lose nothing."""

from __future__ import annotations

import pytest

from ui.pages.import_pieces import Lines, Pieces
from ui.pages.import_read import More


def rows(*numbers):
    return [{"row": number, "code": "x"} for number in numbers]


def test_pieces_are_one_list_in_the_order_in_which_they_were_put():
    first, later = Pieces(lambda item: (item["row"],)), Pieces(lambda item: (item["row"],))
    later.add(rows(3, 4))
    later.add(rows(5))
    first.add(rows(1, 2))
    first.add([])
    first.follow(later)
    assert [item["row"] for item in first] == [1, 2, 3, 4, 5]
    assert [first[at]["row"] for at in range(5)] == [1, 2, 3, 4, 5]
    assert (first[-1]["row"], [item["row"] for item in first[1:4]]) == (5, [2, 3, 4])
    assert first.keys == [(1,), (2,), (3,), (4,), (5,)]
    with pytest.raises(IndexError):
        first[5]
    assert not Pieces()


def test_what_the_answer_has_stands_before_what_was_told_before_it():
    more = More()
    more.take({"absent": [{"id": "c"}]})
    more.take({"absent": [{"id": "d"}], "lines": [{"sheet": "表", "row": 9, "cells": ["甲"]}]})
    more.first({"problems": [], "changed": [], "absent": [{"id": "a"}, {"id": "b"}], "lines": []})
    assert [item["id"] for item in more.absent] == ["a", "b", "c", "d"]
    assert more.lines.get("表", 9) == ["甲"]
    assert Lines().get("表", 9) == []

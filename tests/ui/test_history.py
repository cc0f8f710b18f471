"""The past of a record on its page: who wrote what, and what did not stand."""

from __future__ import annotations

import json

from app.store.saving import Edit
from tests.ui.offices import UPPER
from ui.pages.history import HistoryPage
from ui.pages.history_read import read_history


def quarrel(desk, person: str, field: str, mine: str, theirs: str) -> None:
    """Somebody's *mine* lost against *theirs* and was decided."""
    values = {
        "record_form": "resident",
        "record": person,
        "field": field,
        "label": "居民",
        "mine": json.dumps(mine, ensure_ascii=False),
        "theirs": json.dumps(theirs, ensure_ascii=False),
        "who": "段宏远",
        "other": "林小禾",
        "device": "elsewhere",
        "at": "2026-09-17T16:20:00+08:00",
        "status": "decided",
    }
    desk.office.store.save([Edit("conflict", None, UPPER, values)], "county")


def test_what_did_not_stand_is_in_the_history_with_who_and_when(qtbot, desk):
    person = desk.make("resident", name="张文贵", occupation="木匠")
    desk.office.records.save("resident", {"occupation": "瓦匠"}, record_id=person)
    quarrel(desk, person, "occupation", "石匠", "瓦匠")
    page = HistoryPage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.opened({"form": "resident", "id": person})
    desk.settle()
    steps = [page.timeline.model().data(page.timeline.model().index(row, 0)) for row in range(3)]
    [lost] = [step for step in steps if "没有用上" in step]
    assert "石匠" in lost
    assert "段宏远" in lost
    assert "9月17日 16:20" in lost
    assert {word for word in ("木匠", "瓦匠") if any(word in step for step in steps)} == {"木匠", "瓦匠"}
    assert "其中 1 条没有用上" in page.said_lost.text()


def test_numbers_in_the_history_stay_masked(desk):
    person = desk.make("resident", name="张文贵", phone="19900000001")
    quarrel(desk, person, "phone", "19900000002", "19900000001")
    told = " ".join(step.text for step in read_history(desk.office, "resident", person).steps)
    assert "199****0002" in told
    assert "19900000002" not in told
    assert "19900000001" not in told

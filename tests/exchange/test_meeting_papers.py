"""The papers of a meeting: all that is open by village, what was decided before and now, and a page to sign."""

from __future__ import annotations

import subprocess

import docx
import pytest

from app.errors import Denied
from app.exchange import papers
from app.exchange.documents.blocks import written_texts
from app.schema.loading import load_forms
from tests.services.conftest import LOWER, TOWN, clock, colleague, office, open_office
from tests.services.test_cases import report
from tests.services.test_meetings import decide, meeting

__all__ = ["clock", "office", "open_office"]


@pytest.fixture(scope="session")
def forms():
    return load_forms()


@pytest.fixture
def held(office):
    """A second meeting with two villages on its list, one matter decided of a month ago and one now."""
    lamp, pipe = report(office), report(office, area=LOWER, title="水管漏水")
    first = meeting(office, "2026-09-18")
    office.meetings.prepare(first)
    assert decide(office, first, lamp, "本周修好", owner="电站", due="2026-09-25").ok
    second = meeting(
        office, "2026-10-18", present="杨书记、李主任", decisions="每周五报进展", next_meeting="2026-11-18"
    )
    office.meetings.prepare(second)
    assert decide(office, second, pipe, "换新管", owner="村委会").ok
    return second


def words(office, meeting_id, name):
    return written_texts(papers.sheet(office, "meeting", meeting_id, name).blocks)


def test_the_list_names_what_is_open_by_village_and_what_was_decided_before(office, held):
    said = words(office, held, "meeting_list")
    assert {"上寨村（1 件）", "下寨村（1 件）", "未办结 2 件", "2026-09-18 本周修好", "30"} <= set(said)
    assert said.count("村口路灯不亮") == 2  # among what was decided, and among what is open


def test_the_minutes_say_every_decision_how_many_are_left_and_who_signs(office, held, tmp_path):
    said = words(office, held, "meeting_minutes")
    assert {"换新管", "村委会", "每周五报进展", "下次会议：2026-11-18", "杨书记", "李主任"} <= set(said)
    assert "清单上另有 1 件本次没有议，转入下次会议。" in said
    pdf, word = tmp_path / "m.pdf", tmp_path / "m.docx"
    for out in (pdf, word):
        assert papers.write_paper(office, "meeting", held, "meeting_minutes", out) == ()
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    assert "签到页" in text
    cells = [cell.text for table in docx.Document(word).tables for row in table.rows for cell in row.cells]
    assert "换新管" in cells


def test_who_may_not_make_documents_gets_none(office, held):
    with pytest.raises(Denied):
        papers.sheet(colleague(office, "li", roles=("mediator",), areas=(TOWN,)), "meeting", held, "meeting_list")

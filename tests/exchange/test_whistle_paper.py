"""The ledger of who was called to the spot: a line a unit, from every case, on paper."""

from __future__ import annotations

import pytest

from app.errors import Denied, KnownError
from app.exchange.patron_paper import write_patrons
from app.exchange.whistle_paper import whistle_rows, write_whistles
from tests.exchange.test_case_papers import assigned, forms, text_of
from tests.services.conftest import LOWER, clock, colleague, office, open_office
from tests.services.test_cases import act

__all__ = ["clock", "forms", "office", "open_office"]


@pytest.fixture
def called(office, clock):
    event = assigned(office)
    act(office, event, "acknowledge")
    act(office, event, "whistle", units="派出所、供电所", reason="线断了", place="村口")
    act(office, event, "whistle_arrive", called_unit="派出所", person="小张", opinion="先拉警戒")
    act(office, event, "whistle_evaluate", called_unit="派出所", evaluation="on_time", result="已抢通")
    clock.hours(5)
    return event


def test_each_unit_has_a_line_with_what_a_person_said_or_what_the_times_propose(office, called, tmp_path):
    rows = whistle_rows(office)
    assert [(row[7], row[10], row[-1]) for row in rows] == [
        ("派出所", "小张", "及时"),
        ("供电所", "", "未到（待评价）"),
    ]
    out = tmp_path / "哨.pdf"
    assert write_whistles(office, out)[0] == 2
    said = text_of(out)
    assert all(word in said for word in ("吹哨报到台账", "村口路灯不亮", "线断了", "已抢通"))
    assert whistle_rows(office, area=LOWER) == []


def test_who_may_not_print_writes_no_ledger(office, called, tmp_path):
    stranger = colleague(office, "mo", roles=("mediator",))
    with pytest.raises(Denied):
        write_whistles(stranger, tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.parametrize("write", [write_whistles, write_patrons])
def test_who_stops_while_it_is_laid_out_finds_no_file(office, called, tmp_path, write):
    def stop(_done, _total):
        raise KnownError("import.export_stopped")

    with pytest.raises(KnownError, match="没有留下文件"):
        write(office, tmp_path / "x.pdf", tick=stop)
    assert list(tmp_path.glob("*x.pdf*")) == []

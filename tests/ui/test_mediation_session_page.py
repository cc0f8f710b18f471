"""A mediation session: typed sentence by sentence, kept every second, restored after a crash."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import Qt

from app.exchange.official import gather
from app.schema.dates import CHINA
from tests.ui.conftest import commit
from tests.ui.offices import UPPER
from ui.pages.mediation_case import MediationPage
from ui.pages.mediation_session import SessionPage
from ui.pages.mediation_transcript import Said, read_lines, write_lines

NOW = dt.datetime(2026, 9, 18, 14, 31, tzinfo=CHINA)
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def mediation(desk):
    outcome = desk.office.mediations.accept(
        {"title": "张文贵与李长顺相邻通行纠纷", "mediator": "杨守义", "committee": "云岭镇人民调解委员会"}, area=UPPER
    )
    assert outcome.ok, outcome.faults
    record = outcome.record.id
    desk.make("party", mediation=record, side="applicant", name="张文贵", order=1)
    desk.make("party", mediation=record, side="respondent", name="李长顺", order=2, phone="19900000012")
    return record


def shown(qtbot, desk, mediation, session=None):
    page = SessionPage(desk.office, desk.jobs, lambda: NOW)
    qtbot.addWidget(page)
    page.resize(1190, 720)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.opened({"id": mediation, "session": session})
    desk.settle()
    return page


def say(qtbot, page, text):
    commit(page.entry, text)
    qtbot.keyClick(page.entry, Qt.Key.Key_Return)


def test_enter_records_the_sentence_with_time_and_speaker(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    say(qtbot, page, "调解自愿，不收费。")
    qtbot.keyClick(page, Qt.Key.Key_F7)
    say(qtbot, page, "这条路我家走了三十多年。")
    assert (
        write_lines(page._lines)
        == "14:31 杨守义（调解员）：调解自愿，不收费。\n14:31 张文贵（申请人）：这条路我家走了三十多年。"
    )
    assert page.entry.toPlainText() == ""


def test_ctrl_2_marks_what_is_being_typed_as_a_proposal(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    commit(page.entry, "围墙退五十公分。")
    qtbot.keyClick(page.entry, Qt.Key.Key_2, CTRL)
    qtbot.keyClick(page.entry, Qt.Key.Key_Return)
    assert page._lines[-1].mark == "方案"


def test_ctrl_1_without_words_marks_the_last_sentence_and_again_unmarks_it(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    say(qtbot, page, "墙在证内。")
    qtbot.keyClick(page.entry, Qt.Key.Key_1, CTRL)
    assert page._lines[-1].mark == "事实"
    qtbot.keyClick(page.entry, Qt.Key.Key_1, CTRL)
    assert page._lines[-1].mark == ""


def test_ctrl_z_takes_the_last_sentence_back_into_the_line(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    qtbot.keyClick(page, Qt.Key.Key_F8)
    say(qtbot, page, "我让一尺。")
    qtbot.keyClick(page, Qt.Key.Key_F6)
    qtbot.keyClick(page.entry, Qt.Key.Key_Z, CTRL)
    assert page._lines == []
    assert page.entry.toPlainText() == "我让一尺。"
    assert page._speakers[page._now].name == "李长顺"


def test_alt_and_a_figure_says_that_a_duty_was_told(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    qtbot.keyClick(page, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert page._told == {"told_rights": "14:31"}
    qtbot.keyClick(page, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert page._told == {}


def test_what_is_typed_is_kept_by_itself_and_restored_after_a_crash(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    say(qtbot, page, "第一句。")
    qtbot.keyClick(page, Qt.Key.Key_F7)
    commit(page.entry, "没说完的半句")
    qtbot.waitUntil(
        lambda: (desk.office.mediations.kept(mediation, None) or {}).get("@typing") == "没说完的半句", timeout=60_000
    )
    # The page is gone without leaving(), as in a crash; nothing was saved as a record.
    assert desk.office.store.count("mediation_session") == 0
    again = shown(qtbot, desk, mediation)
    assert [line.words for line in again._lines] == ["第一句。"]
    assert again.entry.toPlainText() == "没说完的半句"
    assert again._speakers[again._now].name == "张文贵"


def test_ending_writes_the_half_sentence_down_checks_and_saves(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    page.tell("told_rights")
    commit(page.entry, "就按这个办。")
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    assert "说明调解员身份" in page.check.missing.text()
    assert "告知权利义务" not in page.check.missing.text()
    page.check.result.setCurrentIndex(page.check.result.findData("agreed"))
    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    desk.settle()
    [session] = desk.office.store.select("mediation_session")
    assert session.values["transcript"] == "14:31 杨守义（调解员）：就按这个办。"
    assert session.values["told_rights"] is True
    assert session.values["result"] == "agreed"
    assert session.values["ended_at"].startswith("2026-09-18T14:31")
    assert desk.office.mediations.kept(mediation, None) is None


def test_what_cannot_be_saved_is_said_and_the_draft_stays(qtbot, desk, mediation):
    page = shown(qtbot, desk, mediation)
    say(qtbot, page, "第一句。")
    page.keep()
    page.end()
    page.check.fields["ended_at"].setText("明天下午吧")
    page.check._submit()
    desk.settle()
    assert desk.office.store.count("mediation_session") == 0
    assert "结束时间" in page.check.said.text()
    assert desk.office.mediations.kept(mediation, None)


def test_a_saved_session_goes_on_where_it_ended(qtbot, desk, mediation):
    values = {"number": 1, "transcript": "14:31 杨守义（调解员）：第一句。", "told_free": True}
    session = desk.office.mediations.save_session(mediation, None, values).record.id
    page = shown(qtbot, desk, mediation, session)
    say(qtbot, page, "第二句。")
    page.end()
    page.check._submit()
    desk.settle()
    assert desk.office.store.count("mediation_session") == 1
    held = desk.get("mediation_session", session)
    assert held["transcript"].endswith("第二句。")
    assert held["told_free"] is True


def test_what_others_wrote_meanwhile_is_told_and_nothing_that_was_typed_changes(qtbot, desk, mediation):
    values = {"number": 1, "transcript": "14:31 杨守义（调解员）：第一句。"}
    session = desk.office.mediations.save_session(mediation, None, values).record.id
    page = shown(qtbot, desk, mediation, session)
    say(qtbot, page, "第二句。")
    page.refresh(())
    desk.settle()
    assert page.came.isHidden(), "nothing came, nothing is said"
    qtbot.keyClick(page, Qt.Key.Key_F7)
    speaking = page._speakers[page._now].name
    desk.office.mediations.save_session(mediation, None, {"number": 2, "transcript": "李长顺：好。"})
    desk.make("party", mediation=mediation, name="段老三", side="respondent", order=3)
    page.refresh(("mediation_session", "party"))
    desk.settle()
    assert "别处刚存了一次这件纠纷的笔录" in page.came.text()
    assert "段老三" in {speaker.name for speaker in page._speakers}
    assert page._speakers[page._now].name == speaking
    assert [line.words for line in page._lines] == ["第一句。", "第二句。"]


def test_the_papers_read_the_lines_as_they_were_typed(qtbot, desk, mediation):
    lines = [Said("墙在证内。", "李长顺", "被申请人", "14:40", "事实"), Said("双方沉默。")]
    desk.office.mediations.save_session(mediation, None, {"number": 1, "transcript": write_lines(lines)})
    file = desk.office.mediations.file(mediation)
    statements = gather(desk.office, file, file.sessions[0]).session.statements
    assert [statement.speaker for statement in statements] == ["李长顺", None]
    assert statements[0].words == "墙在证内。"


def test_lines_go_round():
    text = "14:31 杨守义（调解员）：［方案］退五十公分。\n（双方休息）\n李长顺：好。"
    assert write_lines(read_lines(text)) == text.replace("李长顺：好", "李长顺：好")
    assert read_lines(text)[0] == Said("退五十公分。", "杨守义", "调解员", "14:31", "方案")


def test_a_mediation_opens_on_what_is_done_next_and_not_on_the_way_back(qtbot, desk, mediation):
    page = MediationPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.show()
    page.opened({"id": mediation})
    desk.settle()
    assert page.focusWidget() is page.start
    with qtbot.waitSignal(page.go) as went:
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Return)
    assert went.args[0] == "mediation_session"


def test_the_case_page_writes_a_paper_that_is_ready_or_has_blanks(qtbot, desk, mediation, tmp_path):
    page = MediationPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.opened({"id": mediation})
    desk.settle()
    papers = page._shown.documents
    assert papers
    page.write(papers[0], tmp_path / "调解记录.docx")
    desk.qtbot.waitUntil(lambda: page.papers.worker is None, timeout=60_000)
    assert (tmp_path / "调解记录.docx").stat().st_size > 1000

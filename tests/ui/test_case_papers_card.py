"""Papers from the page of a case: what fits the state is offered, made by a worker, kept, and given out once more as it was."""

from __future__ import annotations

import subprocess

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QLineEdit

from app.exchange.case_papers import draft_key, issue
from tests.ui.test_case_page import act, report
from ui.pages.case import CasePage
from ui.pages.case_papers_card import read_choices
from ui.pieces.buttons import Button


@pytest.fixture
def page(qtbot, desk, tmp_path):
    event = report(desk, reporter="王大姐")
    act(desk, event, "accept")
    act(desk, event, "assign", lead_unit="村电站")
    made = CasePage(desk.office, desk.jobs, worker=desk.worker)
    qtbot.addWidget(made)
    made.resize(1190, 720)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()

    def ask(_parent, printer):
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(tmp_path / "printed.pdf"))
        return True

    made.papers_card.ask_path = lambda _parent, name, kind: str(tmp_path / f"{name}{kind}")
    made.papers_card.ask_printer = ask
    made.told = []
    made.papers_card._told = made.told.append
    made.opened({"id": event})
    desk.settle()
    desk.settle()
    return made


def press(dialog, words):
    next(one for one in dialog.findChildren(Button) if one.words() == words).click()


def test_ctrl_p_offers_what_fits_and_the_slip_is_kept_and_reprinted_byte_for_byte(qtbot, desk, page, tmp_path):
    card = page.papers_card
    qtbot.keyClick(page, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert [choice.title for choice in card.dialog._choices] == ["交办（派遣）单", "联席会议纪要"]
    press(card.dialog, "存为 PDF")
    qtbot.waitUntil(lambda: bool(page.told), timeout=60_000)
    desk.settle()
    [made] = desk.office.case_papers.of(page._id)
    assert made.number in page.told[0]
    out = tmp_path / "交办（派遣）单-路灯不亮.pdf"
    first = out.read_bytes()
    out.unlink()
    assert [choice.label for choice in card.choices] == [
        "联席会议纪要",
        f"补打交办（派遣）单 {made.number}",
        f"更正交办（派遣）单 {made.number}",
    ]
    card._reprint(made)
    press(card.dialog, "存为 PDF")
    qtbot.waitUntil(lambda: len(page.told) == 2, timeout=60_000)
    assert out.read_bytes() == first
    assert len(desk.office.case_papers.of(page._id)) == 1


def test_what_is_typed_stands_on_the_printed_paper(qtbot, desk, page, tmp_path, type_text):
    card = page.papers_card
    card.ask()
    card.dialog.group.button(1).click()
    host = card.dialog.fields["host"]
    assert isinstance(host, QLineEdit)
    type_text(host, "李书记")
    press(card.dialog, "打印…")
    qtbot.waitUntil(lambda: bool(page.told), timeout=60_000)
    assert "已送到打印机，共 1 页" in page.told[0]
    assert (tmp_path / "printed.pdf").read_bytes().startswith(b"%PDF")
    [made] = desk.office.case_papers.of(page._id)
    out = tmp_path / "held.pdf"
    desk.office.attachments.write(made.files["pdf"], out)
    read = subprocess.run(["pdftotext", "-raw", out, "-"], capture_output=True, check=True, text=True).stdout
    assert "李书记" in read


def test_who_thinks_better_of_it_at_the_printer_leaves_no_number_and_what_he_typed(desk, page, type_text):
    card = page.papers_card
    card.ask_printer = lambda _parent, _printer: False
    card.ask()
    card.dialog.group.button(1).click()
    type_text(card.dialog.fields["host"], "李书记")
    press(card.dialog, "打印…")
    desk.settle()
    issued, choices = read_choices(desk.office, page._id)
    assert issued == ()
    assert next(one for one in choices if one.name == "meeting_notes").answers["host"] == "李书记"


def test_a_paper_that_could_not_be_written_is_said_to_be_kept_and_is_not_offered_as_new_again(
    qtbot, desk, page, tmp_path
):
    card = page.papers_card
    card.ask_path = lambda _parent, name, kind: str(tmp_path / "no such folder" / f"{name}{kind}")
    card.ask()
    press(card.dialog, "存为 PDF")
    qtbot.waitUntil(lambda: bool(page.told), timeout=60_000)
    [made] = desk.office.case_papers.of(page._id)
    assert made.number in page.told[0]
    assert "不要再出一份" in page.told[0]
    assert "没有写成" in page.told[0]
    desk.settle()
    assert [choice.label for choice in card.choices] == [
        "联席会议纪要",
        f"补打交办（派遣）单 {made.number}",
        f"更正交办（派遣）单 {made.number}",
    ]
    assert card.note.text() == "1 份"


def test_a_second_press_before_the_first_is_laid_out_gives_no_second_number(qtbot, desk, page, tmp_path):
    card = page.papers_card
    for _press in range(2):
        card.ask()
        if card.dialog is not None:
            card.dialog.group.button(1).click()
            press(card.dialog, "存为 PDF")
    qtbot.waitUntil(lambda: card.worker is None and len(page.told) == 2, timeout=60_000)
    desk.settle()
    assert page.told[0] == "上一份还在排版，请稍等。"
    assert len(desk.office.case_papers.of(page._id)) == 1


def test_a_dialog_that_is_left_keeps_what_was_typed_for_every_kind_and_shows_it_again(desk, page, type_text):
    card = page.papers_card
    act(desk, page._id, "supervise", opinion="抓紧")
    card.show_case(page._id, "路灯不亮")
    desk.settle()
    card.ask()
    _slip, notice, notes = card.dialog._choices
    card.dialog.group.button(1).click()
    card.dialog.fields["to"].setText("王站长")
    card.dialog.group.button(2).click()
    type_text(card.dialog.fields["host"], "李书记")
    card.dialog.reject()
    desk.settle()
    card.ask()
    card.dialog.group.button(1).click()
    assert card.dialog.fields["to"].text() == "王站长"
    card.dialog.group.button(2).click()
    assert card.dialog.fields["host"].text() == "李书记"
    # Also where the page is left under it, and where another kind is the one that is made.
    type_text(card.dialog.fields["host"], "李镇长")
    page.leaving()
    desk.settle()
    assert desk.office.store.draft(draft_key(page._id, notes.name))["host"].count("李镇长") == 1
    assert desk.office.store.draft(draft_key(page._id, notice.name))["to"] == "王站长"


def correct(card, issued):
    place = next(place for place, one in enumerate(card.dialog._choices) if one.corrects == issued.number)
    card.dialog.group.button(place).click()


def test_what_was_typed_into_a_correction_is_there_again(qtbot, desk, page, tmp_path):
    card = page.papers_card
    act(desk, page._id, "supervise", opinion="抓紧")
    made = issue(desk.office, page._id, "supervision_notice")
    card.show_case(page._id, "路灯不亮")
    desk.settle()
    card.ask_printer = lambda _parent, _printer: False
    for typed in ("改了", "又改了"):
        card.ask()
        correct(card, made)
        card.dialog.fields["to"].setText(typed)
        press(card.dialog, "打印…")
        desk.settle()
    card.ask()
    correct(card, made)
    assert card.dialog.fields["to"].text() == "又改了"
    card.dialog.reject()

"""Papers from the page of a case: what fits the state is offered, made by a worker, kept, and given out once more as it was."""

from __future__ import annotations

import subprocess

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QLineEdit

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

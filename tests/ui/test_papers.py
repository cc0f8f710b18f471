"""Papers from the window: laid out by a worker, printed page by page; requests and leavers by a person's word."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QLabel

from app.store.saving import Edit
from tests.ui.offices import UPPER
from tests.ui.test_registry import shown, street
from ui.forms.reason import ReasonDialog
from ui.pages.data_request import DataRequestPage
from ui.pages.desk_tasks import read_desk
from ui.pages.leaving import LeavingPage
from ui.pages.paper_dialog import Papers
from ui.pages.person import PersonPage
from ui.pieces.buttons import Button
from ui.printing import draw, family

__all__ = ["street"]


def words_on(page):
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def button(page, words):
    return next(one for one in page.findChildren(Button) if one.words() == words and one.isVisible())


@pytest.fixture
def papers(desk, street, tmp_path):
    """A person's page whose papers go to *tmp_path* and whose printer is a file."""
    page = PersonPage(desk.office, desk.jobs, desk.worker)
    shown(desk, page)
    told = []
    printed = tmp_path / "printed.pdf"

    def ask(_parent, printer):
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(printed))
        return True

    page.papers = Papers(
        page, desk.office, desk.worker, told.append,
        ask_path=lambda _parent, name, kind: str(tmp_path / f"{name}{kind}"), ask_printer=ask,
    )  # fmt: skip
    page.opened({"id": street["head"]})
    desk.settle()
    return page, told, printed


def test_a_person_card_is_printed_through_the_print_dialog(desk, papers):
    page, told, printed = papers
    button(page, "打印").click()
    dialog = page.papers.dialog
    dialog.reason.setText("上门核对")
    button(dialog, "打印…").click()
    desk.qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert told == ["已送到打印机，共 1 页"]
    assert printed.read_bytes().startswith(b"%PDF")
    [line] = [one for one in desk.office.store.audit.lines(20) if one.action == "document"]
    assert (line.form, line.reason, line.fields) == ("resident", "上门核对", "person_card")


def test_whole_numbers_ask_for_a_reason_before_anything_is_made(desk, papers, tmp_path):
    page, told, _printed = papers
    button(page, "打印").click()
    dialog = page.papers.dialog
    dialog.plain.setChecked(True)
    assert not button(dialog, "存为 PDF").isEnabled() or button(dialog, "存为 PDF").property("refused")
    dialog.reason.setText("办理低保")
    button(dialog, "存为 PDF").click()
    desk.qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    out = tmp_path / "居民信息卡-李长顺.pdf"
    read = subprocess.run(["pdftotext", "-raw", out, "-"], capture_output=True, check=True, text=True).stdout
    assert "11010519491231002X" in read


def test_what_is_drawn_on_a_printer_stands_where_the_pdf_has_it(desk, street):
    command = [
        sys.executable,
        "-m",
        "app",
        "--home",
        str(desk.home),
        "--worker",
        "document",
        street["home"],
        "household_book",
        "-",
    ]
    secret = json.dumps({"user": "lin", "key": desk.key.hex()}) + "\n"
    done = subprocess.run(command, input=secret, capture_output=True, check=True, text=True)
    drawn = json.loads(done.stdout)
    assert (drawn["width"], drawn["height"]) == (210.0, 297.0)
    image = QImage(840, 1188, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    draw(painter, drawn["pages"][0], 4.0)
    painter.end()
    for x, baseline, text, *_rest in drawn["pages"][0]["words"]:
        if text.strip():
            around = image.copy(int(x * 4), int(baseline * 4) - 12, 16, 16)
            assert any(around.pixel(i, j) & 255 < 200 for i in range(16) for j in range(16)), text
    assert family("serif") != family("sans")


@pytest.fixture
def asked(desk, street):
    def make(kind, **more):
        values = {
            "received_on": "2026-01-05",
            "name": "李长顺",
            "resident": street["head"],
            "kind": kind,
            "asked": "看看",
            "identity_checked": True,
        }
        outcome = desk.office.requests.receive({**values, **more})
        assert outcome.ok, outcome.faults
        return outcome.record.id

    return make


def request_page(desk, args):
    page = DataRequestPage(desk.office, desk.jobs, desk.worker)
    gone = shown(desk, page)
    page.opened(args)
    desk.settle()
    return page, gone


def test_a_request_is_written_down_from_the_persons_page_with_his_name_and_its_limit(desk, street, papers):
    person, _told, _printed = papers
    gone = []
    person.go.connect(lambda name, args: gone.append((name, args)))
    button(person, "个人信息申请").click()
    assert gone == [("data_request", {"resident": street["head"]})]
    page, _gone = request_page(desk, gone[0][1])
    assert page.form.value("name") == "李长顺"
    page.form.rows["kind"].show_value("correct", {})
    page.form.rows["kind"].changed.emit()
    page.form.rows["asked"].show_value("电话换了", {})
    page.form.rows["asked"].changed.emit()
    page.form.save()
    desk.settle()
    [record] = desk.office.store.select("data_request")
    assert record.area == UPPER
    assert record.values["due"] is not None
    assert "前答复" in words_on(page)
    assert "先核对申请人的身份" in words_on(page)


def test_a_correction_is_made_on_the_page_of_the_request_and_closes_it(desk, street, asked):
    request = asked("correct")
    page, _gone = request_page(desk, {"id": request})
    page.correction.rows["phone"].show_value("13900008888", {})
    page.correction.rows["phone"].changed.emit()
    page.correction.save()
    desk.settle()
    assert desk.get("resident", street["head"])["phone"] == "13900008888"
    assert desk.get("data_request", request)["outcome"] == "done"
    assert "更正：联系电话" in words_on(page)


def test_a_deletion_asks_once_and_pseudonymises(desk, street, asked):
    request = asked("delete")
    page, _gone = request_page(desk, {"id": request})
    page.erase_button.click()
    dialog = page.findChild(ReasonDialog)
    dialog.reason.setText("已核对本人身份和申请")
    dialog.act.click()
    desk.settle()
    assert desk.get("resident", street["head"])["name"].startswith("已去标识")
    assert "已去标识" in words_on(page)


def test_requests_near_their_limit_are_tasks_of_the_desk_without_the_name(desk, asked):
    asked("query")
    rows = [row for row in read_desk(desk.office).rows if isinstance(row, dict) and row["id"].startswith("request:")]
    assert len(rows) == 1
    assert str(rows[0]["title"]).startswith("李某 要求查阅")


def test_who_left_long_ago_is_listed_and_goes_only_when_confirmed(desk, street):
    gone = {"presence": "moved", "presence_since": "2024-01-05"}
    desk.office.store.save([Edit("resident", street["wife"], UPPER, gone)], "lin")
    page = LeavingPage(desk.office, desk.jobs)
    shown(desk, page)
    page.opened({})
    desk.settle()
    assert page.table.model.total() == 1
    assert desk.get("resident", street["wife"])["name"] == "周玉兰"
    page.table.model.set_checked([street["wife"]], on=True)
    page.confirm_button.click()
    dialog = page.findChild(ReasonDialog)
    dialog.reason.setText("离开满期")
    dialog.act.click()
    desk.settle()
    assert desk.get("resident", street["wife"])["name"].startswith("已去标识")
    assert page.table.model.total() == 0

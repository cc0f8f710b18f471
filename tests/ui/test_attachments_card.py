"""The photos on the page of a case: added, seen small, opened; what isn't here is said and asked for."""

from __future__ import annotations

from PIL import Image
from PySide6.QtWidgets import QLabel

from app.rules.case_engine import CaseRules
from app.rules.permissions import Permissions
from app.services.office import Office
from app.services.session import Session
from tests.ui.test_case_page import report, shown
from ui.pages.attachments_card import AttachmentsCard


def photo(path):
    Image.effect_noise((300, 200), 60).convert("RGB").resize((2400, 1600)).save(path, "JPEG")
    return path


def tiles(page):
    return page.files_card.files._grid.count()


def test_a_photo_is_added_shown_small_and_opened(qtbot, desk, tmp_path):
    page = shown(qtbot, desk, report(desk))
    said = []
    page.said.connect(lambda text, _undo: said.append(text))
    assert tiles(page) == 1
    page.files_card.add_files([photo(tmp_path / "灯.jpg"), tmp_path / "none.jpg"])
    desk.settle()
    desk.settle()
    assert tiles(page) == 2
    assert "已添加 灯.jpg" in said[0]
    assert "none.jpg" in said[1]
    (one,) = desk.office.attachments.of("event", page._id)
    page.files_card.open_file(one.id)
    desk.settle()
    viewer = page.files_card.viewer
    (picture,) = [label for label in viewer.findChildren(QLabel) if not label.pixmap().isNull()]
    assert picture.pixmap().width() > 256
    viewer.close()


def test_a_photo_that_comes_late_is_not_shown_over_another_case(qtbot, desk, tmp_path):
    page = shown(qtbot, desk, report(desk))
    page.files_card.add_files([photo(tmp_path / "灯.jpg")])
    desk.settle()
    desk.settle()
    (one,) = desk.office.attachments.of("event", page._id)
    page.files_card.open_file(one.id)
    page.opened({"id": report(desk, "井盖松动")})
    desk.settle()
    desk.settle()
    assert not hasattr(page.files_card, "viewer")


def test_a_file_is_written_where_the_clerk_asked(qtbot, desk, tmp_path):
    page = shown(qtbot, desk, report(desk))
    paper = tmp_path / "a.pdf"
    paper.write_bytes(b"%PDF-1.7" + bytes(1000))
    page.files_card.add_files([paper])
    desk.settle()
    (one,) = desk.office.attachments.of("event", page._id)
    page.files_card.write(one.id, tmp_path / "out.pdf")
    desk.settle()
    assert (tmp_path / "out.pdf").read_bytes() == paper.read_bytes()


def test_what_is_not_here_is_said_asked_for_and_an_exchange_begins(qtbot, desk, tmp_path):
    page = shown(qtbot, desk, report(desk))
    said, asked = [], []
    page.said.connect(lambda text, _undo: said.append(text))
    page.files_card._fetch = lambda: asked.append(1)
    page.files_card.add_files([photo(tmp_path / "灯.jpg")])
    desk.settle()
    desk.settle()
    (one,) = desk.office.attachments.of("event", page._id)
    desk.office.store.files.lost(one.sha256)
    page.files_card.show_record(page._id)
    desk.settle()
    page.files_card.open_file(one.id)
    desk.settle()
    assert "同步" in said[-1]
    assert asked
    assert desk.office.store.files.waiting().to_fetch == 1


def test_who_may_not_add_gets_no_tile_for_it(qtbot, desk):
    event_id = report(desk)
    reader = Session("wang", "王档案", ("archivist",), desk.office.session.areas)
    office = Office(desk.office.store, reader, CaseRules.load(), Permissions.load())
    card = AttachmentsCard(office, desk.jobs, "event", lambda _told: None)
    qtbot.addWidget(card)
    card.show_record(event_id)
    desk.settle()
    assert card.files._grid.count() == 0

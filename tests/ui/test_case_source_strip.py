"""A row of a ledger begins a case with one press, shows where it stands, and takes what the case found out."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from tests.ui.offices import UPPER
from tests.ui.test_case_page import act
from ui.pages.case_source_strip import SourceStrip, read_came
from ui.pages.ledger import LedgerPage
from ui.pieces.buttons import Button


def opened(desk, form, record):
    page = LedgerPage(desk.office, desk.jobs, desk.worker, ["visit", "hazard"], ask_path=lambda *_asked: "")
    desk.qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    page.opened({"form": form, "id": record})
    desk.settle()
    desk.settle()
    return page


def buttons(page):
    strip = page.findChildren(SourceStrip)[-1]
    return {button.words(): button for button in strip.findChildren(Button)}


def test_a_visit_begins_a_case_and_shows_it(desk):
    visit = desk.make(
        "visit", visit_date="2026-09-12", household_name="李长顺", purpose="daily", visitor="普云芳", content="看望",
        problems="家里停水三天",
    )  # fmt: skip
    page = opened(desk, "visit", visit)
    went = []
    page.go.connect(lambda name, args: went.append((name, args["id"])))
    buttons(page)["生成事件"].click()
    desk.settle()
    (case,) = desk.office.store.select("event")
    assert (case.values["title"], case.area, went) == ("家里停水三天", UPPER, [("case", case.id)])
    page = opened(desk, "visit", visit)
    assert set(buttons(page)) == {"家里停水三天"}
    strip = page.findChildren(SourceStrip)[-1]
    assert "事件" in {label.text() for label in strip.findChildren(QLabel)}
    assert not read_came(desk.office, "visit", visit).begin


def test_a_hazard_takes_what_its_case_says_with_one_press(desk):
    hazard = desk.make(
        "hazard", found_at="2026-09-10", object="小卖部", hazard_kind="fire", level="general", detail="堆纸箱",
        responsible="张三", due="2026-09-30",
    )  # fmt: skip
    event = desk.office.sources.make("hazard", hazard).record.id
    act(desk, event, "accept")
    act(desk, event, "transfer_out", receiver="消防大队")
    page = opened(desk, "hazard", hazard)
    buttons(page)["填入办结情况"].click()
    desk.settle()
    held = desk.get("hazard", hazard)
    assert held["result"] == "handed"
    assert held["struck_off_at"] == desk.get("event", event)["closed_at"][:10]
    assert "填入办结情况" not in buttons(page)

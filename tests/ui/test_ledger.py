"""The ledgers: listing, filtering, entering, deleting with undo, workbook and paper."""

from __future__ import annotations

import sys

import pytest
from openpyxl import load_workbook

from tests.ui.conftest import commit
from tests.ui.offices import LOWER, UPPER, Desk
from ui.forms.reason import ReasonDialog
from ui.jobs import Worker
from ui.lists import RecordTable
from ui.pages.ledger import LedgerPage
from ui.pages.ledger_out import LedgerOut
from ui.pages.visits import VisitsPage


@pytest.fixture
def visits(desk: Desk) -> list[str]:
    """Three visits in two villages."""
    common = {"visitor": "普云芳", "content": "看望"}
    return [
        desk.make("visit", UPPER, visit_date="2026-09-12", household_name="李长顺", purpose="daily", **common),
        desk.make("visit", UPPER, visit_date="2026-09-14", household_name="张文贵", purpose="help", **common),
        desk.make("visit", LOWER, visit_date="2026-09-13", household_name="罗春生", purpose="daily", **common),
    ]


def shown(desk: Desk, page: LedgerPage) -> LedgerPage:
    desk.qtbot.addWidget(page)
    page.resize(1190, 720)
    page.show()
    desk.settle()
    return page


def names(desk: Desk, table: RecordTable) -> list[str]:
    """The names that stand in the list, in its order."""
    table.model.row(0)
    desk.settle()
    return [str(row["household_name"]) for _, row in table.model.loaded()]


def ledgers(desk: Desk, path: str = "") -> LedgerPage:
    forms = [form.name for form in desk.office.forms.ledgers]
    page = LedgerPage(desk.office, desk.jobs, desk.worker, forms, ask_path=lambda *_asked: path)
    page.show_ledger("visit")
    return shown(desk, page)


def give_reason(desk: Desk, page: LedgerPage, text: str) -> None:
    dialog = page.findChildren(ReasonDialog)[-1]
    commit(dialog.reason, text)
    dialog.act.click()
    desk.settle()


def test_every_ledger_has_its_list_from_its_form_alone(desk):
    page = shown(
        desk, LedgerPage(desk.office, desk.jobs, desk.worker, [form.name for form in desk.office.forms.ledgers])
    )
    for form in desk.office.forms.ledgers:
        page.show_ledger(form.name)
        desk.settle()
        keys = [column.key for column in page.table.model.columns]
        assert [key for key in keys if key not in ("@village", "standing")] == list(form.list_columns)
        page.new()
        desk.settle()
        assert set(page.entry.rows) >= {item.name for item in form.stored if item.required}


def test_the_newest_stands_first_and_filters_narrow(desk, visits):
    page = ledgers(desk)
    assert names(desk, page.table) == ["张文贵", "罗春生", "李长顺"]
    page._villages.pick(LOWER)
    desk.settle()
    assert names(desk, page.table) == ["罗春生"]
    page._villages.pick(None)
    page.search.setText("lcs")
    page.search._search()
    desk.settle()
    assert names(desk, page.table) == ["李长顺"] or set(names(desk, page.table)) == {"罗春生", "李长顺"}


def test_deleting_asks_for_a_reason_and_can_be_taken_back(desk, visits):
    page = ledgers(desk)
    undone = []
    page.said.connect(lambda _text, undo: undone.append(undo))
    page._ask_delete(visits[:2])
    give_reason(desk, page, "重复登记")
    assert names(desk, page.table) == ["罗春生"]
    undone[-1]()
    desk.settle()
    desk.settle()
    assert desk.office.store.count("visit") == 3


def test_an_entry_beside_the_list_is_saved_and_shows(desk, visits):
    page = ledgers(desk)
    page._edit(visits[0])
    desk.settle()
    entry = page.entry.rows["content"].entry
    entry.setFocus()
    commit(entry, "，身体好")
    page.entry.save()
    desk.settle()
    assert "身体好" in desk.get("visit", visits[0])["content"]
    assert page.entry is None


def test_ctrl_k_offers_what_the_buttons_of_a_ledger_do(desk, visits):
    page = ledgers(desk)
    assert {"登记", "从 Excel 导入", "导出 Excel", "打印"} <= {text for text, _keys, _on in page.actions}


def test_export_writes_a_workbook_and_the_reason_into_the_audit(desk, visits, tmp_path):
    out = tmp_path / "走访.xlsx"
    page = ledgers(desk, str(out))
    page._ask_export()
    told = []
    page.said.connect(lambda text, _undo: told.append(text))
    give_reason(desk, page, "上报上级")
    desk.qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert told == [f"已导出 3 条到 {out}"]
    cells = [str(cell) for row in load_workbook(out).active.iter_rows(values_only=True) for cell in row if cell]
    assert "张文贵" in cells
    assert any(line.reason == "上报上级" and line.action == "export" for line in desk.office.store.audit.lines())


@pytest.mark.parametrize("kind", [".pdf", ".docx"])
def test_printing_lays_the_filtered_list_out(desk, visits, tmp_path, kind):
    out = tmp_path / f"走访{kind}"
    page = ledgers(desk, str(out))
    said = []
    page.said.connect(lambda text, _undo: said.append(text))
    page._print()
    desk.settle()
    assert page.out.isVisible()
    desk.qtbot.waitUntil(lambda: bool(said), timeout=60_000)
    assert out.stat().st_size > 1000
    assert said[-1].startswith("3 条")
    assert not page.out.isVisible()


def test_printing_is_stopped_and_leaves_no_file(desk, visits, tmp_path):
    out = tmp_path / "走访.pdf"
    page = ledgers(desk, str(out))
    said = []
    page.said.connect(lambda text, _undo: said.append(text))
    page._print()
    desk.settle()
    page._print()
    desk.settle()
    assert said.pop().startswith("上一份还在写")
    page.out.stop_button.click()
    desk.qtbot.waitUntil(lambda: bool(said), timeout=60_000)
    assert said == ["已取消，没有留下文件，数据不受影响。"]
    assert not out.exists()


def test_a_press_that_comes_too_late_says_that_the_file_is_there(qtbot, qapp, tmp_path):
    out = tmp_path / "台账.pdf"
    wrote = "import sys; open(sys.argv[1], 'w').close(); sys.stdin.readline(); sys.stdin.readline(); print('{}')"
    strip = LedgerOut(lambda tail: Worker([sys.executable, "-c", wrote, tail[2]], secret=b"key\n"))
    qtbot.addWidget(strip)
    told = []
    strip.told.connect(told.append)
    strip.lay_out("visit", out)
    qtbot.waitUntil(out.exists, timeout=60_000)
    with qtbot.waitSignal(strip.told, timeout=60_000):
        strip.stop_button.click()
    assert told == [f"取消晚了一步，文件已经写好：{out}"]
    assert strip.worker is None


def test_a_reader_may_not_enter_delete_or_export(open_desk):
    page = ledgers(open_desk("adviser"))
    assert not page.new_button.isVisibleTo(page)
    assert not page.export_button.isVisibleTo(page)
    assert not page.table.view._checks


def test_who_may_see_no_ledger_is_told_so(open_desk):
    desk = open_desk("mediator")
    page = shown(desk, LedgerPage(desk.office, desk.jobs, desk.worker, ["visit", "hazard"]))
    page.opened({})
    assert page.form_name == ""


def test_a_round_of_visits_keeps_day_visitor_and_kind(desk):
    home = desk.make("household", head_name="李长顺", number="5300012")
    page = shown(desk, VisitsPage(desk.office, desk.jobs, desk.worker))
    page.opened({"household": home})
    desk.settle()
    assert page.entry.value("household_name") == "李长顺"
    page.entry.set_value("purpose", "help")
    page.entry.set_value("content", "看望老人")
    page.entry.save()
    desk.settle()
    (visit,) = desk.office.store.select("visit")
    assert (visit.area, visit.values["household"], visit.values["visitor"]) == (UPPER, home, "林小禾")
    assert page.entry.value("purpose") == "help"
    assert page.entry.value("household_name") is None


def test_picking_the_household_fills_its_head_and_grid(desk):
    grid = desk.make("grid", name="第三网格")
    dwelling = desk.make("dwelling", address="上寨村3-12号", grid=grid)
    desk.make("household", head_name="李长顺", number="5300012", dwelling=dwelling)
    page = shown(desk, VisitsPage(desk.office, desk.jobs, desk.worker))
    page.opened({})
    desk.settle()
    entry = page.entry.rows["household"].entry
    page.activateWindow()
    entry.setFocus()
    desk.qtbot.waitUntil(entry.hasFocus)
    desk.qtbot.keyClicks(entry, "0012")
    desk.qtbot.waitUntil(lambda: bool(entry._hits), timeout=60_000)
    entry.take(entry._hits[0])
    desk.settle()
    assert page.entry.value("household_name") == "李长顺"
    assert page.entry.value("grid") == grid


def test_leaving_an_entry_gives_the_keys_to_the_list(desk, visits):
    page = shown(desk, VisitsPage(desk.office, desk.jobs, desk.worker))
    page.activateWindow()
    page.opened({"new": True})
    desk.settle()
    desk.qtbot.waitUntil(lambda: page.entry.isAncestorOf(page.focusWidget()))
    page.close_entry()
    desk.settle()
    assert page.focusWidget() is page.table.view

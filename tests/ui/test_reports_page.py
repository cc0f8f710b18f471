"""The page of reports: figures read, files written by a worker process."""

from __future__ import annotations

from openpyxl import load_workbook

from ui.pages.reports import ReportsPage


def test_the_day_is_saved_by_a_worker_while_the_window_goes_on(qtbot, desk, tmp_path):
    page = ReportsPage(desk.office, desk.jobs, desk.worker)
    qtbot.addWidget(page)
    page.opened({})
    desk.settle()
    out = tmp_path / "日汇总.xlsx"
    with qtbot.waitSignal(page.said, timeout=60_000) as heard:
        page.write(out)
    assert str(out) in heard.args[0]
    cells = [cell.value for row in load_workbook(out).active.iter_rows() for cell in row]
    assert "合计" in cells

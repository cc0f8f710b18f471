"""The user guide in the window."""

from __future__ import annotations

from ui.pages.help import HelpPage


def test_the_help_page_says_what_the_guide_says_without_its_pictures(qtbot):
    page = HelpPage()
    qtbot.addWidget(page)
    shown = page.text.toPlainText()
    assert "快捷键" in shown
    assert "笔录边打边存" in shown
    assert "screenshots" not in page.text.toHtml()
    assert "\ufffc" not in shown

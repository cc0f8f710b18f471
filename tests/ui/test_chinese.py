"""Qt's own words: Chinese whatever the system speaks."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QApplication

from ui.chinese import speak_chinese


def test_the_context_menu_of_a_field_is_chinese(qapp: QApplication) -> None:
    assert speak_chinese(qapp)
    assert QCoreApplication.translate("QWidgetTextControl", "&Copy").startswith("复制")
    assert QLocale().language() == QLocale.Language.Chinese

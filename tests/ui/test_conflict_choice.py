"""One field that two people changed differently: a side is chosen from the keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from ui.pages.conflict_choice import FieldChoice

BARE, KEYPAD, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.KeypadModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.mark.parametrize(
    ("key", "held", "side"),
    [
        (Qt.Key.Key_Return, BARE, "mine"),
        (Qt.Key.Key_Enter, KEYPAD, "mine"),
        (Qt.Key.Key_Space, BARE, "mine"),
        (Qt.Key.Key_Return, CTRL, ""),
        (Qt.Key.Key_Enter, CTRL | KEYPAD, ""),
    ],
)
def test_enter_or_space_alone_takes_the_side_that_has_the_focus(qtbot, key, held, side):
    texts = {"base": "一", "mine": "二", "theirs": "三"}
    choice = FieldChoice("备注", texts, dict.fromkeys(texts, "谁"), can_write=True, keys=False)
    qtbot.addWidget(choice)
    choice.show()
    choice.cards["mine"].setFocus()
    qtbot.keyClick(choice.cards["mine"], key, held)
    assert choice.side() == side

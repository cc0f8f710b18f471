"""Doors of rooms that a later version brings: what will be there, and what does the work meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from ui.page import Page
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState


class LaterPage(Page):
    """*ways* are (words, page name) of what to use until then."""

    def __init__(self, title: str, icon: str, coming: str, meanwhile: str, ways: Sequence[tuple[str, str]]) -> None:
        super().__init__(title)
        card = Card()
        buttons = [Button(words, lambda name=name: self.go.emit(name, {})) for words, name in ways]
        card.add(EmptyState(icon, f"{title}还没有做，随以后的版本提供", f"{coming}{meanwhile}", *buttons), 1)
        self.add(card, 1)


def duty() -> LaterPage:
    """值班零报."""
    return LaterPage(
        "值班零报",
        "sun",
        "将来在这里排班、交接、逐村报平安。",
        "现在有情况请登记成事件；每天的数字在统计报表的日汇总里，可以打印上报。",
        [("登记事件", "event_new"), ("看日汇总", "reports")],
    )

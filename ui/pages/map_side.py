"""The right side of the map: the card of the place looked at, and behind a tab the list of what does not agree."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ui.map.findings import FindingList
from ui.pages.map_card import MapCard
from ui.pages.map_read import CheckFile
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.empty import EmptyState
from ui.pieces.tabs import Tabs


class MapSide(Card):
    """``card`` and ``findings`` are its parts; signal ``took_all``: enter the grid of every house that has none by its place."""

    took_all = Signal()

    def __init__(self) -> None:
        super().__init__(flush=True)
        self.tabs = Tabs([("place", "详情", None), ("check", "核对", None)])
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 8, 6)
        head.addWidget(self.tabs)
        head.addStretch(1)
        self.add(head)
        self.add_rule()
        self.card = MapCard()
        self.findings = FindingList()
        check = QWidget()
        below = QVBoxLayout(check)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        self._lists = QStackedWidget()
        self._lists.addWidget(self.findings)
        self._lists.addWidget(
            EmptyState("check", "没有发现问题", "房屋的位置与登记的网格一致，网格之间不重叠、不留空。")
        )
        below.addWidget(self._lists, 1)
        self.take_all = Button("按位置补填网格", self.took_all.emit, icon="check")
        self.take_all.hide()
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 8, 12, 8)
        foot.addWidget(self.take_all)
        foot.addStretch(1)
        below.addLayout(foot)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.card)
        self._pages.addWidget(check)
        self.add(self._pages, 1)
        self.setMinimumWidth(180)
        self.tabs.picked.connect(lambda key: self._pages.setCurrentIndex(int(key == "check")))

    def show_check(self, check: CheckFile, *, may_edit: bool) -> None:
        """List what does not agree."""
        self.findings.show_findings(check.lines)
        self._lists.setCurrentIndex(0 if check.lines else 1)
        self.tabs.show_counts({"check": len(check.findings)})
        ready = [one for one in check.findings.strays if one.kind == "not_entered" and one.found]
        self.take_all.setVisible(bool(ready) and may_edit)
        self.take_all.set_words(f"按位置补填网格（{len(ready)}）")

"""The assistant's last step: what came in, what didn't, and where to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.figures import Figure, Figures
from ui.pieces.text import words


class ReportStep(Card):
    """``show_answer(document)``. Signals ``report_wanted``, ``absent_wanted``, ``see_wanted``, ``again_wanted``."""

    report_wanted = Signal()
    absent_wanted = Signal()
    see_wanted = Signal()
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("导入结果")
        self.figures = Figures([])
        self.add(self.figures)
        self.text = words("", tone="text-2", wrap=True)
        self.add(self.text)
        self.see_button = Button("去看看", self.see_wanted.emit, icon="arrow-right")
        self.faults_button = Button("存为改错表", self.report_wanted.emit, icon="download")
        self.absent_button = Button("名册里没有的人", self.absent_wanted.emit, icon="user-question")
        line = QHBoxLayout()
        line.setSpacing(8)
        for button in (self.see_button, self.faults_button, self.absent_button):
            line.addWidget(button)
        line.addWidget(Button("再导一个文件", self.again_wanted.emit, kind="quiet"))
        line.addStretch(1)
        self.add(line)

    def show_answer(self, answer: Mapping[str, Any]) -> None:
        """Show the document that ``township import`` answered with."""
        refused = len({(item["sheet"], item["row"]) for item in answer.get("refused", ())})
        flagged, absent = len(answer.get("flagged", ())), int(answer.get("absent", 0))
        self.figures.show_figures(
            [
                Figure(f"{answer.get('created', 0):,}", "新增"),
                Figure(f"{answer.get('updated', 0):,}", "更新"),
                Figure(f"{answer.get('unchanged', 0):,}", "没有变化"),
                Figure(f"{refused:,}", "没有导入（行）", "orange" if refused else ""),
            ]
        )
        said = []
        if refused:
            said.append(f"{refused:,} 行没有导入，原因写在改错表里；改好后把改错表再导一次即可。")
        if flagged:
            said.append(f"{flagged:,} 处照表导入、标了“待核实”，请有空时核对。")
        if absent:
            said.append(f"登记里有、名册里没有的 {absent:,} 人没有改动，请逐人核实。")
        self.text.setText("".join(said) or "全部导入，没有遗漏。")
        self.faults_button.setVisible(bool(refused or flagged))
        self.absent_button.set_words(f"名册里没有的 {absent:,} 人")
        self.absent_button.setVisible(bool(absent))

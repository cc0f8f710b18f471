"""The stage strip: where on its way a record or a wizard stands."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import icons, theme


class StageStrip(QWidget):
    """``StageStrip(["发现", "上报", "甄别"], now=1)``: before *now* is done, after it is to come.

    *numbered* draws figures in circles, as the import does. `set_now(len(stages))` marks all done.
    """

    def __init__(self, stages: Sequence[str], now: int = 0, numbered: bool = False) -> None:
        super().__init__()
        self._stages, self._now, self._numbered = tuple(stages), now, numbered
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("、".join(self._stages))

    def set_now(self, now: int) -> None:
        """Move to the stage number *now*, counted from 0."""
        self._now = now
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(sum(self._widths()) + 28 * (len(self._stages) - 1), theme.current().grown(38))

    def minimumSizeHint(self) -> QSize:
        return QSize(sum(self._widths()) + 8 * (len(self._stages) - 1), theme.current().grown(38))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        widths = self._widths()
        joints = max(len(widths) - 1, 1)
        between = (self.width() - sum(widths)) // joints
        if self._numbered:
            between = min(between, 36)
        left = 0
        for number, (stage, width) in enumerate(zip(self._stages, widths, strict=True)):
            self._paint_stage(painter, number, stage, QRect(left, 0, width, self.height()))
            left += width
            if number < len(widths) - 1:
                painter.setPen(QPen(look.colour("line-2")))
                painter.drawLine(left + 4, self.height() // 2, left + between - 4, self.height() // 2)
            left += between

    def _paint_stage(self, painter: QPainter, number: int, stage: str, rect: QRect) -> None:
        look = theme.current()
        done, here = number < self._now, number == self._now
        token = "green" if done else "primary-text" if here else "text-3"
        if here and not self._numbered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("sel"))
            box = look.grown(26)
            painter.drawRoundedRect(
                rect.adjusted(0, (rect.height() - box) // 2, 0, -((rect.height() - box) // 2)), 4, 4
            )
        side = look.grown(20 if self._numbered else 14)
        spot = QRect(rect.left() + (0 if self._numbered else 10), (rect.height() - side) // 2, side, side)
        if self._numbered and not done:
            painter.setPen(Qt.PenStyle.NoPen if here else QPen(look.colour("input-line")))
            painter.setBrush(look.colour("primary") if here else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(spot.adjusted(0, 0, -1, -1))
            painter.setFont(look.font("fs-12", here))
            painter.setPen(look.colour("on-primary" if here else "text-2"))
            painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, str(number + 1))
        else:
            name = ("circle-check" if self._numbered else "check") if done else "player-play" if here else "circle"
            icons.paint(painter, spot, name, token)
        painter.setFont(look.font("fs-13", here))
        painter.setPen(look.colour(token))
        painter.drawText(rect.adjusted(spot.right() + 6 - rect.left(), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, stage)

    def _widths(self) -> list[int]:
        look = theme.current()
        metrics = QFontMetrics(look.font("fs-13", True))
        around = look.grown(20) + 8 if self._numbered else 10 + look.grown(14) + 6 + 10
        return [metrics.horizontalAdvance(stage) + around for stage in self._stages]

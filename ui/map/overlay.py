"""What lies over the map: the edge of a place, the mark of a dwelling, the cross in the middle, how long a hundred metres are."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui import theme
from ui.map.painting import Paths, dots_at
from ui.map.scene import Shape
from ui.map.view import View

_SCALES_M = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def mark(painter: QPainter, view: View, at: tuple[float, float]) -> None:
    """A ring around the dwelling at a place on the plane."""
    look = theme.current()
    spot = QPointF(*view.screen(*at))
    radius = max(dots_at(view.zoom).radius, 5.0)
    painter.setBrush(look.colour("primary"))
    painter.setPen(QPen(look.colour("surface"), 2))
    painter.drawEllipse(spot, radius + 1, radius + 1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(look.colour("primary"), 2))
    painter.drawEllipse(spot, radius + 5, radius + 5)


def outline(painter: QPainter, view: View, paths: Paths, shape: Shape, token: str, width: float) -> None:
    """The edge of *shape* in the colour *token*, *width* px wide at every zoom."""
    line = QPen(theme.current().colour(token), width)
    line.setCosmetic(True)
    line.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.save()
    painter.setPen(line)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    left, top, right, bottom = view.bounds
    painter.scale(view.scale, view.scale)
    painter.translate(paths.origin[0] - left, paths.origin[1] - top)
    painter.drawPath(paths.of(shape, view.zoom, (left, top, right, bottom))[1])
    painter.restore()


def cross(painter: QPainter, view: View) -> None:
    """Where the keyboard sets a point."""
    middle = QPointF(view.width / 2, view.height / 2)
    painter.setPen(QPen(theme.current().colour("text-2"), 1))
    for across, down in ((8, 0), (0, 8)):
        painter.drawLine(middle - QPointF(across, down), middle + QPointF(across, down))


def scale(painter: QPainter, view: View) -> None:
    """A measure in the lower left corner, in round metres."""
    look = theme.current()
    pixel = view.metres_per_pixel()
    length = next((one for one in reversed(_SCALES_M) if one / pixel <= 120), _SCALES_M[0])
    wide = length / pixel
    said = f"{length} 米" if length < 1000 else f"{length // 1000} 公里"
    painter.setFont(look.font("fs-12"))
    metrics = painter.fontMetrics()
    high = metrics.height() + 8
    plate = QRectF(12, view.height - high - 8, max(wide, metrics.horizontalAdvance(said)) + 16, high)
    ground = look.colour("surface")
    ground.setAlpha(220)
    painter.fillRect(plate, ground)
    painter.setPen(look.colour("text-2"))
    painter.drawText(plate.adjusted(8, 0, 0, -5), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, said)
    foot = plate.bottom() - 4
    painter.setPen(QPen(look.colour("text-2"), 2))
    painter.drawLine(QPointF(plate.left() + 8, foot), QPointF(plate.left() + 8 + wide, foot))

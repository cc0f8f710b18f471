"""Tabler outline icons in the colours of the look, sharp at every scale."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.errors import BugError
from ui import theme
from ui.fonts import package_folders


def icon(name: str, token: str = "text-2") -> QIcon:  # noqa: S107 - a colour's name
    """The Tabler icon *name*; coloured by *token* when it paints, so a change of look needs no new icon."""
    _source(name)
    return QIcon(_Engine(name, token))


def pixmap(name: str, token: str, size: int, scale: float = 1.0) -> QPixmap:
    """The icon as a picture of *size* logical pixels for a screen of *scale*."""
    return _drawn(name, theme.current().colours[token], size, scale)


def paint(painter: QPainter, rect: QRect, name: str, colour: QColor | str) -> None:
    """Paint the icon into *rect*, centred and square; *colour* is a token or a colour."""
    shade = colour.name() if isinstance(colour, QColor) else theme.current().colours[colour]
    side = min(rect.width(), rect.height())
    scale = painter.device().devicePixelRatioF() if painter.device() else 1.0
    left = rect.left() + (rect.width() - side) // 2
    top = rect.top() + (rect.height() - side) // 2
    painter.drawPixmap(QPoint(left, top), _drawn(name, shade, side, scale))


@functools.cache
def _source(name: str) -> str:
    for folder in package_folders("pytablericons"):
        path = folder / "icons" / "outline" / f"{name}.svg"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise BugError(f"no icon {name}")


@functools.lru_cache(maxsize=1024)
def _drawn(name: str, shade: str, size: int, scale: float) -> QPixmap:
    stroke = "2" if size < 20 else "1.75"
    text = _source(name).replace("currentColor", shade).replace('stroke-width="2"', f'stroke-width="{stroke}"')
    renderer = QSvgRenderer(QByteArray(text.encode()))
    picture = QPixmap(round(size * scale), round(size * scale))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, picture.width(), picture.height()))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture


class _Engine(QIconEngine):
    def __init__(self, name: str, token: str) -> None:
        super().__init__()
        self._name = name
        self._token = token

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._token)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        paint(painter, rect, self._name, self._shade(mode))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return pixmap(self._name, self._shade(mode), min(size.width(), size.height()))

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        # Qt hands over device pixels here.
        side = round(min(size.width(), size.height()) / scale)
        return pixmap(self._name, self._shade(mode), side, scale)

    def _shade(self, mode: QIcon.Mode) -> str:
        return "text-3" if mode == QIcon.Mode.Disabled else self._token

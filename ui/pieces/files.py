"""Attachments of a record: tiles to open, one to add; what still waits to be sent is dashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from ui import icons, theme


@dataclass(frozen=True)
class FileTile:
    """One attachment: its name, icon, key; *waiting* says what is left to send; *picture* a small preview."""

    name: str
    icon: str = "file-text"
    key: object = None
    waiting: str = ""
    picture: QPixmap | None = None


class Files(QWidget):
    """``Files([FileTile("滑坡全景", "photo", key)], add="添加")``: signals ``opened(key)``, ``added``."""

    opened = Signal(object)
    added = Signal()

    def __init__(self, files: Sequence[FileTile] = (), columns: int = 4, add: str = "") -> None:
        super().__init__()
        self._columns, self._add = columns, add
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self.show_files(files)

    def show_files(self, files: Sequence[FileTile]) -> None:
        """Show other attachments."""
        while self._grid.count():
            if old := self._grid.takeAt(0).widget():
                old.hide()
                old.deleteLater()
        tiles = [_Tile(file) for file in files]
        for tile, file in zip(tiles, files, strict=True):
            tile.clicked.connect(lambda _checked=False, key=file.key: self.opened.emit(key))
        if self._add:
            more = _Tile(FileTile(self._add, "plus"), dashed=True)
            more.clicked.connect(lambda _checked=False: self.added.emit())
            tiles.append(more)
        for number, tile in enumerate(tiles):
            self._grid.addWidget(tile, number // self._columns, number % self._columns)
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 1)


class _Tile(QAbstractButton):
    def __init__(self, file: FileTile, dashed: bool = False) -> None:
        super().__init__()
        self._file, self._dashed = file, dashed or bool(file.waiting)
        self.setAccessibleName(file.name)
        self.setToolTip(f"{file.name} {file.waiting}".strip())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.grown(86), look.grown(62))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(look.colour("focus"), 2))
        elif self._dashed:
            painter.setPen(QPen(look.colour("input-line"), 1, Qt.PenStyle.DashLine))
        else:
            painter.setPen(QPen(look.colour("line-2")) if look.name == "contrast" else Qt.PenStyle.NoPen)
        ground = "surface" if self._dashed else "hover" if self.underMouse() else "strip"
        painter.setBrush(look.colour(ground))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        side = look.px("icon-nav")
        words = look.grown(20)
        top = (self.height() - side - words) // 2
        spot = QRect(0, top, self.width(), side)
        if self._file.picture is not None:
            scale = self.devicePixelRatioF()
            wanted = QSize(self.width() - 12, self.height() - words - 8) * scale
            shown = self._file.picture.scaled(
                wanted, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            shown.setDevicePixelRatio(scale)
            painter.drawPixmap(int((self.width() - shown.width() / scale) // 2), 4, shown)
        else:
            icons.paint(painter, spot, "upload" if self._file.waiting else self._file.icon, "text-2")
        painter.setFont(look.font("fs-12"))
        painter.setPen(look.colour("text-2"))
        line = QRect(6, self.height() - words - max(top - 2, 2), self.width() - 12, words)
        text = self._file.waiting or self._file.name
        shown_text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, shown_text)

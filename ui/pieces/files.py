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
        # One height for all: a small picture wants room, what waits a line of its own below the name.
        height = 62 + 24 * any(file.picture for file in files) + 14 * any(file.waiting for file in files)
        tiles = [_Tile(file, height) for file in files]
        for tile, file in zip(tiles, files, strict=True):
            tile.clicked.connect(lambda _checked=False, key=file.key: self.opened.emit(key))
        if self._add:
            more = _Tile(FileTile(self._add, "plus"), height, dashed=True)
            more.clicked.connect(lambda _checked=False: self.added.emit())
            tiles.append(more)
        for number, tile in enumerate(tiles):
            self._grid.addWidget(tile, number // self._columns, number % self._columns)
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 1)

    def begin(self) -> None:
        """Put the cursor on the last tile: the one that adds, where there is one."""
        place = self._grid.itemAt(self._grid.count() - 1)
        if place is not None and (tile := place.widget()) is not None:
            # What a layout was just given is shown by an event of its own, and what isn't shown takes no cursor.
            tile.show()
            tile.setFocus()


class _Tile(QAbstractButton):
    def __init__(self, file: FileTile, height: int, dashed: bool = False) -> None:
        super().__init__()
        self._file, self._height, self._dashed = file, height, dashed or bool(file.waiting)
        self.setAccessibleName(file.name)
        self.setToolTip(f"{file.name} {file.waiting}".strip())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.grown(86), look.grown(self._height))

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
        lines = [(self._file.name, "text-2")] + [(self._file.waiting, "text-3")] * bool(self._file.waiting)
        line = look.grown(16)
        room = QRect(5, 5, self.width() - 10, self.height() - len(lines) * line - 12)
        if self._file.picture is not None:
            self._paint_picture(painter, room, self._file.picture)
        else:
            side = look.px("icon-nav")
            icons.paint(
                painter,
                QRect(room.left(), room.center().y() - side // 2, room.width(), side),
                self._file.icon,
                "text-2",
            )
        painter.setFont(look.font("fs-12"))
        top = room.bottom() + 3
        for text, tone in lines:
            spot = QRect(6, top, self.width() - 12, line)
            painter.setPen(look.colour(tone))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, spot.width())
            painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, shown)
            top += line

    def _paint_picture(self, painter: QPainter, room: QRect, picture: QPixmap) -> None:
        """The middle of *picture* over the whole room: what is on it is seen even this small."""
        scale = self.devicePixelRatioF()
        wanted = room.size() * scale
        shown = picture.scaled(
            wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        )
        left, top = (shown.width() - wanted.width()) // 2, (shown.height() - wanted.height()) // 2
        painter.drawPixmap(room, shown, QRect(left, top, wanted.width(), wanted.height()))

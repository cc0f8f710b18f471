"""Placing a picture under the map: two points that one knows are clicked on the picture, and their degrees typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.rules.placing import Tie
from app.schema.outline import EAST, NORTH, SOUTH, WEST
from app.services.underlays import Picture
from ui import theme
from ui.map.beneath import picture_sizes
from ui.page import Page
from ui.pieces.card import Card
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_STEP = 4.0


class PictureTies(QWidget):
    """The picture, fitted, with the two points on it. A click sets the point that is asked for; arrows move it. Signal ``changed``."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._whole = (1, 1)
        self.spots: list[tuple[float, float] | None] = [None, None]
        self.asked = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 200)
        self.setAccessibleName("底图图片，点出两个已知点，方向键微调")
        self.setCursor(Qt.CursorShape.CrossCursor)

    def show_picture(self, image: QImage, width: int, height: int) -> None:
        """Show *image*, which stands for a picture of *width* x *height* pixels."""
        self._image, self._whole = image, (width, height)
        self.spots = [None, None]
        self.update()

    def ask(self, which: int) -> None:
        """The next click sets this point."""
        self.asked = which
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        frame = self._frame()
        at = event.position()
        if frame.contains(at) and not self._image.isNull():
            scale = self._whole[0] / frame.width()
            self._set(((at.x() - frame.left()) * scale, (at.y() - frame.top()) * scale))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        moves = {keys.Key_Left: (-1, 0), keys.Key_Right: (1, 0), keys.Key_Up: (0, -1), keys.Key_Down: (0, 1)}
        if event.key() in moves:
            across, down = moves[keys(event.key())]
            x, y = self.spots[self.asked] or (self._whole[0] / 2, self._whole[1] / 2)
            stride = _STEP * self._whole[0] / max(self._frame().width(), 1)
            self._set((x + across * stride, y + down * stride))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = self._frame()
        painter.drawImage(frame, self._image)
        scale = frame.width() / self._whole[0]
        painter.setFont(look.font("fs", bold=True))
        for number, spot in enumerate(self.spots):
            if spot is None:
                continue
            at = QPointF(frame.left() + spot[0] * scale, frame.top() + spot[1] * scale)
            painter.setPen(QPen(look.colour("surface"), 4))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 9, 9)
            painter.setPen(QPen(look.colour("primary" if number == self.asked else "text"), 2))
            painter.drawEllipse(at, 9, 9)
            painter.drawLine(at - QPointF(4, 0), at + QPointF(4, 0))
            painter.drawLine(at - QPointF(0, 4), at + QPointF(0, 4))
            painter.drawText(at + QPointF(12, -6), str(number + 1))
        if self.hasFocus():
            painter.setPen(QPen(look.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _set(self, spot: tuple[float, float]) -> None:
        self.spots[self.asked] = (min(max(spot[0], 0.0), self._whole[0]), min(max(spot[1], 0.0), self._whole[1]))
        self.update()
        self.changed.emit()

    def _frame(self) -> QRectF:
        share = min(self.width() / self._whole[0], self.height() / self._whole[1])
        wide, high = self._whole[0] * share, self._whole[1] * share
        return QRectF((self.width() - wide) / 2, (self.height() - high) / 2, wide, high)


class MapUnderlayPage(Page):
    """放底图图片. Shows the picture that was laid; ``go("map")`` when it is placed."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("放底图图片", back=True)
        self._office, self._jobs = office, jobs
        self.picture = PictureTies()
        self.picture.changed.connect(self._on_changed)
        self.place_button = self.set_primary("放到地图上", self.place, icon="check", keys="Ctrl+Return")
        line = QHBoxLayout()
        line.setSpacing(12)
        card = Card(flush=True)
        card.add(self.picture, 1)
        line.addWidget(card, 1)
        side = Card("两个已知点")
        side.add(
            words("在图上点一个认得出的地方，再填它的经纬度；两个点离得越远，图放得越准。", "13", "text-2", wrap=True)
        )
        self.degrees: list[QLineEdit] = []
        for number in (0, 1):
            side.add(words(f"点 {number + 1} 的经度、纬度", "13", "text-3"))
            field = QLineEdit()
            field.setPlaceholderText("如 102.7216, 25.0458")
            field.setAccessibleName(f"点 {number + 1} 的经度和纬度")
            field.textChanged.connect(lambda _text: self._on_changed())
            field.installEventFilter(self)
            self.degrees.append(field)
            side.add(field)
        self.hint = words("", "13", "text-3", wrap=True)
        side.add(self.hint)
        side.add(words("图片只留在本机，加密保存，不上传。", "13", "text-3", wrap=True))
        line.addWidget(side)
        self.add_side(side, 300, 240)
        whole = QWidget()
        body = QVBoxLayout(whole)
        body.setContentsMargins(0, 0, 0, 0)
        body.addLayout(line)
        self.add(whole, 1)
        self._on_changed()

    def opened(self, args: Mapping[str, Any]) -> None:
        self._jobs.run(self._read, self._on_read)

    def eventFilter(self, watched: Any, event: Any) -> bool:
        if event.type() == event.Type.FocusIn and watched in self.degrees:
            self.picture.ask(self.degrees.index(watched))
        return super().eventFilter(watched, event)

    def place(self) -> None:
        """Place the picture."""
        ties = self._ties()
        if len(ties) == 2:
            self._jobs.run(lambda: self._office.underlays.place(ties), lambda _placing: self._on_placed())

    def _read(self) -> tuple[Picture, QImage] | None:
        held = self._office.underlays.now()
        return (held, picture_sizes(held)[0]) if isinstance(held, Picture) else None

    def _on_read(self, found: tuple[Picture, QImage] | None) -> None:
        if found is not None:
            picture, image = found
            self.set_title("放底图图片", picture.name)
            self.picture.show_picture(image, picture.width, picture.height)
            self._on_changed()

    def _ties(self) -> list[Tie]:
        ties = []
        for spot, field in zip(self.picture.spots, self.degrees, strict=True):
            degrees = read_degrees(field.text())
            if spot is not None and degrees is not None:
                ties.append(Tie(*spot, *degrees))
        return ties

    def _on_changed(self) -> None:
        spots, fields = self.picture.spots, self.degrees
        # After the first point the second is asked for.
        if spots[0] is not None and spots[1] is None and self.picture.asked == 0 and read_degrees(fields[0].text()):
            self.picture.ask(1)
        missing = [f"点 {at + 1}" for at in (0, 1) if spots[at] is None]
        unread = [f"点 {at + 1}" for at in (0, 1) if fields[at].text() and read_degrees(fields[at].text()) is None]
        if unread:
            self.hint.setText(f"{unread[0]} 的经纬度看不懂：经度在前，如 102.7216, 25.0458。")
        elif missing:
            self.hint.setText(f"还要在图上点出{missing[0]}。")
        else:
            empty = [f"点 {at + 1}" for at in (0, 1) if not fields[at].text()]
            self.hint.setText(f"还要填{empty[0]}的经纬度。" if empty else "")
        self.place_button.refuse("" if len(self._ties()) == 2 else "还缺已知点或经纬度")

    def _on_placed(self) -> None:
        self.said.emit("底图已放好。", None)
        self.go.emit("map", {"underlay": "new"})


def read_degrees(text: str) -> tuple[float, float] | None:
    """Longitude and latitude as people write them, the longitude first; None where that is no place in China."""
    found = _NUMBER.findall(text)
    if len(found) != 2:
        return None
    lon, lat = float(found[0]), float(found[1])
    return (lon, lat) if WEST <= lon <= EAST and SOUTH <= lat <= NORTH else None

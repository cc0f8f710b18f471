"""The map's canvas: pan, zoom, point at places and go down into them, by mouse and by keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.rules.mercator import degrees
from ui import theme
from ui.map.beneath import Beneath, laid_over
from ui.map.drawing import Drawing
from ui.map.labels import Labels
from ui.map.overlay import cross, mark, outline, scale
from ui.map.painting import Paths, Style, paint_tile
from ui.map.pointing import dwellings_at, shape_under, siblings
from ui.map.scene import NOTHING, Scene, Shape
from ui.map.telling import show_name, tell
from ui.map.tiles import Tile, Tiles
from ui.map.view import STEP, TILE, Bounds, View

_BUDGET_S = 0.004
"""Of a frame for painting tiles; what is missing comes with the next."""
_STRIDE = 96
_DRAG_PX = 4


class MapCanvas(QWidget):
    """``show_scene(scene)``, ``look_at(key)``. Signals: ``picked(key)`` a place was clicked or entered, ``dwellings_picked(ids)``,
    ``chosen(key)`` the keyboard points at a place, ``went_up()``, ``moved()``, ``placed(longitude, latitude)`` after ``ask_place``,
    ``entered(dwelling)`` by Enter on the one that is marked.
    """

    picked = Signal(str)
    dwellings_picked = Signal(list)
    chosen = Signal(str)
    went_up = Signal()
    moved = Signal()
    placed = Signal(float, float)
    entered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.scene: Scene = NOTHING
        self.view = View(x=0.79, y=0.42)
        self.focus_key = ""
        self.picked_dwelling = ""
        self.beneath: Beneath | None = None
        self.drawing: Drawing | None = None
        self.show_strays = True
        self._asking = False
        self.whole = False
        """Whether the last frame had everything: what is missing comes with the next ones."""
        self._chosen = ""
        self._hovered: Shape | None = None
        self._paths = Paths((0.0, 0.0))
        self._tiles = Tiles(self._paint)
        self._labels = Labels()
        self._pressed: QPoint | None = None
        self._dragging = False
        self._to_fit: Bounds | None = None
        self._wheel = 0.0
        self._more = QTimer(self, singleShot=True, interval=0)
        self._more.timeout.connect(self.update)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 160)
        self._say("")

    # -- what is shown ----------------------------------------------------------------------------------------------------------

    def show_scene(self, scene: Scene) -> None:
        """Show another scene where one is; the first is shown whole."""
        first = self.scene.empty
        if scene.layers is not self.scene.layers:
            self._paths = Paths(scene.bounds[:2] if scene.bounds else (0.0, 0.0))
            self._labels.clear()
        self.scene = scene
        self._tiles.forget()
        self._hovered = None
        if scene.shape(self._chosen) is None:
            self._chosen = ""
        if first and scene.bounds:
            self.fit(scene.bounds)
        self.update()

    def look_at(self, key: str, *, fit: bool = True) -> None:
        """Make *key* the place that is looked at: the rest steps back. An unknown or empty one is everything."""
        if key != self.focus_key:
            self.focus_key = key
            self._chosen = ""
            self._tiles.forget()
        bounds = self.scene.within(key) if key else self.scene.bounds
        if fit and bounds is not None:
            self.fit(bounds)
        self._say(self.scene.names.get(key, ""))
        self.update()

    def fit(self, bounds: Bounds) -> None:
        """Show all of *bounds*; once the canvas has its size, where it has none yet."""
        self._to_fit = bounds
        if self.width() > 250 and self.isVisible():
            self._to_fit = None
        self.show_view(self.view.resized(self.width(), self.height()).fitted(bounds))

    def show_view(self, view: View) -> None:
        """Pan and zoom to *view*."""
        self.view = view
        self.update()
        self.moved.emit()

    def point_at(self, dwelling: str) -> None:
        """Mark a dwelling, and bring it into sight where it is out of it or too far to be told from others."""
        self.picked_dwelling = dwelling
        spot = self.scene.dots.place(dwelling)
        if spot is not None:
            x, y = spot
            left, top, right, bottom = self.view.bounds
            if not (left < x < right and top < y < bottom) or self.view.zoom < 15.5:
                self.show_view(self.view.centred(x, y, max(self.view.zoom, 17.0)))
        self.update()

    def go_to(self, x: float, y: float, zoom: float = 17.0) -> None:
        """Bring a place on the plane into the middle."""
        self.show_view(self.view.centred(x, y, max(self.view.zoom, zoom)))

    def draw_with(self, drawing: Drawing | None) -> None:
        """Begin or end drawing."""
        self.drawing = drawing
        self.setCursor(Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.ArrowCursor)
        self.update()

    def ask_place(self, asking: bool) -> None:
        """The next click is a place, and goes out as ``placed``."""
        self._asking = asking
        self.setCursor(Qt.CursorShape.CrossCursor if asking else Qt.CursorShape.ArrowCursor)
        self.setFocus()

    def step(self, notches: int) -> None:
        """Zoom around the middle."""
        self.show_view(self._level(self.view.zoomed(notches)))

    def set_beneath(self, beneath: Beneath | None) -> None:
        """Lay something else under the grids."""
        self.beneath = beneath
        self._tiles.clear()
        self.update()

    # -- painting ---------------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.colour("surface"))
        whole = self._tiles.draw(painter, self.view, _BUDGET_S)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for shape, token, width in (
            (self._hovered, "text-2", 1.6),
            (self.scene.shape(self.focus_key), "primary", 2.0),
            (self.scene.shape(self._chosen), "focus", 3.0),
        ):
            if shape is not None:
                outline(painter, self.view, self._paths, shape, token, width)
        named = self._labels.draw(painter, self.scene, self.view, self.focus_key, self.devicePixelRatioF())
        if (spot := self.scene.dots.place(self.picked_dwelling)) is not None:
            mark(painter, self.view, spot)
        if self.drawing is not None:
            self.drawing.paint(painter, self.view)
            if self.hasFocus():
                cross(painter, self.view)
        elif self._asking:
            cross(painter, self.view)
        scale(painter, self.view)
        if self.hasFocus():
            painter.setPen(QPen(look.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()
        self.whole = whole and named
        if not self.whole:
            self._more.start()

    def _paint(self, tile: Tile) -> QPixmap | None:
        ratio, beneath = self.devicePixelRatioF(), self.beneath
        x, y = tile.corner
        edges = (x, y, x + tile.side, y + tile.side)
        if beneath is not None and not beneath.ready(edges, tile.zoom):
            return None
        style = Style(self.focus_key, beneath is not None, self.show_strays)
        image = paint_tile(self.scene, self._paths, style, tile.zoom, (x, y), ratio)
        if beneath is not None:
            return laid_over(beneath, image, edges, TILE / tile.side, ratio)
        made = QPixmap.fromImage(image)
        made.setDevicePixelRatio(ratio)
        return made

    # -- the mouse --------------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._dragging = event.position().toPoint(), False
            if self.drawing is not None and event.button() == Qt.MouseButton.LeftButton:
                self.drawing.press(event.position(), self.view)
                self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        if self._pressed is None:
            self._hover(event.position())
            return
        if self.drawing is not None and self.drawing.held:
            self.drawing.drag(event.position(), self.view)
            self._dragging = True
            self.update()
            return
        away = here - self._pressed
        if self._dragging or away.manhattanLength() > _DRAG_PX:
            self._dragging = True
            self._pressed = here
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.show_view(self.view.moved(away.x(), away.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        dragged, self._pressed, self._dragging = self._dragging, None, False
        self.setCursor(Qt.CursorShape.CrossCursor if self.drawing or self._asking else Qt.CursorShape.ArrowCursor)
        if self.drawing is not None:
            self.drawing.release(event.position(), self.view, dragged=dragged)
            self.update()
        elif not dragged and event.button() == Qt.MouseButton.LeftButton:
            self._click(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.drawing is not None:
            self.drawing.end()
        else:
            self._click(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        # A touchpad gives small turns: they add up to a notch.
        self._wheel += event.angleDelta().y() / 120
        steps = int(self._wheel)
        if steps:
            self._wheel -= steps
            at = event.position()
            self.show_view(self._level(self.view.zoomed(steps, at.x(), at.y())))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()

    def _hover(self, at: QPointF) -> None:
        if self.drawing is not None:
            self.drawing.hover(at, self.view)
            self.update()
            return
        found = shape_under(self.scene, self.view, self.focus_key, at)
        if found is not self._hovered:
            self._hovered = found
            self.update()

    def _click(self, at: QPointF) -> None:
        if self._asking:
            self.placed.emit(*degrees(*self.view.plane(at.x(), at.y())))
            return
        ids = dwellings_at(self.scene, self.view, at)
        if ids:
            self.dwellings_picked.emit(ids)
            return
        shape = shape_under(self.scene, self.view, self.focus_key, at)
        if shape is not None:
            self.picked.emit(shape.key)

    # -- the keyboard -----------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = event.key(), Qt.Key
        if self.drawing is not None and self.drawing.key(event, self.view):
            self.update()
            return
        moves = {keys.Key_Left: (1, 0), keys.Key_Right: (-1, 0), keys.Key_Up: (0, 1), keys.Key_Down: (0, -1)}
        if key in moves and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            across, down = moves[keys(key)]
            self.show_view(self.view.moved(across * _STRIDE, down * _STRIDE))
        elif key in (keys.Key_Plus, keys.Key_Equal):
            self.step(1)
        elif key in (keys.Key_Minus, keys.Key_Underscore):
            self.step(-1)
        elif key == keys.Key_Home:
            self.look_at(self.focus_key)
        elif key in (keys.Key_Return, keys.Key_Enter) and self.drawing is None:
            if self._asking:
                self.placed.emit(*self.middle())
            elif self._chosen:
                self.picked.emit(self._chosen)
            elif self.picked_dwelling:
                self.entered.emit(self.picked_dwelling)
        elif key == keys.Key_Escape and self.focus_key and self.drawing is None and not self._asking:
            self.went_up.emit()
        else:
            event.ignore()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from grid to grid, and after the last one on to the next widget."""
        if self.drawing is not None:
            return super().focusNextPrevChild(forward)
        beside = siblings(self.scene, self.focus_key)
        order = [shape.key for shape in beside]
        at = order.index(self._chosen) if self._chosen in order else -1 if forward else len(order)
        at += 1 if forward else -1
        if 0 <= at < len(order) and self.hasFocus():
            self._choose(beside[at], at + 1, len(order))
            return True
        self._chosen = ""
        self.update()
        return super().focusNextPrevChild(forward)

    def _choose(self, shape: Shape, number: int, total: int) -> None:
        self._chosen = shape.key
        left, top, right, bottom = self.view.bounds
        x, y = shape.spot
        if not (left < x < right and top < y < bottom):
            self.show_view(self.view.centred(x, y))
        self._say(f"{shape.name}，第 {number} 个，共 {total} 个")
        self.chosen.emit(shape.key)
        self.update()

    def chosen_key(self) -> str:
        """The place that the keyboard points at."""
        return self._chosen

    # -- Qt ---------------------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = (
                shape_under(self.scene, self.view, self.focus_key, QPointF(event.pos()))
                if self.drawing is None
                else None
            )
            show_name(self, event, found.name if found else "")
            return True
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.drawing is not None
            and self.drawing.wants(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.view = self.view.resized(self.width(), self.height())
        if self._to_fit is not None:
            self.fit(self._to_fit)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self._labels.clear()
            self._tiles.clear()
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def middle(self) -> tuple[float, float]:
        """The degrees in the middle."""
        return degrees(self.view.x, self.view.y)

    def _level(self, view: View) -> View:
        """At a zoom that tiles are painted for."""
        return view.zoomed((round(view.zoom / STEP) * STEP - view.zoom) / STEP)

    def _say(self, words: str) -> None:
        tell(self, words)

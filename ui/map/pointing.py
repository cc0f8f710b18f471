"""What a pixel of the map means: the dwellings there, the place that a click goes to, and the places that Tab goes through."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from ui.map.painting import dots_at, shows_grids
from ui.map.scene import Scene, Shape
from ui.map.view import View

_NEAR_PX = 9


def dwellings_at(scene: Scene, view: View, at: QPointF) -> list[str]:
    """The dwellings at a pixel, where they are drawn large enough to be meant."""
    size = dots_at(view.zoom)
    if size.radius < 2:
        return []
    reach = max(_NEAR_PX, size.radius + 3) / view.scale
    return [scene.dots.ids[one] for one in scene.dots.near(*view.plane(at.x(), at.y()), reach)]


def shape_under(scene: Scene, view: View, focus: str, at: QPointF) -> Shape | None:
    """The shape that a click would go to: a level below the place looked at (*focus*), or its neighbour."""
    x, y = view.plane(at.x(), at.y())
    layers = scene.layers
    if focus in layers["grid"].by_key or focus in layers["village"].by_key:
        near = layers["grid"].at(x, y)
        if near is not None and (shows_grids(scene, view.scale) or near.parent == focus):
            return near
        return layers["village"].at(x, y)
    if focus in layers["township"].by_key or len(layers["township"].shapes) < 2:
        return layers["village"].at(x, y) or layers["grid"].at(x, y)
    return layers["township"].at(x, y) or layers["village"].at(x, y)


def siblings(scene: Scene, focus: str) -> list[Shape]:
    """What lies in the place looked at (*focus*), or beside it where nothing does."""
    below = scene.children(focus) if focus else []
    if not below and focus in scene.layers["grid"].by_key:
        below = scene.children(scene.parents.get(focus, ""))
    if not below:
        below = list(next((layer.shapes for layer in scene.layers.values() if layer.shapes), ()))
    return below

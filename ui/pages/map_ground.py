"""The underlay of the map's page: its menu, laying and taking away, and bringing it onto the canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.errors import KnownError
from app.services.underlays import Picture, Tiles
from app.store.tile_file import TileFile
from ui.map.beneath import Beneath, PictureBeneath, TilesBeneath, picture_sizes
from ui.map.canvas import MapCanvas

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs

_PICTURES = "图片 (*.png *.jpg *.jpeg *.bmp *.webp *.tif *.tiff)"


def ask_underlay(parent: QWidget, title: str, kinds: str) -> str:
    """The file that somebody picks; empty for none."""
    return QFileDialog.getOpenFileName(parent, title, str(Path.home()), kinds)[0]


class MapGround(QObject):
    """*go* leads to another page, *say* tells, *changed* hears that another underlay lies on *canvas*."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        canvas: MapCanvas,
        go: Callable[[str, dict[str, Any]], object],
        say: Callable[[str, object], object],
        changed: Callable[[], object],
        pick: Callable[[QWidget, str, str], str] = ask_underlay,
    ) -> None:
        super().__init__()
        self._office, self._jobs, self._canvas = office, jobs, canvas
        self._go, self._say, self._changed = go, say, changed
        self._held: Picture | Tiles | None = None
        self.pick = pick
        self.menu = QMenu()
        self.menu.addAction("放一张图片…").triggered.connect(lambda _on=False: self.lay_picture())
        self.menu.addAction("用底图文件（MBTiles）…").triggered.connect(lambda _on=False: self.lay_tiles())
        self._again = self.menu.addAction("重新定图片的位置")
        self._again.triggered.connect(lambda _on=False: self._go("map_underlay", {}))
        self._away = self.menu.addAction("拿掉底图")
        self._away.triggered.connect(lambda _on=False: self.take_away())
        self._tell()

    def load(self) -> None:
        """Bring what lies under the map onto the canvas."""
        self._jobs.run(self._read, self._on_read, failed=self._on_gone)

    def lay_picture(self) -> None:
        """Pick a picture; then it is placed on a page of its own."""
        path = self.pick(self._canvas, "放一张图片", _PICTURES)
        if path:
            self._jobs.run(
                lambda: self._office.underlays.lay_picture(Path(path)), lambda _picture: self._go("map_underlay", {})
            )

    def lay_tiles(self) -> None:
        """Pick a tile file."""
        path = self.pick(self._canvas, "用底图文件", "MBTiles (*.mbtiles)")
        if path:
            self._jobs.run(lambda: self._office.underlays.lay_tiles(Path(path)), lambda _tiles: self.load())

    def take_away(self) -> None:
        """Nothing lies under the map any more."""
        self._jobs.run(self._office.underlays.take_away, lambda _none: self.load())

    def _read(self) -> tuple[Picture | Tiles | None, Beneath | None]:
        held = self._office.underlays.now()
        if isinstance(held, Tiles):
            return held, TilesBeneath(held, self._jobs, self._canvas.update, TileFile.open(held.path))
        if isinstance(held, Picture) and held.placing is not None:
            sizes = picture_sizes(held)
            return held, None if sizes[0].isNull() else PictureBeneath(sizes, held.placing)
        return held, None

    def _on_read(self, found: tuple[Picture | Tiles | None, Beneath | None]) -> None:
        self._held, beneath = found
        self._canvas.set_beneath(beneath)
        self._tell()
        self._changed()

    def _on_gone(self, error: Exception) -> None:
        """A file that was moved, a picture that can't be opened: the map goes on without it and says so."""
        if not isinstance(error, KnownError):
            raise error
        self._canvas.set_beneath(None)
        self._say(str(error), None)
        self._away.setEnabled(True)
        self._changed()

    def _tell(self) -> None:
        self._away.setEnabled(self._held is not None)
        self._again.setEnabled(isinstance(self._held, Picture))

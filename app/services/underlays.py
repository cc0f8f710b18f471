"""What lies under the map on this machine: a picture placed by two known points, or a file of tiles. Nothing of it is sent."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.rules.placing import Placing, Tie, placed
from app.store.tile_file import TileFile

if TYPE_CHECKING:
    from app.store.store import Store

MOST_MB = 60
_LONGEST = 8192
_MOST_PIXELS = 80_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture under the map. ``placing`` is None until two points are known."""

    name: str
    width: int
    height: int
    content: bytes
    placing: Placing | None


@dataclass(frozen=True, slots=True)
class Tiles:
    """A tile file under the map."""

    name: str
    path: Path


class Underlays:
    """Laying, placing and taking away."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> Picture | Tiles | None:
        """What lies there. KnownError("map.picture_gone") where the picture can't be opened any more."""
        held = self._store.underlay.held()
        if held.get("tiles"):
            return Tiles(str(held["name"]), Path(str(held["tiles"])))
        if not held.get("picture"):
            return None
        width, height = int(held["width"]), int(held["height"])
        ties = [Tie(*(float(number) for number in one)) for one in held.get("ties", ())]
        placing = placed(ties[0], ties[1], width, height) if len(ties) == 2 else None
        return Picture(str(held["name"]), width, height, self._store.underlay.picture(), placing)

    def lay_picture(self, path: Path) -> Picture:
        """Take a picture in, without what the camera wrote into it, at most 8,192 px long; it must be placed then.

        Raises KnownError("map.not_a_picture", "store.no_space"); then what was there stays.
        """
        from PIL import Image, UnidentifiedImageError  # only here: every command has a room for underlays

        try:
            if path.stat().st_size > MOST_MB << 20:
                raise KnownError("map.not_a_picture", file=path.name, most=MOST_MB)
            with Image.open(path) as opened:
                if opened.width * opened.height > _MOST_PIXELS:
                    raise KnownError("map.not_a_picture", file=path.name, most=MOST_MB)
                picture = opened.convert("RGB")
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as bad:
            raise KnownError("map.not_a_picture", file=path.name, most=MOST_MB) from bad
        picture.thumbnail((_LONGEST, _LONGEST))
        made = io.BytesIO()
        picture.save(made, "JPEG", quality=90)
        facts = {"name": path.name, "width": picture.width, "height": picture.height, "ties": []}
        self._store.underlay.lay_picture(made.getvalue(), facts)
        return Picture(path.name, picture.width, picture.height, made.getvalue(), None)

    def place(self, ties: Sequence[Tie]) -> Placing:
        """Place the picture by two points; KnownError("map.points_too_near")."""
        held = self._store.underlay.held()
        made = placed(ties[0], ties[1], int(held["width"]), int(held["height"])) if held.get("picture") else None
        if made is None:
            raise KnownError("map.points_too_near")
        self._store.underlay.tie([[one.across, one.down, one.lon, one.lat] for one in ties])
        return made

    def lay_tiles(self, path: Path) -> Tiles:
        """Lay a raster MBTiles file under the map; raises what ``TileFile.open`` raises, and then what was there stays."""
        TileFile.open(path).close()
        self._store.underlay.lay_tiles(path)
        return Tiles(path.name, path)

    def take_away(self) -> None:
        """Nothing lies under the map any more."""
        self._store.underlay.take_away()

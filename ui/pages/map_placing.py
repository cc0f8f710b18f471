"""A dwelling is put on the map, or elsewhere on it: asked for, clicked, saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ui.pages.map_middle import MapMiddle

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class MapPlacing:
    """``begin(dwelling)``; ``active`` until a place is clicked or ``end()``. *held* says whether a dwelling has a place already, *done* hears
    that it was put.
    """

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        middle: MapMiddle,
        say: Callable[[str, None], object],
        held: Callable[[str], bool],
        done: Callable[[], object],
    ) -> None:
        self._office, self._jobs, self._middle, self._say, self._held, self._done = (
            office, jobs, middle, say, held, done,
        )  # fmt: skip
        self._dwelling = ""
        middle.canvas.placed.connect(self._on_placed)

    @property
    def active(self) -> bool:
        """Whether the next click is a dwelling's place."""
        return bool(self._dwelling)

    def begin(self, dwelling: str) -> None:
        """Ask for the place of *dwelling*."""
        self._dwelling = dwelling
        self._middle.show_canvas()
        self._middle.canvas.ask_place(True)
        self._say("在地图上点房屋的位置；Esc 不改。", None)

    def end(self) -> None:
        """Ask no more; nothing is changed."""
        self._dwelling = ""
        self._middle.canvas.ask_place(False)

    def _on_placed(self, lon: float, lat: float) -> None:
        dwelling = self._dwelling
        self.end()
        if not dwelling:
            return
        moved = self._held(dwelling)
        self._jobs.run(
            lambda: self._office.maps.put_dwelling(dwelling, lon, lat), lambda _record: self._on_put(dwelling, moved)
        )

    def _on_put(self, dwelling: str, moved: bool) -> None:
        self._middle.canvas.picked_dwelling = dwelling
        self._say("位置已改。" if moved else "位置已记下。", None)
        self._done()

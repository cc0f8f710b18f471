"""Drawing a grid on the map's page: taken up from its outline or its draft, kept as a draft each second, saved at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from app.schema.ids import companion
from app.schema.outline import outline_of, read_outline
from app.services.map_split import CutFrom, cut_from, keep_cut
from app.services.maps import SHAPE, Drawn
from ui.map.canvas import MapCanvas
from ui.map.drawing import Drawing
from ui.map.sketch import Sketch
from ui.pages.map_strip import MapStrip

if TYPE_CHECKING:
    from app.schema.record import Record
    from app.services.office import Office
    from ui.jobs import Jobs

Say = Callable[[str, object], object]


class MapDrawing(QObject):
    """One drawing at a time on *canvas*; *done(grid)* when one was saved or put down."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        canvas: MapCanvas,
        strip: MapStrip,
        done: Callable[[str], object],
        say: Say,
    ) -> None:
        super().__init__()
        self._office, self._jobs = office, jobs
        self._canvas, self._strip = canvas, strip
        self._done, self._say = done, say
        self.grid = ""
        self.sketch = Sketch()
        self._seen: dict[str, int] = {}
        self._source: CutFrom | None = None
        self._touched = False
        self._soon = QTimer(self, singleShot=True, interval=1000)
        self._soon.timeout.connect(self.keep)
        strip.undone.connect(self.undo)
        strip.more.connect(self.begin_part)
        strip.dropped.connect(self.drop)
        strip.left.connect(self.put_down)
        strip.ended.connect(self.finish)

    @property
    def active(self) -> bool:
        """Whether something is being drawn."""
        return bool(self.grid)

    def begin(self, grid: str) -> None:
        """Draw the outline of *grid*: its draft where there is one, else as it is, else from the first point on."""
        if self.grid == grid:
            return
        if self.active:
            self.put_down()
        self._jobs.run(lambda: self._read(grid), lambda found: self._on_read(grid, *found))

    def undo(self) -> None:
        """Take the last step back."""
        if self._canvas.drawing is not None:
            self._canvas.drawing.undo()
            self._canvas.update()

    def begin_part(self) -> None:
        """Draw another piece of the same grid."""
        self.sketch.begin_part()
        self._on_step()

    def finish(self) -> None:
        """Save what is drawn. An outline that crosses itself, or is too long, stays on the map and is told of."""
        if not self.sketch.close() or self.sketch.outline() is None:
            self._say("至少要三个不在一条线上的点，才围成范围。", None)
            return
        grid, parts, seen = self.grid, self.sketch.parts(), dict(self._seen)
        name, source = self._canvas.scene.names.get(grid, ""), self._source

        def save() -> Record:
            drawn = Drawn(grid, outline_of(parts, most=None))
            if source is not None:
                record = keep_cut(self._office, drawn, source.grid, seen=seen)
            else:
                record = self._office.maps.keep(drawn, seen=seen)
            self._office.store.drop_draft(_key(grid))
            return record

        # Where the outline can't be kept the draft stays; where it is, the lane drops the draft after this one was written.
        self.keep()
        cut = f"，“{source.name}”的范围去掉了这一块" if source is not None else ""
        self._jobs.run(save, lambda _record: self._on_saved(grid, f"“{name}”的范围已存本机{cut}。"))

    def keep(self) -> None:
        """Keep the draft."""
        self._soon.stop()
        if self.active and self._touched:
            grid = self.grid
            held = {"lines": self.sketch.draft(), "seen": dict(self._seen)}
            self._touched = False
            self._jobs.run(lambda: self._office.store.keep_draft(_key(grid), SHAPE, companion(grid, SHAPE), held))

    def put_down(self) -> None:
        """Stop for now: the draft stays and is taken up next time."""
        if self.active:
            drawn = self.sketch.changed
            self.keep()
            grid = self._end()
            if drawn:
                self._say("先放下了，画到一半的范围留着，下次接着画。", None)
            self._done(grid)

    def drop(self) -> None:
        """Throw away what was drawn since; the outline that the grid has stays."""
        if not self.active:
            return
        self._soon.stop()
        held = self.sketch.draft()
        grid = self._end()
        self._jobs.run(lambda: self._office.store.drop_draft(_key(grid)))
        self._say("已放弃这次勾绘，原来的范围不变。", lambda: self._take_back(grid, held))
        self._done(grid)

    def _take_back(self, grid: str, held: list[dict[str, Any]]) -> None:
        kept = {"lines": held, "seen": dict(self._seen)}
        self._jobs.run(
            lambda: self._office.store.keep_draft(_key(grid), SHAPE, companion(grid, SHAPE), kept),
            lambda _none: self.begin(grid),
        )

    def _read(self, grid: str) -> tuple[Mapping[str, Any] | None, Record | None, str, CutFrom | None]:
        maps = self._office.maps
        return (
            self._office.store.draft(_key(grid)),
            maps.outline(grid),
            maps.ground_of(grid),
            cut_from(self._office, grid),
        )

    def _on_read(
        self, grid: str, draft: Mapping[str, Any] | None, shape: Record | None, ground: str, source: CutFrom | None
    ) -> None:
        note = f"保存时从“{source.name}”里去掉这一块。" if source is not None else ""
        self._source = source
        if draft:
            self.sketch = Sketch.of_draft(draft["lines"])
            self._seen = {str(name): int(rev) for name, rev in draft.get("seen", {}).items()}
        else:
            self.sketch = Sketch(read_outline(ground)) if ground else Sketch()
            self._seen = {"outline": shape.rev_of("outline")} if shape is not None else {}
            if source is not None and source.proposal and not ground:
                self.sketch.propose(source.proposal)
                note = f"已按房屋位置备好，请核对；{note}"
        self.grid, self._touched = grid, False
        self._canvas.draw_with(
            Drawing(self.sketch, self._canvas.scene, grid, self._on_step, self.finish, self.put_down)
        )
        name = self._canvas.scene.names.get(grid, "网格")
        self._strip.begin(f"接着画{name}" if draft else f"勾绘{name}", note)
        self._strip.tell(self.sketch)
        self._canvas.setFocus()

    def _on_step(self) -> None:
        self._touched = True
        self._strip.tell(self.sketch)
        self._canvas.update()
        if not self._soon.isActive():
            self._soon.start()

    def _on_saved(self, grid: str, said: str) -> None:
        if self.grid == grid:
            self._end()
        self._say(said, None)
        self._done(grid)

    def _end(self) -> str:
        grid, self.grid = self.grid, ""
        self._canvas.draw_with(None)
        self._strip.hide()
        return grid


def _key(grid: str) -> str:
    return f"map:{grid}"

"""Outlines in and out of files, as the map's page asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.forms.reason import ask_reason

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


def ask_file(parent: QWidget) -> str:
    """The GeoJSON file that somebody picks; empty for none."""
    return QFileDialog.getOpenFileName(parent, "导入网格范围", str(Path.home()), "GeoJSON (*.geojson *.json)")[0]


def ask_target(parent: QWidget) -> str:
    """Where to write; empty for nowhere."""
    return QFileDialog.getSaveFileName(
        parent, "导出网格范围", str(Path.home() / "网格范围.geojson"), "GeoJSON (*.geojson)"
    )[0]


class MapFiles(QObject):
    """*go* leads to another page, *say* tells; *pick* and *target* ask for a file."""

    def __init__(
        self,
        office: Office,
        jobs: Jobs,
        page: QWidget,
        go: Callable[[str, dict[str, Any]], object],
        say: Callable[[str, object], object],
        pick: Callable[[QWidget], str] = ask_file,
        target: Callable[[QWidget], str] = ask_target,
    ) -> None:
        super().__init__()
        self._office, self._jobs, self._page = office, jobs, page
        self._go, self._say = go, say
        self._pick, self._target = pick, target

    def bring_in(self) -> None:
        """Pick a file; what it would bring is shown on a page of its own."""
        path = self._pick(self._page)
        if path:
            self._go("map_import", {"path": path})

    def take_out(self) -> None:
        """Ask where to and what for, then write the outlines."""
        path = self._target(self._page)
        if path:
            ask_reason(
                self._page,
                "导出网格范围",
                "文件里只有网格的编号、名称和边线，没有房屋和人。理由会记入日志。",
                "导出",
                lambda reason: self._write(Path(path), reason),
                ("交测绘单位核对", "报送上级"),
            )

    def _write(self, path: Path, reason: str) -> None:
        from app.exchange.map.outgo import export_map

        self._jobs.run(
            lambda: export_map(self._office, path, reason),
            lambda count: self._say(f"已导出 {count} 个网格的范围。", None),
        )

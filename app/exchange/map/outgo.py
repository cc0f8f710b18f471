"""Taking outlines out as GeoJSON (RFC 7946), for a reason that is written down."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.schema.dates import china_time
from app.schema.outline import area_m2, read_outline
from app.services.maps import SHAPE

if TYPE_CHECKING:
    from app.services.office import Office

_CGCS2000 = "urn:ogc:def:crs:EPSG::4490"


def export_map(office: Office, out: Path, reason: str, *, area: str = "") -> int:
    """Write the outlines of the grids in *area* (default: all areas held) to *out*; how many there are.

    No person and no dwelling stands in the file. Raises Denied, KnownError("map.nothing_to_export", "map.cannot_write").
    """
    areas = [area] if area else list(office.session.areas)
    for code in areas:
        office.gate.require("export", SHAPE, code, reason=reason)
    today = china_time(office.store.now_ms())[:10]
    grids = [grid for grid in office.maps.grids(areas) if grid.outline and not grid.past(today)]
    if not grids:
        raise KnownError("map.nothing_to_export")
    shapes = {str(shape.values["grid"]): shape.values for shape in office.store.select(SHAPE, area=areas)}
    names = {row["code"]: row["name"] for row in office.store.areas()}
    kinds = office.forms["grid"].fields["grid_kind"].kind
    features: list[dict[str, Any]] = []
    for grid in grids:
        shape = shapes.get(grid.id, {})
        properties = {
            "id": grid.id,
            "code": grid.code,
            "name": grid.name,
            "kind": kinds.show(grid.kind),
            "village": names.get(grid.area, ""),
            "village_code": grid.area,
            "area_m2": round(area_m2(read_outline(grid.outline))),
            "datum": shape.get("datum") or "as_given",
            "drawn_at": shape.get("drawn_at"),
        }
        features.append({"type": "Feature", "properties": properties, "geometry": json.loads(grid.outline)})
    whole: dict[str, Any] = {"type": "FeatureCollection"}
    if all(one["properties"]["datum"] == "cgcs2000" for one in features):
        # RFC 7946 knows but WGS84; drawing programs still read the member of its forerunner.
        whole["crs"] = {"type": "name", "properties": {"name": _CGCS2000}}
    _write(out, json.dumps({**whole, "features": features}, ensure_ascii=False, separators=(",", ":")))
    return len(features)


def _write(out: Path, text: str) -> None:
    """All of it, or the file that was there stays."""
    name = ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).replace(out)
    except OSError as bad:
        if name:
            Path(name).unlink(missing_ok=True)
        raise KnownError("map.cannot_write", file=out.name) from bad

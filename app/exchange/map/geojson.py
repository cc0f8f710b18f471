"""A GeoJSON file: its features with the names that grids go by, and which coordinates it declares."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import KnownError
from app.schema.values import comparable, plain

MOST_MB = 100
_CODES = ("code", "网格编号", "网格编码", "编号", "编码", "grid_code", "gridcode", "wgbm", "wgdm", "wgbh")
_NAMES = ("name", "网格名称", "网格", "名称", "grid_name", "gridname", "wgmc")
_VILLAGES = ("village", "村", "行政村", "所属村", "村社区", "村名", "社区")
_IDS = ("id", "grid_id")
# How longitude and latitude in degrees are named: RFC 7946 knows but CRS84; 4490 is CGCS2000, 4326 WGS84.
_DATUMS = {"crs84": "wgs84", "4326": "wgs84", "4490": "cgcs2000"}
_CRS = re.compile(r"(crs84|\d{4,6})\D*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature, *number* as it stands in the file from 1; ``parts`` are polygons as GeoJSON has them, None for what is no polygon."""

    number: int
    kind: str
    parts: Sequence[Any] | None
    id: str = ""
    code: str = ""
    name: str = ""
    village: str = ""

    @property
    def title(self) -> str:
        """What it is called in a report."""
        return self.name or self.code


@dataclass(frozen=True)
class Drawing:
    """What a file draws; ``datum`` is a code of resources/codes/datum.toml."""

    features: tuple[Feature, ...]
    datum: str


def read_geojson(path: Path) -> Drawing:
    """The features of the file at *path*.

    Raises KnownError("map.no_file", "map.too_large", "map.not_geojson", "map.other_crs", "map.no_features").
    """
    raw = _load(path)
    kind = raw.get("type")
    if kind == "FeatureCollection" and isinstance(raw.get("features"), list):
        held = raw["features"]
    elif kind == "Feature":
        held = [raw]
    elif kind in ("Polygon", "MultiPolygon", "GeometryCollection"):
        held = [{"type": "Feature", "geometry": raw, "properties": {}}]
    else:
        raise KnownError("map.not_geojson", file=path.name)
    datum = _datum(raw)
    if not held:
        raise KnownError("map.no_features", file=path.name)
    return Drawing(tuple(_feature(number, one) for number, one in enumerate(held, 1)), datum)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MOST_MB << 20:
            raise KnownError("map.too_large", file=path.name, most=MOST_MB)
        content = path.read_bytes()
    except OSError as bad:
        raise KnownError("map.no_file", file=path.name) from bad
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Old drawing programs write the file in the code page of Windows.
        text = content.decode("gb18030", errors="replace")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as bad:
        raise KnownError("map.not_geojson", file=path.name) from bad
    if not isinstance(raw, dict):
        raise KnownError("map.not_geojson", file=path.name)
    return raw


def _datum(raw: Mapping[str, Any]) -> str:
    declared = raw.get("crs")
    if declared is None:
        return "as_given"
    properties = declared.get("properties") if isinstance(declared, dict) else None
    name = (
        str((properties or {}).get("name") or (properties or {}).get("code") or "")
        if isinstance(properties, dict)
        else ""
    )
    found = _CRS.search(name)
    datum = _DATUMS.get(found[1].lower()) if found else None
    if datum is None:
        raise KnownError("map.other_crs", crs=name or json.dumps(declared, ensure_ascii=False)[:60])
    return datum


def _feature(number: int, raw: object) -> Feature:
    held: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    shape = held.get("geometry")
    geometry: Mapping[str, Any] = shape if isinstance(shape, dict) else {}
    told = held.get("properties")
    words = {comparable(str(key)): value for key, value in told.items()} if isinstance(told, dict) else {}
    record_id = _first(words, _IDS) or str(held.get("id") or "")
    return Feature(
        number,
        str(geometry.get("type") or "空"),
        _parts(geometry),
        record_id if re.fullmatch(r"[0-9a-f]{32}", record_id) else "",
        _first(words, _CODES),
        _first(words, _NAMES),
        _first(words, _VILLAGES),
    )


def _parts(geometry: Mapping[str, Any]) -> Sequence[Any] | None:
    coordinates = geometry.get("coordinates")
    match geometry.get("type"):
        case "Polygon":
            return [coordinates]
        case "MultiPolygon":
            return coordinates if isinstance(coordinates, list) else None
        case "GeometryCollection":
            members = geometry.get("geometries")
            below = [_parts(one) for one in members if isinstance(one, dict)] if isinstance(members, list) else []
            return [part for parts in below if parts for part in parts] or None
    return None


def _first(words: Mapping[str, object], names: Sequence[str]) -> str:
    for name in names:
        value = words.get(name)
        if value not in (None, ""):
            return plain(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
    return ""

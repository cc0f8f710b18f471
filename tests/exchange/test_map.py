"""Outlines in and out of GeoJSON: matched to grids, mended or refused with the reason, and back again the same."""

from __future__ import annotations

import json

import pytest

from app.errors import Denied, KnownError
from app.exchange.map.intake import MapIntake
from app.exchange.map.outgo import export_map
from tests.services.conftest import LOWER, UPPER, clock, forms, office, open_office

__all__ = ["clock", "forms", "office", "open_office"]


def ring(x, y=25.0, wide=0.01):
    return [[x, y], [x + wide, y], [x + wide, y + 0.01], [x, y + 0.01], [x, y]]


def feature(x=102.0, geometry=None, **properties):
    shape = {"type": "Polygon", "coordinates": [ring(x)]} if geometry is None else geometry
    return {"type": "Feature", "properties": properties, "geometry": shape}


@pytest.fixture
def write(tmp_path):
    def made(*features, name="grids.geojson", encoding="utf-8", **more):
        path = tmp_path / name
        held = {"type": "FeatureCollection", **more, "features": list(features)}
        path.write_bytes(json.dumps(held, ensure_ascii=False).encode(encoding))
        return path

    return made


@pytest.fixture
def grids(office):
    """第一 of both villages, and 第二 of the upper one."""
    wanted = [("第一网格", UPPER, "001"), ("第二网格", UPPER, "002"), ("第一网格", LOWER, "001")]
    return [office.records.save("grid", {"name": n, "code": a + c}, area=a).record.id for n, a, c in wanted]


def bring(office, path, **options):
    intake = MapIntake(office)
    plan = intake.plan(path, **options)
    intake.apply(plan)
    return plan


def refusals(plan):
    return {line.number: line.notes[0][0] for line in plan.refused}


def test_a_feature_finds_its_grid_by_code_name_or_village(office, grids, write):
    path = write(
        feature(102.0, 网格编号=UPPER + "001"),
        feature(102.1, name="第二网格"),
        feature(102.2, 名称="第一网格", 村="下寨村"),
    )
    plan = bring(office, path)
    assert [line.grid for line in plan.lines] == grids
    assert plan.count("created") == 3
    assert [one.outline != "" for one in office.maps.ground().grids] == [True] * 3
    again = MapIntake(office).plan(path)
    assert (again.count("unchanged"), again.count("updated")) == (3, 0)
    assert MapIntake(office).apply(again) == []


def test_what_cannot_be_brought_in_says_why_and_holds_up_nothing(office, grids, write):
    path = write(
        feature(name="第一网格"),
        feature(name="第九网格"),
        feature(),
        feature(geometry={"type": "Point", "coordinates": [102, 25]}, name="第二网格"),
        feature(
            geometry={"type": "Polygon", "coordinates": [[[102, 25], [102.01, 25.01], [102.01, 25], [102, 25.011]]]},
            name="第二网格",
        ),
        feature(geometry={"type": "Polygon", "coordinates": [[[25, 102], [25, 102.1], [25.1, 102]]]}, name="第二网格"),
        feature(code=UPPER + "002"),
    )
    plan = bring(office, path)
    assert refusals(plan) == {
        1: "map.two_grids", 2: "map.no_grid", 3: "map.no_name", 4: "map.not_polygon", 5: "map.not_mended", 6: "check.outline_swapped",
    }  # fmt: skip
    assert all(line.notes[0][1].endswith("。") for line in plan.refused)
    assert office.store.count("grid_shape") == 1


def test_an_area_narrows_where_a_name_is_looked_for(office, grids, write):
    plan = bring(office, write(feature(name="第一网格")), area=LOWER)
    assert [line.grid for line in plan.lines] == [grids[2]]


def test_several_features_of_one_grid_are_its_outline_together(office, grids, write):
    bring(office, write(feature(102.0, name="第二网格"), feature(103.0, name="第二网格")))
    [kept] = office.store.select("grid_shape")
    assert json.loads(kept.values["outline"])["type"] == "MultiPolygon"


@pytest.mark.parametrize(
    ("crs", "datum"),
    [
        (None, "as_given"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("urn:ogc:def:crs:EPSG::4490", "cgcs2000"),
        ("urn:ogc:def:crs:EPSG::4528", ""),
        ("urn:ogc:def:crs:EPSG::3857", ""),
        ("GCJ-02", ""),
    ],
)
def test_only_degrees_of_a_datum_that_is_known_are_taken(office, grids, write, crs, datum):
    declared = {} if crs is None else {"crs": {"type": "name", "properties": {"name": crs}}}
    path = write(feature(name="第二网格"), **declared)
    if datum:
        bring(office, path)
        assert office.store.select("grid_shape")[0].values["datum"] == datum
    else:
        with pytest.raises(KnownError) as told:
            MapIntake(office).plan(path)
        assert told.value.code == "map.other_crs"
        assert crs in str(told.value)


def test_grids_that_are_not_there_are_made_where_that_is_asked_for(office, write):
    path = write(
        feature(102.0, code=LOWER + "001", name="新网格"),
        feature(102.1, name="不知哪村"),
        feature(102.2, name="有村", village="上寨村"),
    )
    plan = bring(office, path, create=True)
    assert refusals(plan) == {2: "map.no_village"}
    made = {grid.name: (grid.area, bool(grid.outline)) for grid in office.maps.ground().grids}
    assert made == {"新网格": (LOWER, True), "有村": (UPPER, True)}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'{"type":"Topology"}', b"[1]", "网格".encode("gb18030")])
def test_what_is_no_geojson_is_refused(office, tmp_path, content):
    path = tmp_path / "a.geojson"
    path.write_bytes(content)
    with pytest.raises(KnownError) as told:
        MapIntake(office).plan(path)
    assert told.value.code == "map.not_geojson"
    with pytest.raises(KnownError):
        MapIntake(office).plan(tmp_path / "gone.geojson")


def test_names_in_the_code_page_of_windows_are_read(office, grids, write):
    assert bring(office, write(feature(name="第二网格"), encoding="gb18030")).count("created") == 1


def test_what_goes_out_comes_in_again_unchanged(office, grids, write, tmp_path):
    declared = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}}
    bring(office, write(feature(102.0, name="第二网格"), feature(102.1, code=LOWER + "001"), **declared))
    out = tmp_path / "out.geojson"
    assert export_map(office, out, "交测绘单位核对") == 2
    made = json.loads(out.read_text(encoding="utf-8"))
    assert {one["properties"]["village"] for one in made["features"]} == {"上寨村", "下寨村"}
    assert made["crs"]["properties"]["name"].endswith("4490")
    plan = MapIntake(office).plan(out)
    assert (plan.count("unchanged"), plan.datum) == (2, "cgcs2000")


def test_export_needs_a_reason_and_something_to_export(office, grids, tmp_path):
    with pytest.raises(Denied):
        export_map(office, tmp_path / "out.geojson", " ")
    with pytest.raises(KnownError, match="还没有"):
        export_map(office, tmp_path / "out.geojson", "核对")
    assert list(tmp_path.glob("*.geojson")) == []

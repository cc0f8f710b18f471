"""The map by the command alone: outlines in, checked, out again, and on the other device after a sync."""

from __future__ import annotations

import json

from tests.command.conftest import UPPER


def geojson(path, *names):
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[102 + at / 100, 25], [102.01 + at / 100, 25], [102.01 + at / 100, 25.01], [102 + at / 100, 25.01]]
                ],
            },
        }
        for at, name in enumerate(names)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_outlines_come_in_are_checked_and_reach_the_other_device(pair, tmp_path):
    first, second = pair
    grid = first.save("grid", name="第一网格")
    other = first.save("grid", name="第二网格")
    home = first.save("dwelling", address="上河1号", grid=grid, lon=102.015, lat=25.005)
    path = geojson(tmp_path / "in.geojson", "第一网格", "第二网格", "第三网格")
    dry = first("map", "import", path, "--dry-run", "--json")
    assert (dry.code, dry.json["created"], first.json("list", "grid_shape")["total"]) == (1, 2, 0)
    done = first("map", "import", path, "--json")
    assert done.code == 1
    assert [one["code"] for one in done.json["refused"]] == ["map.no_grid"]
    made = first("map", "import", path, "--create", "--area", UPPER, "--json")
    assert (made.code, made.json["grids_created"], made.json["unchanged"]) == (0, 1, 2)
    found = first.json("map", "check")
    assert [(d["id"], d["kind"], d["found"]) for d in found["dwellings"]] == [(home, "other", other)]
    first.json("sync")
    second.json("sync")
    assert second.json("list", "grid_shape")["total"] == 3
    assert second.json("map", "check") == found


def test_outlines_go_out_for_a_reason_to_whom_may(pair, tmp_path):
    clerk, director = pair
    out = tmp_path / "out.geojson"
    clerk.save("grid", name="第一网格")
    clerk("map", "import", geojson(tmp_path / "in.geojson", "第一网格"))
    assert clerk("map", "export", out, "--reason", "核对").code == 4
    clerk.json("sync")
    director.json("sync")
    assert director.json("map", "export", out, "--reason", "核对") == {"grids": 1, "file": str(out)}
    assert len(json.loads(out.read_text(encoding="utf-8"))["features"]) == 1
    assert director("map", "import", tmp_path / "none.geojson").code == 3

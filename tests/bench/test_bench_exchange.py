"""The exchange bench measures what it says, on a handful of people."""

from __future__ import annotations

from app.bench.exchange import bench_sync


def test_the_exchange_bench_reports_each_work_beside_its_floor():
    found = bench_sync(residents=300, edits=40, many=0, slow=False)
    assert found["database"] == "PostgreSQL"
    assert [run["work"] for run in found["runs"]] == [
        "upload of 300 new",
        "first download of 300",
        "upload of 40 edits",
    ]
    for run in found["runs"]:
        assert run["requests"] == 1
        assert run["floor_bytes"] < run["bytes_up"] + run["bytes_down"]
        assert 20 < run["peak_rss_mb"] < 1000

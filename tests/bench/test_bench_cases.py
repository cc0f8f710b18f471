"""The bench of cases measures what it says, on cases that the rules have made."""

from __future__ import annotations

import json

from app.bench.cases import bench_cases
from app.services.case_lists import TABS


def test_the_bench_of_cases_times_every_tab_filter_and_sort_beside_a_plain_scan():
    found = json.loads(json.dumps(bench_cases(150, "village", rounds=1)))
    assert (found["cases"], found["steps"] > 300, found["scan_ms"] > 0) == (150, True, True)
    runs = {each["name"]: each for each in found["runs"]}
    assert {f"tab {tab}" for tab in TABS} <= runs.keys()
    assert {
        "class, first level in all",
        "words, two in open",
        "all by -title",
        "batch: a step on each of ten",
    } <= runs.keys()
    assert runs["tab all"]["rows"] >= 150
    assert runs["tab all"]["rows"] > runs["tab open"]["rows"] > 0
    assert all(each["p99_ms"] >= each["p50_ms"] > 0 for each in runs.values())

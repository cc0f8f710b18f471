"""The search bench measures what it says, on people made for it."""

from __future__ import annotations

import json

from app.bench.search import bench_search


def test_the_search_bench_reports_every_kind_with_whole_recall_beside_the_others():
    found = json.loads(json.dumps(bench_search(1_500)))
    assert found["residents"] == 1_500
    kinds = {each["kind"]: each for each in found["queries"]}
    assert {"surname", "initials", "last 4 of number", "address fragment", "initials and last 4"} <= kinds.keys()
    for each in kinds.values():
        assert each["recall"] == 1.0
        assert each["query"]
        assert all(each[name] > 0 for name in ("p50_ms", "p99_ms", "like_ms", "default_fts_ms"))
    # What the index is for: the default full-text search takes a whole name for one word and knows no sound.
    assert kinds["surname"]["default_fts_recall"] < 0.1
    assert kinds["initials"]["default_fts_recall"] == 0.0

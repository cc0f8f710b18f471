"""The search bench measures what it says, on people made for it."""

from __future__ import annotations

import json

from app.bench import search
from app.bench.search import bench_search
from app.schema.loading import load_forms


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


def test_a_kept_store_is_asked_again_and_made_anew_for_another_number(tmp_path):
    forms = load_forms()
    first = search._made(tmp_path, forms, 300)
    assert search._made(tmp_path, forms, 300) == first
    other = search._made(tmp_path, forms, 400)
    assert other["key"] != first["key"]
    note = tmp_path / "bench.json"
    note.write_text(note.read_text(encoding="utf-8").replace(other["index"], "0" * 16), encoding="utf-8")
    assert search._made(tmp_path, forms, 400)["key"] != other["key"]

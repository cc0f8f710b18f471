"""How fast devices and county exchange over loopback, beside the floor: the same values column by column under zstd -19."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgpack
import requests
import zstandard

from app.command.enrolling import make_home
from app.demo.plan import plan
from app.demo.stream import records
from app.schema.dates import read_time
from app.schema.loading import load_forms
from app.services.office import Office
from app.store.saving import Edit

_NOW = read_time("2026-09-18T10:00:00+08:00")


def bench_sync(residents: int = 10_000, edits: int = 2_000) -> dict[str, Any]:
    """Upload of *residents* new ones, their first download by another device, upload of *edits* one-field edits.

    The client works on the real encrypted store, the county on SQLite in a process of its own. Bytes are those of the bodies.
    """
    import datetime

    people = [row for row in records(plan("township"), datetime.datetime.fromisoformat(_NOW)) if row[0] == "resident"]
    people = people[:residents]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        server, url = _county(home / "county")
        try:
            first, second = _device(home, url, "first"), _device(home, url, "second")
            made = [Edit(form, record_id, area, _alone(values)) for form, record_id, area, values in people]
            for start in range(0, len(made), 2_000):
                first.store.save(made[start : start + 2_000], "bench", bulk=True)
            runs = [_run(first, "upload_new", [dict(edit.values) for edit in made])]
            runs.append(_run(second, "first_download", [dict(edit.values) for edit in made]))
            changed = [Edit(e.form, e.id, e.area, {"remark": f"核对{n}"}) for n, e in enumerate(made[:edits])]
            first.store.save(changed, "bench")
            runs.append(_run(first, "upload_edits", [dict(edit.values) for edit in changed]))
        finally:
            server.terminate()
            server.wait(10)
    return {"runs": runs}


def _run(office: Office, work: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    from sync.client import exchange

    with requests.Session() as http:
        report = exchange(office.store, http)
    if report.error is not None:
        raise report.error
    began = time.perf_counter()
    floor = _floor(rows)
    return {
        "link": "loopback",
        "work": work,
        "records": len(rows),
        "seconds": round(report.seconds, 3),
        "bytes_up": report.up.bytes,
        "bytes_down": report.down.bytes,
        "requests": report.requests,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "floor_bytes": floor,
        "floor_seconds": round(time.perf_counter() - began, 3),
    }


def _floor(rows: Sequence[dict[str, Any]]) -> int:
    names = sorted({name for row in rows for name in row})
    columns = {name: [row.get(name) for row in rows] for name in names}
    return len(zstandard.compress(msgpack.packb(columns), 19))


def _alone(values: Any) -> dict[str, Any]:
    """A resident without the household that this bench doesn't send."""
    return {name: value for name, value in values.items() if name != "household"}


def _county(folder: Path) -> tuple[subprocess.Popen[str], str]:
    from sync.county import office
    from sync.wire import Area

    folder.mkdir()
    frame = plan("township")
    county = office.init(folder / "county.db", load_forms(), frame.county_code)
    office.add_areas(county, [Area(a["code"], a["name"], a["level"], a.get("parent", "")) for a in frame.areas])
    county.close()
    command = [
        sys.executable,
        "-m",
        "app",
        "county",
        "serve",
        "--data",
        str(folder),
        "--listen",
        "127.0.0.1:0",
        "--json",
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert server.stdout is not None
    told = "".join(iter(server.stdout.readline, "}\n")) + "}"
    return server, str(json.loads(told)["url"])


def _device(home: Path, url: str, name: str) -> Office:
    from app.rules.permissions import Permissions
    from sync.county import office
    from sync.county.county import County

    county = County.open(home / "county" / "county.db", load_forms())
    towns = [area["code"] for area in plan("township").areas if area["level"] == "township"]
    code = office.issue_code(county, towns, sorted(Permissions.load().township_roles()))
    county.close()
    return make_home(home / name, url, code, name, "bench-2026")

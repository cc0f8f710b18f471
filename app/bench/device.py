"""One device of the exchange bench in a process of its own, so that its memory is its own: ``python -m app.bench.device``.

Standard input brings one JSON document: home, user, key (hex), url, rate (bytes a second; null: not known), rounds (how often to ask
again after a link that broke). Standard output gets one: seconds, up, down, requests, body bytes, peak memory, left, agreement.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path

from app.services.office import office_with_key
from sync.client import exchange, link_session


def main() -> None:
    """Exchange once, as the window's worker does."""
    # As app/__main__.py.
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(0.0002)
    asked = json.load(sys.stdin)
    office = office_with_key(Path(asked["home"]), asked["user"], bytes.fromhex(asked["key"]))
    store = office.store
    store.sync.moved(asked["url"])
    with store.transaction():
        store.meta.set("sync.rate", asked["rate"])
        store.meta.set("sync.rate_down", asked["rate"])
    begun, tries, requests = time.perf_counter(), 0, 0
    with link_session(asked["rate"]) as http:
        while True:
            report = exchange(store, http)
            tries += 1
            requests += report.requests
            if report.error is None or tries > asked["rounds"]:
                break
    seconds = time.perf_counter() - begun
    json.dump(
        {
            "seconds": seconds,
            "up": report.up.count,
            "down": report.down.count,
            "requests": requests,
            "exchanges": tries,
            "left": report.left.total,
            "in_agreement": report.in_agreement,
            "error": report.error.code if report.error else "",
            "peak_rss_mb": _peak_kb() / 1024,
        },
        sys.stdout,
    )
    store.close()


def _peak_kb() -> int:
    # What getrusage says has the parent's memory in it, from before this program began.
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()

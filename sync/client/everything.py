"""One sync as people mean it: records first, then files, and records again whenever something urgent was saved meanwhile."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import requests

from app.store.agreement import Exchange
from app.store.store import Store
from sync.client.exchanging import exchange
from sync.client.files import FilesReport, carry
from sync.client.report import Progress, Report, Traffic


def sync_all(
    store: Store,
    http: requests.Session,
    *,
    progress: Callable[[Progress], None] | None = None,
    files_progress: Callable[[int, int], None] | None = None,
    budget: int | None = None,
    until: float | None = None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    most: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Report, FilesReport | None]:
    """Exchange records, then carry files; None where no file was spoken of. What failed is in the reports, nothing is raised.

    *budget* (bytes) and *until* (of ``time.monotonic``) bound the files only, *most* (bytes) all but what is urgent; once
    *stopped* says so everything ends at the frame or the chunk in flight.
    """

    def records(used: int) -> Report:
        left = None if most is None else max(most - used, 0)
        return exchange(store, http, progress=progress, now=now, sleep=sleep, most=left, stopped=stopped)

    def interrupted() -> bool:
        return stopped() or store.sync.urgent_unsent()

    report = records(0)
    carried: FilesReport | None = None
    while report.ok and not report.halted:
        begun = time.monotonic()
        moved = carried.bytes_up + carried.bytes_down if carried else 0
        bounds = [budget] if budget is not None else []
        bounds += [] if most is None else [most - report.up.bytes - report.down.bytes]
        left = max(min(bounds) - moved, 0) if bounds else None
        files = carry(store, http, budget=left, until=until, progress=files_progress, sleep=sleep, urgent=interrupted)
        if files.requests:
            _log(store, files, time.monotonic() - begun, now)
        carried = _files(carried, files)
        if files.stopped != "urgent":
            break
        then = records(report.up.bytes + report.down.bytes + carried.bytes_up + carried.bytes_down)
        report = _both(report, then)
        if not then.up.count and store.sync.urgent_unsent():
            break  # what is urgent can't go now: the next sync takes it up, and files with it
    return report, carried


def _both(first: Report, then: Report) -> Report:
    """What two exchanges did; how things stand now is what the later one says."""
    return dataclasses.replace(
        then,
        up=Traffic(first.up.count + then.up.count, first.up.bytes + then.up.bytes),
        down=Traffic(first.down.count + then.down.count, first.down.bytes + then.down.bytes),
        requests=first.requests + then.requests,
        seconds=first.seconds + then.seconds,
    )


def _files(first: FilesReport | None, then: FilesReport) -> FilesReport:
    if first is None:
        return then
    return dataclasses.replace(
        then,
        sent=first.sent + then.sent,
        fetched=first.fetched + then.fetched,
        bytes_up=first.bytes_up + then.bytes_up,
        bytes_down=first.bytes_down + then.bytes_down,
        requests=first.requests + then.requests,
    )


def _log(store: Store, files: FilesReport, seconds: float, now: Callable[[], float]) -> None:
    store.sync.log(
        Exchange(
            int(now() * 1000), "files", files.sent, files.fetched, files.bytes_up, files.bytes_down, seconds,
            files.error.code if files.error else "ok", str(files.error) if files.error else "",
        )
    )  # fmt: skip

"""Room made for a first copy, which is written quite differently from a save: much, most of it once."""

from __future__ import annotations

import concurrent.futures
import contextlib
import time

from app.store import driver, search
from app.store.search_keys import load_readings, readings_loaded

_ASKING = 0.02
"""Seconds in which a request is written, about."""
LONG = 5000
"""Records after which a first copy is a long one."""


class FirstCopy:
    """One store's first copy, if one comes. ``long``: so much of it came that it is written in longer parts."""

    def __init__(self, conn: driver.Connection, beside: concurrent.futures.Executor) -> None:
        self._conn = conn
        self._beside = beside
        self._likely = False
        self._came = 0
        self.long = False

    def make_ready(self) -> None:
        """An exchange begins. Where nothing is here that could be found, a first copy is likely to come: room is made for it.

        What search reads names with is loaded in a thread, while the county is asked.
        """
        if not search.empty(self._conn):
            return
        driver.expect_much(self._conn)
        self._likely = True
        if not readings_loaded():
            self._beside.submit(_load_soon)

    def came(self, count: int) -> None:
        """So many records are taken, inside the caller's transaction; of a long first copy the search index is merged seldom.

        Should the machine be cut before ``over``, the index stays in a few more parts than it would; nothing else comes of it.
        """
        self._came += count
        if self._likely and not self.long and self._came > LONG:
            search.merge_seldom(self._conn)
            self.long = True

    def over(self) -> None:
        """The store closes: all is again as it is for saves; said twice, nothing more happens."""
        if self.long:
            with contextlib.suppress(driver.DatabaseError):
                search.merge_often(self._conn)
        if self._likely:
            driver.written_much(self._conn)
        self._likely = self.long = False


def _load_soon() -> None:
    # Nobody else gets a turn meanwhile: the request goes out first.
    time.sleep(_ASKING)
    load_readings()

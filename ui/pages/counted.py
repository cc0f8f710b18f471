"""A page over cases whose tabs are all read at once, with how many each has: what its kinds have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ui.jobs import Jobs
from ui.lists import Order, RecordTable
from ui.lists.columns import Row
from ui.page import Page
from ui.pieces.tabs import Tabs


class CountedPage(Page):
    """*read* runs in the lane and gives the rows by tab; read anew when a case changed. Who inherits makes the ``table``."""

    table: RecordTable

    def __init__(
        self,
        title: str,
        jobs: Jobs,
        read: Callable[[], Mapping[str, tuple[Row, ...]]],
        tabs: Sequence[tuple[str, str]],
        first: str,
    ) -> None:
        super().__init__(title, back=True, dense=True)
        self._jobs, self._read = jobs, read
        self._found: Mapping[str, tuple[Row, ...]] = {}
        self._rows: tuple[Row, ...] = ()
        self.tabs = Tabs([(key, words, None) for key, words in tabs], first)
        self.tabs.picked.connect(lambda _key: self._show_tab())
        self.add_beside(self.tabs)

    def opened(self, args: Mapping[str, Any]) -> None:
        self.table.focus_with_rows()
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        if not changed or {"event", "event_step"} & set(changed):
            self._load()

    def _load(self) -> None:
        self._jobs.run(self._read, self._show)

    def _show(self, found: Mapping[str, tuple[Row, ...]]) -> None:
        self._found = found
        self.tabs.show_counts({key: len(rows) or None for key, rows in found.items()})
        self._show_tab()

    def _show_tab(self) -> None:
        self._rows = self._found.get(self.tabs.now(), ())
        self.table.show_rows(len(self._rows))

    def _fetch(self, offset: int, limit: int, _order: Order | None) -> Sequence[Row]:
        return self._rows[offset : offset + limit]

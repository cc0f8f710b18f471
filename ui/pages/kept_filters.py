"""Filters that a clerk keeps by name: the menu of them, keeping what is picked now, throwing one away and taking that back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from ui.forms.reason import ask_reason
from ui.jobs import Jobs
from ui.page import Page

Action = tuple[str, str, Callable[[], object]]


class KeptFilters(QObject):
    """``menu`` for a button, ``kept`` by name. A filter has ``empty``; *nothing* is one that leaves everything in.

    *save(name, filter)* and *remove(name)* run in the lane, and *read* is called after them; *now* says what is picked, *use* picks it.
    """

    def __init__(
        self,
        page: Page,
        jobs: Jobs,
        *,
        save: Callable[[str, Any], object],
        remove: Callable[[str], object],
        read: Callable[[], object],
        now: Callable[[], Any],
        use: Callable[[Any], object],
        nothing: Any,
    ) -> None:
        super().__init__(page)
        self._page, self._jobs = page, jobs
        self._save, self._remove, self._read = save, remove, read
        self._now, self._use, self._nothing = now, use, nothing
        self.kept: Mapping[str, Any] = {}
        self.menu = QMenu()
        self.menu.aboutToShow.connect(self.fill_menu)

    @property
    def actions(self) -> Sequence[Action]:
        """What Ctrl+K offers of each filter kept."""
        return [(f"筛选：{name}", "", partial(self._use, one)) for name, one in self.kept.items()]

    def keep(self) -> None:
        """Ask for a name and keep what is picked now by it."""
        held = self._now()

        def named(name: str) -> None:
            before = self.kept.get(name)

            def again() -> None:
                self._jobs.run(lambda: self._save(name, before), lambda _done: self._read())

            replaced = before is not None and before != held
            told = f"已保存筛选“{name}”" + ("，换掉了原来同名的" if replaced else "")
            self._jobs.run(lambda: self._save(name, held), lambda _done: self._after(told, again if replaced else None))

        ask_reason(self._page, "保存当前筛选", "起个名字，以后从“常用筛选”里一点就是。", "保存", named, what="名字")

    def fill_menu(self) -> None:
        """Make the menu's lines anew."""
        self.menu.clear()
        for name, held in self.kept.items():
            self.menu.addAction(name).triggered.connect(lambda _on=False, held=held: self._use(held))
        if self.kept:
            self.menu.addSeparator()
        empty = self._now().empty
        add = self.menu.addAction("保存当前筛选…")
        add.setEnabled(not empty)
        add.triggered.connect(lambda _on=False: self.keep())
        if self.kept:
            gone = self.menu.addMenu("删去")
            for name in self.kept:
                gone.addAction(name).triggered.connect(lambda _on=False, name=name: self.forget(name))
        clear = self.menu.addAction("去掉全部筛选")
        clear.setEnabled(not empty)
        clear.triggered.connect(lambda _on=False: self._use(self._nothing))

    def forget(self, name: str) -> None:
        """Throw a filter away; it can be taken back."""
        held = self.kept[name]

        def again() -> None:
            self._jobs.run(lambda: self._save(name, held), lambda _done: self._read())

        self._jobs.run(lambda: self._remove(name), lambda _done: self._after(f"已删去筛选“{name}”", again))

    def _after(self, said: str, undo: Callable[[], object] | None = None) -> None:
        self._page.said.emit(said, undo)
        self._read()

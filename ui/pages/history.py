"""The page of a record's past: who wrote what and when, also what did not stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ui.page import Page
from ui.pages.history_read import History, read_history
from ui.pieces.card import Card
from ui.pieces.text import words
from ui.pieces.timeline import Timeline

if TYPE_CHECKING:
    from app.services.office import Office
    from ui.jobs import Jobs


class HistoryPage(Page):
    """``opened``: {"form": name, "id": id}."""

    def __init__(self, office: Office, jobs: Jobs) -> None:
        super().__init__("修改历史", back=True, dense=True)
        self._office, self._jobs = office, jobs
        self._args: tuple[str, str] = ("", "")
        self._card = Card("修改历史", " ")
        self.said_lost = words("", "13", "text-3", wrap=True)
        self.timeline = Timeline()
        self._card.add(self.said_lost)
        self._card.add(self.timeline, 1)
        self.add(self._card, 1)

    def opened(self, args: Mapping[str, Any]) -> None:
        self._args = (str(args["form"]), str(args["id"]))
        self._load()

    def refresh(self, changed: Sequence[str]) -> None:
        self._load()

    def _load(self) -> None:
        asked = self._args
        self._jobs.run(lambda: read_history(self._office, *asked), then=lambda found: self._show(asked, found))

    def _show(self, asked: tuple[str, str], found: History) -> None:
        if asked != self._args:
            return
        self.set_title(f"{found.form}　{found.title}".strip(), "修改历史")
        self._card.note.setText(f"{len(found.steps)} 条，新的在前")
        self.said_lost.setText(
            f"其中 {found.lost} 条没有用上：两边改得不同时没选的、县里没收下的，一字不改留在这里，要用可以照着再填。"
            if found.lost
            else "没有被别人的改动顶掉的内容。"
        )
        self.timeline.show_steps(found.steps)

"""Who was called to the spot, on the page of a case: until when, who came, how that is judged; each one press away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from app.rules.case_engine import CaseRules
from app.rules.whistles import Called, Whistle, evaluations
from ui.pages.case_read import CaseFile
from ui.pages.case_words import spoken_time
from ui.pieces.buttons import Button
from ui.pieces.card import Card
from ui.pieces.chips import Chip, state
from ui.pieces.text import words

ARRIVE, EVALUATE = "whistle_arrive", "whistle_evaluate"
# begin(action, values): open the form of an action with these values in it.
Begin = Callable[[str, Mapping[str, Any]], object]


class WhistleCard(Card):
    """``show_case(file)``; hidden where nobody was called."""

    def __init__(self, rules: CaseRules, begin: Begin) -> None:
        super().__init__("吹哨报到", " ")
        self._rules, self._begin = rules, begin

    def show_case(self, file: CaseFile) -> None:
        """Show the calls of *file*, the newest first."""
        self.clear()
        whistles = file.case.state.whistles
        may = {action.code for action in file.actions}
        self.note.setText(f"{len(whistles)} 次" if len(whistles) > 1 else "")
        for whistle in reversed(whistles):
            self.add(words(_head(whistle, file.now), "13", "text-2", wrap=True))
            for called in whistle.units:
                self._line(whistle, called, file.now, may)
            if whistle.result:
                self.add(words(f"处置结果：{whistle.result}", wrap=True))
        self.setVisible(bool(whistles))

    def _line(self, whistle: Whistle, called: Called, now: dt.datetime, may: set[str]) -> None:
        proposed = whistle.proposed(called, now)
        at = whistle.at.isoformat()
        things: list[Any] = [
            Chip(state(called_words(called, proposed, evaluations(self._rules)))),
            words(called.unit),
            None,
        ]
        if ARRIVE in may and called.arrived_at is None and not called.evaluation:
            begun = {"called_unit": called.unit, "called_at": at, "arrived_at": now.isoformat()}
            things.append(Button("登记到场", partial(self._begin, ARRIVE, begun), kind="link", small=True))
        if EVALUATE in may and not called.evaluation and proposed:
            begun = {"called_unit": called.unit, "called_at": at, "evaluation": proposed}
            things.append(Button("评价", partial(self._begin, EVALUATE, begun), kind="link", small=True))
        self.add_line(*things)
        there = f"{spoken_time(called.arrived_at.isoformat(), now)} 到场" if called.arrived_at else ""
        if said := " · ".join(part for part in (there, called.person, called.opinion) if part):
            self.add(words(said, "13", "text-3", wrap=True))


def _head(whistle: Whistle, now: dt.datetime) -> str:
    parts = [
        f"{spoken_time(whistle.at.isoformat(), now)} {whistle.caller} 吹哨",
        f"{spoken_time(whistle.due.isoformat(), now)} 前到场" if whistle.due else "",
        whistle.place,
        whistle.reason,
    ]
    return "，".join(part for part in parts if part)


def called_words(called: Called, proposed: str, words_of: Mapping[str, str]) -> str:
    """What a person said; else what the times say, as a proposal."""
    if called.evaluation:
        return words_of.get(called.evaluation, called.evaluation)
    if called.arrived_at is None:
        return "到时未到" if proposed else "等到场"
    return "已到，待评价" if proposed == "on_time" else "晚到，待评价"

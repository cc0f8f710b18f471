"""How far a record has come, in plain words: its chip, its mark in a list, and the sentence with the time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from app.store.standing import CONFLICT, COUNTY, HERE, REFUSED, SENT, Standing
from ui.lists import Column, Mark
from ui.pages.sync_words import refusal, said_moment
from ui.pieces.chips import Chip, State

if TYPE_CHECKING:
    from app.services.office import Office

_STATES = {
    HERE: State("只在本机", "grey", "device-laptop"),
    SENT: State("已发出", "blue", "send"),
    COUNTY: State("县里已有", "grey", "cloud-check"),
    CONFLICT: State("两处不同", "orange", "hand-stop"),
    REFUSED: State("县里没收下", "orange", "alert-circle"),
}

MARK = Column("standing", "", 28, role="mark", sortable=False)
"""The column of marks at the end of a list."""


def said(standing: Standing) -> State:
    """The chip of *standing*."""
    return _STATES[standing.state]


def note(standing: Standing | None) -> str:
    """The words behind a title in a list: nothing where the county has it, as with most."""
    return "" if standing is None or standing.state == COUNTY else said(standing).text


def tip(standing: Standing, now: dt.datetime) -> str:
    """Since when it stands there, and what follows from that."""
    when = f"{said_moment(standing.at_ms, now)} " if standing.at_ms else ""
    match standing.state:
        case "here":
            waits = (
                "它所属的记录还没有到县里，到了就接着办。" if standing.reason else "还没有发给县中心，有网时自己发。"
            )
            return f"{when}存在本机，{waits}"
        case "sent":
            return f"{when}已发出，等县里的回执。"
        case "conflict":
            return f"{when}有两处改得不同，等人定用哪个；两边的话都留着。"
        case "refused":
            return f"{when}县里没有收下：{refusal(standing.reason) if standing.reason else '内容还在本机。'}"
    return f"县中心已有，{when}收到回执。" if when else "县中心已有。"


def mark(standing: Standing | None, now: dt.datetime) -> Mark | None:
    """The mark of *standing* in a list."""
    return Mark(said(standing), tip(standing, now)) if standing is not None else None


def marks(office: Office, form: str, ids: Iterable[str]) -> tuple[Mapping[str, Mark], Mapping[str, str]]:
    """Mark and note by id, for a list; runs in the lane."""
    now = office.cases.now()
    found = office.standings.many(form, ids)
    return (
        {record_id: Mark(said(standing), tip(standing, now)) for record_id, standing in found.items()},
        {record_id: note(standing) for record_id, standing in found.items()},
    )


class StandingChip(Chip):
    """The chip of one record, with the time and what follows in its tooltip."""

    def __init__(self, standing: Standing, now: dt.datetime) -> None:
        super().__init__(said(standing))
        self.show_standing(standing, now)

    def show_standing(self, standing: Standing, now: dt.datetime) -> None:
        """Show where the record stands now."""
        self.say(said(standing))
        self.setToolTip(tip(standing, now))
        self.setAccessibleDescription(self.toolTip())

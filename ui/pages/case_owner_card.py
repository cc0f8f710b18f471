"""Who must act next in a case and what is usually done, in words; and which units have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.pages.case_read import CaseFile
from ui.pages.case_words import owner_words
from ui.pieces.card import Card
from ui.pieces.chips import Chip, state
from ui.pieces.text import Elided, words

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules
    from app.services.office import Office

_ASKED = {"extend": "申请延期", "suspend": "申请挂账"}
_PARTS = {"assigned": "待签收", "acknowledged": "处置中", "done": "已反馈", "refused": "被退回"}


class OwnerCard(Card):
    """Who, and below it what; hidden where nobody has to act."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self._office = office

    def show_case(self, file: CaseFile) -> None:
        """Show whose turn it is in *file*."""
        who, act = whose_turn(self._office, file)
        self.clear()
        self.add(Elided(who, strong=True))
        self.add(Elided(act, "13", "text-2"))
        self.setVisible(bool(who))


def whose_turn(office: Office, file: CaseFile) -> tuple[str, str]:
    """``现在该 镇村建办（高文斌）`` and ``反馈结果``; who asks for something waits for whoever may grant it."""
    rules, state = office.cases.rules, file.case.state
    # As the lists have it: a closed case that neither a rule nor the draw asks a visit of is nobody's turn.
    who = owner_words(file.case.event.values, rules, office.gate.permissions.roles)
    if not who:
        return "", ""
    if state.asked:
        return who, f"{_ASKED.get(state.asked, '提出申请')}，等批准"
    usual = rules.next_of(state)
    # Only while it lies with his unit: who handled neither verifies nor visits.
    named = state.owner_unit and state.handler and state.handler != who
    handler = f"（{state.handler}）" if named else ""
    act = rules.label(usual, state.profile) if usual else "等调解结果" if "mediation_due" in state.due else "办理"
    return f"现在该 {who}{handler}", act


def show_units(card: Card, rules: CaseRules, file: CaseFile) -> None:
    """Show the units that have a case in *card*, who leads first; hidden where none has."""
    card.clear()
    case = file.case.state
    card.setVisible(bool(case.lead_unit or case.assist_units))
    lead = [(rules.states[case.state].label, case.lead_unit, "主办")] if case.lead_unit else []
    parts = [(_PARTS.get(part.state, part.state), part.unit, "协办") for part in case.assist_units]
    for where, unit, part in (*lead, *parts):
        line = card.add_line(Chip(state(where)), words(unit, wrap=True), words(part, "13", "text-3"))
        line.setStretch(1, 1)

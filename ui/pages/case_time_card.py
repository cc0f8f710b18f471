"""What else of time a case's page says: the other limits that run, those that stand still, and what the county will do by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.pages.case_words import due_tone, spoken_time
from ui.pieces.card import Card
from ui.pieces.facts import Fact, Facts
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules
    from ui.pages.case_read import CaseFile

_DONE = {"remind": "催办", "supervise": "督办", "escalate": "升级"}


def add_times(card: Card, rules: CaseRules, file: CaseFile) -> None:
    """Add it to *card*, below the limit of the state."""
    case, now = file.case.state, file.now
    others = sorted((due, timer) for timer, due in case.due.items() if timer != case.due_timer)
    if others:
        facts = []
        for due, timer in others:
            text = due.isoformat()
            label = rules.limits.timers.get(timer, timer).removesuffix("期限")
            facts.append(Fact(label, spoken_time(text, now), due_tone(text, now)))
        card.add(Facts(facts))
    if case.held:
        names = "、".join(rules.limits.timers.get(timer, timer) for timer in sorted(case.held))
        card.add(words(f"挂账停表：{names}。恢复后按停了多久顺延。", "12", "text-3", wrap=True))
    act = rules.watch.next_act(file.case.event.id, case, now, rules.limits.calendar)
    if act is None:
        return
    done = _DONE[act.rule.do]
    if act.moment > now:
        when = spoken_time(act.moment.isoformat(), now)
        card.add(words(f"{when} 还没办好的，县中心自动{done}。", "12", "text-3", wrap=True))
    else:
        card.add(words(f"超期，联网后自动{done}（{act.rule.label}）。", "12", "orange", wrap=True))

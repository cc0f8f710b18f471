"""What of time a case's page says: its limit, the others that run or stand still, and what the county will do by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QProgressBar

from ui.pages.case_words import due_tone, late_by, left_until, read_due, spoken_time
from ui.pieces.card import Card
from ui.pieces.facts import Fact, Facts
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.rules.case_engine import CaseRules
    from ui.pages.case_read import CaseFile

_DONE = {"remind": "催办", "supervise": "督办", "escalate": "升级"}


def show_due(card: Card, rules: CaseRules, file: CaseFile) -> None:
    """Show it in *card*; hidden where nobody has to act."""
    card.clear()
    values, case = file.case.event.values, file.case.state
    due, now = values.get("due_at"), file.now
    card.setVisible(bool(due) and rules.states[case.state].waiting)
    if not due:
        return
    tone = due_tone(due, now)
    late = late_by(due, now)
    facts = [Fact("到期", spoken_time(due, now), tone)]
    facts.append(Fact("已超" if late else "还剩", late.removeprefix("超 ") if late else left_until(due, now), tone))
    if case.extension_count:
        facts.append(Fact("延期", f"{case.extension_count} 次"))
    card.add(Facts(facts))
    end, begin = read_due(due), case.last_at or case.reported_at
    if end is not None and begin is not None and end > begin:
        bar = QProgressBar()
        bar.setTextVisible(False)
        bar.setProperty("tone", "orange" if tone else "")
        bar.setRange(0, 1000)
        share = (now - begin) / (end - begin)
        bar.setValue(max(0, min(1000, int(share * 1000))))
        card.add(bar)
    _add_times(card, rules, file)


def _add_times(card: Card, rules: CaseRules, file: CaseFile) -> None:
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

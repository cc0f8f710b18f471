"""What the county did not take: shown with its reason, corrected and sent again, or given up by a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.store.audit import AuditLine

if TYPE_CHECKING:
    from app.services.session import Session
    from app.store.store import Store


@dataclass(frozen=True, slots=True)
class Refusal:
    """What of one record was refused: the changes' counters, the last values of each field, why, and when it was answered."""

    form: str
    record: str
    counters: tuple[int, ...]
    values: Mapping[str, Any]
    code: str
    at_ms: int


class Refusals:
    """Nobody needs a right to give up his own words, or to try them again; the log says who did."""

    def __init__(self, store: Store, session: Session) -> None:
        self._store = store
        self._session = session

    def open(self) -> list[Refusal]:
        """What waits for a person, a record at a time, oldest first."""
        found: dict[str, Refusal] = {}
        for line in self._store.sync.attention():
            held = found.get(line.id)
            values = {**held.values, **line.values} if held else dict(line.values)
            counters = (*held.counters, line.counter) if held else (line.counter,)
            code = held.code if held else line.code
            found[line.id] = Refusal(line.form, line.id, counters, values, code, line.time)
        return list(found.values())

    def correct(self, refusal: Refusal) -> None:
        """Lay the refused values into the draft of the record's form: opened, it shows them to be corrected and saved."""
        values = {name: value for name, value in refusal.values.items() if not name.startswith("@")}
        self._store.keep_draft(f"form:{refusal.form}:{refusal.record}", refusal.form, refusal.record, values)

    def drop(self, form: str, record: str, counters: Collection[int]) -> None:
        """Give it up: the county's value stays, the words stay in the history; what the county never took is no longer shown."""
        self._store.sync.drop(counters, audit=[self._line("drop", form, record)])

    def take_up(self, form: str, record: str, counters: Collection[int]) -> None:
        """``drop`` undone."""
        self._store.sync.take_up(counters, audit=[self._line("take_up", form, record)])

    def _line(self, action: str, form: str, record: str) -> AuditLine:
        held = self._store.get(form, record)
        now, user = self._store.now_ms(), self._session.user
        return AuditLine(now, user, "", action, form, record, held.area if held else "", "", "", "ok")

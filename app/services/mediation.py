"""People's mediation: the register of cases, their parties, and the notes of each session kept while they are typed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.schema.record import Record
from app.services.gate import Gate
from app.services.records import Outcome, Records

if TYPE_CHECKING:
    from app.store.store import Store

MEDIATION, PARTY, SESSION = "mediation", "party", "mediation_session"
LIMIT_DAYS = 30
"""A mediation normally ends within 30 days of its acceptance (SF/T 0083-2020; 2002 rules of the Ministry of Justice, art. 33)."""


@dataclass(frozen=True, slots=True)
class MediationFile:
    """One mediation with everything that belongs to it, parties and sessions in their order."""

    mediation: Record
    parties: tuple[Record, ...]
    sessions: tuple[Record, ...]


class Mediations:
    """The mediations of this desk."""

    def __init__(self, store: Store, gate: Gate, records: Records) -> None:
        self._store = store
        self._gate = gate
        self._records = records

    def list(self, *, open_only: bool = False) -> list[Record]:
        """The register, newest first."""
        self._gate.require("read", MEDIATION, None, own=True)
        found = self._store.select(MEDIATION, order=["-accepted_on", "id"])
        done = {"written", "oral", "failed", "withdrawn", "refused", "unreachable"}
        return [m for m in found if not open_only or m.values.get("outcome") not in done]

    def file(self, mediation_id: str) -> MediationFile:
        """One mediation with parties and sessions; every view of it is logged (人民调解法第十五条: 保密)."""
        found = self._records.get(MEDIATION, mediation_id)
        parties = self._store.select(PARTY, {"mediation": mediation_id}, order=["order", "id"])
        sessions = self._store.select(SESSION, {"mediation": mediation_id}, order=["number", "id"])
        return MediationFile(found, tuple(parties), tuple(sessions))

    def accept(self, values: Mapping[str, object], *, area: str = "") -> Outcome:
        """Accept a mediation: its limit is 30 days from the day of acceptance where none is given."""
        filled = {name: value for name, value in values.items() if value not in (None, "")}
        filled = {"accepted_on": self._today(), "outcome": "pending", **filled}
        clean, _ = self._store.forms[MEDIATION].clean({"accepted_on": filled["accepted_on"]}, partial=True)
        if "due" not in filled and clean.get("accepted_on"):
            day = datetime.date.fromisoformat(str(clean["accepted_on"]))
            filled["due"] = (day + datetime.timedelta(days=LIMIT_DAYS)).isoformat()
        return self._records.save(MEDIATION, filled, area=area)

    def next_session(self, mediation_id: str) -> dict[str, Any]:
        """What the form of a new session begins with: number, time, mediator and recorder of the case."""
        file = self.file(mediation_id)
        last = file.sessions[-1].values if file.sessions else {}
        values = file.mediation.values
        return {
            "mediation": mediation_id,
            "number": max([len(file.sessions), *(int(s.values.get("number") or 0) for s in file.sessions)]) + 1,
            "started_at": f"{self._now():%Y-%m-%dT%H:%M}:00+08:00",
            "place": last.get("place"),
            "mediators": last.get("mediators") or values.get("mediator"),
            "recorder": last.get("recorder") or values.get("recorder"),
        }

    def draft_key(self, mediation_id: str, session_id: str | None) -> str:
        """Under which key the notes being typed are kept."""
        return f"session:{mediation_id}:{session_id or 'new'}"

    def keep(self, mediation_id: str, session_id: str | None, values: Mapping[str, object]) -> None:
        """Keep the notes being typed; they are no change until they are saved."""
        self._store.keep_draft(self.draft_key(mediation_id, session_id), SESSION, session_id, values)

    def kept(self, mediation_id: str, session_id: str | None) -> dict[str, Any] | None:
        """Notes that were being typed when the page was left or the machine went down."""
        return self._store.draft(self.draft_key(mediation_id, session_id))

    def save_session(
        self,
        mediation_id: str,
        session_id: str | None,
        values: Mapping[str, object],
        *,
        seen: Mapping[str, int] | None = None,
    ) -> Outcome:
        """Save the notes of a session, based on the revs *seen*; the draft goes when they are saved."""
        mediation = self._store.get(MEDIATION, mediation_id)
        if mediation is None or mediation.deleted:
            raise KnownError("store.no_record", form=self._store.forms[MEDIATION].title, id=mediation_id)
        outcome = self._records.save(
            SESSION, {**values, "mediation": mediation_id}, record_id=session_id, area=mediation.area, seen=seen
        )
        if outcome.ok:
            self._store.drop_draft(self.draft_key(mediation_id, session_id))
        return outcome

    def _now(self) -> datetime.datetime:
        china = datetime.timezone(datetime.timedelta(hours=8))
        return datetime.datetime.fromtimestamp(self._store.now_ms() / 1000, china)

    def _today(self) -> str:
        return self._now().date().isoformat()

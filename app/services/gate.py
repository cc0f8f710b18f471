"""The gate: every service asks it before it acts, and it writes down what was asked and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import Denied
from app.rules.areas import Divisions
from app.rules.permissions import Decision, Permissions
from app.services.session import Session
from app.store.audit import AuditLine

if TYPE_CHECKING:
    from app.store.store import Store

# Reading is logged once for each kind of list in this many milliseconds: a log nobody can read protects nobody.
_SAME_READING = 600_000


class Gate:
    """Decides by resources/rules/permissions.toml for one session and keeps the audit."""

    def __init__(self, store: Store, session: Session, permissions: Permissions) -> None:
        self._store = store
        self.session = session
        self.permissions = permissions
        self._read: dict[tuple[str, str, str], int] = {}
        self._divisions: tuple[int, Divisions] | None = None

    def decide(self, action: str, form: str, area: str | None, *, own: bool = False) -> Decision:
        """Whether the session may; asks nobody to write anything down."""
        stream = self._store.forms[form].stream if form in self._store.forms else None
        return self.permissions.decide(
            action,
            form,
            area,
            self.session.roles,
            self.session.areas,
            own=own,
            stream=stream,
            divisions=self.divisions(),
        )

    def divisions(self) -> Divisions:
        """Which area lies in which, as far as the county told this device; what another process was told since, ``renew`` reads."""
        # The window's thread asks as well: it must never wait for the store, which the lane may be using.
        held = self._divisions
        if held is None or held[0] != self._store.sync.areas_told:
            held = self.renew()
        return held[1]

    def renew(self) -> tuple[int, Divisions]:
        """Read the divisions again, as after an exchange in a process of its own; in the lane, where there is one."""
        self._divisions = self._store.sync.areas_told, Divisions(self._store.parents())
        return self._divisions

    def line(
        self,
        action: str,
        form: str,
        area: str | None,
        *,
        record: str = "",
        fields: str = "",
        reason: str = "",
        own: bool = False,
    ) -> AuditLine:
        """The audit line of an allowed action, to be written in the transaction of what it does; Denied otherwise."""
        decision = self.decide(action, form, area, own=own)
        missing = decision.allowed and decision.needs_reason and not reason.strip()
        result = "ok" if decision.allowed and not missing else "need_reason" if missing else decision.reason_code
        line = AuditLine(
            self._store.now_ms(),
            self.session.user,
            decision.role or "",
            action,
            form,
            record,
            area or "",
            fields,
            reason,
            result,
        )
        if result != "ok":
            self._write(line)
            if missing:
                raise Denied("accounts.need_reason")
            raise Denied(f"rules.denied_{decision.reason_code}")
        return line

    def require(
        self,
        action: str,
        form: str,
        area: str | None,
        *,
        record: str = "",
        fields: str = "",
        reason: str = "",
        own: bool = False,
    ) -> None:
        """Pass or raise Denied; either way a line is written."""
        line = self.line(action, form, area, record=record, fields=fields, reason=reason, own=own)
        if action == "read" and self._known(form, record, area or ""):
            return
        self._write(line)

    def _known(self, form: str, record: str, area: str) -> bool:
        now = self._store.now_ms()
        written = self._read.get((form, record, area))
        # A clock that was set back must not hide what is read until it has caught up.
        if written is not None and 0 <= now - written < _SAME_READING:
            return True
        self._read[form, record, area] = now
        return False

    def _write(self, line: AuditLine) -> None:
        with self._store.transaction():
            self._store.audit.write([line])

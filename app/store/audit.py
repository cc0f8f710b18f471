"""The audit lines: who did what to which record in which role, chained so that none can be taken out unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.store.driver import Connection


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line; ``result`` is "ok" or the reason of a refusal. Holds no person's data beyond the record's id."""

    time: int
    user: str
    role: str
    action: str
    form: str = ""
    record: str = ""
    area: str = ""
    fields: str = ""
    reason: str = ""
    result: str = "ok"


class Audit:
    """The audit table; opens no transaction."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.written = 0
        """How many lines this process has written."""

    def write(self, lines: Sequence[AuditLine]) -> None:
        """Append *lines*."""
        row = self._conn.execute("SELECT chain FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        chain = row[0] if row else b""
        out = []
        for line in lines:
            chain = _link(chain, line)
            out.append((*asdict(line).values(), chain))
        self._conn.executemany(
            "INSERT INTO audit (time, user, role, action, form, record, area, fields, reason, result, chain) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            out,
        )
        self.written += len(out)

    def lines(self, limit: int = 200) -> list[AuditLine]:
        """The newest lines, newest first."""
        rows = self._conn.execute(
            "SELECT time, user, role, action, form, record, area, fields, reason, result FROM audit ORDER BY seq DESC LIMIT ?",
            (limit,),
        )
        return [AuditLine(*row) for row in rows]

    def about(self, records: Sequence[str], actions: Sequence[str]) -> list[AuditLine]:
        """The lines of *actions* about these records, oldest first."""
        found: list[AuditLine] = []
        for start in range(0, len(records), 400):
            part = records[start : start + 400]
            sql = f"""SELECT time, user, role, action, form, record, area, fields, reason, result FROM audit
                WHERE record IN ({",".join("?" * len(part))}) AND action IN ({",".join("?" * len(actions))}) ORDER BY seq"""
            found += [AuditLine(*row) for row in self._conn.execute(sql, (*part, *actions))]
        return sorted(found, key=lambda line: line.time)

    def exports(self, areas: Iterable[str], covers: Callable[[str, str], bool]) -> dict[str, tuple[int, int]]:
        """For each form how often it was exported for areas that cover one of *areas*, and when last (ms since 1970)."""
        held = list(areas)
        found: dict[str, tuple[int, int]] = {}
        for form, area, time in self._conn.execute(
            "SELECT form, area, time FROM audit WHERE action IN ('export', 'export_plain') AND result = 'ok' ORDER BY seq"
        ):
            if any(covers(area, one) for one in held):
                found[form] = (found.get(form, (0, 0))[0] + 1, int(time))
        return found

    def broken_at(self) -> int | None:
        """The number of the first line that doesn't follow from the one before it; None where the chain is whole."""
        chain = b""
        rows = self._conn.execute(
            "SELECT seq, chain, time, user, role, action, form, record, area, fields, reason, result FROM audit ORDER BY seq"
        )
        for seq, held, *rest in rows:
            chain = _link(chain, AuditLine(*rest))
            if chain != held:
                return int(seq)
        return None


def _link(chain: bytes, line: AuditLine) -> bytes:
    return hashlib.blake2b(chain + json.dumps(asdict(line), ensure_ascii=False).encode(), digest_size=16).digest()

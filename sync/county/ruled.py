"""The county's rules and code lists: put, taken back, listed, and sent to each device once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from app.errors import KnownError
from app.rules.case_engine import CaseRules
from app.rules.numbering import Numbering
from app.rules.permissions import Permissions
from app.rules.renewing import renew
from app.rules.ruling import Version, check_text, read_ruling, shipped_text
from app.schema.form import Forms
from app.schema.ruled import Row, in_force, tag
from sync.county.tables import DEVICE, RULE
from sync.wire import Hello

if TYPE_CHECKING:
    from sync.county.county import County

_PORTION = 512 << 10
"""Bytes of texts in one answer; what is more comes with the next."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Values that the county's parts hold on to, and that follow what is put."""

    rules: CaseRules
    permissions: Permissions
    numbering: Numbering
    forms: Forms


class Ruled:
    """What counts now, read anew when another process has put something."""

    def __init__(self, county: str, in_force: InForce) -> None:
        self._county = county
        self._in_force = in_force
        # Together, for they are read while another request renews them.
        self._read: tuple[tuple[int, int], list[Row]] = (0, 0), []
        self._lock = threading.Lock()
        self.unread: Mapping[str, str] = {}

    @property
    def number(self) -> int:
        """That of the newest version; 0 before there is any."""
        return self._read[0][0]

    @property
    def stamp(self) -> str:
        """Which rules are followed now; others have another. Whoever asks first and takes the rules then has none older than it says."""
        return "-".join(map(str, self._read[0]))

    def rows(self, conn: sa.Connection) -> list[Row]:
        """Every version, by number."""
        query = sa.select(RULE).where(RULE.c.county == self._county).order_by(RULE.c.number)
        return [(row.number, row.name, row.rev, row.text) for row in conn.execute(query)]

    def renew(self, conn: sa.Connection) -> None:
        """Follow what stands in the database: devices' steps are judged by what they are told."""
        stamp = self._newest(conn)
        if stamp == self._read[0]:
            return
        with self._lock:
            if stamp == self._read[0]:
                return  # whoever held the lock did it
            rows = self.rows(conn)
            found = read_ruling(_versions(rows))
            held = self._in_force
            for name, codes in found.codes.items():
                if name in held.forms.codes:
                    held.forms.codes[name].follow(codes)
            renew(held.rules, replace(found.rules, codes=held.forms.codes))
            renew(held.permissions, found.permissions)
            renew(held.numbering, found.numbering)
            self.unread, self._read = found.unread, (stamp, rows)

    def answer(self, conn: sa.Connection, hello: Hello) -> tuple[int, int, tuple[Row, ...]] | None:
        """What the device lacks; None where it has it, or doesn't ask."""
        if hello.rules is None:
            return None
        number, held, _ = hello.rules
        self.renew(conn)
        (newest, _), rows = self._read
        if number == newest == 0:
            return None
        due = in_force(rows)
        if number == newest and held == tag(due):
            return None
        # It holds what was in force when it was at that number; or, if it gets all of it in portions, what is in force now up to there.
        known = tag(in_force(rows, number)), tag(row for row in due if row[0] <= number)
        after = number if number and held in known else 0
        sent: list[Row] = []
        size = 0
        for row in [row for row in due if row[0] > after]:
            size += len(row[3].encode())
            if sent and size > _PORTION:
                break
            sent.append(row)
        return (sent[-1][0] if sent else 0), after, tuple(sent)

    def _newest(self, conn: sa.Connection) -> tuple[int, int]:
        """Number and time of the newest: after a restore the same number may stand for another text."""
        query = sa.select(RULE.c.number, RULE.c.at).where(RULE.c.county == self._county)
        row = conn.execute(query.order_by(RULE.c.number.desc()).limit(1)).one_or_none()
        return (row.number, row.at) if row else (0, 0)


def put(county: County, name: str, text: str, note: str = "") -> int:
    """Let *text* stand in the place of *name* from now on; its number. KnownError says what is wrong, and nothing is changed."""
    with county.database.write(county.code) as (conn, _, rev):
        rows = county.ruled.rows(conn)
        check_text(name, text, _versions(rows))
        number = (rows[-1][0] if rows else 0) + 1
        row = {"county": county.code, "number": number, "name": name, "rev": rev, "text": text, "note": note}
        conn.execute(sa.insert(RULE).values(**row, at=county.now_ms()))
        county.audit(conn, "rules", name=name, number=number, note=note)
    return number


def back(county: County, name: str, note: str = "") -> int:
    """Put the text again that stood before the newest of *name*, in the end the program's own; KnownError("rules.never_changed")."""
    with county.database.snapshot() as conn:
        texts = [row[3] for row in county.ruled.rows(conn) if row[1] == name]
    if not texts or not texts[-1]:
        raise KnownError("rules.never_changed", name=name)
    return put(county, name, _before(texts), note)


def text_of(county: County, name: str) -> str:
    """The text that counts now: the county's, else the program's own; KnownError("rules.not_changeable")."""
    with county.database.snapshot() as conn:
        found = [row[3] for row in county.ruled.rows(conn) if row[1] == name]
    text = (found[-1] if found else "") or shipped_text(name)
    if not text:
        raise KnownError("rules.not_changeable", name=name)
    return text


def listing(county: County) -> list[dict[str, object]]:
    """What was put, newest first, with the devices whose program can't read it."""
    with county.database.snapshot() as conn:
        query = sa.select(RULE).where(RULE.c.county == county.code).order_by(RULE.c.number.desc())
        rows = conn.execute(query).all()
        devices = conn.execute(
            sa.select(DEVICE.c.id, DEVICE.c.unread).where(DEVICE.c.county == county.code, DEVICE.c.unread.is_not(None))
        ).all()
        county.ruled.renew(conn)
    seen: set[str] = set()
    found: list[dict[str, object]] = []
    for row in rows:
        line: dict[str, object] = {"number": row.number, "name": row.name, "at": row.at, "note": row.note}
        if row.name not in seen:
            line |= {"in_force": True, "own": not row.text}
            line["unread_by"] = [each.id for each in devices if row.name in each.unread.split(",")]
            if row.name in county.ruled.unread:
                line["unread"] = county.ruled.unread[row.name]
        seen.add(row.name)
        found.append(line)
    return found


def _before(texts: list[str]) -> str:
    """The text before the last that differs from it; going back twice goes back two steps."""
    stack: list[str] = [""]
    for text in texts:
        if len(stack) > 1 and text == stack[-2]:
            stack.pop()
        elif text != stack[-1]:
            stack.append(text)
    return stack[-2] if len(stack) > 1 else ""


def _versions(rows: list[Row]) -> list[Version]:
    return [Version(name, number, rev, text) for number, name, rev, text in rows]

"""One county: its database opened, its forms and rights, and who its devices are."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.errors import KnownError
from app.rules.areas import Divisions
from app.rules.numbering import Numbering
from app.rules.permissions import Permissions
from app.schema.dates import china_time
from app.schema.form import Forms
from app.schema.ids import IdMaker
from sync.county.applying import Applier
from sync.county.database import Database
from sync.county.file_room import FOLDER, KEY_FILE, FileRoom
from sync.county.keys import Keys, load_keys
from sync.county.leasing import Leasing
from sync.county.records import Records
from sync.county.rights import Device, Rights
from sync.county.ruled import InForce, Ruled
from sync.county.screening import plain
from sync.county.tables import AREA, AUDIT, COUNTY, DEVICE, Tables
from sync.county.watching import Watching
from sync.wire import LEAST, Area


class County:
    """Opened once a process; its methods may be called from any thread."""

    def __init__(
        self, database: Database, forms: Forms, code: str, permissions: Permissions, now: Callable[[], float]
    ) -> None:
        self.database = database
        self.forms = forms
        self.code = code
        self.permissions = permissions
        self.tables = Tables(forms)
        self.records = Records(database, self.tables, forms, code)
        self.applier = Applier(database, forms, self.records, code)
        numbering = Numbering.load()
        self.leasing = Leasing(database, code, self.tables.by_form.get("event_step"), numbering)
        self.ruled = Ruled(code, InForce(self.applier.rules, permissions, numbering, forms))
        self.watching = Watching(self)
        self.new_id = IdMaker()
        # Where files are kept; None: this county keeps none.
        self.files: FileRoom | None = None
        self._now = now

    @classmethod
    def open(
        cls,
        database: str | Path,
        forms: Forms,
        *,
        code: str | None = None,
        permissions: Permissions | None = None,
        now: Callable[[], float] = time.time,
    ) -> County:
        """The county *code* in *database*, or the only one; KnownError("county.missing") where none was made there."""
        held = Database(database)
        if not sa.inspect(held.engine).has_table("county"):
            held.close()
            raise KnownError("county.missing")
        with held.snapshot() as conn:
            there = [found for found in conn.scalars(sa.select(COUNTY.c.county)) if code in {None, found}]
        if len(there) != 1:
            held.close()
            raise KnownError("county.several" if there else "county.missing")
        return cls.over(held, forms, there[0], permissions=permissions, now=now, beside=database)

    @classmethod
    def over(
        cls,
        held: Database,
        forms: Forms,
        code: str,
        *,
        permissions: Permissions | None = None,
        now: Callable[[], float] = time.time,
        beside: str | Path = "",
    ) -> County:
        """The county *code* over the database *held*, with all the tables that it needs; files go *beside* a path."""
        made = cls(held, forms, code, permissions or Permissions.load(), now)
        made.tables.create(held.engine)
        if isinstance(beside, Path):
            made.keep_files(beside.parent / FOLDER, beside.parent / KEY_FILE)
        return made

    def keep_files(self, folder: Path, key_file: Path) -> None:
        """Keep files in *folder*, sealed under the key in *key_file*; either is made when it is first needed."""
        self.files = FileRoom(folder, key_file, self.code)

    def keep_files_at(self, folder: Path | None, key_file: Path | None) -> None:
        """``keep_files`` where something else is asked for than what stands already, and throw away uploads long given up."""
        folder = folder or (self.files.folder if self.files else None)
        if folder and (key_file or self.files is None or folder != self.files.folder):
            self.keep_files(folder, key_file or folder.parent / KEY_FILE)
        if self.files:
            self.files.sweep()

    def close(self) -> None:
        """Give the database back."""
        self.database.close()

    @functools.cached_property
    def keys(self) -> Keys:
        """What bundles for this county are sealed for and its own are signed with; made when first asked for."""
        return load_keys(self.database, self.code, self.now_ms())

    def now_ms(self) -> int:
        """The county's time in milliseconds since 1970 UTC."""
        return int(self._now() * 1000)

    def standing(self, conn: sa.Connection) -> tuple[int, int]:
        """(epoch, last rev)."""
        row = conn.execute(sa.select(COUNTY.c.epoch, COUNTY.c.rev).where(COUNTY.c.county == self.code)).one()
        return row.epoch, row.rev

    def least(self, conn: sa.Connection) -> int:
        """The oldest wire version that devices may speak here."""
        return max(conn.scalar(sa.select(COUNTY.c.least).where(COUNTY.c.county == self.code)) or LEAST, LEAST)

    def areas(self, conn: sa.Connection) -> list[Area]:
        """Every division of the county, by code."""
        query = sa.select(AREA).where(AREA.c.county == self.code).order_by(AREA.c.code)
        return [Area(row.code, row.name or "", row.level or "", row.parent or "") for row in conn.execute(query)]

    def rights(self, conn: sa.Connection) -> Rights:
        """What devices may do, with the areas that there are now."""
        areas = self.areas(conn)
        divisions = Divisions({area.code: area.parent for area in areas})
        return Rights(self.forms, self.permissions, frozenset(area.code for area in areas), divisions)

    def device(self, token: str) -> Device | None:
        """The device that *token* was given to, also a revoked one; None for a token that nobody was given."""
        found = self._device(DEVICE.c.token == hashlib.sha256(token.encode()).digest())
        return found[0] if found else None

    def device_by_id(self, device: str) -> tuple[Device, bytes] | None:
        """The device of that id and its public key, also a revoked one; None where there is none."""
        return self._device(DEVICE.c.id == device)

    def _device(self, which: sa.ColumnElement[bool]) -> tuple[Device, bytes] | None:
        with self.database.snapshot() as conn:
            row = conn.execute(sa.select(DEVICE).where(DEVICE.c.county == self.code, which)).one_or_none()
        if row is None:
            return None
        areas, roles = json.loads(row.areas), json.loads(row.roles)
        return Device(row.id, row.account or "", tuple(areas), tuple(roles), row.state, row.unit), row.public_key

    def audit(self, conn: sa.Connection, action: str, *, device: str = "", account: str = "", **detail: Any) -> None:
        """Note who did what; *detail* holds no person's data."""
        row: Mapping[str, Any] = {
            "county": self.code,
            "id": self.new_id(),
            "at": self.now_ms(),
            "device": device,
            "account": account,
            "action": action,
            "detail": json.dumps(detail, ensure_ascii=False),
        }
        conn.execute(sa.insert(AUDIT).values(**row))

    def seen(self, device: Device, version: int, program: str, unread: str = "", *, frames: int) -> None:
        """Note an exchange that brought so many *frames*: when, and with which program (a device older than version 2 doesn't say its own).

        The audit has a line of each that brought something, and of the others the first in a day (of China): a device asks
        every few minutes, for years.
        """
        now = self.now_ms()
        with self.database.plain() as conn:
            where = DEVICE.c.county == self.code, DEVICE.c.id == device.id
            before = conn.scalar(sa.select(DEVICE.c.seen).where(*where))
            held = {"seen": now, "version": version, "program": plain(program, 40), "unread": plain(unread, 400)}
            conn.execute(sa.update(DEVICE).where(*where), held)
            if frames or not before or china_time(before)[:10] != china_time(now)[:10]:
                self.audit(conn, "exchange", device=device.id, account=device.account, frames=frames)

    def note(self, device: Device, action: str, **detail: Any) -> None:
        """``audit`` in a transaction of its own."""
        with self.database.plain() as conn:
            self.audit(conn, action, device=device.id, account=device.account, **detail)

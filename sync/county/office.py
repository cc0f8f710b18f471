"""What an administrator does at the county: make it, bring in areas, users and codes, revoke devices, reckon digests."""

from __future__ import annotations

import csv
import io
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import argon2
import sqlalchemy as sa

from app.errors import KnownError
from app.paths import resource
from app.rules.permissions import Permissions
from app.rules.reading import read_table
from app.schema.digest import ZERO, add
from app.schema.division_code import doubts
from app.schema.form import Forms
from sync.county.county import County
from sync.county.database import Database
from sync.county.epochs import write_begin
from sync.county.granting import fits
from sync.county.keys import load_keys
from sync.county.records import hash_of
from sync.county.rights import Device
from sync.county.tables import ACCOUNT, AREA, CODE, COUNTY, DEVICE, STREAM
from sync.wire import LEAST, VERSION, Area, code_hash

DEFAULT_ROLES = ("registrar", "dispatcher", "duty_officer", "mediator")
"""What a centre clerk is, where a code says nothing else."""
LEVELS = ("county", "township", "village", "grid")
CODE_LIVES_MS = 7 * 24 * 3600 * 1000
# No 0, O, 1, I: a code is read out over the telephone.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
HASHER = argon2.PasswordHasher()


@dataclass(frozen=True, slots=True)
class StreamDigest:
    """What one stream holds at the county, and whether the values reckoned anew say the same as the kept sum."""

    area: str
    stream: str
    records: int
    digest: bytes
    sound: bool = True


def init(database: str | Path, forms: Forms, code: str, *, now: Callable[[], float] = time.time) -> County:
    """Make the county *code* (6 digits) in *database*; one that is there already is opened, and left as it is."""
    held = Database(database)
    try:
        county = County.over(held, forms, code, now=now, beside=database)
        with held.plain() as conn:
            if conn.scalar(sa.select(COUNTY.c.county).where(COUNTY.c.county == code)) is None:
                conn.execute(sa.insert(COUNTY).values(county=code, epoch=0, rev=0))
                write_begin(conn, code, 1, b"", int(now() * 1000))
    except sa.exc.OperationalError as bad:
        held.close()
        raise KnownError("county.database_unreachable") from bad
    load_keys(county.database, county.code, county.now_ms())
    return county


def import_areas(county: County, file: Path) -> int:
    """Bring in the divisions in *file*, JSON or CSV with code, name, level and perhaps parent; return how many there are.

    Idempotent. A county or township that only the codes below imply is made as well.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        raw = json.loads(text) if text.lstrip().startswith("[") else list(csv.DictReader(io.StringIO(text)))
        areas = [
            Area(str(row["code"]), str(row["name"]), str(row["level"]), str(row.get("parent") or "")) for row in raw
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as bad:
        raise KnownError("county.areas_unreadable", file=file.name) from bad
    if not areas:
        raise KnownError("county.areas_unreadable", file=file.name)
    for area in areas:
        if len(area.code) != 12 or not area.code.isdigit() or area.level not in LEVELS:
            raise KnownError("county.area_wrong", area=area.code)
    return add_areas(county, areas)


def area_doubts(county: County) -> list[tuple[str, str]]:
    """(code, sentence) of what is unlikely about the divisions that the county has; nothing of it is refused."""
    listed = list(read_table(resource("rules", "counties.toml")).table("counties"))
    with county.database.snapshot() as conn:
        codes = sorted(area.code for area in county.areas(conn))
    return [(code, fault.message) for code in codes for fault in doubts(code, listed)]


def add_areas(county: County, areas: Iterable[Area]) -> int:
    """Add or rename *areas*; return how many divisions the county has now."""
    wanted = {area.code: area for area in areas}
    with county.database.plain() as conn:
        before = {area.code: area for area in county.areas(conn)}
        known = set(before)
        # The prefix of its divisions implies a county, whatever code the database was made with.
        for prefix in {county.code} | {code[:6] for code in wanted}:
            top = f"{prefix:0<12}"
            if top not in known:
                wanted.setdefault(top, Area(top, f"县 {prefix}", "county"))
        rows = [
            {
                "county": county.code,
                "code": area.code,
                "name": area.name,
                "level": area.level,
                "parent": area.parent or _parent(before.get(area.code)) or _above(area.code, {*known, *wanted}),
            }
            for area in wanted.values()
        ]
        county.database.put(conn, AREA, rows)
        _refuse_circles(
            {**{code: area.parent for code, area in before.items()}, **{r["code"]: r["parent"] for r in rows}}
        )
        county.audit(conn, "areas", count=len(rows))
        for row in rows:
            was = _parent(before.get(row["code"]))
            if was and was != row["parent"]:
                county.audit(conn, "area_moved", area=row["code"], before=was, after=row["parent"])
        return len(county.areas(conn))


def _parent(area: Area | None) -> str:
    return area.parent if area else ""


def _refuse_circles(parents: Mapping[str, str]) -> None:
    """A division that lies in itself would be nobody's."""
    for code in parents:
        way, above = {code}, parents[code]
        while above:
            if above in way:
                raise KnownError("county.area_wrong", area=code)
            way.add(above)
            above = parents.get(above, "")


def _above(code: str, known: set[str]) -> str:
    """The nearest division above *code* among *known*."""
    for digits in (9, 6):
        parent = f"{code[:digits]:0<12}"
        if parent != code and parent in known:
            return parent
    return ""


def add_user(county: County, name: str, password: str, roles: Sequence[str] = DEFAULT_ROLES) -> None:
    """Make the user *name*, or give him a new password and these roles."""
    with county.database.plain() as conn:
        put_user(county, conn, name, password, roles)
        county.audit(conn, "user", account=name, roles=list(roles))


def put_user(county: County, conn: sa.Connection, name: str, password: str, roles: Sequence[str]) -> None:
    """``add_user`` inside the caller's transaction."""
    _known_roles(county.permissions, roles)
    if not name.strip() or not password:
        raise KnownError("county.user_incomplete")
    row = {
        "county": county.code,
        "name": name,
        "password": HASHER.hash(password),
        "roles": json.dumps(list(roles)),
        "made": county.now_ms(),
    }
    county.database.put(conn, ACCOUNT, [row])


def issue_code(county: County, areas: Sequence[str], roles: Sequence[str] = DEFAULT_ROLES, unit: str = "") -> str:
    """A one-time code for a device over *areas*, of a user of *unit*; it lives a week."""
    _known_roles(county.permissions, roles)
    fits(county.permissions, roles, areas)
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    with county.database.plain() as conn:
        known = [area.code for area in county.areas(conn)]
        for area in areas:
            if area not in known:
                raise KnownError("county.area_unknown", area=area)
        conn.execute(
            sa.insert(CODE).values(
                county=county.code,
                hash=code_hash(code),
                areas=json.dumps(list(areas)),
                roles=json.dumps(list(roles)),
                until=county.now_ms() + CODE_LIVES_MS,
                unit=unit,
            )
        )
        county.audit(conn, "code", areas=list(areas), roles=list(roles), unit=unit)
    return code


def _known_roles(permissions: Permissions, roles: Sequence[str]) -> None:
    for role in roles:
        if role not in permissions.roles:
            raise KnownError("county.role_unknown", role=role)


def revoke(county: County, device: str, *, wipe: bool = False) -> None:
    """Refuse *device* from now on; with *wipe* it is told to destroy its keys as well."""
    with county.database.plain() as conn:
        key = (DEVICE.c.county == county.code, DEVICE.c.id == device)
        if conn.scalar(sa.select(DEVICE.c.state).where(*key)) == "wiped":
            raise KnownError("county.device_wiped", device=device)
        done = conn.execute(
            sa.update(DEVICE).where(*key),
            {"state": "wipe" if wipe else "revoked"},
        )
        if not done.rowcount:
            raise KnownError("county.device_unknown", device=device)
        county.audit(conn, "revoke", device=device, wipe=wipe)


def require(county: County, version: int) -> None:
    """Take no wire version older than *version* from now on; devices that speak an older one are told so, and go on offline."""
    if not LEAST <= version <= VERSION:
        raise KnownError("county.version_wrong", least=LEAST, most=VERSION)
    with county.database.plain() as conn:
        conn.execute(sa.update(COUNTY).where(COUNTY.c.county == county.code), {"least": version})
        county.audit(conn, "require", version=version)


def allow(county: County, device: str) -> None:
    """Take a revoked *device* back, also one that was to be wiped and hasn't been; KnownError("county.device_wiped") for one that was."""
    with county.database.plain() as conn:
        key = (DEVICE.c.county == county.code, DEVICE.c.id == device)
        state = conn.scalar(sa.select(DEVICE.c.state).where(*key))
        if state is None:
            raise KnownError("county.device_unknown", device=device)
        if state == "wiped":
            raise KnownError("county.device_wiped", device=device)
        conn.execute(sa.update(DEVICE).where(*key), {"state": "active"})
        county.audit(conn, "allow", device=device)


def wiped(county: County, device: Device, changes: int, digest: str, **counts: int) -> None:
    """*device* says that it has destroyed its keys; *changes* and other *counts* lie sealed in the file with SHA-256 *digest*."""
    with county.database.plain() as conn:
        conn.execute(
            sa.update(DEVICE).where(DEVICE.c.county == county.code, DEVICE.c.id == device.id, DEVICE.c.state == "wipe"),
            {"state": "wiped"},
        )
        county.audit(conn, "wiped", device=device.id, account=device.account, changes=changes, hash=digest, **counts)


def devices(county: County) -> list[Mapping[str, object]]:
    """Every device: id, account, areas, roles, state, its user's unit, when it was last seen, and with which program and wire version."""
    with county.database.snapshot() as conn:
        rows = conn.execute(sa.select(DEVICE).where(DEVICE.c.county == county.code).order_by(DEVICE.c.made)).all()
    return [
        {
            "id": row.id,
            "account": row.account,
            "areas": json.loads(row.areas),
            "roles": json.loads(row.roles),
            "state": row.state,
            "unit": row.unit or "",
            "seen": row.seen,
            "program": row.program or "",
            "version": row.version,
            "unread": [name for name in (row.unread or "").split(",") if name],
        }
        for row in rows
    ]


def digest(county: County, areas: Sequence[str] | None = None) -> list[StreamDigest]:
    """Every stream's records and digest, reckoned anew from the stored values; by area and class."""
    found: dict[tuple[str, str], tuple[int, bytes]] = {}
    with county.database.snapshot() as conn:
        divisions = county.rights(conn).divisions
        for form in county.forms.values():
            ids = list(county.records.all(conn, form.name))
            for held in county.records.get(conn, form.name, ids).values():
                key = held.record.area, form.stream
                count, total = found.get(key, (0, ZERO))
                found[key] = count + 1, add(total, None, hash_of(held.record))
        query = sa.select(STREAM).where(STREAM.c.county == county.code, STREAM.c.records > 0)
        kept = {(row.area, row.stream): (row.records, row.digest) for row in conn.execute(query)}
    return [
        StreamDigest(
            area, stream, *found.get((area, stream), (0, ZERO)), found.get((area, stream)) == kept.get((area, stream))
        )
        for area, stream in sorted(found.keys() | kept.keys())
        if areas is None or divisions.any_covers(areas, area)
    ]

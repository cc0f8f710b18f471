"""Which files a device may have and give: those that a record in its streams names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from sync.county.county import County
from sync.county.database import parts
from sync.county.rights import Device, Rights
from sync.county.tables import FILE, HISTORY

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Named:
    """What records say of one file to one device: its size, whether it may be seen, and whether it may be given."""

    size: int
    read: bool
    write: bool


class Names:
    """Asks the records that name files; made anew for each request."""

    def __init__(self, county: County, conn: sa.Connection, device: Device) -> None:
        self._county = county
        self._conn = conn
        self._device = device
        self._rights: Rights = county.rights(conn)
        self._streams = set(self._rights.streams(device))

    def of(self, shas: Iterable[str]) -> Mapping[str, Named]:
        """Those of *shas* that a record in the device's streams names, if its roles may read or make it, or that it named itself."""
        wanted, found = list(shas), dict[str, Named]()
        elsewhere: dict[str, list[tuple[str, int]]] = {}
        for form in self._county.forms.attachments:
            table = self._county.tables.by_form[form.name]
            for column, size in (("sha256", "size"), ("thumb", "thumb_size")):
                for some in parts(wanted):
                    query = sa.select(table.c[column], table.c[size], table.c.area, table.c.id).where(
                        table.c.county == self._county.code, table.c[column].in_(some)
                    )
                    for sha256, length, area, record in self._conn.execute(query):
                        if (area, form.stream) not in self._streams:
                            elsewhere.setdefault(record, []).append((sha256, length or 0))
                        else:
                            read = self._may("read", form.name, area, form.stream)
                            write = self._may("create", form.name, area, form.stream)
                            before = found.get(sha256)
                            if read or write:
                                found[sha256] = Named(
                                    length or (before.size if before else 0),
                                    read or (before is not None and before.read),
                                    write or (before is not None and before.write),
                                )
        for record in self._made_here(elsewhere):
            for sha256, length in elsewhere[record]:
                found.setdefault(sha256, Named(length, read=False, write=True))
        return found

    def _made_here(self, records: Iterable[str]) -> Iterable[str]:
        """Those that this device once wrote: it alone may hold their files, also after they were handed over to others."""
        for some in parts(list(records)):
            query = sa.select(HISTORY.c.id).where(
                HISTORY.c.county == self._county.code, HISTORY.c.id.in_(some), HISTORY.c.device == self._device.id
            )
            yield from set(self._conn.scalars(query))

    def lost(self, limit: int) -> list[str]:
        """Files that somebody asked for and that aren't here, of those that the device may have: at most *limit*."""
        found: list[str] = []
        last = ""
        while len(found) < limit:
            query = sa.select(FILE.c.sha256).where(
                FILE.c.county == self._county.code, FILE.c.lost == 1, FILE.c.sha256 > last
            )
            some = list(self._conn.scalars(query.order_by(FILE.c.sha256).limit(_AT_ONCE)))
            if not some:
                break
            found += sorted(self.of(some))
            last = some[-1]
        return found[:limit]

    def _may(self, action: str, form: str, area: str, stream: str) -> bool:
        return self._county.permissions.decide(
            action,
            form,
            area,
            self._device.roles,
            self._device.areas,
            own=True,
            stream=stream,
            divisions=self._rights.divisions,
        ).allowed

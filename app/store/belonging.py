"""Who this device is, which county it belongs to, and which streams it may hold."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Sequence
from typing import Any

from app.schema.ddl import table_name
from app.store import search
from app.store.exchange_values import Area, Stream, SyncState
from app.store.part import Part


class Belonging(Part):
    """Device, county, clock, areas and scope."""

    @property
    def state(self) -> SyncState:
        """Device, county and clock as last known."""
        held = self._store.meta.get("sync", {})
        return SyncState(**held, offset_ms=self._store.meta.integer("offset_ms"))

    def _set_state(self, **changes: Any) -> None:
        held = dataclasses.asdict(dataclasses.replace(self.state, **changes))
        held.pop("offset_ms")
        self._store.meta.set("sync", held)

    def enrolled(
        self,
        *,
        device: str,
        county: str,
        url: str,
        token: str,
        epoch: int,
        areas: Sequence[Area],
        streams: Collection[Stream],
        ca: str = "",
    ) -> None:
        """This device belongs to *county* now, and starts its streams at 0."""
        with self._store.transaction():
            self._set_state(device=device, county=county, url=url, token=token, epoch=epoch, ca=ca)
            self.begin_incarnation()
            self._write_areas(areas)
            self._write_scope(streams)

    def moved(self, url: str) -> None:
        """The county answers at another address now."""
        if url != self.state.url:
            with self._store.transaction():
                self._set_state(url=url)

    def set_epoch(self, epoch: int) -> None:
        """The county began a new epoch, or this device learned of it."""
        with self._store.transaction():
            self._set_state(epoch=epoch)

    def set_offset(self, milliseconds: int) -> None:
        """How far the county's clock is ahead of this one."""
        with self._store.transaction():
            self._store.meta.set("offset_ms", milliseconds)

    def new_incarnation(self) -> str:
        """Begin a new incarnation: whatever has no receipt is framed anew under it."""
        with self._store.transaction():
            return self.begin_incarnation()

    def begin_incarnation(self) -> str:
        """``new_incarnation`` inside the caller's transaction."""
        incarnation = secrets.token_hex(8)
        self._set_state(incarnation=incarnation)
        self._conn.execute("UPDATE outbox SET frame = NULL")
        self._conn.execute("DELETE FROM frame")
        self._store.meta.set("frame", 0)
        self._store.meta.set("void", [])
        return incarnation

    def set_areas(self, areas: Sequence[Area]) -> None:
        """The areas that this device may know of."""
        with self._store.transaction():
            self._write_areas(areas)

    def _write_areas(self, areas: Sequence[Area]) -> None:
        self._conn.execute("DELETE FROM area")
        self._conn.executemany(
            "INSERT INTO area (code, name, level, parent) VALUES (?, ?, ?, ?)",
            [(a.code, a.name, a.level, a.parent) for a in areas],
        )

    def set_scope(self, streams: Collection[Stream]) -> None:
        """The streams this device holds: a new one starts at 0, a withdrawn one is dropped with its records."""
        with self._store.transaction():
            self._write_scope(streams)

    def _write_scope(self, streams: Collection[Stream]) -> None:
        have = {(area, stream) for area, stream in self._conn.execute("SELECT area, stream FROM cursor")}
        wanted = set(streams)
        self._conn.executemany("INSERT INTO cursor (area, stream, rev) VALUES (?, ?, 0)", sorted(wanted - have))
        for area, stream in have - wanted:
            self._drop(area, stream)
        if have - wanted and self.state.device:
            # What an incarnation wrote is never sent to it again; what was dropped must be, if it is granted once more.
            self.begin_incarnation()

    def _drop(self, area: str, stream: str) -> None:
        """Forget the agreed records of a withdrawn stream; what is unsent stays until it is answered."""
        for form in self._store.forms.values():
            if form.stream == stream:
                table = table_name(form.name)
                gone = self._conn.execute(f"SELECT id FROM {table} WHERE area = ? AND pending = 0", (area,)).fetchall()
                for (record_id,) in gone:
                    search.remove(self._conn, form.name, record_id)
                self._conn.executemany("DELETE FROM history WHERE id = ?", gone)
                self._conn.executemany(f"DELETE FROM {table} WHERE id = ?", gone)
                # Those that stay no longer count in the digest that goes.
                pending = [row[0] for row in self._conn.execute(f"SELECT id FROM {table} WHERE pending > 0")]
                beneath = self._rows.agreed(pending)
                self._conn.executemany(
                    f"UPDATE {table} SET hash = NULL WHERE id = ?",
                    [(record_id,) for record_id, agreed in beneath.items() if agreed.area == area],
                )
        self._conn.execute("DELETE FROM cursor WHERE area = ? AND stream = ?", (area, stream))
        self._conn.execute("DELETE FROM digest WHERE area = ? AND stream = ?", (area, stream))

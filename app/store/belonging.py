"""Who this device is, which county it belongs to, and which streams it may hold."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.store.exchange_values import Area, Stream, SyncState
from app.store.part import Part

VOID_MARKS = "void_marks"
_RIGHTS = "rights_tag"


class Belonging(Part):
    """Device, county, clock, areas and scope.

    ``areas_told`` grows whenever this process writes down which areas there are.
    """

    areas_told = 0

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
        begun: bytes = b"",
        mark: tuple[int, bytes] | None = None,
    ) -> None:
        """This device belongs to *county* now, and starts its streams at 0.

        *begun*: the tag of the epoch's beginning. *mark*: rev and tag of where the county stood: it, and every backup of it that
        knows this device, has that in its past.
        """
        with self._store.transaction():
            self._set_state(device=device, county=county, url=url, token=token, epoch=epoch, begun=begun.hex(), ca=ca)
            self._store.meta.set("marks", [(mark[0], mark[1].hex())] if mark else [])
            self._store.numbers.give_up()
            self._store.meta.set("sync.capabilities", [])  # another county's, or of another day
            self.begin_incarnation()
            self._write_areas(areas)
            self._write_scope(streams)

    def moved(self, url: str) -> None:
        """The county answers at another address now."""
        if url != self.state.url:
            with self._store.transaction():
                self._set_state(url=url)

    def set_begun(self, begun: bytes) -> None:
        """The tag of the epoch's beginning, which a device that enrolled with an older program doesn't know."""
        with self._store.transaction():
            self._set_state(begun=begun.hex())

    def county_clock(self, county_ms: int, here_ms: int) -> None:
        """The county's clock said *county_ms* when this machine's showed *here_ms*, both in milliseconds since 1970 UTC."""
        learned = self._store.clock.learned(county_ms, here_ms)
        if learned:
            with self._store.transaction():
                for key, value in learned.items():
                    self._store.meta.set(key, value)

    def new_incarnation(self, *, same_hand: bool = False) -> str:
        """Begin a new incarnation: whatever has no receipt is framed anew under it.

        Unless it is for certain the *same_hand*, there may be another machine with the same past: numbers leased before are given up.
        """
        with self._store.transaction():
            if not same_hand:
                self._store.numbers.give_up()
            return self.begin_incarnation()

    def begin_incarnation(self) -> str:
        """``new_incarnation`` inside the caller's transaction."""
        incarnation = secrets.token_hex(8)
        self._set_state(incarnation=incarnation)
        self._conn.execute("UPDATE outbox SET frame = NULL")
        self._conn.execute("DELETE FROM frame")
        self._store.meta.set("frame", 0)
        self._store.meta.set("void", [])
        self._store.meta.set(VOID_MARKS, {})
        return incarnation

    def set_areas(self, areas: Sequence[Area]) -> None:
        """The areas that this device may know of."""
        with self._store.transaction():
            self._write_areas(areas)

    def _write_areas(self, areas: Sequence[Area]) -> None:
        self.areas_told += 1
        self._conn.execute("DELETE FROM area")
        self._conn.executemany(
            "INSERT INTO area (code, name, level, parent) VALUES (?, ?, ?, ?)",
            [(a.code, a.name, a.level, a.parent) for a in areas],
        )

    @property
    def rights_tag(self) -> bytes:
        """The tag of the rights that the county told last; empty where it told none."""
        return bytes.fromhex(self._store.meta.get(_RIGHTS, ""))

    def set_rights(
        self, user: str, roles: Collection[str], areas: Collection[str], unit: str | None = None, *, tag: bytes = b""
    ) -> None:
        """The county gave *user* of this device other roles, areas or another *unit*: they count from his next log-in.

        None: of his unit it says nothing; what he filled in himself stays beside it. *tag* is said to the county, so that it knows.
        """
        with self._store.transaction():
            self._store.meta.set(_RIGHTS, tag.hex())
            # Read in here: the user may be filling in his unit just now.
            accounts = self._store.meta.get("accounts", {})
            if user in accounts:
                given = {"roles": list(roles), "areas": list(areas), **({} if unit is None else {"unit": unit})}
                accounts[user] = {**accounts[user], **given}
                self._store.meta.set("accounts", accounts)

    def given_away(self) -> dict[str, tuple[str, str]]:
        """Areas that were this device's: for each, where it belongs now in words, and the code above it."""
        held = self._store.meta.get("given_away", {})
        return {code: (str(words), str(parent)) for code, (words, parent) in held.items()}

    def set_given_away(self, areas: Mapping[str, tuple[str, str]]) -> None:
        """The county says where areas went that are this device's no more."""
        with self._store.transaction():
            self.areas_told += 1
            self._store.meta.set("given_away", {code: list(where) for code, where in areas.items()})

    def set_scope(self, streams: Collection[Stream]) -> None:
        """The streams this device holds: a new one starts at 0; of one withdrawn, stubs stay where its area was given away."""
        with self._store.transaction():
            self._write_scope(streams)

    def _write_scope(self, streams: Collection[Stream]) -> None:
        have = {(area, stream) for area, stream in self._conn.execute("SELECT area, stream FROM cursor")}
        wanted = set(streams)
        self._conn.executemany("INSERT INTO cursor (area, stream, rev) VALUES (?, ?, 0)", sorted(wanted - have))
        kept = {area for area, _ in wanted}
        for area, stream in have - wanted:
            self._drop(area, stream, moved=area not in kept)
        again = bool(wanted - have) and self._store.meta.get("went") is not None
        if (have - wanted or again) and self.state.device:
            # What an incarnation wrote is never sent to it again; what was dropped must be, if it is granted once more.
            self.begin_incarnation()

    def _drop(self, area: str, stream: str, *, moved: bool) -> None:
        """Forget what is agreed in a withdrawn stream: stubs stay where the area went elsewhere, nothing where the right went.

        What is unsent stays in the outbox. A record that the county doesn't have yet stays as it is until it is answered.
        """
        for form in self._store.forms.values():
            if form.stream == stream:
                rows = self._rows.read(form.name, "WHERE area = ? AND pending = 0 AND rev > 0", (area,))
                pending = self._rows.read(form.name, "WHERE pending > 0 AND rev > 0")
                beneath = self._rows.agreed(row.id for row in pending)
                for row in pending:
                    if row.id in beneath and beneath[row.id].area == area:
                        row.area = area
                        rows.append(row)
                self._store.stubs.leave(form.name, rows, {area: self._words(area)} if moved else None)
        self._conn.execute("DELETE FROM cursor WHERE area = ? AND stream = ?", (area, stream))
        self._conn.execute("DELETE FROM digest WHERE area = ? AND stream = ?", (area, stream))

    def _words(self, area: str) -> str:
        """Where records of *area* are, for people: the county's words, else the area's name if it is known here."""
        if area in (away := self.given_away()):
            return away[area][0]
        row = self._conn.execute("SELECT name FROM area WHERE code = ?", (area,)).fetchone()
        return str(row[0]) if row else ""

    def _holds(self, area: str, stream: str) -> bool:
        """Whether a stream is in this device's scope; before it belongs to a county, every one is."""
        key = "SELECT 1 FROM cursor WHERE area = ? AND stream = ?"
        return not self.state.device or self._conn.execute(key, (area, stream)).fetchone() is not None

    def _class_withdrawn(self, area: str) -> bool:
        """Whether the device still holds something of *area*: then it was the right to a class that went, not the area."""
        return self._conn.execute("SELECT 1 FROM cursor WHERE area = ?", (area,)).fetchone() is not None

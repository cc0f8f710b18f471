"""Frames on their way up: filled, numbered and written down before anything is sent, given up where they never get through."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.schema.digest import MARK_SIZE, frame_hash
from app.schema.record import Change
from app.store.belonging import VOID_MARKS, Belonging
from app.store.exchange_values import Frame
from app.store.outbox import BULK, URGENT, Waiting


class Framing(Belonging):
    """The frames of this device's incarnation."""

    def waiting(self) -> Waiting:
        """Changes without a final receipt, lane by lane."""
        return self._outbox.waiting()

    def urgent_unsent(self) -> bool:
        """Whether something urgent waits that is in no frame yet: whatever else is under way should end."""
        return self._outbox.urgent()[0]

    def urgent_frames(self) -> set[int]:
        """The numbers of the frames without receipts that hold urgent changes."""
        return self._outbox.urgent()[1]

    def compose(
        self, most: int, encode: Callable[[int, list[Change]], bytes], size: int = 0, *, urgent: bool = False
    ) -> Frame | None:
        """Fill the next frame with up to about *most* changes, urgent first; its number and bytes are written down before anything is sent.

        *urgent*: with urgent ones only, and what they need. One that comes out longer than *size* bytes (0: any) is filled with
        fewer, as long as it holds more than one.
        """
        with self._store.transaction():
            lane = URGENT if urgent else BULK
            changes = self._outbox.next(most, lane)
            if not changes:
                return None
            number = self._store.meta.integer("frame") + 1
            content = encode(number, changes)
            while 0 < size < len(content) and len(changes) > 1:
                fewer = self._outbox.next(max(min(most, len(changes)) * size // len(content), 1), lane)
                if len(fewer) >= len(changes):
                    break
                most, changes = len(fewer), fewer
                content = encode(number, changes)
            incarnation = self.state.incarnation
            counters = tuple(change.counter for change in changes)
            self._store.meta.set("frame", number)
            self._conn.execute(
                "INSERT INTO frame (number, incarnation, content, tries) VALUES (?, ?, ?, 0)",
                (number, incarnation, content),
            )
            self._outbox.frame(counters, number)
        return Frame(number, incarnation, content, counters)

    def open_frames(self) -> list[Frame]:
        """Frames without all their receipts, in order; sent again they are the same bytes."""
        counters: dict[int, list[int]] = {}
        for number, counter in self._conn.execute(
            "SELECT frame, counter FROM outbox WHERE frame IS NOT NULL ORDER BY counter"
        ):
            counters.setdefault(number, []).append(counter)
        rows = self._conn.execute("SELECT number, incarnation, content, tries FROM frame ORDER BY number")
        return [
            Frame(number, inc, content, tuple(counters.get(number, ())), tries) for number, inc, content, tries in rows
        ]

    def failed(self, number: int) -> int:
        """Frame *number* could not be brought through; return how often that happened now."""
        with self._store.transaction():
            self._conn.execute("UPDATE frame SET tries = tries + 1 WHERE number = ?", (number,))
            row = self._conn.execute("SELECT tries FROM frame WHERE number = ?", (number,)).fetchone()
        return int(row[0]) if row else 0

    def void(self, number: int) -> None:
        """Give frame *number* up: its changes are framed anew; the county is told, so that an old copy is skipped."""
        with self._store.transaction():
            row = self._conn.execute("SELECT content FROM frame WHERE number = ?", (number,)).fetchone()
            if row:
                mark = frame_hash(row[0])[:MARK_SIZE].hex()
                self._store.meta.set(VOID_MARKS, {**self._store.meta.get(VOID_MARKS, {}), str(number): mark})
            self._conn.execute("DELETE FROM frame WHERE number = ?", (number,))
            self._outbox.unframe(number)
            self._store.meta.set("void", sorted({*self._store.meta.get("void", []), number}))

    def voided(self) -> list[int]:
        """Numbers given up that the county hasn't confirmed."""
        return list(self._store.meta.get("void", []))

    def void_marks(self) -> dict[int, bytes]:
        """What was in the frames of ``voided``, as far as it is known: the first bytes of their hashes."""
        held = self._store.meta.get(VOID_MARKS, {})
        return {number: bytes.fromhex(held[str(number)]) for number in self.voided() if str(number) in held}

    def void_confirmed(self, numbers: Iterable[int]) -> None:
        """The county knows that these numbers are void."""
        with self._store.transaction():
            left = sorted(set(self.voided()) - set(numbers))
            self._store.meta.set("void", left)
            self._store.meta.set(VOID_MARKS, {str(number): mark.hex() for number, mark in self.void_marks().items()})

    def ask_again(self) -> int:
        """Let what was answered "waiting" be sent once more; return how many changes that are."""
        with self._store.transaction():
            return self._outbox.ask_again()

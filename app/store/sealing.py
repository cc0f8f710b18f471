"""What this device seals and signs its bundles with, and which bundles it wrote."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.store.part import Part

_REMEMBERED = 100
"""Bundles of its own that a device knows again; an answer to an older one is not used."""


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle that this device wrote: its id, when (milliseconds since 1970 UTC), what it held, SHA-256 of the file.

    ``frames``: ranges of the numbers of the frames in it, of ``incarnation``.
    """

    id: str
    at: int
    changes: int
    urgent: int
    bytes: int
    hash: str
    name: str = ""
    answered: int = 0
    incarnation: str = ""
    frames: Sequence[Sequence[int]] = ()


class Sealing(Part):
    """Keys and bundles; the private parts never leave the encrypted store."""

    @property
    def county_keys(self) -> tuple[str, str]:
        """The county's age recipient and its signing key in hex, learned over a secured link; empty where not known yet."""
        recipient, verify = self._store.meta.get("bundle.county", ("", ""))
        return recipient, verify

    @property
    def wants_county_keys(self) -> bool:
        """Whether the next exchange should ask for them: not known yet, or perhaps not the right ones any more."""
        return not self.county_keys[0] or bool(self._store.meta.get("bundle.doubt"))

    def learn_county_keys(self, recipient: str, verify: str) -> None:
        """The county said over a secured link what it opens bundles with, and what it signs them with."""
        with self._store.transaction():
            self._store.meta.set("bundle.county", (recipient, verify))
            self._store.meta.set("bundle.doubt", False)

    def doubt_county_keys(self) -> None:
        """A bundle did not fit the keys that are known: they are kept, and asked for again at the next exchange."""
        with self._store.transaction():
            self._store.meta.set("bundle.doubt", True)

    @property
    def signing_key(self) -> bytes:
        """The private Ed25519 key that the county knows this device by; empty where it was enrolled without keeping one."""
        return bytes.fromhex(self._store.meta.get("signing_key", ""))

    def identity(self, make: Callable[[], str]) -> str:
        """This device's own age identity; *make* makes it the first time."""
        with self._store.transaction():
            held: str = self._store.meta.get("bundle.identity", "")
            if not held:
                held = make()
                self._store.meta.set("bundle.identity", held)
        return held

    def written(self) -> list[Written]:
        """The bundles that this device wrote, newest first; also those that nobody may have carried anywhere."""
        return [Written(**line) for line in reversed(self._store.meta.get("bundle.written", []))]

    def note_written(self, bundle: Written) -> None:
        """One more was written; should its keys be out of date, the next exchange over the network tells the new ones."""
        with self._store.transaction():
            lines = [*self._store.meta.get("bundle.written", []), dataclasses.asdict(bundle)]
            self._store.meta.set("bundle.written", lines[-_REMEMBERED:])
            self._store.meta.set("bundle.doubt", True)

    @property
    def answer_heard(self) -> int:
        """When the county made the newest answer that was taken from a file; in milliseconds since 1970 UTC by its clock."""
        return self._store.meta.integer("bundle.heard")

    def was_read(self, answer_id: str) -> bool:
        """Whether this answer of the county's was taken from a file before."""
        return answer_id in self._store.meta.get("bundle.read", [])

    def note_answered(self, bundle_id: str, answer_id: str, at: int, made: int) -> None:
        """The county's answer to one of them, which it *made* then, was taken *at*; both in milliseconds since 1970 UTC."""
        with self._store.transaction():
            read = [held for held in self._store.meta.get("bundle.read", []) if held != answer_id]
            self._store.meta.set("bundle.read", [*read, answer_id][-_REMEMBERED:])
            self._store.meta.set("bundle.heard", max(made, self.answer_heard))
            lines = self._store.meta.get("bundle.written", [])
            for line in lines:
                if line["id"] == bundle_id:
                    line["answered"] = at
            self._store.meta.set("bundle.written", lines)

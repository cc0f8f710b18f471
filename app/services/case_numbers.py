"""The numbers of cases given on this device: of a leased block, else of its own, and the letters that tell it from others."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from app.services.case_folding import STEP

if TYPE_CHECKING:
    from app.store.store import Store

# So many letters name a device in its case numbers: 30 bits, where four hex digits would be alike for two of 300 devices.
_LETTERS = 6


class CaseNumbers:
    """Gives each number once, also after the store was brought back from a copy."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def next(self, year: int) -> str:
        """The next case number of *year*, which is final: of the block that the county leased to this device, while there is one.

        Else year, this device's letters, a count of its own, so that no two devices give one number.
        """
        if leased := self._store.numbers.take(year):
            return leased
        key = f"case_no.{year}"
        with self._store.transaction():
            prefix = f"{year}-{self.letters()}-"
            count = max(self._store.meta.integer(key), self._given(prefix)) + 1
            self._store.meta.set(key, count)
        return f"{prefix}{count:04d}"

    def letters(self) -> str:
        """The short name of this device; before it is enrolled, one that the store made up for itself."""
        device = self._store.sync.state.device or self._store.meta.get("case_no.device", "")
        if not device:
            device = self._store.new_id()
            self._store.meta.set("case_no.device", device)
        # Base 32 has neither 0 nor 1: the number is read out over the telephone.
        return base64.b32encode(hashlib.blake2b(device.encode(), digest_size=5).digest()).decode()[:_LETTERS]

    def _given(self, prefix: str) -> int:
        """The highest count in the steps here: a store brought back from a copy or the journal has forgotten its own."""
        last = self._store.select(STEP, {"case_no": ("<", prefix + "~")}, order=["-case_no"], limit=1)
        number = str(last[0].values["case_no"]) if last else ""
        count = number.removeprefix(prefix)
        return int(count) if number.startswith(prefix) and count.isdecimal() else 0

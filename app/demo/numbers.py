"""Numbers nobody has: record ids, identity numbers of the unassigned region 9900xx, phones 1990000xxxx."""

from __future__ import annotations

import datetime as dt
import random

from app.schema.identity import check_character

_PHONES = 20_000
_KEPT = 100  # the first numbers belong to the people of known.py


class Numbers:
    """Counts up what must be unique in one demo; the same *chance* gives the same numbers.

    Record ids are of the form of UUIDv7 with one time part some weeks before *now* and a tail that counts, so that a
    frame of them compresses.
    """

    def __init__(self, chance: random.Random, now: dt.datetime) -> None:
        self._time = int(now.timestamp() * 1000) - 40 * 86_400_000
        self._tail = chance.getrandbits(60)
        self._births: dict[tuple[int, str], int] = {}
        self._phones = 0
        self._phone_begin = chance.randrange(_PHONES)

    def record_id(self) -> str:
        """A new record id, greater than all before."""
        self._tail += 1
        return f"{self._time << 80 | 0x7 << 76 | 0b10 << 62 | self._tail & (1 << 62) - 1:032x}"

    def identity(self, birth: dt.date, sex: str, region: str = "990001") -> str:
        """An identity number with the right check character; unique up to 400 births of one sex on one day."""
        key = (birth.toordinal(), sex)
        count = self._births.get(key, 0)
        self._births[key] = count + 1
        # From 200 on: the few people with a number of their own are below.
        sequence = 200 + 2 * (count % 400) + (sex == "1")
        first = f"{region}{birth:%Y%m%d}{sequence:03}"
        return first + check_character(first)

    def phone(self) -> str:
        """A mobile number; the first 19,800 differ."""
        # 7919 is prime to 20,000, so that neighbours don't have neighbouring numbers.
        at = (self._phone_begin + self._phones * 7919) % _PHONES
        self._phones += 1
        if at % 10_000 < _KEPT:
            return self.phone()
        return f"19{'9' if at < _PHONES // 2 else '0'}0000{at % 10_000:04}"


def identity_ending(birth: dt.date, ending: str) -> str:
    """An identity number of some region 9900xx that ends with the four characters *ending*."""
    for region in range(1, 100):
        first = f"9900{region:02}{birth:%Y%m%d}{ending[:3]}"
        if check_character(first) == ending[3]:
            return first + ending[3]
    raise ValueError(ending)

"""Long requests over a line that is cut in the middle of them, so that they are gone on with."""

from __future__ import annotations

import contextlib

from app.store.saving import Edit
from tests.network.faults import Fault, draw
from tests.torture import work

LONG = {"long_way": 4}
"""Steps from the seed on from which requests are long, and how often."""
_SLOW = 8_000.0
"""Bytes a second that the device takes the link for: its frames have 2 KB, and lean on each other in one stream."""


class Roads:
    """The steps of bad roads; a World is behind them."""

    def long_way(self, chance):
        """Much is saved and goes up; the line is cut again and again, mostly with half a frame on its way."""
        who = self._anybody(chance)
        self._whole()
        area = self._area(chance, who)
        rows = [
            {"name": self._value("name"), "remark": self._value("remark") + chance.randbytes(60).hex()}
            for _ in range(chance.randrange(80, 200))
        ]
        self._save(
            who, [Edit("resident", self._new_id(), area, row) for row in rows], {}, None, bulk=chance.random() < 0.5
        )
        self.devices[who].do(work.take_link_for, _SLOW)
        faults = []
        for _ in range(chance.randrange(1, 5)):
            faults.append(Fault("cut_up", chance.randrange(1_500, 12_000)))
            # Between two cuts the device asks how much came; that may go wrong as anything may.
            faults.append(Fault("none") if chance.random() < 0.8 else draw(chance, 1_000, self._place.kinds))
        self.link.set_plan(faults)
        death = self._death(chance) if chance.random() < 0.15 else None
        if chance.random() < 0.15:
            self.county.die_at(self._death(chance))
        with self._beside(who, chance) if chance.random() < 0.3 else contextlib.nullcontext():
            self._exchange(who, tries=3, death=death)
        self.link.set_plan([])

"""A link's figures scaled down: small frames, short stalls, so that a schedule of seconds meets what days bring."""

from __future__ import annotations

import sync.client.asking
import sync.client.link

STALL_SECONDS = 0.4
"""Longer than any work of a county that is well takes here."""
RATE = 2_048.0


def be_quick():
    """For this process, from now on; return what undoes it."""
    before = sync.client.link.STALL_SECONDS, sync.client.asking.first_pace
    sync.client.link.STALL_SECONDS = STALL_SECONDS
    sync.client.asking.first_pace = lambda *_: sync.client.link.Pace(RATE)

    def undo():
        sync.client.link.STALL_SECONDS, sync.client.asking.first_pace = before

    return undo

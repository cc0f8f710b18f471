"""A link's figures scaled down: small frames, short stalls, so that a schedule of seconds meets what days bring."""

from __future__ import annotations

import contextlib
import functools
from unittest import mock

import app.store.files
import sync.client.asking
import sync.client.file_http
import sync.client.link
import sync.county.county
from app.rules.case_engine import CaseRules

STALL_SECONDS = 1.5
"""Longer than any work of a county that is well takes here."""
RATE = 5_000.0
"""Bytes a second: frames of 2 KB."""


class _Pace(sync.client.link.Pace):
    @property
    def level(self):
        # What zstd finds at level 19 is not what is looked for here, and costs half of the time.
        return 3


def be_quick():
    """For this process, from now on; return what undoes it."""
    patches = [
        mock.patch.object(sync.client.link, "STALL_SECONDS", STALL_SECONDS),
        mock.patch.object(sync.client.asking, "suited", return_value=_Pace(RATE)),
        # A county that is begun again reads its forms and rules anew; here they are the same ones every time.
        mock.patch.object(sync.county.county, "Tables", functools.cache(sync.county.county.Tables)),
        mock.patch.object(
            sync.county.county, "Applier", functools.partial(sync.county.county.Applier, rules=CaseRules.load())
        ),
        mock.patch.object(sync.client.file_http, "STALL_SECONDS", STALL_SECONDS),
        # A file whose record was handed over is offered at once, not after a minute.
        mock.patch.object(app.store.files, "_SOON_MS", 0),
    ]
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        return stack.pop_all().close

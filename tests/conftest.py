"""What every test stands on: no screen, hypothesis without a clock, and files of rules that are parsed once."""

from __future__ import annotations

import os

# Before anything imports Qt. Set here and not in a shell, so that one test run from an editor behaves the same.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import functools
import pickle
import tomllib

from hypothesis import HealthCheck, settings

# No test is timed: a busy machine must not turn a right answer red.
settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

_parse = tomllib.loads


@functools.lru_cache(1000)
def _parsed(text):
    return pickle.dumps(_parse(text))


# The forms and rules are read for every office and every county anew, some thousands of times; each gets values of its own.
tomllib.loads = lambda text: pickle.loads(_parsed(text))

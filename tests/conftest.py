"""What every test stands on: no screen, and hypothesis without a clock."""

from __future__ import annotations

import os

# Before anything imports Qt. Set here and not in a shell, so that one test run from an editor behaves the same.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from hypothesis import HealthCheck, settings

# No test is timed: a busy machine must not turn a right answer red.
settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

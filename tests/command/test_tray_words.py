"""Every reason why a change lies in the supervisor's tray is said to him in words."""

from __future__ import annotations

import pytest

from app.messages import sentence
from sync.county.aside import TRAY


@pytest.mark.parametrize("code", TRAY)
def test_the_supervisor_is_told_in_words_why_a_change_waits_for_him(code):
    name = f"bundle.tray_{code.removeprefix('sync.')}"

    assert sentence(name) != name

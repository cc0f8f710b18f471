"""What a case shows of the work order that it came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ui.pages.case_words import spoken_time


def order_facts(values: Mapping[str, Any], now: dt.datetime) -> tuple[tuple[str, str], ...]:
    """Source system, its own number, the reply due, the unit that it names, and what fitted nowhere; empty for a case of our own."""
    source = str(values.get("order_source") or "")
    if not source:
        return ()
    return (
        ("来源系统", source),
        ("原工单编号", str(values.get("order_no") or "没有编号")),
        ("回复期限", spoken_time(values.get("reply_due"), now)),
        ("来源指定单位", str(values.get("order_unit") or "")),
        ("原系统信息", str(values.get("order_more") or "")),
    )

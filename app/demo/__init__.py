"""A fictional county for trying things out: the same seed and time make the same people and cases."""

from __future__ import annotations

from app.demo.plan import DemoPlan, plan
from app.demo.stream import records

__all__ = ["DemoPlan", "plan", "records"]

"""Classes of cases lie in one another by their codes: ``order_stall`` in ``order``."""

from __future__ import annotations


def above(category: str) -> list[str]:
    """*category* and the classes above it, the nearest first: what its code begins with."""
    parts = category.split("_")
    return ["_".join(parts[:count]) for count in range(len(parts), 0, -1)]

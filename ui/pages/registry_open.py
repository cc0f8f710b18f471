"""The tree of places as it was open: read again, so that nothing folds because somebody else's change came in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.services.registry import Place
from ui.pages.registry_read import read_children, read_roots

if TYPE_CHECKING:
    from app.services.office import Office

Way = list[tuple[Place, tuple[Place, ...]]]


def read_open(office: Office, keys: Sequence[str]) -> tuple[list[Place], Way]:
    """The roots, and what lies in each place of *keys*; without keys in the township. Runs in the lane."""
    roots = read_roots(office)
    known = {place.key: place for place in roots}
    wanted = list(keys) or [place.key for place in roots if place.kind in ("township", "county")][:1]
    way: Way = []
    for key in wanted:
        if key in known:
            children = tuple(read_children(office, known[key]))
            known.update({child.key: child for child in children})
            way.append((known[key], children))
    return roots, way

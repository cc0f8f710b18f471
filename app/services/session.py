"""Who is at the desk: the user, the roles held and the areas they reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in. ``areas`` are 12-digit division codes; a township's covers its villages."""

    user: str
    name: str
    roles: tuple[str, ...]
    areas: tuple[str, ...]
    unit: str = ""
    device: str = ""

    @property
    def area(self) -> str:
        """The area that stands where none is named: the first one held."""
        return self.areas[0] if self.areas else ""

    @classmethod
    def of(cls, user: str, account: Mapping[str, Any], device: str, *, names_unit: bool = False) -> Session:
        """The session of *user* from what the county told this device of the account.

        *names_unit*: where the county gave no unit, the one that he filled in himself (``unit_said``) stands.
        """
        return cls(
            user,
            account.get("name") or user,
            tuple(account.get("roles", ())),
            tuple(account.get("areas", ())),
            account.get("unit", "") or (account.get("unit_said", "") if names_unit else ""),
            device,
        )

"""What a clerk has typed of a case that is being taken, as one value: kept as a draft, and saved whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.services.attachments import Staged


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a case; ``resident`` is empty for one who is not in the registry or was not looked for."""

    role: str
    name: str
    resident: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""

    def same(self, other: Person) -> bool:
        """Whether both are one person: the same resident, or by the same name without anything that tells them apart."""
        if self.resident and other.resident:
            return self.resident == other.resident
        return self.name == other.name and (not self.phone or not other.phone or self.phone == other.phone)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A case being taken. ``id`` is its record's from the begin: a sheet saved twice is still one case.

    ``solved`` is the result of what was solved on the spot (当场解决), empty where the case is to be reported;
    ``witness``: who saw that.
    """

    id: str
    area: str
    values: Mapping[str, Any] = field(default_factory=dict)
    people: tuple[Person, ...] = ()
    files: tuple[Staged, ...] = ()
    solved: str = ""
    witness: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was typed that would be missed."""
        return not (any(self.values.values()) or self.people or self.files or self.solved or self.witness)

    def packed(self) -> dict[str, Any]:
        """Plain values, for a draft."""
        return {
            "id": self.id,
            "area": self.area,
            "values": dict(self.values),
            "people": [
                [one.role, one.name, one.resident, one.phone, one.address, one.note] for one in self.people
            ],
            "files": [dict(one.values) for one in self.files],
            "solved": self.solved,
            "witness": self.witness,
        }  # fmt: skip

    @classmethod
    def unpacked(cls, draft: Mapping[str, Any]) -> Sheet:
        """The sheet of a draft."""
        return cls(
            str(draft["id"]),
            str(draft.get("area") or ""),
            dict(draft.get("values") or {}),
            tuple(Person(*map(str, row)) for row in draft.get("people") or ()),
            tuple(Staged(dict(values)) for values in draft.get("files") or ()),
            str(draft.get("solved") or ""),
            str(draft.get("witness") or ""),
        )

"""What a clerk decides about single rows and columns, in place of what an import does by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import KnownError

SKIP, VERIFY, HERE = "skip", "verify", "here"
"""Leave the row out; bring its person in without the number at fault; the person belongs to this row's household."""
_DOS = (SKIP, VERIFY, HERE)

_NUMBER_AT_FAULT = {
    "id_digits_lost", "id_length_wrong", "id_characters_wrong", "id_date_wrong", "id_birth_in_future", "id_check_wrong",
    "id_of_another_person",
}  # fmt: skip
_UNASKED = {
    "birth_differs_from_id": "number", "sex_differs_from_id": "number", "household_missing": "unplaced",
    "id_missing": "as_it_is", "id_15_digits": "upgraded", "lon_lat_swapped": "swapped", "person_in_two_households": "stays",
}  # fmt: skip
_LEFT_EMPTY = (
    "phone_", "status_", "coordinates_", "area_", "structure_", "owner_", "building_", "ref_", "value_", "number_", "choice_", "date_",
    "birth_", "cell_error", "sex_",
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """``columns``: targets by heading, "" for not imported; ``rows``: what to do by (sheet, row); ``remember`` the columns for the next sheet."""

    columns: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    remember: bool = False

    def of(self, sheet: str, row: int) -> frozenset[str]:
        """What was decided for a row; nothing where nobody said anything."""
        return self.rows.get((sheet, row), _NOTHING)


_NOTHING: frozenset[str] = frozenset()
NONE = Choices()


def read_choices(path: Path) -> Choices:
    """The choices that the JSON file *path* holds: {"columns", "rows": [{"sheet", "row", "do"}], "remember"}.

    Raises KnownError("import.choices_wrong").
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        columns = {str(heading): str(target or "") for heading, target in held.get("columns", {}).items()}
        rows = [(str(item["sheet"]), int(item["row"]), str(item["do"])) for item in held.get("rows", ())]
        remember = bool(held.get("remember"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as bad:
        raise KnownError("import.choices_wrong", file=path.name) from bad
    if any(do not in _DOS for _, _, do in rows):
        raise KnownError("import.choices_wrong", file=path.name)
    return Choices(columns, _by_row(rows), remember)


def _by_row(rows: Iterable[tuple[str, int, str]]) -> dict[tuple[str, int], frozenset[str]]:
    found: dict[tuple[str, int], frozenset[str]] = {}
    for sheet, row, do in rows:
        found[sheet, row] = found.get((sheet, row), _NOTHING) | {do}
    return found


def offers(verdict: str, code: str, *, people: bool) -> tuple[tuple[str, str], ...]:
    """What can be done about a finding: ("", what happens unasked), then (do, its name); the names stand in the messages as do_….

    *verdict*: refused, flagged, same or maybe; *people*: the rows are people of a roster.
    """
    if verdict == "refused":
        verify = people and code in _NUMBER_AT_FAULT
        return (("", "skip"), (VERIFY, "verify")) if verify else (("", "skip"),)
    if verdict == "same":
        return (("", "stays"), (HERE, "here")) if people and code == "person_in_two_households" else (("", "once"),)
    if verdict == "maybe":
        return (("", "both"), (SKIP, "skip"))
    named = _UNASKED.get(code) or ("empty" if code.startswith(_LEFT_EMPTY) else "as_it_is")
    return (("", named), (SKIP, "skip"))

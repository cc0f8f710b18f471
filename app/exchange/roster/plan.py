"""What an import would do: the records it makes or changes, and what is to be said of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.messages import sentence
from app.schema.values import Value

Tick = Callable[[int, int], None]
"""Called with (done, in all) while a plan is made; what it raises ends the planning, of which nothing stays."""


def no_tick(_done: int, _total: int) -> None:
    """For whom nobody waits."""


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """One record to be made (``new``) or changed; ``values`` holds only what is to be set.

    ``bundle`` groups the records that go in together or not at all: a household with its people and the places it needs.
    """

    form: str
    id: str
    area: str
    values: Mapping[str, Value]
    new: bool
    bundle: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to be said of one cell: refused rows bring no record, flagged ones do."""

    sheet: str
    row: int
    field: str
    code: str
    message: str

    def as_json(self) -> dict[str, object]:
        """As the command prints it."""
        return {"sheet": self.sheet, "row": self.row, "field": self.field, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Twin:
    """A row that repeats, or may repeat, another: a row of the same file, or a record of the register."""

    sheet: str
    row: int
    code: str
    with_sheet: str = ""
    with_row: int = 0
    with_id: str = ""
    field: str = ""

    def with_what(self) -> dict[str, object]:
        """The other of the two: {"sheet", "row"} or {"id"}."""
        return {"id": self.with_id} if self.with_id else {"sheet": self.with_sheet, "row": self.with_row}

    @property
    def message(self) -> str:
        """What is to be said of it."""
        if self.with_id:
            return sentence(f"import.{self.code}_here")
        return sentence(f"import.{self.code}", sheet=self.with_sheet, row=self.with_row)


@dataclass(frozen=True)
class Plan:
    """What an import of ``form`` would do. ``rows`` = created + updated + unchanged + refused rows + same_person."""

    form: str
    rows: int
    records: tuple[PlannedRecord, ...]
    created: int
    updated: int
    unchanged: int
    refused: tuple[Finding, ...]
    flagged: tuple[Finding, ...]
    same_person: tuple[Twin, ...]
    possible_duplicates: tuple[Twin, ...]
    not_collected: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    """Ids of people whom the register has in the area of the roster and the roster hasn't; nobody is deleted."""
    lent: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
    """For refused rows (sheet, row) what their household says, by target: blank and merged cells alone don't."""

    @property
    def refused_rows(self) -> int:
        """How many rows bring no record because of a fault."""
        return len({(item.sheet, item.row) for item in self.refused})

    def as_json(self) -> dict[str, object]:
        """The document that `township import --json` prints."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": [item.as_json() for item in self.refused],
            "flagged": [item.as_json() for item in self.flagged],
            "same_person": [_twin(item) for item in self.same_person],
            "possible_duplicates": [_twin(item) for item in self.possible_duplicates],
            "not_collected": [{"sheet": sheet, "heading": heading} for sheet, heading in self.not_collected],
            "absent": len(self.absent),
        }


def _twin(item: Twin) -> dict[str, object]:
    return {
        "sheet": item.sheet,
        "row": item.row,
        "with": item.with_what(),
        "code": item.code,
        "field": item.field,
        "message": item.message,
    }


def say(code: str, **params: object) -> str:
    """The sentence of the import room for *code*."""
    return sentence(f"import.{code}", **params)

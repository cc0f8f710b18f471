"""Cases of the demo that hang together: a few of one village and class are linked as the same or a related matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.demo.numbers import Numbers
from app.demo.population import Row
from app.demo.words import words

_MOST = 6


def linked(rows: Iterable[Row], numbers: Numbers) -> Iterator[Row]:
    """*rows* of the cases of a township, and after them links between some of those events."""
    first: dict[tuple[str, object], Row] = {}
    pairs: list[tuple[Row, Row]] = []
    for row in rows:
        yield row
        if row[0] == "event":
            same = first.setdefault((row[2], row[3].get("category")), row)
            if same is not row and len(pairs) < _MOST:
                pairs.append((same, row))
    for before, after in pairs:
        kind = "same" if before[3].get("place") == after[3].get("place") else "related"
        values = {
            "event": after[1],
            "kind": kind,
            "other_form": "event",
            "other": before[1],
            "at": after[3]["found_at"],
            "by": words("units")["registrar"],
        }
        yield "case_link", numbers.record_id(), after[2], values

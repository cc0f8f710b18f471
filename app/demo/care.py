"""A few care tags with their basis and review, and requests of people about their own data, in each village of the demo."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator

from app.demo.numbers import Numbers
from app.demo.population import Row
from app.demo.words import words
from app.rules.care import later
from app.rules.requests import RequestRules
from app.schema.values import Value

_OLD, _CHILD = 75, 14
_MOST = 200
"""People of a village that are chosen from: the first are as good as all."""


class CareAndRequests:
    """Adds to one village after another; from a chance of its own, so that the rest of the demo stays what it was."""

    def __init__(self, seed: str, numbers: Numbers, now: dt.datetime, rules: RequestRules) -> None:
        self._chance = random.Random(f"{seed}/care")  # noqa: S311 - the same seed must give the same county
        self._numbers = numbers
        self._today = now.date()
        self._rules = rules

    def village(self, rows: Iterable[Row]) -> Iterator[Row]:
        """*rows* of the village with what belongs to its people behind them."""
        old: list[Row] = []
        grown: list[Row] = []
        for row in rows:
            yield row
            form, _, _, values = row
            if form == "resident" and values.get("presence") == "present":
                age = self._today.year - int(str(values["birth_date"])[:4])
                if age > _OLD and len(old) < _MOST:
                    old.append(row)
                elif age > _CHILD + 10 and len(grown) < _MOST:
                    grown.append(row)
        yield from self._tags(old)
        yield from self._requests(grown)

    def _tags(self, people: list[Row]) -> Iterator[Row]:
        table = words("care")
        chosen = self._chance.sample(people, min(len(people), len(table["tag"])))
        for (_, resident, area, _), told in zip(chosen, table["tag"], strict=False):
            since = self._today - dt.timedelta(days=int(told["days"]) + self._chance.randint(0, 20))
            review = (since + dt.timedelta(days=340)).isoformat()
            values: dict[str, Value] = {
                "resident": resident,
                "kind": told["kind"],
                "purpose": told["purpose"],
                "basis": told["basis"],
                "basis_note": told["note"].replace("{年}", str(since.year)),
                "since": since.isoformat(),
                "review_on": review,
                "expires_on": later(review, 6),
            }
            yield "care_tag", self._numbers.record_id(), area, values

    def _requests(self, people: list[Row]) -> Iterator[Row]:
        table = words("care")
        chosen = self._chance.sample(people, min(len(people), len(table["request"])))
        for (_, resident, area, person), told in zip(chosen, table["request"], strict=False):
            received = self._today - dt.timedelta(days=int(told["days"]))
            values: dict[str, Value] = {
                "received_on": received.isoformat(),
                "name": person["name"],
                "resident": resident,
                "kind": told["kind"],
                "channel": "visit_in",
                "asked": told["asked"],
                "identity_checked": True,
                "due": self._rules.due(received.isoformat()),
                "handled_by": "林小禾",
            }
            if told.get("outcome"):
                values |= {
                    "outcome": told["outcome"],
                    "outcome_on": (received + dt.timedelta(days=3)).isoformat(),
                    "reason": told.get("reason"),
                }
            yield "data_request", self._numbers.record_id(), area, {k: v for k, v in values.items() if v is not None}

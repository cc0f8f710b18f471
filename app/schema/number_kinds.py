"""Kinds that count: whole numbers, decimals and money."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar

from app.schema.kind import Kind
from app.schema.values import BadValue, Value, narrow, plain

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# Whole numbers beyond it are not exact in every program that a value passes through (Excel, JSON).
_MOST = 2**53
_LARGEST = 1e300


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number."""

    name: ClassVar[str] = "integer"
    column: ClassVar[str] = "integer"
    min: int | None = None
    max: int = _MOST

    def check(self, raw: object) -> Value:
        # An int stays one on its way: as a float, one above the limit would be rounded onto it.
        number = int(raw) if isinstance(raw, int) else _number(raw)
        if number is None:
            return None
        if number != int(number):
            raise BadValue("number_wrong", value=str(raw))
        return int(_between(number, -_MOST if self.min is None else self.min, self.max))

    def cell(self, value: Value) -> Value:
        return value


@dataclass(frozen=True)
class Number(Kind):
    """A decimal number, such as an area in m² or a longitude in degrees."""

    name: ClassVar[str] = "number"
    column: ClassVar[str] = "real"
    min: float | None = None
    max: float | None = None  # type: ignore[assignment]

    def check(self, raw: object) -> Value:
        number = _number(raw)
        # Adding nothing makes -0.0 the one zero that there is.
        return None if number is None else float(_between(number, self.min, self.max)) + 0.0

    def show(self, value: Value) -> str:
        return "" if value is None else f"{value:.10g}"

    def cell(self, value: Value) -> Value:
        return value


@dataclass(frozen=True)
class Money(Kind):
    """An amount in yuan, kept in fen."""

    name: ClassVar[str] = "money"
    column: ClassVar[str] = "integer"

    def check(self, raw: object) -> Value:
        """Take yuan as people write them ("3,200.50 元"); an int is fen already."""
        if isinstance(raw, int) and not isinstance(raw, bool):
            return int(_between(raw, -_MOST, _MOST))
        number = _number(raw if isinstance(raw, float) else re.sub(r"[,，元¥￥]", "", "" if raw is None else str(raw)))
        return None if number is None else int(_between(round(number * 100), -_MOST, _MOST))

    def show(self, value: Value) -> str:
        return "" if value is None else f"{int(value) / 100:,.2f}"

    def cell(self, value: Value) -> Value:
        return None if value is None else int(value) / 100


def _number(raw: object) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, int | float):
        if isinstance(raw, float) and not math.isfinite(raw):
            raise BadValue("number_wrong", value=str(raw))
        return float(_between(raw, -_LARGEST, _LARGEST))
    text = narrow(plain(str(raw))).replace(",", "").replace(" ", "")
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadValue("number_wrong", value=str(raw))
    return _between(float(text), -_LARGEST, _LARGEST)


def _between(number: float, low: float | None, high: float | None) -> float:
    if low is not None and number < low:
        raise BadValue("number_small", min=low)
    if high is not None and number > high:
        raise BadValue("number_large", max=high)
    return number

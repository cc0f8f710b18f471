"""What a document is made from: plain values that a service gathers, no records and no store.

Every value may be ``None`` or empty: then it is a blank to fill by hand. Dates are ``"2026-09-18"``, times
``"2026-09-18T10:00:00+08:00"`` (printed as they stand, they are already local), texts are shown values, never codes,
unless a field says so.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from app.errors import BugError

# How a session ended. ``adjourned``: to be continued; ``refused``: a party clearly refused, so mediation ends at once.
Result: TypeAlias = Literal["written", "oral", "failed", "adjourned", "refused"]

T = TypeVar("T")


@dataclass(frozen=True)
class Party:
    """A party (当事人), a person or a unit. ``role`` is 申请人, 被申请人 or empty; *ethnicity* is printed only here."""

    name: str | None = None
    kind: Literal["person", "unit"] = "person"
    role: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    age: int | str | None = None  # on the day of mediation, in years
    occupation: str | None = None  # 职业或职务
    phone: str | None = None
    address: str | None = None  # 单位或住址; a unit's address
    id_number: str | None = None  # printed only where given
    credit_code: str | None = None  # a unit's 统一社会信用代码, printed only where given
    representative: str | None = None  # a unit's 法定代表人 or head
    agent: str | None = None  # 委托代理人, printed only where given (always a place for it with a unit)


@dataclass(frozen=True)
class Guest:
    """Someone invited to the mediation (参加人), with unit or office."""

    name: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Statement:
    """What one person said in a session; ``words`` may have several lines."""

    speaker: str | None = None
    words: str | None = None


@dataclass(frozen=True)
class Session:
    """One mediation session (调解). One 人民调解记录 is made of each.

    ``rights_told``, ``identity_told``, ``risk_told``, ``remedies_told``: True prints the sentence as done; None or
    False prints it with an empty box to tick, for nobody may be made to sign what didn't happen.
    """

    ordinal: int | None = None  # the how-manieth session, from 1
    begin: str | None = None
    end: str | None = None
    place: str | None = None
    open: bool | None = None  # held in the open (公开); None where nobody asked
    present: tuple[str, ...] = ()  # names of the parties present; empty: all parties
    guests: tuple[Guest, ...] = ()
    mediators: tuple[str, ...] = ()  # of this session; empty: those of the case
    recorder: str | None = None
    rights_told: bool | None = None
    identity_told: bool | None = None
    statements: tuple[Statement, ...] = ()  # what each side says
    facts_checked: str | None = None
    risk_told: bool | None = None
    law_explained: str | None = None  # the law and reasons that were explained
    discussion: tuple[Statement, ...] = ()  # proposals and answers
    result: Result | None = None
    content: tuple[str, ...] = ()  # what was agreed; empty: the agreement's terms
    reason: str | None = None  # of failure, refusal or adjournment
    remedies_told: bool | None = None  # after failure: arbitration, administrative and court ways
    next_time: str | None = None


@dataclass(frozen=True)
class Agreement:
    """The agreement (协议)."""

    number: str | None = None  # empty: the number of the case
    terms: tuple[str, ...] = ()  # 协议内容, one item each, without numbers
    way: str | None = None  # 履行方式
    place: str | None = None  # 履行地点
    limit: str | None = None  # 履行期限
    copies: int | None = None  # 一式N份; empty: parties + 1
    signed_on: str | None = None


@dataclass(frozen=True)
class MediationContext:
    """A mediation case as its documents need it. ``session`` is the one that a 人民调解记录 is about."""

    committee: str | None = None  # full name of the 人民调解委员会
    number: str | None = None  # e.g. 〔2026〕石桥人调字第0012号
    matter: str | None = None  # 事由: the case's name
    dispute_type: str | None = None
    facts: str | None = None  # 纠纷主要事实
    issues: str | None = None  # 争议事项
    responsibilities: str | None = None  # 各方责任, where the parties want it in
    parties: tuple[Party, ...] = ()
    mediators: tuple[str, ...] = ()
    recorder: str | None = None
    session: Session = Session()
    agreement: Agreement = Agreement()


def mediation_context(values: Mapping[str, Any]) -> MediationContext:
    """The context from nested plain values with the names above; lists become tuples. An unknown name is our fault."""
    return _read(MediationContext, values)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(kind: Callable[..., T], values: Mapping[str, Any]) -> T:
    hints = _hints(kind)
    if strange := set(values) - set(hints):
        raise BugError(f"{kind} has no {sorted(strange)}")
    return kind(**{name: _value(hints[name], value) for name, value in values.items()})


def _value(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item) for item in value or ())
    if typing.get_origin(hint) is types.UnionType or value is None:
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        return _read(hint, value)
    return value


def dotted(context: object, path: str) -> list[object]:
    """The values at *path* (``session.place``, ``parties.name``): one for each member of a tuple on the way."""
    found = [context]
    for name in path.split("."):
        found = [
            getattr(item, name)
            for one in found
            for item in (one if isinstance(one, tuple) else (one,))
        ]  # fmt: skip
    return found

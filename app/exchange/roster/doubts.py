"""What is doubtful about a household: nobody its head, two of them, or another than its own column says."""

from __future__ import annotations

from collections.abc import Sequence

from app.exchange.roster.households import Household
from app.exchange.roster.people import HEAD, Person
from app.exchange.roster.plan import say
from app.schema.values import comparable


def doubt(home: Household, *, relations: bool) -> None:
    """Flag the rows of *home* that speak of its doubts. Refused rows count: the head may be one of them.

    *relations*: whether the roster says how people are related to the head at all.
    """
    if not home.placed:
        for person in home.people:
            person.flag("household", "household_missing", say("household_missing"))
        return
    heads = [person for person in home.people if person.says_head]
    if heads:
        _more_than_one(home, heads)
        if home.head_name and all(person.name and not _is_named(home, person) for person in heads):
            said = say("head_differs", value=home.head_name, other=heads[0].name)
            heads[0].flag("head_name", "head_differs", said)
    elif relations:
        _none(home)


def _more_than_one(home: Household, heads: Sequence[Person]) -> None:
    """Of two heads the one whom the household's own column names stays, else the first; the other's relation is to be found out."""
    head = next((person for person in heads if _is_named(home, person)), heads[0])
    others = [person for person in heads if (person.number or person.name) != (head.number or head.name)]
    if not others:
        return
    for person in others:
        person.values.update(relation=None, relation_text="户主")
    told = next((person for person in others if not person.refused), head)
    told.flag("relation", "two_heads", say("two_heads"))


def _none(home: Household) -> None:
    """Without a head the one whom the column names is it, where his own relation was left empty; else one row speaks for all."""
    named = next((person for person in home.people if _is_named(home, person)), None)
    if named and not named.refused and "relation" not in named.values and "relation_text" not in named.values:
        named.values["relation"] = HEAD
        return
    spokesman = next((person for person in home.people if not person.refused), None)
    if spokesman:
        spokesman.flag("head_name", "head_missing", say("head_missing", value=home.head_name or "（空）"))


def _is_named(home: Household, person: Person) -> bool:
    return bool(home.head_name) and comparable(person.name) == comparable(home.head_name)

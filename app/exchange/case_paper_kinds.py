"""Which papers of a case there are, as data: what each says, what it asks for, and when it can be issued; light enough for the window."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.errors import KnownError
from app.paths import resource
from app.rules.case_fold import Step
from app.services.cases import Case


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person fills in when the paper is issued; ``source``: the value it begins with."""

    name: str
    label: str
    long: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class CasePaper:
    """One kind of paper. ``person``: it goes to a citizen, so it says nothing but his own matter.

    ``steps``: it tells of the last of these steps that counts; ``states``: only in these; empty: in any.
    """

    name: str
    title: str
    mark: str
    layout: Literal["letter", "form"]
    body: tuple[str, ...]
    steps: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    person: bool = False
    ask: tuple[Ask, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    sign: tuple[str, ...] = ()

    def step_of(self, case: Case) -> Step | None:
        """The step of *case* that it tells of; None where there is none that counts."""
        counted = (step for step in reversed(case.steps) if step.action in self.steps and case.state.counts(step.id))
        return next(counted, None)

    def fits(self, case: Case) -> bool:
        """Whether it can be issued of *case* as it stands."""
        return (not self.states or case.state.state in self.states) and (
            not self.steps or self.step_of(case) is not None
        )


@functools.cache
def load_papers(path: Path | None = None) -> Mapping[str, CasePaper]:
    """The kinds of resources/documents/case/papers.toml, in its order."""
    page = path or resource("documents", "case", "papers.toml")
    table = tomllib.loads(page.read_text(encoding="utf-8"))
    return {name: _read(name, entry) for name, entry in table.items()}


def paper(name: str) -> CasePaper:
    """The kind *name*; KnownError("case_papers.unknown")."""
    known = load_papers()
    if name not in known:
        raise KnownError("case_papers.unknown", name=name, names="、".join(known))
    return known[name]


def _read(name: str, entry: Mapping[str, Any]) -> CasePaper:
    ask = tuple(
        Ask(one["name"], one["label"], bool(one.get("long")), one.get("from", "")) for one in entry.get("ask", ())
    )
    facts = tuple((label, key) for label, key in entry.get("facts", ()))
    lists = {key: tuple(entry.get(key, ())) for key in ("body", "steps", "states", "sign")}
    return CasePaper(name, **{**entry, **lists, "ask": ask, "facts": facts})

"""How a case begins from a row of a ledger: resources/rules/case_sources.toml. What was written down once isn't typed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.paths import resource
from app.rules.reading import Sheet, Table, read_table
from app.schema.kinds import Choice
from app.schema.values import Value

if TYPE_CHECKING:
    from app.schema.form import Field, Form, Forms

EVENT = "event"
_KEYS = ("title", "detail", "lead", "copy", "fixed", "by")


@dataclass(frozen=True, slots=True)
class Choosing:
    """A field of the event that follows from a choice in the ledger."""

    field: str
    values: Mapping[str, str]
    other: str


@dataclass(frozen=True, slots=True)
class Source:
    """One ledger: how its row is said as an event."""

    form: str
    title: str
    most: int
    detail: tuple[str, ...]
    lead: Mapping[str, str]
    copy: Mapping[str, str]
    fixed: Mapping[str, str]
    by: Mapping[str, Choosing]

    def event(self, shape: Form, values: Mapping[str, Value]) -> dict[str, Value]:
        """The values of the event that a row of the form *shape* begins; what the row leaves empty is left out."""
        said = {name: shape.show(name, values.get(name)) for name in shape.fields if values.get(name) is not None}
        title = " ".join(self.title.format_map(_Blank(said)).split())
        lines = [f"{self.lead.get(name, '')}{said[name]}" for name in self.detail if said.get(name)]
        found: dict[str, Value] = {
            "title": title if len(title) <= self.most else f"{title[: self.most - 1]}…",
            "detail": "\n".join(lines),
            **{name: values.get(held) for name, held in self.copy.items()},
            **self.fixed,
            **{name: rule.values.get(str(values.get(rule.field)), rule.other) for name, rule in self.by.items()},
        }
        return {name: value for name, value in found.items() if value not in (None, "")}


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def load_sources(forms: Forms, path: Path | Sheet | None = None) -> dict[str, Source]:
    """The sources at *path* (default: resources/rules/case_sources.toml); KnownError("rules.…") naming what is wrong."""
    root = read_table(path or resource("rules", "case_sources.toml"))
    most = root.whole("title_most")
    return {name: _read(root.table(name), forms[name], forms[EVENT], most) for name in root if name != "title_most"}


def _read(table: Table, shape: Form, event: Form, most: int) -> Source:
    table.only(*_KEYS)
    copy, by, lead, fixed = (table.table(name) for name in ("copy", "by", "lead", "fixed"))
    mine, theirs = list(shape.fields), list(event.fields)
    for part, known in ((copy, theirs), (fixed, theirs), (by, theirs), (lead, mine)):
        part.only(*known)
    choosing = {}
    for name in by:
        row = by.table(name)
        row.only("field", "values", "other")
        values, offered = row.table("values"), _codes(event.fields[name])
        values.only(*_codes(shape.fields[row.one_of("field", mine)]))
        choosing[name] = Choosing(
            row.text("field"), {code: values.one_of(code, offered) for code in values}, row.one_of("other", offered)
        )
    return Source(
        shape.name,
        table.text("title"),
        most,
        table.some_of("detail", mine),
        {name: lead.text(name) for name in lead},
        {name: copy.one_of(name, mine) for name in copy},
        {name: fixed.text(name) for name in fixed},
        choosing,
    )


def _codes(field: Field) -> list[str]:
    codes = field.kind.codes if isinstance(field.kind, Choice) else None
    return [item.code for item in codes.known] if codes else []

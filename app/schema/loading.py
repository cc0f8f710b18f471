"""Reading resources/forms/*.toml: every form of one installation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import BugError
from app.paths import resource
from app.schema.checking import FormFault, check_form, make_kind
from app.schema.codes import CodeList, load_codes
from app.schema.form import Field, Form, Forms, Section

__all__ = ["FormFault", "build_form", "check_form", "load_forms"]


def load_forms(folder: Path | None = None, codes: Path | None = None) -> Forms:
    """All forms and code lists; BugError where a shipped form is wrong."""
    lists = load_codes(codes or resource("codes"))
    found: dict[str, Form] = {}
    paths = sorted((folder or resource("forms")).glob("*.toml"))
    for path in paths:
        text = path.read_text(encoding="utf-8")
        faults = check_form(text, path.stem, lists, {each.stem for each in paths})
        if faults:
            raise BugError(f"{path.name}:{faults[0].line}: {faults[0].message}")
        found[path.stem] = build_form(path.stem, tomllib.loads(text), lists)
    return Forms(found, lists)


def build_form(name: str, raw: Mapping[str, Any], codes: Mapping[str, CodeList]) -> Form:
    """The form that a faultless declaration *raw* describes."""
    fields = {key: _field(key, row, codes) for key, row in raw["field"].items()}
    return Form(
        name=name,
        title=raw["title"],
        version=raw.get("version", 1),
        stream=raw.get("stream", "ordinary"),
        fields=fields,
        sections=tuple(Section(part.get("title", ""), tuple(part["fields"])) for part in raw.get("section", ())),
        list_columns=tuple(raw.get("list", ())),
        title_field=raw["title_field"],
        groups={key: tuple(members) for key, members in raw.get("groups", {}).items()},
        ledger=raw.get("ledger", False),
        system=raw.get("system", False),
        immutable=raw.get("immutable", False),
        parent=raw.get("parent", ""),
        note_fields=tuple(raw.get("note", ())),
        basis=raw.get("basis", ""),
        card_only=raw.get("card_only", False),
    )


def _field(name: str, raw: Mapping[str, Any], codes: Mapping[str, CodeList]) -> Field:
    kind = make_kind(raw, codes)
    return Field(
        name=name,
        kind=kind,
        label=raw["label"],
        merge=raw.get("merge", "last"),
        required=raw.get("required", False),
        derived=raw.get("derived", False),
        sensitive=raw.get("sensitive", False),
        retired=raw.get("retired", False),
        search=raw.get("search", ""),
        help=raw.get("help", ""),
        aliases=tuple(raw.get("aliases", ())),
        was=tuple(raw.get("was", ())),
        width=raw.get("width", 0),
        # Lists look up what is derived, unless it is only shown.
        index=raw.get("index", raw.get("derived", False)),
        default=kind.check(raw.get("default")),
    )

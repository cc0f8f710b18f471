"""Reading resources/forms/*.toml and saying, by line, what is wrong with one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import BugError
from app.messages import sentence
from app.paths import resource
from app.schema.codes import CodeList, load_codes
from app.schema.form import MERGES, STREAMS, Field, Form, Forms, Section
from app.schema.kinds import KINDS, Kind

_FORM_KEYS = {
    "title", "version", "stream", "title_field", "list", "section", "field", "groups", "ledger", "system",
    "immutable", "parent", "note", "basis",
}  # fmt: skip
_FIELD_KEYS = {
    "kind", "label", "merge", "required", "derived", "sensitive", "retired", "search", "help", "aliases", "was", "width",
    "default", "max", "min", "codes", "form",
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
# What the product never keeps (docs/security.md); a form that brings one is refused.
_NEVER = re.compile(
    r"religio|ethnic|political|petition|biometric|face_|fingerprint|gps_track|宗教|信仰|民族|政治面貌|上访|信访人|人脸|指纹|轨迹|重点人员|关注程度|稳控"
)
_ALLOWED_NEVER = {("party", "ethnicity")}  # printed by the official mediation documents only (司法部 2010 格式)


@dataclass(frozen=True, slots=True)
class FormFault:
    """One thing wrong with a form file, at a line counted from 1."""

    line: int
    message: str


def load_forms(folder: Path | None = None, codes: Path | None = None) -> Forms:
    """All forms and code lists; BugError where a shipped form is wrong."""
    lists = load_codes(codes or resource("codes"))
    found: dict[str, Form] = {}
    for path in sorted((folder or resource("forms")).glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        faults = check_form(text, path.stem, lists)
        if faults:
            raise BugError(f"{path.name}:{faults[0].line}: {faults[0].message}")
        found[path.stem] = build_form(path.stem, tomllib.loads(text), lists)
    for form in found.values():
        for name, target in form.references:
            if target not in found:
                raise BugError(f"{form.name}.{name}: no form {target}")
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
    )


def _field(name: str, raw: Mapping[str, Any], codes: Mapping[str, CodeList]) -> Field:
    return Field(
        name=name,
        kind=_kind(raw, codes),
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
        default=raw.get("default"),
    )


def _kind(raw: Mapping[str, Any], codes: Mapping[str, CodeList]) -> Kind:
    made = KINDS[raw["kind"]]
    options: dict[str, Any] = {key: raw[key] for key in ("max", "min", "form") if key in raw}
    if "codes" in raw:
        options["codes"] = codes[raw["codes"]]
    return made(**options)


def check_form(text: str, name: str, codes: Mapping[str, CodeList]) -> list[FormFault]:
    """What is wrong with the declaration *text* of form *name*, by line; empty when it can be used."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        found = re.search(r"line (\d+)", str(bad))
        return [FormFault(int(found[1]) if found else 1, sentence("forms.not_toml", detail=str(bad)))]
    lines = text.splitlines()
    faults: list[FormFault] = []

    def say(needle: str, code: str, **params: object) -> None:
        faults.append(FormFault(_line_of(lines, needle), sentence(f"forms.{code}", **params)))

    if not _NAME.fullmatch(name):
        say("", "name_wrong", name=name)
    for key in raw:
        if key not in _FORM_KEYS:
            say(key, "key_unknown", key=key, known="、".join(sorted(_FORM_KEYS)))
    if not isinstance(raw.get("title"), str):
        say("", "title_missing")
    if raw.get("stream", "ordinary") not in STREAMS:
        say("stream", "stream_wrong", value=raw["stream"], known="、".join(STREAMS))
    fields = raw.get("field")
    if not isinstance(fields, dict) or not fields:
        return [*faults, FormFault(1, sentence("forms.no_fields"))]
    for key, row in fields.items():
        _check_field(name, key, row, codes, say)
    _check_names(raw, set(fields), say)
    return sorted(faults, key=lambda fault: fault.line)


def _check_field(form: str, name: str, row: Any, codes: Mapping[str, CodeList], say: Any) -> None:
    at = f"[field.{name}]"
    if not _NAME.fullmatch(name) or name in {
        "id",
        "area",
        "rev",
        "revs",
        "extra",
        "deleted",
        "pending",
        "standing",
        "hash",
    }:
        say(at, "field_name_wrong", name=name)
    if not isinstance(row, dict):
        say(at, "field_not_table", name=name)
        return
    for key in row:
        if key not in _FIELD_KEYS:
            say(at, "field_key_unknown", name=name, key=key)
    if row.get("kind") not in KINDS:
        say(at, "kind_unknown", name=name, value=row.get("kind"), known="、".join(sorted(KINDS)))
    if not isinstance(row.get("label"), str) or not row["label"]:
        say(at, "label_missing", name=name)
    if row.get("merge", "last") not in MERGES:
        say(at, "merge_wrong", name=name, value=row["merge"], known="、".join(MERGES))
    if row.get("kind") == "choice" and row.get("codes") not in codes:
        say(at, "codes_unknown", name=name, value=row.get("codes"))
    if row.get("kind") == "ref" and not row.get("form"):
        say(at, "ref_without_form", name=name)
    if _NEVER.search(f"{name} {row.get('label', '')}") and (form, name) not in _ALLOWED_NEVER:
        say(at, "field_never", name=name, label=row.get("label", ""))


def _check_names(raw: Mapping[str, Any], known: set[str], say: Any) -> None:
    mentioned = {
        "title_field": [raw["title_field"]] if "title_field" in raw else [],
        "list": raw.get("list", []),
        "note": raw.get("note", []),
        "parent": [raw["parent"]] if raw.get("parent") else [],
        "section": [name for part in raw.get("section", []) for name in part.get("fields", [])],
        "groups": [name for members in raw.get("groups", {}).values() for name in members],
    }
    if "title_field" not in raw:
        say("", "title_field_missing")
    for where, names in mentioned.items():
        for name in names:
            if name not in known:
                say(f'"{name}"', "field_missing", where=where, name=name)


def _line_of(lines: list[str], needle: str) -> int:
    for number, line in enumerate(lines, 1):
        if needle and needle in line:
            return number
    return 1

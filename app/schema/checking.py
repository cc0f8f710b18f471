"""What is wrong with a form file, by line: said in sentences, before anything is built of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.messages import sentence
from app.paths import resource
from app.schema.codes import CodeList
from app.schema.form import MERGES, STREAMS
from app.schema.kinds import KINDS, Kind
from app.schema.values import BadValue, tight

_FORM_KEYS = {
    "title": str, "version": int, "stream": str, "title_field": str, "list": list, "section": list, "field": dict,
    "groups": dict, "ledger": bool, "system": bool, "immutable": bool, "parent": str, "note": list, "basis": str,
    "card_only": bool,
}  # fmt: skip
_FIELD_KEYS = {
    "kind": str, "label": str, "merge": str, "required": bool, "derived": bool, "sensitive": bool, "retired": bool,
    "search": str, "help": str, "aliases": list, "was": list, "width": int, "default": object, "max": object,
    "min": object, "codes": str, "form": str, "index": bool,
}  # fmt: skip
_WORDS = {str: "文字", int: "整数", bool: "true 或 false", list: "[ ] 列表", dict: "{ } 表"}
_OPTIONS = {
    "max": {"text", "longtext", "name", "address", "integer", "number"},
    "min": {"integer", "number"},
    "codes": {"choice"},
    "form": {"ref"},
}
_ORDERED = {"date", "time", "integer", "number", "money"}
_MERGES_OF = {"append": {"text", "longtext"}, "max": _ORDERED, "min": _ORDERED}
_SEARCHES = ("name", "number", "text")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_RESERVED = {"id", "area", "rev", "revs", "extra", "deleted", "pending", "standing", "hash"}
# What the product never keeps (docs/security.md); a form that brings one is refused.
_NEVER = re.compile(
    r"religio|(?<![a-z])(?:ethnic|political|petition|biometric|face_|fingerprint|gps_track)"
    r"|宗教|信仰|民族|政治面貌|上访|信访人|人脸|指纹|轨迹|重点人员|关注程度|稳控"
)
_ALLOWED_NEVER = {("party", "ethnicity")}  # printed by the official mediation documents only (司法部 2010 格式)


@dataclass(frozen=True, slots=True)
class FormFault:
    """One thing wrong with a form file, at a line counted from 1."""

    line: int
    message: str


def check_form(
    text: str, name: str, codes: Mapping[str, CodeList], forms: Collection[str] | None = None
) -> list[FormFault]:
    """What is wrong with the declaration *text* of form *name*, by line; empty when it can be used.

    *forms*: the names that a reference may point to; where None those of the shipped forms. *name* itself is always one.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        found = re.search(r"line (\d+)", str(bad))
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        return [FormFault(line, sentence("forms.not_toml", detail=str(bad)))]
    known = {path.stem for path in resource("forms").glob("*.toml")} if forms is None else set(forms)
    check = _Check(text.splitlines(), name, raw, codes, known | {name})
    check.form()
    return sorted(check.faults, key=lambda fault: fault.line)


class _Check:
    """The checking of one file."""

    def __init__(
        self, lines: list[str], name: str, raw: dict[str, Any], codes: Mapping[str, CodeList], forms: set[str]
    ) -> None:
        self.faults: list[FormFault] = []
        self._lines = lines
        self._name = name
        self._raw = raw
        self._codes = codes
        self._forms = forms
        fields = raw.get("field")
        self._fields: dict[str, Any] = fields if isinstance(fields, dict) else {}

    def form(self) -> None:
        """Check everything."""
        raw = self._raw
        if not _NAME.fullmatch(self._name):
            self._say(1, "name_wrong", name=self._name)
        for key, value in raw.items():
            if key not in _FORM_KEYS:
                self._say(self._at(key), "key_unknown", key=key, known="、".join(sorted(_FORM_KEYS)))
            elif not _is(value, _FORM_KEYS[key]) and key not in {"title", "field"}:
                self._say(self._at(key), "type_wrong", key=key, known=_WORDS[_FORM_KEYS[key]])
        if not isinstance(raw.get("title"), str) or not raw["title"].strip():
            self._say(self._at("title"), "title_missing")
        elif _NEVER.search(tight(f"{self._name} {raw['title']}")):
            self._say(self._at("title"), "form_never", title=raw["title"])
        if raw.get("stream", "ordinary") not in STREAMS:
            self._say(self._at("stream"), "stream_wrong", value=raw["stream"], known="、".join(STREAMS))
        if not self._fields:
            self._say(self._at("field"), "no_fields")
            return
        for key, row in self._fields.items():
            if isinstance(row, dict):
                self._field(key, row)
            else:
                self._say(self._at(key), "field_not_table", name=key)
        self._mentions()
        self._groups()
        self._card_only()
        parent = raw.get("parent")
        if isinstance(parent, str) and parent in self._fields and self._kind(parent) != "ref":
            self._say(self._at("parent"), "parent_no_ref", name=parent)

    def _card_only(self) -> None:
        """What stands on a card alone must not be told in another way: by a list, the search, or an open stream."""
        raw = self._raw
        if not raw.get("card_only"):
            return
        told = [key for key in ("list", "note", "ledger") if raw.get(key)]
        told += [name for name, row in self._fields.items() if isinstance(row, dict) and row.get("search")]
        if raw.get("stream") not in ("mediation", "care"):
            told.append("stream")
        for key in told:
            self._say(self._at(key), "card_only_told", key=key)

    def _field(self, name: str, row: dict[str, Any]) -> None:
        def say(at: str, code: str, /, **params: object) -> None:
            self._say(self._at(at, name), code, name=name, **params)

        if not _NAME.fullmatch(name) or name in _RESERVED:
            say("", "field_name_wrong")
        for key, value in row.items():
            if key not in _FIELD_KEYS:
                say(key, "field_key_unknown", key=key)
            elif not _is(value, _FIELD_KEYS[key]) and key not in {"kind", "label", "merge", "codes", "form"}:
                say(key, "field_type_wrong", key=key, known=_WORDS[_FIELD_KEYS[key]])
        kind = self._kind(name)
        if kind is None:
            say("kind", "kind_unknown", value=row.get("kind"), known="、".join(sorted(KINDS)))
        if not isinstance(row.get("label"), str) or not row["label"].strip():
            say("label", "label_missing")
        merge = row.get("merge", "last")
        if merge not in MERGES:
            say("merge", "merge_wrong", value=merge, known="、".join(MERGES))
        elif kind is not None and kind not in _MERGES_OF.get(merge, {kind}):
            say("merge", "merge_unfit", value=merge, kind=kind)
        if row.get("search", "") not in ("", *_SEARCHES):
            say("search", "search_wrong", value=row["search"], known="、".join(_SEARCHES))
        self._words(name, row)
        if kind is not None:
            self._options(name, kind, row)

    def _options(self, name: str, kind: str, row: dict[str, Any]) -> None:
        def say(at: str, code: str, /, **params: object) -> None:
            self._say(self._at(at, name), code, name=name, **params)

        before = len(self.faults)
        for key, kinds in _OPTIONS.items():
            if key in row and kind not in kinds:
                say(key, "option_unfit", key=key, kind=kind)
        for key in ("max", "min"):
            if key in row and (isinstance(row[key], bool) or not isinstance(row[key], int | float)):
                say(key, "field_type_wrong", key=key, known="数字")
        codes, form = row.get("codes"), row.get("form")
        if kind == "choice" and (not isinstance(codes, str) or codes not in self._codes):
            say("codes", "codes_unknown", value=codes)
        if kind == "ref" and not (isinstance(form, str) and form):
            say("form", "ref_without_form")
        elif kind == "ref" and form not in self._forms:
            say("form", "ref_unknown", value=form)
        if "default" in row and len(self.faults) == before:
            try:
                make_kind(row, self._codes).check(row["default"])
            except BadValue as bad:
                say("default", "default_wrong", detail=bad.message)

    def _words(self, name: str, row: dict[str, Any]) -> None:
        if (self._name, name) in _ALLOWED_NEVER:
            return
        listed = self._codes.get(row["codes"]) if isinstance(row.get("codes"), str) else None
        words: dict[str, object] = {"label": f"{name}{row.get('label', '')}", "codes": listed.title if listed else ""}
        words |= {key: " ".join(map(str, row[key])) for key in ("was", "aliases") if isinstance(row.get(key), list)}
        for key, said in words.items():
            if any(_NEVER.search(tight(part)) for part in [name, *str(said).split(" "), str(said)]):
                self._say(self._at(key, name), "field_never", name=name, label=row.get("label", ""))
                return

    def _mentions(self) -> None:
        raw = self._raw
        mentioned: dict[str, list[object]] = {key: [raw[key]] for key in ("title_field", "parent") if raw.get(key)}
        mentioned |= {key: raw[key] for key in ("list", "note") if isinstance(raw.get(key), list)}
        if not isinstance(raw.get("title_field"), str) or not raw["title_field"]:
            self._say(self._at("title_field"), "title_field_missing")
        sections: list[object] = raw["section"] if isinstance(raw.get("section"), list) else []
        for part in sections:
            if isinstance(part, dict) and isinstance(part.get("fields"), list):
                mentioned.setdefault("section", []).extend(part["fields"])
            else:
                self._say(self._at("section"), "section_wrong")
        for where, names in mentioned.items():
            for name in names:
                if not isinstance(name, str) or name not in self._fields:
                    self._say(self._quoted(str(name), where), "field_missing", where=where, name=name)

    def _groups(self) -> None:
        groups = self._raw.get("groups")
        seen: set[object] = set()
        for members in groups.values() if isinstance(groups, dict) else ():
            for name in members if isinstance(members, list) else [members]:
                if not isinstance(name, str) or name not in self._fields:
                    self._say(self._quoted(str(name), "groups"), "field_missing", where="groups", name=name)
                elif name in seen:
                    self._say(self._quoted(name, "groups"), "in_two_groups", name=name)
                else:
                    seen.add(name)

    def _kind(self, name: str) -> str | None:
        row = self._fields[name]
        kind = row.get("kind") if isinstance(row, dict) else None
        return kind if isinstance(kind, str) and kind in KINDS else None

    # -- lines ------------------------------------------------------------------------------------------------------------------

    def _say(self, line: int, code: str, /, **params: object) -> None:
        self.faults.append(FormFault(line, sentence(f"forms.{code}", **params)))

    def _at(self, key: str, field: str = "") -> int:
        """The line where *key* is given, at the top or in the table of *field*; the table's head where it isn't."""
        start, end = self._table(field)
        setting = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=|\s*\[+{re.escape(key)}\b")
        for number in range(start, end):
            if key and setting.match(self._lines[number]):
                return number + 1
        return start + 1

    def _table(self, field: str) -> tuple[int, int]:
        heads = [number for number, line in enumerate(self._lines) if re.match(r"\s*\[\[?[\w.\"'\- ]+\]", line)]
        if not field:
            return 0, len(self._lines)
        bare = re.escape(field)
        head = re.compile(rf"\s*\[\s*field\s*\.\s*[\"']?{bare}[\"']?\s*\]")
        inline = re.compile(rf"\s*(field\.)?{bare}[.\s=]")
        found = [number for shape in (head, inline) for number, line in enumerate(self._lines) if shape.match(line)]
        start = found[0] if found else 0
        return start, next((number for number in heads if number > start), len(self._lines))

    def _quoted(self, name: str, where: str) -> int:
        """The line that mentions *name* in quotes, from the one on where *where* begins."""
        first = self._at(where) - 1
        mention = re.compile(rf"[\"']{re.escape(name)}[\"']")
        return next((at + 1 for at in range(first, len(self._lines)) if mention.search(self._lines[at])), first + 1)


def make_kind(raw: Mapping[str, Any], codes: Mapping[str, CodeList]) -> Kind:
    """The kind that the faultless declaration *raw* of a field asks for."""
    options: dict[str, Any] = {key: raw[key] for key in ("max", "min", "form") if key in raw}
    if "codes" in raw:
        options["codes"] = codes[raw["codes"]]
    return KINDS[raw["kind"]](**options)


def _is(value: object, wanted: type) -> bool:
    return isinstance(value, wanted) and (wanted is not int or not isinstance(value, bool))

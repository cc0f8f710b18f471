"""A code list as the county sends it: read with the same care as rules, and laid over the one that the program brought."""

from __future__ import annotations

import re
from pathlib import Path

from app.rules.reading import Sheet, Table, read_table
from app.schema.codes import Code, CodeList

_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,60}")
_LEVELS = 3


def read_codes(path: Path | Sheet, shipped: CodeList) -> CodeList:
    """The list at *path*, laid over *shipped*; KnownError("rules.…") naming file, place and key of what is wrong.

    A code that stands in the shipped list alone is retired: what was saved with it keeps its words.
    """
    root = read_table(path)
    root.only("title", "source", "items")
    found: dict[str, Code] = {}
    retired: list[Code] = []
    for row in root.rows("items"):
        code = _read(row)
        if code.code in found or any(code.code == item.code for item in retired):
            raise row.fault("value_wrong", key="code", wanted=f"不重复的代码（{code.code} 已有）")
        if row.flag("retired"):
            retired.append(code)
        else:
            found[code.code] = code
    if not found:
        raise root.fault("key_missing", key="items")
    known = {code.code: code for code in (*found.values(), *retired)}
    for row in root.rows("items"):
        _check_parent(row, known)
    retired += [code for code in shipped.known if code.code not in known]
    return CodeList(
        shipped.name, root.text("title", shipped.title), shipped.source, tuple(found.values()), tuple(retired)
    )


def _read(row: Table) -> Code:
    row.only("code", "label", "aliases", "parent", "standard", "retired")
    code, label = row.text("code"), row.text("label").strip()
    if not _CODE.fullmatch(code):
        raise row.fault("value_wrong", key="code", wanted="60 个以内的字母、数字、下划线")
    if not 0 < len(label) <= 40:
        raise row.fault("value_wrong", key="label", wanted="1 到 40 个字")
    return Code(code, label, row.texts("aliases", ()), row.text("standard", ""), row.text("parent", ""))


def _check_parent(row: Table, known: dict[str, Code]) -> None:
    """Parents must be there, and no class may lie in itself or deeper than three levels."""
    code = row.text("code")
    for _ in range(_LEVELS):
        parent = known[code].parent
        if not parent:
            return
        if parent not in known:
            raise row.fault("name_unknown", key="parent", name=parent, known="本表里的代码")
        code = parent
    raise row.fault("value_wrong", key="parent", wanted="不超过三级、不绕圈的上级")

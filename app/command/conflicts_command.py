"""`township conflicts`: what two people did apart, and a person's decision."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.errors import KnownError
from app.messages import sentence

if TYPE_CHECKING:
    from app.services.conflicts import Conflict
    from app.services.office import Office

HELP = "列出或处理两处不同的地方"


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("--reveal", metavar="REASON", help=sentence("command.reason"))
    tasks = parser.add_subparsers(dest="task", metavar="resolve")
    settle = tasks.add_parser("resolve", parents=[common])
    settle.add_argument("id")
    choice = settle.add_mutually_exclusive_group(required=True)
    choice.add_argument("--keep", choices=["mine", "theirs"])
    choice.add_argument("--value", metavar="JSON")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """List the open ones, or settle one."""
    office = desk.open_office()
    if args.task == "resolve":
        office.conflicts.resolve(args.id, keep=args.keep, value=_value(args.value))
        desk.answer({"ok": True, "id": args.id}, "已处理。")
        return 0
    found = [_shown(office, conflict, args.reveal) for conflict in office.conflicts.open()]
    words = "\n".join(
        f"{item['id']}\t{item['label']}\t我的：{_told(item['mine'])}\t{item['who']}：{_told(item['theirs'])}"
        + (f"\t这一步现在不能算数：{item['cannot']}" if item.get("cannot") else "")
        for item in found
    )
    desk.answer({"conflicts": found}, words or "没有等人处理的。")
    return 0


def _value(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as bad:
        raise KnownError("command.line_wrong", detail="--value 要写成 JSON") from bad


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "、".join(str(held) for held in value.values() if held is not None) or "（空）"
    return "（空）" if value is None else str(value)


def _shown(office: Office, conflict: Conflict, reason: str | None) -> dict[str, Any]:
    from app.services.conflicts import mask

    form = office.forms[conflict.form]
    restricted = [name for name in conflict.fields if name in form.fields and form.fields[name].sensitive]
    if restricted and reason is not None:
        area = office.records.get(conflict.form, conflict.record, deleted=True).area
        office.gate.require(
            "reveal", form.name, area, record=conflict.record, fields=",".join(restricted), reason=reason, own=True
        )
    one = len(conflict.fields) == 1 and not conflict.step

    def value(kept: Mapping[str, Any]) -> Any:
        held = dict(kept) if reason is not None else mask(form, kept)
        return held.get(conflict.fields[0]) if one and not conflict.fields[0].startswith("@") else held

    made = {
        "id": conflict.id,
        "form": conflict.form,
        "record": conflict.record,
        "label": conflict.label,
        "base": value(conflict.base),
        "mine": value(conflict.mine),
        "theirs": value(conflict.theirs),
        "who": conflict.who,
        "when": conflict.when,
    }
    if conflict.step:
        return {**made, "step": conflict.step, "cannot": conflict.cannot}
    return {**made, "field": ",".join(conflict.fields)}

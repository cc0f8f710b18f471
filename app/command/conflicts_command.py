"""`township conflicts`: what two people did apart, and a person's decision."""

from __future__ import annotations

import argparse
import json
from typing import Any

from app.command.desk import Desk
from app.errors import KnownError

HELP = "列出或处理两处不同的地方"


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
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
    found = [_shown(conflict) for conflict in office.conflicts.open()]
    words = "\n".join(f"{item['id']}\t{item['label']}\t{item['mine']}\t{item['theirs']}" for item in found)
    desk.answer({"conflicts": found}, words or "没有等人处理的。")
    return 0


def _value(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as bad:
        raise KnownError("command.line_wrong", detail="--value 要写成 JSON") from bad


def _shown(conflict: Any) -> dict[str, Any]:
    one = len(conflict.fields) == 1 and not conflict.step

    def value(held: Any) -> Any:
        return held.get(conflict.fields[0]) if one and not conflict.fields[0].startswith("@") else dict(held)

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
    return {**made, "step": conflict.step} if conflict.step else {**made, "field": ",".join(conflict.fields)}

"""`township import`: a workbook into the register or a ledger."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.command.desk import Desk
from app.errors import KnownError

_FINDINGS = ("refused", "flagged", "possible_duplicates", "same_person")
HELP = "把 Excel 花名册或台账导进来"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("form")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--area")
    parser.add_argument("--sheet")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--report", type=Path, metavar="OUT.xlsx")
    parser.add_argument("--choices", type=Path, metavar="FILE.json")
    parser.add_argument("--preview", action="store_true")
    parser.add_argument("--source", default="", metavar="NAME")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Import; exit 1 where rows were refused, and the report says which and why."""
    from app.exchange.intake import Intake
    from app.exchange.roster.choices import NONE, read_choices

    if not args.file.exists():
        raise KnownError("command.file_missing", path=args.file)
    if args.form == "orders":
        from app.command import orders

        return orders.bring_in(args, desk)
    office = desk.open_office()
    said: dict[str, Any] = Intake(office).run(
        args.form,
        args.file,
        area=args.area,
        sheet=args.sheet,
        dry_run=args.dry_run or args.preview,
        shown=args.preview,
        report=args.report,
        choices=read_choices(args.choices) if args.choices else NONE,
        progress=desk.progress,
        cancelled=desk.cancelled.is_set,
        more=(lambda piece: desk.tell({"more": piece})) if args.preview and desk.worker else None,
    )
    code = 1 if said["refused"] else 0
    # The window has every finding from the preview: a second list of them would only keep it from painting.
    told = {**said, **dict.fromkeys(_FINDINGS, ())} if args.preview and desk.worker else said
    desk.answer(told, _words(said))
    return code


def _words(said: dict[str, Any]) -> str:
    lines = [f"共 {said['rows']} 行：新增 {said['created']}，更新 {said['updated']}，没有变化 {said['unchanged']}。"]
    for key, label in (("refused", "没有导入"), ("flagged", "已导入、请核实")):
        if said[key]:
            lines.append(f"{label} {len(said[key])} 处：")
            lines += [f"  {r['sheet']} 第 {r['row']} 行 {r['field']}：{r['message']}" for r in said[key]]
    if said["same_person"]:
        lines.append(f"同一个人出现两次 {len(said['same_person'])} 处，没有重复建。")
    if said.get("stopped"):
        lines.append("已按您的要求停下；导入了的户都是完整的，再导一次可以接着来。")
    return "\n".join(lines)

"""`township import orders` and `township export orders`: work orders of another system in, and their results back."""

from __future__ import annotations

import argparse
from typing import Any

from app.command.desk import Desk


def bring_in(args: argparse.Namespace, desk: Desk) -> int:
    """Import; exit 1 where rows were refused or wait for a decision."""
    from app.exchange.orders.intake import OrderIntake
    from app.exchange.orders.shape import read_told

    office = desk.open_office()
    said: dict[str, Any] = OrderIntake(office).run(
        args.source,
        args.file,
        area=args.area,
        sheet=args.sheet,
        told=read_told(args.choices) if args.choices else None,
        dry_run=args.dry_run or args.preview,
        shown=args.preview,
        report=args.report,
        progress=desk.progress,
        cancelled=desk.cancelled.is_set,
    )
    said["refused_rows"] = len({(one["sheet"], one["row"]) for one in said["refused"]})
    said["flagged_count"] = len(said["flagged"])
    # The window needs their numbers, and has the first of them from the preview: ten thousand would keep it from painting.
    told = {**said, "refused": (), "flagged": ()} if desk.worker else said
    desk.answer(told, _words(said))
    return 1 if said["refused"] or said["waiting"] else 0


def send_back(args: argparse.Namespace, desk: Desk) -> int:
    """Write the results of the closed orders of a source."""
    from app.exchange.orders.report import write_replies

    office = desk.open_office()
    count = write_replies(office, "".join(args.source.split()), args.out, args.reason)
    desk.answer({"records": count, "file": str(args.out)}, f"{count} 件的办理结果写在 {args.out}。")
    return 0


def _words(said: dict[str, Any]) -> str:
    lines = [
        f"{said['source']}：共 {said['rows']} 行，新增 {said['created']}，有变化 {said['updated']}，没有变化 {said['unchanged']}。"
    ]
    if said["waiting"]:
        lines.append(f"本处已办结、来源又打开的 {said['waiting']} 件，等人决定，没有动。")
    for key, label in (("refused", "没有导入"), ("flagged", "已导入、请核实")):
        if said[key]:
            lines.append(f"{label} {len(said[key])} 处：")
            lines += [f"  {r['sheet']} 第 {r['row']} 行：{r['message']}" for r in said[key]]
    if said.get("stopped"):
        lines.append("已按您的要求停下；导入了的都是完整的，再导一次可以接着来。")
    return "\n".join(lines)

"""`township county rules`: case rules, limits, calendars, numbers and code lists, changed for every device without a new program."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.errors import KnownError
from app.schema.dates import CHINA

if TYPE_CHECKING:
    from sync.county.county import County


def add(tasks: Any, parents: list[argparse.ArgumentParser]) -> None:
    """The task with its parts."""
    rules = tasks.add_parser(
        "rules", parents=parents, help="办事规则、时限、工作日历、编号、代码表：改了随同步发给各台设备"
    )
    parts = rules.add_subparsers(dest="part", required=True)
    put = parts.add_parser("put", parents=parents, help="检查一个文件，从现在起照它办")
    put.add_argument("file", type=Path, metavar="FILE", help="文件名就是规则名，如 calendar_2027.toml")
    put.add_argument("--note", default="", metavar="TEXT", help="为什么改，记入日志")
    parts.add_parser("list", parents=parents, help="改过什么，哪台设备读不懂")
    back = parts.add_parser("back", parents=parents, help="退回上一版，最后是程序自带的")
    back.add_argument("name", metavar="NAME")
    back.add_argument("--note", default="", metavar="TEXT", help="为什么退回，记入日志")
    get = parts.add_parser("get", parents=parents, help="把现行的一份写成文件，改好再 put")
    get.add_argument("name", metavar="NAME")
    get.add_argument("out", type=Path, metavar="OUT")


def _put(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import ruled

    if not args.file.is_file():
        raise KnownError("command.file_missing", path=args.file)
    name = args.file.stem
    try:
        text = args.file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as bad:
        raise KnownError("rules.not_toml", file=args.file.name, detail=bad) from None
    number = ruled.put(county, name, text, args.note)
    desk.answer(
        {"ok": True, "name": name, "number": number}, f"{name} 已生效（第 {number} 版），各台设备下次同步时收到。"
    )
    return 0


def _back(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import ruled

    number = ruled.back(county, args.name, args.note)
    desk.answer(
        {"ok": True, "name": args.name, "number": number}, f"{args.name} 已退回上一版，各台设备下次同步时收到。"
    )
    return 0


def _get(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import ruled

    text = ruled.text_of(county, args.name)
    args.out.write_text(text, encoding="utf-8")
    desk.answer(
        {"file": str(args.out), "name": args.name}, f"已写入 {args.out}。改好后：township county rules put {args.out}"
    )
    return 0


def _list(county: County, _args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import ruled

    found = ruled.listing(county)
    desk.answer({"rules": found}, "\n".join(map(_line, found)) or "没有改过，都是程序自带的。")
    return 0


def _line(row: dict[str, Any]) -> str:
    day = dt.datetime.fromtimestamp(row["at"] / 1000, CHINA).strftime("%Y-%m-%d %H:%M")
    state = ("程序自带" if row["own"] else "现行") if row.get("in_force") else "已被替换"
    words = f"{row['number']}\t{row['name']}\t{state}\t{day}\t{row['note']}"
    if row.get("unread"):
        words += f"\t县中心的程序读不懂：{row['unread']}"
    if row.get("unread_by"):
        words += f"\t{len(row['unread_by'])} 台设备的程序读不懂，照上一版办；请更新程序：{'、'.join(row['unread_by'])}"
    return words


TASKS: dict[str, Callable[[County, argparse.Namespace, Desk], int]] = {
    "rules_put": _put,
    "rules_back": _back,
    "rules_get": _get,
    "rules_list": _list,
}

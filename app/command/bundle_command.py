"""`township bundle`: the exchange without a network, by files that a person carries."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.errors import KnownError

if TYPE_CHECKING:
    from app.store.outbox import Waiting
    from sync.bundle import Answered

HELP = "用 U 盘与县中心收发"


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    out = tasks.add_parser("export", parents=[common], help="把没有送到的写成一个文件，送到县里")
    out.add_argument("file", type=Path, help="文件；给文件夹（如 U 盘）就自己起名")
    into = tasks.add_parser("import", parents=[common], help="读入县里给回的答复")
    into.add_argument("file", type=Path)


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Write a file for the county, or read the county's answer."""
    return _export(args, desk) if args.task == "export" else _import(args, desk)


def _export(args: argparse.Namespace, desk: Desk) -> int:
    from app.command.one_at_a_time import only_one
    from app.command.stick import named, write_whole
    from sync import bundle

    office = desk.open_office()
    begun = time.monotonic()
    with only_one(desk.home / "sync.lock"):
        made = bundle.write(office.store)
        held = {area["code"]: area["name"] for area in office.store.areas()}
        whose = next((held[code] for code in office.session.areas if code in held), "")
        path = named(args.file, "上报", whose, made.written.at)
        write_whole(path, made.content)
        bundle.note(office.store, made, path.name, seconds=time.monotonic() - begun)
    left = office.store.sync.waiting()
    document = {
        "ok": True,
        "file": str(path),
        "bytes": len(made.content),
        "changes": made.written.changes,
        "left": _left(left),
    }
    desk.answer(
        document,
        f"已写好 {path}，里面有 {made.written.changes} 条。请送到县中心，再把县里给的答复拿回来读入："
        "township bundle import 文件",
    )
    return 0


def _import(args: argparse.Namespace, desk: Desk) -> int:
    import requests

    from app.command.desk import ring
    from app.command.one_at_a_time import only_one
    from app.command.retiring import wipe_if_ordered
    from app.command.stick import read_whole
    from sync import bundle
    from sync.sealed import MOST_BYTES

    content = read_whole(args.file, MOST_BYTES)
    office = desk.open_office()
    with only_one(desk.home / "sync.lock"), requests.Session() as http:
        try:
            got = bundle.read(office.store, content, progress=lambda done: desk.progress(done, 0, "读入"))
        except KnownError:
            wipe_if_ordered(office, desk.home, http, ring())
            raise
    office.store.forget_old_journal()
    document = {
        "ok": True,
        "up": {"changes": got.up},
        "down": {"records": got.down, "bytes": got.bytes},
        "left": _left(got.left),
        "conflicts": got.conflicts,
        "refused": got.refused,
        "in_agreement": got.in_agreement,
        "again": got.again,
        "made": got.made,
        "known": got.known,
    }
    desk.answer(document, _words(got))
    return 0


def _left(left: Waiting) -> dict[str, Any]:
    return {"urgent": left.urgent, "normal": left.normal, "bulk": left.bulk, "files": 0}


def _words(got: Answered) -> str:
    if got.known:
        told = "这个答复以前读过，没有新内容。"
    else:
        told = f"县里已收到 {got.up} 条，带回 {got.down} 条。"
    if got.conflicts:
        told += f"有 {got.conflicts} 处两边改得不同，等人定。"
    if got.refused:
        told += f"县里没收下 {got.refused} 条，请看“需处理”。"
    if got.again:
        return told + "还有没带全的，请再写一个文件送到县里。"
    if got.in_agreement:
        return told + "与县中心写答复时一致。"
    return told + (f"还有 {got.left.total} 条待发送。" if got.left.total else "")

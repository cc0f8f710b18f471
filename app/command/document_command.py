"""`township document`: the official documents of a mediation."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.command.desk import Desk
from app.messages import sentence

HELP = "列出或写出一件调解的法定文书（.docx、.pdf）"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("id")
    parser.add_argument("name", nargs="?")
    parser.add_argument("out", nargs="?", type=Path, metavar="OUT.docx|OUT.pdf")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace, desk: Desk) -> int:
    """List what exists, or write one; blanks stay lines to fill by hand."""
    from app.exchange import official

    if args.name is not None and args.out is None:
        args.wrong_usage(sentence("command.need_out"))
    office = desk.open_office()
    if args.name is None:
        found = official.documents(office, args.id)
        kept = [{key: item[key] for key in ("name", "title", "ready", "missing")} for item in found]
        words = "\n".join(
            f"{item['name']}\t{item['title']}\t" + ("齐全" if item["ready"] else "缺：" + "、".join(item["missing"]))
            for item in kept
        )
        desk.answer({"documents": kept}, words)
        return 0
    odd = official.write(office, args.id, args.name, args.out)
    if odd:
        desk.say("这些字没有字体能印，已印成代码：" + " ".join(f"{c} U+{ord(c):04X}" for c in odd))
    desk.answer({"file": str(args.out), "missing_glyphs": list(odd)}, f"已写出 {args.out}")
    return 0

"""`township attachment`: the original of an attached file, written out in clear, or how files are taken in here."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from app.command.desk import Desk
from app.messages import sentence

HELP = "取出附件原件，或设定照片缩到多大"
_MEGABYTE = 1_000_000


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("id", nargs="?")
    parser.add_argument("out", nargs="?", type=Path, metavar="OUT")
    parser.add_argument("--longest", type=int, metavar="PIXELS", help="照片最长边缩到多少像素")
    parser.add_argument("--quality", type=int, metavar="1-95", help="照片的 JPEG 质量")
    parser.add_argument("--most", type=int, metavar="MB", help="一份文件最大多少 MB")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Write one original out (each time in the audit); where it isn't here, the next sync fetches it."""
    asked = {"longest": args.longest, "quality": args.quality, "most_bytes": args.most and args.most * _MEGABYTE}
    changed = {key: value for key, value in asked.items() if value is not None}
    wrong = not 320 <= changed.get("longest", 2048) <= 20_000 or not 1 <= changed.get("quality", 80) <= 95
    if wrong or changed.get("most_bytes", 1) < 1 or bool(args.id) != bool(args.out) or (args.id and changed):
        args.wrong_usage(sentence("command.attachment_usage"))
    office = desk.open_office()
    if args.id:
        size = office.attachments.write(args.id, args.out)
        desk.answer({"file": str(args.out), "bytes": size}, f"已写出 {args.out}")
        return 0
    intake = dataclasses.replace(office.attachments.intake, **changed)
    if changed:
        office.attachments.set_intake(intake)
    told = {"longest": intake.longest, "quality": intake.quality, "most": intake.most_bytes // _MEGABYTE}
    words = f"照片最长边 {told['longest']} 像素，质量 {told['quality']}；一份文件最大 {told['most']} MB。"
    desk.answer(told, words)
    return 0

"""`township county backup` and `county restore`: a county in an SQLite file, copied while it serves, and set back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.command.desk import Desk
from app.errors import KnownError


def add(tasks: Any, parents: list[argparse.ArgumentParser]) -> None:
    """The two tasks."""
    tasks.add_parser("backup", parents=parents, help="把县库备份成一个文件，不用停服务").add_argument("file", type=Path)
    restore = tasks.add_parser("restore", parents=parents, help="把县库恢复成备份时的样子；之后的内容由各设备自动补回")
    restore.add_argument("file", type=Path)


def backup(database: str | Path, args: argparse.Namespace, desk: Desk) -> int:
    """Write the copy."""
    from sync.county.backup import back_up

    if isinstance(database, Path) and not database.exists():
        raise KnownError("command.not_a_county", path=database.parent)
    size = back_up(database, args.file)
    desk.answer({"file": str(args.file), "bytes": size}, f"县库已备份到 {args.file}（{size / 1e6:.1f} MB）。")
    return 0


def restore(database: str | Path, args: argparse.Namespace, desk: Desk) -> int:
    """Set the county back."""
    from app.schema.loading import load_forms
    from sync.county.backup import put_back

    if not args.file.exists():
        raise KnownError("command.file_missing", path=args.file)
    epoch, kept = put_back(database, args.file, load_forms())
    words = "县库已恢复。各设备下次同步时会自动补回备份之后的内容。"
    if kept:
        words += f"恢复前的县库另存在 {kept}。"
    desk.answer({"ok": True, "epoch": epoch, "kept": str(kept) if kept else None}, words)
    return 0

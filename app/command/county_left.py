"""`township county left`: what emptied devices left beside their changes, for a supervisor to read and settle."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk

if TYPE_CHECKING:
    from app.schema.form import Form
    from sync.county.county import County
    from sync.county.left import Text, Unpacked

_KINDS = {"draft": "草稿", "refused": "县里没收下的", "log": "操作记录"}


def add(tasks: Any, parents: list[argparse.ArgumentParser]) -> None:
    """The task with its parts."""
    left = tasks.add_parser("left", parents=parents, help="清除了的设备留下的草稿、没收下的内容和操作记录")
    parts = left.add_subparsers(dest="part", required=True)
    parts.add_parser("list", parents=parents, help="列出来").add_argument("--device", metavar="ID")
    show = parts.add_parser("show", parents=parents, help="看其中一份；谁看过、为什么，会记下来")
    show.add_argument("key", metavar="KEY")
    show.add_argument("--reason", required=True, metavar="WHY", help="为什么要看")
    parts.add_parser("drop", parents=parents, help="处理完了，不再列出").add_argument("keys", nargs="+", metavar="KEY")


def take(county: County, file: Path, desk: Desk) -> int:
    """Bring in the parcel of a device that was emptied."""
    from sync.county import left

    got = left.take(county, file)
    waiting = got.changes.aside if got.changes else 0
    counts = {"files": got.files, "spoilt": got.spoilt, "drafts": got.drafts, "refused": got.refused, "log": got.log}
    document = {
        "ok": True,
        "device": got.device.id,
        "account": got.device.account,
        "made": got.made,
        "frames": got.changes.frames if got.changes else 0,
        "changes": dict(got.changes.changes) if got.changes else {},
        "aside": waiting,
        **counts,
        "out": None,
    }
    desk.answer(document, f"{got.device.account} 的电脑清除前封存的内容已读入：{_counted(got, waiting)}")
    return 1 if waiting or got.spoilt else 0


def _counted(got: Unpacked, waiting: int) -> str:
    parts = [
        f"{waiting} 条改动等人审（township county aside list）" if waiting else "",
        f"照片、文件 {got.files} 个已存好" if got.files else "",
        f"{got.spoilt} 个文件在那台电脑上已损坏，没有读出来" if got.spoilt else "",
        f"草稿 {got.drafts} 份、没收下的 {got.refused} 条（township county left list）"
        if got.drafts or got.refused
        else "",
        f"操作记录 {got.log} 行" if got.log else "",
    ]
    return ("；".join(part for part in parts if part) or "没有新内容") + "。"


def _list(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import left

    found = left.texts(county, args.device)
    named = [{name: value for name, value in asdict(one).items() if name != "content"} for one in found]
    lines = [
        f"{one.key}\t{_KINDS[one.kind]}\t{_title(county, one)}\t{_moment(one.time)}\t{one.device}" for one in found
    ]
    desk.answer({"left": named}, "\n".join(lines) or "没有留下的内容。")
    return 0


def _show(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import left

    one = left.read(county, args.key, args.reason)
    lines = [f"{_KINDS[one.kind]} {_title(county, one)} {_moment(one.time)}".strip()]
    content: Any
    if isinstance(one.content, dict):
        form = county.forms.get(one.form)
        lines += [f"{_label(form, name)}：{_shown(form, name, value)}" for name, value in one.content.items()]
        content = {name: _plain(value) for name, value in one.content.items()}
    else:
        content = [[_plain(cell) for cell in line] for line in one.content]
        lines += ["\t".join([_moment(line[1]), *(str(cell) for cell in line[2:11] if cell)]) for line in one.content]
    desk.answer({**asdict(one), "content": content}, "\n".join(lines))
    return 0


def _drop(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import left

    count = left.drop(county, args.keys)
    desk.answer({"ok": True, "dropped": count}, f"{count} 份不再列出；原文仍留在县里的库中。")
    return 0


def _title(county: County, one: Text) -> str:
    form = county.forms.get(one.form)
    return form.title if form else one.form


def _label(form: Form | None, name: str) -> str:
    return form.fields[name].label if form and name in form.fields else name


def _shown(form: Form | None, name: str, value: Any) -> str:
    if form and name in form.fields and not isinstance(value, (dict, list)):
        try:
            return form.show(name, value)
        except (ValueError, TypeError, KeyError):
            return str(value)  # half typed: as it stands
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _moment(ms: int) -> str:
    from app.schema.dates import CHINA

    return f"{dt.datetime.fromtimestamp(ms / 1000, CHINA):%Y-%m-%d %H:%M}"


TASKS: dict[str, Callable[[County, argparse.Namespace, Desk], int]] = {
    "left_list": _list,
    "left_show": _show,
    "left_drop": _drop,
}

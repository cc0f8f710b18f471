"""`township county bundle` and `county aside`: files from devices without a network, and what a supervisor decides."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.command import county_left
from app.command.desk import Desk

if TYPE_CHECKING:
    from sync.county.bundles import Taken
    from sync.county.county import County


def add(tasks: Any, parents: list[argparse.ArgumentParser]) -> None:
    """The two tasks of `township county` that this is about."""
    bundle = tasks.add_parser("bundle", parents=parents, help="U 盘带来的文件").add_subparsers(
        dest="part", required=True
    )
    into = bundle.add_parser("import", parents=parents, help="读入设备写的文件，写出给它的答复")
    into.add_argument("file", type=Path)
    into.add_argument("--out", type=Path, metavar="FILE", help="答复写到哪里；给文件夹就自己起名")
    into.add_argument(
        "--files", type=Path, metavar="DIR", help="清除前封存的文件里有照片时，存附件的文件夹（同 serve）"
    )
    into.add_argument("--files-key", type=Path, metavar="FILE", help="附件密钥文件（同 serve）")
    out = bundle.add_parser("export", parents=parents, help="给送来过文件的设备再写一个答复")
    out.add_argument("file", type=Path)
    out.add_argument("--device", required=True, metavar="ID")
    aside = tasks.add_parser("aside", parents=parents, help="待审的改动").add_subparsers(dest="part", required=True)
    listed = aside.add_parser("list", parents=parents, help="列出待审的改动")
    listed.add_argument("--device", metavar="ID")
    for name, told in (("accept", "收下"), ("drop", "不收")):
        part = aside.add_parser(name, parents=parents, help=told)
        part.add_argument("keys", nargs="*", metavar="KEY")
        part.add_argument("--device", metavar="ID", help="这台设备的全部")


def _import(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from app.command.stick import read_whole
    from sync.county import bundles
    from sync.parcel import is_parcel
    from sync.sealed import MOST_BYTES

    if is_parcel(args.file, county.keys.identity):
        county.keep_files_at(args.files, args.files_key)
        return county_left.take(county, args.file, desk)
    taken = bundles.take(county, read_whole(args.file, MOST_BYTES))
    document = {
        "ok": True,
        "device": taken.device.id,
        "account": taken.device.account,
        "made": taken.label.made,
        "frames": taken.frames,
        "changes": dict(taken.changes),
        "again": sum(taken.again.values()),
        "aside": taken.aside,
        **(_written(taken, args.out) if args.out else {"out": None}),
    }
    told = f"{taken.device.account} 的文件已读入：" + _counted(taken)
    told += f"答复写在 {document['out']}，请交给来人带回。" if args.out else "没有写答复（--out）。"
    desk.answer(document, told)
    return 1 if taken.aside or taken.changes.get("refused") else 0


def _counted(taken: Taken) -> str:
    if taken.aside:
        return f"这台设备已停用，{taken.aside} 条等人审（township county aside list）。"
    names = {
        "accepted": "收下",
        "merged": "合并",
        "conflict": "两边改得不同",
        "refused": "没收下",
        "waiting": "等别的记录",
    }
    fresh = {name: count - taken.again.get(name, 0) for name, count in taken.changes.items()}
    parts = [f"{names.get(name, name)} {count} 条" for name, count in fresh.items() if count]
    before = sum(taken.again.values())
    if before:
        parts.append(f"另外 {before} 条以前都已收过" if parts else f"里面的 {before} 条以前都已收过，没有重复收")
    return ("、".join(parts) or "没有新内容") + "。"


def _written(taken: Taken, out: Path) -> dict[str, Any]:
    from app.command.stick import named, write_whole

    path = named(out, "答复", taken.device.account, taken.label.made)
    write_whole(path, taken.answer)
    return {"down": {"records": taken.records, "bytes": len(taken.answer)}, "out": str(path)}


def _export(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import bundles

    taken = bundles.answer_again(county, args.device)
    document = {"ok": True, "device": taken.device.id, **_written(taken, args.file)}
    desk.answer(document, f"答复写在 {document['out']}，里面有 {taken.records} 条。")
    return 0


def _aside_list(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from app.messages import sentence
    from app.schema.dates import CHINA
    from sync.county import aside

    found = aside.tray(county, args.device)
    document = {
        "changes": [
            {
                "key": item.key,
                "device": item.device,
                "code": item.code,
                "at": item.at,
                "form": item.change.form,
                "id": item.change.id,
                "area": item.change.area,
                "user": item.change.user,
                "time": item.change.time,
                "fields": sorted(item.change.values),
            }
            for item in found
        ]
    }
    lines = []
    for item in found:
        form = county.forms.get(item.change.form)
        when = dt.datetime.fromtimestamp(item.change.time / 1000, CHINA)
        title = form.title if form else item.change.form
        why = sentence(f"bundle.tray_{item.code.removeprefix('sync.')}")
        lines.append(f"{item.key}\t{title}\t{item.change.user}\t{when:%Y-%m-%d %H:%M}\t{item.device}\t{why}")
    desk.answer(document, "\n".join(lines) or "没有待审的改动。")
    return 0


def _aside_accept(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import aside

    became = aside.accept(county, _keys(county, args))
    good = {"accepted", "merged", "conflict"}
    done = sum(what in good for what in became.values())
    desk.answer(
        {"ok": True, "changes": became},
        f"收下 {done} 条。" + (f"{len(became) - done} 条没有收下或还在等别的记录。" if done < len(became) else ""),
    )
    return 0 if done == len(became) else 1


def _aside_drop(county: County, args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import aside

    count = aside.drop(county, _keys(county, args))
    desk.answer({"ok": True, "dropped": count}, f"不收 {count} 条；原文仍留在县里的库中。")
    return 0


def _keys(county: County, args: argparse.Namespace) -> list[str]:
    from sync.county import aside

    return [*args.keys, *(item.key for item in (aside.tray(county, args.device) if args.device else ()))]


TASKS: dict[str, Callable[[County, argparse.Namespace, Desk], int]] = {
    "bundle_import": _import,
    "bundle_export": _export,
    "aside_list": _aside_list,
    "aside_accept": _aside_accept,
    "aside_drop": _aside_drop,
}

"""`township county`: the county's end, for its administrator."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.command import county_backup, county_bundles, county_left, county_rules
from app.command.desk import Desk
from app.errors import KnownError
from app.messages import sentence

if TYPE_CHECKING:
    from sync.county.county import County

HELP = "县中心：建库、开服务、区划、用户、设备"
DATABASE = "county.db"


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments: every task takes --data or --database."""
    _place(parser, None)
    # Below, it counts only where it is given: it may as well stand before the task.
    place = argparse.ArgumentParser(add_help=False)
    _place(place, argparse.SUPPRESS)
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    parents = [common, place]
    tasks.add_parser("init", parents=parents, help="建一个县").add_argument(
        "--code", default="990001", help="6 位县代码"
    )
    serve = tasks.add_parser("serve", parents=parents, help="开服务，直到停止")
    serve.add_argument("--listen", type=_address, default="127.0.0.1:8443", metavar="HOST:PORT")
    serve.add_argument("--files", type=Path, metavar="DIR", help="存附件的文件夹（加密）")
    serve.add_argument("--files-key", type=Path, metavar="FILE", help="附件密钥文件，没有就建一个")
    areas = tasks.add_parser("areas", parents=parents, help="区划").add_subparsers(dest="part", required=True)
    areas.add_parser("import", parents=parents).add_argument("file", type=Path)
    users = tasks.add_parser("users", parents=parents, help="用户").add_subparsers(dest="part", required=True)
    user = users.add_parser("add", parents=parents)
    user.add_argument("name")
    user.add_argument("--roles")
    _devices(tasks.add_parser("devices", parents=parents, help="设备"), parents)
    require = tasks.add_parser("require", parents=parents, help="设备程序至少要会的传输版本")
    require.add_argument("version", type=int)
    digest = tasks.add_parser("digest", parents=parents, help="各数据流的校验值；有对不上的，退出码为 1")
    digest.add_argument("--mend", action="store_true", help="对不上的记录，按历史改回原样")
    county_bundles.add(tasks, parents)
    county_left.add(tasks, parents)
    county_rules.add(tasks, parents)
    county_backup.add(tasks, parents)


def _place(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument("--data", type=Path, default=default, metavar="DIR", help="县中心数据的文件夹（SQLite）")
    parser.add_argument(
        "--database", default=default, metavar="URL", help="PostgreSQL 地址，如 postgresql://用户@主机/库"
    )
    parser.add_argument("--county", default=default, metavar="CODE", help="库里有几个县时，是哪一个（6 位县代码）")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(sentence("command.address_wrong", text=text))
    return host.strip("[]") or "127.0.0.1", int(port)


def _devices(parser: argparse.ArgumentParser, parents: list[argparse.ArgumentParser]) -> None:
    parts = parser.add_subparsers(dest="part", required=True)
    code = parts.add_parser("code", parents=parents, help="发一次性注册码")
    code.add_argument("--areas", required=True, metavar="CODE,…")
    code.add_argument("--roles", metavar="ROLE,…")
    code.add_argument("--unit", default="", metavar="NAME", help="使用人的单位")
    grant = parts.add_parser("grant", parents=parents, help="改一台设备的区域、身份和使用人的单位")
    grant.add_argument("id")
    grant.add_argument("--areas", metavar="CODE,…")
    grant.add_argument("--roles", metavar="ROLE,…")
    grant.add_argument("--unit", metavar="NAME", help='使用人的单位，空着写 "" 是收回')
    revoke = parts.add_parser("revoke", parents=parents, help="停用一台设备")
    revoke.add_argument("id")
    revoke.add_argument("--wipe", action="store_true", help="并命令它封存没上报的内容、销毁密钥、清除数据")
    parts.add_parser("allow", parents=parents, help="恢复一台停用的设备").add_argument("id")
    parts.add_parser("list", parents=parents, help="列出设备")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Do one task."""
    task = args.task if not getattr(args, "part", None) else f"{args.task}_{args.part}"
    return int(_TASKS[task](args, desk))


def database(args: argparse.Namespace) -> str | Path:
    """Where the county's data is; KnownError("command.need_database")."""
    if args.database:
        return str(args.database)
    if args.data:
        return Path(args.data) / DATABASE
    raise KnownError("command.need_database")


def _open(args: argparse.Namespace) -> County:
    from app.schema.loading import load_forms
    from sync.county.county import County

    held = database(args)
    if isinstance(held, Path) and not held.exists():
        raise KnownError("command.not_a_county", path=held.parent)
    return County.open(held, load_forms(), code=args.county)


def _init(args: argparse.Namespace, desk: Desk) -> int:
    from app.schema.loading import load_forms
    from sync.county import office

    held = database(args)
    if isinstance(held, Path):
        held.parent.mkdir(parents=True, exist_ok=True)
    county = office.init(held, load_forms(), args.code)
    desk.answer({"county": county.code}, f"县 {county.code} 已建好。下一步：township county areas import 区划文件")
    county.close()
    return 0


def _serve(args: argparse.Namespace, desk: Desk) -> int:
    from app.schema.loading import load_forms
    from sync.county.web import serve

    host, port = args.listen
    _open(args).close()
    serve(
        database(args),
        load_forms(),
        host,
        port,
        files=args.files,
        files_key=args.files_key,
        code=args.county,
        ready=lambda url: desk.answer({"url": url}, f"县中心在 {url}"),
    )
    return 0


def _areas_import(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import office

    if not args.file.exists():
        raise KnownError("command.file_missing", path=args.file)
    county = _open(args)
    count = office.import_areas(county, args.file)
    doubts = [{"code": code, "message": message} for code, message in office.area_doubts(county)]
    county.close()
    said = [f"现有 {count} 个区划。", *(doubt["message"] for doubt in doubts)]
    desk.answer({"areas": count, "doubts": doubts}, "\n".join(said))
    return 0


def _users_add(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import office

    password = _new_password(desk)
    county = _open(args)
    office.add_user(county, args.name, password, _listed(args.roles) or office.DEFAULT_ROLES)
    county.close()
    desk.answer({"ok": True, "name": args.name}, f"用户 {args.name} 已记下。")
    return 0


def _new_password(desk: Desk) -> str:
    if desk.password_file or "TOWNSHIP_PASSWORD" in os.environ:
        return desk.password()
    raise KnownError("accounts.need_password")


def _devices_code(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import office

    county = _open(args)
    roles = _listed(args.roles) or office.DEFAULT_ROLES
    code = office.issue_code(county, _listed(args.areas), roles, " ".join(args.unit.split()))
    county.close()
    desk.answer({"code": code}, f"一次性注册码（7 天内有效）： {code}")
    return 0


def _devices_grant(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county.granting import grant

    county = _open(args)
    given = {name: text.split(",") for name in ("areas", "roles") if (text := getattr(args, name)) is not None}
    grant(county, args.id, areas=given.get("areas"), roles=given.get("roles"), unit=args.unit)
    said = given if args.unit is None else {**given, "unit": " ".join(args.unit.split())}
    desk.answer({"device": args.id, **said}, f"设备 {args.id} 已改，它下次同步后、使用人再登录时生效。")
    county.close()
    return 0


def _devices_revoke(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import office

    county = _open(args)
    office.revoke(county, args.id, wipe=args.wipe)
    county.close()
    told = "已停用；它下次同步会被拒绝，并锁定。"
    if args.wipe:
        told = "已停用；它下次联网时先封存没上报的内容，再销毁密钥、清除数据。清除后会记入日志，devices list 里显示 wiped。"
    desk.answer({"ok": True}, told)
    return 0


def _devices_allow(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import office

    county = _open(args)
    office.allow(county, args.id)
    county.close()
    desk.answer({"ok": True}, "已恢复；它下次联网登录时解锁。")
    return 0


def _devices_list(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import office

    county = _open(args)
    found = office.devices(county)
    county.close()
    desk.answer({"devices": found}, "\n".join(f"{d['id']}\t{d['account']}\t{d['state']}\t{d['areas']}" for d in found))
    return 0


def _require(args: argparse.Namespace, desk: Desk) -> int:
    from sync.county import office

    county = _open(args)
    office.require(county, args.version)
    county.close()
    words = f"从现在起，设备程序至少要会传输版本 {args.version}；更旧的会被告知升级，照样能离线办公。"
    desk.answer({"ok": True, "least": args.version}, words)
    return 0


def _digest(args: argparse.Namespace, desk: Desk) -> int:
    from app.schema.digest import ZERO
    from app.schema.digest import add as plus
    from sync.county import mending, office

    county = _open(args)
    with county.database.snapshot() as conn:
        _, rev = county.standing(conn)
    wrong = mending.unsound(county, mend=args.mend)
    found = office.digest(county)
    county.close()
    total = ZERO
    for stream in found:
        total = plus(total, None, stream.digest)
    streams = [
        {
            "area": s.area,
            "lane": s.stream,
            "records": s.records,
            "rev": rev,
            "digest": s.digest.hex(),
            "sound": s.sound,
        }
        for s in found
    ]
    sound = all(s.sound for s in found)
    lines = [f"{s['area']}\t{s['lane']}\t{s['records']}\t{s['digest']}" for s in streams]
    lines += [_unsound_words(form, *counts) for form, counts in sorted(wrong.items())]
    if not sound:
        places = "、".join(f"{s.area} {s.stream}" for s in found if not s.sound)
        lines.append(f"与记下的校验值不符：{places}。各设备上的不受影响；请先备份，再运行 county digest --mend。")
    document: dict[str, object] = {"streams": streams, "digest": total.hex()}
    if wrong:
        document["unsound"] = {form: {"mended": mended, "left": left} for form, (mended, left) in wrong.items()}
    desk.answer(document, "\n".join([*lines, total.hex()]))
    return 0 if sound else 1


def _unsound_words(form: str, mended: int, left: int) -> str:
    told = f"{form}：{mended + left} 条的内容与校验值不符"
    if mended:
        told += f"，{mended} 条已按历史改回原样"
    return told + (f"，{left} 条没有改" if left else "") + "。"


def _with_county(do: Callable[[County, argparse.Namespace, Desk], int]) -> Callable[[argparse.Namespace, Desk], int]:
    def task(args: argparse.Namespace, desk: Desk) -> int:
        county = _open(args)
        try:
            return do(county, args, desk)
        finally:
            county.close()

    return task


def _backup(args: argparse.Namespace, desk: Desk) -> int:
    return county_backup.backup(database(args), args, desk)


def _restore(args: argparse.Namespace, desk: Desk) -> int:
    return county_backup.restore(database(args), args, desk)


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").replace("，", ",").split(",") if part.strip()]


_TASKS = {
    "init": _init,
    "serve": _serve,
    "areas_import": _areas_import,
    "users_add": _users_add,
    "devices_code": _devices_code,
    "devices_grant": _devices_grant,
    "devices_revoke": _devices_revoke,
    "devices_allow": _devices_allow,
    "devices_list": _devices_list,
    "require": _require,
    "digest": _digest,
    **{
        name: _with_county(task)
        for name, task in (county_bundles.TASKS | county_left.TASKS | county_rules.TASKS).items()
    },
    "backup": _backup,
    "restore": _restore,
}

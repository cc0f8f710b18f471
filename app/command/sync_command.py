"""`township sync`: one exchange with the county."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.errors import KnownError

if TYPE_CHECKING:
    from app.store.files import FilesWaiting
    from sync.client import FilesReport, Progress, Report

HELP = "与县中心同步一次"
LOOK_EVERY_MS = 7 * 86_400_000


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The window says how much may go by itself."""
    parser.add_argument("--most", type=int, metavar="BYTES", help="最多用多少流量（字节）；急件不受限制")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Exchange; exit 3 where the network or the county stopped it, with everything that got through kept."""
    from app.command.desk import ring
    from app.command.one_at_a_time import only_one
    from app.command.retiring import wipe_if_ordered
    from sync.client import link_session, sync_all

    office = desk.open_office(even_locked=True)
    if not office.store.sync.state.county:
        raise KnownError("sync.not_enrolled")
    with only_one(desk.home / "sync.lock"), link_session(office.store.meta.get("sync.rate")) as http:
        used = [0]

        def tell(told: Progress) -> None:
            used[0] = told.bytes_up + told.bytes_down
            _tell(desk, told)

        def tell_files(done: int, total: int) -> None:
            desk.progress(done, total, "收发文件", bytes=used[0] + done, expected=max(total - done, 0))

        report, files = sync_all(
            office.store,
            http,
            progress=tell,
            files_progress=tell_files,
            most=args.most,
            stopped=desk.cancelled.is_set,
        )
        wipe_if_ordered(office, desk.home, http, ring())
    rules = office.renew_rules()
    office.store.forget_old_journal()
    # A portion of the quiet look: a value that the disk has flipped is found within a week, and mended by the next exchange.
    office.store.sync.look_on(office.store.now_ms(), LOOK_EVERY_MS)
    waiting = office.store.files.waiting()
    desk.answer({**_document(report, files, waiting), "rules": rules}, _words(report) + _file_words(files, waiting))
    if report.error is not None:
        desk.failed(str(report.error), report.error.code, 3)
        return 3
    return 0


def _tell(desk: Desk, told: Progress) -> None:
    done, used = told.up + told.down, told.bytes_up + told.bytes_down
    desk.progress(done, done + told.left, "同步", bytes=used, expected=told.expected)


def _document(report: Report, files: FilesReport | None, waiting: FilesWaiting) -> dict[str, Any]:
    left = report.left
    return {
        "ok": report.ok,
        "up": {"changes": report.up.count, "bytes": report.up.bytes},
        "down": {"records": report.down.count, "bytes": report.down.bytes},
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "left": {"urgent": left.urgent, "normal": left.normal, "bulk": left.bulk, "files": waiting.total},
        "conflicts": report.conflicts,
        "refused": report.refused,
        "in_agreement": report.in_agreement,
        "halted": report.halted,
        "mended": report.mended,
        "files": {
            "sent": files.sent if files else 0,
            "fetched": files.fetched if files else 0,
            "bytes_up": files.bytes_up if files else 0,
            "bytes_down": files.bytes_down if files else 0,
            "requests": files.requests if files else 0,
            "stopped": files.stopped if files else "",
            "message": str(files.error) if files and files.error else "",
        },
    }


def _file_words(files: FilesReport | None, waiting: FilesWaiting) -> str:
    told = ""
    if files and (files.sent or files.fetched):
        told += f"文件发出 {files.sent} 份，收到 {files.fetched} 份。"
    if files and files.error:
        told += str(files.error)
    return told + (f"还有 {waiting.total} 份文件没有收发完，下次接着来。" if waiting.total else "")


def _words(report: Report) -> str:
    told = f"发出 {report.up.count} 条，收到 {report.down.count} 条，用时 {report.seconds:.1f} 秒。"
    if report.conflicts:
        told += f"有 {report.conflicts} 处两边改得不同，等人定。"
    if report.refused:
        told += f"县里没收下 {report.refused} 条，请看“需处理”。"
    if report.mended:
        told += f"本机有 {report.mended} 条与县中心对不上，已改正。"
    if report.in_agreement:
        return told + "与县中心一致。"
    return told + (f"还有 {report.left.total} 条待发送。" if report.left.total else "")

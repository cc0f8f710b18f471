"""`township doctor`: is everything here as it should be, and what isn't built yet."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from app.command.desk import Desk
from app.errors import KnownError
from app.services.timekeeping import clock_words
from app.store.retirement import locked

if TYPE_CHECKING:
    from app.services.office import Office

HELP = "检查本机：数据、密钥、时钟、磁盘、县中心、字体"
NOT_BUILT = (
    "report week", "report month", "report quarter", "forms add",
    "forms check（XLSForm）",
)  # fmt: skip
_LEAST_FREE = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``ok`` None: could not be looked at, and that is no fault (no network)."""

    name: str
    ok: bool | None
    detail: str


def add(_parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(_args: argparse.Namespace, desk: Desk) -> int:
    """Look at everything; exit 1 where something is wrong."""
    office = desk.open_office(even_locked=True)
    found = [check(office) for check in _CHECKS]
    signs = {True: "好", False: "有问题", None: "没查成"}
    words = [f"{signs[item.ok]}\t{item.name}\t{item.detail}" for item in found]
    words.append("还没有做：" + "、".join(NOT_BUILT))
    ok = all(item.ok is not False for item in found)
    desk.answer({"ok": ok, "checks": [asdict(item) for item in found], "not_built": list(NOT_BUILT)}, "\n".join(words))
    return 0 if ok else 1


def _integrity(office: Office) -> Finding:
    said = office.store.conn.execute("PRAGMA integrity_check").fetchone()[0]
    sealed = office.store.conn.execute("PRAGMA cipher_integrity_check").fetchall()
    return Finding(
        "数据文件", said == "ok" and not sealed, "完好" if said == "ok" and not sealed else "有损坏，请用备份恢复"
    )


def _values(office: Office) -> Finding:
    """Every hash reckoned anew; the kept ones are put right, so that the next exchange sees what differs, and mends it."""
    found = office.store.sync.look()
    if not found:
        return Finding("记录的校验值", True, "一致")
    # Which form and how many: never whose.
    told = [f"{office.forms[form].title} {count} 条与校验值不符" for form, count in found.records.items()]
    if not told:
        told = [f"{len(found.streams)} 个数据流的条数或总校验值不符"]
    with office.store.transaction():
        office.store.meta.set("sync.mended_in_vain", None)
    return Finding("记录的校验值", False, "、".join(told) + "。别的都在；下次同步会按县中心的内容自动改正")


def _in_use(office: Office) -> Finding:
    code = locked(office.store)
    return Finding("本机的登记", not code, "在用" if not code else str(KnownError("sync.locked")))


def _rules(office: Office) -> Finding:
    unread = office.store.ruled.unread()
    told = "；".join(f"{name} 读不懂，照上一版办（{why}）" for name, why in unread.items())
    changed = len({row[1] for row in office.store.ruled.rows()})
    usual = f"县中心改过 {changed} 份" if changed else "都是程序自带的"
    return Finding("办事规则", not unread, f"{told} 请更新本程序。" if unread else usual)


def _journal(office: Office) -> Finding:
    broken = office.store.journal.damaged()
    return Finding("本机日志", not broken, "完好" if not broken else f"{broken} 段读不出来")


def _audit(office: Office) -> Finding:
    at = office.store.audit.broken_at()
    return Finding("操作日志", at is None, "连贯" if at is None else f"第 {at} 行起对不上")


def _disk(office: Office) -> Finding:
    free = shutil.disk_usage(office.store.folder).free
    return Finding("磁盘", free > _LEAST_FREE, f"还有 {free / 1e9:.1f} GB")


def _clock(office: Office) -> Finding:
    said = clock_words(office.store.clock.read())
    return Finding("时钟", not said, said or time.strftime("%Y-%m-%d %H:%M"))


def _county(office: Office) -> Finding:
    import requests

    state = office.store.sync.state
    if not state.url:
        return Finding("县中心", None, "本机还没有登记")
    try:
        answer = requests.get(f"{state.url}/v1/status", timeout=5, verify=state.ca or True)
        known = answer.json().get("county") == state.county
    except (requests.RequestException, ValueError):
        return Finding("县中心", None, f"现在连不上 {state.url}，不影响办事")
    return Finding("县中心", known, state.url if known else "地址上是另一个县中心")


def _fonts(_office: Office) -> Finding:
    from app.exchange.documents.fonts import missing_glyphs

    missing = missing_glyphs("乡镇综治中心人民调解协议书门民长骨身0123456789")
    return Finding("字体", not missing, "文书字体齐全" if not missing else "缺字：" + "".join(missing))


def _printers(_office: Office) -> Finding:
    lister = shutil.which("lpstat")
    if lister is None:
        return Finding("打印机", None, "这个系统上由窗口打印时选择")
    import subprocess

    told = subprocess.run([lister, "-e"], capture_output=True, text=True, timeout=5, check=False).stdout.split()
    return Finding("打印机", True if told else None, "、".join(told) or "没有装打印机，可存成 PDF")


_CHECKS: tuple[Callable[[Office], Finding], ...] = (
    _integrity, _values, _in_use, _rules, _journal, _audit, _disk, _clock, _county, _fonts, _printers,
)  # fmt: skip

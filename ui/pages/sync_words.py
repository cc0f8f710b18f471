"""How the exchange with the county is said in plain words."""

from __future__ import annotations

import datetime as dt

from app.messages import sentence
from app.schema.dates import CHINA
from app.store.agreement import Exchange
from ui.pages.case_words import spoken_time
from ui.pieces.chips import State

_ROADS = {"files": "文件", "network": "网络", "net": "网络", "http": "网络", "bundle": "U 盘", "usb": "U 盘"}
_RESULTS = {
    "ok": State("已收发", "green", "check"),
    "written": State("已写成文件", "blue", "device-floppy"),
    "": State("—", "grey", "info-circle"),
    "sync.paused": State("停下了，下次接着传", "grey", "player-pause"),
    "sync.over_budget": State("流量到额，其余先放着", "grey", "gauge"),
}
_FAILED = {
    "sync.certificate": "县中心证书不对",
    "sync.not_a_county": "答复的不是县中心",
    "sync.foreign_county": "不是本县的服务器",
    "sync.county_restored": "县里刚恢复过备份",
    "sync.revoked": "这台电脑已被停用",
    "sync.wipe": "这台电脑已被停用",
    "sync.no_token": "县里不认识这台电脑",
    "sync.version_unknown": "程序版本不同",
    "sync.busy": "县中心正忙，下次再传",
}
"""Ends that a person should hear of; anything else is the network's day."""


def moment(milliseconds: int) -> dt.datetime:
    """*milliseconds* since 1970 as China's time."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, CHINA)


def said_moment(milliseconds: int, now: dt.datetime) -> str:
    """``今天 10:42``."""
    return spoken_time(moment(milliseconds).isoformat(), now)


def last_time(last: Exchange, now: dt.datetime) -> str:
    """When the last exchange was, shortly: ``10:42`` today."""
    return said_moment(last.at, now)


def went_well(line: Exchange) -> bool:
    """Whether everything of an exchange got through."""
    return result(line).tone == "green"


def road(line: Exchange) -> str:
    """Which way an exchange took."""
    return _ROADS.get(line.road, line.road or "网络")


def result(line: Exchange) -> State:
    """What came of an exchange."""
    if line.result in _RESULTS:
        return _RESULTS[line.result]
    if line.result in _FAILED:
        return State(_FAILED[line.result], "orange", "alert-circle")
    return State("没传完，下次接着传" if line.sent or line.received else "没连上，下次再传", "grey", "cloud-off")


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"


def took(seconds: float) -> str:
    """How long it took."""
    if seconds < 60:
        return f"{seconds:.0f} 秒" if seconds >= 1 else "不到 1 秒"
    return f"{int(seconds // 60)} 分 {int(seconds % 60):02d} 秒"


def refusal(code: str) -> str:
    """Why the county refused a change, in words that say what to do."""
    text = sentence(code)
    if text != code:
        return text
    return _PLAIN.get(
        code.rsplit(".", 1)[-1], f"县中心没有收下（{code}）。本机上的内容还在，请改后再存，或联系县中心。"
    )


_PLAIN = {
    "denied": "您的角色在县中心不能做这一步。本机上的内容还在，请找中心主任。",
    "denied_role": "您的角色在县中心不能做这一步。本机上的内容还在，请找中心主任。",
    "denied_area": "这条不在您的辖区内。本机上的内容还在，请核对所属村。",
    "scope": "这条不在您的辖区内。本机上的内容还在，请核对所属村。",
    "invalid": "内容没有通过县中心的检查。本机上的内容还在，请改好再存。",
    "form_unknown": "县中心还不认得这种记录，多半是县里的程序旧了。本机上的内容还在，请告诉县中心。",
    "deleted": "这条记录在县里已经删除。本机上的内容还在，需要时请重新登记。",
    "immutable": "这种记录只能新增，不能修改。",
}

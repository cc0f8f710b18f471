"""Two offices for the pictures beside the demo: one of today, with nothing in it, and one with the longest real texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.rules.permissions import Permissions
from app.services.office import make_office
from app.store.agreement import Area
from app.store.keys import Cost
from app.store.store import new_key

if TYPE_CHECKING:
    from app.services.office import Office

USER = "林小禾"
TOWNSHIP = "990001101000"
_VILLAGE = "990001101201"
_NAME = "阿依古丽·买买提·吐尔逊·努尔艾合买提汗"
_UNIT = "云岭自治县综合行政执法局云岭镇综合行政执法大队第二中队"
_ADDRESS = (
    "云岭自治县云岭镇大寨子彝族傣族拉祜族村民委员会上寨第三村民小组易地扶贫搬迁集中安置点希望小区12幢3单元12楼1204室"
)
_TITLE = "大寨子村上寨第三村民小组易地扶贫搬迁安置点12幢至15幢之间排污主管道连续三日反水并漫入一楼四户老人家中无法居住"


def empty(home: Path, now: dt.datetime) -> tuple[Office, bytes]:
    """An office of today: a township and two villages, and nothing else."""
    key = new_key()
    office = desk(home, key, now.timestamp, "云岭镇综治中心", "云岭镇", "上寨村")
    return office, key


def longest(home: Path, now: dt.datetime) -> tuple[Office, bytes]:
    """An office whose names, addresses, titles and units are as long as real ones get."""
    key = new_key()
    office = desk(
        home,
        key,
        now.timestamp,
        "云岭自治县云岭镇社会治安综合治理中心",
        "云岭彝族傣族拉祜族镇",
        "大寨子彝族傣族拉祜族村",
    )
    grid = _made(office, "grid", name="易地扶贫搬迁集中安置点第一网格")
    building = _made(office, "building", name="希望小区12幢", grid=grid)
    dwelling = _made(office, "dwelling", address=_ADDRESS, building=building, grid=grid)
    home_id = _made(office, "household", head_name=_NAME, number="530000000012", dwelling=dwelling, contact=_NAME)
    person = {"household": home_id, "hukou_address": _ADDRESS, "live_address": _ADDRESS, "phone": "19900000012"}
    note = "长期在沿海电子厂务工，春节返乡；老人由邻居照看，紧急联系人为其胞妹，号码有变动时先打村委会值班电话"
    _made(
        office, "resident", name=_NAME, relation="0", id_number="11010519491231002X", presence="away",
        occupation="易地扶贫搬迁安置点护林员兼保洁员", workplace=_UNIT, remark=note, **person,
    )  # fmt: skip
    _made(office, "resident", name="买买提江·阿不都热依木·艾合买提", relation="1", **person)
    report = {
        "title": _TITLE,
        "category": "facility_light",
        "place": _ADDRESS,
        "channel": "phone",
        "reporter": _NAME,
        "reporter_phone": "19900000012",
        "detail": f"{_NAME}来电：{_TITLE}，已有四户老人家中进水，住户自行用沙袋堵门，请尽快派人抽排并查明原因。",
    }
    case = office.cases.report(report, area=_VILLAGE).record
    assert case is not None
    office.cases.act(case.id, "accept", {})
    office.cases.act(case.id, "assign", {"lead_unit": _UNIT, "unit": _UNIT})
    return office, key


def desk(home: Path, key: bytes, clock: Callable[[], float], unit: str, township: str, village: str) -> Office:
    """An office of *unit* over a *township* with two villages; *clock* in seconds since 1970."""
    account = {"name": USER, "roles": list(Permissions.load().township_roles()), "areas": [TOWNSHIP], "unit": unit}
    office = make_office(home, key, USER, "demo", account, now=clock, cost=Cost(1024, 1, 1))
    areas = [Area(TOWNSHIP, township, "township"), Area(_VILLAGE, village, "village", TOWNSHIP)]
    office.store.sync.set_areas([*areas, Area("990001101202", "下寨村", "village", TOWNSHIP)])
    return office


def _made(office: Office, form: str, **values: object) -> str:
    outcome = office.records.save(form, values, area=_VILLAGE)
    assert outcome.record is not None, outcome.faults
    return outcome.record.id

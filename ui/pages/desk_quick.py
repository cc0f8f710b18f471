"""What a line typed on the desk says: where, what, how urgent, who called; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.schema.codes import CodeList
from app.schema.kinds import Phone
from ui.pieces.chips import State

_PHONE = re.compile(r"(?<!\d)(1\d{10}|0\d{2,3}-?\d{7,8})(?!\d)")
_CALLER = re.compile(r"(?:^|[\s，,。；;、])([\u4e00-\u9fff·]{2,4}?)(?:来电|打电话|电话|反映|报告)")
# What a caller says behind the village: 一组, 三社12号, 2栋 门口. Anything else after it may be the matter itself.
_WITHIN = re.compile(
    r"\s*((?:第?[\d一二三四五六七八九十百]{1,4}(?:村民小组|小组|组|社|队|巷|弄|栋|幢|号楼|号|单元|室))+(?:路口|门口|附近|旁边|对面)?)"
)
_URGENT = {
    "critical": ("特急", "特别紧急", "有人受伤", "起火", "着火", "塌方", "溺水", "打起来"),
    "urgent": ("紧急", "加急", "危险", "马上", "尽快", "滑坡", "漏电", "倒塌"),
}


@dataclass(frozen=True)
class Place:
    """A village or grid as a clerk may name it; ``grid`` is its record id where it is one."""

    name: str
    area: str
    area_name: str = ""
    grid: str = ""


@dataclass(frozen=True)
class Quick:
    """What was recognised; ``title`` is the line without its phone number."""

    title: str
    area: str = ""
    place: str = ""
    grid: str = ""
    category: str = ""
    urgency: str = ""
    phone: str = ""
    reporter: str = ""
    words: tuple[State, ...] = field(default=())

    def values(self) -> dict[str, Any]:
        """The values of the event's form."""
        found = {
            "title": self.title,
            "place": self.place,
            "grid": self.grid,
            "category": self.category,
            "urgency": self.urgency,
            "reporter": self.reporter,
            "reporter_phone": self.phone,
            "channel": "phone" if self.phone or self.reporter else "",
        }
        return {name: value for name, value in found.items() if value}


def read_line(text: str, places: Sequence[Place], codes: Mapping[str, CodeList]) -> Quick:
    """Recognise what *text* says; what isn't recognised stays in the title and nothing is invented."""
    phone_found = _PHONE.search(text)
    phone = phone_found.group(1) if phone_found else ""
    title = re.sub(r"\s+", " ", text.replace(phone, " ") if phone else text).strip(" ，,。；;、")
    place = _place(text, places)
    within = _within(text, place.name) if place and not place.grid else ""
    category, category_words = _category(text, codes)
    urgency = next((code for code, known in _URGENT.items() if any(word in text for word in known)), "")
    caller = _CALLER.search(text)
    reporter = caller.group(1) if caller else ""
    said = []
    if place:
        where = f"{place.area_name} › {place.name}" if place.grid else f"{place.name}{within}"
        said.append(State(where, "plain", "map-pin"))
    if category:
        said.append(State(category_words, "plain", "tag"))
    if reporter:
        said.append(State(reporter, "plain", "user"))
    if phone:
        said.append(State(Phone().mask(phone), "plain", "phone"))
    if urgency:
        said.append(State(codes["urgency"].label(urgency), "orange", "flag"))
    return Quick(
        title[:100],
        place.area if place else "",
        (f"{place.area_name}{place.name}" if place.grid else f"{place.name}{within}") if place else "",
        place.grid if place else "",
        category,
        urgency,
        phone,
        reporter,
        tuple(said),
    )


def _place(text: str, places: Sequence[Place]) -> Place | None:
    """The place named: the longest name wins, a grid of the village named beats the village."""
    flat = re.sub(r"\s", "", text)
    villages = [place for place in places if not place.grid and _named(place.name, flat)]
    village = max(villages, key=lambda place: len(place.name), default=None)
    grids = [place for place in places if place.grid and (village is None or place.area == village.area)]
    named = [place for place in grids if _grid_named(place, flat, village)]
    return max(named, key=lambda place: len(place.name), default=None) or village


def _named(name: str, text: str) -> bool:
    return name in text or (len(name) > 2 and name[-1] in "村镇乡" and name[:-1] in text)


def _within(text: str, village: str) -> str:
    """Where in the *village* it is, as the line says right behind its name; "" where it doesn't say."""
    for name in (village, village[:-1]):
        if len(name) > 1 and (at := text.find(name)) >= 0:
            found = _WITHIN.match(text, at + len(name))
            return found.group(1) if found else ""
    return ""


def _grid_named(grid: Place, text: str, village: Place | None) -> bool:
    if grid.name in text:
        return True
    if village is None:
        return False
    # 三网格, 3网格 and 第三网格 are the same grid to a caller, once the village is named.
    figure = re.search(r"第?([一二三四五六七八九十\d]+)网格", grid.name)
    if not figure:
        return False
    also = {figure.group(1), _other_figure(figure.group(1))}
    return any(re.search(rf"(?<![\d一二三四五六七八九十]){number}网格", text) for number in also if number)


def _other_figure(figure: str) -> str:
    chinese = "一二三四五六七八九十"
    if figure.isdigit():
        return chinese[int(figure) - 1] if 1 <= int(figure) <= 10 else ""
    return str(chinese.index(figure) + 1) if figure in chinese else ""


def _category(text: str, codes: Mapping[str, CodeList]) -> tuple[str, str]:
    """The class whose label or alias is named, the most particular one; with the words that say it."""
    found = codes.get("event_class")
    if found is None:
        return "", ""
    best: tuple[int, str] = (0, "")
    for item in found.items:
        for word in (item.label, *item.aliases):
            if word in text and item.code not in ("other", "unclassified") and len(word) > best[0]:
                best = (len(word), item.code)
    return best[1], class_words(best[1], found) if best[1] else ""


def class_words(code: object, codes: CodeList) -> str:
    """``公共设施 › 路灯照明``: a class below those above it."""
    if code is None:
        return ""
    return " › ".join(item.label for item in codes.path(str(code))) or str(code)

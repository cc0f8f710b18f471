"""What a reader of identity cards types or copies, split into the fields of a person."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.schema.dates import read_date
from app.schema.identity import read_identity
from app.schema.values import BadValue, narrow, person_name, plain

# What is printed on the card, in the words that readers put before it; None: read over and not kept.
_LABELS: dict[str, str | None] = {
    r"姓\s*名": "name",
    r"性\s*别": "sex",
    r"民\s*族": None,
    r"出\s*生\s*(?:日\s*期|年\s*月\s*日?|时\s*间)?|生\s*日": "birth_date",
    r"住\s*址|地\s*址|户籍\s*地址|家庭住址": "address",
    r"(?:公民)?身\s*份\s*(?:证)?\s*(?:件)?号\s*码?|证\s*件\s*号\s*码?": "id_number",
    r"签\s*发\s*机\s*关|发\s*证\s*机\s*关|签发": None,
    r"有\s*效\s*(?:期\s*限|期\s*限?|日\s*期)?\s*[起止始终]?|起始日期|截止日期": None,
    r"(?:卡|证)?\s*芯片号?|安全模块号|指纹\S*|照片": None,
}
_LABEL = re.compile("|".join(f"(?P<l{n}>{pattern})" for n, pattern in enumerate(_LABELS)))
_FIELDS = tuple(_LABELS.values())
_BREAKS = re.compile(r"[\t\n\r|,，;；#]+|\s{2,}")
_SEPARATORS = " \u3000\t\n\r:：=|,，;；#、。"
_NUMBER = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15})(?!\d)")
_HAN_NAME = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff·]{2,20}")
_PLACE = re.compile(r"[省市区县州旗乡镇村路街巷组号栋幢室]")
_SEXES = {"男": "1", "女": "2", "1": "1", "2": "2"}
# Read only to be passed over: a card without labels has it between sex and birth date.
_ETHNICITIES = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 "
    "柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 "
    "鄂伦春 赫哲 门巴 珞巴 基诺"
)
_PASSED_OVER = frozenset(_ETHNICITIES.split())


@dataclass(frozen=True, slots=True)
class Card:
    """What was read of one card: as it stood there, where its kind can't take it; empty where nothing was said.

    ``sex`` is a code of GB/T 2261.1, ``birth_date`` ISO. People's ethnicity stands on the card too; it is not kept.
    """

    name: str = ""
    sex: str = ""
    birth_date: str = ""
    address: str = ""
    id_number: str = ""


def looks_like_card(text: str) -> bool:
    """Whether *text* is more than one field of a card: worth ``read_card``."""
    return (len(_labelled(text)) > 1) or bool(_NUMBER.search(narrow(text)) and len(_parts(text)) > 1)


def begins_card(text: str) -> bool:
    """Whether *text* begins as a reader begins that says its labels: 姓名 and then the name."""
    return re.match(r"\s*姓\s*名\s*[:：\t ]?\s*\S", text) is not None


def read_card(text: str) -> Card | None:
    """The card of *text*: labelled lines, labels in one line, or values alone by tabs, lines or commas; None where there is no name or number."""
    found = _labelled(text) or _alone(text)
    number = _number(found.get("id_number", "")) or _number(text)
    name = person_name(found.get("name", "").strip(_SEPARATORS))
    if not name or not number:
        return None
    return Card(
        name,
        _SEXES.get(found.get("sex", "").strip(_SEPARATORS)[:1], ""),
        _day(found.get("birth_date", "")),
        _address(found.get("address", "")),
        number,
    )


def read_cards(text: str) -> list[Card]:
    """The cards of *text*, where one begins at each name with its label, or on each line of values."""
    starts = [found.start() for found in re.finditer(r"姓\s*名", text)]
    if starts:
        parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        parts = lines if lines and all(_NUMBER.search(narrow(line)) for line in lines) else [text]
    return [card for part in parts if (card := read_card(part)) is not None]


def _labelled(text: str) -> dict[str, str]:
    """What stands behind each label, up to the next."""
    marks = [found for found in _LABEL.finditer(text) if _is_label(text, found)]
    if not marks or not any(_field(found) == "name" for found in marks):
        return {}
    values: dict[str, str] = {}
    for here, following in zip(marks, [*marks[1:], None], strict=True):
        field = _field(here)
        value = text[here.end() : following.start() if following else len(text)].strip(_SEPARATORS)
        if field and value:
            values.setdefault(field, value)
    return values


def _is_label(text: str, found: re.Match[str]) -> bool:
    """A label stands at the begin, behind a break or a sign, or its value follows it at once; in an address it is none."""
    before = text[: found.start()].rstrip(" \u3000")
    return not before or before[-1] in _SEPARATORS or text[found.end() : found.end() + 1] in ":：" or len(found[0]) > 1


def _field(found: re.Match[str]) -> str | None:
    return _FIELDS[int(str(found.lastgroup)[1:])]


def _alone(text: str) -> dict[str, str]:
    """Values without labels, each known by what it looks like."""
    values: dict[str, str] = {}
    for part in _parts(text):
        if _number(part):
            values.setdefault("id_number", part)
        elif part in ("男", "女"):
            values.setdefault("sex", part)
        elif part.removesuffix("族") in _PASSED_OVER and "name" in values:
            continue
        elif "name" not in values and _HAN_NAME.fullmatch(part):
            values["name"] = part
        elif "birth_date" not in values and _day(part):
            values["birth_date"] = part
        elif (
            "address" not in values and len(part) > 5 and _PLACE.search(part) and not part.endswith(("公安局", "分局"))
        ):
            values["address"] = part
    return values


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in _BREAKS.split(plain(text))]
    parts = [part for part in parts if part]
    return parts if len(parts) > 2 else text.split()


def _number(text: str) -> str:
    """The number of *text* that is right, else the first that looks like one: it is the clerk's to mend."""
    bare = re.sub(r"(?<=\d) (?=[\dXx])", "", narrow(text)).replace("x", "X")
    held = [found[1] for found in _NUMBER.finditer(bare)]
    for number in held:
        try:
            return read_identity(number).number
        except BadValue:
            continue
    return held[0] if held else ""


def _day(text: str) -> str:
    try:
        return read_date(text.strip(_SEPARATORS)) if text.strip(_SEPARATORS) else ""
    except BadValue:
        return ""


def _address(text: str) -> str:
    return re.sub(r"\s+", "", narrow(text)).strip(_SEPARATORS)

"""Dates and times in all the ways clerks write them, in figures and in Chinese characters."""

from __future__ import annotations

import datetime
import re

from app.schema.values import BadValue, narrow, plain

CHINA = datetime.timezone(datetime.timedelta(hours=8))
_EXCEL_ZERO = datetime.date(1899, 12, 30)
_DAY = re.compile(r"(\d{4}|\d{2})[-./年](\d{1,2})[-./月](\d{1,2})[日号]?")
_PART = re.compile(r"(\d{4}|\d{2}(?=年))(?:[-./年](\d{1,2})?月?)?")
_HAN_DIGITS = {
    sign: digit
    for digit, signs in enumerate(("〇零○Ｏ", "一", "二", "三", "四", "五", "六", "七", "八", "九"))
    for sign in signs
}
_HAN_NUMBER = re.compile(f"[{''.join(_HAN_DIGITS)}十廿卅]+(?=[年月日号]|$)")
# Names of months and days that only the lunar calendar has.
_LUNAR = re.compile(r"农历|阴历|旧历|闰|正月|冬月|腊月|初[一二三四五六七八九十]|大年|除夕")
_REPUBLIC = re.compile(r"民国(\d{1,3}|元)(?=年)")
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLOCK = re.compile(
    r"[T\s]*(?P<half>凌晨|早上|上午|中午|下午|晚上)?\s*(?P<h>\d{1,2})[:时点](?:(?P<m>\d{1,2})分?)?(?::(?P<s>\d{1,2}))?(?:\.\d+)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?$"
)


def read_date(raw: object, today: datetime.date | None = None) -> str:
    """Return *raw* as an ISO date; raise BadValue("date_wrong", "date_incomplete" or "date_lunar").

    Takes dates, Excel serial numbers, 19870305, 1987.3.5, 1987/3/5, 1987年3月5日, 87-3-5, 二〇二六年九月一日, 民国35年3月5日.
    """
    if isinstance(raw, str) and _ISO.fullmatch(raw):
        return _date(raw[:4], raw[5:7], raw[8:], raw)  # as nearly all that were ever saved are
    if isinstance(raw, datetime.datetime):
        return (raw.astimezone(CHINA) if raw.tzinfo else raw).date().isoformat()
    if isinstance(raw, datetime.date):
        return raw.isoformat()
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _from_number(float(raw))
    text = narrow(plain(str(raw)))
    # The time of day goes first: without the space before it nobody could tell 1日 10:00 from 11日.
    text = re.sub(r"\s+", "", _CLOCK.sub("", text))
    if _LUNAR.search(text):
        # Which day it was depends on tables that nobody here has checked: the clerk has the card with the right one.
        raise BadValue("date_lunar", value=str(raw))
    text = _figures(text)
    if re.fullmatch(r"\d{8}", text):
        return _date(text[:4], text[4:6], text[6:], raw)
    if re.fullmatch(r"\d{4,5}(\.0+)?", text):
        return _from_number(float(text))
    found = _DAY.fullmatch(text)
    if not found:
        raise BadValue("date_incomplete" if _PART.fullmatch(text) else "date_wrong", value=str(raw))
    year, month, day = found.groups()
    if len(year) == 2:
        this_year = (today or datetime.datetime.now(CHINA).date()).year
        year = str(2000 + int(year) if 2000 + int(year) <= this_year else 1900 + int(year))
    return _date(year, month, day, raw)


def _figures(text: str) -> str:
    """*text* with Chinese numbers in figures: 二〇二六年九月二十一日, and years of the Republic (民国元年 = 1912)."""
    text = _HAN_NUMBER.sub(lambda found: _figure(found[0]), text)
    return _REPUBLIC.sub(lambda found: str(1911 + (1 if found[1] == "元" else int(found[1]))), text)


def _figure(number: str) -> str:
    tens = number.replace("廿", "二十").replace("卅", "三十")
    if "十" not in tens:
        return "".join(str(_HAN_DIGITS[sign]) for sign in tens)
    before, _, after = tens.partition("十")
    if len(before) > 1 or len(after) > 1:
        return number
    return str((_HAN_DIGITS[before] if before else 1) * 10 + (_HAN_DIGITS[after] if after else 0))


def _from_number(number: float) -> str:
    if number.is_integer() and 18_000_101 <= number <= 21_001_231:
        text = str(int(number))
        return _date(text[:4], text[4:6], text[6:], number)
    # A cell with 1987 or 1987.3 is a year, or a year and a month; as a serial number it would be a day of 1905.
    if 1 <= number < 80_000 and not 1900 <= number < 2100:
        return (_EXCEL_ZERO + datetime.timedelta(days=int(number))).isoformat()
    year = 1900 <= number < 2100
    raise BadValue("date_incomplete" if year else "date_wrong", value=f"{number:g}")


def _date(year: str, month: str, day: str, raw: object) -> str:
    try:
        return datetime.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise BadValue("date_wrong", value=str(raw)) from None


def read_time(raw: object) -> str:
    """Return *raw* as ``YYYY-MM-DDTHH:MM:SS+08:00`` (China standard time); raise BadValue("time_wrong").

    A time of another zone is converted; a bare date stands for its midnight, an Excel serial number for its moment.
    """
    if isinstance(raw, datetime.datetime):
        moment = raw if raw.tzinfo else raw.replace(tzinfo=CHINA)
        return moment.astimezone(CHINA).isoformat(timespec="seconds")
    text = narrow(plain(str(raw)))
    try:
        moment = datetime.datetime.fromisoformat(text)
        return read_time(moment)
    except (ValueError, OverflowError):
        pass
    found = _CLOCK.search(text)
    try:
        day = datetime.date.fromisoformat(read_date(text[: found.start()] if found else raw))
        if found:
            moment = _at(day, found)
        else:
            moment = datetime.datetime(day.year, day.month, day.day, tzinfo=CHINA) + _part_of_day(raw)
        return moment.astimezone(CHINA).isoformat(timespec="seconds")
    except (BadValue, ValueError, OverflowError):
        raise BadValue("time_wrong", value=str(raw)) from None


def _at(day: datetime.date, clock: re.Match[str]) -> datetime.datetime:
    hour = int(clock["h"])
    if clock["half"] in ("中午", "下午", "晚上") and hour < 12:
        hour += 12 if clock["half"] != "中午" or hour < 3 else 0
    zone = (clock["zone"] or "+08:00").replace("Z", "+00:00")
    at = f"{day.isoformat()}T{hour:02}:{int(clock['m'] or 0):02}:{int(clock['s'] or 0):02}{zone}"
    return datetime.datetime.fromisoformat(at)


def _part_of_day(raw: object) -> datetime.timedelta:
    if isinstance(raw, float) and 1 <= raw < 80_000:
        return datetime.timedelta(seconds=round(raw % 1 * 86_400))
    return datetime.timedelta()


def china_time(milliseconds: int) -> str:
    """The ISO time in China of *milliseconds* since 1970 UTC."""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, CHINA).isoformat(timespec="seconds")


def spoken_date(iso: str) -> str:
    """``2026年9月18日``, as documents print a date (GB/T 9704)."""
    day = datetime.date.fromisoformat(iso[:10])
    return f"{day.year}年{day.month}月{day.day}日"

"""The rows of an export as orders: every cell goes into a field, or stays as it is under 原系统信息; nothing is dropped unsaid."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.exchange.excel.layout import Column, Layout, Row
from app.exchange.excel.words import Words
from app.exchange.excel.workbook import Cell, is_blank, text_of
from app.exchange.orders.shape import KEEP, LISTS, Shape, Told, code_of
from app.exchange.orders.times import day_number, with_year
from app.exchange.roster.plan import Finding
from app.messages import sentence
from app.rules.village_names import village_in
from app.schema.codes import CodeList
from app.schema.dates import CHINA, read_time
from app.schema.form import Form
from app.schema.values import BadValue, Value, comparable, plain, tight
from app.services.orders import Order, print_of

_LOST = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_LARGEST = 1e15
_TITLE = 40
_LABELS = {"class": "类别", "urgency": "紧急程度", "unit": "承办单位", "state": "状态"}
_MOST_DETAIL = 4000


@dataclass
class Reading:
    """Reads the rows of one file. ``words_met``: by target, how often each word of the source came."""

    source: str
    shape: Shape
    told: Told
    words: Words
    form: Form
    codes: Mapping[str, CodeList]
    villages: Mapping[str, str]
    area: str
    refused: list[Finding] = field(default_factory=list)
    flagged: list[Finding] = field(default_factory=list)
    words_met: dict[str, Counter[str]] = field(default_factory=dict)

    def orders(self, layout: Layout) -> Iterator[Order]:
        """The orders of a sheet; what is wrong with the others is in ``refused``."""
        kept = [c for c in layout.columns if self.shape.target_of(c, self.told.columns) == KEEP]
        for row in layout.rows:
            order = _Line(self, layout, row, kept).order()
            if order is not None:
                yield order

    def match(self, target: str, word: str) -> str | None:
        """What *word* of the source stands for with us; None where nobody knows."""
        by_hand = self.told.value(target, word)
        if by_hand:
            return by_hand
        if target in LISTS:
            return code_of(self.codes[LISTS[target]], word)
        if target == "state":
            return self.shape.state(word) or None
        return word


class _Line:
    """One row on its way to an order."""

    def __init__(self, reading: Reading, layout: Layout, row: Row, kept: list[Column]) -> None:
        self._in, self._layout, self._row, self._kept = reading, layout, row, kept
        self._more: list[str] = []
        self._values: dict[str, Value] = {}
        self._worked_out: set[str] = set()

    def order(self) -> Order | None:
        reading = self._in
        title, detail = self._text("title"), self._text("detail")
        if not title and not detail:
            self._refuse("title", "empty")
            return None
        number, lost = self._number()
        if lost:
            self._refuse("number", lost)
            return None
        longest = int(getattr(reading.form.fields["title"].kind, "max", None) or 100)
        if len(title) > longest:
            # The whole of a long title stands where its end isn't lost.
            detail = f"{title}\n{detail}".strip()
            title = title[:longest]
        first = re.split(r"[。；;！!？?\n]", detail, maxsplit=1)[0]
        self._values["title"] = plain(title or first[:_TITLE]) or title
        self._put("detail", detail)
        self._put("place", self._text("place"))
        self._put("reporter", self._text("reporter"))
        self._phone()
        self._moments()
        self._class()
        self._urgency()
        self._unit()
        state = self._state()
        area = self._area()
        for column in self._kept:
            text = text_of(self._cell(column)).strip()
            if text:
                heading = (
                    f"{column.group}·{column.heading}"
                    if column.group and column.group != column.heading
                    else column.heading
                )
                self._more.append(f"{heading}：{text}")
        self._values |= {"order_source": reading.source, "channel": reading.shape.channel(reading.source)}
        key = comparable(number)
        if number:
            self._values["order_no"] = number
        else:
            # A time that was worked out is no part of it: the same order would be another than when it wasn't.
            names = ("title", "detail", "place", "found_at", "reporter_phone")
            said = ["" if name in self._worked_out else self._values.get(name) or "" for name in names]
            key = f"content {print_of('|'.join(map(str, said)))}{print_of(detail)}"
            self._flag("number", "no_number")
        self._put("order_more", "\n".join(self._more))
        clean, faults = reading.form.clean(self._values)
        if faults:
            fault = faults[0]
            reading.refused.append(
                Finding(self._layout.sheet.name, self._row.number, fault.field, fault.code, fault.message)
            )
            return None
        values = {name: value for name, value in clean.items() if value is not None}
        return Order(self._layout.sheet.name, self._row.number, reading.source, key, area, values, state)

    # -- cells ------------------------------------------------------------------------------------------------------------------

    def _cell(self, column: Column) -> Cell:
        cells = self._layout.sheet.rows[self._row.number - 1]
        return cells[column.index] if column.index < len(cells) else None

    def _text(self, target: str) -> str:
        cell = self._row.cells.get(f"order.{target}")
        text = "" if is_blank(cell) else plain(text_of(cell))
        return "" if target != "detail" and self._in.words.says_nothing(text) else text

    def _heading(self, target: str) -> str:
        column = self._layout.by_target.get(f"order.{target}")
        return column.heading if column else ""

    def _put(self, name: str, text: str) -> None:
        """*text* into a field; what is longer than it takes goes on under 原系统信息."""
        if not text:
            return
        item = self._in.form.fields[name]
        try:
            item.kind.check(text)
            self._values[name] = text
        except BadValue:
            longest = int(getattr(item.kind, "max", None) or _MOST_DETAIL)
            if len(text) <= longest:
                self._more.append(f"{item.label}：{text}")
            else:
                self._values[name] = text[:longest]
                self._more.append(f"{item.label}：{text}")
                self._flag(name, "too_long", label=item.label)

    def _number(self) -> tuple[str, str]:
        cell = self._row.cells.get("order.number")
        if is_blank(cell):
            return "", ""
        text = tight(text_of(cell)).lstrip("'’`")
        if (isinstance(cell, float | int) and abs(cell) >= _LARGEST) or _LOST.fullmatch(text):
            return "", "number_lost"
        return text, "number_long" if len(text) > 60 else ""

    def _phone(self) -> None:
        text = self._text("phone")
        if not text:
            return
        try:
            self._values["reporter_phone"] = self._in.form.fields["reporter_phone"].kind.check(text)
        except BadValue:
            self._more.append(f"{self._heading('phone')}：{text}")
            self._flag("phone", "phone_wrong", value=text)

    def _moments(self) -> None:
        """When the order came in and when a reply is due; of a day without a year the other one tells which."""
        cells = {target: self._row.cells.get(f"order.{target}") for target in ("received", "due")}
        read = {target: self._moment(target, cell) for target, cell in cells.items()}
        for target, other, name in (("received", "due", "found_at"), ("due", "received", "reply_due")):
            cell, moment = cells[target], read[target]
            if moment is None:
                continue
            if not moment:
                with contextlib.suppress(BadValue):
                    moment = with_year(text_of(cell), read[other] or "", later=target == "due")
                    self._worked_out.add(name)
            if not moment:
                label = self._heading(target)
                self._more.append(f"{label}：{text_of(cell)}")
                self._flag(target, "time_wrong", label=label, value=text_of(cell))
                continue
            if target == "due" and moment[11:19] == "00:00:00":
                # A day by which an answer is due ends with it.
                day = datetime.datetime.fromisoformat(moment).astimezone(CHINA)
                moment = day.replace(hour=23, minute=59, second=59).isoformat(timespec="seconds")
            self._values[name] = moment

    def _moment(self, target: str, cell: Cell) -> str | None:
        """The moment in *cell*; empty where none can be read from it, None where nothing is said."""
        if is_blank(cell) or self._in.words.says_nothing(text_of(cell)):
            return None
        raw: object = cell
        if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime):
            raw = cell.isoformat()
        try:
            return read_time(raw)
        except BadValue:
            pass
        try:
            moment = day_number(text_of(cell))
        except BadValue:
            return ""
        self._worked_out.add("found_at" if target == "received" else "reply_due")
        return moment

    # -- values that are matched ------------------------------------------------------------------------------------------------

    def _matched(self, target: str) -> tuple[str, str | None]:
        word = self._text(target)
        if not word:
            return "", None
        self._in.words_met.setdefault(target, Counter())[word] += 1
        return word, self._in.match(target, word)

    def _class(self) -> None:
        word, code = self._matched("class")
        if word and code is None:
            self._flag("class", "class_unknown", value=word)
        if word and (code is None or comparable(self._in.codes["event_class"].label(code)) != comparable(word)):
            self._more.append(f"{self._heading('class')}：{word}")
        self._values["category"] = code or "unclassified"

    def _urgency(self) -> None:
        word, code = self._matched("urgency")
        if word and code is None:
            self._flag("urgency", "urgency_unknown", value=word)
            self._more.append(f"{self._heading('urgency')}：{word}")
        if code:
            self._values["urgency"] = code

    def _unit(self) -> None:
        word, unit = self._matched("unit")
        self._put("order_unit", unit or "")
        if word and unit != word:
            self._more.append(f"{self._heading('unit')}：{word}")

    def _state(self) -> str:
        return self._matched("state")[1] or ""

    def _area(self) -> str:
        text = self._text("village")
        if not text:
            # The hotline's sheets have an address and no column for the village.
            return village_in(comparable(self._text("place")), self._in.villages) or self._in.area
        found = self._in.villages.get(self._in.words.village(text))
        if found is None:
            self._more.append(f"{self._heading('village')}：{text}")
            self._flag("village", "village_unknown", value=text)
        return found or self._in.area

    # -- what is said -----------------------------------------------------------------------------------------------------------

    def _refuse(self, name: str, code: str) -> None:
        self._in.refused.append(
            Finding(self._layout.sheet.name, self._row.number, name, code, sentence(f"orders.{code}"))
        )

    def _flag(self, name: str, code: str, **params: object) -> None:
        self._in.flagged.append(
            Finding(self._layout.sheet.name, self._row.number, name, code, sentence(f"orders.{code}", **params))
        )

"""A date typed any way: 9.18, 20260918, 今天, 昨天, 2026年9月18日, or picked from a calendar."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from PySide6.QtCore import QDate, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QLineEdit, QToolButton, QWidget

from app.schema.dates import CHINA, read_date
from app.schema.values import BadValue
from ui import icons, theme
from ui.chinese import LOCALE

_NEAR = {"前天": -2, "昨天": -1, "今天": 0, "今日": 0, "明天": 1, "后天": 2}


_correction = dt.timedelta()


def correct_by(milliseconds: int) -> None:
    """How far this machine's clock is wrong, as the store knows it: what is proposed as "today" must not be in 2009."""
    global _correction  # noqa: PLW0603 - one machine has one clock
    _correction = dt.timedelta(milliseconds=milliseconds)


def china_now() -> dt.datetime:
    """The time in China, corrected."""
    return dt.datetime.now(CHINA) + _correction


def china_today() -> dt.date:
    """The date in China now, corrected."""
    return china_now().date()


def read_typed(text: str, today: dt.date) -> str | None:
    """Return what was typed as an ISO date, None when empty; raise BadValue("date_wrong").

    Beside what `read_date` takes: 今天, 昨天, 明天, +3 and -1 (days), and month.day of this year.
    """
    said = text.strip().replace("。", ".")
    if not said:
        return None
    if said in _NEAR:
        return (today + dt.timedelta(days=_NEAR[said])).isoformat()
    if re.fullmatch(r"[+-]\d{1,3}", said):
        return (today + dt.timedelta(days=int(said))).isoformat()
    if found := re.fullmatch(r"(\d{1,2})[-./月](\d{1,2})[日号]?", said):
        said = f"{today.year}-{found[1]}-{found[2]}"
    return read_date(said, today)


class DateEntry(QLineEdit):
    """``DateEntry("2026-09-18")``. Signals ``changed(iso or None)``, ``refused(sentence)``.

    It reads on leaving and on Enter; Up and Down move a day, F4 opens the calendar. What can't be read stays, marked.
    """

    changed = Signal(object)
    refused = Signal(str)

    def __init__(self, value: str | None = None, today: Callable[[], dt.date] = china_today) -> None:
        super().__init__()
        self._today, self._value = today, value
        self.setPlaceholderText("如 9.18、今天")
        self.setMinimumWidth(140)
        action = QAction(icons.icon("calendar"), "日历（F4）", self)
        action.triggered.connect(self.open_calendar)
        self.addAction(action, QLineEdit.ActionPosition.TrailingPosition)
        self.editingFinished.connect(self.read)
        self._calendar: QWidget | None = None
        self.set_value(value)

    def value(self) -> str | None:
        """The ISO date that stands there; None when empty or unreadable."""
        return self._value

    def set_value(self, value: str | None) -> None:
        """Show *value*, an ISO date or None."""
        self._value = value
        self.setText(value or "")
        self._mark("")

    def read(self) -> None:
        """Take what was typed."""
        try:
            value = read_typed(self.text(), self._today())
        except BadValue:
            self._value = None
            self._mark("看不出是哪一天。可写成 2026-09-18、9.18 或“今天”。")
            self.refused.emit(self.toolTip())
            return
        different = value != self._value
        self.set_value(value)
        if different:
            self.changed.emit(value)

    def open_calendar(self) -> None:
        """Pick from a calendar."""
        calendar = QCalendarWidget(self)
        calendar.setWindowFlags(Qt.WindowType.Popup)
        calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        calendar.setLocale(LOCALE)
        _dress(calendar)
        calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        calendar.setSelectedDate(QDate.fromString(self._value or self._today().isoformat(), Qt.DateFormat.ISODate))
        calendar.clicked.connect(self._on_picked)
        calendar.activated.connect(self._on_picked)
        calendar.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        self._calendar = calendar
        calendar.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if event.key() == Qt.Key.Key_F4:
            self.open_calendar()
        elif event.key() in steps and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            day = dt.date.fromisoformat(self._value) if self._value else self._today()
            self.setText((day + dt.timedelta(days=steps[event.key()])).isoformat())
            self.read()
        else:
            super().keyPressEvent(event)

    def _on_picked(self, day: QDate) -> None:
        if self._calendar is not None:
            self._calendar.close()
            self._calendar.deleteLater()
            self._calendar = None
        self.setText(day.toString(Qt.DateFormat.ISODate))
        self.read()

    def _mark(self, why: str) -> None:
        self.setToolTip(why)
        if bool(self.property("wrong")) != bool(why):
            self.setProperty("wrong", "true" if why else "")
            self.style().unpolish(self)
            self.style().polish(self)


def _dress(calendar: QCalendarWidget) -> None:
    """Our arrows, and no red: a Sunday is not overdue."""
    plain, quiet = QTextCharFormat(), QTextCharFormat()
    plain.setForeground(theme.current().colour("text"))
    quiet.setForeground(theme.current().colour("text-3"))
    calendar.setHeaderTextFormat(quiet)
    for day in Qt.DayOfWeek:
        calendar.setWeekdayTextFormat(day, quiet if day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday) else plain)
    for name, icon in (("qt_calendar_prevmonth", "chevron-left"), ("qt_calendar_nextmonth", "chevron-right")):
        button = calendar.findChild(QToolButton, name)
        if isinstance(button, QToolButton):
            button.setIcon(icons.icon(icon))

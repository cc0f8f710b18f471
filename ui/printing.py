"""Pages from a worker on paper: laid out in another process, drawn here page by page, with the fonts that PDFs carry."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QLineF, QMarginsF, QObject, QPointF, QSizeF, QTimer, Signal
from PySide6.QtGui import QFont, QFontDatabase, QPageLayout, QPageSize, QPainter, QPen
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QWidget

from app.errors import KnownError

_POINT = 25.4 / 72
_RULE = 0.2  # millimetres, as in a PDF
_BOLD = 0.03  # of the type size: the carried fonts have one weight
# ask_printer(parent, printer) -> whether to print on it.
AskPrinter = Callable[[QWidget, QPrinter], bool]


def ask_printer(parent: QWidget, printer: QPrinter) -> bool:
    """The system's print dialog."""
    return QPrintDialog(printer, parent).exec() == QDialog.DialogCode.Accepted


@functools.cache
def family(face: str) -> str:
    """The font family of *face* ("serif", "sans"); the same file as in a PDF, so that nothing shifts."""
    # Reading fonts is heavy, and most days nothing is printed.
    from app.exchange.documents.fonts import face_path

    number = QFontDatabase.addApplicationFont(str(face_path(face)))
    if number < 0:
        raise KnownError("ui.no_font")
    return QFontDatabase.applicationFontFamilies(number)[0]


def printer_for(drawn: Mapping[str, Any]) -> QPrinter:
    """A printer set to the paper of *drawn*, as `township document … -` gives it."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    width, height = float(drawn["width"]), float(drawn["height"])
    short, long = sorted((width, height))
    printer.setPageSize(QPageSize(QSizeF(short, long), QPageSize.Unit.Millimeter))
    lies = QPageLayout.Orientation.Landscape if width > height else QPageLayout.Orientation.Portrait
    printer.setPageOrientation(lies)
    # The sheet has its own margins: the printer's would shift it.
    printer.setFullPage(True)
    printer.setPageMargins(QMarginsF(0, 0, 0, 0))
    printer.setDocName(str(drawn["name"]))
    return printer


def draw(painter: QPainter, page: Mapping[str, Any], scale: float) -> None:
    """Draw one *page*; *scale*: dots of the device in a millimetre."""
    painter.save()
    painter.setPen(QPen(painter.pen().color(), _RULE * scale))
    painter.drawLines([QLineF(*(part * scale for part in rule)) for rule in page["rules"]])
    for x, baseline, text, face, size, bold, space in page["words"]:
        painter.setFont(_font(face, round(size * _POINT * scale), space * scale))
        for shift in (0.0, _BOLD * size * _POINT) if bold else (0.0,):
            painter.drawText(QPointF((x + shift) * scale, baseline * scale), text)
    painter.restore()


@functools.lru_cache(maxsize=100)
def _font(face: str, pixels: int, space: float) -> QFont:
    font = QFont(family(face))
    font.setPixelSize(pixels)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, space)
    return font


class Printing(QObject):
    """``Printing(printer, drawn, parent).start()``: a page at a time, so that the window paints between them.

    Signals ``printed(pages)``, ``failed(sentence)``.
    """

    printed = Signal(int)
    failed = Signal(str)

    def __init__(self, printer: QPrinter, drawn: Mapping[str, Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._printer, self._pages = printer, list(drawn["pages"])
        self._painter = QPainter()
        self._count = 0

    def start(self) -> None:
        """Begin; the signals tell the end."""
        if not self._painter.begin(self._printer):
            self.failed.emit(str(KnownError("ui.printer")))
            return
        first = max(1, self._printer.fromPage()) if self._printer.fromPage() else 1
        last = self._printer.toPage() or len(self._pages)
        self._left: Sequence[Mapping[str, Any]] = self._pages[first - 1 : last]
        QTimer.singleShot(0, self, self._next)

    def _next(self) -> None:
        if self._count:
            self._printer.newPage()
        if self._count < len(self._left):
            draw(self._painter, self._left[self._count], self._printer.logicalDpiX() / 25.4)
            self._count += 1
        if self._count < len(self._left):
            QTimer.singleShot(0, self, self._next)
            return
        self._painter.end()
        self.printed.emit(self._count)

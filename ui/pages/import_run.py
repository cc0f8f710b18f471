"""The step in which an import runs beside the window, and the empty workbook to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ui import theme
from ui.pages.import_read import Preview
from ui.pieces.card import Card
from ui.pieces.progress import ProgressStrip
from ui.pieces.text import words

if TYPE_CHECKING:
    from app.services.office import Office

_SAID = "可以先去做别的事，导入在后台接着进行。随时可以取消：已导入的户都是完整的，再导一次会接着来。"


class RunStep(Card):
    """``progress`` shows how far it is and can be stopped; *said* tells what may be done meanwhile."""

    def __init__(self, said: str = _SAID) -> None:
        super().__init__()
        self.progress = ProgressStrip("正在导入", can_stop=True)
        self.add(self.progress)
        self.add(words(said, tone="text-3", wrap=True))


def hint_label(text: str) -> QWidget:
    """*text* before a field, as wide as its neighbours."""
    label = words(text, tone="text-2")
    label.setMinimumWidth(theme.current().grown(150))
    return label


def import_arguments(
    form: str, path: Path, area: str, sheet: str | None, choices: str, more: Sequence[str] = ()
) -> list[str]:
    """What the worker is asked for; *choices* is the file of what was decided by hand, *more* what it is to do but import."""
    where = [*(["--area", area] if area else []), *(["--sheet", sheet] if sheet else [])]
    return ["import", form, str(path), "--json", "--choices", choices, *where, *more]


def report_arguments(preview: Preview, choices: str, out: Path) -> list[str]:
    """What the worker is asked for, to write the rows of *preview* that stay out to *out*; *choices* is the file of what was decided."""
    more = ["--dry-run", "--report", str(out)]
    return import_arguments(preview.form, preview.path, preview.area, preview.sheet, choices, more)


def write_template(office: Office, form: str, out: Path) -> None:
    """Write the empty workbook of *form* to *out*; runs in the lane."""
    # All that reads and writes workbooks: a tenth of a second of the window, where only its worker needs it.
    from app.exchange.intake import Intake

    Intake(office).template(form, out)

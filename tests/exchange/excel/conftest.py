"""An office with a real encrypted store, and small workbooks written as a test needs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pytest
import xlsxwriter

from app.exchange.excel.words import load_words
from app.exchange.intake import Intake
from app.schema.identity import check_character
from app.schema.loading import load_forms
from app.schema.record import Record
from app.services.office import make_office
from app.store.keys import Cost

DATA = Path(__file__).resolve().parents[2] / "data"
VILLAGE = "990012101201"
NEXT_VILLAGE = "990012101202"
TOWNSHIP = "990012101000"
HEADINGS = (
    "网格",
    "门牌号",
    "房屋地址",
    "户号",
    "户主",
    "与户主关系",
    "姓名",
    "性别",
    "身份证号",
    "出生日期",
    "联系电话",
)


def number(birth: str, sequence: int = 1) -> str:
    """A right identity number of the test region; an odd *sequence* is a man's."""
    first = f"990012{birth}{sequence:03d}"
    return first + check_character(first)


@pytest.fixture(scope="session")
def forms():
    return load_forms()


@pytest.fixture(scope="session")
def words():
    return load_words()


@pytest.fixture
def office(tmp_path, forms):
    account = {
        "name": "林小禾",
        "roles": ["registrar", "dispatcher", "duty_officer", "mediator", "director", "integrator"],
        "areas": [TOWNSHIP],
    }
    home = tmp_path / "home"
    home.mkdir()
    made = make_office(
        home, b"k" * 32, "lin", "right horse", account, forms=forms, cost=Cost(memory=8, passes=1, lanes=1)
    )
    yield made
    made.close()


@pytest.fixture
def intake(office):
    return Intake(office)


@pytest.fixture
def write(tmp_path):
    """Write sheets (name -> rows) to an .xlsx; a cell may be (value, rows down, columns right) for a merged one."""

    def made(sheets, name="roster.xlsx"):
        path = tmp_path / name
        book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, tuple):
                        value, down, right = cell
                        sheet.merge_range(r, c, r + down, c + right, value)
                    elif isinstance(cell, str):
                        sheet.write_string(r, c, cell)
                    elif cell is not None:
                        sheet.write(r, c, cell)
        book.close()
        return path

    return made


@pytest.fixture
def bring(intake, write):
    """Import rows under the usual headings; returns the JSON document."""

    def done(rows, headings=HEADINGS, area=VILLAGE, form="resident", name="roster.xlsx"):
        return intake.run(form, write({"花名册": [headings, *rows]}, name), area=area)

    return done


class DictSource:
    """A register in memory, for the stages that are pure."""

    def __init__(self, records: Iterable[Record] = (), areas: Iterable[dict[str, str]] = ()) -> None:
        self._held: dict[str, dict[str, Record]] = defaultdict(dict)
        self._areas = list(areas)
        for record in records:
            self._held[record.form][record.id] = record

    def put(self, record: Record) -> None:
        """Keep *record* in place of what stood under its id."""
        self._held[record.form][record.id] = record

    def select(
        self, form: str, where: Mapping[str, object] | None = None, *, area: str | Collection[str] | None = None
    ) -> list[Record]:
        codes = None if area is None else {area} if isinstance(area, str) else set(area)
        found = []
        for record in self._held[form].values():
            if codes is not None and not any(
                record.area == code or (code.endswith("000") and record.area.startswith(code.rstrip("0")))
                for code in codes
            ):
                continue
            if all(
                record.values.get(name) in wanted if isinstance(wanted, list) else record.values.get(name) == wanted
                for name, wanted in (where or {}).items()
            ):
                found.append(record)
        return found

    def columns(self, form, names, where=None, *, area=None):
        for record in self.select(form, where, area=area):
            yield tuple({"id": record.id, "area": record.area}.get(name, record.values.get(name)) for name in names)

    def many(self, form: str, ids: Iterable[str]) -> dict[str, Record]:
        return {record_id: self._held[form][record_id] for record_id in ids if record_id in self._held[form]}

    def areas(self) -> list[dict[str, str]]:
        return self._areas


def codes(findings):
    return {(item["row"], item["field"], item["code"]) for item in findings}

"""What the import assistant shows, computed in the lane: columns, figures and what is to be said of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.exchange.excel.headings import ID_TARGET, Catalog
from app.exchange.excel.recognise import Layout, Recognised
from app.exchange.excel.workbook import Workbook, text_of
from app.exchange.intake import Intake
from app.exchange.roster.plan import Plan

if TYPE_CHECKING:
    from app.schema.form import Forms
    from app.services.office import Office

HOW = {
    "exact": "标题相同",
    "alias": "别名",
    "contains": "标题里有这个词",
    "hand": "您选的",
    "never": "不采集此项",
    "twice": "与另一列重复",
    "other": "写的是别人",
    "none": "没认出",
}
FORMS = ("resident", "dwelling", "grid")


@dataclass(frozen=True)
class ColumnLine:
    """One column of the sheet: its heading, the first value below (masked), what it is taken for and why."""

    heading: str
    sample: str
    target: str | None
    how: str


@dataclass(frozen=True)
class Preview:
    """Everything the second step shows. ``problems`` are rows of a record table."""

    path: Path
    form: str
    area: str
    sheet: str | None
    book: Workbook
    found: Recognised
    plan: Plan
    columns: tuple[ColumnLine, ...]
    targets: tuple[tuple[str, str], ...]
    problems: tuple[dict[str, Any], ...]

    @property
    def rows_line(self) -> str:
        """Where the headings stand and how many rows there are."""
        layout = self.found.layouts[0]
        first, last = layout.heading_rows[0], layout.heading_rows[-1]
        heads = f"标题第 {first} 行" if first == last else f"标题第 {first}—{last} 行"
        rows = sum(len(each.rows) for each in self.found.layouts)
        gone = sum(1 for each in self.found.layouts for _row, why in each.ignored if why != "blank")
        sheets = f"{len(self.found.layouts)} 张表 · " if len(self.found.layouts) > 1 else ""
        return f"{sheets}{heads} · {rows:,} 行" + (f" · 已去掉小计、页脚等 {gone} 行" if gone else "")


def importable(office: Office) -> list[tuple[str, str]]:
    """(form, words) of what this user may import, people first."""
    names = [*FORMS, *(form.name for form in office.forms.ledgers)]
    words = {"resident": "住户花名册", "dwelling": "房屋台账", "grid": "网格"}
    may = [name for name in names if office.gate.decide("import", name, None).allowed]
    return [(name, words.get(name, f"{office.forms[name].title}台账")) for name in may]


_LIVED_IN = {"resident", "dwelling", "building"}


def read_preview(
    office: Office,
    path: Path,
    form: str,
    area: str,
    sheet: str | None,
    by_hand: Mapping[str, str],
    book: Workbook | None = None,
) -> Preview:
    """Read, recognise and plan; changes nothing. KnownError says why a workbook can't be read."""
    intake = Intake(office)
    book = book or intake.read(path)
    found = intake.recognise(book, form, sheet=sheet, by_hand=by_hand)
    plan = intake.plan(form, found, area or None)
    if not area and form in _LIVED_IN and any(record.area.endswith("000") for record in plan.records):
        # Nobody lives in "the township": a clerk says which village the rows without one belong to.
        raise KnownError("import.area_missing")
    layout = found.layouts[0]
    catalog = next((each for each in intake.catalogs(form) if each.form == layout.form), intake.catalogs(form)[0])
    return Preview(
        path, form, area, sheet, book, found, plan,
        _columns(office.forms, layout), _targets(catalog), tuple(_problems(office.forms, found, plan)),
    )  # fmt: skip


def _targets(catalog: Catalog) -> tuple[tuple[str, str], ...]:
    return tuple((target.name, target.label) for target in catalog.targets if target.name != ID_TARGET)


def _columns(forms: Forms, layout: Layout) -> tuple[ColumnLine, ...]:
    found = []
    for column in layout.columns:
        if not column.heading:
            continue
        sample = "（不读取）" if column.how == "never" else _sample(layout, column.index)
        form, _, name = (column.target or "").partition(".")
        item = forms[form].fields.get(name) if form in forms else None
        if item is not None and item.sensitive:
            sample = item.kind.mask(sample)
        elif column.target is None and sum(sign.isdigit() for sign in sample) >= 8:
            sample = sample[:3] + "****"
        found.append(ColumnLine(column.heading, sample, column.target, column.how))
    return tuple(found)


def _sample(layout: Layout, index: int) -> str:
    for row in layout.rows[:20]:
        cells = layout.sheet.rows[row.number - 1]
        if index < len(cells) and (text := text_of(cells[index]).strip()):
            return text[:40]
    return ""


def _problems(forms: Forms, found: Recognised, plan: Plan) -> Sequence[dict[str, Any]]:
    names = _names(found)
    lines = []
    for verdict, findings in (("不导入", plan.refused), ("照导，待核实", plan.flagged)):
        lines += [
            (f.sheet, f.row, verdict, names.get((f.sheet, f.row), ""), _label(forms, f.field), f.message)
            for f in findings
        ]
    for verdict, twins in (("并成一人", plan.same_person), ("可能重复", plan.possible_duplicates)):
        lines += [
            (t.sheet, t.row, verdict, names.get((t.sheet, t.row), ""), _label(forms, t.field), t.message) for t in twins
        ]
    order = {"不导入": 0, "照导，待核实": 1, "可能重复": 2, "并成一人": 3}
    sheets = {layout.sheet.name: place for place, layout in enumerate(found.layouts)}
    lines.sort(key=lambda line: (order[line[2]], sheets.get(line[0], 0), line[1]))
    keys = ("sheet", "row", "verdict", "name", "field", "message")
    return [
        {"id": number, **dict(zip(keys, (sheet, str(row), *rest), strict=True))}
        for number, (sheet, row, *rest) in enumerate(lines)
    ]


def _names(found: Recognised) -> dict[tuple[str, int], str]:
    held = {}
    for layout in found.layouts:
        for row in layout.rows:
            cell = row.cells.get("resident.name") or row.cells.get("household.head_name")
            if cell:
                held[layout.sheet.name, row.number] = str(cell)
    return held


def _label(forms: Forms, field: str) -> str:
    form, _, name = field.rpartition(".")
    if form in forms and name in forms[form].fields:
        return forms[form].fields[name].label
    return next((each.fields[name].label for each in forms.values() if name in each.fields), name or "整行")

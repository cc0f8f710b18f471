"""What goes out comes in again; what a spreadsheet might run stays text."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest

from app.errors import KnownError
from app.exchange.excel.workbook import read_workbook
from app.exchange.intake import Intake
from app.exchange.outgo import export_form
from app.schema.kinds import (
    Choice,
    CreditCode,
    Date,
    Geometry,
    IdentityNumber,
    Integer,
    LongText,
    Money,
    Number,
    Phone,
    Ref,
    Time,
    YesNo,
)
from app.schema.loading import load_forms
from app.schema.outline import outline_of, spell
from app.services.office import make_office
from app.store.keys import Cost
from app.store.saving import Edit
from tests.exchange.excel.conftest import DATA, TOWNSHIP, VILLAGE, number

FORMS = [form.name for form in load_forms().values() if not form.card_only]
CREDIT_CODES = ("91990000MA0000007X", "92990000MA0000023G", "93990000MA00000318")


def square(count):
    left = 110.5 + count / 100
    return [(left, 30.0), (left + 0.01, 30.0), (left + 0.01, 30.01), (left, 30.01), (left, 30.0)]


def sample(item, count, points):
    """A value for any field, another one for every *count*; *points*: form -> id of a record to point to."""
    kind = item.kind
    if isinstance(kind, Ref):
        return points.get(kind.form)
    if isinstance(kind, Choice):
        codes = [code.code for code in kind.codes.items]
        return codes[count % len(codes)]
    made = {
        Date: f"2026-0{count + 1}-18",
        Time: f"2026-09-18T10:0{count}:3{count}+08:00",
        YesNo: count % 2 == 0,
        Integer: (kind.min or 0) + count if isinstance(kind, Integer) else 0,
        Number: (kind.min or 0) + count + 0.5 if isinstance(kind, Number) else 0,
        Money: 320_050 + count,
        IdentityNumber: number("19800101", 2 * count + 1),
        CreditCode: CREDIT_CODES[count],
        Phone: f"1990000000{count}",
        LongText: f"第一行\n=第{count}行",
        Geometry: spell(outline_of([[square(count)]])),
    }.get(type(kind))
    return kind.check(f"=甲{count}") if made is None else made


@pytest.fixture(scope="module")
def filled(tmp_path_factory, forms):
    """Three records of every form, all fields set; the title fields differ so that each can be pointed to. Nobody writes here."""
    account = {"name": "林小禾", "roles": ["registrar", "integrator"], "areas": [TOWNSHIP]}
    home = tmp_path_factory.mktemp("filled") / "home"
    office = make_office(home, b"k" * 32, "lin", "pw", account, forms=forms, cost=Cost(memory=8, passes=1, lanes=1))
    points = {}
    for name, form in forms.items():
        for count in range(3):
            values = {item.name: sample(item, count, points) for item in form.stored if not item.retired}
            saved = office.store.save([Edit(name, None, VILLAGE, values)], "lin", bulk=True)
            points.setdefault(name, saved.ids[0])
    yield office
    office.close()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "masked"])
def test_an_export_comes_in_again_unchanged(form, plain, filled, tmp_path, monkeypatch):
    out, intake = tmp_path / "out.xlsx", Intake(filled)
    # What this test asks is the way of the cells; who may do it is asked elsewhere.
    monkeypatch.setattr(filled.gate, "require", lambda *_, **__: None)
    assert export_form(filled, form, out, "核对", area=VILLAGE, plain=plain) == 3
    found = intake.recognise(intake.read(out), form)
    plan = intake.plan(form, found, VILLAGE)
    assert (plan.rows, plan.unchanged, plan.records) == (3, 3, ())
    assert (plan.refused, plan.flagged) == ((), ())


def test_a_cell_changed_in_an_export_changes_just_that(office, intake, tmp_path):
    intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE)
    out = tmp_path / "out.xlsx"
    export_form(office, "resident", out, "核对", area=VILLAGE)
    book = openpyxl.load_workbook(out)
    sheet = book.active
    headings = [cell.value for cell in sheet[2]]
    sheet.cell(3, headings.index("职业") + 1).value = "护林员"
    book.save(out)
    found = intake.recognise(intake.read(out), "resident")
    plan = intake.plan("resident", found, VILLAGE)
    assert (plan.updated, plan.unchanged) == (1, 298)
    assert [dict(record.values) for record in plan.records] == [{"occupation": "护林员"}]


def test_texts_like_formulas_go_out_as_text(office, tmp_path):
    values = {"name": "=1+1", "remark": '=HYPERLINK("http://x","y")', "occupation": "@SUM(A1)"}
    office.store.save([Edit("resident", None, VILLAGE, values)], "lin")
    out = tmp_path / "out.xlsx"
    export_form(office, "resident", out, "核对", area=VILLAGE)
    with zipfile.ZipFile(out) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
        styles = package.read("xl/styles.xml")
    assert b"<f>" not in sheet
    assert b'quotePrefix="1"' in styles
    assert "=1+1" in [cell for row in read_workbook(out).sheets[0].rows for cell in row]


def test_an_export_masks_numbers_and_says_for_what_it_was_made(office, intake, tmp_path):
    intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE)
    out = tmp_path / "out.xlsx"
    assert export_form(office, "resident", out, "核对九月名册", area=VILLAGE) == 299
    cells = [str(cell) for row in read_workbook(out).sheets[0].rows for cell in row if cell]
    assert "核对九月名册" in cells[0]
    held = {record.values["id_number"] for record in office.store.select("resident")}
    assert not held & set(cells)
    assert "990012********8411" in cells


def test_an_export_without_a_reason_is_not_made(office, tmp_path):
    with pytest.raises(KnownError):
        export_form(office, "resident", tmp_path / "out.xlsx", "  ")
    assert not (tmp_path / "out.xlsx").exists()


def test_an_export_that_cannot_be_written_leaves_nothing(office, tmp_path):
    with pytest.raises(KnownError) as refused:
        export_form(office, "resident", tmp_path / "missing" / "out.xlsx", "核对")
    assert refused.value.code == "import.cannot_write"


def test_an_export_of_another_office_is_not_taken_for_this_ones_records(office, intake, tmp_path):
    saved = office.store.save([Edit("resident", None, VILLAGE, {"name": "张三"})], "lin")
    out = tmp_path / "out.xlsx"
    export_form(office, "resident", out, "核对", area=VILLAGE)
    book = openpyxl.load_workbook(out)
    for row in book.active.iter_rows():
        for cell in row:
            if cell.value == saved.ids[0]:
                cell.value = "0" * 32
    book.save(out)
    said = intake.run("resident", out, area=VILLAGE)
    assert [item["code"] for item in said["refused"]] == ["record_id_unknown"]


def test_only_what_was_chosen_goes_out_in_its_order(office, intake, tmp_path):
    intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE)
    chosen = [record.id for record in office.store.select("resident", limit=700)][::-1][:3]
    out = tmp_path / "out.xlsx"
    assert export_form(office, "resident", out, "核对", ids=[*chosen, "0" * 32]) == 3
    assert [row[-1] for row in read_workbook(out).sheets[0].rows[2:]] == chosen


def test_an_export_that_is_stopped_leaves_no_file(office, intake, tmp_path):
    intake.run("resident", DATA / "roster_wps.xls", area=VILLAGE)

    def stop(done, _total):
        if done:
            raise KnownError("import.export_stopped")

    with pytest.raises(KnownError):
        export_form(office, "resident", tmp_path / "out.xlsx", "核对", tick=stop)
    assert [path.name for path in tmp_path.glob("*.xlsx*")] + [path.name for path in tmp_path.glob(".*part")] == []

"""Papers of the registry: everything is on them once, masked unless it may be whole, however long or many it is."""

from __future__ import annotations

import re
import subprocess

import docx
import pytest

from app.errors import Denied, KnownError
from app.exchange import papers
from app.exchange.documents.registry_papers import paired
from app.exchange.documents.to_pdf import drawn, laid_out
from app.schema.loading import load_forms
from app.store.saving import Edit
from tests.services.conftest import ALL, TOWN, UPPER, clock, colleague, office, open_office

__all__ = ["clock", "office", "open_office"]

NUMBER, PHONE = "11010519491231002X", "13900001000"
LONG = "云岭镇上寨村上寨三组中排青石板巷老供销社后院三单元第二栋东头第三户三层三〇二室原二轻局宿舍"
NO_REVEAL = tuple(role for role in ALL if role != "integrator")


@pytest.fixture(scope="session")
def forms():
    return load_forms()


def made(office, form, **values):
    outcome = office.records.save(form, values, area=UPPER)
    assert outcome.ok, outcome.faults
    return outcome.record.id


@pytest.fixture
def street(office):
    """A dwelling with three households, the first of twelve people."""
    grid = made(office, "grid", name="第三网格", leader="杨守义", member_phone="13900001234")
    dwelling = made(
        office, "dwelling", address=LONG, grid=grid, owner="李长顺", owner_id=NUMBER, owner_phone="13900004321"
    )
    homes = [
        made(office, "household", number=f"530001{n}", head_name=f"户主{n}", dwelling=dwelling, contact="何田英")
        for n in range(3)
    ]
    people = [
        made(
            office, "resident", name="李\ue123祥" if n == 2 else f"成员{n}甲", household=homes[0], relation=str(n % 8), phone=f"1390000{1000 + n}",
            **({"id_number": NUMBER, "live_address": LONG} if n == 0 else {}),
        )
        for n in range(12)
    ]  # fmt: skip
    for n in (1, 2):
        made(office, "resident", name=f"租客{n}", household=homes[n], relation="0")
    return {"grid": grid, "dwelling": dwelling, "homes": homes, "people": people}


def text_of(path):
    read = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True, text=True)
    return re.sub(r"\s", "", read.stdout)


def printed(office, form, record_id, name, **options):
    """Every word that stands on the pages, as a printer gets it."""
    pages = drawn(papers.sheet(office, form, record_id, name, **options))["pages"]
    return re.sub(r"\s", "", "".join(str(word[2]) for page in pages for word in page["words"]))


def test_a_pdf_has_the_words_of_its_pages(office, street, tmp_path):
    out = tmp_path / "a.pdf"
    papers.write_paper(office, "resident", street["people"][0], "person_card", out, reason="上门核对")
    assert text_of(out) == printed(office, "resident", street["people"][0], "person_card", reason="上门核对").replace(
        "[U+E123]", "\ue123"
    )


def test_a_person_card_says_what_is_registered_masked_and_who_printed_it_when_and_why(office, street):
    said = printed(office, "resident", street["people"][0], "person_card", reason="上门核对")
    assert "居民信息卡" in said
    assert "110105********002X" in said
    assert NUMBER not in said
    assert PHONE not in said
    assert LONG in said
    assert "打印：林小禾" in said
    assert "2026-09-1810:00" in said
    assert "用途：上门核对" in said
    assert "号码已遮盖" in said
    assert all(f"成员{n}甲" in said for n in range(12) if n != 2)


def test_what_was_taken_back_is_said_to_be_and_who_died_is_not_counted(office, street):
    one, two = street["people"][3:5]
    wrong = office.movements.turn([one], "death", "2026-03-05", reason="记错")
    office.undoing.undo(wrong.act)
    office.movements.turn([two], "death", "2026-03-06")
    said = printed(office, "resident", one, "person_card")
    assert "已撤销：死亡" in said
    assert "撤销变动" not in said
    assert "11人，另有已故或迁出1人" in said
    assert "已撤销" not in printed(office, "resident", two, "person_card")
    assert "一、家庭成员（11人，另有已故或迁出1人）" in printed(
        office, "household", street["homes"][0], "household_book"
    )


def test_a_household_that_was_struck_off_is_on_no_card_of_its_dwelling(office, street):
    office.movements.join(street["homes"][1], street["homes"][2])
    said = printed(office, "dwelling", street["dwelling"], "dwelling_card")
    assert "户主2户" in said
    assert "户主1户" not in said
    assert "2户" in printed(office, "grid", street["grid"], "grid_sheet")


def test_whole_numbers_are_printed_for_a_reason_and_the_right_and_that_is_written_down(office, street):
    who = street["people"][0]
    said = printed(office, "resident", who, "person_card", reason="办理低保核对证件", plain=True)
    assert NUMBER in said
    assert PHONE in said
    assert "号码未遮盖" in said
    lines = {(line.action, line.reason) for line in office.store.audit.lines(50) if line.record == who}
    assert {("document", "办理低保核对证件"), ("reveal", "办理低保核对证件")} <= lines
    with pytest.raises(KnownError) as refused:
        printed(office, "resident", who, "person_card", plain=True)
    assert refused.value.code == "papers.plain_reason"


def test_without_the_right_nothing_whole_is_written(office, street, tmp_path):
    other = colleague(office, "wang", roles=NO_REVEAL)
    out = tmp_path / "x.pdf"
    with pytest.raises(Denied):
        papers.write_paper(other, "resident", street["people"][0], "person_card", out, reason="看看", plain=True)
    assert not out.exists()
    stranger = colleague(office, "mo", roles=("mediator",))
    with pytest.raises(Denied):
        papers.write_paper(stranger, "resident", street["people"][0], "person_card", out)
    assert not out.exists()


def test_a_household_of_twelve_stands_on_one_page_with_a_place_to_sign(office, street):
    made(
        office,
        "visit",
        visit_date="2026-09-01",
        household=street["homes"][0],
        household_name="户主0",
        visitor="何田英",
        content="看望",
    )
    sheet = papers.sheet(office, "household", street["homes"][0], "household_book")
    assert laid_out(sheet) == 1
    said = printed(office, "household", street["homes"][0], "household_book")
    assert "家庭成员（12人）" in said
    assert LONG in said
    assert "何田英" in said
    assert "签名" in said


def test_a_dwelling_card_shows_each_of_its_households_and_masks_its_owner(office, street):
    said = printed(office, "dwelling", street["dwelling"], "dwelling_card")
    assert "村（社区）上寨村" in said
    for part in ("第1户户主0户（12人）", "第2户户主1户（1人）", "第3户户主2户（1人）", "租客1", "租客2"):
        assert part in said
    assert NUMBER not in said
    assert "13900004321" not in said


def test_a_grid_of_300_households_repeats_its_headings_and_is_in_the_order_of_the_houses(office):
    grid = made(office, "grid", name="第一网格")
    edits = []
    for n in range(300):
        dwelling, home = office.store.new_id(), office.store.new_id()
        edits += [
            Edit("dwelling", dwelling, UPPER, {"address": f"上寨村{n + 1}号", "grid": grid}),
            Edit(
                "household", home, UPPER, {"head_name": f"户主{n + 1}", "number": f"H{n + 1:04}", "dwelling": dwelling}
            ),
            Edit(
                "resident", None, UPPER, {"name": f"人{n}", "household": home, "relation": "0", "phone": "13900001000"}
            ),
        ]
    office.store.save(edits, "lin", bulk=True)
    sheet = papers.sheet(office, "grid", grid, "grid_sheet", reason="走访", plain=True)
    pages = drawn(sheet)["pages"]
    assert len(pages) > 5
    words = ["".join(str(word[2]) for word in page["words"]) for page in pages]
    assert all("房屋地址" in said for said in words)
    assert all(f"第 {n} 页 共 {len(pages)} 页" in said for n, said in enumerate(words, 1))
    said = printed(office, "grid", grid, "grid_sheet", plain=True, reason="走访")
    assert re.findall(r"H(\d{4})", said) == [f"{n:04}" for n in range(1, 301)]
    assert PHONE not in said, "a paper about many people never shows whole numbers"


def test_what_no_font_has_is_named_and_kept(office, street, tmp_path):
    out = tmp_path / "a.docx"
    assert papers.write_paper(office, "household", street["homes"][0], "household_book", out) == ("\ue123",)
    document = docx.Document(str(out))
    assert any("李\ue123祥" in cell.text for table in document.tables for row in table.rows for cell in row.cells)
    pages = drawn(papers.sheet(office, "household", street["homes"][0], "household_book"))["pages"]
    assert any("U+E123" in str(word[2]) for page in pages for word in page["words"])


def test_a_docx_has_the_mark_at_its_foot_and_the_facts_as_a_table(office, street, tmp_path):
    out = tmp_path / "a.docx"
    papers.write_paper(office, "dwelling", street["dwelling"], "dwelling_card", out, reason="核对")
    document = docx.Document(str(out))
    foot = "".join(row.text for row in document.sections[0].footer.paragraphs)
    assert "打印：林小禾" in foot
    cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
    assert LONG in cells


def test_short_facts_stand_two_by_two_and_long_ones_alone():
    rows = paired([("甲", "1"), ("乙", "2"), ("丙", "3"), ("丁", "很" * 30), ("戊", "5")])
    assert [[fact.label for fact in row] for row in rows] == [["甲", "乙"], ["丙"], ["丁"], ["戊"]]


def test_what_does_not_exist_is_said(office, street):
    for form, name, code in (("resident", "grid_sheet", "papers.unknown"), ("visit", "person_card", "papers.none")):
        with pytest.raises(KnownError) as refused:
            papers.sheet(office, form, street["people"][0], name)
        assert refused.value.code == code


# -- what is held on me ---------------------------------------------------------------------------


@pytest.fixture
def known(office, street):
    """Everything that may be held on one person."""
    who = street["people"][0]
    made(office, "resident", name="成员0甲", phone="13900007777")
    twin = made(office, "resident", name="曾用登记", phone="13900005555")
    office.registry.merge(who, twin)
    office.care.register(
        who,
        {"kind": "低保", "purpose": "每月发放补助", "basis": "assistance", "basis_note": "云民救18号", "since": "2026-09-01",
         "review_on": "2027-03-01", "expires_on": "2027-09-01"},
    )  # fmt: skip
    case = made(office, "mediation", title="宅基地纠纷", accepted_on="2026-09-01")
    made(office, "party", mediation=case, side="申请人", name="成员零", id_number=NUMBER)
    office.records.reveal("resident", who, ["phone"], "核对证件")
    return who


def test_the_sheet_lists_every_field_of_every_record_that_names_the_person(office, street, known):
    said = printed(office, "resident", known, "data_sheet", reason="本人到场查阅")
    held = office.holdings.of(office.store.get("resident", known))
    assert {one.record.form for one in held} == {"resident", "care_tag", "party", "household", "dwelling"}
    for one in held:
        form = office.forms[one.record.form]
        for item in form.stored:
            value = one.record.values.get(item.name)
            if value is not None and not dict(form.references).get(item.name):
                assert re.sub(r"\s", "", item.show(value)) in said, (form.name, item.name)
    for part in (NUMBER, PHONE, "曾用登记", "13900005555", "每月发放补助", "核对证件", "保存期限", "来源"):
        assert part in said
    assert "13900007777" not in said, "another person of the same name"


def test_it_is_printed_for_his_own_request_or_by_who_may_reveal(office, known):
    other = colleague(office, "wang", roles=NO_REVEAL)
    with pytest.raises(KnownError) as refused:
        printed(other, "resident", known, "data_sheet", reason="好奇")
    assert refused.value.code == "papers.sheet_request"
    asked = {"received_on": "2026-09-17", "name": "成员0甲", "resident": known, "kind": "query", "asked": "存了什么"}
    request = other.requests.receive(asked).record
    with pytest.raises(KnownError):
        printed(other, "resident", known, "data_sheet")
    assert other.records.save("data_request", {"identity_checked": True}, record_id=request.id).ok
    said = printed(other, "resident", known, "data_sheet")
    assert "答复本人2026-09-17的查阅申请" in said
    assert other.records.save("data_request", {"outcome": "done"}, record_id=request.id).ok
    with pytest.raises(KnownError):
        printed(other, "resident", known, "data_sheet")


def test_without_the_right_to_care_tags_and_mediations_they_are_not_on_the_sheet_and_it_says_so(
    office, known, tmp_path
):
    other = colleague(office, "wang", roles=("registrar",))
    asked = {
        "received_on": "2026-09-17",
        "name": "成员0甲",
        "resident": known,
        "kind": "query",
        "asked": "存了什么",
        "identity_checked": True,
    }
    other.requests.receive(asked)
    said = printed(other, "resident", known, "data_sheet")
    assert "每月发放补助" not in said
    assert "成员零" not in said
    assert "打印人无权查看的资料" in said
    assert TOWN not in said

"""From the records of a mediation to signed paper: all parties, every term and every spoken line, once."""

from __future__ import annotations

import datetime as dt
import re
import subprocess

import pytest

from app.demo import plan, records
from app.errors import Denied, KnownError
from app.exchange import official
from app.schema.dates import CHINA
from app.schema.loading import load_forms
from app.services.office import make_office
from app.store.saving import Edit
from tests.services.conftest import ALL, CHEAP, UPPER, cheap_passwords, colleague, county, two

__all__ = ["cheap_passwords", "county", "two"]

NOW = dt.datetime(2026, 9, 18, 10, tzinfo=CHINA)


@pytest.fixture(scope="session")
def forms():
    return load_forms()


@pytest.fixture(scope="module")
def rows():
    """The complete mediation of the demo with its parties and sessions."""
    found = [row for row in records(plan("village", 1), NOW) if row[0] in {"mediation", "party", "mediation_session"}]
    case = next(row[1] for row in found if row[0] == "mediation")
    mine = [row for row in found if case in (row[1], row[3].get("mediation"))]
    return [
        (form, key, area, {**values, "resident": None} if form == "party" else values)
        for form, key, area, values in mine
    ]


@pytest.fixture
def office(tmp_path, forms, rows):
    account = {"name": "杨守义", "roles": list(ALL), "areas": [rows[0][2][:9] + "000"]}
    made = make_office(tmp_path / "home", b"k" * 32, "yang", "pw", account, forms=forms, cost=CHEAP)
    made.store.save([Edit(*row) for row in rows], "yang")
    yield made
    made.close()


@pytest.fixture
def new_case(office):
    """A small mediation with one session of these lines."""

    def made(transcript, **values):
        case = office.mediations.accept({"title": "排水沟纠纷", **values}, area=office.session.area).record
        outcome = office.mediations.save_session(case.id, None, {"number": 1, "transcript": transcript})
        assert outcome.ok, outcome.faults
        return case.id

    return made


def text_of(path):
    """The text layer without spaces, so that a break of the line doesn't matter; the number at a page's foot goes too."""
    read = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True, text=True)
    pages = [re.sub(r"\n[^\n]*\d[^\n]{0,8}\s*$", "", page) if page.strip() else "" for page in read.stdout.split("\f")]
    return re.sub(r"\s+", "", "".join(pages))


def printed(office, case, name, out, **options):
    assert official.write(office, case, name, out, **options) == ()
    return text_of(out)


def tight(text):
    return re.sub(r"\s+", "", str(text))


def spoken(transcript):
    """What was said, line by line, without time and marks; who said it goes before."""
    for line in transcript.split("\n"):
        head, _, words = line.partition("：")
        yield re.sub(r"^[\d:]+\s*|（.*）$", "", head), tight(re.sub(r"^[［\[].{2}[］\]]\s*", "", words))


def test_a_complete_mediation_is_ready_and_lacks_nothing(office, rows):
    found = official.documents(office, rows[0][1])
    assert {each["name"].partition("-")[0] for each in found} == {"mediation_record", "mediation_agreement"}
    assert [(each["name"], each["missing"]) for each in found if not each["ready"]] == []
    records_of = [each for each in found if each["name"].startswith("mediation_record")]
    assert [each["name"] for each in records_of] == ["mediation_record-1", "mediation_record-2"]
    assert len({each["session"] for each in records_of}) == 2
    assert "第2次" in records_of[1]["title"]


def test_the_agreement_holds_every_party_and_every_term_once(office, rows, tmp_path):
    file = office.mediations.file(rows[0][1])
    text = printed(office, file.mediation.id, "mediation_agreement", tmp_path / "agreement.pdf")
    values = file.mediation.values
    assert len(file.parties) >= 2
    for party in file.parties:
        assert party.values["name"] in text
        assert tight(party.values["address"]) in text
    terms = values["agreement_terms"].split("\n")
    assert len(terms) >= 3
    for term in terms:
        assert text.count(tight(term)) == 1, term
    for field in ("agreement_no", "agreement_facts", "issues", "performance_due"):
        assert tight(values[field]) in text, field


def test_a_record_holds_every_spoken_line_once(office, rows, tmp_path):
    file = office.mediations.file(rows[0][1])
    for session in file.sessions:
        name = f"mediation_record-{session.values['number']}"
        text = printed(office, file.mediation.id, name, tmp_path / f"{name}.pdf")
        lines = list(spoken(session.values["transcript"]))
        assert len(lines) >= 4
        for who, words in lines:
            assert text.count(f"{who}：{words}") == lines.count((who, words)), words
        for party in file.parties:
            assert party.values["name"] in text


def test_what_was_said_is_printed_as_it_was_said(office, new_case, tmp_path):
    lines = {
        "3.5亩地是我家的。": "3.5亩地是我家的。",
        "1、2组的人都知道。": "1、2组的人都知道。",
        "一、二组的人也知道。": "一、二组的人也知道。",
        "14:31 张文贵（申请人）：2.5亩是他家的。": "张文贵：2.5亩是他家的。",
        "我是8:30到的。": "我是8:30到的。",
        "张文贵:我说两句：第一句：沟是通的。": "张文贵：我说两句：第一句：沟是通的。",
    }
    text = printed(office, new_case("\n".join(lines)), "mediation_record", tmp_path / "record.pdf")
    for words in lines.values():
        assert text.count(words) == 1, words


def test_numbers_typed_before_terms_give_way_to_printed_ones_and_amounts_stay(office, new_case, tmp_path):
    terms = {
        "1. 恢复水沟。": "恢复水沟。",
        "2、赔偿1200元。": "赔偿1200元。",
        "三、两清。": "两清。",
        "1.5万元于月底前付清。": "1.5万元于月底前付清。",
        "3、4组共同清理。": "3、4组共同清理。",
    }
    case = new_case("好。", agreement_terms="\n".join(terms), outcome="written")
    text = printed(office, case, "mediation_agreement", tmp_path / "agreement.pdf")
    for number, words in enumerate(terms.values(), 1):
        assert f"{number}．{words}" in text


def test_a_session_is_chosen_by_its_id_or_its_number(office, rows, tmp_path):
    case = rows[0][1]
    first, second = office.mediations.file(case).sessions

    def record(name, **options):
        text = printed(office, case, name, tmp_path / "record.pdf", **options)
        return "第1次" in text, "第2次" in text

    assert record("mediation_record-1") == record("mediation_record", session_id=first.id) == (True, False)
    assert record("mediation_record") == record("mediation_record-2") == (False, True)
    assert record("mediation_record-1", session_id=second.id) == (False, True)
    for name, options in (("mediation_record-3", {}), ("mediation_record", {"session_id": "0" * 32})):
        with pytest.raises(KnownError) as told:
            official.write(office, case, name, tmp_path / "none.pdf", **options)
        assert told.value.code == "documents.no_session"
    assert not (tmp_path / "none.pdf").exists()


def test_a_mediation_without_session_has_a_record_to_fill_by_hand(office, tmp_path):
    case = office.mediations.accept({"title": "排水沟纠纷"}, area=office.session.area).record.id
    found = {each["name"]: each for each in official.documents(office, case)}
    assert not found["mediation_record"]["ready"]
    assert found["mediation_record"]["missing"]
    assert "排水沟纠纷" in printed(office, case, "mediation_record", tmp_path / "blank.pdf")


def test_the_gate_is_asked_and_a_refusal_writes_no_paper(office, rows, tmp_path):
    case = rows[0][1]
    official.write(office, case, "mediation_agreement", tmp_path / "agreement.docx")
    line = next(line for line in office.store.audit.lines() if line.action == "document")
    assert (line.record, line.fields, line.result) == (case, "mediation_agreement", "ok")
    clerk = colleague(office, "wang", roles=("registrar",), areas=office.session.areas)
    for ask in (
        lambda: official.write(clerk, case, "mediation_agreement", tmp_path / "stolen.pdf"),
        lambda: official.documents(clerk, case),
    ):
        with pytest.raises(Denied):
            ask()
    assert not (tmp_path / "stolen.pdf").exists()


def test_an_unknown_paper_is_named(office, rows, tmp_path):
    with pytest.raises(KnownError) as told:
        official.write(office, rows[0][1], "mediation_receipt_of_joy", tmp_path / "x.pdf")
    assert told.value.code == "documents.unknown"


def test_a_mediation_of_one_device_is_written_on_another(two, rows, tmp_path):
    first, second = two
    edits = [Edit(form, key, UPPER, values) for form, key, _, values in rows]
    first.store.save(edits, first.session.user)
    first.sync(), second.sync()
    case = rows[0][1]
    assert all(each["ready"] for each in official.documents(second, case))
    texts = [
        printed(office, case, "mediation_agreement", tmp_path / f"{number}.pdf") for number, office in enumerate(two)
    ]
    assert texts[0] == texts[1]
    for term in rows[0][3]["agreement_terms"].split("\n"):
        assert texts[1].count(tight(term)) == 1

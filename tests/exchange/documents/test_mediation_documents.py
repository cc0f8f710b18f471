"""The two mediation documents: what an official would read, in PDF and in .docx."""

from __future__ import annotations

import dataclasses
import subprocess

import docx
import pytest
from docx.oxml.ns import qn

from app.errors import BugError, KnownError
from app.exchange.documents.catalogue import load_catalogue
from app.exchange.documents.context import mediation_context
from app.exchange.documents.render import render

CASE = {
    "committee": "石桥镇人民调解委员会",
    "number": "〔2026〕石桥人调字第0012号",
    "matter": "张门民与李长骨、石桥身安建材公司排水纠纷",
    "facts": "2026年7月12日夜间暴雨，围墙堵塞共用排水沟，雨水倒灌。",
    "issues": "排水沟由谁恢复，损失由谁承担。",
    "parties": [
        {
            "name": "张门民", "role": "申请人", "sex": "男", "ethnicity": "汉族", "age": 58, "occupation": "务农",
            "phone": "13800001234", "address": "长安村3组12号", "id_number": "11010519491231002X",
        },
        {
            "name": "石桥身安建材公司", "kind": "unit", "representative": "陈立", "phone": "0591-88886666",
            "address": "工业路8号", "agent": "赵六",
        },
    ],
    "mediators": ["周正平"],
    "recorder": "郑记",
    "session": {
        "ordinal": 2,
        "begin": "2026-09-18T09:05:00+08:00",
        "end": "2026-09-18T11:10:00+08:00",
        "place": "综治中心调解室",
        "open": True,
        "rights_told": True,
        "identity_told": True,
        "statements": [
            {"speaker": "申请人张门民", "words": "沟三十年都是通的。"},
            {"speaker": "赵六", "words": "愿意恢复。"}],
        "facts_checked": "水沟被截断2.3米。",
        "risk_told": True,
        "result": "written",
    },
    "agreement": {
        "terms": ["公司于2026年9月28日前恢复水沟。", "公司赔偿张门民1200元。"],
        "way": "现金一次付清",
        "place": "综治中心",
        "limit": "2026年9月28日前",
        "signed_on": "2026-09-18",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue()


def pdf_text(path):
    read = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True, text=True)
    return "".join(read.stdout.split(" "))


def docx_text(path):
    return "\n".join(row.text for row in docx.Document(str(path)).paragraphs)


def with_session(**values):
    return {**CASE, "session": {**CASE["session"], **values}}


@pytest.mark.parametrize("name", ["mediation_record", "mediation_agreement"])
def test_pdf_and_docx_say_the_same(catalogue, tmp_path, name):
    for suffix in (".pdf", ".docx"):
        assert render(catalogue[name], CASE, tmp_path / f"it{suffix}") == ()
    printed = "".join(pdf_text(tmp_path / "it.pdf").split())
    for row in docx_text(tmp_path / "it.docx").splitlines():
        assert "".join(row.split()) in printed


def test_the_text_layer_of_a_pdf_holds_ids_figures_and_characters_that_turn_into_radicals_elsewhere(
    catalogue, tmp_path
):
    render(catalogue["mediation_agreement"], CASE, tmp_path / "agreement.pdf")
    text = pdf_text(tmp_path / "agreement.pdf")
    for word in (
        "11010519491231002X",
        "13800001234",
        "张门民",
        "石桥身安建材公司",
        "〔2026〕石桥人调字第0012号",
        "2026年9月18日",
    ):
        assert word in text
    render(catalogue["mediation_record"], {**CASE, "facts": ""}, tmp_path / "record.pdf")
    assert "张门民与李长骨" in pdf_text(tmp_path / "record.pdf")


def test_the_record_holds_what_the_law_asks_for(catalogue, tmp_path):
    render(catalogue["mediation_record"], CASE, tmp_path / "record.docx")
    text = docx_text(tmp_path / "record.docx")
    assert "时间：2026年9月18日9时05分至11时10分" in text
    assert "第2次调解" in text
    for word in (
        "已向当事人表明身份",
        "享有的权利、承担的义务告知当事人",
        "沟三十年都是通的",
        "水沟被截断2.3米",
        "具有法律约束力",
        "1．公司于2026年9月28日前恢复水沟。",
    ):
        assert word in text
    for place in (
        "当事人（张门民）签名、盖章或者按指印：",
        "人民调解员签名：",
        "记录人签名：",
        "石桥镇人民调解委员会（印章）",
    ):
        assert place in text
    assert "□" not in text


def test_what_nobody_confirmed_is_a_box_to_tick_and_not_a_statement(catalogue, tmp_path):
    render(catalogue["mediation_record"], with_session(rights_told=False), tmp_path / "record.docx")
    assert "□ 人民调解委员会已将人民调解的性质" in docx_text(tmp_path / "record.docx")
    assert catalogue["mediation_record"].missing(mediation_context(with_session(rights_told=False))) == ["告知权利义务"]


def test_a_failed_session_gives_the_reason_and_the_other_ways(catalogue, tmp_path):
    failed = with_session(result="failed", reason="对赔偿金额分歧较大。", remedies_told=True)
    render(catalogue["mediation_record"], failed, tmp_path / "record.docx")
    text = docx_text(tmp_path / "record.docx")
    assert "未达成协议的原因：对赔偿金额分歧较大。" in text
    assert "仲裁、行政、司法等途径" in text
    assert "公司赔偿张门民1200元" not in text


def test_the_agreement_counts_its_copies_as_parties_and_committee(catalogue, tmp_path):
    render(catalogue["mediation_agreement"], CASE, tmp_path / "it.docx")
    assert "本协议一式三份" in docx_text(tmp_path / "it.docx")


def test_an_empty_case_is_a_form_to_fill_by_hand(catalogue, tmp_path):
    render(catalogue["mediation_agreement"], {}, tmp_path / "it.docx")
    render(catalogue["mediation_agreement"], {}, tmp_path / "it.pdf")
    rows = docx.Document(str(tmp_path / "it.docx")).paragraphs
    name = next(row for row in rows if row.text.startswith("当事人姓名："))
    assert [bool(run.underline) for run in name.runs][:2] == [False, True]
    assert name.runs[1].text.strip("\u3000\xa0") == ""
    assert sum(run.text == "\t" and run.underline is True for row in rows for run in row.runs) >= 10
    assert "协议内容" in pdf_text(tmp_path / "it.pdf")


def test_missing_things_are_named_in_the_clerks_words(catalogue):
    agreement = catalogue["mediation_agreement"]
    assert agreement.status(mediation_context(CASE)) == {
        "name": "mediation_agreement", "title": "人民调解协议书", "ready": True, "missing": [],
    }  # fmt: skip
    person, unit = CASE["parties"]
    lacking = {**CASE, "parties": [{**person, "sex": None}, {**unit, "representative": " "}]}
    assert agreement.missing(mediation_context(lacking)) == ["当事人性别（第1方）", "单位法定代表人（负责人）（第2方）"]


def test_the_other_documents_have_a_door_but_no_ready_state(catalogue, tmp_path):
    assert [document.number for document in catalogue.values()] == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
    ]
    assert {document.name for document in catalogue.built} == {"mediation_record", "mediation_agreement"}
    cover = catalogue["file_cover"]
    assert cover.status(mediation_context(CASE))["ready"] is False
    with pytest.raises(KnownError, match="卷宗封面"):
        render(cover, CASE, tmp_path / "it.pdf")
    with pytest.raises(KnownError, match="mediation_cover"):
        catalogue["mediation_cover"]


def test_docx_names_the_chinese_fonts_and_counts_its_pages(catalogue, tmp_path):
    render(catalogue["mediation_record"], CASE, tmp_path / "it.docx")
    document = docx.Document(str(tmp_path / "it.docx"))
    title = document.paragraphs[0].runs[0]
    assert title.font.size.pt == 22
    fonts = {run._r.rPr.rFonts.get(qn("w:eastAsia")) for row in document.paragraphs for run in row.runs}
    assert fonts == {"宋体", "仿宋", "黑体"}
    foot = document.sections[0].footer._element.xml
    assert " PAGE " in foot
    assert " NUMPAGES " in foot
    assert round(document.sections[0].page_width.mm) == 210


def test_a_character_without_a_glyph_is_reported_shown_and_kept(catalogue, tmp_path):
    person, unit = CASE["parties"]
    rare = {**CASE, "parties": [{**person, "name": "张𠮷𪚥"}, unit]}
    assert render(catalogue["mediation_agreement"], rare, tmp_path / "it.pdf") == ("𠮷", "𪚥")
    assert "张𠮷𪚥" in pdf_text(tmp_path / "it.pdf")
    assert render(catalogue["mediation_agreement"], rare, tmp_path / "it.docx") == ("𠮷", "𪚥")
    assert "张𠮷𪚥" in docx_text(tmp_path / "it.docx")


def test_a_very_long_statement_runs_over_pages_that_are_all_counted(catalogue, tmp_path):
    words = "\n".join(f"第{n}段，" + "当事人陈述了排水沟的来历和历次维修的经过。" * 8 for n in range(1, 41))
    render(
        catalogue["mediation_record"],
        with_session(statements=[{"speaker": "张门民", "words": words}]),
        tmp_path / "it.pdf",
    )
    pages = pdf_text(tmp_path / "it.pdf").split("\f")[:-1]
    assert len(pages) > 4
    for number, page in enumerate(pages, 1):
        assert f"第{number}页共{len(pages)}页" in page
    assert "第40段" in "".join(pages)
    # Who signs and what is signed stand on one page.
    assert "核对无误" in pages[-1]
    assert "（印章）" in pages[-1]


def test_control_characters_and_half_characters_do_no_harm(catalogue, tmp_path):
    for suffix in (".pdf", ".docx"):
        render(
            catalogue["mediation_record"], {**CASE, "matter": "排水\x00纠纷\ud842\t一\r\n二"}, tmp_path / f"it{suffix}"
        )
    assert "排水纠纷\ufffd 一 二" in docx_text(tmp_path / "it.docx")


def test_a_wrong_suffix_and_a_missing_folder_are_told_in_chinese(catalogue, tmp_path):
    with pytest.raises(KnownError, match=r"以\.docx 或 \.pdf结尾"):
        render(catalogue["mediation_record"], CASE, tmp_path / "it.doc")
    with pytest.raises(KnownError, match="没有写成"):
        render(catalogue["mediation_record"], CASE, tmp_path / "no" / "it.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_context_takes_no_unknown_names():
    with pytest.raises(BugError, match="religion"):
        mediation_context({"parties": [{"religion": "x"}]})
    context = mediation_context(CASE)
    assert context.parties[1].kind == "unit"
    assert dataclasses.is_dataclass(context.session)


def test_the_page_that_is_signed_shows_what_is_signed(catalogue, tmp_path):
    for lines in (1, 8, 14, 20):
        long = {**CASE, "facts": "\n".join(["围墙堵塞了共用排水沟。"] * lines)}
        render(catalogue["mediation_agreement"], long, tmp_path / "it.pdf")
        *_, last = pdf_text(tmp_path / "it.pdf").split("\f")[:-1]
        assert "履行方式：现金一次付清" in last
        assert "（印章）" in last

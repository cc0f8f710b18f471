"""Papers of a case: numbered once, frozen, the same bytes whenever they are asked for, and nobody's name but his to whom they go."""

from __future__ import annotations

import re
import subprocess

import docx
import pytest

from app.errors import Denied, KnownError
from app.exchange import case_papers
from app.exchange.case_paper_kinds import load_papers
from app.exchange.documents.blocks import written_texts
from app.exchange.documents.case_paper import case_paper
from app.exchange.documents.to_pdf import drawn, laid_out
from app.schema.loading import load_forms
from tests.services.conftest import cheap_passwords, clock, colleague, county, office, open_office, two
from tests.services.test_cases import act, report
from tests.services.test_meetings import decide, meeting

__all__ = ["cheap_passwords", "clock", "county", "office", "open_office", "two"]
LONG = "云岭镇上寨村上寨三组中排青石板巷老供销社后院三单元第二栋东头第三户门前，" * 40


@pytest.fixture(scope="session")
def forms():
    return load_forms()


def assigned(office, **values):
    event = report(office, **values)
    act(office, event, "accept")
    act(office, event, "assign", lead_unit="村电站", instruction="三天内修好")
    return event


def closed(office, **values):
    event = assigned(office, **values)
    act(office, event, "acknowledge")
    act(office, event, "feed_back", result="灯泡已换")
    act(office, event, "close_direct", reason="小事")
    return event


def text_of(path):
    read = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True, text=True)
    return re.sub(r"\s", "", read.stdout)


def names(office, event):
    return [kind.name for kind, _ in case_papers.offered(office, office.cases.case(event))]


def test_what_is_offered_fits_the_state(office):
    event = report(office)
    assert names(office, event) == []
    act(office, event, "accept")
    assert names(office, event) == ["meeting_notes"]
    act(office, event, "assign", lead_unit="村电站")
    act(office, event, "supervise", opinion="抓紧")
    assert names(office, event) == ["dispatch_slip", "supervision_notice", "meeting_notes"]
    with pytest.raises(KnownError, match="现在不能出"):
        case_papers.issue(office, event, "result_notice")
    assert office.case_papers.of(event) == ()


def test_an_issued_slip_has_the_number_of_its_case_and_stays_as_it_is(office, tmp_path):
    event = assigned(office)
    made = case_papers.issue(office, event, "dispatch_slip")
    assert made.number == f"{office.cases.case(event).state.case_no}-交1号"
    first, again = tmp_path / "a.pdf", tmp_path / "b.pdf"
    case_papers.write_copy(office, event, made.number, first)
    act(office, event, "reassign", lead_unit="供电所", reason="归它管")
    case_papers.write_copy(office, event, made.number, again)
    assert first.read_bytes() == again.read_bytes()
    said = text_of(first)
    assert all(
        word in said
        for word in ("交办（派遣）单", made.number, "村电站", "三天内修好", "村口路灯不亮", "云岭镇综治中心")
    )
    assert "供电所" not in said
    out = tmp_path / "a.docx"
    case_papers.write_copy(office, event, made.number, out)
    assert any("三天内修好" in cell.text for row in docx.Document(str(out)).tables[0].rows for cell in row.cells)
    shown = case_papers.pages(office, event, made.number)
    assert "".join(word[2] for page in shown["pages"] for word in page["words"]).count(made.number) == 1
    # Another step, another slip.
    assert case_papers.issue(office, event, "dispatch_slip").number.endswith("-交2号")


def test_the_same_paper_twice_is_refused_and_a_corrected_one_points_to_the_old(office):
    event = assigned(office)
    first = case_papers.issue(office, event, "dispatch_slip").number
    with pytest.raises(KnownError, match="请补打"):
        case_papers.issue(office, event, "dispatch_slip")
    second = case_papers.issue(office, event, "dispatch_slip", corrects=first).number
    assert [(one.number, one.corrects, one.corrected) for one in office.case_papers.of(event)] == [
        (second, first, ""),
        (first, "", second),
    ]
    with pytest.raises(KnownError, match="已经更正过"):
        case_papers.issue(office, event, "dispatch_slip", corrects=first)
    with pytest.raises(KnownError, match="没有文号"):
        case_papers.issue(office, event, "dispatch_slip", corrects="别的")


def test_two_devices_that_are_apart_never_give_one_number(two):
    ours, theirs = two

    def meet():
        for each in (ours, theirs, ours):
            each.sync()

    event = assigned(ours)
    meet()
    one = case_papers.issue(ours, event, "dispatch_slip")
    other = case_papers.issue(theirs, event, "dispatch_slip")
    assert one.number != other.number
    assert other.number.endswith("交1号")
    meet()
    meet()
    assert (
        {p.number for p in ours.case_papers.of(event)}
        == {p.number for p in theirs.case_papers.of(event)}
        == {one.number, other.number}
    )


def test_a_case_without_a_number_has_a_notice_with_one_of_the_device(office):
    event = report(office)
    act(office, event, "reject", reason="不归本级管")
    made = case_papers.issue(office, event, "rejection_notice", {"to": "王大姐", "reason": "请找物业"})
    assert re.fullmatch(r"2026-[A-Z2-7]{6}-不受0001号", made.number)
    other = report(office)
    act(office, other, "reject", reason="不归本级管")
    assert case_papers.issue(office, other, "rejection_notice").number.endswith("0002号")


def test_the_reporter_is_named_on_his_own_paper_alone_and_no_telephone_anywhere(office, tmp_path):
    event = closed(office, reporter="王大姐", reporter_phone="13900001000")
    for kind in load_papers().values():
        said = case_papers.gather(office, office.cases.case(event), kind)
        assert ("王大姐" in "".join(said.values())) == kind.person
        assert "13900001000" not in "".join(said.values())
    made = case_papers.issue(office, event, "result_notice")
    out = tmp_path / "a.pdf"
    case_papers.write_copy(office, event, made.number, out)
    said = text_of(out)
    assert "王大姐：" in said
    assert "灯泡已换" in said
    assert "村电站" not in said


@pytest.mark.parametrize(("said", "printed"), [({}, "3 个工作日"), ({"day_unit": "day"}, "3 个自然日")])
def test_the_form_of_an_extension_says_in_which_days_it_is_counted(office, said, printed):
    event = assigned(office)
    act(office, event, "acknowledge")
    act(office, event, "extend_request", days=3, reason="等配件", **said)
    gathered = case_papers.gather(office, office.cases.case(event), load_papers()["extension_form"])
    assert gathered["days_said"] == printed


def test_what_was_typed_is_taken_from_the_draft_which_goes(office, tmp_path):
    event = assigned(office)
    key = case_papers.draft_key(event, "meeting_notes")
    office.store.keep_draft(key, "papers_attachment", event, {"host": "李书记", "decided": "一、换灯\n二、查线路"})
    made = case_papers.issue(office, event, "meeting_notes")
    assert office.store.draft(key) is None
    out = tmp_path / "a.pdf"
    case_papers.write_copy(office, event, made.number, out)
    assert all(word in text_of(out) for word in ("主持人：李书记", "一、换灯", "二、查线路"))


def test_who_may_not_issue_leaves_no_paper_and_no_gap(office):
    event = assigned(office)
    stranger = colleague(office, "mo", roles=("mediator",))
    with pytest.raises(Denied):
        case_papers.issue(stranger, event, "dispatch_slip")
    assert case_papers.issue(office, event, "dispatch_slip").number.endswith("-交1号")


def test_a_paper_that_cannot_be_laid_out_leaves_no_gap(office, monkeypatch):
    event = assigned(office)
    with monkeypatch.context() as patch:
        patch.setattr(case_papers, "sheet_bytes", lambda *_: (_ for _ in ()).throw(KnownError("store.no_space")))
        with pytest.raises(KnownError):
            case_papers.issue(office, event, "dispatch_slip")
    assert case_papers.issue(office, event, "dispatch_slip").number.endswith("-交1号")


def test_a_director_issues_though_he_enters_no_cases(office):
    event = assigned(office)
    director = colleague(office, "dir", roles=("director",))
    assert case_papers.issue(director, event, "dispatch_slip").number


@pytest.mark.parametrize("name", list(load_papers()))
def test_every_paper_holds_empty_and_longest_texts(name):
    kind = load_papers()[name]
    assert laid_out(case_paper(kind, {}, "云岭〔2026〕00001-交1号")) == 1
    keys = (
        {key for _, key in kind.facts}
        | {ask.name for ask in kind.ask}
        | {"title", "opinion", "detail", "reason", "result"}
    )
    sheet = case_paper(kind, dict.fromkeys(keys - {"blank", "to"}, LONG + "𠮷\ue123末"), "云岭〔2026〕00001-交1号")
    said = "".join(str(word[2]) for page in drawn(sheet)["pages"] for word in page["words"])
    printed = [text for text in written_texts(sheet.blocks) if text.endswith("末")]
    assert printed
    assert said.count("末") >= len(printed)
    assert laid_out(sheet) >= 2


def test_the_notes_of_a_joint_meeting_begin_with_what_its_record_says(office):
    event, other = assigned(office), report(office, title="李家的事")
    joint = meeting(
        office,
        kind="joint",
        date="2026-09-16",
        host="段宏远",
        present="司法所、派出所",
        agenda="路灯问题",
        decisions="李家的事不议",
    )
    later = meeting(office, date="2026-09-18", host="李雪梅")
    for where in (joint, later):
        office.meetings.prepare(where)
    decide(office, joint, event, "更换整条线路。", owner="村电站", due="2026-09-30")
    decide(office, joint, other, "李家限期拆除")
    decide(office, later, event, "再催一次")
    [kind] = [one for one in case_papers.offered(office, office.cases.case(event)) if one[0].name == "meeting_notes"]
    assert kind[1] == {
        "held_at": "2026年9月16日",
        "meeting_place": "镇三楼",
        "host": "段宏远",
        "present": "司法所、派出所",
        "said": "路灯问题",
        "decided": "更换整条线路；责任人：村电站；完成时限：2026年9月30日。",
    }
    stranger = colleague(office, "mo", roles=("helper",))
    assert stranger.meetings.of("event", event) == []


def test_a_step_that_came_late_says_on_paper_when_the_county_had_it(office, clock):
    event = assigned(office)
    case = office.cases.case(event)
    step = next(step for step in case.steps if step.action == "assign")
    kind = next(kind for kind in load_papers().values() if "assign" in kind.steps)
    before = case_papers.gather(office, case, kind)["at"]
    assert "县中心" not in before
    with office.store.transaction():
        office.store.query.keep_received([(step.id, int(step.at.timestamp() * 1000) + 5 * 3_600_000)])
    later = case_papers.gather(office, case, kind)["at"]
    assert later.startswith(before)
    assert re.search(r"（县中心\d{4}年\d+月\d+日\d+时\d+分收到）", later)


def test_a_visit_says_yes_or_no_and_the_seal_names_the_centre_though_nobody_filled_in_his_unit(office):
    event = closed(office)
    mo = colleague(office, "mo", unit="")
    assert mo.cases.act(event, "return_visit", {"words": "修好了"}).ok
    kind = load_papers()["visit_record"]
    said = case_papers.gather(mo, mo.cases.case(event), kind)
    assert (said["not_solved"], said["unit"]) == ("否", "云岭镇综治中心")

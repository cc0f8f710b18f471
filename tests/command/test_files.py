"""What goes in and out as files: rosters, reports, documents, forms, backups."""

from __future__ import annotations

import json

import openpyxl
import pytest

from app.paths import resource, root
from tests.command.conftest import UPPER, Device

DATA = root() / "tests" / "data"


@pytest.mark.parametrize(("name", "refused"), [("roster_clean.xlsx", 0), ("roster_wps.xls", 6)])
def test_a_roster_comes_in_once_and_goes_to_the_county(clerk, name, refused):
    words = ("import", "resident", DATA / name, "--area", UPPER, "--json")
    tried = clerk(*words, "--dry-run")
    assert clerk.json("list", "resident")["total"] == 0
    done = clerk(*words)
    assert (done.code, len(done.json["refused"])) == (1 if refused else 0, refused)
    assert (tried.code, tried.json) == (done.code, done.json)
    assert done.json["created"] == clerk.json("list", "resident", "--limit", "1")["total"] > 100
    assert set(done.json) >= {
        "rows",
        "created",
        "updated",
        "unchanged",
        "refused",
        "flagged",
        "same_person",
        "possible_duplicates",
    }
    again = clerk(*words).json
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, done.json["created"])
    assert clerk.json("sync")["in_agreement"] is True
    assert clerk.json("digest")["streams"][0]["records"] > done.json["created"]


def test_refused_rows_are_named_as_excel_names_them_with_1(clerk, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "上河村"
    for row in (
        ("姓名", "公民身份号码"),
        ("李小河", "990123199001011239"),
        (None, "990123199102021241"),
        ("王五", "990123199001011238"),
    ):
        book.active.append(row)
    book.save(tmp_path / "people.xlsx")
    answer = clerk(
        "import", "resident", tmp_path / "people.xlsx", "--area", UPPER, "--report", tmp_path / "back.xlsx", "--json"
    )
    assert answer.code == 1
    said = answer.json
    assert {"sheet", "row", "field", "code", "message"} == set(said["refused"][0])
    assert (said["refused"][0]["sheet"], said["refused"][0]["row"]) == ("上河村", 3)
    assert (tmp_path / "back.xlsx").exists()
    wrong = clerk("import", "resident", root() / "README.md", "--area", UPPER)
    assert wrong.code == 3
    assert len(wrong.err.splitlines()) == 1


def test_the_day_is_reported_as_any_of_four_kinds_of_file(clerk, tmp_path):
    clerk.apply(
        {"op": "save", "form": "event", "ref": "a", "area": UPPER, "values": {"title": "路灯不亮"}},
        {"op": "act", "case": "@a", "action": "report"},
    )
    day = clerk.json("list", "event")["records"][0]["values"]["reported_at"][:10]
    starts = {"xlsx": b"PK", "docx": b"PK", "pdf": b"%PDF", "json": b"{"}
    for kind, start in starts.items():
        out = tmp_path / f"day.{kind}"
        assert clerk("report", "day", "--at", day, out).code == 0
        assert out.read_bytes().startswith(start)
    said = json.loads((tmp_path / "day.json").read_text(encoding="utf-8"))
    assert said["indicators"]["n_rep"]["value"] == 1
    assert set(said["indicators"]["n_rep"]) == {"value", "unit", "basis", "numerator", "denominator"}
    assert said["period"][0].startswith(day)
    assert {"n_rep", "n_acc", "n_cls", "n_open", "n_over_open"} <= set(said["indicators"])
    assert clerk("report", "day", "--at", day, "--area", "990199000000", tmp_path / "x.json").code == 4
    assert clerk("report", "day", "--at", day, tmp_path / "x.txt").code == 3


def test_documents_are_listed_with_what_they_lack_and_written_with_blanks(clerk, tmp_path):
    case = clerk.save("mediation", title="邻里纠纷")
    documents = clerk.json("document", case)["documents"]
    assert [(item["name"], item["ready"]) for item in documents] == [
        ("mediation_record", False),
        ("mediation_agreement", False),
    ]
    assert all(item["missing"] for item in documents)
    for item in documents:
        for kind, start in (("docx", b"PK"), ("pdf", b"%PDF")):
            out = tmp_path / f"{item['name']}.{kind}"
            assert clerk.json("document", case, item["name"], out) == {"file": str(out), "missing_glyphs": []}
            assert out.read_bytes().startswith(start)
    assert clerk("document", case, "nothing", tmp_path / "x.docx").code == 3


def test_papers_of_the_registry_are_listed_written_and_given_as_pages(clerk, tmp_path):
    who = clerk.save("resident", name="李长顺", phone="13900001000")
    listed = clerk.json("document", who)["documents"]
    assert [(one["name"], one["ready"]) for one in listed] == [("person_card", True), ("data_sheet", True)]
    out = tmp_path / "a.pdf"
    assert clerk.json("document", who, "person_card", out, "--reason", "上门核对") == {
        "file": str(out),
        "missing_glyphs": [],
    }
    assert out.read_bytes().startswith(b"%PDF")
    drawn = clerk.json("document", who, "person_card", "-", "--reason", "上门核对")
    said = "".join(word[2] for page in drawn["pages"] for word in page["words"])
    assert "用途：上门核对" in said
    assert "139****1000" in said
    # Whole numbers, and the sheet of all that is held, are not for a clerk without the right or a request.
    assert clerk("document", who, "person_card", tmp_path / "b.pdf", "--plain", "--reason", "看看").code == 4
    assert clerk("document", who, "data_sheet", tmp_path / "b.pdf", "--reason", "看看").code == 3
    assert clerk("document", "0" * 32, "person_card", tmp_path / "b.pdf").code == 3
    assert not (tmp_path / "b.pdf").exists()


def test_forms_are_listed_and_a_wrong_one_is_told_line_by_line(clerk, tmp_path):
    found = {form["name"]: form for form in clerk.json("forms", "list")["forms"]}
    assert found["hazard"]["ledger"] is True
    assert found["resident"]["ledger"] is False
    for form in resource("forms").glob("*.toml"):
        assert clerk("forms", "check", form).code == 0
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        'title = "x"\ntitle_field = "a"\nversion = 1\n\n[field.a]\nlabel = "甲"\nkind = "tekst"\n', encoding="utf-8"
    )
    answer = clerk("forms", "check", wrong, "--json")
    assert (answer.code, answer.json["ok"]) == (1, False)
    assert "kind 不能是“tekst”" in answer.json["faults"][0]["message"]
    assert answer.json["faults"][0]["line"] in range(5, 8)
    wrong.write_bytes(b"\xff\xfe")
    assert clerk("forms", "check", wrong).code == 3


def test_a_backup_goes_on_as_the_device_that_it_was(town, clerk, tmp_path):
    clerk.save("resident", name="备份前")
    file = tmp_path / "backup.zip"
    assert clerk.json("backup", file) == {"file": str(file), "bytes": file.stat().st_size}
    clerk.save("resident", name="备份后")
    clerk.json("sync")
    assert clerk("restore", file).code == 3
    empty = tmp_path / "again"
    empty.mkdir()
    wrong = Device(empty, "lin", "guess")("restore", file)
    assert (wrong.code, list(empty.iterdir())) == (3, [])
    back = Device(empty, "lin", clerk.password)
    assert back.json("restore", file) == {"ok": True}
    assert not list(tmp_path.glob(".again-*"))
    assert {record["values"]["name"] for record in back.json("list", "resident")["records"]} == {"备份前"}
    back.save("resident", name="恢复后")
    assert back.json("sync")["in_agreement"] is True
    assert {record["values"]["name"] for record in back.json("list", "resident")["records"]} == {
        "备份前",
        "备份后",
        "恢复后",
    }
    other = tmp_path / "other.zip"
    other.write_bytes(b"PK nothing")
    assert Device(tmp_path / "new", "lin", "x")("restore", other).code == 3


def test_the_doctor_finds_a_fresh_device_well_and_lists_what_is_not_built(clerk):
    said = clerk.json("doctor")
    assert said["ok"] is True
    assert {check["ok"] for check in said["checks"]} <= {True, None}
    assert "report week" in said["not_built"]


def test_search_is_measured_beside_its_peers(clerk):
    said = clerk.json("bench", "search", "--residents", "200")
    assert said["residents"] == 200
    keys = {"query", "kind", "p50_ms", "p99_ms", "recall", "like_ms", "default_fts_ms"}
    assert all(keys <= set(line) for line in said["queries"])
    found = clerk.save("resident", name="李小河")
    hits = clerk.json("find", "lxh")
    assert [hit["id"] for hit in hits["hits"]] == [found]
    assert set(hits) == {"hits", "ms"}

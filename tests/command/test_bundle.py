"""The USB way by its commands, as processes of their own: written, carried, read, and refused in a sentence."""

from __future__ import annotations

import json

import pytest

from sync.county import office
from tests.command.conftest import TOWNSHIP, process, township


def run(*words, **env):
    """One command as a real process: (exit code, JSON or None, its words)."""
    done = process(*words, "--json", **env)
    out, err = done.communicate(timeout=120)
    return done.returncode, json.loads(out) if out.strip() else None, err


def at(device, *words):
    return run("--home", device.home, *words, TOWNSHIP_USER=device.user, TOWNSHIP_PASSWORD=device.password)


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "U盘"
    folder.mkdir()
    return folder


def test_a_stick_carries_a_township_s_work_to_the_county_and_back(town, pair, stick):
    a, b = pair
    person = a.save("resident", name="张文贵")
    other = b.save("resident", name="李桂兰")
    assert b.json("sync")["in_agreement"]
    code, made, _ = at(a, "bundle", "export", stick)
    assert (code, made["changes"], made["left"]["normal"]) == (0, 1, 1)
    assert made["file"].endswith(".xzt")
    assert "上报" in made["file"]
    code, taken, _ = run("county", "bundle", "import", made["file"], "--out", stick, *town.data)
    assert (code, taken["changes"], taken["account"], taken["aside"]) == (0, {"accepted": 1}, "lin", 0)
    assert "答复" in taken["out"]
    code, got, _ = at(a, "bundle", "import", taken["out"])
    assert (code, got["up"]["changes"], got["left"]["normal"]) == (0, 1, 0)
    # A new device is told its scope first, and fetches with the next file.
    if got["again"]:
        _, made, _ = at(a, "bundle", "export", stick / "二.xzt")
        _, taken, _ = run("county", "bundle", "import", made["file"], "--out", stick / "答.xzt", *town.data)
        code, got, _ = at(a, "bundle", "import", stick / "答.xzt")
    assert got["in_agreement"]
    assert a.values("resident", other)["name"] == "李桂兰"
    assert b.json("sync")["in_agreement"]
    assert b.values("resident", person)["name"] == "张文贵"
    code, again, _ = run("county", "bundle", "export", "--device", taken["device"], stick / "再.xzt", *town.data)
    assert (code, again["device"]) == (0, taken["device"])
    assert at(a, "bundle", "import", stick / "再.xzt")[0] == 0


def test_the_same_stick_read_twice_says_so_at_both_ends(town, pair, stick):
    a, _ = pair
    a.save("resident", name="张文贵"), a.save("resident", name="李桂兰")
    _, made, _ = at(a, "bundle", "export", stick)
    first = township("county", "bundle", "import", made["file"], "--out", stick / "答.xzt", *town.data).out
    again = township("county", "bundle", "import", made["file"], "--out", stick / "又.xzt", *town.data).out
    assert "收下 2 条" in first
    assert "里面的 2 条以前都已收过" in again
    assert "收下" not in again
    a.save("resident", name="王五")
    _, more, _ = at(a, "bundle", "export", stick)
    mixed = township("county", "bundle", "import", more["file"], *town.data).out
    assert "收下 1 条、另外 2 条以前都已收过" in mixed
    assert "已收到 2 条" in a("bundle", "import", stick / "答.xzt").out
    assert "以前读过" in a("bundle", "import", stick / "答.xzt").out


def test_what_can_not_be_used_is_one_sentence_and_3(town, pair, stick):
    a, b = pair
    _, made, _ = at(a, "bundle", "export", stick)
    whole = (stick / made["file"]).read_bytes()
    (stick / "torn.xzt").write_bytes(whole[:-9])
    (stick / "photo.xzt").write_bytes(b"\xff\xd8\xff\xe0 no bundle")
    run("county", "bundle", "import", made["file"], "--out", stick / "answer.xzt", *town.data)
    refused = [
        at(a, "bundle", "import", stick / "photo.xzt"),
        at(a, "bundle", "import", stick / "nothing.xzt"),
        at(a, "bundle", "import", made["file"]),
        at(b, "bundle", "import", stick / "answer.xzt"),
        at(a, "bundle", "export", stick / "no" / "such" / "folder.xzt"),
        run("county", "bundle", "import", stick / "torn.xzt", "--out", stick / "x.xzt", *town.data),
        run("county", "bundle", "import", stick / "answer.xzt", *town.data),
        run("county", "bundle", "export", "--device", "nobody", stick / "x.xzt", *town.data),
    ]
    for code, document, words in refused:
        assert (code, document) == (3, None), words
        assert len(words.strip().splitlines()) == 1
        assert "Traceback" not in words
    assert len({words for *_, words in refused}) >= 6
    assert not (stick / "x.xzt").exists()
    assert not list(stick.glob("*.part"))


def test_a_revoked_device_s_work_lies_for_a_supervisor(town, pair, stick):
    a, b = pair
    person = a.save("resident", name="张文贵")
    a.save("resident", person, remark="搬到下河村")
    _, made, _ = at(a, "bundle", "export", stick)
    device = next(row["id"] for row in office.devices(town.county) if row["account"] == "lin")
    assert township("county", "devices", "revoke", device, *town.data).code == 0
    code, taken, _ = run("county", "bundle", "import", made["file"], *town.data)
    assert (code, taken["aside"], taken["out"]) == (1, 2, None)
    _, listed, _ = run("county", "aside", "list", *town.data)
    assert [(line["form"], line["user"]) for line in listed["changes"]] == [("resident", "lin")] * 2
    code, did, _ = run("county", "aside", "accept", listed["changes"][0]["key"], *town.data)
    assert (code, list(did["changes"].values())) == (0, ["accepted"])
    code, did, _ = run("county", "aside", "drop", "--device", device, *town.data)
    assert (code, did["dropped"]) == (0, 1)
    assert run("county", "aside", "list", *town.data)[1] == {"changes": []}
    assert b.json("sync")["in_agreement"]
    assert "remark" not in b.values("resident", person)


def test_a_device_that_no_county_knows_is_told_so(tmp_path, forms):
    code, document, words = run("--home", tmp_path / "none", "bundle", "export", tmp_path, TOWNSHIP_PASSWORD="x")
    assert (code, document) == (3, None)
    assert words.strip()
    assert TOWNSHIP not in words

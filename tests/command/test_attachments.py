"""Photos by the command alone: attached on one device, sent, seen and written out on the other."""

from __future__ import annotations

from PIL import Image

from tests.command.conftest import UPPER


def picture(path):
    Image.effect_noise((300, 200), 60).convert("RGB").resize((2400, 1600)).save(path, "JPEG", quality=90)
    return path


def test_a_photo_goes_from_one_device_to_the_other_and_is_written_out(pair, tmp_path):
    first, second = pair
    event = first.save("event", title="路灯坏了", detail="村口", urgency="normal")
    path = picture(tmp_path / "灯.jpg")
    made = first.apply({"op": "attach", "form": "event", "id": event, "file": str(path), "kind": "photo"})[0]
    assert made["ok"], made
    (shown,) = first.json("show", "event", event)["attachments"]
    assert (shown["id"], shown["name"], shown["here"], shown["sending"]) == (made["id"], "灯.jpg", True, "waiting")
    sent = first.json("sync")
    assert (sent["left"]["files"], sent["files"]["sent"], sent["files"]["stopped"]) == (0, 2, "")
    got = second.json("sync")
    assert (got["files"]["fetched"], got["left"]["files"]) == (1, 0)
    (there,) = second.json("show", "event", event)["attachments"]
    assert (there["here"], there["thumb_here"]) == (False, True)
    out = tmp_path / "out.jpg"
    answer = second("attachment", made["id"], out)
    assert (answer.code, out.exists()) == (3, False)
    assert "同步" in answer.err
    assert second.json("sync")["files"]["fetched"] == 1
    told = second.json("attachment", made["id"], out)
    assert told == {"file": str(out), "bytes": there["size"]}
    with Image.open(out) as kept:
        assert kept.size == (2048, 1365)


def test_what_cannot_be_attached_is_told_by_line_and_holds_up_no_other(clerk, tmp_path):
    event = clerk.save("event", title="路灯坏了", detail="村口", urgency="normal")
    (tmp_path / "a.exe").write_bytes(b"MZ" + bytes(100))
    results = clerk.apply(
        {"op": "attach", "form": "event", "id": event, "file": str(tmp_path / "a.exe")},
        {"op": "attach", "form": "event", "id": event, "file": str(tmp_path / "none.jpg")},
        {"op": "attach", "form": "event", "id": event, "file": str(picture(tmp_path / "b.jpg"))},
        {"op": "save", "form": "event", "ref": "e", "area": UPPER, "values": {"title": "又一件", "detail": "村口"}},
        {"op": "attach", "form": "event", "id": "@e", "file": str(tmp_path / "b.jpg")},
    )
    assert [line["code"] for line in results[:2]] == ["files.kind_unknown", "files.unreadable"]
    assert [line["ok"] for line in results] == [False, False, True, results[3]["ok"], results[3]["ok"]]


def test_how_photos_are_taken_in_is_a_setting(clerk, tmp_path):
    assert clerk.json("attachment") == {"longest": 2048, "quality": 80, "most": 50}
    assert clerk.json("attachment", "--longest", 1000, "--quality", 70) == {"longest": 1000, "quality": 70, "most": 50}
    event = clerk.save("event", title="路灯坏了", detail="村口", urgency="normal")
    clerk.apply({"op": "attach", "form": "event", "id": event, "file": str(picture(tmp_path / "a.jpg"))})
    (one,) = clerk.json("show", "event", event)["attachments"]
    clerk.json("attachment", one["id"], tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as kept:
        assert max(kept.size) == 1000
    assert clerk("attachment", "--quality", 200).code == 2
    assert clerk("attachment", one["id"]).code == 2

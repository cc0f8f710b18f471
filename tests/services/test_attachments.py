"""Files of a record: taken in, made smaller and bare, sealed on the disk, listed and opened by those who may."""

from __future__ import annotations

import io
import secrets

import pytest
from PIL import Image

from app.errors import Denied, KnownError
from app.services.pictures import THUMB_SIDE, Intake
from tests.services.conftest import UPPER, colleague
from tests.services.test_cases import act, report

VISIT = {
    "visit_date": "2026-09-18",
    "visitor": "林小禾",
    "household_name": "张文贵",
    "purpose": "daily",
    "content": "看老桥",
}
GPS, MAKE, ORIENTATION, EXIF, TAKEN = 0x8825, 0x010F, 0x0112, 0x8769, 0x9003


def photo(path, size=(4000, 3000), *, exif=True, orientation=6):
    """A photo as a telephone takes it: with place, maker, time and the wrong side up."""
    picture = Image.effect_noise((size[0] // 8, size[1] // 8), 60).convert("RGB").resize(size)
    told = Image.Exif()
    if exif:
        told[MAKE] = "PHONE"
        told[ORIENTATION] = orientation
        told.get_ifd(EXIF)[TAKEN] = "2026:09:18 09:05:00"
        told.get_ifd(GPS).update({1: "N", 2: (27.0, 52.0, 3.0), 3: "E", 4: (102.0, 15.0, 9.0)})
    picture.save(path, "JPEG", quality=90, **({"exif": told} if exif else {}))
    return path


def opened(office, one):
    with office.attachments.opening(one.id) as reader:
        return reader.read()


@pytest.fixture
def visit(office):
    made = office.records.save("visit", VISIT, area=UPPER)
    assert made.ok, made.faults
    return made.record.id


@pytest.fixture
def attach(office, visit):
    def done(path, **options):
        outcome = office.attachments.add("visit", visit, path, **options)
        assert outcome.ok, outcome.faults
        return office.attachments.get(outcome.record.id)

    return done


def test_a_photo_is_made_smaller_turned_upright_and_freed_of_place_and_camera(tmp_path, office, attach):
    one = attach(photo(tmp_path / "桥.jpg"))
    content = opened(office, one)
    with Image.open(io.BytesIO(content)) as kept:
        assert kept.size == (1536, 2048)
        assert not dict(kept.getexif())
        assert "exif" not in kept.info
    assert b"PHONE" not in content
    assert (one.name, one.kind, one.media_type, one.size) == ("桥.jpg", "photo", "image/jpeg", len(content))
    assert (one.taken_at, one.by, one.here, one.sending) == ("2026-09-18T09:05:00+08:00", "林小禾", True, "waiting")


def test_a_thumbnail_is_small_and_bare(tmp_path, office, attach):
    one = attach(photo(tmp_path / "桥.jpg"))
    small = office.attachments.thumbnail(one)
    assert len(small) < 16_000
    with Image.open(io.BytesIO(small)) as kept:
        assert max(kept.size) == THUMB_SIDE
        assert not dict(kept.getexif())


def test_the_setting_says_how_large_a_photo_stays(tmp_path, office, attach):
    office.attachments.set_intake(Intake(longest=800, quality=60))
    with Image.open(io.BytesIO(opened(office, attach(photo(tmp_path / "a.jpg", exif=False))))) as kept:
        assert kept.size == (800, 600)


def test_a_scan_and_a_pdf_stay_as_they_are_to_the_byte(tmp_path, office, attach):
    scan = photo(tmp_path / "scan.jpg", exif=False)
    assert opened(office, attach(scan, kind="scan")) == scan.read_bytes()
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"%PDF-1.7\n" + secrets.token_bytes(300_000))
    one = attach(paper)
    assert (one.kind, one.media_type, one.thumb) == ("document", "application/pdf", "")
    assert opened(office, one) == paper.read_bytes()


def test_a_scan_keeps_its_size_but_not_the_place_where_it_was_taken(tmp_path, office, attach):
    content = opened(office, attach(photo(tmp_path / "scan.jpg"), kind="scan"))
    with Image.open(io.BytesIO(content)) as kept:
        assert kept.size == (3000, 4000)
        assert not dict(kept.getexif())


def test_a_signature_with_a_clear_ground_stays_a_picture_of_its_own_kind(tmp_path, office, attach):
    path = tmp_path / "sign.png"
    Image.new("RGBA", (600, 200), (0, 0, 0, 0)).save(path)
    one = attach(path, kind="signature")
    assert (one.kind, one.media_type) == ("signature", "image/png")
    assert opened(office, one) == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(100), "files.heic"),
        ("a.exe", b"MZ" + bytes(100), "files.kind_unknown"),
        ("a.docx", b"MZ" + bytes(100), "files.kind_unknown"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(100), "files.picture_broken"),
        ("a.pdf", b"", "files.empty"),
        ("none.pdf", None, "files.unreadable"),
    ],
)
def test_what_cannot_be_taken_is_said_in_words_and_nothing_is_saved(tmp_path, office, visit, name, content, code):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(KnownError) as bad:
        office.attachments.add("visit", visit, tmp_path / name)
    assert bad.value.code == code
    assert name in str(bad.value)
    assert office.attachments.of("visit", visit) == []
    assert office.store.files.waiting().total == 0


def test_a_file_beyond_the_limit_is_refused(tmp_path, office, visit):
    office.attachments.set_intake(Intake(most_bytes=1_000_000))
    (tmp_path / "a.pdf").write_bytes(b"%PDF" + bytes(1_000_000))
    with pytest.raises(KnownError) as bad:
        office.attachments.add("visit", visit, tmp_path / "a.pdf")
    assert bad.value.code == "files.too_large"


def test_the_same_photo_twice_is_kept_once(tmp_path, office, visit, attach):
    path = photo(tmp_path / "a.jpg")
    first, second = attach(path), attach(path, name="另一个名字.jpg")
    assert (first.sha256, first.thumb) == (second.sha256, second.thumb)
    assert len(list((office.store.folder / "files").iterdir())) == 2
    assert office.store.files.waiting().to_send == 2
    assert [one.name for one in office.attachments.of("visit", visit)] == ["a.jpg", "另一个名字.jpg"]


def test_neither_names_nor_content_on_the_disk_tell_anything(tmp_path, office, attach):
    path = tmp_path / "张文贵的证件.txt"
    path.write_text("张文贵 990123199001011239\n" * 1000, encoding="utf-8")
    one = attach(path)
    for held in (office.store.folder / "files").iterdir():
        assert one.sha256 not in held.name
        raw = held.read_bytes()
        assert "张文贵".encode() not in raw
        assert one.sha256.encode() not in raw


def test_the_class_and_the_rights_are_those_of_the_record(tmp_path, office):
    assert [
        office.attachments.form_of(name).name for name in ("event", "event_step", "resident", "visit", "party")
    ] == [
        "cases_attachment",
        "cases_attachment",
        "registry_attachment",
        "ledger_attachment",
        "mediation_attachment",
    ]
    # What is shown on a person's card alone takes no files: those would stand in lists.
    card_only = [form.name for form in office.forms.values() if form.card_only]
    assert card_only == ["care_tag"]
    for name in ("conflict", "cases_attachment", *card_only):
        with pytest.raises(KnownError):
            office.attachments.form_of(name)
    for form in office.forms.values():
        if not form.system and not form.card_only and form not in office.forms.attachments:
            assert office.attachments.form_of(form.name).stream == form.stream


def test_who_may_not_see_the_record_may_not_see_its_file(tmp_path, office):
    made = office.records.save("resident", {"name": "张文贵"}, area=UPPER)
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF" + bytes(1000))
    one = office.attachments.add("resident", made.record.id, path).record
    helper = colleague(office, "he", roles=("helper",))
    with pytest.raises(Denied):
        helper.attachments.add("resident", made.record.id, path)
    with pytest.raises(Denied):
        helper.attachments.get(one.id)
    with pytest.raises(Denied), helper.attachments.opening(one.id):
        pass


@pytest.mark.parametrize("roles", [("lead_handler",), ("assist_handler",)])
def test_who_handles_a_case_sees_its_files_and_hands_in_his_own_and_those_of_no_other_case(tmp_path, office, roles):
    path = photo(tmp_path / "a.jpg", (400, 300))
    mine, other = report(office), report(office)
    for event, lead, assisting in ((mine, "村电站", "村水站"), (other, "镇水管站", "")):
        act(office, event, "accept")
        act(office, event, "assign", lead_unit=lead, **({"assist_units": assisting} if assisting else {}))
    given, elsewhere = (office.attachments.add("event", event, path).record for event in (mine, other))
    handler = colleague(office, "zhao", roles=roles, unit="村电站" if roles == ("lead_handler",) else "村水站")
    assert [one.id for one in handler.attachments.of("event", mine)] == [given.id]
    assert opened(handler, given)
    assert handler.records.get("event", mine).id == mine
    staged = handler.attachments.stage("event", mine, photo(tmp_path / "b.jpg", (500, 300)))
    action = "acknowledge" if roles == ("lead_handler",) else "assist_acknowledge"
    done = handler.doing.act(mine, action, {"assist_unit": "村水站"} if action != "acknowledge" else {}, [staged])
    assert done.ok, done.faults
    assert [one.step for one in handler.attachments.of("event", mine)] == ["", done.record.id]
    for refused in (
        lambda: handler.attachments.of("event", other),
        lambda: handler.attachments.get(elsewhere.id),
        lambda: opened(handler, elsewhere),
        lambda: handler.attachments.add("event", other, path),
        lambda: handler.records.get("event", other),
    ):
        with pytest.raises(Denied):
            refused()


def test_every_look_at_an_original_is_in_the_audit(tmp_path, office, attach):
    one = attach(photo(tmp_path / "a.jpg"))
    for _ in range(2):
        opened(office, one)
    rows = office.store.conn.execute("SELECT count(*) FROM audit WHERE record = ? AND fields = 'original'", (one.id,))
    assert rows.fetchone()[0] == 2
    assert office.store.audit.broken_at() is None


def test_a_file_that_was_altered_on_the_disk_is_not_shown_and_is_wanted_anew(tmp_path, office, attach):
    one = attach(photo(tmp_path / "a.jpg"))
    (held,) = (path for path in (office.store.folder / "files").iterdir() if path.stat().st_size > 50_000)
    raw = bytearray(held.read_bytes())
    raw[len(raw) // 2] ^= 1
    held.write_bytes(raw)
    with pytest.raises(KnownError) as bad:
        opened(office, one)
    assert bad.value.code == "files.damaged"
    again = office.attachments.get(one.id)
    assert (again.here, again.wanted) == (False, True)


def test_a_file_taken_off_can_no_longer_be_listed_nor_is_it_sent(tmp_path, office, visit, attach):
    one = attach(photo(tmp_path / "a.jpg"))
    office.attachments.remove(one.id, "拍错了")
    assert office.attachments.of("visit", visit) == []
    assert office.store.files.waiting().total == 0
    with pytest.raises(KnownError):
        office.attachments.get(one.id)


def test_what_a_crash_left_before_the_record_was_saved_is_swept_up_in_the_end(tmp_path, office, attach, clock):
    named = attach(photo(tmp_path / "a.jpg"))
    office.store.files.keep([b"nobody saved the record"])
    assert office.store.files.waiting().to_send == 2  # the photo and its thumbnail
    assert office.store.files.sweep() == 0
    clock.hours(24 * 80)
    assert office.store.files.sweep() == 0
    clock.hours(24 * 11)
    assert office.store.files.sweep() == 1
    assert opened(office, named)
    assert len(list((office.store.folder / "files").iterdir())) == 2


def test_the_original_is_written_where_the_user_asked(tmp_path, office, attach):
    path = tmp_path / "paper.pdf"
    path.write_bytes(b"%PDF" + secrets.token_bytes(200_000))
    out = tmp_path / "out.pdf"
    assert office.attachments.write(attach(path).id, out) == 200_004
    assert out.read_bytes() == path.read_bytes()

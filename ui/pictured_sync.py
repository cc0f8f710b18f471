"""An office for the pictures with everything that an exchange may leave to a person, and the states that only last a while."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFilter
from PySide6.QtWidgets import QScrollArea, QWidget

from app.messages import sentence
from app.schema.record import Receipt
from app.store.agreement import Area, Exchange
from app.store.saving import Edit
from app.store.sealing import Written
from app.store.store import new_key
from ui import pictured
from ui.pages.sync_speed import Speed, Told

if TYPE_CHECKING:
    from app.services.office import Office

_VILLAGE = "990001101201"
_OTHER = "段宏远"
_NUMBER = "11010519491231002X"


def troubled(home: Path, now: dt.datetime) -> tuple[Office, bytes]:
    """An office whose exchange left questions: refused, changed by two, registered twice, waiting for a month."""
    clock, key = [now - dt.timedelta(days=33)], new_key()
    office = pictured.desk(home, key, lambda: clock[0].timestamp(), "云岭镇综治中心", "云岭镇", "上寨村")  # noqa: PLW0108 - it is set on below
    sync, held = office.store.sync, office.store.areas()
    sync.enrolled(
        device="0" * 28 + "c002",
        county="云岭县",
        url="https://county.invalid",
        token="",
        epoch=1,
        areas=[Area(a["code"], a["name"], a["level"], a.get("parent", "")) for a in held],
        streams={(area["code"], form.stream) for area in held for form in office.forms.values()},
    )
    home_id = _made(office, "household", number="5300019", head_name="张小小")
    _made(office, "resident", name="张小小", household=home_id, relation="0")
    _answer(office, {"resident": ("waiting", "sync.parent_missing")})
    clock[0] = now - dt.timedelta(hours=3)
    person = _made(office, "resident", name="张文贵", phone="19900000001", id_number=_NUMBER, occupation="木匠")
    # Registered by another device, which did not know of him: here it would be asked.
    twin = _made(office, "resident", name="张文桂")
    office.store.save([Edit("resident", twin, _VILLAGE, {"id_number": _NUMBER})], _OTHER)
    _case(office)
    _answer(office, {})
    office.records.save("resident", {"occupation": "瓦匠", "presence": "away"}, record_id=person)
    office.records.save("resident", {"phone": "19900000002"}, record_id=person)
    _answer(office, {"resident": ("refused", "sync.not_allowed")})
    _quarrel(office, person, ("presence", "away", "present"), (pictured.USER, _OTHER), "open")
    _quarrel(office, person, ("occupation", "石匠", "木匠"), (_OTHER, pictured.USER), "decided")
    clock[0] = now
    for number in range(3):
        _made(office, "visit", visit_date="2026-09-18", visitor="林小禾", household=home_id, household_name="张小小",
              purpose="daily", content=f"第{number + 1}次上门")  # fmt: skip
    at = int(now.timestamp() * 1000)
    sync.log(Exchange(at - 7_200_000, "network", 31, 402, 18_300_000, 3_900_000, 214.0, "ok", ""))
    sync.log(Exchange(at - 60_000, "network", 0, 0, 1_210, 640, 30.2, "sync.unreachable", "县中心暂时连不上。"))
    sync.learn_county_keys("age1" + "q" * 58, "0" * 64)
    sync.note_written(Written("b1", at - 3_600_000, 41, 2, 90_112, "0" * 64, "云岭镇综治中心-0918-0942.xzt"))
    return office, key


def going(page: QWidget) -> None:
    """An exchange is half done on the sync *page*: bytes, speed and time left are seen."""
    seconds = itertools.count(0.0, 2.0)
    page.progress_card.speed = Speed(lambda: next(seconds))  # type: ignore[attr-defined]
    for done in (0, 310, 655):
        told = Told(done, 1840, done * 640, (1840 - done) * 640)
        page.show_syncing(True, told)  # type: ignore[attr-defined]
    page.window().top.show_sync("syncing", "36%")  # type: ignore[attr-defined]


def ended(page: QWidget, _office: Office) -> None:
    """It has ended."""
    page.show_syncing(False)  # type: ignore[attr-defined]


def written(page: QWidget) -> None:
    """A file for the county was just written to a stick; its card is scrolled to."""
    card = page.stick_card  # type: ignore[attr-defined]
    card.show_written({"file": "云岭镇综治中心-0918-1042.xzt", "changes": 6})
    scroll = page.parentWidget().parentWidget()
    if isinstance(scroll, QScrollArea):
        scroll.ensureWidgetVisible(card)


def wrong_clock(page: QWidget) -> None:
    """This machine's clock is years behind; the bar says so, and its words are read."""
    told = sentence("clock.slow", by="17 年", shows="2009-01-01 00:07")
    window: Any = page.window()
    window.top.show_clock(told)
    window.top.clock_clicked.emit(told)


def right_clock(page: QWidget, _office: Office) -> None:
    """Somebody set it right."""
    page.window().top.show_clock("")  # type: ignore[attr-defined]


def resident_conflict(office: Office) -> dict[str, Any]:
    """The arguments of the page for what two people said of one person."""
    return {"id": next(held.id for held in office.conflicts.open() if held.form == "resident")}


def _case(office: Office) -> None:
    report = {
        "title": "三组巷口路灯不亮，夜里看不清台阶",
        "category": "facility_light",
        "place": "上寨三组巷口",
        "channel": "phone",
        "reporter": "张文贵",
        "reporter_phone": "19900000001",
        "detail": "连着两晚不亮，老人绕着走；灯杆编号 17。",
    }
    case = office.cases.report(report, area=_VILLAGE).record
    assert case is not None
    office.cases.act(case.id, "accept", {})
    with tempfile.TemporaryDirectory() as folder:
        for name, lit in (("巷口.jpg", 40), ("灯杆17.jpg", 90)):
            _photo(Path(folder) / name, lit)
            office.attachments.add("event", case.id, Path(folder) / name)
        paper = Path(folder) / "报修单.pdf"
        paper.write_bytes(b"%PDF-1.7\n" + bytes(90_000))
        office.attachments.add("event", case.id, paper)


def _photo(path: Path, lit: int) -> None:
    """A drawn lane at dusk: nobody's real photo."""
    picture = Image.new("RGB", (800, 600), (116, 138, 176))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, 600), (320, 300), (470, 300), (800, 600)], fill=(158, 150, 142))
    draw.rectangle((0, 180, 230, 520), fill=(132, 108, 94))
    draw.rectangle((570, 210, 800, 540), fill=(148, 122, 104))
    draw.rectangle((392, 120, 402, 420), fill=(30, 30, 34))
    draw.ellipse((372, 92, 422, 142), fill=(90 + lit, 90 + lit, 60 + lit))
    picture.filter(ImageFilter.GaussianBlur(3)).save(path, "JPEG")


def _quarrel(office: Office, person: str, said: tuple[str, str, str], people: tuple[str, str], status: str) -> None:
    """The first of *people* wrote a field other than the second, whose word stands at the county."""
    (field, mine, theirs), (who, other) = said, people
    values = {
        "record_form": "resident",
        "record": person,
        "field": field,
        "label": f"居民：{office.forms['resident'].fields[field].label}",
        "mine": json.dumps(mine, ensure_ascii=False),
        "theirs": json.dumps(theirs, ensure_ascii=False),
        "who": who,
        "other": other,
        "device": office.store.sync.state.device if who == pictured.USER else "0" * 28 + "c009",
        "at": "2026-09-17T16:20:00+08:00",
        "status": status,
    }
    office.store.save([Edit("conflict", None, _VILLAGE, values)], "county")


def _answer(office: Office, answers: dict[str, tuple[str, str]]) -> None:
    """The county's receipts for everything unsent: accepted, or as *answers* say by form."""
    sync, rev = office.store.sync, 100 + len(office.store.sync.exchanges(1000))
    while frame := sync.compose(5000, lambda _number, _changes: b"demo"):
        forms = {change.counter: change.form for change in office.store.outbox.all()}
        receipts = []
        for counter in frame.counters:
            rev += 1
            status, code = answers.get(forms[counter], ("accepted", ""))
            receipts.append(Receipt(counter, status, 0 if code else rev + counter * 10, code=code))
        sync.receipts(frame.number, receipts)


def _made(office: Office, form: str, **values: object) -> str:
    outcome = office.records.save(form, values, area=_VILLAGE)
    assert outcome.record is not None, outcome.faults
    return outcome.record.id

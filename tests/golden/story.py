"""What happens between three devices and their county in the golden exchanges: told to a stage, which plays its part of it.

Fixed: what was recorded of it is played again with later programs. A new version tells a story of its own, which may begin with an old one.
"""

from __future__ import annotations

import hashlib

from app.store.saving import Edit

TOWNSHIP, FAR = "990901101000", "990901102000"
ONE, TWO, THREE, THERE = "990901101201", "990901101202", "990901101203", "990901102201"
AREAS = [
    ("990901000000", "示例县", "county", ""),
    (TOWNSHIP, "幸福镇", "township", "990901000000"),
    (ONE, "幸福一村", "village", TOWNSHIP),
    (TWO, "幸福二村", "village", TOWNSHIP),
    (THREE, "幸福三村", "village", TOWNSHIP),
    (FAR, "平安镇", "township", "990901000000"),
    (THERE, "平安村", "village", FAR),
]


def long_text(seed):
    """3,000 letters that no compression makes short: a frame of them is asked after before it is sent again."""
    drawn = b"".join(hashlib.sha256(f"{seed}{part}".encode()).digest() for part in range(188))
    return "".join(chr(0x4E00 + int.from_bytes(drawn[n : n + 2], "big") % 0x5000) for n in range(0, 6000, 2))


def rid(number):
    """The id of the story's record *number*, a UUIDv7 like any other."""
    return f"019900000000700080000000{number:08x}"


def person(number, area=ONE, **values):
    return Edit("resident", rid(number), area, values)


def tell(stage):
    """The story of version 1."""
    stage.seat("a", "张干事", [TOWNSHIP])
    stage.seat("b", "李干事", [ONE])
    stage.seat("c", "王干事", [FAR])

    # First upload: a household, its people, an event with its first step, a record of a restricted class.
    home = rid(1)
    stage.save("a", Edit("household", home, ONE, {"head_name": "张文贵", "number": "1-012"}))
    people = [
        person(10 + n, name=f"张{'甲乙丙丁戊己庚辛'[n]}", sex="12"[n % 2], household=home, phone=f"1390000000{n}")
        for n in range(8)
    ]
    stage.save("a", *people)
    stage.save("a", person(18, TWO, name="赵一", remark="住在二村", birth_date="1958-03-07"))
    stage.save("a", Edit("mediation", rid(20), ONE, {"title": "张某与李某相邻纠纷"}))
    stage.save("a", Edit("event", rid(30), ONE, {"title": "路灯坏了", "detail": "村口第三盏", "urgency": "normal"}))
    report = {"event": rid(30), "action": "report", "at": "2026-03-02T09:30:00+08:00", "by": "张干事"}
    stage.save("a", Edit("event_step", rid(31), ONE, report))
    stage.sync("a", "upload-new")
    stage.sync("b", "first-download")
    stage.sync("c", "empty-download")

    # Edits: one field, several, a group, an emptied field, and one on top of another.
    stage.tick(60)
    stage.save("a", person(10, remark="独居"), person(11, phone=None, occupation="木匠"))
    stage.save("a", person(12, id_number="11010519491231002X", birth_date="1949-12-31", sex="2"))
    stage.save("a", person(10, remark="独居，有低保", former_name="张小甲"))
    stage.sync("a", "edits")

    # The odd ones: apart and together, refused by form, rights and area, deleted here and edited there, and one that waits.
    stage.tick(60)
    stage.save("b", person(10, name="张嘉"), person(11, workplace="镇木器厂"), person(13, phone="12"))
    stage.save("b", person(14, remark="刚搬来"), person(19, THERE, name="别处的人"))
    stage.tick(5)
    stage.save(
        "a", person(10, name="张佳"), person(11, workplace="县木器厂"), Edit("resident", rid(14), ONE, {}, deleted=True)
    )
    stage.sync("a", "delete-and-rename")
    stage.sync("b", "odd-receipts")
    stage.sync("a", "conflicts-down")

    # A long frame whose answer is lost: asked after. One that never gets through: asked, unknown, void, framed anew.
    stage.tick(60)
    stage.save(
        "a",
        Edit("event", rid(40), ONE, {"title": "危房", "detail": long_text("甲"), "urgency": "normal"}),
        person(15, remark="甲"),
    )
    stage.sync("a", "answer-lost", ["after"])
    stage.save(
        "a",
        Edit("event", rid(41), ONE, {"title": "又一处", "detail": long_text("乙"), "urgency": "normal"}),
        person(16, remark="乙"),
    )
    stage.sync("a", "body-cut", ["body", "", "body"])

    # b's scope grows by a village, then somebody moves away from there.
    stage.scope("b", [ONE, TWO])
    stage.sync("b", "scope-change")
    stage.save("a", Edit("resident", rid(18), THREE, {}))
    stage.save("c", person(60, THERE, name="平安的人"))
    stage.sync("a", "moved-away")
    stage.sync("b", "left")
    stage.sync("c", "elsewhere")

    late = {"event": rid(99), "action": "report", "at": "2026-03-02T10:00:00+08:00"}
    stage.save("a", Edit("event_step", rid(32), ONE, late))
    stage.sync("a", "waiting")

    # The same frame once more, a field that nobody here knows, and what the county says when it can't.
    stage.save("a", Edit("resident", rid(17), ONE, {"from_the_future": "带着走", "remark": "丙"}))
    stage.sync("a", "answer-lost-small", ["after"])
    stage.sync("b", "unknown-field")
    stage.trouble("c", "problem")
    stage.revoke("c")
    stage.sync("c", "revoked")


def tell_2(stage):
    """The story of version 2: as before, and a visit with the field that its forms brought."""
    tell(stage)
    visit = {
        "visit_date": "2026-03-02", "visitor": "张干事", "household_name": "张文贵", "purpose": "daily", "content": "看望",
        "next_visit": "2026-04-02",
    }  # fmt: skip
    stage.save("a", Edit("visit", rid(70), ONE, visit))
    stage.sync("a", "visit")
    stage.sync("b", "visit-down")
    stage.save("b", Edit("visit", rid(70), ONE, {"next_visit": "2026-04-09"}))
    stage.sync("b", "visit-moved")
    stage.sync("a", "visit-moved-down")


VERSIONS = {"v1": tell, "v2": tell_2}

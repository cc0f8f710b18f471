"""Search: everything that fits is found, best first, and the index follows every change."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from app.demo import plan, records
from app.schema.dates import CHINA
from app.schema.ddl import table_name, to_row
from app.store import driver, layout, search
from app.store.search_keys import fold_name, readings, spellings, split
from app.store.search_terms import match, terms

VILLAGE = "990001101201"
NOW = dt.datetime(2026, 9, 18, 10, 42, tzinfo=CHINA)
RANK = {1.0: 0, 0.7: 1, 0.4: 2}


def encrypted(folder, forms):
    path = folder / "store.db"
    conn = driver.connect(path, bytes(range(32)), create=True)
    layout.prepare(conn, path, forms)
    return conn


def keep(conn, forms, rows):
    """Records and index together, as the store writes them."""
    rows = list(rows)
    for form, record_id, area, values in rows:
        row = to_row(forms[form], values)
        names = "".join(f', "{name}"' for name in row)
        marks = ", ?" * len(row)
        conn.execute(
            f"INSERT OR REPLACE INTO {table_name(form)} (id, area{names}) VALUES (?, ?{marks})",
            (record_id, area, *row.values()),
        )
    search.index(conn, forms, rows)


@pytest.fixture(scope="module")
def village(tmp_path_factory, forms):
    conn = encrypted(tmp_path_factory.mktemp("village"), forms)
    conn.execute("BEGIN")
    keep(conn, forms, records(plan("village", 5), NOW))
    conn.execute("COMMIT")
    yield conn
    conn.close()


@pytest.fixture
def desk(tmp_path, forms):
    conn = encrypted(tmp_path, forms)
    yield conn
    conn.close()


def resident(number, name, area=VILLAGE, **values):
    return "resident", f"{number:032x}", area, {"name": name, **values}


def names(conn, forms, text, **options):
    return [hit.title for hit in search.find(conn, forms, text, **options)]


def _documents(conn):
    return conn.execute("SELECT names, numbers, places FROM search_document ORDER BY number").fetchall()


def _fragment(chance, text, least, most):
    length = min(len(text), chance.randint(least, most))
    at = chance.randrange(len(text) - length + 1)
    return text[at : at + length]


def _word(chance, found):
    held, numbers, places = (split(column) for column in found)
    kind = chance.choice(
        [kind for kind, there in (("name", held), ("sound", held), ("number", numbers), ("place", places)) if there]
    )
    if kind == "name":
        return _fragment(chance, chance.choice(held), 1, 3)
    if kind == "sound":
        letters = chance.choice([letters for _, letters in spellings(chance.choice(held))])
        return letters[: chance.randint(1, len(letters))]
    if kind == "number":
        return _fragment(chance, chance.choice(numbers), 3, 18)
    return _fragment(chance, chance.choice(places), 2, 14).replace("^", "")


@pytest.mark.parametrize("seed", range(6))
def test_random_fragments_find_all_that_a_plain_scan_finds_and_the_best_first(village, forms, seed):
    chance = random.Random(seed)
    documents = _documents(village)
    found_any = 0
    for _ in range(40):
        of_one = chance.choice(documents)
        text = " ".join(_word(chance, of_one) for _ in range(chance.choice((1, 1, 2, 3))))
        plain = list(search.scan(village, terms(text)))
        every = search.find(village, forms, text, limit=100_000)
        assert {hit.id for hit in every} == {record_id for _, _, record_id in plain}, text
        assert [RANK[hit.score] for hit in every] == sorted(rank for rank, _, _ in plain), text
        assert search.find(village, forms, text, limit=20) == every[:20], text
        found_any += bool(every)
    assert found_any > 30


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("李长顺", True), ("李", True), ("长顺", True), ("长", True), ("李顺", False),
        ("lcs", True), ("lzs", True), ("cs", True), ("lichangshun", True), ("lizhangshun", True), ("lichang", True),
        ("changs", True), ("LCS", True), ("ls", False), ("shunli", False),
        ("1234", True), ("234", True), ("34", False), ("990001196503141234", True), ("19650314", True),
        ("650314", True),
        ("19900000012", True), ("0012", True), ("1990000", True), ("00000", True), ("4321", False),
        ("上寨", True), ("三组", True), ("寨三", False), ("12幢", True), ("12 幢", False), ("2幢", False),
        ("１２幢", True),
        ("12幢1", True), ("组12幢", True), ("301室", True), ("01室", False),
        ("lcs 1234", True), ("李 上寨", True), ("上寨　李", True), ("lcs 9999", False), ("张 上寨", False),
        ("", False), ("  ", False), ('"', False), ("*", False), ("OR", False), ("李*", False),
        ("NEAR(李 长)", False), ("'李'", True),
    ],
)  # fmt: skip
def test_one_person_is_found_by_what_a_clerk_types(desk, forms, text, fits):
    keep(
        desk,
        forms,
        [
            resident(
                1,
                "李长顺",
                id_number="990001196503141234",
                phone="19900000012",
                live_address="上寨村三组12幢1单元301室",
            )
        ],
    )
    assert bool(search.find(desk, forms, text)) is fits


def test_a_fragment_that_begins_with_a_digit_begins_a_number(desk, forms):
    keep(desk, forms, [resident(n, f"王{n}", live_address=f"上寨村{n}幢") for n in (12, 112, 121, 2)])
    assert names(desk, forms, "12幢") == ["王12"]
    assert names(desk, forms, "上寨村12") == ["王12", "王121"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [("单小禾", "sxh"), ("单小禾", "dxh"), ("仇英", "qiuying"), ("解明", "xieming"), ("查文", "zhawen"),
     ("区平", "ouping"), ("曾国", "zengguo"), ("乐天", "yuetian"), ("吕玉", "lvyu"), ("尉迟恭", "yuchigong"),
     ("重阳", "chongyang"),
     ("阿依古丽·买买提", "aygl"), ("阿依古丽·买买提", "买买提"),
     ("阿依古丽·买买提", "阿依古丽买买提"),
     ("王𬭎", "wang"), ("王𬭎", "𬭎")],
)  # fmt: skip
def test_names_are_found_in_every_reading(desk, forms, name, typed):
    keep(desk, forms, [resident(1, name), resident(2, "赵某")])
    assert names(desk, forms, typed) == [name]


@pytest.mark.parametrize("seed", range(3))
def test_sounds_longer_than_the_index_holds_find_all_that_a_plain_scan_finds(desk, forms, seed):
    chance = random.Random(seed)
    # Long syllables, one letter, several readings, letters among the characters; many names begin alike.
    characters = "庄双床黄江安鹅单长乐曾重朝阿A"
    people = [
        resident(n, "王双" + "".join(chance.choices(characters, k=chance.choice((1, 2, 3, 8, 14)))))
        for n in range(1, 120)
    ]
    keep(desk, forms, people)
    for _, _, _, values in chance.sample(people, 40):
        _, letters = chance.choice(list(spellings(fold_name(values["name"]))))
        for text in (letters, letters[: chance.randint(9, 30)], letters[:9]):
            plain = {record_id for _, _, record_id in search.scan(desk, terms(text))}
            assert {hit.id for hit in search.find(desk, forms, text, limit=1000)} == plain, text


def test_a_long_sound_is_not_looked_for_among_all_who_begin_alike(desk, forms):
    keep(desk, forms, [resident(n, f"王春{chr(0x4E00 + n)}") for n in range(1, 400)])
    keep(desk, forms, [resident(900, "王春青"), resident(901, "王纯清"), resident(902, "李王春晴")])
    asked = terms("wangchunqing")
    read = [found.names[0] for _, _, _, found in search._candidates(desk, match(asked, 2, None, None), None)]
    assert len(read) < 20
    assert {"王春青", "王纯清", "李王春晴"} <= set(names(desk, forms, "wangchunqing"))


def test_a_whole_number_is_not_looked_for_among_all_that_end_alike(desk, forms):
    keep(desk, forms, [resident(n, "张三", phone=f"199{n:05}541") for n in range(1, 400)])
    asked = terms("19900007541")
    for tier in (1, 2):
        assert len(list(search._candidates(desk, match(asked, tier, None, None), None))) < 20, tier
    assert len(names(desk, forms, "19900007541")) == 1


def test_a_surname_has_the_reading_that_people_use():
    assert {"shan", "dan"} <= set(readings("单"))
    assert "piao" in readings("朴")
    assert all(letters.isascii() for letters in readings("绿"))


def test_whole_names_come_first_then_begins_then_the_rest_in_the_order_they_came(desk, forms):
    keep(
        desk,
        forms,
        [resident(n, each) for n, each in enumerate(["小张伟", "张伟民", "张伟", "李张伟", "张伟华", "张伟"])],
    )
    hits = search.find(desk, forms, "张伟")
    assert [hit.title for hit in hits] == ["张伟", "张伟", "张伟民", "张伟华", "小张伟", "李张伟"]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert search.find(desk, forms, "张伟", limit=3) == hits[:3]


def test_the_end_of_a_number_comes_before_its_middle(desk, forms):
    keep(desk, forms, [resident(1, "甲", phone="19912340000"), resident(2, "乙", phone="19900001234")])
    assert names(desk, forms, "1234") == ["乙", "甲"]


def test_an_edit_moves_a_record_in_the_index(desk, forms):
    keep(desk, forms, [resident(1, "李长顺", live_address="上寨村"), resident(2, "李长河")])
    keep(desk, forms, [resident(1, "王长顺", "990001101202", live_address="石桥村")])
    assert names(desk, forms, "李") == ["李长河"]
    assert names(desk, forms, "上寨") == []
    assert names(desk, forms, "wcs 石桥") == ["王长顺"]
    assert names(desk, forms, "王", areas=["990001101202"]) == ["王长顺"]
    assert names(desk, forms, "王", areas=[VILLAGE]) == []


def test_a_removed_record_is_gone_and_may_come_back(desk, forms):
    row = resident(1, "李长顺", live_address="上寨村")
    keep(desk, forms, [row])
    search.remove(desk, "resident", row[1])
    search.remove(desk, "resident", row[1])
    assert names(desk, forms, "李") == names(desk, forms, "上寨") == []
    keep(desk, forms, [row])
    assert names(desk, forms, "李") == ["李长顺"]


def test_many_rounds_of_edits_and_removals_leave_what_a_fresh_index_would_hold(desk, forms):
    chance = random.Random(3)
    held = {}
    for _ in range(400):
        number = chance.randrange(40)
        if chance.random() < 0.25:
            search.remove(desk, "resident", f"{number:032x}")
            held.pop(number, None)
        else:
            held[number] = "".join(chance.choice("张王李文明国长顺") for _ in range(3))
            keep(desk, forms, [resident(number, held[number])])
    for text in "张王李文明国长顺":
        wanted = sorted(name for name in held.values() if text in name)
        assert sorted(names(desk, forms, text, limit=1000)) == wanted
    search.settle(desk)
    assert len(names(desk, forms, "张", limit=1000)) == sum("张" in name for name in held.values())


def test_a_record_that_loses_its_words_leaves_the_index(desk, forms):
    household = ("household", "a" * 32, VILLAGE)
    keep(desk, forms, [(*household, {"head_name": "李长顺", "number": "5300012"})])
    assert names(desk, forms, "5300012") == ["李长顺"]
    keep(desk, forms, [(*household, {"head_name": None, "number": None})])
    assert search.find(desk, forms, "lcs") == []


def test_only_and_areas_narrow_what_is_found(village, forms):
    everything = search.find(village, forms, "上寨", limit=100_000)
    for form in ("resident", "dwelling", "event"):
        part = search.find(village, forms, "上寨", only={form}, limit=100_000)
        assert part == [hit for hit in everything if hit.form == form]
        assert part
    assert search.find(village, forms, "上寨", areas=["990001101"], limit=100_000) == everything
    assert search.find(village, forms, "上寨", areas=["9900"], limit=100_000) == everything
    assert search.find(village, forms, "上寨", areas=["990001102"]) == []
    assert search.find(village, forms, "上寨", areas=[]) == []
    assert search.find(village, forms, "上寨", only=set()) == []


def test_hits_show_masked_numbers_and_the_form_they_are_of(desk, forms):
    keep(desk, forms, [resident(1, "李长顺", id_number="990001196503141234")])
    (hit,) = search.find(desk, forms, "1234")
    assert (hit.form, hit.id, hit.title) == ("resident", f"{1:032x}", "李长顺")
    assert "1234" in hit.note
    assert "19650314" not in hit.note


def test_the_index_leads_and_no_table_is_scanned(village, forms):
    for text in ("李", "lcs 1234", "张 上寨", "19900000012", "12幢"):
        for rank in (0, 1, 2):
            query = match(terms(text), rank, {"resident"}, {VILLAGE})
            steps = [row[3] for row in village.execute(f"EXPLAIN QUERY PLAN {search.FIND_SQL}", (query,))]
            assert len(steps) == 2
            assert steps[0].startswith("SCAN t VIRTUAL TABLE INDEX")
            assert steps[1] == "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)"
    for statement in (
        "SELECT number FROM search_document WHERE id = ? AND form = ?",
        "SELECT number FROM search_document WHERE id IN (?, ?)",
        f"SELECT id FROM {table_name('resident')} WHERE id IN (?, ?)",
    ):
        steps = [row[3] for row in village.execute(f"EXPLAIN QUERY PLAN {statement}", ("a", "b"))]
        assert all(step.startswith("SEARCH") for step in steps)


def test_a_pasted_address_and_a_pasted_page_are_answered(village, forms):
    address = village.execute("SELECT live_address FROM record_resident WHERE live_address IS NOT NULL").fetchone()[0]
    assert search.find(village, forms, address, only={"dwelling"})[0].title == address
    assert search.find(village, forms, f"{address} " * 400, only={"dwelling"})[0].title == address
    assert search.find(village, forms, "没有这样的一句话" * 500) == []


def test_a_hit_by_a_phone_says_that_it_is_the_phone_and_shows_it_masked(tmp_path, forms):
    conn = encrypted(tmp_path, forms)
    values = {"name": "罗秀英", "id_number": "11010519491231002X", "phone": "19900005678", "live_address": "三组1号"}
    keep(conn, forms, [("resident", "b" * 32, VILLAGE, values)])
    [hit] = search.find(conn, forms, "5678")
    assert "联系电话 199****5678" in hit.note
    assert "19900005678" not in hit.note
    for asked in ("002X", "罗秀英"):
        [hit] = search.find(conn, forms, asked)
        assert "联系电话" not in hit.note
    conn.close()

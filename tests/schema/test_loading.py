"""A form file that can't be used is refused at the line where it is wrong, each kind of fault in a sentence."""

from __future__ import annotations

import pytest

from app.errors import BugError
from app.paths import resource
from app.schema.codes import load_codes
from app.schema.loading import check_form, load_forms

CODES = load_codes(resource("codes"))
GOOD = """\
title = "夜间巡查"
version = 1
stream = "ordinary"
title_field = "place"
ledger = true
parent = "grid"
list = ["patrol_on", "place"]
note = ["patrol_on"]
groups = { point = ["lon", "lat"] }
section = [
  { title = "巡查", fields = ["patrol_on", "place", "kind"] },
]

[field.patrol_on]
kind = "date"
label = "巡查日期"
required = true

[field.place]
kind = "address"
label = "地点"
search = "text"
aliases = ["巡查地点"]

[field.kind]
kind = "choice"
codes = "hazard_kind"
label = "类别"

[field.grid]
kind = "ref"
form = "grid"
label = "所属网格"

[field.lon]
kind = "number"
label = "经度"
min = 73
max = 136

[field.lat]
kind = "number"
label = "纬度"
"""


def line_of(text, needle):
    return next(number for number, line in enumerate(text.splitlines(), 1) if needle in line)


def check(text, name="patrol"):
    return check_form(text, name, CODES)


# (what is wrong, what stands there, what is written instead, a part of the wrong line, a word of the sentence)
FAULTS = [
    ("no toml", 'title = "夜间巡查"', 'title = "夜间巡查', 'title = "夜间巡查', "TOML"),
    ("unknown key", "version = 1", "vershion = 1", "vershion", "vershion"),
    ("key that another one contains", "ledger = true", "ledger = true\nnot = 1", "not = 1", "“not”"),
    ("no title", 'title = "夜间巡查"\n', "", "version", "title"),
    ("title is no text", 'title = "夜间巡查"', "title = 3", "title = 3", "title"),
    ("no title field", 'title_field = "place"\n', "", "title = ", "title_field"),
    ("title field unknown", 'title_field = "place"', 'title_field = "nowhere"', "nowhere", "nowhere"),
    ("stream unknown", 'stream = "ordinary"', 'stream = "secret"', "secret", "secret"),
    ("yes or no", "ledger = true", 'ledger = "yes"', 'ledger = "yes"', "ledger"),
    ("version is no number", "version = 1", 'version = "1"', 'version = "1"', "version"),
    ("list is no list", 'list = ["patrol_on", "place"]', 'list = "place"', 'list = "place"', "list"),
    ("list names nothing", '"place"]\nnote', '"plaace"]\nnote', "plaace", "plaace"),
    ("note names nothing", 'note = ["patrol_on"]', "note = ['patroll']", "patroll", "patroll"),
    ("section names nothing", '"place", "kind"] }', '"place", "kindd"] }', "kindd", "kindd"),
    ("section is no table", "section = [\n", "section = [ 1,\n", "section = [", "section"),
    ("group names nothing", '["lon", "lat"]', '["lon", "lot"]', "lot", "lot"),
    ("groups is no table", 'groups = { point = ["lon", "lat"] }', 'groups = ["lon"]', "groups =", "groups"),
    ("in two groups", '["lon", "lat"] }', '["lon", "lat"], more = ["lat", "place"] }', "groups =", "lat"),
    ("parent names nothing", 'parent = "grid"', 'parent = "gird"', "gird", "gird"),
    ("parent is no reference", 'parent = "grid"', 'parent = "place"', 'parent = "place"', "parent"),
    ("field name", "[field.kind]", "[field.Kind]", "[field.Kind]", "Kind"),
    ("reserved name", "[field.kind]", "[field.area]", "[field.area]", "area"),
    ("field is no table", "[field.patrol_on]", "[field]\nwhat = 3\n[field.patrol_on]", "what = 3", "what"),
    ("field key", 'search = "text"', 'serch = "text"', "serch", "serch"),
    ("kind unknown", 'kind = "address"', 'kind = "place"', 'kind = "place"', "place"),
    ("kind is no text", 'kind = "address"', 'kind = ["address"]', 'kind = ["address"]', "address"),
    ("no label", 'label = "地点"\n', "", "[field.place]", "label"),
    ("merge unknown", 'search = "text"', 'merge = "newest"', "newest", "newest"),
    ("lines can't be appended to a date", "required = true", 'merge = "append"', "append", "append"),
    ("the greater of two texts", 'search = "text"', 'merge = "max"', 'merge = "max"', "max"),
    ("search unknown", 'search = "text"', 'search = "fast"', "fast", "fast"),
    ("list of codes unknown", 'codes = "hazard_kind"', 'codes = "hazards"', '"hazards"', "hazards"),
    ("no list of codes", 'codes = "hazard_kind"\n', "", "[field.kind]", "codes"),
    ("reference to nothing", 'form = "grid"\n', "", "[field.grid]", "form"),
    ("reference to an unknown form", 'form = "grid"', 'form = "gird"', '"gird"', "gird"),
    ("an option of another kind", 'kind = "date"', 'kind = "date"\nmin = 3', "min = 3", "min"),
    ("max is no number", "max = 136", 'max = "136"', 'max = "136"', "max"),
    ("aliases are no list", 'aliases = ["巡查地点"]', 'aliases = "巡查地点"', "aliases =", "aliases"),
    ("default that the kind refuses", "min = 73", "min = 73\ndefault = 7", "default = 7", "默认"),
    ("no fields", GOOD[GOOD.index("[field.patrol_on]") :], "", "title = ", "字段"),
]


@pytest.mark.parametrize(
    ("there", "instead", "at", "word"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_each_fault_is_told_at_its_line(there, instead, at, word):
    assert there in GOOD
    text = GOOD.replace(there, instead, 1)
    faults = check(text)
    assert faults, text
    assert line_of(text, at) in [fault.line for fault in faults], faults
    fault = next(fault for fault in faults if fault.line == line_of(text, at))
    assert word in " ".join(fault.message for fault in faults)
    assert fault.message.endswith("。")
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)


def test_a_good_form_has_no_fault():
    assert check(GOOD) == []


def test_a_name_that_no_table_could_have_is_refused():
    for name in ("Patrol", "2patrol", "夜间", "a b", "x" * 60, ""):
        assert any("表单名" in fault.message for fault in check(GOOD, name)), name


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('label = "地点"', 'label = "宗教信仰"'),
        ('label = "地点"', 'label = "宗 教"'),
        ('label = "地点"', 'label = "民族"'),
        ('label = "地点"', 'label = "政治面貌"'),
        ('label = "地点"', 'label = "是否上访"'),
        ('label = "地点"', 'label = "人脸照片"'),
        ('label = "地点"', 'label = "行动轨迹"'),
        ("[field.kind]", "[field.religion]"),
        ("[field.kind]", "[field.face_photo]"),
        ("[field.kind]", "[field.ethnicity]"),
        ('aliases = ["巡查地点"]', 'aliases = ["信仰"]'),
        ('aliases = ["巡查地点"]', 'was = ["religion"]'),
        ('title = "夜间巡查"', 'title = "重点人员稳控台账"'),
    ],
)
def test_what_the_product_never_keeps_is_refused_under_any_name(there, instead):
    text = GOOD.replace(there, instead, 1).replace('"kind"] }', '"place"] }')
    assert [fault.line for fault in check(text) if "不采集" in fault.message], text


def test_ethnicity_stands_only_in_a_party_for_the_official_papers():
    text = GOOD.replace("[field.kind]", "[field.ethnicity]").replace('"kind"] }', '"place"] }')
    assert check(text, "party") == []
    assert check(text, "resident")


@pytest.mark.parametrize("name", ["surface_area", "typeface_no"])
def test_a_word_that_only_contains_a_forbidden_one_is_free(name):
    assert check(GOOD.replace("[field.kind]", f"[field.{name}]").replace('"kind"] }', '"place"] }')) == []


@pytest.mark.parametrize("path", sorted(resource("forms").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_form_is_faultless(path):
    assert check(path.read_text(encoding="utf-8"), path.stem) == []


@pytest.mark.parametrize(
    "text", ["", "field = 3", "field = {}", "[field.a]", "title = []\nsection = 3\ngroups = 1\nlist = 1"]
)
def test_nothing_that_is_toml_at_all_upsets_the_check(text):
    assert check(text)


def test_a_wrong_form_among_the_shipped_ones_is_our_fault(tmp_path):
    (tmp_path / "patrol.toml").write_text(GOOD.replace("version = 1", "vershion = 1"), encoding="utf-8")
    with pytest.raises(BugError, match=r"patrol\.toml:2"):
        load_forms(tmp_path)


def test_a_reference_to_a_form_of_the_same_folder_is_known(tmp_path):
    (tmp_path / "patrol.toml").write_text(GOOD.replace('form = "grid"', 'form = "beat"'), encoding="utf-8")
    with pytest.raises(BugError, match="beat"):
        load_forms(tmp_path)
    (tmp_path / "beat.toml").write_text(
        'title = "路段"\ntitle_field = "name"\n[field.name]\nkind = "text"\nlabel = "名称"\n', encoding="utf-8"
    )
    assert set(load_forms(tmp_path)) == {"patrol", "beat"}

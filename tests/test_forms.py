"""Every form takes its values all the way: store, wire, county, another device, workbook and back; a new file does so at once."""

from __future__ import annotations

import contextlib
import shutil

import pytest

from app.errors import KnownError
from app.exchange.intake import Intake
from app.exchange.outgo import export_form
from app.paths import resource
from app.rules.case_engine import CaseRules
from app.rules.permissions import Permissions
from app.schema.kinds import (
    Choice,
    CreditCode,
    Date,
    Geometry,
    IdentityNumber,
    Integer,
    LongText,
    Money,
    Number,
    Phone,
    Ref,
    Time,
    YesNo,
)
from app.schema.loading import load_forms
from app.schema.record import Delta
from app.services.cases import derive_cases
from app.services.office import Office
from app.services.session import Session
from app.store.saving import Edit
from app.store.store import Store, new_key
from sync.client import exchange
from sync.wire import decode_down, decode_up, encode_down, encode_up
from tests.exchange.excel.conftest import number
from tests.sync.conftest import TOWNSHIP, VILLAGES, Running, cheap_passwords

__all__ = ["cheap_passwords"]

V = VILLAGES[0]
ALL = Permissions.load().township_roles()
NEW = "patrol"
NEW_LEDGER = """\
title = "夜间巡查"
title_field = "place"
ledger = true
list = ["patrol_on", "place", "kind"]
section = [{ title = "巡查", fields = ["patrol_on", "place", "kind", "grid", "found", "cost", "calm", "phone"] }]

[field.patrol_on]
kind = "date"
label = "巡查日期"
required = true

[field.place]
kind = "address"
label = "地点"
required = true
search = "text"

[field.kind]
kind = "choice"
codes = "hazard_kind"
label = "类别"

[field.grid]
kind = "ref"
form = "grid"
label = "所属网格"

[field.found]
kind = "longtext"
label = "发现"
merge = "append"

[field.cost]
kind = "money"
label = "花费(元)"

[field.calm]
kind = "yesno"
label = "平安"

[field.phone]
kind = "phone"
label = "联系电话"
sensitive = true
"""
SHIPPED = tuple(load_forms())


def raw(item, count, points):
    """A value as people write it, another one for every *count*; *points*: form -> id of a record to point to."""
    kind = item.kind
    made = {
        Ref: points.get(kind.form) if isinstance(kind, Ref) else None,
        Choice: kind.codes.items[count % len(kind.codes.items)].label if isinstance(kind, Choice) else None,
        Date: f"2026年{count + 1}月8日",
        Time: f"2026-09-1{count} 9:05",
        YesNo: "否" if count % 2 else "是",
        Integer: f"{(kind.min or 0) + count}" if isinstance(kind, Integer) else None,
        Number: f"{(kind.min or 0) + count}.5" if isinstance(kind, Number) else None,
        Money: f"3,2{count}0.50 元",
        IdentityNumber: number("19800101", 2 * count + 1).lower(),
        CreditCode: ("91350100 M000100Y43", "54990000MF0000048a")[count % 2],
        Phone: f"139 0000 000{count}",
        Geometry: {
            "type": "Polygon",
            "coordinates": [[[102.5, 25], [102.6, 25], [102.6, 25.1 + count / 10], [102.5, 25]]],
        },
        LongText: f"第一行 \r\n=第{count}行",
    }
    return made.get(type(kind), f" 甲{count} ")


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """The shipped forms and a new ledger, a file dropped beside them."""
    folder = tmp_path_factory.mktemp("forms") / "forms"
    shutil.copytree(resource("forms"), folder)
    (folder / f"{NEW}.toml").write_text(NEW_LEDGER, encoding="utf-8")
    return load_forms(folder)


def _must_point_to(form):
    return {item.kind.form for item in form.required if isinstance(item.kind, Ref)}


class House:
    """One county and two devices of a township, with two records of every form made on the first."""

    def __init__(self, folder, forms, county, stack):
        self.forms, self.folder = forms, folder
        self.made, self.wanted = {}, {}
        rules = CaseRules.load()
        self.keys, self.desks, self.offices = [], [], []
        for position, user in enumerate(("张干事", "李干事")):
            self.keys.append(new_key())
            store = Store.create(folder / f"device{position}", self.keys[-1], forms, derive=derive_cases(rules))
            stack.callback(store.close)
            self.desks.append(county.device(store, user, roles=ALL))
            session = Session(user, user, ALL, (TOWNSHIP,), "综治中心", store.sync.state.device)
            self.offices.append(Office(store, session, rules, Permissions.load()))
            assert self.sync(position).in_agreement

    def sync(self, position):
        desk = self.desks[position]
        return exchange(desk.store, desk.http, sleep=lambda _: None)

    def fill(self):
        points = {}
        for name in self.order():
            form = self.forms[name]
            for count in range(2):
                values = {item.name: raw(item, count, points) for item in form.stored if not item.retired}
                if name == "event":
                    values["profile"] = "六步闭环"
                clean, faults = form.clean(values)
                assert not faults, (name, faults)
                assert form.clean(clean) == (clean, [])
                [made] = self.offices[0].store.save([Edit(name, None, V, clean)], "张干事").ids
                self.made.setdefault(name, []).append(made)
                self.wanted[made] = clean
                points.setdefault(name, made)

    def order(self):
        """Forms after those that they point to, as far as that is possible."""
        left, done = dict(self.forms.items()), []
        while left:
            ready = [n for n, f in left.items() if {t for _, t in f.references} <= {*done, n}]
            # Where forms point to each other, one comes first that can do without.
            ready = ready or [next((n for n, f in left.items() if _must_point_to(f) <= {*done}), next(iter(left)))]
            done += ready
            for name in ready:
                del left[name]
        return done

    def stored(self, position, name, record_id):
        """The values of a record but for what each device derives."""
        held = self.offices[position].store.get(name, record_id)
        return {item.name: held.values[item.name] for item in self.forms[name].stored}


@pytest.fixture(scope="module")
def house(tmp_path_factory, forms, cheap_passwords):
    folder = tmp_path_factory.mktemp("house")
    with contextlib.ExitStack() as stack:
        county = stack.enter_context(Running(folder / "county.db", forms).serving())
        house = House(folder, forms, county, stack)
        house.fill()
        house.changes = house.offices[0].store.outbox.next(10_000)
        house.up = house.sync(0)
        house.down = house.sync(1)
        yield house


def test_county_and_both_devices_agree_on_everything(house):
    amount = len(house.wanted)
    assert (house.up.ok, house.up.refused, house.up.up.count) == (True, 0, amount)
    assert house.offices[0].store.sync.attention() == []
    assert house.up.in_agreement
    assert house.down.in_agreement
    assert house.down.down.count == amount
    first, second = (office.store.sync.reckon() for office in house.offices)
    assert first == second == house.offices[1].store.sync.digests()
    assert sum(stream.records for stream in first.values()) == amount


@pytest.mark.parametrize("name", [*SHIPPED, NEW])
def test_a_record_is_the_same_in_the_store_opened_again_and_on_the_other_device(house, name):
    beside = Store.open(house.folder / "device0", house.keys[0], house.forms)
    for record_id in house.made[name]:
        wanted = dict.fromkeys(item.name for item in house.forms[name].stored) | house.wanted[record_id]
        again = beside.get(name, record_id).values
        for held in (house.stored(0, name, record_id), house.stored(1, name, record_id)):
            assert repr(sorted(held.items())) == repr(sorted(wanted.items()))
        assert {key: again[key] for key in wanted} == wanted
    beside.close()


@pytest.mark.parametrize("name", [*SHIPPED, NEW])
def test_a_change_comes_out_of_its_frame_as_it_went_in(house, name):
    changes = [change for change in house.changes if change.form == name]
    assert [change.id for change in changes] == house.made[name]
    [first, second] = decode_up(encode_up(7, changes)).changes
    for change, came in zip(changes, (first, second), strict=True):
        assert repr(sorted(came.values.items())) == repr(sorted(change.values.items()))
        assert (came.form, came.id, came.area, came.counter) == (name, change.id, V, change.counter)


@pytest.mark.parametrize("name", [*SHIPPED, NEW])
def test_a_delta_comes_out_of_its_frame_as_it_went_in(house, name):
    deltas = []
    for record_id in house.made[name]:
        record = house.offices[0].store.get(name, record_id)
        held = {key: value for key, value in house.wanted[record_id].items() if value is not None}
        deltas.append(Delta(name, record_id, V, record.rev, held, {"": record.rev}, whole=True))
    came = decode_down(encode_down(deltas, ())).deltas
    assert {d.id: repr(sorted(d.values.items())) for d in came} == {
        d.id: repr(sorted(d.values.items())) for d in deltas
    }


OWN_WAY = [name for name, form in load_forms().items() if not (form.system or form.immutable or form.card_only)]
CARD_ONLY = [name for name, form in load_forms().items() if form.card_only]


@pytest.mark.parametrize("name", [*OWN_WAY, NEW])
def test_what_goes_out_as_a_workbook_comes_in_again(house, name, tmp_path, monkeypatch):
    office = house.offices[0]
    # What is asked here is the way of the cells; who may do it is asked in tests/services.
    monkeypatch.setattr(office.gate, "require", lambda *_, **__: None)
    out = tmp_path / "out.xlsx"
    assert export_form(office, name, out, "核对", area=V, plain=True) == 2
    intake = Intake(office)
    plan = intake.plan(name, intake.recognise(intake.read(out), name), V)
    assert (plan.rows, plan.unchanged, plan.records, plan.refused) == (2, 2, (), ())


@pytest.mark.parametrize("name", CARD_ONLY)
def test_what_stands_on_a_card_alone_goes_neither_out_nor_in_as_a_workbook(house, name, tmp_path, monkeypatch):
    office = house.offices[0]
    monkeypatch.setattr(office.gate, "require", lambda *_, **__: None)
    out = tmp_path / "out.xlsx"
    with pytest.raises(KnownError) as refused:
        export_form(office, name, out, "核对", area=V, plain=True)
    assert (refused.value.code, out.exists()) == ("forms.card_only", False)
    with pytest.raises(KnownError) as refused:
        Intake(office).catalogs(name)
    assert refused.value.code == "forms.card_only"


NEVER = (
    "religio",
    "ethnic",
    "politic",
    "petition",
    "biometric",
    "face",
    "fingerprint",
    "iris",
    "voiceprint",
    "dna",
    "track",
    "trajectory",
    "police",
)
NEVER_SAID = (
    "宗教", "信仰", "教派", "民族", "族别", "政治面貌", "党派", "党员", "上访", "信访", "访民", "人脸", "面部", "指纹", "虹膜",
    "声纹", "步态", "基因", "轨迹", "行踪", "签到位置", "重点人员", "重点人口", "关注等级", "关注程度", "稳控", "前科", "吸毒", "刑满",
    "社区矫正", "涉稳", "积分排名", "信用分",
)  # fmt: skip
# Printed by the official mediation documents only, never searched, listed or counted (司法部 2010 格式).
PRINTED = {("party", "ethnicity")}
# An office that a case came from, and a road that a case was shown to: of the case, not of a person's past.
ABOUT_CASES = {("mediation_source", "petition_office"), ("resolve_mode", "petition")}


@pytest.mark.parametrize("name", SHIPPED)
def test_no_form_has_a_field_for_what_is_never_kept(name):
    form = load_forms()[name]
    for item in form.fields.values():
        said = f"{item.label} {item.help} {' '.join((*item.aliases, *item.was))}"
        if (name, item.name) in PRINTED:
            assert (item.search, item.index) == ("", False)
            assert item.name not in {*form.list_columns, *form.note_fields}
            continue
        assert not [word for word in NEVER if word in item.name], (name, item.name)
        assert not [word for word in NEVER_SAID if word in said], (name, item.name, said)
    assert not [word for word in NEVER_SAID if word in form.title]


@pytest.mark.parametrize("name", sorted(load_forms().codes))
def test_no_code_list_says_of_a_person_what_is_never_kept(name):
    of_people = {
        item.kind.codes.name
        for form in load_forms().values()
        for item in form.fields.values()
        if isinstance(item.kind, Choice)
    }
    assert name in of_people, "a list that no field uses"
    for item in load_forms().codes[name].items:
        if (name, item.code) in ABOUT_CASES:
            continue
        said = f"{item.label} {' '.join(item.aliases)}"
        assert not [word for word in NEVER_SAID if word in said], (name, item.code, said)


def test_a_new_ledger_needs_nothing_but_its_file(house):
    assert NEW in {form.name for form in house.forms.ledgers}
    office = house.offices[1]
    assert office.gate.decide("create", NEW, V).allowed
    made = office.records.save(NEW, {"patrol_on": "2026-9-8", "place": "岭上 桥头", "phone": "139 0000 0009"}, area=V)
    assert made.ok
    assert office.records.shown(made.record)["phone"] == "139****0009"
    assert made.record.id in {hit.id for hit in office.registry.find("岭上桥头")}
    assert house.sync(1).in_agreement
    assert house.sync(0).in_agreement
    assert house.offices[0].store.get(NEW, made.record.id).values["place"] == "岭上桥头"
    office.records.delete(NEW, made.record.id, "试录")
    assert house.sync(1).in_agreement
    assert house.sync(0).in_agreement
    assert house.offices[0].store.get(NEW, made.record.id).deleted

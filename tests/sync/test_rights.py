"""Rights that follow: restricted classes by role, roles that come and go in the middle of work, and what was saved before anybody knew."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.errors import KnownError
from app.store.belonging import Belonging
from app.store.saving import Edit
from sync.county import aside as aside_tray
from sync.county import office
from sync.county.granting import grant
from sync.county.tables import ASIDE
from tests.sync.broken import Broken
from tests.sync.conftest import OTHER, TOWNSHIP, VILLAGES
from tests.sync.test_scope import everything, settle

V = VILLAGES[0]
CLERK = office.DEFAULT_ROLES
NO_MEDIATOR = tuple(role for role in CLERK if role != "mediator")
SECRET = "张三与李四争宅基地"


def mediation(title=SECRET):
    return Edit("mediation", None, V, {"title": title})


def aside(county):
    with county.county.database.snapshot() as conn:
        return [row.code for row in conn.execute(sa.select(ASIDE).where(ASIDE.c.county == county.county.code))]


def test_a_device_without_the_role_gets_nothing_of_a_restricted_class(county, new_store):
    mediator = county.device(new_store(), "调解员")
    clerk = county.device(new_store(), "受理员", roles=NO_MEDIATOR)
    (record_id,) = mediator.save(mediation()).ids
    settle(mediator, clerk)
    assert clerk.get("mediation", record_id) is None
    assert {stream for _, stream in clerk.store.sync.digests()} == {"urgent", "ordinary"}
    assert SECRET not in everything(clerk.store)
    mediator.save(Edit("mediation", record_id, V, {"facts": "双方各执一词"}))
    assert mediator.sync().up.count == 1
    assert clerk.sync().down.count == 0
    assert "双方各执一词" not in everything(clerk.store)


def test_a_role_granted_starts_its_streams_and_one_withdrawn_takes_everything_away(county, new_store):
    mediator = county.device(new_store(), "调解员")
    clerk = county.device(new_store(), "受理员", roles=NO_MEDIATOR)
    (record_id,) = mediator.save(mediation()).ids
    settle(mediator, clerk)
    device = clerk.store.sync.state.device
    for _ in range(2):
        grant(county.county, device, roles=CLERK)
        settle(clerk, mediator)
        assert clerk.get("mediation", record_id).values["title"] == SECRET
        grant(county.county, device, roles=NO_MEDIATOR)
        settle(clerk, mediator)
        assert clerk.get("mediation", record_id) is None
        assert clerk.store.stubs.get("mediation", record_id) is None
        assert SECRET not in everything(clerk.store)


def test_an_edit_saved_before_a_role_was_withdrawn_waits_for_a_supervisor(county, new_store):
    mediator = county.device(new_store(), "调解员")
    other = county.device(new_store(), "副调解员")
    (record_id,) = mediator.save(mediation()).ids
    settle(mediator, other)
    other.save(Edit("mediation", record_id, V, {"facts": "我记下的经过"}))
    (made,) = other.save(mediation("新的纠纷")).ids
    (person,) = other.save(Edit("resident", None, V, {"name": "张文贵"})).ids
    grant(county.county, other.store.sync.state.device, roles=NO_MEDIATOR)
    settle(other, mediator)
    assert aside(county) == ["sync.doubtful", "sync.doubtful"]
    assert [item.code for item in other.store.sync.attention()] == ["sync.doubtful"] * 2
    assert other.store.sync.attention()[0].values["facts"] == "我记下的经过"
    assert mediator.get("resident", person).values["name"] == "张文贵"
    assert mediator.get("mediation", made) is None
    # What the county never had is on this machine still; what it has is gone with the right to it.
    assert other.get("mediation", made).values["title"] == "新的纠纷"
    assert other.get("mediation", record_id) is None
    tray = aside_tray.tray(county.county)
    assert [item.change.user for item in tray] == ["副调解员"] * 2
    assert set(aside_tray.accept(county.county, [item.key for item in tray]).values()) == {"accepted"}
    settle(mediator, other)
    assert mediator.get("mediation", record_id).values["facts"] == "我记下的经过"
    assert mediator.get("mediation", made).values["title"] == "新的纠纷"


def test_what_a_supervisor_let_in_needs_nobody_s_attention_any_more(county, new_store):
    other = county.device(new_store(), "李干事")
    first, second = other.save(*(Edit("resident", None, V, {"name": name}) for name in ("张文贵", "李小花"))).ids
    settle(other)
    other.save(Edit("resident", first, V, {"remark": "走访过"}), Edit("resident", second, V, {"remark": "不在家"}))
    grant(county.county, other.store.sync.state.device, roles=("helper",))
    settle(other)
    (let_in, _) = aside_tray.tray(county.county)
    assert let_in.change.id == first
    assert aside_tray.accept(county.county, [let_in.key]) == {let_in.key: "accepted"}
    settle(other)
    assert other.get("resident", first).values["remark"] == "走访过"
    assert [item.id for item in other.store.sync.attention()] == [second]


def test_an_area_taken_from_a_device_leaves_stubs_and_its_last_edits_arrive(county, new_store):
    township = county.device(new_store(), "王乡镇")
    village = county.device(new_store(), "张村", areas=VILLAGES[:2])
    ids = village.save(*(Edit("resident", None, area, {"name": "张文贵"}) for area in VILLAGES[:2])).ids
    settle(village, township)
    village.save(*(Edit("resident", i, a, {"remark": "走访过"}) for i, a in zip(ids, VILLAGES, strict=False)))
    grant(county.county, village.store.sync.state.device, areas=[V])
    settle(village, township)
    assert aside(county) == []
    assert [township.get("resident", i).values["remark"] for i in ids] == ["走访过"] * 2
    assert village.store.stubs.get("resident", ids[1]).title == "张文贵"
    assert village.get("resident", ids[0]).values["remark"] == "走访过"


def test_the_device_learns_its_new_roles(county, new_store):
    clerk = county.device(new_store(), "受理员")
    with clerk.store.transaction():
        clerk.store.meta.set(
            "accounts", {"受理员": {"name": "林", "roles": list(CLERK), "areas": [TOWNSHIP], "unit": "中心"}}
        )
    settle(clerk)
    fewer = tuple(role for role in CLERK if role != "duty_officer")
    grant(county.county, clerk.store.sync.state.device, roles=fewer, areas=[TOWNSHIP, OTHER])
    settle(clerk)
    account = clerk.store.meta.get("accounts")["受理员"]
    assert (tuple(account["roles"]), account["areas"], account["unit"]) == (fewer, [TOWNSHIP, OTHER], "中心")


@pytest.mark.parametrize("given", [{"roles": ("lead_handler",)}, {"unit": "城建办"}])
def test_rights_of_which_the_answer_was_lost_are_told_again(county, new_store, given, monkeypatch):
    told, learn = [], Belonging.set_rights
    monkeypatch.setattr(Belonging, "set_rights", lambda *known, **more: (told.append(known[2:]), learn(*known, **more)))
    desk = county.device(new_store(), roles=("helper",))
    with desk.store.transaction():
        desk.store.meta.set("accounts", {"张干事": {"name": "张", "roles": ["helper"], "areas": [TOWNSHIP]}})
    assert desk.sync().in_agreement
    grant(county.county, desk.store.sync.state.device, **given)
    desk.sync(http=Broken(["after"], 0), tries=1)
    assert desk.sync().in_agreement
    account = desk.store.meta.get("accounts")["张干事"]
    assert {
        name: tuple(value) if isinstance(value, list) else value for name, value in account.items()
    }.items() >= given.items()
    told.clear()
    assert desk.sync().in_agreement
    assert told == []  # once it is known, nothing more is said of it


def test_nothing_unknown_is_granted(county, new_store):
    clerk = county.device(new_store(), "受理员")
    device = clerk.store.sync.state.device
    for code, given in (
        ("county.role_unknown", {"roles": ["king"]}),
        ("county.area_unknown", {"areas": ["110000000000"]}),
    ):
        with pytest.raises(KnownError) as refused:
            grant(county.county, device, **given)
        assert refused.value.code == code
    with pytest.raises(KnownError):
        grant(county.county, "nobody", roles=list(CLERK))


def test_the_county_takes_a_divided_grid_only_from_who_may_divide(county, new_store):
    registrar = county.device(new_store(), "受理员", roles=("registrar",))
    member = county.device(new_store(), "网格员", roles=("grid_member",))
    grid, home = registrar.save(
        Edit("grid", None, V, {"name": "一网格", "code": f"{V}001", "grid_kind": "general"}),
        Edit("dwelling", None, V, {"address": "1号楼101"}),
    ).ids
    settle(registrar, member)
    drawn = Edit("grid", None, V, {"name": "二网格", "code": f"{V}002", "grid_kind": "general"})
    shape = Edit("grid_shape", None, V, {"grid": grid, "name": "一网格"})
    post = Edit("grid_post", None, V, {"grid": grid, "post": "leader3", "name": "罗春生"})
    member.save(drawn, shape, post, Edit("grid", grid, V, {"valid_to": "2026-09-01"}))
    member.save(Edit("dwelling", home, V, {"grid": grid}))
    settle(member, registrar)
    assert [item.code for item in member.store.sync.attention()] == ["sync.not_allowed"] * 4
    assert registrar.get("dwelling", home).values["grid"] == grid
    assert registrar.get("grid", grid).values.get("valid_to") is None
    assert registrar.store.count("grid") == 1


def test_a_step_is_judged_by_the_role_that_it_says_and_nobody_says_one_that_he_has_not(county, new_store):
    clerk = county.device(new_store(), "受理员", roles=("registrar", "grid_member"))
    (event,) = clerk.save(Edit("event", None, V, {"title": "路灯不亮"})).ids
    told = {"event": event, "action": "void", "at": "2026-09-18T10:00:00+08:00"}
    steps = [
        clerk.save(Edit("event_step", None, V, {**told, "role": role})).ids[0]
        for role in ("director", "registrar", "system")
    ]
    report = clerk.sync()
    assert report.refused == 2
    # What was refused is kept, at the county and here.
    assert aside(county) == ["sync.not_allowed"] * 2
    assert [clerk.get("event_step", step).values["role"] for step in steps] == [
        "director",
        "registrar",
        "system",
    ]

import shutil

import pytest

from app.errors import KnownError
from app.paths import resource
from app.rules.permissions import Permissions, covers

TABLE = Permissions.load()
TOWNSHIP, VILLAGE, ELSEWHERE = "990101101000", "990101101201", "990101102201"
CLERK = ("registrar", "dispatcher", "duty_officer", "mediator")


def decide(action, form, *roles, area=VILLAGE, areas=(TOWNSHIP,), **more):
    return TABLE.decide(action, form, area, roles, areas, **more)


@pytest.mark.parametrize(
    ("held", "area", "inside"),
    [
        (VILLAGE, VILLAGE, True),
        (TOWNSHIP, VILLAGE, True),
        (TOWNSHIP, TOWNSHIP, True),
        (VILLAGE, TOWNSHIP, False),
        (TOWNSHIP, ELSEWHERE, False),
        ("990101000000", ELSEWHERE, True),
        ("990102000000", ELSEWHERE, False),
        ("990000000000", ELSEWHERE, True),
        (VILLAGE, VILLAGE + "001", True),
        (VILLAGE + "001", VILLAGE + "002", False),
        (VILLAGE + "001", VILLAGE, False),
        ("", VILLAGE, False),
        (TOWNSHIP, "", False),
    ],
)
def test_an_area_covers_what_begins_with_its_digits(held, area, inside):
    assert covers(held, area) is inside


# Each role: something it may, something it may not.
@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("grid_member", ("act:report", "event"), ("act:assign", "event")),
        ("grid_member", ("edit", "resident"), ("export", "resident")),
        ("grid_member", ("edit", "dwelling"), ("edit", "grid")),
        ("grid_member", ("read", "grid_shape"), ("create", "grid_shape")),
        ("registrar", ("create", "grid"), ("reveal", "grid")),
        ("helper", ("act:report", "event"), ("read", "resident")),
        ("adviser", ("act:remind", "event"), ("edit", "resident")),
        ("grid_leader", ("act:accept", "event"), ("act:close_direct", "event")),
        ("village_leader", ("read", "care_tag"), ("edit", "care_tag")),
        ("township_leader", ("act:supervise", "event"), ("read", "mediation")),
        ("registrar", ("act:reject", "event"), ("reveal", "resident")),
        ("duty_officer", ("act:remind", "event"), ("act:reopen", "event")),
        ("dispatcher", ("act:assign", "event"), ("act:feed_back", "event")),
        ("mediator", ("edit", "mediation"), ("export", "mediation")),
        ("committee_chair", ("export", "mediation"), ("edit", "resident")),
        ("director", ("act:close_direct", "event"), ("delete", "event")),
        ("supervisor", ("act:supervise", "event"), ("act:acknowledge", "event")),
        ("statistician", ("report", "event"), ("read", "resident")),
        ("archivist", ("act:archive", "event"), ("edit", "event")),
        ("care_worker", ("edit", "care_visit"), ("export", "care_visit")),
        ("integrator", ("reveal", "resident"), ("edit", "resident")),
        ("county_admin", ("configure", "user"), ("read", "resident")),
        ("system_admin", ("configure", "setting"), ("audit", "setting")),
        ("security_admin", ("secure", "setting"), ("configure", "setting")),
        ("auditor", ("audit", "setting"), ("secure", "setting")),
    ],
)
def test_each_role_has_its_yes_and_its_no(role, may, may_not):
    areas = (VILLAGE,) if TABLE.roles[role].village else (TOWNSHIP,)
    assert decide(*may, role, areas=areas).allowed
    refused = decide(*may_not, role, areas=areas)
    assert (refused.allowed, refused.reason_code) == (False, "no_grant")
    assert "身份" in refused.message


def test_every_role_is_in_the_table_of_yes_and_no():
    [mark] = test_each_role_has_its_yes_and_its_no.pytestmark
    tried = {row[0] for row in mark.args[1]}
    assert tried | {"lead_handler", "assist_handler"} == set(TABLE.roles)


@pytest.mark.parametrize(
    ("role", "action"), [("lead_handler", "act:feed_back"), ("assist_handler", "act:assist_feed_back")]
)
def test_a_handler_reaches_only_what_is_given_to_him(role, action):
    assert decide(action, "event", role, own=True).allowed
    assert decide(action, "event", role).reason_code == "not_own"


def test_a_centre_clerk_imports_reports_and_backs_up_but_reveals_nothing():
    assert decide("import", "resident", *CLERK).allowed
    assert decide("report", "event", *CLERK, area=None).allowed
    assert decide("backup", "", *CLERK, area=None).allowed
    assert not decide("reveal", "resident", *CLERK).allowed
    assert not decide("export", "resident", *CLERK).allowed
    granted = decide("reveal", "resident", *CLERK, "integrator")
    assert (granted.allowed, granted.needs_reason, granted.role) == (True, True, "integrator")


def test_a_clerk_alone_takes_a_case_from_report_to_return_visit():
    for action in (
        "report",
        "accept",
        "reject",
        "assign",
        "acknowledge",
        "progress",
        "feed_back",
        "verify_pass",
        "return_visit",
    ):
        assert decide(f"act:{action}", "event", *CLERK).allowed, action


def test_a_value_is_revealed_only_to_whom_may_read_the_record():
    assert not decide("reveal", "party", "integrator").allowed
    assert decide("reveal", "party", "integrator", "mediator").allowed


def test_outside_the_area_the_same_role_may_nothing():
    refused = decide("edit", "resident", "registrar", area=ELSEWHERE)
    assert refused.reason_code == "outside_area"
    assert decide("edit", "resident", "registrar", area=ELSEWHERE, areas=(TOWNSHIP, ELSEWHERE)).allowed


def test_a_new_ledger_is_open_as_ledgers_are_and_a_new_care_form_is_not():
    assert decide("create", "fire_patrol", "grid_member").allowed
    assert not decide("create", "fire_patrol", "grid_member", stream="care").allowed
    assert decide("create", "fire_patrol", "care_worker", stream="care").allowed


def test_without_a_known_role_nothing_is_allowed():
    assert decide("read", "event").reason_code == "no_role"
    assert decide("sync", "event", "invented").reason_code == "no_role"
    assert decide("sync", "event", "helper").allowed


def test_restricted_streams_go_to_those_who_work_with_them():
    assert TABLE.streams(["registrar"]) == {"urgent", "ordinary"}
    for role in TABLE.roles:
        assert ("mediation" in TABLE.streams([role])) == (role in {"mediator", "committee_chair", "director"})
        assert ("care" in TABLE.streams([role])) == (role in {"care_worker", "village_leader"})
    assert TABLE.streams(["county_admin"]) == set()


def test_the_township_roles_leave_the_county_s_own_out():
    roles = TABLE.township_roles()
    assert {"grid_member", "director", "care_worker", "integrator"} <= set(roles)
    assert not {"county_admin", "system_admin", "security_admin", "auditor"} & set(roles)


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        (
            "permissions.toml",
            'read = ["registry", "grids", "cases", "case_files", "papers", "ledger"]',
            'read = ["registri"]',
            "rules.name_unknown",
        ),
        ("permissions.toml", 'scope = "own"', 'scope = "mine"', "rules.name_unknown"),
        ("permissions.toml", 'report = ["cases", "ledger"]', 'repot = ["cases"]', "rules.key_unknown"),
        ("permissions.toml", 'read = ["ledger"]', 'read = ["care"]', "rules.stream_open"),
        ("cases.toml", 'roles = ["archivist"]', 'roles = ["librarian"]', "rules.name_unknown"),
    ],
)
def test_a_wrong_table_is_refused_by_name(tmp_path, file, old, new, code):
    folder = shutil.copytree(resource("rules"), tmp_path / "rules")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnownError) as error:
        Permissions.load(folder / "permissions.toml")
    assert error.value.code == code
    assert file in str(error.value)


def test_a_village_leader_sees_the_care_tags_of_his_village_and_of_no_township():
    held = {"areas": (VILLAGE,)}
    assert decide("read", "care_tag", "village_leader", **held).allowed
    assert not any(
        decide(action, "care_tag", "village_leader", **held).allowed
        for action in ("create", "edit", "delete", "report", "export")
    )
    # Given over a township it grants nothing; beside a village's code that one alone counts.
    wide = decide("read", "care_tag", "village_leader", areas=(TOWNSHIP,))
    assert (wide.allowed, wide.reason_code) == (False, "outside_area")
    both = {"areas": (TOWNSHIP, VILLAGE)}
    assert decide("read", "care_tag", "village_leader", **both).allowed
    assert not decide("read", "care_tag", "village_leader", area="990101101202", **both).allowed
    assert decide("read", "resident", "village_leader", "registrar", **both).role == "registrar"
    assert decide("read", "care_tag", "care_worker", "village_leader", area="990101101202", **both).allowed
    assert TABLE.misplaced(["grid_leader", "village_leader"], [VILLAGE, TOWNSHIP]) == "village_leader"
    assert TABLE.misplaced(["village_leader"], [VILLAGE]) == TABLE.misplaced(["grid_leader"], [TOWNSHIP]) == ""

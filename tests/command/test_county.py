from __future__ import annotations

import json
import signal

from app.services.office import office_with_key, unlock
from tests.command.conftest import AREAS, LOWER, TOWNSHIP, UPPER, Device, process, told, township


def test_a_county_is_made_in_an_empty_folder_and_making_it_again_changes_nothing(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for _ in range(2):
        answer = township("county", "init", "--data", data, "--json")
        assert (answer.code, answer.json) == (0, {"county": "990001"})
    assert township("county", "digest", "--data", data, "--json").json == {"streams": [], "digest": "0" * 32}


def test_every_task_asks_where_the_county_is_and_takes_it_anywhere(town):
    for words in (("digest",), ("devices", "list"), ("users", "add", "x"), ("areas", "import", "x")):
        answer = township("county", *words, password="x")
        assert answer.code == 3
    assert township("county", "digest").err.strip() == "请用 --data 文件夹 或 --database 地址 写明县中心的数据在哪里。"
    assert township("county", *town.data, "devices", "list").code == 0
    assert township("county", "devices", *town.data, "list").code == 0
    assert "township county init" in township("county", "digest", "--data", town.folder / "none").err


def test_areas_come_as_json_or_csv_any_number_of_times_and_imply_their_county(town, tmp_path):
    table = tmp_path / "areas.csv"
    table.write_text(
        "code,name,level\n" + "\n".join(f"{a['code']},{a['name']},{a['level']}" for a in AREAS), encoding="utf-8-sig"
    )
    for _ in range(2):
        # The three, the county that their prefix implies, and the node of the database's own code.
        assert township("county", "areas", "import", table, *town.data, "--json").json == {"areas": 5, "doubts": []}
    device = Device(tmp_path / "whole", "lin", "pw")
    code = town.code("990123000000")
    assert device.json("init", "--county", town.url, "--code", code)["areas"] == ["990123000000"]
    device.save("resident", area=LOWER, name="张三")
    assert device.json("sync")["in_agreement"] is True
    bad = tmp_path / "bad.json"
    for text in ("", "[]", '[{"code":"12","name":"x","level":"village"}]', '[{"code":"990123101201"}]'):
        bad.write_text(text, encoding="utf-8")
        assert township("county", "areas", "import", bad, *town.data).code == 3
    assert township("county", "areas", "import", tmp_path / "none.json", *town.data).code == 3


def test_a_code_names_areas_and_roles_that_there_are(town):
    assert township("county", "devices", "code", *town.data, "--areas", "990123109999").code == 3
    assert township("county", "devices", "code", *town.data, "--areas", UPPER, "--roles", "king").code == 3
    assert township("county", "devices", "code", *town.data).code == 2
    code = township("county", "devices", "code", *town.data, "--areas", f"{UPPER}，{LOWER}", "--json").json["code"]
    assert Device(town.folder / "a", "a", "pw")("init", "--county", town.url, "--code", code).code == 0


def test_a_unit_is_the_countys_where_its_code_names_one_or_rights_follow_from_it(town):
    def enrolled(name, roles, given, said):
        unit = ("--unit", given) if given else ()
        code = township("county", "devices", "code", *town.data, "--areas", UPPER, "--roles", roles, *unit).out.split()[
            -1
        ]
        answer = Device(town.folder / name, name, "pw")(
            "init", "--county", town.url, "--code", code, "--unit", said, "--json"
        )
        assert answer.code == 0, answer
        return answer.json["unit"]

    assert enrolled("clerk", "registrar", "", "综治中心") == "综治中心"
    assert enrolled("given", "registrar", "司法所", "综治中心") == "司法所"
    assert enrolled("handler", "lead_handler", "派出所", "综治中心") == "派出所"
    assert enrolled("stranger", "lead_handler", "", "综治中心") == ""


def test_a_handler_enrolled_without_a_unit_is_given_one_later_and_it_can_be_taken_back(town):
    handler = town.device("h", "zhao", roles="lead_handler")
    clerk = town.device("c", "lin")
    (device,) = (d for d in listed(town) if d["account"] == "zhao")
    assert (device["unit"], unit_of(town, "h", "zhao")) == ("", "")
    given = township("county", "devices", "grant", device["id"], *town.data, "--unit", " 派出所 ", "--json")
    assert given.json == {"device": device["id"], "unit": "派出所"}
    assert unit_of(town, "h", "zhao") == ""
    assert (handler.json("sync")["in_agreement"], clerk.json("sync")["in_agreement"]) == (True, True)
    assert unit_of(town, "h", "zhao") == "派出所"
    # Other rights leave it as it is.
    assert township("county", "devices", "grant", device["id"], *town.data, "--areas", UPPER).code == 0
    assert handler.json("sync")["in_agreement"]
    (device,) = (d for d in listed(town) if d["account"] == "zhao")
    assert (device["unit"], device["areas"], unit_of(town, "h", "zhao")) == ("派出所", [UPPER], "派出所")
    assert township("county", "devices", "grant", device["id"], *town.data, "--unit", "").code == 0
    assert handler.json("sync")["in_agreement"]
    assert unit_of(town, "h", "zhao") == ""
    refused = township("county", "devices", "grant", device["id"], *town.data, "--unit", "长" * 61)
    assert refused.code == 3
    assert "60" in refused.err


def test_other_roles_leave_the_unit_of_the_code(town):
    code = township("county", "devices", "code", *town.data, "--areas", UPPER, "--unit", "司法所").out.split()[-1]
    assert Device(town.folder / "a", "a", "a-pw")("init", "--county", town.url, "--code", code).code == 0
    (device,) = listed(town)
    assert township("county", "devices", "grant", device["id"], *town.data, "--roles", "lead_handler").code == 0
    assert Device(town.folder / "a", "a", "a-pw").json("sync")["in_agreement"]
    assert (device["unit"], unit_of(town, "a", "a")) == ("司法所", "司法所")


def listed(town):
    return township("county", "devices", "list", *town.data, "--json").json["devices"]


def unit_of(town, name, user):
    """The unit with which *user* is logged in now."""
    home = town.folder / name
    office = office_with_key(home, *unlock(home, user, f"{user}-pw"))
    try:
        return office.session.unit
    finally:
        office.close()


def test_a_clerk_may_import_report_and_back_up_and_roles_replace_that(town, tmp_path):
    clerk = town.device("a", "lin")
    watcher = town.device("b", "wang", roles="supervisor")
    for device, code in ((clerk, 0), (watcher, 4)):
        assert device("backup", tmp_path / f"{device.user}.zip").code == code
        file = tmp_path / "people.csv"
        file.write_text("姓名,公民身份号码\n李小河,990123199001011239\n", encoding="utf-8")
        assert device("import", "resident", file, "--area", UPPER).code == code
    assert clerk("report", "day", "--at", "2026-09-18", tmp_path / "a.json").code == 0
    assert clerk("export", "resident", tmp_path / "a.xlsx", "--reason", "核对").code == 4
    assert watcher.json("list", "event")["total"] == 0


def test_a_revoked_device_is_refused_in_words_and_keeps_what_it_has(town, clerk):
    clerk.save("resident", name="张三")
    (device,) = township("county", "devices", "list", *town.data, "--json").json["devices"]
    assert device["account"] == "lin"
    assert township("county", "devices", "revoke", device["id"], *town.data).code == 0
    answer = clerk("sync", "--json")
    assert (answer.code, answer.json["ok"]) == (3, False)
    assert "县中心已停用这台电脑" in answer.err
    assert "一条也没有丢" in clerk("list", "resident").err
    assert clerk("doctor").code == 1
    assert township("county", "devices", "allow", device["id"], *town.data).code == 0
    assert clerk.json("sync")["in_agreement"] is True
    assert clerk.json("list", "resident")["total"] == 1
    assert township("county", "devices", "revoke", "nobody", *town.data).code == 3


def test_a_device_that_is_wiped_seals_what_it_had_not_sent_and_a_supervisor_brings_it_in(town, pair):
    clerk, other = pair
    made = clerk.save("resident", name="张三")
    (device,) = (
        d for d in township("county", "devices", "list", *town.data, "--json").json["devices"] if d["account"] == "lin"
    )
    assert township("county", "devices", "revoke", device["id"], "--wipe", *town.data).code == 0
    answer = clerk("sync")
    (sealed,) = clerk.home.glob("unsent-*")
    assert answer.code == 3
    assert all(words in answer.err for words in ("1 条", sealed.name, "交给县中心"))
    assert clerk("list", "resident").err.strip() in answer.err
    assert township("county", "left", "list", *town.data, "--json").json == {"left": []}
    assert {path.suffix for path in clerk.home.iterdir()} == {".xzt", ".txt", ".json"}
    taken = township("county", "bundle", "import", sealed, *town.data)
    assert taken.code == 1
    assert "1 条改动等人审" in taken.out
    logs = township("county", "left", "list", *town.data, "--json").json["left"]
    assert {one["kind"] for one in logs} == {"log"}
    shown = township("county", "left", "show", logs[0]["key"], "--reason", "核对", *town.data)
    assert "resident" in shown.out
    assert township("county", "left", "drop", logs[0]["key"], *town.data).code == 0
    assert township("county", "left", "show", logs[0]["key"], "--reason", "核对", *town.data).code == 3
    assert township("county", "devices", "list", *town.data, "--json").json["devices"][0]["state"] == "wiped"
    (waiting,) = township("county", "aside", "list", *town.data, "--json").json["changes"]
    said = township("county", "aside", "list", *town.data).out
    assert waiting["key"] in said
    assert "需要处理" not in said, "that sentence is for the clerk at the device"
    assert township("county", "aside", "accept", waiting["key"], *town.data).code == 0
    assert other.json("sync")["in_agreement"] is True
    assert other.values("resident", made)["name"]


def test_a_user_added_by_hand_enrols_with_that_password(town):
    assert township("county", "users", "add", "zhao", *town.data).code == 3
    assert township("county", "users", "add", "zhao", *town.data, password="secret").code == 0
    code = town.code()
    assert Device(town.folder / "z", "zhao", "guess")("init", "--county", town.url, "--code", code).code == 3
    assert Device(town.folder / "z", "zhao", "secret")("init", "--county", town.url, "--code", code).code == 0


def test_the_server_is_a_process_that_says_its_address_and_stops_when_told(tmp_path):
    data, areas = tmp_path / "county", tmp_path / "areas.json"
    areas.write_text(json.dumps(AREAS), encoding="utf-8")
    township("county", "init", "--data", data)
    township("county", "areas", "import", areas, "--data", data)
    server = process("county", "serve", "--data", data, "--listen", "127.0.0.1:0", "--json")
    try:
        url = told(server)["url"]
        code = township("county", "devices", "code", "--data", data, "--areas", TOWNSHIP).out.split()[-1]
        env = {"TOWNSHIP_USER": "lin", "TOWNSHIP_PASSWORD": "pw"}
        for words in (("init", "--county", url, "--code", code), ("sync",)):
            done = process("--home", tmp_path / "a", *words, "--json", **env)
            out, err = done.communicate()
            assert done.returncode == 0, err
            assert json.loads(out)
        taken = process("county", "serve", "--data", data, "--listen", url.removeprefix("http://"))
        assert "端口已被占用" in taken.communicate()[1]
        assert taken.returncode == 3
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()


def test_rules_are_got_changed_put_followed_listed_and_taken_back(town, tmp_path):
    device = town.device("a", "lin")
    file = tmp_path / "event_class.toml"
    rules = ("county", *town.data, "rules")
    assert township(*rules, "get", "event_class", file, "--json").json == {"file": str(file), "name": "event_class"}
    file.write_text(file.read_text(encoding="utf-8").replace("路灯照明", "路灯亮化"), encoding="utf-8")
    assert township(*rules, "put", file, "--note", "改叫法", "--json").json == {
        "ok": True,
        "name": "event_class",
        "number": 1,
    }
    # That the county sends rules, its first answer says: they come with the next.
    assert [device.json("sync")["rules"] for _ in range(3)].count(True) == 1
    made = {
        "op": "save",
        "form": "event",
        "area": LOWER,
        "values": {"title": "灯", "detail": "灯", "category": "路灯亮化"},
    }
    script = tmp_path / "one.jsonl"
    script.write_text(json.dumps(made), encoding="utf-8")
    assert device("apply", script).code == 0
    assert device.json("sync")["refused"] == 0
    said = {check["name"]: check["detail"] for check in device.json("doctor")["checks"]}
    assert said["办事规则"] == "县中心改过 1 份"
    (line,) = township(*rules, "list", "--json").json["rules"]
    assert (line["name"], line["note"], line["in_force"], line["unread_by"]) == ("event_class", "改叫法", True, [])
    file.write_text("items = 1", encoding="utf-8")
    answer = township(*rules, "put", file)
    assert (answer.code, "event_class.toml" in answer.err) == (3, True)
    assert township(*rules, "back", "event_class", "--json").json["number"] == 2
    assert township(*rules, "back", "event_class").code == 3
    assert township(*rules, "put", tmp_path / "none.toml").code == 3

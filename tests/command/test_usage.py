from __future__ import annotations

import subprocess
import sys

import pytest

from app.paths import root
from tests.command.conftest import Device, township


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nope",), "COMMAND 没有 'nope'"),
        (("find",), "缺少 text"),
        (("find", "x", "--limit", "many"), "--limit 的值 'many' 不对"),
        (("list", "resident", "--wher", "a=b"), "不认识 --wher"),
        (("init", "--county"), "--county 后面要写内容"),
        (("conflicts", "resolve", "x"), "--keep --value 要写一个"),
        (("county", "serve", "--data", "x", "--listen", "here"), "“here”应写成 主机:端口"),
        (("document", "x", "mediation_record"), "请写明把文书写到哪个文件"),
        (("report", "day", "out.json"), "缺少 --at"),
    ],
)
def test_wrong_usage_is_told_in_chinese_with_2(words, said):
    answer = township(*words)
    assert answer.code == 2
    assert said in answer.err.splitlines()[-1]
    assert answer.out == ""


def test_without_a_store_it_says_what_to_do_with_3(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for home in (tmp_path / "none", empty):
        answer = Device(home, "lin", "pw")("find", "李", "--json")
        assert answer.code == 3
        assert answer.out == ""
        assert (
            answer.err.strip() == f"这台电脑上还没有数据（{home}）。请先用县里的一次性注册码登记本机：township init。"
        )


def test_common_options_stand_before_or_after_the_subcommand(clerk):
    password = clerk.home.parent / "password"
    password.write_text("lin-pw\r\n", encoding="utf-8")
    common = ["--home", clerk.home, "--user", "lin", "--password-file", password, "--json"]
    before, after = township(*common, "list", "resident"), township("list", "resident", *common)
    assert before.code == after.code == 0
    assert before.json == after.json == {"records": [], "total": 0}
    assert township(*common[:4], "conflicts", *common[4:]).json == {"conflicts": []}


def test_the_user_may_be_left_out_where_there_is_one_and_the_password_never_is(clerk):
    assert township("--home", clerk.home, "find", "李", password="lin-pw").code == 0
    for words, code, said in (
        ({}, 3, "请用 --password-file 或环境变量 TOWNSHIP_PASSWORD 给出密码。"),
        ({"password": "other"}, 3, "密码不对，请再输一次。本机数据没有受影响。"),
        ({"password": "lin-pw", "user": "wang"}, 3, "这台电脑上没有“wang”这个用户，请核对用户名。"),
    ):
        answer = township("--home", clerk.home, "find", "李", **words)
        assert (answer.code, answer.err.strip()) == (code, said)
    assert township("--home", clerk.home, "find", "李", "--password-file", clerk.home / "none").code == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "nope"), "没有“nope”这种表单"),
        (("find", "李", "--form", "nope"), "没有“nope”这种表单"),
        (("list", "resident", "--where", "nope=1"), "筛选条件“nope=1”不对"),
        (("show", "resident", "0" * 32), "没有找到这条记录"),
        (("report", "day", "--at", "18.9.2026", "x.json"), "“18.9.2026”不是日期"),
        (("apply", "none.jsonl"), "找不到文件 none.jsonl"),
        (("import", "resident", "none.xlsx"), "找不到文件 none.xlsx"),
        (("conflicts", "resolve", "0" * 32, "--keep", "mine"), "已经有人定过了"),
        (("bench", "nope"), "没有“nope”这项测速"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_with_3(clerk, words, said):
    answer = clerk(*words, "--json")
    assert answer.code == 3
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert said in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ("report", "week", "--at", "2026-09-18", "x.json"),
        ("forms", "add", "x.toml"),
        ("forms", "check", "x.xlsx"),
    ],
)
def test_what_is_not_built_says_so_with_3(words):
    answer = township(*words)
    assert answer.code == 3
    assert "还没有做" in answer.err


_LOADED = """import sys
from app.command.parse import run
try:
    run(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)"""


def test_help_and_the_forms_load_only_what_they_need():
    never = {"PySide6", "sqlalchemy", "requests", "sqlcipher3", "pypinyin", "keyring", "xlsxwriter", "fastapi"}
    for words in (["--help"], ["forms", "list"]):
        done = subprocess.run(
            [sys.executable, "-c", _LOADED, *words], cwd=root(), capture_output=True, encoding="utf-8", check=True
        )
        assert "app.command.parse" in done.stderr.split()
        assert not never & set(done.stderr.split())

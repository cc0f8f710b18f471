"""Set-up from a bare machine: the lock, the declaration and the lists of system packages agree."""

from __future__ import annotations

import importlib.util
import re
import shutil
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]


def locked() -> dict[str, tuple[Requirement, list[str]]]:
    """Every entry of the lock: name -> (what it asks for, its hashes)."""
    entries = {}
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        first, *hashes = [line.strip() for line in block.replace("\\\n", "\n").splitlines()]
        entry = Requirement(first)
        entries[canonicalize_name(entry.name)] = (entry, hashes)
    return entries


def test_every_locked_package_has_one_version_and_sha256_hashes():
    for name, (entry, hashes) in locked().items():
        assert re.fullmatch(r"==[^*,]+", str(entry.specifier)), name
        assert hashes, name
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), name


def test_the_lock_names_no_index_and_no_host():
    assert not re.search(r"https?:|//|^\s*--?(i|f|index|extra|find|trusted)\b", LOCK, re.MULTILINE)
    assert "@" not in LOCK


def test_every_direct_dependency_is_locked_at_a_version_that_fits():
    entries = locked()
    for text in DIRECT:
        wanted = Requirement(text)
        entry, _ = entries[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(next(iter(entry.specifier)).version), text


@pytest.mark.parametrize("name", ["colorama", "pefile", "pywin32-ctypes"])
def test_what_windows_needs_besides_is_locked_for_windows_alone(name):
    entry, _ = locked()[name]
    assert entry.marker is not None
    assert entry.marker.evaluate({"sys_platform": "win32"})
    assert not entry.marker.evaluate({"sys_platform": "linux"})


def test_what_is_installed_is_what_is_locked():
    here = {name: entry for name, (entry, _) in locked().items() if entry.marker is None or entry.marker.evaluate()}
    wanted = {name: next(iter(entry.specifier)).version for name, entry in here.items()}
    assert {name: metadata.version(name) for name in wanted} == wanted


def test_nothing_that_is_locked_misses_what_it_needs():
    """The lock is installed without asking after dependencies, so nobody else would notice a hole in it."""
    left_out = {"pip", "pygame"}  # [tool.uv] says why
    here = {name for name, (entry, _) in locked().items() if entry.marker is None or entry.marker.evaluate()}
    holes = []
    for name in here:
        for text in metadata.requires(name) or []:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                wanted = canonicalize_name(need.name)
                holes += [(name, wanted)] if wanted not in here | left_out else []
    assert holes == []


def test_system_packages_are_plain_debian_names():
    groups = tomllib.loads((ROOT / "installer/system-packages.toml").read_text(encoding="utf-8"))
    assert set(groups) == {"window", "camera", "picture", "tests", "package", "clean_system"}
    for names in groups.values():
        assert names
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in names)


@pytest.fixture
def setup(tmp_path, monkeypatch):
    """installer/setup.py over a checkout of its own, in which making the environment only leaves a note."""
    spec = importlib.util.spec_from_file_location("setup", ROOT / "installer" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("requirements.lock", "pyproject.toml", "installer/system-packages.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    module.made = []

    def making(venv, *, anew):
        venv.mkdir(exist_ok=True)
        module.made.append("anew" if anew else "in place")

    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "make_environment", making)
    monkeypatch.setattr(module, "what_is_missing", lambda _group, _venv: None)
    return module


def test_set_up_with_nothing_to_do_does_nothing_and_says_nothing(setup, capsys):
    assert setup.main([]) == 0
    assert setup.main([]) == 0
    assert len(setup.made) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_the_environment_is_brought_up_to_date_when_the_lock_or_the_declaration_changes(setup, name):
    setup.main([])
    with (setup.ROOT / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    setup.main([])
    assert setup.made == ["anew", "in place"]


def test_another_python_gets_an_environment_of_its_own(setup, monkeypatch):
    setup.main([])
    monkeypatch.setattr(setup.sys, "base_prefix", "/opt/another")
    setup.main([])
    assert setup.made == ["anew", "anew"]


def test_an_interrupted_set_up_starts_again(setup, monkeypatch):
    def breaks_off(_venv, **_):
        raise setup.CannotGoOnError("the packages could not be fetched")

    setup.main([])
    (setup.ROOT / "requirements.lock").write_text("", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(setup, "make_environment", breaks_off)
        assert setup.main([]) == 1
    assert setup.main([]) == 0
    assert setup.made == ["anew", "anew"]


def test_without_leave_to_install_there_is_one_line_to_copy(setup, monkeypatch, capsys):
    monkeypatch.setattr(setup, "what_is_missing", lambda _group, _venv: "libEGL.so.1")
    monkeypatch.setattr(setup.shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    assert setup.main([]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "libEGL.so.1" in told
    assert "sudo apt-get install -y --no-install-recommends libegl1 " in told


def test_missing_libraries_are_asked_for_again_until_they_are_there(setup, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(setup, "what_is_missing", lambda _group, _venv: "libEGL.so.1")
        patch.setattr(setup.shutil, "which", lambda _name, **_: None)
        assert setup.main([]) == 1
        assert setup.main([]) == 1
    assert setup.main([]) == 0
    assert len(setup.made) == 1

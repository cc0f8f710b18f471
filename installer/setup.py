"""Set-up of a checkout: .venv from requirements.lock with `township` in it, and the system libraries that wheels lack.

    python3 installer/setup.py [window|picture|tests|package|clean_system ...]

Standard library only, and nothing but .venv is made in the checkout. It says one line for each thing that it does, and
none when there is nothing to do. System packages are installed where that is possible without asking (root on a
Debian), else the one line to copy is printed and the exit code is 1.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python gets to see
    sys.exit("setup: Python 3.11 or newer is needed; say for example: make PYTHON=python3.11")

import tomllib

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PIP = (22, 3)  # the first one with --python

# Asks for every library of the window: those of QtWidgets, and those of the X11 plugin, which Qt only loads later.
# Packed by xiangzhitong.spec, for names with rare characters.
RARE_FONT = Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf")
WINDOW_PROBE = """
import ctypes, pathlib, sys
import PySide6.QtWidgets
if sys.platform == "linux":
    ctypes.CDLL(str(pathlib.Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so"))
"""


class CannotGoOnError(Exception):
    """Something is missing that only the user can provide; the text is the line that says so."""


def main(groups: list[str]) -> int:
    """Bring .venv up to date, then see to the system packages of *groups* and of the window. Return the exit code."""
    venv = ROOT / ".venv"
    try:
        stamp = venv / ".made-from"
        there = stamp.read_text(encoding="utf-8").splitlines() if stamp.is_file() else []
        wanted = [place(), contents()]
        if there != wanted:
            stamp.unlink(missing_ok=True)  # what breaks off half-way is made anew next time
            make_environment(venv, anew=there[:1] != wanted[:1])
            stamp.write_text("\n".join(wanted), encoding="utf-8")
        for group in dict.fromkeys(["window", *groups]):
            provide(group, venv)
    except CannotGoOnError as problem:
        print(f"setup: {problem}", file=sys.stderr)
        return 1
    return 0


def place() -> str:
    """What an environment can't outlive: this Python, and where the checkout lies."""
    return hashlib.sha256(f"{sys.version}\n{sys.base_prefix}\n{ROOT}".encode()).hexdigest()


def contents() -> str:
    """What .venv is filled from: the lock and the project's own declaration."""
    parts = [(ROOT / name).read_bytes() for name in ("requirements.lock", "pyproject.toml")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_environment(venv: Path, *, anew: bool) -> None:
    """Fill *venv* from the lock; *anew*: from nothing, else in place, so that a window that runs from it goes on."""
    if anew:
        lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        packages = sum(not line.startswith(" ") for line in lines)
        print(f"setup: making .venv with {packages} packages; a minute or two, once", flush=True)
        if venv.exists():
            shutil.rmtree(venv)
    else:
        print("setup: bringing .venv up to date", flush=True)
    pip = [*pip_for(venv), "--disable-pip-version-check", "--no-input", "--quiet"]
    quiet = ["--root-user-action", "ignore", "--no-warn-script-location", "--progress-bar", "off", "--no-deps"]
    lock = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements.lock")]
    run([*pip, "install", *quiet, *lock], "the packages could not be fetched (the lines above say why)")
    # hatchling came with the lock: nothing is downloaded here, and nothing is left in the checkout.
    editable = ["--no-build-isolation", "--no-index", "--editable", str(ROOT)]
    run([*pip, "install", *quiet, *editable], "the project could not be put into .venv (the lines above say why)")


def pip_for(venv: Path) -> list[str]:
    """The pip command that fills *venv*, which is made where it isn't there.

    A bare Debian has no ensurepip, so that `python3 -m venv` fails there; its python3-pip can fill a venv from outside.
    """
    python = venv_python(venv)
    if own_pip() < OLDEST_PIP and importlib.util.find_spec("ensurepip") is None:
        install(["python3-pip"], "pip")
    from_outside = own_pip() >= OLDEST_PIP
    if not python.exists():
        how = ["--without-pip"] if from_outside else []
        run([sys.executable, "-m", "venv", *how, str(venv)], "the environment .venv could not be made")
    return [sys.executable, "-m", "pip", "--python", str(python)] if from_outside else [str(python), "-m", "pip"]


def venv_python(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def own_pip() -> tuple[int, ...]:
    """The version of the pip that belongs to this Python; (0,) where there is none."""
    told = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"pip (\d+)\.(\d+)", told.stdout)
    return tuple(map(int, found.groups())) if found else (0,)


def provide(group: str, venv: Path) -> None:
    """See to the system packages of *group*. Whether they are there is found out by trying, never by asking dpkg."""
    if not sys.platform.startswith("linux"):
        return
    # Loading Qt takes a third of a second, too long for every `make`: what once worked is remembered in .venv.
    seen = venv / f".has-{group}"
    if group == "window" and seen.is_file():
        return
    missing = what_is_missing(group, venv)
    if missing is None:
        if group == "window":
            seen.touch()
        return
    install(packages_of(group), missing)
    missing = what_is_missing(group, venv)
    if missing is not None:
        raise CannotGoOnError(f"still missing after the system packages for '{group}' were installed: {missing}")


def packages_of(group: str) -> list[str]:
    packages: list[str] = tomllib.loads((ROOT / "installer/system-packages.toml").read_text(encoding="utf-8"))[group]
    return packages


def what_is_missing(group: str, venv: Path) -> str | None:
    """Name the first thing of *group* that isn't there, None where all is."""
    if group == "window":
        probe = [str(venv_python(venv)), "-c", WINDOW_PROBE]
        told = subprocess.run(probe, capture_output=True, text=True, check=False)
        return None if told.returncode == 0 else (told.stderr.strip().splitlines() or ["Qt"])[-1]
    if group == "tests" and not (shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        return "initdb"
    if group == "tests" and ctypes.util.find_library("pulse") is None:
        return "libpulse"
    if group == "package" and sys.platform == "linux" and not RARE_FONT.is_file():
        return RARE_FONT.name
    programs = {
        "picture": ["Xvfb", "xvfb-run", "xauth"],
        "tests": ["pdftotext", "pdftoppm", "age"],
        "package": ["objdump"],
        "clean_system": ["debootstrap"],
    }
    return next((name for name in programs[group] if shutil.which(name, path=wide_path()) is None), None)


def wide_path() -> str:
    """PATH, with the places that a stripped one leaves out."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def install(packages: list[str], missing: str) -> None:
    """Install Debian *packages* where that needs nobody's leave; else raise with the line to copy."""
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise CannotGoOnError(f"missing: {missing}. Install what your system calls these Debian packages: {names}")
    if os.name == "nt" or os.geteuid() != 0:
        line = f"sudo apt-get install -y --no-install-recommends {names}"
        raise CannotGoOnError(f"missing: {missing}. Copy this line: {line}")
    print(f"setup: installing system packages: {names}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    failed = "system packages could not be installed (the lines above say why)"
    run(["apt-get", "update", "-qq"], failed, quiet)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], failed, quiet)


def run(command: list[str], failed: str, environment: dict[str, str] | None = None) -> None:
    """Run *command*; its output is shown only where it failed."""
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise CannotGoOnError(f"{failed}. Nothing is lost; run it again when that is mended.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

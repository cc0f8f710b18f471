"""`township demo`: a fictional county on this machine, with a device that belongs to it."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.command.desk import Desk
from app.errors import KnownError

HELP = "造一个虚构的县，登记本机，打开窗口"
_COUNTY, _NOTE, _MAKING = "county", "demo.json", "demo.making"
_NAMES = {"village": "村", "township": "乡镇", "county": "县"}


@dataclass(frozen=True, slots=True)
class _Note:
    """What a demo home remembers of itself; its people are fictional, so its password may stand here."""

    scale: str
    seed: int
    user: str
    password: str
    port: int


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("--scale", choices=["village", "township", "county"], default="township")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-window", action="store_true")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Make what isn't there yet, serve, and open the window over it."""
    home = desk.home
    home.mkdir(parents=True, exist_ok=True)
    if args.fill:
        _fill(home / _COUNTY, args.scale, args.seed)
        return 0
    begun = time.monotonic()
    # From here on a polite stop must unwind: the county's server is a process of its own and would stay behind.
    signal.signal(signal.SIGTERM, _stop)
    note = _note(home, args, desk)
    server, url = _serve(home, note.port)
    try:
        _enrol(home, url, note, desk)
        desk.say(
            f"县中心在 {url}，数据在 {home}。用户 {note.user}，密码 {note.password}。用时 {time.monotonic() - begun:.1f} 秒。"
        )
        if args.no_window:
            told = {
                "url": url,
                "home": str(home),
                "county": str(home / _COUNTY),
                "user": note.user,
                "password": note.password,
            }
            desk.answer(told, json.dumps(told, ensure_ascii=False))
            return _until_stopped(server)
        from ui.__main__ import main

        os.environ.setdefault("TOWNSHIP_USER", note.user)
        os.environ.setdefault("TOWNSHIP_PASSWORD", note.password)
        return int(main(home, hint=f"演示用户 {note.user}，密码 {note.password}"))
    finally:
        server.terminate()
        server.wait(10)


def _note(home: Path, args: argparse.Namespace, desk: Desk) -> _Note:
    """The demo that stands at *home*; an empty county is made now where there is none."""
    path = home / _NOTE
    if path.exists():
        held = _Note(**json.loads(path.read_text(encoding="utf-8")))
        return replace(held, port=args.port or (held.port if _is_free(held.port) else _free_port()))
    user = desk.user or "林小禾"
    told = desk.password_file or os.environ.get("TOWNSHIP_PASSWORD")
    password = desk.password() if told else f"Demo-{secrets.randbelow(10**6):06d}"
    _empty_county(home, args.scale, args.seed)
    return _Note(args.scale, args.seed, user, password, args.port or _free_port())


def _empty_county(home: Path, scale: str, seed: int) -> None:
    """The county with its areas and nobody in it. What an interrupted making left, and only that, is cleared away first.

    KnownError("store.exists") where the home holds a store that no demo made.
    """
    from app.demo.plan import plan
    from app.schema.loading import load_forms
    from app.store.store import DATABASE
    from sync.county import office
    from sync.wire import Area

    folder = home / _COUNTY
    if (home / DATABASE).exists() and not (home / _MAKING).exists():
        raise KnownError("store.exists", path=home)
    (home / _MAKING).touch()
    for path in [*folder.glob("county.db*"), *home.glob(f"{DATABASE}*"), home / "keys.json"]:
        path.unlink(missing_ok=True)
    for path in (home / "journal").glob("*.jnl"):
        path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    frame = plan(scale, seed)
    county = office.init(folder / "county.db", load_forms(), frame.county_code)
    office.add_areas(county, [Area(a["code"], a["name"], a["level"], a.get("parent", "")) for a in frame.areas])
    county.close()


def _fill(folder: Path, scale: str, seed: int) -> None:
    """Bring people, houses and cases into the county; a process of its own, so that the device fetches them meanwhile."""
    from app.demo.plan import plan
    from app.demo.stream import records
    from app.schema.dates import CHINA
    from app.schema.loading import load_forms
    from sync.county.county import County
    from sync.county.seeding import fill

    frame = plan(scale, seed)
    county = County.open(folder / "county.db", load_forms())
    try:
        fill(county, records(frame, datetime.datetime.now(CHINA)), areas=(f"{frame.county_code:0<12}",), user="县中心")
    finally:
        county.close()


def _serve(home: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """Start the county's server as a process of its own; return it and its URL."""
    command = [*_myself(), "county", "serve", "--data", str(home / _COUNTY), "--listen", f"127.0.0.1:{port}", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    told = ""
    for line in server.stdout or ():
        told += line
        if line == "}\n":
            return server, str(json.loads(told)["url"])
    # It ended without an address, and has said why itself.
    server.wait()
    raise KnownError("command.county_silent")


def _enrol(home: Path, url: str, note: _Note, desk: Desk) -> None:
    """Enrol the device with every township role and bring the township onto it; an enrolled one only learns the address."""
    import requests

    from app.command.enrolling import make_home
    from app.rules.permissions import Permissions
    from app.schema.loading import load_forms
    from app.services.office import open_office
    from sync.client import exchange
    from sync.county import office as county_office
    from sync.county.county import County

    if (home / _NOTE).exists():
        held = open_office(home, note.user, note.password)
        held.store.sync.moved(url)
        held.close()
        return
    from app.demo.plan import plan
    from app.demo.words import words

    frame = plan(note.scale, note.seed)
    desk.say(f"正在造一个约 {frame.people} 人的虚构{_NAMES[note.scale]}……")
    filler = subprocess.Popen(
        [*_myself(), "demo", "--fill", "--home", str(home), "--scale", note.scale, "--seed", str(note.seed)]
    )
    county = County.open(home / _COUNTY / "county.db", load_forms())
    towns = [area["code"] for area in frame.areas if area["level"] == "township"]
    unit = str(words("units")["centre"])
    code = county_office.issue_code(county, towns, sorted(Permissions.load().township_roles()), unit)
    county.close()
    made = make_home(home, url, code, note.user, note.password)
    received = 0
    with requests.Session() as http:
        while True:
            filled = filler.poll() is not None
            report = exchange(made.store, http)
            received += report.down.count
            desk.progress(received, 0, f"已收到 {received} 条")
            if report.error is not None:
                raise report.error
            if filled:
                break
            time.sleep(0.2)
    made.close()
    if filler.returncode:
        raise KnownError("command.demo_broken")
    (home / _NOTE).write_text(json.dumps(asdict(note), ensure_ascii=False), encoding="utf-8")
    (home / _MAKING).unlink(missing_ok=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _myself() -> Sequence[str]:
    """How this program is started again."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "app"]


def _until_stopped(server: subprocess.Popen[str]) -> int:
    try:
        server.wait()
    except KeyboardInterrupt:
        return 0
    return 3


def _stop(*_args: object) -> None:
    raise KeyboardInterrupt

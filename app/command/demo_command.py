"""`township demo`: a fictional county on this machine, with a device that belongs to it."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.command.desk import Desk
from app.errors import KnownError

if TYPE_CHECKING:
    from app.demo.plan import DemoPlan

HELP = "造一个虚构的县，登记本机，打开窗口"
_COUNTY, _NOTE = "county", "demo.json"
_SILENT_SECONDS = 30


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


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Make what isn't there yet, serve, and open the window over it."""
    home = desk.home
    home.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
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
    """The demo that stands at *home*; made now where there is none."""
    path = home / _NOTE
    if path.exists():
        held = _Note(**json.loads(path.read_text(encoding="utf-8")))
        if args.port and args.port != held.port:
            held = _Note(**{**asdict(held), "port": args.port})
        return held
    user = desk.user or "林小禾"
    password = os.environ.get("TOWNSHIP_PASSWORD") or f"Demo-{secrets.randbelow(10**6):06d}"
    note = _Note(args.scale, args.seed, user, password, args.port or _free_port())
    _fill(home / _COUNTY, note, desk)
    path.write_text(json.dumps(asdict(note), ensure_ascii=False), encoding="utf-8")
    return note


def _fill(folder: Path, note: _Note, desk: Desk) -> None:
    from app.demo.plan import plan
    from app.demo.stream import records
    from app.schema.dates import CHINA
    from app.schema.loading import load_forms
    from sync.county import office
    from sync.county.seeding import fill
    from sync.wire import Area

    if folder.exists():
        # A demo whose making was interrupted: it has no note, so nothing in it counts.
        for path in folder.glob("county.db*"):
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    frame: DemoPlan = plan(note.scale, note.seed)
    county = office.init(folder / "county.db", load_forms(), frame.county_code)
    try:
        areas = [Area(a["code"], a["name"], a["level"], a.get("parent", "")) for a in frame.areas]
        office.add_areas(county, areas)
        desk.say(
            f"正在造一个约 {frame.people} 人的虚构{'村' if note.scale == 'village' else '乡镇' if note.scale == 'township' else '县'}……"
        )
        now = datetime.datetime.now(CHINA)
        tops = tuple(area.code for area in areas if area.level == "county") or (areas[0].code,)
        fill(
            county,
            records(frame, now),
            areas=tops,
            user="县中心",
            progress=lambda done: desk.progress(done, 0, f"已有 {done} 条"),
        )
    finally:
        county.close()


def _serve(home: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """Start the county's server as a process of its own; return it and its URL."""
    command = [*_myself(), "county", "serve", "--data", str(home / _COUNTY), "--listen", f"127.0.0.1:{port}", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert server.stdout is not None
    told = "".join(iter(server.stdout.readline, "}\n"))
    if server.poll() is not None or '"url"' not in told:
        server.kill()
        raise KnownError("command.county_silent", seconds=_SILENT_SECONDS)
    return server, str(json.loads(told + "}")["url"])


def _enrol(home: Path, url: str, note: _Note, desk: Desk) -> None:
    """Enrol the device with every township role and bring the township onto it; an enrolled one only learns the address."""
    import requests

    from app.command.enrolling import make_home
    from app.rules.permissions import Permissions
    from app.schema.loading import load_forms
    from app.services.office import open_office
    from app.store.store import DATABASE
    from sync.client import exchange
    from sync.county import office as county_office
    from sync.county.county import County

    if (home / DATABASE).exists():
        held = open_office(home, note.user, note.password)
        held.store.sync.moved(url)
        held.close()
        return
    from app.demo.plan import plan

    county = County.open(home / _COUNTY / "county.db", load_forms())
    towns = [area["code"] for area in plan(note.scale, note.seed).areas if area["level"] == "township"]
    code = county_office.issue_code(county, towns, sorted(Permissions.load().township_roles()))
    county.close()
    made = make_home(home, url, code, note.user, note.password)
    with requests.Session() as http:
        report = exchange(made.store, http, progress=lambda p: desk.progress(p.down, 0, f"已收到 {p.down} 条"))
    made.close()
    if report.error is not None:
        raise report.error


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _myself() -> Sequence[str]:
    """How this program is started again."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "app"]


def _until_stopped(server: subprocess.Popen[str]) -> int:
    import signal

    def stop(*_args: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        server.wait()
    except KeyboardInterrupt:
        return 0
    return 3

"""`township init`: make this device known to its county, with a one-time code."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.command.desk import Desk
from app.errors import KnownError
from app.messages import sentence

HELP = "用县中心的一次性注册码登记本机"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("--county", required=True, metavar="URL")
    parser.add_argument("--code", required=True)
    parser.add_argument("--ca", type=Path, metavar="FILE")
    parser.add_argument("--unit", default="", metavar="NAME", help="使用人的单位；县中心已写明的以县中心为准")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Enrol, then make the store; the first user is the one named."""
    from app.command.enrolling import make_home

    if not desk.user:
        raise KnownError("command.need_user")
    office = make_home(
        desk.home, args.county, args.code, desk.user, desk.password(), ca=str(args.ca or ""), unit=args.unit
    )
    state = office.store.sync.state
    areas = [area["name"] for area in office.store.areas() if area["code"] in office.session.areas]
    unit = office.session.unit
    said = sentence("accounts.unit_not_taken") + "\n" if args.unit and unit != args.unit.strip() else ""
    office.close()
    desk.answer(
        {"ok": True, "device": state.device, "county": state.county, "areas": list(office.session.areas), "unit": unit},
        said + f"本机已登记：{'、'.join(areas)}。下一步：township sync",
    )
    return 0

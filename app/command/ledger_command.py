"""`township ledger`: a ledger as a document to print and sign."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.command.desk import Desk
from app.command.export_command import read_ids
from app.command.shown import known_form
from app.errors import KnownError

if TYPE_CHECKING:
    from app.exchange.ledger_paper import Tick
    from app.services.office import Office

HELP = "把台账排成可打印的文件（.pdf、.docx），号码打码"

PATRON = "patron"
"""No form of its own: the cases that leaders took on."""
WHISTLE = "whistle"
"""No form of its own: the units that were called to the spot, from the steps of the cases."""


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("form")
    parser.add_argument("out", type=Path, metavar="OUT.pdf|OUT.docx")
    parser.add_argument("--ids", type=Path, metavar="FILE")
    parser.add_argument("--area")
    parser.add_argument("--period", default="", metavar="TEXT")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Write the document; say how many records stand in it."""
    office = desk.open_office()

    def tick(done: int, total: int) -> None:
        if desk.cancelled.is_set():
            raise KnownError("import.export_stopped")
        desk.progress(done, total, "正在排版")

    count, odd = _write(office, args, tick)
    document = {"records": count, "file": str(args.out), "missing_glyphs": list(odd)}
    desk.answer(document, f"{count} {'件' if args.form == PATRON else '条'}已排好版，存为 {args.out}")
    return 0


def _write(office: Office, args: argparse.Namespace, tick: Tick) -> tuple[int, tuple[str, ...]]:
    if args.form == PATRON:
        from app.exchange.patron_paper import write_patrons

        return write_patrons(office, args.out, area=args.area or "", period=args.period, tick=tick)
    if args.form == WHISTLE:
        from app.exchange.whistle_paper import write_whistles

        return write_whistles(office, args.out, area=args.area or "", period=args.period, tick=tick)
    from app.exchange.ledger_paper import write_ledger

    form = known_form(office, args.form)
    if args.ids:
        ids = read_ids(args.ids)
    else:
        areas = args.area or list(office.session.areas)
        ids = [str(key) for (key,) in office.store.columns(form.name, ["id"], area=areas)]
    return write_ledger(office, form.name, args.out, ids, period=args.period, tick=tick)

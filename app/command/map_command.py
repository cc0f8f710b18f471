"""`township map`: outlines of grids in and out, and what does not agree on the map."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.command.desk import Desk
from app.messages import sentence

HELP = "地图：网格范围的导入、导出和核对"


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    rooms = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taking = rooms.add_parser("import", help="导入 GeoJSON", parents=[common])
    taking.add_argument("file", type=Path, metavar="FILE")
    taking.add_argument("--area", default="")
    taking.add_argument("--create", action="store_true", help="没有的网格同时新建")
    taking.add_argument("--dry-run", action="store_true", help="只说会怎样，不改动")
    taking.set_defaults(run=_import)
    giving = rooms.add_parser("export", help="导出 GeoJSON", parents=[common])
    giving.add_argument("file", type=Path, metavar="FILE")
    giving.add_argument("--reason", required=True)
    giving.add_argument("--area", default="")
    giving.set_defaults(run=_export)
    checking = rooms.add_parser("check", help="位置与网格不一致的、重叠的、空着的", parents=[common])
    checking.add_argument("--area", default="")
    checking.set_defaults(run=_check)


def _import(args: argparse.Namespace, desk: Desk) -> int:
    from app.exchange.map.intake import CREATED, UNCHANGED, UPDATED, MapIntake

    intake = MapIntake(desk.open_office())
    plan = intake.plan(args.file, args.area, create=args.create)
    if not args.dry_run:
        intake.apply(plan, progress=lambda done, total: desk.progress(done, total, sentence("command.map_import")))
    told: list[dict[str, Any]] = []
    for line in plan.lines:
        for code, message in line.notes:
            told.append({"feature": line.number, "title": line.title, "code": code, "message": message})
    refused = {line.number for line in plan.refused}
    found = {
        "features": len(plan.lines),
        "created": plan.count(CREATED),
        "updated": plan.count(UPDATED),
        "unchanged": plan.count(UNCHANGED),
        "grids_created": len(plan.grids),
        "datum": plan.datum,
        "refused": [one for one in told if one["feature"] in refused],
        "mended": [one for one in told if one["feature"] not in refused],
    }
    words = sentence("command.map_imported", **{**found, "refused": len(refused)})
    desk.answer(found, "\n".join([words, *(f"{one['feature']}\t{one['title']}\t{one['message']}" for one in told)]))
    return 1 if refused else 0


def _export(args: argparse.Namespace, desk: Desk) -> int:
    from app.exchange.map.outgo import export_map

    count = export_map(desk.open_office(), args.file, args.reason, area=args.area)
    desk.answer({"grids": count, "file": str(args.file)}, sentence("command.map_exported", count=count, file=args.file))
    return 0


def _check(args: argparse.Namespace, desk: Desk) -> int:
    from app.services.map_check import check_map

    found = check_map(desk.open_office(), [args.area] if args.area else None)
    document: dict[str, list[Any]] = {
        "dwellings": [
            {"id": s.dwelling, "kind": s.kind, "entered": s.entered, "found": s.found, "lon": s.lon, "lat": s.lat}
            for s in found.strays
        ],
        "overlaps": [{"grids": [o.first, o.second], "m2": round(o.m2), "at": list(o.at)} for o in found.overlaps],
        "gaps": [{"grids": list(g.beside), "m2": round(g.m2), "at": list(g.at)} for g in found.gaps],
        "without_outline": [grid.id for grid in found.without_outline],
    }
    counts = {key: len(value) for key, value in document.items()}
    desk.answer(document, sentence("command.map_checked", **counts))
    return 0

"""`township digest`: the digests of what is agreed, stream by stream."""

from __future__ import annotations

import argparse

from app.command.desk import Desk

HELP = "各数据流的校验值（与县中心一致即为“一致”）"


def add(_parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(_args: argparse.Namespace, desk: Desk) -> int:
    """Print the digests reckoned anew from the stored values."""
    from app.schema.digest import ZERO
    from app.schema.digest import add as plus

    office = desk.open_office()
    kept, cursors = office.store.sync.reckon(), office.store.sync.cursors()
    total = ZERO
    streams = []
    for (area, stream), held in sorted(kept.items()):
        if not held.records and held.total == ZERO:
            continue  # the county lists no empty stream either
        total = plus(total, None, held.total)
        rev = cursors.get(stream, {}).get(area, 0)
        streams.append({"area": area, "lane": stream, "records": held.records, "rev": rev, "digest": held.total.hex()})
    words = "\n".join(f"{s['area']}\t{s['lane']}\t{s['records']}\t{s['digest']}" for s in streams)
    desk.answer({"streams": streams, "digest": total.hex()}, f"{words}\n{total.hex()}")
    return 0

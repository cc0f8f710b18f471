"""Ledgers on paper: A4 or A3 landscape, the header row again on every page, unit, filler, reviewer and leader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.exchange.documents.blocks import Column, Gap, Sheet, Spread, Table, Text, Title, filled, plain, written_texts
from app.exchange.documents.fonts import missing_glyphs
from app.exchange.documents.render import sheet_bytes, suffix, write


@dataclass(frozen=True)
class LedgerMeta:
    """What stands around the table. Empty names are blanks to sign; *period* is printed as it is (2026年9月)."""

    unit: str | None = None
    period: str | None = None
    filler: str | None = None
    reviewer: str | None = None
    leader: str | None = None
    paper: Literal["A4", "A3"] = "A4"


def ledger_sheet(
    title: str, columns: Sequence[Column | str], rows: Iterable[Sequence[object]], meta: LedgerMeta = LedgerMeta()
) -> Sheet:
    """The ledger in the neutral model. *rows* hold shown values in the order of *columns*; None is an empty cell."""
    heads = tuple(column if isinstance(column, Column) else Column(plain(column)) for column in columns)
    cells = tuple(tuple(plain(value) for value in row) for row in rows)
    names = (("填表人：", meta.filler), ("审核人：", meta.reviewer), ("负责人：", meta.leader))
    return Sheet(
        plain(title),
        (
            Title(plain(title)),
            Spread(
                (
                    (Text("单位："), filled(meta.unit, 12)),
                    (Text("时间："), filled(meta.period, 8)),
                    (Text(f"共 {len(cells)} 条"),),
                ),
                size="五号",
            ),
            Table(heads, cells),
            Gap(0.3),
            Spread(tuple((Text(label), filled(name, 8)) for label, name in names), size="五号"),
        ),
        paper=meta.paper,
        landscape=True,
        margins=(16.0, 14.0, 16.0, 14.0),
    )


def ledger_pdf(
    title: str, columns: Sequence[Column | str], rows: Iterable[Sequence[object]], meta: LedgerMeta = LedgerMeta()
) -> bytes:
    """The ledger as PDF."""
    return sheet_bytes(ledger_sheet(title, columns, rows, meta), ".pdf")


def ledger_docx(
    title: str, columns: Sequence[Column | str], rows: Iterable[Sequence[object]], meta: LedgerMeta = LedgerMeta()
) -> bytes:
    """The ledger as an editable .docx."""
    return sheet_bytes(ledger_sheet(title, columns, rows, meta), ".docx")


def print_ledger(
    title: str,
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[object]],
    out: Path,
    meta: LedgerMeta = LedgerMeta(),
    last: Callable[[], object] = lambda: None,
) -> tuple[str, ...]:
    """Write the ledger to *out* (.docx or .pdf); return the characters that no carried font can draw.

    *last* is called when all is laid out and no file is there yet; where it raises, none will be.
    """
    made = ledger_sheet(title, columns, rows, meta)
    held = sheet_bytes(made, suffix(out, ".docx", ".pdf"))
    last()
    write(out, held)
    return missing_glyphs("".join(written_texts(made.blocks)))

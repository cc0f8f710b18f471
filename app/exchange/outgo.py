"""Taking records out as a workbook, for a reason that is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.exchange.excel.export import write_export
from app.schema.dates import china_time

if TYPE_CHECKING:
    from app.schema.record import Record
    from app.services.office import Office

_AT_ONCE = 500


def export_form(
    office: Office,
    form: str,
    out: Path,
    reason: str,
    *,
    area: str | None = None,
    plain: bool = False,
    ids: Sequence[str] | None = None,
    fields: Sequence[str] = (),
    tick: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write the records of *form* in *area* (default: all areas held) to *out*; returns how many.

    *ids*: only these, in their order. *fields*: only these columns.

    *tick* is called with (done, in all); what it raises ends the export, and no file is left.

    Identity numbers, phones and the like are masked unless *plain*. Raises Denied, KnownError("import.no_form", "import.reason_missing").
    """
    if form not in office.forms:
        raise KnownError("import.no_form", form=form)
    if office.forms[form].card_only:
        raise KnownError("forms.card_only", form=office.forms[form].title)
    if not reason.strip():
        raise KnownError("import.reason_missing")
    declared = office.forms[form]
    areas = [area] if area else list(office.session.areas)
    for code in areas:
        office.gate.require("export_plain" if plain else "export", form, code, reason=reason)
    there = office.store.columns(form, ["id", "area", declared.title_field], area=areas)
    held = {row[0]: (row[1], str(row[2] or "")) for row in there}
    chosen = sorted(held, key=held.__getitem__) if ids is None else [each for each in ids if each in held]
    titles = Titles(office, masked=not plain)
    moment = china_time(office.store.now_ms())[:16].replace("T", " ")
    note = f"{declared.title}，共 {len(chosen)} 条；导出人：{office.session.name}；{moment}；理由：{reason.strip()}"
    if not plain:
        note += "；号码已遮盖"
    records = _in_parts(office, form, chosen, tick)
    return write_export(declared, records, out, masked=not plain, note=note, title_of=titles, only=fields)


def _in_parts(office: Office, form: str, ids: Sequence[str], tick: Callable[[int, int], None]) -> Iterator[Record]:
    """The records with *ids*, some at a time: a county's would not fit into memory beside each other."""
    for start in range(0, len(ids), _AT_ONCE):
        tick(start, len(ids))
        part = ids[start : start + _AT_ONCE]
        found = office.store.many(form, part)
        yield from (found[each] for each in part if each in found)
    tick(len(ids), len(ids))


class Titles:
    """What records pointed to are called, each looked up once."""

    def __init__(self, office: Office, *, masked: bool) -> None:
        self._office = office
        self._masked = masked
        self._known: dict[tuple[str, str], str] = {}

    def __call__(self, form: str, record_id: str) -> str:
        key = (form, record_id)
        if key not in self._known:
            record = self._office.store.get(form, record_id)
            self._known[key] = (
                self._office.forms[form].record_title(record.values, masked=self._masked) if record else ""
            )
        return self._known[key]

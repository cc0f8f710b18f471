"""Taking records out as a workbook, for a reason that is written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import KnownError
from app.exchange.excel.export import write_export
from app.schema.dates import china_time

if TYPE_CHECKING:
    from app.services.office import Office


def export_form(
    office: Office, form: str, out: Path, reason: str, *, area: str | None = None, plain: bool = False
) -> int:
    """Write the records of *form* in *area* (default: all areas held) to *out*; returns how many.

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
    records = office.store.select(form, area=areas, order=["area", declared.title_field])
    titles = _Titles(office, masked=not plain)
    moment = china_time(office.store.now_ms())[:16].replace("T", " ")
    note = f"{declared.title}，共 {len(records)} 条；导出人：{office.session.name}；{moment}；理由：{reason.strip()}"
    if not plain:
        note += "；号码已遮盖"
    return write_export(declared, records, out, masked=not plain, note=note, title_of=titles)


class _Titles:
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

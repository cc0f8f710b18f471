"""`township show`: one record, with its history and a case's steps."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.command.shown import as_json, known_form, revealer
from app.schema.dates import china_time

if TYPE_CHECKING:
    from app.services.office import Office

HELP = "显示一条记录"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("form")
    parser.add_argument("id")
    parser.add_argument("--history", action="store_true")
    parser.add_argument("--reveal", metavar="REASON")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Print one record; masked but for whom may reveal it."""
    office = desk.open_office()
    form = known_form(office, args.form)
    record = office.records.get(form.name, args.id, deleted=True)
    show = revealer(office, form, args.reveal)
    made = {**as_json(record, show), "form": form.name, "deleted": record.deleted, "pending": record.pending}
    if args.history:
        made["history"] = _history(office, record.form, record.id, whole=args.reveal is not None)
    if form.name == "event":
        made["steps"] = [_step(record) for record in _steps(office, record.id)]
    shown = office.records.shown(record, masked=args.reveal is None)
    words = "\n".join(f"{form.fields[name].label}\t{text}" for name, text in shown.items() if text)
    desk.answer(made, words)
    return 0


def _steps(office: Office, event: str) -> list[Any]:
    from app.services.cases import read_steps

    return read_steps(office.store, [event]).get(event, [])


def _step(step: Any) -> dict[str, Any]:
    return {
        "id": step.id,
        "action": step.action,
        "at": step.at.isoformat(),
        "by": step.user,
        "role": step.role,
        "unit": step.unit,
        "rev": step.rev,
        "values": {name: value for name, value in step.values.items() if value is not None},
    }


def _history(office: Office, form: str, record_id: str, *, whole: bool) -> list[dict[str, Any]]:
    """Every value that ever stood or lost, as far as this device knows: its own saves, what came, and the losers that the county keeps."""
    fields = office.forms[form].fields

    def safe(values: dict[str, Any]) -> dict[str, Any]:
        if whole:
            return values
        return {
            name: fields[name].kind.mask(value) if name in fields and fields[name].sensitive else value
            for name, value in values.items()
        }

    lines = [
        {
            "when": china_time(line.time),
            "who": line.user,
            "device": line.device or (office.session.device if line.kind != "county" else ""),
            "kind": line.kind,
            "rev": line.rev,
            "values": safe(dict(line.values)),
        }
        for line in office.store.query.history(record_id)
    ]
    lines += [
        {
            "when": lost.when,
            "who": lost.who,
            "device": lost.device,
            "kind": "lost",
            "rev": 0,
            "values": safe(dict(lost.values)),
        }
        for lost in office.conflicts.losers(record_id)
    ]
    return sorted(lines, key=lambda line: str(line["when"]))

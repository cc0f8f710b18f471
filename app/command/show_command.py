"""`township show`: one record, with its history and a case's steps."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.command.shown import as_json, known_form, revealer
from app.errors import KnownError
from app.schema.dates import CHINA
from app.schema.record import Record

if TYPE_CHECKING:
    from app.schema.form import Form
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
        made["history"] = _history(office, record, whole=args.reveal is not None)
    if attached := _attached(office, form, record):
        made["attachments"] = attached
    if form.name == "event":
        steps = _steps(office, record.id)
        came = office.store.query.received([step.id for step in steps])
        made["steps"] = [_step(step, came.get(step.id)) for step in steps]
    words = [f"{form.fields[name].label}\t{text}" for name, text in _shown(form, show(record)).items() if text]
    words += [
        "\t".join([m["when"] or "登记时", m["who"], m["kind"], *_shown(form, m["values"]).values()])
        for m in made.get("history", ())
    ]
    desk.answer(made, "\n".join(words))
    return 0


def _shown(form: Form, values: Mapping[str, Any]) -> dict[str, str]:
    """*values*, masked already where they must be, as people read them."""
    known = {name: value for name, value in values.items() if name in form.fields and value is not None}
    return {
        name: str(value) if form.fields[name].sensitive else form.fields[name].show(value)
        for name, value in known.items()
    }


def _attached(office: Office, form: Form, record: Record) -> list[dict[str, Any]]:
    """The files of a record of a form that can have some."""
    try:
        found = office.attachments.of(form.name, record.id)
    except KnownError as bad:
        if bad.code == "files.not_for":
            return []
        raise
    return [
        {key: value for key, value in asdict(one).items() if key not in {"form", "area", "why"} and value != ""}
        for one in found
    ]


def _steps(office: Office, event: str) -> list[Any]:
    from app.services.cases import read_steps

    return read_steps(office.store, [event]).get(event, [])


def _step(step: Any, received: int | None) -> dict[str, Any]:
    return {
        "id": step.id,
        "action": step.action,
        "at": step.at.isoformat(),
        "received": None if received is None else dt.datetime.fromtimestamp(received // 1000, CHINA).isoformat(),
        "by": step.user,
        "role": step.role,
        "unit": step.unit,
        "rev": step.rev,
        "values": {name: value for name, value in step.values.items() if value is not None},
    }


def _history(office: Office, record: Record, *, whole: bool) -> list[dict[str, Any]]:
    from app.services.conflicts import mask
    from app.services.past import past

    form = office.forms[record.form]
    return [
        {**asdict(moment), "values": dict(moment.values) if whole else mask(form, moment.values)}
        for moment in past(office.store, office.conflicts, record)
    ]

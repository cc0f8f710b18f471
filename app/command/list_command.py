"""`township list`: the records of one form."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.command.shown import as_json, known_form, revealer
from app.errors import KnownError

if TYPE_CHECKING:
    from app.schema.form import Form

HELP = "列出一种表单的记录"
_PLAIN = ("id", "area")


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("form")
    parser.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--area")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--reveal", metavar="REASON")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Print the records; restricted values masked but for whom may reveal them."""
    office = desk.open_office()
    form = known_form(office, args.form)
    if form.card_only:
        raise KnownError("forms.card_only", form=form.title)
    where = dict(_condition(form, text) for text in args.where)
    area = where.pop("area", None) or args.area or office.session.areas
    office.gate.require("read", form.name, args.area, own=True)
    records = office.store.select(form.name, where, area=area, limit=args.limit)
    total = office.store.count(form.name, where, area=area)
    show = revealer(office, form, args.reveal)
    names = [name for name in form.list_columns if name in form.fields]
    lines = ["\t".join(["id", *(form.fields[name].label for name in names)])]
    for record in records:
        whole = args.reveal is not None
        lines.append("\t".join([record.id, *(form.show(n, record.values.get(n), masked=not whole) for n in names)]))
    desk.answer({"records": [as_json(record, show) for record in records], "total": total}, "\n".join(lines))
    return 0


def _condition(form: Form, text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or (name not in form.fields and name not in _PLAIN):
        raise KnownError("command.where_wrong", text=text, known="、".join([*_PLAIN, *form.fields]))
    if name in _PLAIN:
        return name, value
    from app.schema.values import BadValue

    try:
        return name, form.fields[name].kind.check(value)
    except BadValue as bad:
        raise KnownError("command.line_wrong", detail=bad.message) from bad

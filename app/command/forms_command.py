"""`township forms`: which record types there are, and what is wrong with a declaration."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.command.desk import Desk
from app.errors import KnownError

HELP = "列出表单，或检查一个表单文件"


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="list|check|add|template")
    tasks.add_parser("list", parents=[common])
    for name in ("check", "add"):
        tasks.add_parser(name, parents=[common]).add_argument("file", type=Path, metavar="FILE")
    template = tasks.add_parser("template", parents=[common])
    template.add_argument("form")
    template.add_argument("out", type=Path, metavar="OUT.xlsx")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """List, or check by line."""
    if args.task == "list":
        from app.schema.loading import load_forms

        found = [
            {"name": form.name, "title": form.title, "version": form.version, "ledger": form.ledger}
            for form in load_forms().values()
        ]
        desk.answer({"forms": found}, "\n".join(f"{f['name']}\t{f['title']}\t第{f['version']}版" for f in found))
        return 0
    if args.task == "template":
        from app.exchange.excel.template import template_of
        from app.schema.loading import load_forms

        template_of(load_forms(), args.form, args.out)
        desk.answer({"file": str(args.out)}, f"模板存在 {args.out}")
        return 0
    if args.task == "add" or args.file.suffix.lower() == ".xlsx":
        raise KnownError("command.not_built", name="forms add" if args.task == "add" else "forms check（XLSForm）")
    return _check(args.file, desk)


def _check(file: Path, desk: Desk) -> int:
    from app.paths import resource
    from app.schema.codes import load_codes
    from app.schema.loading import check_form

    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as bad:
        raise KnownError("command.file_missing", path=file) from bad
    except UnicodeDecodeError as bad:
        raise KnownError("forms.not_text", file=file.name) from bad
    faults = check_form(text, file.stem, load_codes(resource("codes")))
    desk.answer(
        {"ok": not faults, "faults": [{"line": fault.line, "message": fault.message} for fault in faults]},
        "\n".join(f"{file.name}:{fault.line}: {fault.message}" for fault in faults) or f"{file.name}：可以用。",
    )
    return 1 if faults else 0

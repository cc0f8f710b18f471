"""`township document`: documents of a mediation, papers of a case, and of a person, household, dwelling or grid."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.errors import KnownError
from app.messages import sentence

if TYPE_CHECKING:
    from app.services.office import Office

HELP = "列出或写出一件调解的法定文书、一件事的文书，一个人、一户、一处房屋、一个网格的资料单（.docx、.pdf）"
_PAGES = Path("-")


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("id")
    parser.add_argument("name", nargs="?")
    parser.add_argument("out", nargs="?", type=Path, metavar="OUT.docx|OUT.pdf|-")
    parser.add_argument("--reason", default="", metavar="TEXT")
    parser.add_argument("--plain", action="store_true", help="号码不遮盖（要有权限和用途）")
    parser.add_argument("--corrects", default="", metavar="NUMBER", help="事项的文书：更正文号是这个的一份，另给新文号")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace, desk: Desk) -> int:
    """List what exists, or write one; "-" gives its pages as JSON, for a printer."""
    if args.name is not None and args.out is None:
        args.wrong_usage(sentence("command.need_out"))
    office = desk.open_office()
    if args.name is None:
        found = _listed(office, args.id)
        words = "\n".join(
            f"{item['name']}\t{item['title']}\t" + ("齐全" if item["ready"] else "缺：" + "、".join(item["missing"]))
            for item in found
        )
        desk.answer({"documents": found}, words)
        return 0
    if _of_case(office, args.id):
        return _case_paper(office, args, desk)
    if args.out == _PAGES:
        desk.answer(_pages(office, args))
        return 0
    odd = _written(office, args)
    if odd:
        desk.say("这些字没有字体能印，已印成代码：" + " ".join(f"{c} U+{ord(c):04X}" for c in odd))
    desk.answer({"file": str(args.out), "missing_glyphs": list(odd)}, f"已写出 {args.out}")
    return 0


def _of_case(office: Office, record_id: str) -> bool:
    return office.store.get("event", record_id) is not None


def _case_paper(office: Office, args: argparse.Namespace, desk: Desk) -> int:
    """Issue a new paper of a case, or give an issued one, asked for by its number, out once more as it was."""
    from app.exchange import case_papers
    from app.exchange.case_paper_kinds import load_papers

    number, new = args.name, args.name in load_papers()
    if new:
        if args.out != _PAGES:
            # Before a number is used up: the file can't be of another kind.
            from app.exchange.documents.render import suffix

            suffix(args.out, ".docx", ".pdf")
        number = case_papers.issue(office, args.id, args.name, corrects=args.corrects).number
    try:
        if args.out == _PAGES:
            desk.answer({**case_papers.pages(office, args.id, number), "number": number})
            return 0
        case_papers.write_copy(office, args.id, number, args.out)
        odd = list(case_papers.odd_signs(office, args.id, number))
    except KnownError as bad:
        if not new:
            raise
        # Its number is given and it is kept: who reads "failed" must not issue another.
        raise KnownError("case_papers.kept", number=number, why=bad) from bad
    desk.answer({"file": str(args.out), "number": number, "missing_glyphs": odd}, f"已写出 {args.out}，文号 {number}")
    return 0


def _of_mediation(office: Office, record_id: str) -> bool:
    known = office.store.get("mediation", record_id) or office.store.stubs.get("mediation", record_id)
    return known is not None


def _listed(office: Office, record_id: str) -> list[dict[str, Any]]:
    from app.exchange import official, papers

    if _of_mediation(office, record_id):
        found = official.documents(office, record_id)
        return [{key: item[key] for key in ("name", "title", "ready", "missing")} for item in found]
    if _of_case(office, record_id):
        from app.exchange import case_papers

        return case_papers.documents(office, record_id)
    form = papers.form_of(office, record_id)
    return [{"name": one.name, "title": one.title, "ready": True, "missing": []} for one in papers.papers_of(form)]


def _written(office: Office, args: argparse.Namespace) -> tuple[str, ...]:
    from app.exchange import official, papers

    if _of_mediation(office, args.id):
        return official.write(office, args.id, args.name, args.out)
    form = papers.form_of(office, args.id)
    return papers.write_paper(office, form, args.id, args.name, args.out, reason=args.reason, plain=args.plain)


def _pages(office: Office, args: argparse.Namespace) -> dict[str, Any]:
    """The pages as a printer draws them; ``missing_glyphs`` as for a file."""
    from app.exchange import official, papers
    from app.exchange.documents.blocks import written_texts
    from app.exchange.documents.fonts import missing_glyphs
    from app.exchange.documents.to_pdf import drawn

    if _of_mediation(office, args.id):
        made = official.made(office, args.id, args.name)
    else:
        form = papers.form_of(office, args.id)
        made = papers.sheet(office, form, args.id, args.name, reason=args.reason, plain=args.plain)
    odd = missing_glyphs("".join(written_texts(made.blocks)))
    return {**drawn(made), "missing_glyphs": list(odd)}

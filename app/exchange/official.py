"""From records to paper: what an official document of a mediation needs is gathered here, and only here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.exchange.documents import context as paper
from app.exchange.documents.blocks import Sheet
from app.exchange.documents.catalogue import Document, load_catalogue
from app.exchange.documents.context import MediationContext
from app.exchange.documents.render import render, sheet
from app.schema.record import Record

if TYPE_CHECKING:
    from app.services.mediation import MediationFile
    from app.services.office import Office

# "14:31 杨守义（调解员）：…" — the time may be missing, the bracket too.
_LINE = re.compile(
    r"^(?:\d{1,2}:\d{2}\s+)?(?P<who>[^：:（(\s]{1,20})(?:[（(](?P<as>[^）)]*)[）)])?(?:：|:(?!\d))\s*(?P<words>.+)$"
)
_MARKS = re.compile(r"^[［\[](?:事实|方案|同意)[］\]]\s*")
_RESULTS = {"continue": "adjourned", "failed": "failed", "stopped": "refused"}


def documents(office: Office, mediation_id: str) -> list[dict[str, Any]]:
    """The documents of a mediation: ``name``, ``title``, ``ready``, ``missing`` (labels), and the ``session`` of one made per session."""
    file = office.mediations.file(mediation_id)
    found: list[dict[str, Any]] = []
    for document in load_catalogue().built:
        if document.form != "mediation":
            continue
        sessions = file.sessions if document.per == "session" else (None,)
        for session in sessions or (None,):
            made = gather(office, file, session)
            several = session is not None and len(file.sessions) > 1
            number = session.values.get("number") if session else None
            name = f"{document.name}-{number}" if several else document.name
            title = f"{document.title}（第{number}次）" if several else document.title
            found.append(
                {**document.status(made), "name": name, "title": title, "session": session.id if session else None}
            )
    return found


def write(office: Office, mediation_id: str, name: str, out: Path, *, session_id: str | None = None) -> tuple[str, ...]:
    """Write document *name* of a mediation to *out* (.docx or .pdf); what is missing is a blank to fill by hand.

    *name* may carry the number of a session ("mediation_record-2"); without one the last session is meant. Returns the
    characters that no carried font can draw. The gate is asked for "document".
    """
    document, context = _asked(office, mediation_id, name, session_id)
    return render(document, context, out)


def made(office: Office, mediation_id: str, name: str) -> Sheet:
    """Document *name* in the neutral model; as ``write``, but to be printed."""
    return sheet(*_asked(office, mediation_id, name, None))


def _asked(office: Office, mediation_id: str, name: str, session_id: str | None) -> tuple[Document, MediationContext]:
    file = office.mediations.file(mediation_id)
    base, _, number = name.partition("-")
    document = load_catalogue()[base]
    session: Record | None = None
    if document.per == "session" and (file.sessions or number or session_id):
        session = _chosen(file.sessions, number, session_id)
    office.gate.require("document", "mediation", file.mediation.area, record=mediation_id, fields=name, own=True)
    return document, gather(office, file, session)


def _chosen(sessions: tuple[Record, ...], number: str, session_id: str | None) -> Record:
    """The session meant: the one with this id, else with this number, else the last."""
    fitting = [s for s in sessions if session_id is None or s.id == session_id]
    if session_id is None and number:
        fitting = [s for s in fitting if str(s.values.get("number")) == number]
    if not fitting:
        raise KnownError("documents.no_session", number=number or "—")
    return fitting[-1]


def gather(office: Office, file: MediationFile, session: Record | None) -> MediationContext:
    """Everything that the documents of *file* print, in shown words."""
    forms = office.forms
    values = file.mediation.values

    def show(name: str) -> str | None:
        return forms["mediation"].show(name, values.get(name)) or None

    return MediationContext(
        committee=show("committee"),
        number=show("agreement_no") or show("case_no"),
        matter=show("title"),
        dispute_type=show("dispute_type"),
        facts=show("agreement_facts") or show("facts"),
        issues=show("issues"),
        responsibilities=show("responsibilities"),
        parties=tuple(_party(office, record) for record in file.parties),
        mediators=_names(values.get("mediator")),
        recorder=show("recorder"),
        session=_session(session.values, values) if session else paper.Session(),
        agreement=paper.Agreement(
            number=show("agreement_no"),
            terms=_lines(values.get("agreement_terms")),
            way=show("performance"),
            place=show("performance_place"),
            limit=show("performance_due"),
            copies=values.get("copies"),  # type: ignore[arg-type]
            signed_on=show("agreed_on"),
        ),
    )


def _party(office: Office, record: Record) -> paper.Party:
    form = office.forms["party"]

    def show(name: str) -> str | None:
        return form.show(name, record.values.get(name)) or None

    return paper.Party(
        name=show("name"),
        kind="unit" if record.values.get("is_unit") else "person",
        role=show("side"),
        sex=show("sex"),
        ethnicity=show("ethnicity"),
        age=show("age"),
        occupation=show("occupation"),
        phone=show("phone"),
        address=show("address"),
        representative=show("legal_representative"),
        agent=show("agent"),
    )


def _session(values: Mapping[str, Any], mediation: Mapping[str, Any]) -> paper.Session:
    # What somebody said stays as he said it: "3、4组" at its head is no number of a list.
    said = (line.strip() for line in str(values.get("transcript") or "").split("\n"))
    statements = tuple(_statement(line) for line in said if line)
    result = _RESULTS.get(str(values.get("result")))
    if values.get("result") == "agreed":
        result = "oral" if mediation.get("agreement_form") == "oral" else "written"
    return paper.Session(
        ordinal=values.get("number"),
        begin=values.get("started_at"),
        end=values.get("ended_at"),
        place=values.get("place"),
        open=mediation.get("session_open"),
        guests=tuple(paper.Guest(name) for name in _names(values.get("invited"))),
        mediators=_names(values.get("mediators")),
        recorder=values.get("recorder"),
        rights_told=values.get("told_rights"),
        identity_told=values.get("told_identity"),
        statements=statements,
        facts_checked=values.get("facts_checked"),
        risk_told=values.get("told_risk"),
        law_explained=values.get("law_explained"),
        result=result,  # type: ignore[arg-type]
        reason=values.get("result_note") if result not in ("written", "oral") else None,
        remedies_told=values.get("told_remedies"),
        next_time=values.get("next_time"),
    )


def _statement(line: str) -> paper.Statement:
    found = _LINE.match(line)
    if not found:
        return paper.Statement(None, line)
    return paper.Statement(found["who"], _MARKS.sub("", found["words"]))


def _lines(text: object) -> tuple[str, ...]:
    """The items of a text of one item a line, without numbers that somebody typed before them."""
    lines = (
        re.sub(
            r"^\s*(?:\d{1,2}(?:[.．](?!\d)|、(?!\s*\d))|[一二三四五六七八九十]{1,3}、(?![一二三四五六七八九十]))\s*",
            "",
            line,
        ).strip()
        for line in str(text or "").split("\n")
    )
    return tuple(line for line in lines if line)


def _names(text: object) -> tuple[str, ...]:
    return tuple(name for name in re.split(r"[、,，;；\s]+", str(text or "")) if name)

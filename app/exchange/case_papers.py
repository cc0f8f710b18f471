"""From a case to paper: what its papers print is gathered here, they are numbered, frozen, and given out again as they were."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.exchange.case_paper_kinds import CasePaper, load_papers, paper
from app.exchange.documents.blocks import Sheet, written_texts
from app.exchange.documents.case_paper import case_paper
from app.exchange.documents.fonts import missing_glyphs
from app.exchange.documents.render import sheet_bytes, suffix, write
from app.exchange.meeting_notes import of_meeting
from app.rules.calendar import parse
from app.rules.case_fold import Step, units
from app.schema.dates import CHINA
from app.services.case_papers import DOCX, PAGES, PDF, Issued
from app.services.cases import EVENT, Case

if TYPE_CHECKING:
    from app.services.office import Office

_DRAFT = "case_paper"


def draft_key(event_id: str, name: str) -> str:
    """The key of the draft that holds what is typed for a paper until it is issued."""
    return f"{_DRAFT}:{event_id}:{name}"


def offered(office: Office, case: Case) -> list[tuple[CasePaper, dict[str, str]]]:
    """The papers that fit the state of *case*, each with what its answers begin with."""
    return [
        (kind, begun(kind, gather(office, case, kind))) for kind in load_papers().values() if kind.fits(case)
    ]  # fmt: skip


def begun(kind: CasePaper, said: Mapping[str, str]) -> dict[str, str]:
    """What the answers of *kind* begin with, from the case."""
    return {ask.name: said.get(ask.source, "") for ask in kind.ask}


def documents(office: Office, event_id: str) -> list[dict[str, Any]]:
    """For `township document EVENT`: what can be issued (``missing``: labels of what nobody has said), then what was, by number."""
    case = office.cases.case(event_id)
    found = [
        {
            "name": kind.name,
            "title": kind.title,
            "ready": all(answers.values()),
            "missing": [ask.label for ask in kind.ask if not answers[ask.name]],
        }
        for kind, answers in offered(office, case)
    ]
    known = load_papers()
    issued = [
        {
            "name": one.key,
            "title": f"{known[one.kind].title if one.kind in known else one.kind}（{one.at[:10]}）",
            "ready": True,
            "missing": [],
        }
        for one in office.case_papers.of(event_id)
    ]
    return [*found, *issued]


def issue(
    office: Office, event_id: str, name: str, answers: Mapping[str, str] | None = None, *, corrects: str = ""
) -> Issued:
    """Number the paper *name* of a case, lay it out and keep it for good; *answers* take the place of what the case says.

    Without *answers* those of the draft are taken, which goes. KnownError("case_papers.…"), Denied; then no number is used.
    """
    kind, case = paper(name), office.cases.case(event_id)
    office.gate.require("document", EVENT, case.event.area, record=event_id, fields=name, own=True)
    office.gate.require("create", "papers_attachment", case.event.area, record=event_id, fields=name, own=True)
    if not kind.fits(case):
        raise KnownError("case_papers.not_now", title=kind.title)
    step = kind.step_of(case)
    office.case_papers.refuse_twice(event_id, name, step.id if step else "", corrects)
    key = draft_key(event_id, name)
    typed = dict(answers if answers is not None else office.store.draft(key) or {})
    said = gather(office, case, kind)
    given = {ask.name: str(typed.get(ask.name, said.get(ask.source, "")) or "").strip() for ask in kind.ask}
    said |= given
    # Laid out once before a number is used: what can't be made leaves no gap in the row.
    frozen(case_paper(kind, said, "0"))
    number = office.case_papers.number(case, kind.mark)
    made = office.case_papers.keep(
        case, name, number, frozen(case_paper(kind, said, number)), title=kind.title,
        to=said.get("to") or said.get("units") or said.get("lead_unit", ""), step=step.id if step else "", corrects=corrects, answers=given,
    )  # fmt: skip
    office.store.drop_draft(key)
    return made


def write_copy(office: Office, event_id: str, number: str, out: Path) -> None:
    """Write the paper *number* to *out* (.pdf or .docx), byte for byte as it was issued."""
    kind = suffix(out, ".pdf", ".docx").removeprefix(".")
    write(out, _read(office, event_id, number, kind))


def pages(office: Office, event_id: str, number: str) -> dict[str, Any]:
    """The pages of the paper *number* as a printer draws them, as they were issued; ``missing_glyphs`` among them."""
    made: dict[str, Any] = json.loads(_read(office, event_id, number, PAGES))
    return made


def odd_signs(office: Office, event_id: str, number: str) -> tuple[str, ...]:
    """The characters of a paper that no font could draw where it was made."""
    return tuple(pages(office, event_id, number).get("missing_glyphs") or ())


def frozen(made: Sheet) -> dict[str, bytes]:
    """*made* in every form in which it is kept."""
    from app.exchange.documents.to_pdf import drawn

    odd = list(missing_glyphs("".join(written_texts(made.blocks))))
    whole = json.dumps({**drawn(made), "missing_glyphs": odd}, ensure_ascii=False).encode()
    return {PDF: sheet_bytes(made, ".pdf"), DOCX: sheet_bytes(made, ".docx"), PAGES: whole}


def _read(office: Office, event_id: str, number: str, kind: str) -> bytes:
    case = office.cases.case(event_id)
    held = office.case_papers.find(event_id, number)
    if kind not in held.files:
        raise KnownError("case_papers.no_file", number=number)
    office.gate.require("document", EVENT, case.event.area, record=event_id, fields=number, own=True)
    with office.attachments.opening(held.files[kind]) as reader:
        return b"".join(reader.pieces())


def gather(office: Office, case: Case, kind: CasePaper) -> dict[str, str]:
    """Every value that *kind* may print, in shown words, without empty ones. Of people only the reporter's name, for his own paper."""
    form, state = office.forms[EVENT], case.state
    values = case.event.values
    codes = office.forms.codes
    found: dict[str, object] = {
        name: form.show(name, values.get(name)) for name in ("title", "place", "detail", "channel")
    }
    found |= {
        "case_no": state.case_no,
        "category": codes["event_class"].label(state.category),
        "urgency": codes["urgency"].label(state.urgency),
        "state": office.cases.rules.states[state.state].label,
        "village": values.get("area_name"),
        "found_at": _when(values.get("found_at")),
        "lead_unit": state.lead_unit,
        "assist_units": "、".join(part.unit for part in state.assist_units),
        "result": state.result,
        "extensions": f"{state.extension_count} 次",
        "unit": office.session.unit or _centre(case),
        "today": _day(office.cases.now()),
    }
    found |= {name: _when(getattr(state, name)) for name in ("accepted_at", "assigned_at", "closed_at", "handle_due")}
    found["reported_at"] = _day(state.reported_at) if state.reported_at else ""
    if kind.person:
        found["reporter"] = form.show("reporter", values.get("reporter"))
    if any(ask.source.startswith("meeting_") for ask in kind.ask):
        found["meeting_place"] = found["unit"]
        found |= of_meeting(office, case.event.id)
    step = kind.step_of(case)
    if step is not None:
        found |= {name: text for name, text in _of_step(office, case, step).items() if text}
    return {name: str(value) for name, value in found.items() if value}


def _centre(case: Case) -> str:
    """The unit that accepted the case: it stands at the seal where nobody filled in whose desk this is."""
    accepted = (s.unit for s in reversed(case.steps) if s.action == "accept" and case.state.counts(s.id) and s.unit)
    return next(accepted, "")


def _of_step(office: Office, case: Case, step: Step) -> dict[str, str]:
    action = office.cases.rules.action(step.action, case.state.profile)
    said = {name: value for name, value in step.values.items() if isinstance(value, str | int | list | tuple)}
    found = {name: str(value) for name, value in said.items() if isinstance(value, str)}
    for field in action.fields if action else ():
        value = said.get(field.name)
        if value in (None, ""):
            if field.kind == "yesno":
                # A box that nobody ticked says no; an empty row would have to be guessed.
                found[field.name] = "否"
            continue
        if field.kind == "time":
            found[field.name] = _when(value)
        elif field.kind == "yesno":
            found[field.name] = "是" if value in (True, "true", "1", "是") else "否"
        elif field.kind == "units":
            found[field.name] = "、".join(units(value))
        elif field.options:
            found[field.name] = field.options.get(str(value), str(value))
        elif field.codes:
            found[field.name] = office.forms.codes[field.codes].label(str(value))
        else:
            found[field.name] = str(value)
    dues = step.values.get("due")
    if isinstance(dues, Mapping):
        found |= {timer: _when(dues.get(timer)) for timer in ("arrival_due", "supervise_due")}
    place = str(case.event.values.get("place") or "")
    came = office.cases.came_later(case).get(step.id)
    return {
        **found,
        "at": f"{_when(step.at)}（县中心{_when(came)}收到）" if came else _when(step.at),
        "step_by": str(step.values.get("name") or step.user),
        "step_unit": step.unit,
        "days_said": _days(found),
        "answer_due": found.get("answer_due") or found.get("supervise_due", ""),
        "whistle_place": found.get("place") or place,
    }


def _days(found: Mapping[str, str]) -> str:
    """How long an extension is asked for, in the days that it names."""
    if not found.get("days"):
        return ""
    return f"{found['days']} 个{found['day_unit']}" if found.get("day_unit") else f"{found['days']} 天"


def _when(value: object) -> str:
    """A time as official paper has it: 2026年9月18日10时05分; empty where there is none."""
    if not value:
        return ""
    try:
        at = value if isinstance(value, dt.datetime) else parse(str(value))
    except ValueError:
        return str(value)
    at = at.astimezone(CHINA)
    return f"{_day(at)}{at.hour}时{at.minute:02}分"


def _day(at: dt.datetime) -> str:
    at = at.astimezone(CHINA)
    return f"{at.year}年{at.month}月{at.day}日"

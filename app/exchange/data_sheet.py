"""What is held on one person, gathered for the sheet that he may ask for (个人信息保护法第四十五条)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import KnownError
from app.exchange.documents import registry_papers as paper
from app.exchange.documents.blocks import Sheet
from app.exchange.documents.registry_papers import Held, Printed
from app.messages import sentence
from app.rules.permissions import ACTIONS
from app.schema.dates import china_time
from app.schema.kinds import Ref
from app.schema.record import Record
from app.services.care import TAG
from app.services.holdings import Holding
from app.services.past import past

if TYPE_CHECKING:
    from app.services.office import Office

_TOLD = {"reveal": "查看完整号码", "document": "打印", "export": "导出（打码）", "export_plain": "导出（不打码）"}
assert set(_TOLD) <= set(ACTIONS)


def allow(office: Office, person: Record, reason: str) -> str:
    """The reason to print the sheet of *person*: an open request of his, or the right to reveal and a *reason* of one's own.

    KnownError("papers.sheet_request") where there is neither.
    """
    asked = office.requests.asks(person, "query")
    if asked is not None:
        return reason.strip() or f"答复本人 {asked.values.get('received_on')} 的查阅申请"
    if not office.gate.decide("reveal", "resident", person.area).allowed:
        raise KnownError("papers.sheet_request")
    if not reason.strip():
        raise KnownError("papers.plain_reason")
    office.gate.require("reveal", "resident", person.area, record=person.id, fields="data_sheet", reason=reason)
    return reason.strip()


def gather(office: Office, person: Record, printed: Printed) -> Sheet:
    """Every field of every record that names *person*, whole: it is his own."""
    held = office.holdings.of(person)
    # Looking at care tags is written down with the person, whether he has any or not.
    if office.care.may(person):
        office.care.all_of(person.id)
    facts = [
        ("姓名", str(person.values.get("name") or "")),
        ("公民身份号码", str(person.values.get("id_number") or "")),
        ("查阅事由", printed.reason),
    ]
    records = [_held(office, one) for one in held]
    return paper.data_sheet(printed, facts, records, _shared(office, held), _notes(office, held))


def _held(office: Office, one: Holding) -> Held:
    record, form = one.record, office.forms[one.record.form]
    said = [sentence(f"data_sheet.{one.how}")]
    if record.deleted:
        said.append(sentence("data_sheet.deleted"))
    elif form.name == TAG and not office.care.rules.stands(record.values, china_time(office.store.now_ms())[:10]):
        said.append(sentence("data_sheet.expired"))
    facts = [
        (item.label, _shown(office, record, item.name))
        for item in form.stored
        if record.values.get(item.name) not in (None, "")
    ]
    facts += [(name, str(value)) for name, value in record.extra.items() if value is not None]
    group = office.gate.permissions.whole_group(form.name, form.stream)
    return Held(
        f"{form.title}（{'，'.join(said)}）", facts, _source(office, record), office.retention.kept.get(group, "")
    )


def _shown(office: Office, record: Record, name: str) -> str:
    form, value = office.forms[record.form], record.values.get(name)
    kind = form.fields[name].kind
    if not isinstance(kind, Ref):
        return form.show(name, value)
    # Whom or what a reference points to is somebody else's record: its name alone, masked.
    target = office.store.get(kind.form, str(value))
    return office.forms[kind.form].record_title(target.values, masked=True) if target else str(value)


def _source(office: Office, record: Record) -> str:
    first = past(office.store, office.conflicts, record)[0]
    if not first.when:
        return sentence("data_sheet.came")
    here = first.device == office.store.sync.state.device
    where = sentence("data_sheet.here" if here else "data_sheet.elsewhere")
    return sentence("data_sheet.who_made", who=first.who, when=first.when[:10], where=where)


def _shared(office: Office, held: list[Holding]) -> list[paper.Row]:
    """Who was shown whole numbers, and what was printed, of the person's own records; the audit of this device knows."""
    mine = {one.record.id for one in held if one.how in ("self", "merged", "home", "reference", "file")}
    rows: list[paper.Row] = []
    for line in office.store.audit.about(sorted(mine), tuple(_TOLD)):
        if line.result == "ok":
            title = office.forms[line.form].title if line.form in office.forms else line.form
            rows.append(
                (china_time(line.time)[:16].replace("T", " "), f"{_TOLD[line.action]}：{title}", line.user, line.reason)
            )
    return rows


def _notes(office: Office, held: list[Holding]) -> list[str]:
    notes = [sentence("data_sheet.held_by")]
    areas = {one.record.area for one in held}
    for form, (count, last) in office.store.audit.exports(areas, office.gate.divisions().covers).items():
        if any(one.record.form == form for one in held) and form in office.forms:
            day = china_time(last)[:10]
            notes.append(sentence("data_sheet.exported", day=day, form=office.forms[form].title, count=count))
    if hidden := office.holdings.hidden():
        notes.append(sentence("data_sheet.hidden", forms="、".join(hidden)))
    notes += [sentence("data_sheet.rights"), sentence("data_sheet.log", kept=office.retention.kept["audit"])]
    return notes

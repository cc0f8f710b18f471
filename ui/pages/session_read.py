"""What the page of a mediation session begins with, and what others wrote while it is open; read in the lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.schema.form import Form
from app.schema.kinds import YesNo
from app.services.mediation import MediationFile
from ui.pages.mediation_speakers import Speaker

if TYPE_CHECKING:
    from app.services.office import Office

_LABELS = 3


@dataclass(frozen=True)
class Begun:
    """What the page begins with, read in the lane; ``draft`` is what a crash or a hasty leaving left behind."""

    file: MediationFile
    values: Mapping[str, Any]
    draft: Mapping[str, Any] | None
    seen: Mapping[str, int] = field(default_factory=dict)


def duties(form: Form) -> tuple[str, ...]:
    """The fields of what has to be said: the yes/no fields of the section that begins with who the mediator is."""
    section = next(part for part in form.sections if "told_identity" in part.fields)
    return tuple(name for name in section.fields if isinstance(form.fields[name].kind, YesNo))


def read_session(office: Office, mediation_id: str, session_id: str | None) -> Begun:
    """A saved session, or what a new one begins with, and the draft of it."""
    file = office.mediations.file(mediation_id)
    saved = next((record for record in file.sessions if record.id == session_id), None)
    values = dict(saved.values) if saved else office.mediations.next_session(mediation_id)
    seen = {name: saved.rev_of(name) for name in values} if saved else {}
    return Begun(file, values, office.mediations.kept(mediation_id, session_id), seen)


def in_room(office: Office, file: MediationFile, values: Mapping[str, Any]) -> list[Speaker]:
    """Who can speak: the mediators named for the session, then the parties."""
    form = office.forms["party"]
    mediators = str(values.get("mediators") or file.mediation.values.get("mediator") or "调解员")
    found = [
        Speaker(name, "调解员") for name in mediators.replace(",", "、").replace("，", "、").split("、") if name.strip()
    ]
    for party in file.parties:
        held = party.values
        note = " ".join(part for part in (form.show("sex", held.get("sex")), form.show("age", held.get("age"))) if part)
        found.append(Speaker(str(held.get("name") or ""), form.show("side", held.get("side")), note))
    return found


def came_since(
    form: Form,
    begun: MediationFile,
    now: MediationFile,
    session_id: str | None,
    seen: Mapping[str, int],
    began: Mapping[str, Any],
) -> str:
    """What others wrote since the page was opened on the file *begun*, in words; "" where nothing came.

    *seen* are the revs that the page's own session was shown at, *began* its values then; both may be an older draft's.
    """
    told = []
    held = next((record for record in now.sessions if record.id == session_id), None)
    if held is not None:
        changed = [
            item.label
            for name, item in form.fields.items()
            if held.rev_of(name) != seen.get(name, 0) and held.values.get(name) != began.get(name)
        ]
        if changed:
            what = "、".join(changed[:_LABELS]) + ("等" if len(changed) > _LABELS else "")
            told.append(f"这次笔录的{what}别处刚改过，您写的都在，保存后由您定用哪个")
    others = {record.id for record in begun.sessions}
    if any(record.id not in others for record in now.sessions):
        told.append("别处刚存了一次这件纠纷的笔录")
    if {record.id: record.values for record in now.parties} != {record.id: record.values for record in begun.parties}:
        told.append("别处刚改了当事人，名单已跟着更新")
    return "；".join(told) + "。" if told else ""

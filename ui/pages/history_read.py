"""The past of one record as lines of a timeline: what was saved, what came, what did not stand and whose it was; read in the lane."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.schema.form import Form
from app.schema.kinds import Ref
from app.schema.record import DELETED, Record
from app.services.merging import RESIDENT
from app.services.past import Moment, past
from ui.forms.opening import read_targets
from ui.forms.references import Target
from ui.pages.case_words import spoken_time
from ui.pages.conflict_read import field_words
from ui.pieces.timeline import Step

if TYPE_CHECKING:
    from app.services.office import Office

OPEN = "open"
_LOST = {"lost": "没有用上", "refused": "县里没收下", OPEN: "两处不同，等人定"}
_LABELS = 4


@dataclass(frozen=True)
class History:
    """A record's past, newest first; ``lost``: how many of the lines did not stand."""

    form: str
    title: str
    steps: tuple[Step, ...]
    lost: int


def read_history(office: Office, form_name: str, record_id: str) -> History:
    """What this device knows of the record's past; restricted values are masked. KnownError where the user may not read it."""
    form, record = office.forms[form_name], office.records.get(form_name, record_id, deleted=True)
    moments = [moment for moment in _whole_past(office, record) if _said(form, moment)]
    wanted = {
        (kind.form, str(value))
        for moment in moments
        for name, value in moment.values.items()
        if name in form.fields and value and isinstance(kind := form.fields[name].kind, Ref)
    }
    targets, now = read_targets(office, wanted), office.cases.now()
    here = office.store.sync.state.device
    waiting = [held for held in office.conflicts.open() if held.record == record_id]
    asked = [dict(side) for held in waiting for side in (held.mine, held.theirs)]
    moments = [replace(one, kind=OPEN) if one.kind == "lost" and dict(one.values) in asked else one for one in moments]
    steps = [_step(form, moment, targets, now, here) for moment in reversed(moments)]
    lost = sum(moment.kind in ("lost", "refused") for moment in moments)
    return History(form.title, form.record_title(record.values, masked=True), tuple(steps), lost)


def _whole_past(office: Office, record: Record) -> list[Moment]:
    """The record's own past, and of a person that of every registration that went into his."""
    moments = past(office.store, office.conflicts, record)
    if record.form == RESIDENT:
        for merged in office.registry.merged(record.id):
            moments += [
                replace(moment, who=f"{moment.who}（并入的登记）".strip())
                for moment in past(office.store, office.conflicts, merged)
            ]
    return sorted(moments, key=lambda moment: moment.when)


def _said(form: Form, moment: Moment) -> list[str]:
    """The fields that a person reads; what is reckoned from others says nothing."""
    return [
        name for name in moment.values if name == DELETED or (name in form.fields and not form.fields[name].derived)
    ]


def _step(form: Form, moment: Moment, targets: Mapping[str, Target], now: dt.datetime, here: str) -> Step:
    names = [name for name in _said(form, moment) if name != DELETED]
    labels = [form.fields[name].label for name in names]
    what = "、".join(labels[:_LABELS]) + ("等" if len(labels) > _LABELS else "")
    if DELETED in moment.values:
        what = ("删除" if moment.values[DELETED] else "恢复") + (f"，{what}" if what else "")
    elif moment.kind not in _LOST and moment.when:
        what = f"写了{what}"
    if moment.kind in _LOST:
        title = f"{_LOST[moment.kind]}：{what}"
    else:
        title = what if moment.when else "这台电脑最早知道的内容"
    lines = [
        f"{form.fields[name].label}：{field_words(form, name, moment.values, targets, masked=True) or '（空）'}"
        for name in names
    ]
    where = "本机" if moment.device and moment.device == here else "别的电脑" if moment.device else ""
    return Step(
        title,
        " · ".join(part for part in (moment.who, where) if part),
        spoken_time(moment.when, now),
        "\n".join(lines),
        tone="orange" if moment.kind in _LOST else "",
    )

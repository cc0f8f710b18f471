"""Cases read for the pages, in the lane, as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.rules.case_admission import givable
from app.rules.case_engine import Action, CaseRules
from app.services.cases import EVENT, STEP, Case
from app.store.standing import Standing
from ui.forms.opening import target_of
from ui.forms.references import Target
from ui.pages.case_order import order_facts
from ui.pages.case_people_card import CasePerson, read_people
from ui.pages.case_words import owner_words, spoken_found, spoken_time
from ui.pages.desk_quick import class_words
from ui.pages.standing_words import note
from ui.pieces.timeline import Step

if TYPE_CHECKING:
    from app.services.office import Office


@dataclass(frozen=True)
class CaseFile:
    """One case as its page shows it; ``warnings`` of the separation rules by action.

    ``usual`` is the action that most often comes next; ``barred``: why this user, whose role does it, can't do that one.
    """

    case: Case
    now: dt.datetime
    actions: tuple[Action, ...]
    warnings: Mapping[str, str]
    steps: tuple[Step, ...]
    facts: tuple[tuple[str, str], ...]
    phone: str
    standing: Standing | None = None
    people: tuple[CasePerson, ...] = ()
    usual: str = ""
    barred: str = ""
    elsewhere: tuple[str, str, str] | None = None
    """Where the work on it is done meanwhile, the case it went into or its mediation: (words, page, id)."""


def read_file(office: Office, event_id: str, *, whole: bool = True) -> CaseFile:
    """One case with what can be done next; runs in the lane. Not *whole*: without warnings and people, which a list's panel doesn't show."""
    case, now = office.cases.case(event_id), office.cases.now()
    # Where nobody assists, nothing about assisting is offered.
    actions = tuple(
        action
        for action in office.cases.actions(case)
        if case.state.assist_units or not action.code.startswith("assist_")
    )
    rules = office.cases.rules
    warnings = {}
    for action in actions if whole else ():
        concerns = office.cases.concerns(case, action.code)
        if concerns:
            warnings[action.code] = "；".join(concern.message for concern in concerns)
    phone = office.forms[EVENT].show("reporter_phone", case.event.values.get("reporter_phone"), masked=True)
    standing = office.standings.of(EVENT, event_id)
    return CaseFile(
        case, now, actions, warnings, _steps(office, case, now), _facts(office, case, now), phone, standing,
        read_people(office, case) if whole else (), rules.next_of(case.state),
        _barred(office, case, actions) if whole else "", _elsewhere(office, case) if whole else None,
    )  # fmt: skip


_GRANTS = {"extend": "extend_grant", "suspend": "suspend"}


def _barred(office: Office, case: Case, actions: Sequence[Action]) -> str:
    rules, session = office.cases.rules, office.session
    usual = _GRANTS.get(case.state.asked) or rules.next_of(case.state)
    if not owner_words(case.event.values, rules, office.gate.permissions.roles):
        # Nobody's turn, as of a closed case of which no visit is asked: nothing is missed.
        return ""
    if not usual or any(action.code == usual for action in actions) or rules.role_for(usual, session.roles) is None:
        return ""
    told = [c.message for c in office.cases.concerns(case, usual) if c.strict]
    return "；".join(told)


def _elsewhere(office: Office, case: Case) -> tuple[str, str, str] | None:
    if case.state.master:
        master = office.links.of(case.event.id).master
        return ("看并入的那件", "case", master.id) if master is not None else None
    if "mediation_due" not in case.state.due:
        return None
    if not office.gate.decide("read", "mediation", case.event.area, own=True).allowed:
        return None
    found = office.store.select("mediation", {"event": case.event.id}, order=["-id"])
    return ("看调解登记", "mediation_case", found[0].id) if found else None


def came_since(office: Office, before: CaseFile, now: CaseFile, action: Action) -> str:
    """What others did to the case while the form of *action* was open, in words; "" where nothing came."""
    known = {step.id for step in before.case.steps}
    rules, codes, form = office.cases.rules, office.forms.codes, office.forms[EVENT]
    told = []
    for step in now.case.steps:
        if step.id not in known:
            made = rules.action(step.action)
            label = made.label if made else codes["case_action"].label(step.action)
            told.append(f"{step.user or '别处'}刚办了“{label}”")
    then, held = before.case.event.values, now.case.event.values
    labels = [item.label for item in form.stored if not item.derived and then.get(item.name) != held.get(item.name)]
    if labels and not told:
        told.append(f"别处刚改了{'、'.join(labels[:3])}{'等' if len(labels) > 3 else ''}")
    if not told:
        return ""
    still = any(one.code == action.code for one in now.actions)
    end = "填的都在，看过再提交" if still else f"“{action.label}”现在办不了，填的留着，按 Esc 看下一步"
    return f"{'，'.join(told)}；{end}。"


@dataclass(frozen=True)
class Begun:
    """What the form of ``action`` begins with: ``values``, the cases that stand there by field, the units that it offers."""

    action: Action
    values: Mapping[str, Any]
    named: Mapping[str, Target]
    units: Mapping[str, Sequence[str]]


def begin_form(office: Office, file: CaseFile, action: Action, kept: Mapping[str, Any]) -> Begun:
    """How the form of *action* begins, with what was typed into it before (*kept*); runs in the lane."""
    session, event = office.session, file.case.event
    filled = office.cases.rules.fill(
        action.code,
        {},
        event=event.values,
        at=file.now,
        user=session.name,
        unit=session.unit,
        area=event.area,
        case=file.case.state,
    )
    units = known_units(office, [action])
    if action.asks("assist_unit"):
        owing = [part.unit for part in file.case.state.assist_units if part.open]
        units["assist_unit"] = owing
        if len(owing) == 1 and filled.get("assist_unit") not in owing:
            filled["assist_unit"] = owing[0]
    rules, state = office.cases.rules, file.case.state
    action = givable(rules.admissions, state.category, file.now, action, rules.codes)
    # Where only one is possible it is no question.
    only = {f.name: next(iter(f.options)) for f in action.fields if f.kind == "choice" and len(f.options) == 1}
    values = {**only, **filled, **kept}
    refs = {
        field.name: str(values[field.name]) for field in action.fields if field.kind == "ref" and values.get(field.name)
    }
    held = office.store.many(EVENT, list(refs.values()))
    named = {name: target_of(office, held[key]) for name, key in refs.items() if key in held}
    return Begun(action, values, named, units)


def known_units(office: Office, actions: Sequence[Action]) -> dict[str, Sequence[str]]:
    """The units that the forms of *actions* offer, for ``ActionForm``: those that led a case, and one's own."""
    if not any(action.asks("lead_unit") or any(f.kind == "units" for f in action.fields) for action in actions):
        return {}
    own = office.session.unit
    led = office.case_lists.units()
    return {"": led if not own or own in led else [own, *led]}


def _visit_words(values: Mapping[str, Any]) -> str:
    """Why a closed case is to be visited, and how often nobody answered; "" once it is done or where nobody asks."""
    why = {"rule": "按规定要回访", "sample": "抽中，要回访"}.get(str(values.get("visit_why") or ""), "")
    if not why or not values.get("visit_due"):
        return ""
    tries = values.get("visit_tries")
    return f"{why}；{tries} 次没联系上" if tries else why


def _facts(office: Office, case: Case, now: dt.datetime) -> tuple[tuple[str, str], ...]:
    form, values = office.forms[EVENT], case.event.values
    codes = office.forms.codes
    grid = office.store.get("grid", str(values["grid"])) if values.get("grid") else None
    state, village = case.state, str(values.get("area_name") or "")
    urgency = "、".join(
        part
        for part in (
            codes["urgency"].label(state.urgency),
            f"{codes['case_level'].label(state.level)}办理" if state.accepted_at else "",
        )
        if part
    )
    found = (
        ("类别", class_words(state.category, codes["event_class"])),
        ("紧急程度", urgency),
        ("地点", form.show("place", values.get("place"))),
        ("村（社区）", "" if grid else village),
        ("所属网格", f"{village} {grid.values.get('name') or ''}".strip() if grid else ""),
        ("发现时间", spoken_found(values.get("found_at"), now)),
        ("来源", form.show("channel", values.get("channel"))),
        *order_facts(values, now),
        ("代为登记", str(values.get("entered_for") or "")),
        ("情况", str(values.get("detail") or "")),
        ("回访", _visit_words(values)),
    )
    return tuple((label, value) for label, value in found if value)


def _steps(office: Office, case: Case, now: dt.datetime) -> tuple[Step, ...]:
    """The steps, newest first; a contested one says so in words, not by colour alone."""
    rules, codes = office.cases.rules, office.forms.codes
    contested = set(case.state.contested)
    stand = office.standings.many(STEP, [step.id for step in case.steps])
    settled = _settled_words(case)
    files: dict[str, list[str]] = {}
    for one in office.store.select("cases_attachment", {"owner": case.event.id, "step": ("!=", None)}, order=["id"]):
        files.setdefault(str(one.values["step"]), []).append(str(one.values.get("name") or "附件"))
    came = office.cases.came_later(case)
    found = []
    for number, step in enumerate(reversed(case.steps)):
        # In the words of the profile that it has now; of a newer program's action, in those of the code list.
        action = rules.action(step.action, case.state.profile)
        label = action.label if action else codes["case_action"].label(step.action)
        text = str(step.values.get("opinion") or "")
        extra = [
            f"主办 {step.values['lead_unit']}" if step.values.get("lead_unit") else "",
            f"协办 {step.values['assist_units']}" if step.values.get("assist_units") else "",
            f"期限 {spoken_time(step.values['due_at'], now)}" if step.values.get("due_at") else "",
            _put_off(action, step.values),
            f"计划恢复 {spoken_time(step.values['resume_on'], now)}" if step.values.get("resume_on") else "",
            _into(office, step.values),
            *_called(action, step.values, now),
        ]
        lines = [text, "，".join(part for part in extra if part)]
        if files.get(step.id):
            lines.append(f"附件 {'、'.join(files[step.id])}")
        if step.id in came:
            lines.append(f"县中心 {spoken_time(came[step.id].isoformat(), now)} 收到")
        if step.id in contested:
            label = f"{label}（有争议）"
            why = case.state.reasons.get(step.id, "").partition("。")[0]
            lines.insert(0, f"按先后排到这里时不能算数（{why}），没有改变状态，等受理员或主任裁定。")
        if step.id in case.state.yielded:
            label = f"{label}（未生效）"
            lines.insert(0, "自动办这一步时，承办人断网已经办了，以承办人办的为准。")
        if step.id in settled:
            label = f"{label}（{settled[step.id]}）"
        if step.action == "settle":
            lines.insert(0, _about(case, step, rules))
        far = note(stand.get(step.id))
        unsent = f"（{far}）" if far else ""
        who = " · ".join(part for part in (step.unit, str(step.values.get("name") or step.user)) if part)
        found.append(
            Step(
                label,
                who + unsent,
                spoken_time(step.at.isoformat(), now),
                "\n".join(line for line in lines if line),
                now=number == 0,
                tone="orange" if step.id in contested else "",
                key=step.id,
            )
        )
    return tuple(found)


_WHISTLE = ("units", "arrive_by", "called_unit", "arrived_at", "evaluation")


def _into(office: Office, values: Mapping[str, Any]) -> str:
    """The case that a step merged this one into; one that isn't on this device is only said to be elsewhere."""
    if not values.get("master"):
        return ""
    master = office.store.get(EVENT, str(values["master"]))
    return f"并入 {master.values.get('title')}" if master else "并入的事件不在本机"


def _called(action: Action | None, values: Mapping[str, Any], now: dt.datetime) -> list[str]:
    """Who was called to the spot, by when, who came when, and how it was judged: what its step says, in the words of its form."""
    told = []
    for field in action.fields if action is not None and action.code.startswith("whistle") else ():
        value = values.get(field.name)
        if not value or field.name not in _WHISTLE:
            continue
        said = spoken_time(value, now) if field.kind == "time" else field.options.get(str(value), "")
        told.append(f"{field.label} {said or ('、'.join(value) if isinstance(value, list) else value)}")
    return told


def _put_off(action: Action | None, values: Mapping[str, Any]) -> str:
    """``延期 3 个工作日`` of an extension that is asked for or granted; "" of every other step."""
    if action is None or not action.asks("days") or not values.get("days"):
        return ""
    named = next((field.options for field in action.fields if field.name == "day_unit"), {})
    unit = named.get(str(values.get("day_unit") or ""))
    return f"延期 {values['days']} {f'个{unit}' if unit else '天'}"


def _settled_words(case: Case) -> dict[str, str]:
    words = {"keep": "裁定算数", "drop": "裁定不算"}
    return {step: words[word] for step, word in case.state.settled.items()}


def _done_as(rules: CaseRules, settling: Any) -> str:
    code = settling.values.get("as")
    return f"算数，按“{rules.label(str(code))}”办了" if code else "算数，照原样办了"


def _about(case: Case, settling: Any, rules: CaseRules) -> str:
    """Which step a settling is about, and what was said of it."""
    held = next((step for step in case.steps if step.id == settling.values.get("step")), None)
    label = rules.label(held.action, case.state.profile) if held else "一步"
    said = _done_as(rules, settling) if settling.values.get("word") == "keep" else "不算，留着备查"
    return f"“{label}”{f'（{held.user}）' if held else ''}{said}"


def stage_labels(rules: CaseRules, file: CaseFile) -> tuple[list[str], int | None]:
    """The stages of the case's profile and the one it is in; None outside the line."""
    profile = rules.profiles.get(file.case.state.profile)
    if profile is None:
        return [], None
    return [stage.label for stage in profile.stages], profile.stage(file.case.state.state)

"""The fields of an action: filled where the table says how, and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.messages import sentence
from app.rules.case_actions import Action, ActionField
from app.rules.case_fold import units
from app.schema.codes import CodeList
from app.schema.dates import read_time
from app.schema.values import BadValue, Fault, plain

_YES = {"是", "有", "对", "yes", "true", "y", "1", "√"}


def fill_fields(
    action: Action,
    values: Mapping[str, Any],
    event: Mapping[str, Any],
    known: Mapping[str, str],
    codes: Mapping[str, CodeList],
) -> dict[str, Any]:
    """*values* canonical, without what is empty, with defaults for what is left out. Unknown names stay as they are."""
    filled = {name: value for name, value in values.items() if value not in (None, "", [], ())}
    # The opinion is the text that people read in the timeline: the action's own text and it stand for each other.
    if action.text and action.text not in filled and "opinion" in filled:
        filled[action.text] = filled["opinion"]
    for field in action.fields:
        if field.name not in filled:
            found = next((value for rule in field.defaults if (value := _default(rule, event, known))), None)
            if found is not None:
                filled[field.name] = found
        if field.name in filled:
            filled[field.name] = _canonical(field, filled[field.name], codes)
    if action.text and filled.get(action.text) and "opinion" not in filled:
        filled["opinion"] = filled[action.text]
    return filled


def missing(action: Action, values: Mapping[str, Any], names: Iterable[str]) -> Fault | None:
    """The first of the fields *names* that *values* leaves empty. The opinion stands for the action's own text."""
    for name in names:
        value = values.get(name)
        if value in (None, "") and name == action.text:
            value = values.get("opinion")
        if value in (None, "", [], ()) or (isinstance(value, str) and not plain(value)):
            field = next((item for item in action.fields if item.name == name), None)
            return _fault(field, "required") if field else Fault(name, "required", "")
    return None


def check_fields(
    action: Action, values: Mapping[str, Any], codes: Mapping[str, CodeList], also: Collection[str] = ()
) -> list[Fault]:
    """What is wrong with *values*, by field, in the order of the form; the fields *also* are required too."""
    faults = []
    for field in action.fields:
        value = values.get(field.name)
        if field.name == action.text and value in (None, ""):
            value = values.get("opinion")
        if value in (None, "", [], ()) or (isinstance(value, str) and not plain(value)):
            if field.required or field.name in also:
                faults.append(_fault(field, "required"))
        else:
            faults += _check(field, value, codes)
    if action.one_of and not any(values.get(name) for name in action.one_of):
        labels = "、".join(field.label for field in action.fields if field.name in action.one_of)
        faults.append(Fault(action.one_of[-1], "one_of", sentence("rules.one_of", labels=labels)))
    return faults


def _check(field: ActionField, value: Any, codes: Mapping[str, CodeList]) -> list[Fault]:
    match field.kind:
        case "time":
            try:
                read_time(value)
            except BadValue:
                return [_fault(field, "time")]
        case "integer":
            if isinstance(value, bool) or not str(value).isdigit() or int(value) < (1 if field.required else 0):
                return [_fault(field, "number", low=1 if field.required else 0)]
        case "choice":
            options = _options(field, codes)
            if options and _match(field, str(value), codes) is None:
                shown = "、".join(list(options.values())[:12])
                return [_fault(field, "choice", value=value, known=shown)]
        case "units":
            if not units(value):
                return [_fault(field, "required")]
        case _:
            pass
    return []


def _fault(field: ActionField, code: str, **params: object) -> Fault:
    return Fault(field.name, code, sentence(f"rules.{code}", label=field.label, **params))


def _default(rule: str, event: Mapping[str, Any], known: Mapping[str, str]) -> Any:
    if rule.startswith("="):
        return rule[1:]
    if rule.startswith("@"):
        return known.get(rule[1:])
    return event.get(rule.removeprefix("event."))


def _canonical(field: ActionField, value: Any, codes: Mapping[str, CodeList]) -> Any:
    """*value* as it is kept; as it came where it can't be read, for the check to name."""
    match field.kind:
        case "time":
            try:
                return read_time(value)
            except BadValue:
                return value
        case "integer" | "count":
            return int(value) if isinstance(value, str) and value.isdigit() else value
        case "choice":
            return _match(field, str(value), codes) or value
        case "yesno":
            return value if isinstance(value, bool) else str(value).strip().lower() in _YES
        case "units":
            return "、".join(units(value))
        case _:
            return plain(value) if isinstance(value, str) else value


def _options(field: ActionField, codes: Mapping[str, CodeList]) -> Mapping[str, str]:
    if field.options:
        return field.options
    found = codes.get(field.codes)
    return {item.code: item.label for item in found.items} if found else {}


def _match(field: ActionField, text: str, codes: Mapping[str, CodeList]) -> str | None:
    if field.options:
        return next((code for code, label in field.options.items() if text in {code, label}), None)
    # A list that this device doesn't have can't be held against the value.
    found = codes.get(field.codes)
    return found.match(text) if found else text

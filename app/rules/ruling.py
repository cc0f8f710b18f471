"""All that a county may change without a new program: case rules, limits, calendars, numbers and code lists, read together."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.errors import KnownError
from app.paths import resource
from app.rules.case_engine import CaseRules
from app.rules.case_sources import Source, load_sources
from app.rules.code_lists import read_codes
from app.rules.numbering import Numbering
from app.rules.permissions import Permissions
from app.rules.reading import Sheet, Sheets
from app.schema.codes import CodeList, load_codes
from app.schema.loading import load_forms

CASES = "cases"
_SOURCES = "case_sources"
_VISITS = "visits"
_FILES = (CASES, "limits", "reminders", "numbers", _VISITS, "repeats", _SOURCES)
_CALENDAR = re.compile(r"calendar_20\d\d")
MOST_TEXT = 300_000
"""Characters of one file; the largest of the program's own has a tenth of them."""


@dataclass(frozen=True, slots=True)
class Version:
    """One text that the county put in the place of the file *name* (without ``.toml``).

    *number* counts over all of them; steps from beyond *rev* on are judged by it. An empty text: the program's own again.
    """

    name: str
    number: int
    rev: int
    text: str


@dataclass(frozen=True)
class Ruling:
    """The rules as they are read. ``unread``: what this program can't read, by name, with the sentence why; the former stands.

    ``texts``: what stands of the county's, by name; empty for what is the program's own again.
    """

    rules: CaseRules
    permissions: Permissions
    numbering: Numbering
    codes: Mapping[str, CodeList]
    unread: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] | None = None
    """How a ledger's row begins a case, where the county says so; else as the program has it."""


def changeable(name: str, codes: Mapping[str, CodeList]) -> bool:
    """Whether the county may change what is called *name*."""
    return name in _FILES or bool(_CALENDAR.fullmatch(name)) or (name in codes and codes[name].changeable)


def read_ruling(versions: Sequence[Version] = ()) -> Ruling:
    """The rules that *versions* (any order) make of those that the program brought.

    What can't be read stands aside, and the version before it stands; so this always gives rules.
    """
    shipped = load_codes(resource("codes"))
    ordered = sorted(versions, key=lambda version: version.number)
    left = {name: _texts(ordered, name) for name in {version.name for version in ordered}}
    unread: dict[str, str] = {}
    for name in [name for name in left if not changeable(name, shipped)]:
        # Of a newer program's county, or of a list that this program doesn't let be changed.
        del left[name]
    while True:
        try:
            ruling = _read({name: texts[-1] for name, texts in left.items() if texts}, shipped)
        except KnownError as bad:
            name = str(bad.params.get("file", "")).removesuffix(".toml")
            if not left.get(name):
                # It is no single file's fault that they don't go together: the newest go first.
                name = next(version.name for version in reversed(ordered) if left.get(version.name))
            unread.setdefault(name, str(bad))
            left[name].pop()
            continue
        texts = {name: held[-1] for name, held in left.items() if held}
        former = _former(ordered, CASES, texts, shipped)
        visits = [(rev, rules.visits) for rev, rules in _former(ordered, _VISITS, texts, shipped)]
        # Where what was put doesn't go together any more, cases may stand where only rules of before have a place for them.
        states = {code: state for _, rules in former for code, state in rules.states.items()}
        states |= ruling.rules.states
        rules = replace(ruling.rules, former=former, visits_before=visits, states=states)
        return replace(ruling, rules=rules, unread=unread, texts=texts)


def check_text(name: str, text: str, versions: Sequence[Version] = ()) -> None:
    """KnownError where *text* can't take the place of *name*: the same reading as everywhere, and nothing that is in use may vanish.

    Without a text the program's own comes back: of a list then also without the codes that the county added, whose records show
    them as they stand.
    """
    if not changeable(name, load_codes(resource("codes"))):
        raise KnownError("rules.not_changeable", name=name)
    if len(text) > MOST_TEXT:
        raise KnownError("rules.too_long", name=name)
    now = read_ruling(versions)
    highest = max((version.number for version in versions), default=0)
    usable = [version for version in versions if version.name not in now.unread]
    texts = {version.name: version.text for version in sorted(usable, key=lambda each: each.number)}
    then = _read({**texts, name: text}, load_codes(resource("codes")))
    # What only rules of before still have a place for is gone already: that refuses nothing any more.
    _refuse_gone(name, _read(now.texts, load_codes(resource("codes"))), then, lists=bool(text))
    if read_ruling([*versions, Version(name, highest + 1, 0, text)]).unread.keys() - now.unread.keys():
        raise KnownError("rules.not_together", name=name)


def shipped_text(name: str) -> str:
    """The text of the file that the program brought; empty where it brought none."""
    for folder in ("rules", "codes"):
        path = resource(folder, f"{name}.toml")
        if path.exists():
            return path.read_text(encoding="utf-8")
    return ""


def _texts(ordered: Sequence[Version], name: str) -> list[str]:
    """The texts that *name* had, the newest last, as far back as the program's own."""
    found: list[str] = []
    for version in ordered:
        if version.name == name:
            found = [*found, version.text] if version.text else []
    return found


def _read(texts: Mapping[str, str], shipped: Mapping[str, CodeList]) -> Ruling:
    codes = dict(shipped)
    for name, text in texts.items():
        if name in shipped and text:
            codes[name] = read_codes(Sheet(f"{name}.toml", text), shipped[name])
    plain = {f"{name}.toml": text for name, text in texts.items() if name not in shipped and text}
    folder = Sheets(resource("rules"), plain)
    rules = CaseRules.load(folder, codes)
    numbering = Numbering.load(folder / "numbers.toml")
    sources = _sources(folder, codes) if texts.get(_SOURCES) else None
    return Ruling(rules, Permissions.load(folder=folder), numbering, codes, {}, sources=sources)


def _sources(folder: Sheets, codes: Mapping[str, CodeList]) -> dict[str, Source]:
    # They name fields of forms and codes of their lists; read only where the county has a text of its own: forms take their time.
    forms = load_forms()
    for name, held in codes.items():
        if name in forms.codes:
            forms.codes[name].follow(held)
    return load_sources(forms, folder / f"{_SOURCES}.toml")


def _former(
    ordered: Sequence[Version], name: str, current: Mapping[str, str], shipped: Mapping[str, CodeList]
) -> list[tuple[int, CaseRules]]:
    """The rules by the earlier texts of *name*, each with the last rev that they judge. Limits don't matter: due times are stored."""
    found: list[tuple[int, CaseRules]] = []
    text, last = "", None
    for version in [version for version in ordered if version.name == name]:
        if version.rev:
            # One that can't be read stood nowhere here: the version before it did.
            with contextlib.suppress(KnownError):
                last = _read({**current, name: text}, shipped).rules
            if last is not None:
                found.append((version.rev, last))
        text = version.text
    return found


def _refuse_gone(name: str, now: Ruling, then: Ruling, *, lists: bool) -> None:
    """What cases and records are in may be retired, never taken away: they would stand in a state that nobody knows."""
    pairs: list[tuple[set[str], set[str]]] = [
        (set(now.rules.states), set(then.rules.states)),
        ({*now.rules.actions, *now.rules.aliases}, {*then.rules.actions, *then.rules.aliases}),
        (set(now.rules.profiles), set(then.rules.profiles)),
    ]
    if lists and name in now.codes:
        pairs.append((_all(now.codes[name]), _all(then.codes[name])))
    gone = sorted(code for before, after in pairs for code in before - after)
    if gone:
        raise KnownError("rules.gone", file=f"{name}.toml", gone="、".join(gone))


def _all(held: CodeList) -> set[str]:
    return {code.code for code in held.known}


__all__ = ["CASES", "Ruling", "Version", "changeable", "check_text", "read_ruling", "shipped_text"]

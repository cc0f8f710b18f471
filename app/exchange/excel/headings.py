"""Which field a heading means: word for word, by alias, or by a word inside it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.errors import KnownError
from app.exchange.excel.words import Words, bare, load_roster_targets
from app.schema.form import Form, Forms
from app.schema.kinds import Date, Time
from app.schema.values import comparable

RECORD_ID = "记录编号"
"""The heading of the column by which an export finds its records again; its target is ``@id``."""
ID_TARGET = "@id"


@dataclass(frozen=True, slots=True)
class Target:
    """Something a column may bring: FORM.FIELD, with the words that mean it; ``days``: a date or a time."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    days: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What a heading was taken for. ``how``: exact, alias, contains, hand, never, twice, other, skip or none."""

    target: str | None
    how: str


NOTHING = Match(None, "none")
_PROOFS = (
    "resident.id_number", "head.id_number", "resident.relation", "resident.birth_date", "household.number", "household.head_name", "dwelling.address",
)  # fmt: skip
_HEADS_OWN = {"resident.id_number": "head.id_number", "resident.phone": "head.phone"}
_ABOUT = re.compile("(的|基本|个人)*(信息|情况|资料)$")
"""What a heading over several columns says beside whom it is about."""
_RANK = {"hand": 0, "exact": 1, "alias": 2, "contains": 3}


@dataclass(frozen=True)
class Catalog:
    """What the sheets of one import may bring; ``form`` is what their rows are.

    A sheet counts only with one of ``keys`` and, where there are any, one of ``proofs``: names and phones alone are no roster.
    """

    form: str
    targets: tuple[Target, ...]
    keys: tuple[str, ...]
    words: Words
    proofs: tuple[str, ...] = ()

    def understands(self, targets: AbstractSet[str]) -> bool:
        """Whether a sheet that brings *targets* is one of this kind."""
        return bool(targets & set(self.keys)) and (not self.proofs or bool(targets & set(self.proofs)))

    def match(self, heading: str, group: str = "") -> Match:
        """The target that *heading* means, under the heading *group* that stands over several columns."""
        whole, short, over = comparable(heading), bare(heading), _ABOUT.sub("", bare(group))
        if not short:
            return NOTHING
        # What a form of the county has declared is asked for; everything else of these kinds is not read.
        declared = whole in self._labels or short in self._labels
        if not declared and any(word in short or word in over for word in self.words.never):
            return Match(None, "never")
        if short in self.words.skip:
            return Match(None, "skip")
        for table, how in ((self._labels, "exact"), (self._aliases, "alias")):
            # A group that names somebody else ("监护人") takes the plain words below it with it.
            if group and any(word in over for word in self.words.others):
                found = table.get(over + short)
            else:
                found = table.get(whole) or table.get(short) or (table.get(over + short) if group else None)
            if found:
                return Match(found, how)
        if any(word in short or word in over for word in self.words.others):
            return Match(None, "other")
        best = max((alias for alias in self._within if alias in short), key=len, default="")
        return Match(self._within[best], "contains") if best else NOTHING

    def columns(self, headings: Sequence[tuple[str, str]], by_hand: Mapping[str, str]) -> list[Match]:
        """What each of *headings* (group, heading) means; of two for one target the better match stays, then the left one.

        *by_hand* gives targets by bare heading, "" for a column that is not to be read.
        """
        matches = []
        for group, heading in headings:
            match = self.match(heading, group)
            if match.how != "never" and bare(heading) in by_hand:
                match = Match(by_hand[bare(heading)] or None, "hand")
            matches.append(match)
        best: dict[str, int] = {}
        for index, match in enumerate(matches):
            if match.target is None:
                continue
            held = best.get(match.target)
            if held is None:
                best[match.target] = index
            elif _RANK[match.how] < _RANK[matches[held].how]:
                matches[held] = Match(None, "twice")
                best[match.target] = index
            else:
                matches[index] = Match(None, "twice")
        self._settle(matches)
        return matches

    def _settle(self, matches: list[Match]) -> None:
        """Where nothing else says where the household lives, 现住地址 does; where no number is given, 户序号 does."""
        taken = {match.target for match in matches}
        if "head.id_number" in self._names and not taken & {"resident.name", "head.id_number"}:
            # A list of households: with no other name there, number and phone are the head's.
            for index, match in enumerate(matches):
                if "household.head_name" in taken and match.target in _HEADS_OWN and match.how != "hand":
                    matches[index] = Match(_HEADS_OWN[match.target], match.how)
        if "dwelling.address" in self._names and "dwelling.address" not in taken:
            for index, match in enumerate(matches):
                if match.target == "resident.live_address" and match.how != "hand":
                    matches[index] = Match("dwelling.address", match.how)

    @functools.cached_property
    def day_targets(self) -> frozenset[str]:
        """The targets that are dates or times."""
        return frozenset(target.name for target in self.targets if target.days)

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(target.name for target in self.targets)

    @functools.cached_property
    def _labels(self) -> dict[str, str]:
        table: dict[str, str] = {}
        for target in self.targets:
            table.setdefault(comparable(target.label), target.name)
            table.setdefault(bare(target.label), target.name)
        return table

    @functools.cached_property
    def _aliases(self) -> dict[str, str]:
        table: dict[str, str] = {}
        for target in self.targets:
            for alias in target.aliases:
                table.setdefault(comparable(alias), target.name)
                table.setdefault(bare(alias), target.name)
        return table

    @functools.cached_property
    def _within(self) -> dict[str, str]:
        """The words long enough to mean something inside a longer heading."""
        return {
            alias: name
            for table in (self._aliases, self._labels)
            for alias, name in table.items()
            if len(alias) >= 2 and alias != "备注"
        }


def form_catalog(form: Form, words: Words, keys: tuple[str, ...] = ()) -> Catalog:
    """The catalogue of one form: its own labels and aliases."""
    targets = [Target(ID_TARGET, RECORD_ID)]
    targets += [
        Target(f"{form.name}.{item.name}", item.label, item.aliases, isinstance(item.kind, Date | Time))
        for item in form.stored
        if not item.retired
    ]
    return Catalog(form.name, tuple(targets), keys or (f"{form.name}.{form.title_field}", ID_TARGET), words)


def roster_catalog(forms: Forms, words: Words) -> Catalog:
    """The catalogue of a roster of people: person, household, dwelling, building and grid in one row."""
    names, further = load_roster_targets()
    targets = []
    for name in names:
        form, _, field = name.partition(".")
        item = forms[form].fields.get(field) if form in forms else None
        label, aliases = (item.label, item.aliases) if item else (further[name][0], ())
        days = bool(item and isinstance(item.kind, Date | Time))
        targets.append(Target(name, label, (*aliases, *further.get(name, ())), days))
    return Catalog("roster", tuple(targets), ("resident.name", "head.id_number"), words, _PROOFS)


def catalogs_of(forms: Forms, form: str, words: Words) -> list[Catalog]:
    """What sheets of *form* may bring, the usual kind of sheet first; KnownError("import.no_form", "forms.card_only")."""
    if form not in forms:
        raise KnownError("import.no_form", form=form)
    if forms[form].card_only:
        raise KnownError("forms.card_only", form=forms[form].title)
    if form == "resident":
        return [roster_catalog(forms, words), form_catalog(forms[form], words, (ID_TARGET,))]
    if form in {"dwelling", "building"}:
        return [form_catalog(forms["dwelling"], words), form_catalog(forms["building"], words)]
    return [form_catalog(forms[form], words)]

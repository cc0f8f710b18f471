"""The county's rules on this device: read when the store is opened, and again as soon as an exchange brought others."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from app.paths import resource
from app.rules.case_engine import CaseRules
from app.rules.case_sources import load_sources
from app.rules.permissions import Permissions
from app.rules.renewing import renew
from app.rules.ruling import Version, read_ruling, shipped_text
from app.schema.dates import china_time
from app.services.cases import EVENT, derive_cases

if TYPE_CHECKING:
    from app.schema.form import Forms
    from app.store.store import Derive, Store


_BY = "derived.rules"
"""Under this name the store keeps by which rules its cases were reckoned."""
_ON_THE_WAY = 60 * 86_400_000
"""So many milliseconds a device may have been without a connection, and its cases are still reckoned by the rules that then come."""


class Ruling:
    """Case rules, rights and code lists as values that everybody may hold on to: what the county changes, changes in them."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self.rules = CaseRules.load(codes=forms.codes)
        self.permissions = Permissions.load()
        self.sources = load_sources(forms) if EVENT in forms else {}
        self._held = ""
        self._fold = derive_cases(self.rules)
        self._told: list[Callable[[], None]] = []
        self.unread: Mapping[str, str] = {}
        """What this program can't read of it, by name, with the sentence why; what stood before stands."""

    @property
    def derive(self) -> Derive:
        """For the store: folds cases by the rules that came last, in whatever process they came."""

        def derive(store: Store, touched: set[tuple[str, str]]) -> None:
            self.renew(store)
            self._fold(store, touched)

        return derive

    def told(self, changed: Callable[[], None]) -> None:
        """Call *changed* whenever the rules became others."""
        self._told.append(changed)

    def renew(self, store: Store) -> bool:
        """Follow what *store* holds; whether anything was another. Cheap where nothing is. Due times that are stored stay."""
        number = store.ruled.number
        if number == self._held:
            return False
        found = read_ruling(_versions(store))
        for name, codes in found.codes.items():
            if name in self.forms.codes:
                self.forms.codes[name].follow(codes)
        renew(self.rules, replace(found.rules, codes=self.forms.codes))
        renew(self.permissions, found.permissions)
        if EVENT in self.forms:
            self.sources.clear()
            self.sources.update(found.sources if found.sources is not None else load_sources(self.forms))
        self._held, self.unread = number, found.unread
        for changed in self._told:
            changed()
        return True

    def note(self, store: Store) -> bool:
        """``renew``, and write down what could not be read, so that the county hears of it."""
        changed = self.renew(store)
        store.ruled.set_unread(self.unread)
        self._follow(store)
        return changed

    def _follow(self, store: Store) -> None:
        """Ask of every case on which somebody may have to act who that is by the rules of now, where it was reckoned by others."""
        stamp = f"{_shipped()} {store.ruled.number}"
        if EVENT not in store.forms or store.meta.get(_BY) == stamp:
            return
        waiting = [state.code for state in self.rules.states.values() if state.waiting]
        # What was done while the rules were on their way was judged by those of before: that too is asked again.
        recent = china_time(store.now_ms() - _ON_THE_WAY)
        asked: list[dict[str, object]] = [
            {"state": waiting}, {"contested": (">", 0)}, {"visit_due": (">", "")}, {"last_at": (">", recent)},
        ]  # fmt: skip
        store.reckon_again(EVENT, [row[0] for where in asked for row in store.query.columns(EVENT, ["id"], where)])
        with store.transaction():
            store.meta.set(_BY, stamp)


@functools.cache
def _shipped() -> str:
    """A word that changes with the rules that the program brings."""
    texts = [path.read_bytes() for path in sorted(resource("rules").glob("*.toml"))]
    return hashlib.blake2b(b"\0".join(texts), digest_size=8).hexdigest()


def text_of(store: Store, name: str) -> str:
    """The text of *name* that counts on this device: the county's newest that can be read, else the program's own."""
    return read_ruling(_versions(store)).texts.get(name) or shipped_text(name)


def _versions(store: Store) -> list[Version]:
    return [Version(name, count, rev, text) for count, name, rev, text in store.ruled.rows()]

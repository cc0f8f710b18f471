"""The office: one opened store with a user at its desk, and the rooms that serve him."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import KnownError
from app.rules.care import CareRules
from app.rules.case_engine import CaseRules
from app.rules.case_sources import load_sources
from app.rules.coverage import CoverageRules
from app.rules.permissions import LONGEST_UNIT, Permissions
from app.rules.renewing import renew
from app.rules.requests import RequestRules
from app.rules.retention import Retention
from app.schema.loading import load_forms
from app.services.attachments import Attachments
from app.services.care import TAG, Care
from app.services.case_batch import CaseBatch
from app.services.case_doing import CaseDoing
from app.services.case_finding import CaseFinding
from app.services.case_links import CaseLinks
from app.services.case_lists import CaseLists
from app.services.case_mediation import CaseMediation
from app.services.case_papers import CasePapers
from app.services.case_repeats import CaseRepeats
from app.services.case_sources import CaseSources
from app.services.case_taking import CaseTaking
from app.services.cases import EVENT, Cases, keep_reported
from app.services.chronicle import Chronicle
from app.services.conflicts import Conflicts
from app.services.coverage import Coverage
from app.services.duplicates import Duplicates
from app.services.entry import Entry
from app.services.gate import Gate
from app.services.grids import GRID, Grids, code_faults
from app.services.holdings import Holdings
from app.services.leaving import Leaving
from app.services.life import Life
from app.services.maps import SHAPE, Maps, outline_faults
from app.services.mediation import Mediations
from app.services.meetings import Meetings
from app.services.movements import Movements
from app.services.orders import Orders
from app.services.past_living import PastLiving
from app.services.patrons import Patrons
from app.services.people import People
from app.services.posts import Posts
from app.services.receptions import Receptions
from app.services.records import Check, Records
from app.services.refusals import Refusals
from app.services.registry import Registry
from app.services.reminders import Reminders
from app.services.requests import REQUEST, Requests
from app.services.ruling import Ruling
from app.services.session import Session
from app.services.standing import Standings
from app.services.statistics import Statistics
from app.services.traffic import Traffic
from app.services.underlays import Underlays
from app.services.undoing import Undoing
from app.services.whistles import Whistles
from app.store.keys import Cost, KeySlots, Ring
from app.store.retirement import locked
from app.store.store import Store

if TYPE_CHECKING:
    from app.schema.form import Forms

ACCOUNTS = "accounts"


class Office:
    """Everything a window or a command needs, as one value that is passed on."""

    def __init__(
        self, store: Store, session: Session, rules: CaseRules, permissions: Permissions, ruling: Ruling | None = None
    ) -> None:
        self.store = store
        self.session = session
        self.forms = store.forms
        self.gate = Gate(store, session, permissions)
        care, asked = CareRules.load(), RequestRules.load(calendar=rules.limits.calendar)
        self._ruling = ruling
        sources = ruling.sources if ruling else load_sources(store.forms)
        if ruling:
            ruling.told(lambda: renew(asked, replace(asked, calendar=rules.limits.calendar)))
        checks: dict[str, Check] = {TAG: care.faults, REQUEST: asked.faults, SHAPE: outline_faults, GRID: code_faults}
        self.chronicle = Chronicle(store, self.gate)
        store.attend = lambda edits: self.handing.attend(self.chronicle.attend(edits))
        self.registry = Registry(store, self.gate, rules)
        self.entry = Entry(store, self.gate, self.registry, self.chronicle)
        beside = {"resident": self.entry.number_taken}
        self.cases = Cases(store, self.gate, rules)
        keeps, owns = {EVENT: keep_reported}, {EVENT: self.cases.owns}
        self.records = Records(store, self.gate, checks, {REQUEST: asked.filled}, beside, keeps, owns)
        self.attachments = Attachments(store, self.gate, self.records)
        self.repeats = CaseRepeats(store, self.gate, self.cases)
        self.taking = CaseTaking(store, self.gate, self.cases, self.attachments, self.repeats.hints)
        self.orders = Orders(store, self.gate, self.cases)
        self.finding = CaseFinding(store, self.gate, self.registry, self.entry)
        self.links = CaseLinks(store, self.gate, self.cases)
        self.sources = CaseSources(store, self.gate, self.cases, self.records, sources)
        self.handing = CaseMediation(store, self.gate, self.cases, self.sources.sources)
        self.case_lists = CaseLists(store, self.gate, rules)
        self.batch = CaseBatch(store, self.cases)
        self.case_papers = CasePapers(store, self.gate, self.cases)
        self.whistles = Whistles(store, self.gate, rules)
        self.people = People(store, self.gate, self.registry)
        self.duplicates = Duplicates(store, self.gate)
        self.care = Care(store, self.gate, self.records, self.registry, care)
        self.requests = Requests(store, self.gate, self.records, self.registry, asked)
        self.holdings = Holdings(store, self.gate, self.registry)
        self.retention = Retention.load()
        self.leaving = Leaving(store, self.gate, self.requests, self.retention)
        self.maps = Maps(store, self.gate)
        self.underlays = Underlays(store)
        self.movements = Movements(store, self.gate, self.registry, self.chronicle, self.entry.same_person)
        self.undoing = Undoing(store, self.gate, self.registry, self.chronicle)
        self.past_living = PastLiving(store, self.gate)
        self.life = Life(store, self.gate, self.registry)
        self.grids = Grids(store, self.gate, self.registry, self.chronicle)
        self.posts = Posts(store, self.gate, self.registry, self.chronicle)
        self.coverage = Coverage(store, self.gate, CoverageRules.load())
        self.mediations = Mediations(store, self.gate, self.records)
        self.doing = CaseDoing(self.cases, self.attachments)
        self.meetings = Meetings(store, self.gate, self.records, self.cases)
        self.patrons = Patrons(store, self.gate, rules)
        self.receptions = Receptions(store, self.gate, self.links, self.cases)
        self.statistics = Statistics(store, self.gate, rules)
        self.conflicts = Conflicts(store, self.gate, rules, self.cases)
        self.standings = Standings(store, self.conflicts)
        self.traffic = Traffic(store)
        self.refusals = Refusals(store, session)
        self.reminders = Reminders(store, self.gate, self.cases)

    def renew_rules(self) -> bool:
        """Follow the rules and code lists that an exchange brought; whether any did."""
        return bool(self._ruling and self._ruling.note(self.store))

    def names_unit(self) -> bool:
        """Whether this user fills in his unit himself; not where the county gave it, or where it decides what he may see and do."""
        account = self.store.meta.get(ACCOUNTS, {}).get(self.session.user, {})
        return not account.get("unit") and not self.gate.permissions.reach_own(
            (*self.session.roles, *account.get("roles", ()))
        )

    def name_unit(self, unit: str) -> None:
        """From now on this user's unit is *unit*, as he says himself; his rights don't follow from it.

        KnownError: accounts.unit_given, accounts.unit_long.
        """
        unit = " ".join(unit.split())
        if len(unit) > LONGEST_UNIT:
            raise KnownError("accounts.unit_long", most=LONGEST_UNIT)
        if not self.names_unit():
            raise KnownError("accounts.unit_given")
        line = self.gate.line("unit", "", None, fields=unit)
        with self.store.transaction():
            # Read in here: an exchange in a process of its own may bring other rights just now.
            accounts = self.store.meta.get(ACCOUNTS, {})
            account = accounts.get(self.session.user, {})
            self.store.meta.set(ACCOUNTS, {**accounts, self.session.user: {**account, "unit_said": unit}})
            self.store.audit.write([line])
        self.session = self.gate.session = replace(self.session, unit=unit)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def open_office(
    home: Path,
    user: str | None,
    password: str,
    *,
    forms: Forms | None = None,
    now: Callable[[], float] = time.time,
    ring: Ring | None = None,
    cost: Cost | None = None,
    even_locked: bool = False,
) -> Office:
    """Log *user* in (the only one where None) and open the store at *home*.

    Raises KnownError: store.missing, accounts.wrong_password, accounts.wait, accounts.need_user, sync.locked and what ``Store.open`` raises.
    """
    user, key = unlock(home, user, password, now=now, ring=ring, cost=cost)
    return office_with_key(home, user, key, forms=forms, now=now, even_locked=even_locked)


def unlock(
    home: Path,
    user: str | None,
    password: str,
    *,
    now: Callable[[], float] = time.time,
    ring: Ring | None = None,
    cost: Cost | None = None,
) -> tuple[str, bytes]:
    """The user and the store's key, by password or by PIN and keyring."""
    slots = KeySlots(home, cost=cost, now=now)
    users = slots.users()
    if not users:
        raise KnownError("store.missing", path=home)
    if user is None:
        if len(users) > 1:
            raise KnownError("accounts.need_user")
        user = users[0]
    return user, slots.open(user, password, ring=ring)


def office_with_key(
    home: Path,
    user: str,
    key: bytes,
    *,
    forms: Forms | None = None,
    now: Callable[[], float] = time.time,
    even_locked: bool = False,
) -> Office:
    """Open the store at *home* for *user* who has logged in already: what a worker process does.

    KnownError("sync.locked") where the county has put this device out of use; *even_locked* is for asking it again.
    """
    ruling = Ruling(forms or load_forms())
    store = Store.open(home, key, ruling.forms, now=now, derive=ruling.derive)
    ruling.note(store)
    account = store.meta.get(ACCOUNTS, {}).get(user)
    if account is None:
        store.close()
        raise KnownError("accounts.unknown_user", user=user)
    if not even_locked and locked(store):
        store.close()
        raise KnownError("sync.locked")
    return Office(store, _session(store, user, account, ruling.permissions), ruling.rules, ruling.permissions, ruling)


def make_office(
    home: Path,
    key: bytes,
    user: str,
    password: str,
    account: dict[str, Any],
    *,
    forms: Forms | None = None,
    now: Callable[[], float] = time.time,
    cost: Cost | None = None,
) -> Office:
    """Make a new store at *home* with *user* as its first user.

    ``account``: name, roles, areas, unit (given to him), unit_said (which he filled in himself).
    """
    ruling = Ruling(forms or load_forms())
    store = Store.create(home, key, ruling.forms, now=now, derive=ruling.derive)
    with store.transaction():
        store.meta.set(ACCOUNTS, {user: account})
    KeySlots(home, cost=cost, now=now).add_password(user, password, key)
    return Office(store, _session(store, user, account, ruling.permissions), ruling.rules, ruling.permissions, ruling)


def _session(store: Store, user: str, account: dict[str, Any], permissions: Permissions) -> Session:
    names_unit = not permissions.reach_own(account.get("roles", ()))
    return Session.of(user, account, store.sync.state.device, names_unit=names_unit)

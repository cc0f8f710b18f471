"""Devices with an office each, so that files are attached as a clerk does it."""

from __future__ import annotations

import secrets
import shutil

from app.rules.case_engine import CaseRules
from app.rules.permissions import Permissions
from app.services.cases import derive_cases
from app.services.office import Office
from app.services.session import Session
from app.store.store import Store, new_key
from sync.client.files import carry
from tests.sync.conftest import TOWNSHIP, VILLAGES

ALL = Permissions.load().township_roles()
V = VILLAGES[0]
# 2026-09-21, a Monday, 09:00 in China.
MONDAY = 1_789_952_400
HOUR, DAY = 3600, 86400


class Turned:
    """A clock that stands until somebody turns it."""

    def __init__(self, at=MONDAY):
        self.at = float(at)

    def __call__(self):
        return self.at


class FileDesk:
    """One device: ``sync`` exchanges records, ``carry`` files; ``attach`` adds a file of random content to an event."""

    def __init__(self, folder, forms, county, user="张干事", areas=(TOWNSHIP,), roles=ALL, now=None):
        self.folder, self.user, self.roles, self.areas = folder, user, roles, areas
        self.key, self.forms, self.rules = new_key(), forms, CaseRules.load()
        self.clock = {"now": now} if now else {}
        self.store = Store.create(folder, self.key, forms, derive=derive_cases(self.rules), **self.clock)
        self.desk = county.device(self.store, user, areas=areas, roles=roles)
        self.http = self.desk.http
        self._office()
        assert self.sync().ok

    def _office(self):
        session = Session(self.user, self.user, self.roles, self.areas, "综治中心", self.store.sync.state.device)
        self.office = Office(self.store, session, self.rules, Permissions.load())

    def again(self):
        """As after a crash: nothing is closed in order, the store is opened anew."""
        self.store = Store.open(self.folder, self.key, self.forms, derive=derive_cases(self.rules), **self.clock)
        self.desk.store = self.store
        self._office()

    def clone(self, folder):
        """The same device once more, from a copy of its disk."""
        self.store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copytree(self.folder, folder)
        twin = object.__new__(type(self))
        twin.__dict__.update(vars(self))
        twin.folder, twin.desk = folder, type(self.desk)(None, self.user)
        twin.again()
        return twin

    def over(self, url):
        """From now on through *url*."""
        self.store.sync.moved(url)

    def sync(self):
        return self.desk.sync(**self.clock)

    def carry(self, **options):
        return carry(self.store, self.http, sleep=lambda _: None, **options)

    def event(self, title="路灯坏了", area=V):
        made = self.office.cases.keep({"title": title, "detail": "村口", "urgency": "normal"}, area=area)
        assert made.ok, made.faults
        return made.record.id

    def attach(self, owner, path, form="event", **options):
        made = self.office.attachments.add(form, owner, path, **options)
        assert made.ok, made.faults
        return self.office.attachments.get(made.record.id)

    def paper(self, size=100_000, name=None):
        """A PDF of so many random bytes."""
        path = self.folder.parent / (name or f"{secrets.token_hex(4)}.pdf")
        path.write_bytes(b"%PDF-1.7" + secrets.token_bytes(size - 8))
        return path

    def content(self, one):
        with self.office.attachments.opening(one.id) as reader:
            return reader.read()

    def known(self, one):
        return self.office.attachments.get(one.id)

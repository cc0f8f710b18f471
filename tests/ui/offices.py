"""A real office in a temporary folder with a lane beside it, and a household of one to work with."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from app.rules.permissions import Permissions
from app.services.office import Office, make_office
from app.store.agreement import Area
from app.store.keys import Cost
from app.store.saving import Edit
from app.store.store import new_key
from ui.jobs import Jobs, Worker

TOWN, UPPER, LOWER = "990001101000", "990001101201", "990001101202"


@dataclass
class Desk:
    """An office, its lane, and what failed in it."""

    office: Office
    jobs: Jobs
    qtbot: Any
    failures: list[Exception]
    home: Path = Path()
    key: bytes = b""

    def worker(self, tail: Sequence[str]) -> Worker:
        """The headless command over the same home, as the window starts it."""
        secret = json.dumps({"user": "lin", "key": self.key.hex()}) + "\n"
        command = [sys.executable, "-m", "app", "--home", str(self.home), "--worker", *tail]
        return Worker(command, secret=secret.encode())

    def settle(self) -> None:
        """Wait until the lane is empty, its answers are delivered and what they put on the page is visible.

        A widget put into a layout is shown by an event of its own: until then its keys are nobody's, and a slow event loop
        leaves a test room to press them.
        """
        while True:
            self.qtbot.waitUntil(lambda: not self.jobs.busy(), timeout=60_000)
            QCoreApplication.sendPostedEvents()
            if not self.jobs.busy():
                return

    def make(self, form: str, area: str = UPPER, **values: object) -> str:
        """Save a record as the services do; its id."""
        outcome = self.office.records.save(form, values, area=area)
        assert outcome.ok, outcome.faults
        assert outcome.record is not None
        return outcome.record.id

    def came(self, form: str, area: str = UPPER, **values: Any) -> str:
        """A record as another device registered it, who did not know of those here; its id."""
        return self.office.store.save([Edit(form, None, area, values)], "li").ids[0]

    def get(self, form: str, record_id: str) -> dict[str, Any]:
        """The values as they are kept."""
        found = self.office.store.get(form, record_id)
        assert found is not None
        return dict(found.values)


def account(*roles: str) -> dict[str, Any]:
    """An account of the township; all its roles where none is named."""
    held = list(roles or Permissions.load().township_roles())
    return {"name": "林小禾", "roles": held, "areas": [TOWN], "unit": "云岭镇综治中心"}


@pytest.fixture
def open_desk(qapp: QApplication, qtbot: Any, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a desk for a user with the roles given."""
    opened: list[Desk] = []

    def make(*roles: str) -> Desk:
        home, key = tmp_path / "home", new_key()
        office = make_office(home, key, "lin", "pw", account(*roles), cost=Cost(1024, 1, 1))
        office.store.sync.set_areas(
            [
                Area(TOWN, "云岭镇", "township"),
                Area(UPPER, "上寨村", "village", TOWN),
                Area(LOWER, "下寨村", "village", TOWN),
            ]
        )
        jobs = Jobs()
        failures: list[Exception] = []
        jobs.failed.connect(failures.append)
        desk = Desk(office, jobs, qtbot, failures, home, key)
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        desk.jobs.close()
        desk.office.close()
        assert not desk.failures


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A desk that may do everything a township may."""
    return open_desk()

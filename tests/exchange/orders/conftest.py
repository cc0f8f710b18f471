"""Offices as the services' tests have them, and the sample exports."""

from __future__ import annotations

import json

import pytest

from app.exchange.orders.intake import OrderIntake
from tests.exchange.orders import samples
from tests.services.conftest import cheap_passwords, clock, county, forms, office, open_office, two

__all__ = ["cheap_passwords", "clock", "county", "forms", "office", "open_office", "two"]
SOURCE = "12345热线"


@pytest.fixture
def hotline(tmp_path):
    """Writes the hotline's export, with other orders or headings where they are given."""
    return lambda *given, **named: samples.hotline(tmp_path / "orders.xlsx", *given, **named)


@pytest.fixture
def bring(office):
    """Imports a file; returns the JSON document."""
    return lambda path, source=SOURCE, **named: OrderIntake(office).run(source, path, **named)


def brought(office, number, source=SOURCE):
    [event] = office.store.select("event", {"order_no": number, "order_source": source})
    return event


def steps(office, event):
    return [(step.action, str(step.values.get("opinion") or "")) for step in office.cases.case(event.id).steps]


def decided(tmp_path, **said):
    from app.exchange.orders.shape import read_told

    path = tmp_path / "choices.json"
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return read_told(path)

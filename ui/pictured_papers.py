"""What the pictures of papers and requests need: somebody who asks for a correction, and people who left long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from app.store.saving import Edit

if TYPE_CHECKING:
    from app.services.office import Office

_LEFT = ("2025-03-02", "2025-06-18", "2024-11-30", "2025-08-09")


def request(office: Office) -> dict[str, Any]:
    """A request for correction, its identity checked."""
    person = office.store.select("resident", {"relation": "0"}, limit=1)[0]
    asked = {
        "received_on": "2026-09-15", "name": person.values["name"], "resident": person.id, "kind": "correct", "channel": "visit_in",
        "asked": "电话换号了，工作单位也换了，请改过来。", "identity_checked": True,
    }  # fmt: skip
    if open_now := office.requests.open():
        return {"id": open_now[0].id}
    made = office.requests.receive(asked).record
    assert made is not None
    return {"id": made.id}


def leavers(office: Office) -> dict[str, Any]:
    """Four people whose time is over."""
    if office.leaving.proposals():
        return {}
    people = office.store.select("resident", {"relation": "2"}, limit=len(_LEFT))
    edits = [
        Edit("resident", person.id, person.area, {"presence": "dead" if place == 2 else "moved", "presence_since": day})
        for place, (person, day) in enumerate(zip(people, _LEFT, strict=False))
    ]
    office.store.save(edits, office.session.user)
    return {}


def ticked(page: QWidget) -> None:
    """Two of them are marked."""
    model = page.table.model  # type: ignore[attr-defined]
    model.set_checked([model.record_id(number) for number in (0, 1)], True)


def asks(page: QWidget) -> None:
    """The dialog that asks which paper and what for is open."""
    page.print_button.click()  # type: ignore[attr-defined]

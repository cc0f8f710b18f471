"""The entry page as it stands while one types, for the pictures: half a household with a wrong number, and somebody who is registered already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.schema.identity import check_character

if TYPE_CHECKING:
    from app.services.office import Office


def begun(office: Office) -> dict[str, Any]:
    """A new household in the first village, with no draft of the picture before."""
    office.store.drop_draft("entry:new")
    village = next(a["code"] for a in office.store.areas() if a["level"] in ("village", "community"))
    return {"area": village, "picture": office.store.new_id()}


def standing(office: Office) -> dict[str, Any]:
    """A household of several that stands."""
    counts = office.store.tally("resident", "household")
    home = max((household for household in counts if household), key=lambda household: counts[household])
    office.store.drop_draft(f"entry:{home}")
    return {"household": home}


def half(page: Any) -> None:
    """Three of a household, the third with a number that is wrong."""
    _place(page, "上寨村上寨三组中排3-29号")
    page.place.number.set_value("5300029")
    _row(page, 0, name="罗建国", id_number=_number("19730812", 35), phone="13900000035")
    page.table.rows[0].set_value("hukou_address", "上寨村上寨三组中排3-29号")
    wrong = _number("19751103", 42)
    wrong = wrong[:-1] + ("0" if wrong[-1] != "0" else "1")
    _row(page, 1, name="杨晓梅", relation="妻", id_number=_number("19740226", 28), phone="13900000036")
    _row(page, 2, name="罗小强", relation="长子", id_number=wrong)
    page.table.rows[2].settle("name")
    page.table.rows[2].settle("id_number")


class Registered:
    """Somebody whose number is registered already, in another household."""

    def begun(self, office: Office) -> dict[str, Any]:
        """Find him, and begin a new household."""
        children = office.store.select("resident", {"relation": "2"}, limit=50)
        self._values = next(p.values for p in children if p.values.get("id_number"))
        return begun(office)

    def typed(self, page: Any) -> None:
        """Type him into the first row."""
        _place(page, "上寨村上寨三组中排3-29号")
        _row(page, 0, name=str(self._values["name"]), id_number=str(self._values["id_number"]))


def forget(page: Any, _office: Office) -> None:
    """Nothing of the picture stays as a draft."""
    page.forget_sheet()


def _place(page: Any, address: str) -> None:
    page.place.home.setFocus()
    page.place.home.setText(address)
    page.place.home.take_written()


def _row(page: Any, row: int, **values: str) -> None:
    for name, value in values.items():
        page.table.rows[row].set_value(name, value)


def _number(birth: str, sequence: int) -> str:
    first = f"990001{birth}{sequence:03}"
    return first + check_character(first)

"""What the list of residents reads in the lane: a page of rows as they are shown, and the choices of its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.schema.dates import china_time
from app.services.people import Filter
from app.store.listing import Listing
from ui.pages.registry_read import age_words

if TYPE_CHECKING:
    from app.services.office import Office

FORM = "resident"


@dataclass(frozen=True)
class PeopleChoices:
    """(code, name) of the villages held, (id, name) of the grids of the one that is picked, and the filters kept."""

    areas: tuple[tuple[str, str], ...]
    grids: tuple[tuple[str, str], ...]
    kept: Mapping[str, Filter]


def read_choices(office: Office, area: str) -> PeopleChoices:
    """Read them."""
    divisions = office.gate.divisions()
    held = [a for a in office.store.areas() if divisions.any_covers(office.session.areas, a["code"])]
    villages = tuple((a["code"], a["name"]) for a in held if a["level"] not in ("county", "township"))
    grids = office.store.select("grid", area=area, order=["code", "name"]) if area else []
    return PeopleChoices(villages, tuple((g.id, str(g.values["name"])) for g in grids), office.people.kept())


def read_rows(office: Office, listing: Listing, offset: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """A page of rows; numbers are masked."""
    form = office.forms[FORM]
    today = china_time(office.store.now_ms())[:10]
    names = {area["code"]: area["name"] for area in office.store.areas()}
    return [
        {
            "id": person.id,
            "name": form.record_title(person.values, masked=True),
            "sex": form.show("sex", person.values.get("sex")),
            "birth_date": str(person.values.get("birth_date") or ""),
            "age": age_words(person, today).removesuffix("岁").strip(),
            "id_number": form.show("id_number", person.values.get("id_number"), masked=True),
            "phone": form.show("phone", person.values.get("phone"), masked=True),
            "presence": form.show("presence", person.values.get("presence")),
            "address": str(person.values.get("live_address") or person.values.get("hukou_address") or ""),
            "area": names.get(person.area, person.area),
        }
        for person in office.people.page(listing, offset, limit)
    ]

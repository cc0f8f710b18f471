"""What the pictures of movements, grids and coverage show: a little of everything, done on the demo's own people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.services.office import Office


def moved(office: Office) -> dict[str, Any]:
    """The household of the known Li family after a year of movements; safe to call twice."""
    [head] = office.store.select("resident", {"name": "李长顺"}, limit=1)
    home = str(head.values["household"])
    if not office.life.of("household", home):
        people = {str(p.values["name"]): p.id for p in office.store.select("resident", {"household": home})}
        [other] = office.store.select("resident", {"name": "张文贵"}, limit=1)
        movements = office.movements
        movements.turn([people["李建军"]], "away", "2026-02-20", place="浙江省金华市", reason="务工")
        movements.birth(home, "2026-05-11", {"name": "李可为", "sex": "1", "relation": "4"})
        movements.turn([people["李建军"]], "return", "2026-07-02", reason="务工返乡")
        wrong = movements.move(
            [people["陈敏"]], str(other.values["household"]), "2026-08-01", relations={people["陈敏"]: "8"}
        )
        office.undoing.undo(wrong.act)
        movements.change_head(home, people["李建军"], "2026-09-10", reason="父亲年高")
    return {"form": "household", "id": home}


def in_march(office: Office) -> dict[str, Any]:
    """Who lived in that household's dwelling in March."""
    args = moved(office)
    record = office.store.get("household", args["id"])
    dwelling = str(record.values["dwelling"]) if record is not None else ""
    return {"form": "dwelling", "id": dwelling, "tab": "who", "day": "2026-03-15"}


def posted(office: Office) -> dict[str, Any]:
    """The first grid of the known village."""
    grids = office.store.select("grid", area="990001101201", order=["code"], limit=1)
    return {"id": grids[0].id} if grids else {}

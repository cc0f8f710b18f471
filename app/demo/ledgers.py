"""Disputes, visits and hazards of the demo, in every stage a ledger knows."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from app.demo.numbers import Numbers
from app.demo.population import Row, VillageSite
from app.demo.scene import Scene, any_scene
from app.demo.words import words
from app.schema.values import Value


def ledger_records(
    form: str, amount: int, sites: list[VillageSite], chance: random.Random, numbers: Numbers, now: dt.datetime
) -> Iterator[Row]:
    """*amount* records of *form* ("dispute", "visit" or "hazard"), the oldest first."""
    make = {"dispute": _dispute, "visit": _visit, "hazard": _hazard}[form]
    span = {"dispute": 90, "visit": 45, "hazard": 80}[form]
    days = sorted((chance.randint(0, span) for _ in range(amount)), reverse=True)
    for index, day in enumerate(days):
        scene = any_scene(sites, chance)
        yield (
            form,
            numbers.record_id(),
            scene.area,
            make(scene, index, now.date() - dt.timedelta(days=day), chance, now),
        )


def _dispute(scene: Scene, index: int, day: dt.date, chance: random.Random, now: dt.datetime) -> dict[str, Value]:
    table, units = words("ledgers")["dispute"], words("units")
    text = table[index % len(table)]
    result = (
        "open"
        if (now.date() - day).days < 20
        else chance.choices(("resolved", "failed", "elsewhere", "open"), (75, 8, 7, 10))[0]
    )
    people = chance.choice((2, 2, 2, 3, 4, 6))
    values: dict[str, Value] = {
        "title": scene.fill(text["title"]),
        "dispute_type": text["type"],
        "found_at": day.isoformat(),
        "found_by": scene.home.grid.member,
        "place": scene.home.address,
        "grid": scene.home.grid.id,
        "people_involved": people,
        "scale": "single" if people < 3 else "few" if people < 6 else "group",
        "risk": chance.choices(("general", "larger"), (85, 15))[0],
        "facts": text["facts"],
        "claim": text["claim"],
        "lead_unit": f"{scene.site.plan.name}委会" if scene.site.plan.name.endswith("村") else scene.site.plan.name,
        "handler": chance.choice(units["mediators"]),
        "mode": chance.choice(("mediation", "mediation", "self", "deliberation")),
        "measure": text["measure"],
        "due": (day + dt.timedelta(days=30)).isoformat(),
        "result": result,
    }
    if result == "open":
        values["progress"] = f"{day.month}月{day.day}日登记，已约双方，待面谈。"
    else:
        values["closed_at"] = min(day + dt.timedelta(days=chance.randint(2, 18)), now.date()).isoformat()
    return values


def _visit(scene: Scene, _index: int, day: dt.date, chance: random.Random, _now: dt.datetime) -> dict[str, Value]:
    table = words("ledgers")["visit"]
    asked = chance.random() < 0.35
    values: dict[str, Value] = {
        "visit_date": day.isoformat(),
        "visitor": scene.home.grid.member,
        "household": scene.home.household,
        "household_name": scene.home.head.name,
        "grid": scene.home.grid.id,
        "persons_met": scene.home.head.name,
        "purpose": chance.choices(("daily", "help", "policy", "verify", "special"), (55, 12, 15, 13, 5))[0],
        "content": chance.choice(table["content"]),
        "satisfaction": chance.choice(("5", "5", "4", "4", "3")),
    }
    if asked:
        done = chance.random() < 0.4
        values["problems"] = chance.choice(table["problems"])
        values["appeal_kind"] = "appeal"
        values["handled_on_spot"], values["reported_up"] = done, not done
    return values


def _hazard(scene: Scene, index: int, day: dt.date, chance: random.Random, now: dt.datetime) -> dict[str, Value]:
    table = words("ledgers")["hazard"]
    text = table[index % len(table)]
    due = day + dt.timedelta(days=7 if text["level"] == "general" else 20)
    values: dict[str, Value] = {
        "found_at": day.isoformat(),
        "found_by": scene.home.grid.member,
        "object": scene.fill(text["object"]),
        "place": scene.home.address,
        "grid": scene.home.grid.id,
        "hazard_kind": text["kind"],
        "level": text["level"],
        "detail": text["detail"],
        "responsible": scene.home.head.name,
        "contact_phone": scene.home.head.phone or scene.home.grid.phone,
        "measure": text["measure"],
        "due": due.isoformat(),
    }
    if text["level"] != "general":
        values["supervise_unit"] = "镇应急办"
    stage = chance.choices(("found", "rectified", "part", "none", "struck", "handed"), (15, 10, 8, 7, 55, 5))[0]
    done = min(due - dt.timedelta(days=chance.randint(0, 3)), now.date())
    if due >= now.date() and stage != "rectified":
        stage = "found"
    if stage in {"rectified", "struck"}:
        values["rectified_at"] = done.isoformat()
    if stage in {"part", "none", "struck", "handed"}:
        again = min(done + dt.timedelta(days=2), now.date()).isoformat()
        values["rechecked_by"], values["recheck_at"] = "韩志强", again
        values["result"] = {"struck": "done"}.get(stage, stage)
        if stage == "struck":
            values["struck_off_at"] = again
    return values

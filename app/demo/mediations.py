"""Mediation cases of the demo: one complete file, the others in every stage."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from typing import Any

from app.demo.households import Person
from app.demo.numbers import Numbers
from app.demo.population import Home, Row, VillageSite
from app.demo.scene import iso
from app.demo.words import words
from app.schema.dates import spoken_date
from app.schema.values import Value

_TOLD = ("told_identity", "told_rights", "told_avoidance", "told_open", "told_free", "told_effect", "read_back")
_OUTCOMES = (
    "complete",
    "pending",
    "accepted",
    "written",
    "oral",
    "failed",
    "withdrawn",
    "refused",
    "written",
    "pending",
    "unreachable",
    "written",
)


def mediation_records(
    amount: int, sites: list[VillageSite], chance: random.Random, numbers: Numbers, now: dt.datetime
) -> Iterator[Row]:
    """*amount* cases, then their parties, then their sessions; the first is a complete file."""
    files = [_File(index, sites, chance, numbers, now) for index in range(amount)]
    for file in files:
        yield "mediation", file.id, file.area, file.case()
    for file in files:
        yield from file.parties()
    for file in files:
        yield from file.sessions()


class _File:
    """One case with its two parties."""

    def __init__(
        self, index: int, sites: list[VillageSite], chance: random.Random, numbers: Numbers, now: dt.datetime
    ) -> None:
        self._chance, self._numbers, self._now = chance, numbers, now
        self._stage = _OUTCOMES[index % len(_OUTCOMES)]
        self._number = 46 + index
        table = words("mediations")["case"]
        complete = self._stage == "complete"
        self._text: Mapping[str, Any] = table[0] if complete else table[1 + (index - 1) % (len(table) - 1)]
        site = self._site(sites, complete=complete)
        self.area = site.plan.code
        self._site_name = f"{site.plan.name}委会" if not site.plan.community else site.plan.name
        first, second = self._two_homes(site, complete=complete)
        self._homes = (first, second)
        self.id = numbers.record_id()
        days = {"complete": 12, "accepted": 1, "pending": 9}.get(self._stage, chance.randint(12, 60))
        self._day = now.date() - dt.timedelta(days=days)
        self._mediator = words("units")["mediators"][0 if complete else index % 3]

    def _site(self, sites: list[VillageSite], *, complete: bool) -> VillageSite:
        if complete:
            return next((site for site in sites if site.plan.name == "上寨村"), sites[0])
        return self._chance.choice(sites)

    def _two_homes(self, site: VillageSite, *, complete: bool) -> tuple[Home, Home]:
        if complete and {"张文贵", "李长顺"} <= site.known.keys():
            return site.known["张文贵"], site.known["李长顺"]
        first, second = self._chance.sample(site.homes, 2)
        return first, second

    def _fill(self, text: str) -> str:
        first, second = (home.head.name for home in self._homes)
        due = spoken_date((self._now.date() + dt.timedelta(days=25)).isoformat())
        text = text.replace("{甲}", first).replace("{乙}", second).replace("{期限}", due)
        # The complete file is written for two people who live in 上寨村; in another place others have their dispute.
        return text.replace("张文贵", first).replace("李长顺", second) if self._stage == "complete" else text

    def case(self) -> dict[str, Value]:
        units, text, chance = words("units"), self._text, self._chance
        values: dict[str, Value] = {
            "title": self._fill(text["title"]),
            "case_no": f"〔{self._day.year}〕云岭人调字第{self._number:04}号",
            "dispute_type": text["type"],
            "source": text.get("source") or chance.choice(("application", "application", "own", "police", "court")),
            "accepted_on": self._day.isoformat(),
            "committee": "云岭镇人民调解委员会",
            "mediator": self._mediator,
            "recorder": units["recorder"],
            "session_open": False,
            "facts": self._fill(text["facts"]),
            "request": self._fill(text["request"]),
            "difficulty": text.get("difficulty", "simple"),
            "people_involved": 3 if self._stage == "complete" else 2,
            "due": (self._day + dt.timedelta(days=30)).isoformat(),
            "outcome": {"complete": "written", "accepted": "pending"}.get(self._stage, self._stage),
        }
        if self._stage in {"complete", "written", "oral"}:
            values |= self._agreement()
        if self._stage == "failed":
            values["remedy_notice_given"] = True
            values["remark"] = words("mediations")["told"]["remedy"]
        return values

    def _agreement(self) -> dict[str, Value]:
        text, complete = self._text, self._stage == "complete"
        agreed = self._day + dt.timedelta(days=10)
        terms = text.get("agreement_terms") or text["terms"]
        values: dict[str, Value] = {
            "agreement_form": "oral" if self._stage == "oral" else "written",
            "agreement_facts": self._fill(text.get("agreement_facts") or text["facts"]),
            "issues": self._fill(text.get("issues") or f"申请人要求{text['request']}双方对如何处理意见不一。"),
            "agreement_terms": self._fill(terms),
            "performance": self._fill(text.get("performance", "双方当面履行，村委会见证。")),
            "performance_place": self._site_name,
            "performance_due": spoken_date((agreed + dt.timedelta(days=27)).isoformat()) + "前",
            "agreed_on": agreed.isoformat(),
            "performed": "not_due" if complete else self._chance.choice(("done", "done", "part")),
            "judicial_confirm": "none",
        }
        if "amount" in text:
            values["amount"] = text["amount"]
        if self._stage != "oral":
            values["agreement_no"] = f"〔{agreed.year}〕云岭人调协字第{self._number:04}号"
            values["copies"] = 3
        if complete or self._chance.random() < 0.5:
            values["file_no"] = f"云岭调档{agreed.year}-{self._number:03}"
            values["retention"] = "long" if complete else "short"
        return values

    def parties(self) -> Iterator[Row]:
        first, second = self._homes
        yield self._party(1, "applicant", first.head, first, resident=True)
        yield self._party(2, "respondent", second.head, second, resident=True)
        if self._stage == "complete" and second.spouse:
            yield self._party(3, "family", second.spouse, second, resident=False)

    def _party(self, order: int, side: str, person: Person, home: Home, *, resident: bool) -> Row:
        values: dict[str, Value] = {
            "mediation": self.id,
            "side": side,
            "name": person.name,
            "sex": person.sex,
            "age": person.age(self._now.date()),
            "id_number": person.identity,
            "occupation": "务农",
            "address": home.address,
            "is_unit": False,
            "order": order,
        }
        if person.phone or self._stage == "complete":
            values["phone"] = person.phone or home.head.phone or self._numbers.phone()
        if self._stage == "complete":
            values["ethnicity"] = "汉族"
        if resident:
            values["resident"] = home.resident
        return "party", self._numbers.record_id(), self.area, values

    def sessions(self) -> Iterator[Row]:
        if self._stage == "complete":
            yield self._session(1, 5, self._text["first"], "continue", "双方同意现场丈量后再调。", told=4)
            yield self._session(2, 10, self._text["second"], "agreed", "双方达成书面协议。", told=7)
        elif self._stage == "pending":
            yield self._session(1, 4, self._lines(), "continue", "各自回家商量，下次再谈。", told=5)
        elif self._stage in {"written", "oral"}:
            yield self._session(1, 10, self._lines(), "agreed", "达成一致。", told=7)
        elif self._stage == "failed":
            note = words("mediations")["told"]["remedy"]
            yield self._session(1, 9, self._lines(), "failed", f"双方意见差距大，调解不成。{note}", told=6)
        elif self._stage == "withdrawn":
            yield self._session(1, 6, self._lines(), "stopped", "申请人要求终止。", told=4)

    def _lines(self) -> list[str]:
        return [
            f"{self._mediator}（调解员）：我是云岭镇人民调解委员会调解员{self._mediator}。调解自愿、平等，不收费，你们可以申请回避，也可以随时终止。",
            "{甲}（申请人）：知道了，不申请回避。",
            "{乙}（被申请人）：知道了。",
            str(self._text["line"]),
            f"{self._mediator}（调解员）：两家各说一说，怎么办才过得去？",
        ]

    def _session(self, number: int, after: int, lines: list[str], result: str, note: str, *, told: int) -> Row:
        day = min(self._day + dt.timedelta(days=after), self._now.date() - dt.timedelta(days=1))
        start = self._now.replace(year=day.year, month=day.month, day=day.day, hour=14, minute=30, second=0)
        at, said = start, []
        for line in lines:
            at += dt.timedelta(minutes=self._chance.randint(1, 6))
            said.append(f"{at:%H:%M} {self._fill(line)}")
        values: dict[str, Value] = {
            "mediation": self.id,
            "number": number,
            "started_at": iso(start),
            "ended_at": iso(at + dt.timedelta(minutes=5)),
            "place": self._text.get("session_place", "村委会调解室"),
            "mediators": self._mediator,
            "recorder": words("units")["recorder"],
            "invited": words("mediations")["told"]["invited"],
            **{name: index < told for index, name in enumerate(_TOLD)},
            "transcript": "\n".join(said),
            "result": result,
            "result_note": note,
        }
        if result in {"agreed", "failed"}:
            values["facts_checked"] = self._fill(self._text.get("agreement_facts") or self._text["facts"])
            values["told_risk"] = True
        if result == "failed":
            values["told_remedies"] = True
        return "mediation_session", self._numbers.record_id(), self.area, values

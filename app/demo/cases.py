"""Events of the demo with their steps, taken through the case rules so that each stands where its steps lead."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from typing import Any

from app.demo.numbers import Numbers
from app.demo.population import Row, VillageSite
from app.demo.scene import Scene, any_scene, iso, working_moment
from app.demo.words import words
from app.errors import BugError
from app.rules.case_engine import CaseRules
from app.rules.case_fold import CaseState, Step
from app.rules.numbering import Numbering
from app.schema.ids import companion
from app.schema.values import Value

# How each case goes on, and its share of a hundred and twenty; about forty are open.
_COURSES = (
    ("closed", 44), ("visited", 18), ("self_handled", 6), ("archived", 4), ("reported", 6), ("accepted", 4),
    ("returned", 2), ("assigned", 4), ("handling", 9), ("handling_late", 3), ("handling_soon", 4), ("extended", 2),
    ("suspended", 2), ("feedback", 3), ("verifying", 2), ("rework", 1), ("supervised", 1), ("mediating", 2),
    ("rejected", 2), ("void", 1),
)  # fmt: skip
_OLD = {"closed", "visited", "archived", "self_handled", "rejected", "void"}


class Cases:
    """Makes the events of one township."""

    def __init__(
        self, chance: random.Random, numbers: Numbers, rules: CaseRules, sites: list[VillageSite], now: dt.datetime
    ) -> None:
        self._chance = chance
        self._numbers = numbers
        self._rules = rules
        self._sites = sites
        self._now = now
        self._number = chance.randint(1500, 1700)
        # The row that the county goes on with when it leases blocks of it.
        self._numbering = Numbering.load()
        self._township = f"{sites[0].plan.code:.9}000" if sites else ""

    def records(self, amount: int) -> Iterator[Row]:
        """*amount* events, all of them before all of their steps; every course is taken at least once."""
        courses = [name for name, _ in _COURSES]
        spread = [name for name, share in _COURSES for _ in range(share - 1)]
        self._chance.shuffle(spread)
        courses = [*courses, *spread][:amount]
        # The oldest first: case numbers count up with time.
        begun = sorted(((self._days(course), course) for course in courses), reverse=True)
        made = [_Course(self, course, days).records() for days, course in begun]
        for rows in made:
            yield rows[0]
        for rows in made:
            yield from rows[1:]

    def _days(self, course: str) -> int:
        """How long ago a case of *course* began."""
        if course in _OLD:
            return self._chance.randint(8, 75)
        if course in {"reported", "accepted", "assigned"}:
            return self._chance.choice((0, 0, 1))
        if course == "suspended":
            return self._chance.randint(20, 50)
        return self._chance.randint(4, 6) if course == "handling_late" else self._chance.randint(2, 4)

    def case_number(self, year: int) -> str:
        self._number += 1
        return self._numbering.series(self._township, year).number(self._number)


class _Course:
    """One event on its way; each act is checked by the rules and refused ones are a fault of this demo."""

    def __init__(self, cases: Cases, course: str, days_ago: int) -> None:
        self._cases = cases
        self._chance = cases._chance  # noqa: SLF001 - the two are one
        self._now = cases._now  # noqa: SLF001
        self._rules = cases._rules  # noqa: SLF001
        self._numbers = cases._numbers  # noqa: SLF001
        table = words("cases")
        self._reasons: Mapping[str, list[str]] = table["reasons"]
        fitting = [case for case in table["case"] if self._fits(case, course)]
        self._text: Mapping[str, Any] = self._chance.choice(fitting)
        self._units: Mapping[str, Any] = words("units")
        self._scene: Scene = any_scene(cases._sites, self._chance)  # noqa: SLF001
        self._course = course
        self._at = working_moment(self._now, days_ago, self._chance)
        self._id = self._numbers.record_id()
        self._event = self._values()
        if course == "reported" and int(self._id[-1], 16) % 2:
            self._from_hotline()
        self._case: CaseState = self._rules.begin(self._event)
        self._rows: list[Row] = []

    @staticmethod
    def _fits(case: Mapping[str, Any], course: str) -> bool:
        return (course != "suspended" or "suspend" in case) and (course != "mediating" or "mediation" in case)

    def _values(self) -> dict[str, Value]:
        text, scene = self._text, self._scene
        channel = self._chance.choices(("patrol", "phone", "visit_in", "hotline"), (60, 20, 12, 8))[0]
        head = scene.home.head
        own = channel == "patrol"
        values: dict[str, Value] = {
            "title": scene.fill(text["title"]),
            "category": text["category"],
            "urgency": text.get("urgency", "normal"),
            "detail": scene.fill(text["detail"]),
            "place": scene.fill(text["place"]),
            "grid": scene.home.grid.id,
            "found_at": iso(self._at - dt.timedelta(minutes=self._chance.randint(5, 50))),
            "channel": channel,
            "reporter": scene.home.grid.member if own else head.name,
            "reporter_phone": scene.home.grid.phone if own else head.phone or scene.home.grid.phone,
            "profile": text.get("profile", "seven_stage"),
        }
        if "{名}" in text["place"]:
            values["dwelling"] = scene.home.dwelling
        return values

    def _from_hotline(self) -> None:
        """As an import of the hotline's orders makes it: source and number are who it is."""
        head, source = self._scene.home.head, "12345热线"
        number = f"RX{self._at:%Y%m%d}{int(self._id, 16) % 1000:03}"
        due = (self._at + dt.timedelta(days=7)).replace(hour=17, minute=30, second=0)
        self._event |= {
            "channel": "hotline", "reporter": head.name, "reporter_phone": head.phone or self._scene.home.grid.phone,
            "order_source": source, "order_no": number, "reply_due": iso(due), "order_more": "片区：东片\n来电次数：1",
        }  # fmt: skip
        self._id = companion("0" * 32, f"order {source} {number.lower()}")

    def records(self) -> list[Row]:
        """The event and its steps, in their order."""
        {
            "self_handled": self._self_handled,
            "reported": self._report,
            "rejected": self._rejected,
            "void": self._void,
        }.get(self._course, self._full)()
        return [("event", self._id, self._scene.area, self._event), *self._people(), *self._rows]

    def _people(self) -> list[Row]:
        """Who called, or whose house it is: the head of the household, who is in the registry."""
        head, resident = self._scene.home.head, self._scene.home.resident
        called = self._event["reporter"] == head.name
        if not called and not self._event.get("dwelling"):
            return []
        role = "reporter" if called else "party"
        values: dict[str, Value] = {
            "event": self._id, "role": role, "name": head.name, "resident": resident, "address": self._scene.home.address,
            "order": 0,
        }  # fmt: skip
        return [("case_person", companion(self._id, f"case_person {resident}"), self._scene.area, values)]

    def _self_handled(self) -> None:
        self._act(
            "self_handle",
            *self._member,
            result=self._say("self_handled"),
            handled_at=iso(self._at),
            witness=self._scene.home.head.name,
        )

    def _report(self) -> None:
        if number := self._event.get("order_no"):
            self._act("order_in", *self._registrar, note=f"从“12345热线”导入的工单，原编号 {number}。")
            return
        self._act("report", *self._member)

    def _rejected(self) -> None:
        self._report()
        approved = self._director[0]
        self._act("reject", *self._registrar, reason=self._say("reject"), told_how="电话", approved_by=approved)

    def _void(self) -> None:
        self._report()
        self._act("void", *self._director, reason=self._say("void"))

    def _full(self) -> None:
        course = self._course
        self._report()
        number = self._cases.case_number(self._at.year)
        grade = {"grade": "general"} if self._case.profile == "grade_routing" else {}
        self._act("accept", *self._registrar, level="township", case_no=number, opinion=self._say("accept"), **grade)
        if course == "accepted":
            return
        if course == "mediating":
            self._act(
                "to_mediation",
                *self._dispatcher,
                lead_unit="镇人民调解委员会",
                consent=True,
                source="own",
                reason="双方同意调解。",
            )
            self._act("progress", *self._handler, text=self._text["progress"])
            return
        self._assign()
        if course == "assigned":
            return
        if course == "returned":
            self._act("return_back", *self._handler, reason=self._say("return_back"), kind="wrong_unit")
            return
        self._act("acknowledge", *self._handler)
        if "assist" in self._text and self._chance.random() < 0.5:
            assist = self._text["assist"]
            self._act("add_assist", *self._dispatcher, assist_units=assist, part=f"请{assist}配合。")
        self._act("progress", *self._handler, text=self._text["progress"])
        if not self._still_open(course):
            self._finish(course)

    def _assign(self) -> None:
        now, values = self._now, {}
        if self._course == "handling_late":
            values["due_at"] = self._missed(now - dt.timedelta(hours=self._chance.choice((2, 5, 20))))
        elif self._course == "handling_soon":
            values["due_at"] = iso(
                (now + dt.timedelta(hours=self._chance.choice((3, 5, 7)))).replace(minute=30, second=0)
            )
        elif self._course not in _OLD and self._course != "suspended":
            values["due_at"] = self._due_in(self._chance.randint(1, 3))
        self._act(
            "assign", *self._dispatcher, lead_unit=self._unit["name"], instruction=self._say("instruction"), **values
        )

    def _still_open(self, course: str) -> bool:
        """Whether the case stays in handling; acts what that course has of its own."""
        if course == "extended":
            self._act("extend_request", *self._handler, days=3, reason=self._say("extend"))
            self._act("extend_grant", *self._director, days=3, opinion="同意。")
        elif course == "suspended":
            later = self._due_in(self._chance.randint(10, 40))
            self._act("suspend", *self._director, reason=self._text["suspend"], kind="project", resume_on=later)
        elif course == "supervised":
            self._act("supervise", *self._director, opinion=self._say("supervise"))
            self._act("remind", *self._registrar, text=self._say("remind"))
            self._act(
                "whistle", *self._dispatcher, units="镇派出所、镇自然资源所", reason="请到现场一起看，当场定办法。"
            )
            self._act("whistle_arrive", *self._registrar, called_unit="镇派出所", person="值班民警")
        elif not course.startswith("handling"):
            return False
        return True

    def _finish(self, course: str) -> None:
        self._act("feed_back", *self._handler, result=self._text["result"], assist_open_note="协办部分已当面说清。")
        if course == "feedback":
            return
        if course == "verifying":
            self._act("verify", *self._member, note="今天到现场看。")
            return
        if course == "rework":
            self._act("verify_fail", *self._member, reason=self._say("fail"), due_at=self._due_in(1))
            return
        self._act("verify_pass", *self._member, finding=self._say("finding"), method="site")
        if course == "archived":
            self._act(
                "archive",
                "蒋丽萍",
                "archivist",
                self._units["centre"],
                file_no=f"云综档{self._at.year}-{self._chance.randint(1, 400):03}",
                retention="short",
            )
        elif course == "visited":
            words_said = self._say("words")
            self._act(
                "return_visit",
                *self._registrar,
                way="phone",
                satisfaction=self._chance.choice(("5", "4", "4", "3")),
                words=words_said,
            )

    def _act(self, action: str, user: str, role: str, unit: str, **values: object) -> None:
        event: Mapping[str, Any] = self._event
        filled = self._rules.fill(
            action, values, event=event, at=self._at, user=user, unit=unit, area=self._scene.area, case=self._case
        )
        found = self._rules.action(action, self._case.profile)
        if found and found.text and filled.get(found.text) and not filled.get("opinion"):
            filled["opinion"] = filled[found.text]
        step = Step(self._numbers.record_id(), action, self._at, filled, user, role, unit)
        dues = self._rules.dues(self._case, step)
        if dues:
            step = Step(step.id, action, self._at, {**filled, "due": dues}, user, role, unit)
        faults = self._rules.refusals(self._case, step)
        if faults:
            raise BugError(f"{self._course}: {action}: {faults[0].message}")
        self._case = self._rules.apply(self._case, step)
        row = {name: value for name, value in step.row().items() if value is not None}
        self._rows.append(("event_step", step.id, self._scene.area, {"event": self._id, **row}))
        self._pass_time()

    def _pass_time(self) -> None:
        """Go on to the next step: minutes at first; later the next days, in what time is left before now."""
        left = self._now - self._at
        later = self._at + min(dt.timedelta(minutes=self._chance.randint(8, 50)), left / 3)
        if len(self._rows) > 2 and self._course in _OLD | {"suspended"} and left > dt.timedelta(days=3):
            later = self._office_hour(self._at + dt.timedelta(days=1))
        elif len(self._rows) > 1 and left > dt.timedelta(hours=20):
            # What is open was touched lately, or its next step would be late.
            later = self._office_hour(self._at + left * 0.45)
        if self._at < later < self._now:
            self._at = later.replace(microsecond=0)

    def _office_hour(self, moment: dt.datetime) -> dt.datetime:
        return moment.replace(hour=min(max(moment.hour, 8), 17))

    def _due_in(self, days: int) -> str:
        return iso((self._now + dt.timedelta(days=days)).replace(hour=17, minute=30, second=0))

    @staticmethod
    def _missed(moment: dt.datetime) -> str:
        """About *moment* as a limit that was set: a full hour of the day, else the evening before."""
        if not 9 <= moment.hour <= 17:
            moment = (moment - dt.timedelta(days=moment.hour < 9)).replace(hour=17)
        return iso(moment.replace(minute=0, second=0))

    def _say(self, what: str) -> str:
        return self._chance.choice(self._reasons[what])

    @property
    def _unit(self) -> Mapping[str, str]:
        name = self._text["unit"]
        if name == "村委会":
            village = self._scene.site.plan
            body = f"{village.name}居委会" if village.community else f"{village.name}委会"
            return {"name": body, "handler": self._scene.site.head}
        return next(unit for unit in self._units["unit"] if unit["name"] == name)

    @property
    def _member(self) -> tuple[str, str, str]:
        grid = self._scene.home.grid
        return grid.member, "grid_member", grid.name

    @property
    def _handler(self) -> tuple[str, str, str]:
        return self._unit["handler"], "lead_handler", self._unit["name"]

    @property
    def _registrar(self) -> tuple[str, str, str]:
        return self._units["registrar"], "registrar", self._units["centre"]

    @property
    def _dispatcher(self) -> tuple[str, str, str]:
        return self._units["dispatcher"], "dispatcher", self._units["centre"]

    @property
    def _director(self) -> tuple[str, str, str]:
        return self._units["director"], "director", self._units["centre"]

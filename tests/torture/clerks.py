"""What clerks do, in whatever order: save, import, delete, move, decide, type; each step tells the witness."""

from __future__ import annotations

import random

from app.errors import KnownError
from app.store.saving import Edit
from tests.torture import work
from tests.torture.template import VILLAGES
from tests.torture.work import Killed

FIELDS = {
    # One field that asks, two where the later wins, one of a group; unique texts, so that a value tells who wrote it.
    "resident": ("name", "occupation", "remark", "birth_date"),
    "event": ("title", "detail"),
    "care_tag": ("purpose", "degree", "basis_note"),
    "mediation": ("title", "facts", "committee", "request"),
}
NUMBERED = {"accept_event": 12}
"""Steps from the seed on from which cases are numbered, and how often."""
_SOME = 12
"""Records that are worked on again and again; more only come by imports."""


class Clerks:
    """The steps of people; a World is behind them."""

    def make(self, chance, who=None):
        """A new resident."""
        if len(self._some) >= _SOME:
            return
        who = self._anybody(chance) if who is None else who
        record_id = self._new_id()
        edit = Edit("resident", record_id, self._area(chance, who), {"name": self._value("name")})
        self._save(who, [edit], {}, self._maybe_death(chance))
        self._some.append(record_id)

    def report_event(self, chance, who=None):
        """A new event with its first step: urgent."""
        who = self._anybody(chance) if who is None else who
        edits = self._event(self._area(chance, who))
        self._save(who, edits, {}, self._maybe_death(chance))
        if len(self._some) < _SOME:
            self._some.append(edits[0].id)

    def step_event(self, chance):
        """One more step of an event that is known here."""
        who = self._anybody(chance)
        events = self.devices[who].do(work.select, "event")
        if events:
            event = chance.choice(sorted(events, key=lambda record: record.id))
            self._save(who, [self._step(event.id, event.area, "report")], {}, None)

    def accept_event(self, chance):
        """One more event, taken in and numbered by whoever is there: some die between the number and the step."""
        who = self._anybody(chance)
        death = self._maybe_death(chance)
        device = self._alive(self.devices[who])
        try:
            number = device.do(work.take_number, death=death if chance.random() < 0.5 else None)
        except Killed:
            self.count.deaths += 1
            device.revive()
            return
        if number:
            edits = self._event(self._area(chance, who))
            step = self._step(edits[0].id, edits[0].area, "accept")
            self._save(
                who, [*edits, Edit(step.form, step.id, step.area, {**step.values, "case_no": number})], {}, death
            )

    def import_some(self, chance):
        """A roster: households and their people in one save, sent after all else."""
        who = self._anybody(chance)
        area = self._area(chance, who)
        self._import(who, area, chance.choice([4, 10, 40]), self._maybe_death(chance))

    def _import(self, who, area, count, death=None):
        edits = []
        while len(edits) < count:
            house = self._new_id()
            edits.append(Edit("household", house, area, {"head_name": self._value("name")}))
            edits += [Edit("resident", self._new_id(), area, self._roster_row(house)) for _ in range(len(edits) % 4)]
        self._save(who, edits, {}, death, bulk=True)

    def _roster_row(self, house):
        """A person whose date another column says again, as identity numbers do; but of some it says another, or there is none."""
        date, other = self._value("birth_date"), self._value("birth_date")
        said = other if self._values % 7 == 0 else date
        row = {"household": house, "name": self._value("name"), "remark": said.replace("-", "") + self._value("remark")}
        return row if self._values % 5 == 0 else {**row, "birth_date": date}

    def edit(self, chance):
        """Some fields of one record."""
        self._edit(chance, self._anybody(chance), self._pick(chance))

    def edit_apart(self, chance):
        """All, apart, some of the same fields."""
        record_id = self._pick(chance)
        again = chance.random()
        for who in range(len(self.devices)):
            self._edit(random.Random(again), who, record_id)

    def edit_and_delete_apart(self, chance):
        """One edits what the other deletes."""
        (who, other), record_id = chance.sample(range(len(self.devices)), 2), self._pick(chance)
        self._edit(chance, other, record_id)
        self._delete(who, record_id, gone=True)

    def delete_or_revive(self, chance):
        """One deletes, or brings back."""
        self._delete(self._anybody(chance), self._pick(chance), gone=chance.random() < 0.5)

    def move(self, chance):
        """To another village, by one who holds both."""
        who = chance.randrange(2)
        record = self._held(who, self._pick(chance))
        if record and not record.deleted:
            self._save(who, [Edit(record.form, record.id, chance.choice(VILLAGES), {})], {record.id: record}, None)

    def open_form(self, chance):
        """A record comes on the screen, and stays there."""
        who = self._anybody(chance)
        record = self._held(who, self._pick(chance))
        if record:
            self._screens[who] = record

    def save_form(self, chance):
        """What has been on the screen for long is saved."""
        who = self._anybody(chance)
        shown = self._screens.pop(who, None)
        if shown:
            self._edit(chance, who, shown.id, shown)

    def decide_conflict(self, chance, form="conflict"):
        """Theirs, mine, or a third value."""
        who = self._anybody(chance)
        device = self.devices[who]
        found = device.do(work.select, form, {"status": "open"})
        if not found:
            return
        conflict = chance.choice(sorted(found, key=lambda record: record.id))
        edits = [Edit(form, conflict.id, conflict.area, {"status": "decided"})]
        record = device.do(work.get, conflict.values["record_form"], conflict.values["record"])
        field = conflict.values["field"]
        if record and not record.deleted and field in FIELDS[record.form] and chance.random() < 0.7:
            edits.append(Edit(record.form, record.id, "", {field: self._value(field)}))
        elif record and field == "@deleted" and record.deleted and chance.random() < 0.5:
            edits.append(Edit(record.form, record.id, "", {}, deleted=False))
        screens = {conflict.id: conflict} | ({record.id: record} if record else {})
        self._save(who, edits, screens, self._maybe_death(chance))

    def type_draft(self, chance, who=None):
        """Text being typed, which no exchange may touch."""
        who, key = self._anybody(chance) if who is None else who, f"draft{chance.randrange(3)}"
        values = {"remark": self._value("remark")}
        self.devices[who].do(work.keep_draft, key, values)
        self._drafts[who, key] = values

    # -- how --------------------------------------------------------------------------------------

    def _save(self, who, edits, screens, death, *, bulk=False):
        device = self._alive(self.devices[who])
        before = device.do(work.standing)
        try:
            saved = device.do(work.save, edits, bulk, death=death)
        except KnownError as refused:
            if refused.code not in {"store.deleted_record", "store.handed_over"}:
                raise
            return
        except Killed:
            self.count.deaths += 1
            device.revive()
            # Nobody told the clerk that it was saved; all of it may be there all the same, or nothing.
            known = {change.counter for change in before.changes}
            made = [change for change in device.do(work.standing).changes if change.counter not in known]
            assert not made or {change.id for change in made} == {edit.id for edit in edits}
        else:
            made = saved.changes
        self.witness.saved(who, before.device, made, screens)

    def _edit(self, chance, who, record_id, shown=None):
        record = shown or self._held(who, record_id)
        if record is None:
            return
        fields = FIELDS[record.form]
        names = chance.sample(fields, chance.randrange(1, 3))
        values = {name: self._value(name) for name in names}
        seen = {name: shown.rev_of(name) for name in shown.values} if shown else {}
        edit = Edit(record.form, record_id, "", values, seen=seen)
        self._save(who, [edit], {record_id: record}, self._maybe_death(chance))

    def _delete(self, who, record_id, *, gone):
        record = self._held(who, record_id)
        if record is not None and record.deleted != gone and record.form == "resident":
            self._save(who, [Edit(record.form, record_id, "", {}, deleted=gone)], {record_id: record}, None)

    def _event(self, area):
        event = self._new_id()
        values = {"title": self._value("title"), "detail": self._value("detail"), "urgency": "normal"}
        return [Edit("event", event, area, values), self._step(event, area, "report")]

    def _step(self, event, area, action):
        values = {"event": event, "action": action, "at": "2026-09-18T10:00:00+08:00"}
        return Edit("event_step", self._new_id(), area, values)

    def _held(self, who, record_id):
        form = self.witness.records.get(record_id)
        return self._alive(self.devices[who]).do(work.get, form, record_id) if form else None

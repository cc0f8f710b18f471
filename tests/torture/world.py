"""Three devices and a county, and everything that happens to them: what clerks do, what the network does, who dies when."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from dataclasses import dataclass

from app.errors import KnownError
from app.store.saving import Edit
from tests.network.faults import WORSE_THAN_TLS, draw
from tests.network.proxy import BadLink
from tests.torture import work
from tests.torture.counties import opened
from tests.torture.devices import Death
from tests.torture.template import VILLAGES
from tests.torture.witness import Witness
from tests.torture.work import Killed

FIELDS = {
    # One field that asks, two where the later wins, one of a group; unique texts, so that a value tells who wrote it.
    "resident": ("name", "occupation", "remark", "birth_date"),
    "event": ("title", "detail"),
}
_SETTLE_ROUNDS = 4
_MOST_DEVICES = 4
_SOME = 12
"""Records that are worked on again and again; more only come by imports."""


@dataclass
class Count:
    """What a schedule came to."""

    faults: dict
    deaths: int = 0
    exchanges: int = 0


class World:
    """Every step takes a random.Random of its own, and nothing else decides what it does."""

    def __init__(self, place, speed=None):
        self._place = place
        self.forms = place.forms
        self.county = place.county
        self.county.start()
        self.link = BadLink(f"http://127.0.0.1:{self.county.port}", **(speed or {})).__enter__()
        self.devices = place.devices
        for device in self.devices:
            device.do(work.moved, self.link.url)
        self._seen_county = opened(place.database, self.forms)
        self.witness = Witness(self._seen_county, self.forms)
        self._device_backups = []
        self.count = Count(self.link.met)
        self._ids = random.Random(0)
        self._values = 0
        self._some = []
        self._screens = {}
        self._drafts = {}

    def close(self):
        for device in self.devices:
            device.close()
        self.link.__exit__()
        self.county.stop()
        self._seen_county.close()

    def begin(self):
        """Three records that all who may have, and a conflict-free start."""
        for who in (0, 0, 1):
            self.make(random.Random(who), who=who)
        for who in (0, 1, 0, 2):
            self.sync(None, who=who)

    # -- what clerks do ---------------------------------------------------------------------------

    def make(self, chance, who=None):
        """A new resident."""
        if len(self._some) >= _SOME:
            return
        who = self._anybody(chance) if who is None else who
        record_id = self._new_id()
        edit = Edit("resident", record_id, self._area(chance, who), {"name": self._value("name")})
        self._save(who, [edit], {}, self._maybe_death(chance))
        self._some.append(record_id)

    def report_event(self, chance):
        """A new event with its first step: urgent."""
        who = self._anybody(chance)
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
            edits += [
                Edit("resident", self._new_id(), area, {"name": self._value("name"), "household": house})
                for _ in range(len(edits) % 4)
            ]
        self._save(who, edits, {}, death, bulk=True)

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

    def decide_conflict(self, chance):
        """Theirs, mine, or a third value."""
        who = self._anybody(chance)
        device = self.devices[who]
        found = device.do(work.select, "conflict", {"status": "open"})
        if not found:
            return
        conflict = chance.choice(sorted(found, key=lambda record: record.id))
        edits = [Edit("conflict", conflict.id, conflict.area, {"status": "decided"})]
        record = device.do(work.get, conflict.values["record_form"], conflict.values["record"])
        field = conflict.values["field"]
        if record and not record.deleted and field in FIELDS[record.form] and chance.random() < 0.7:
            edits.append(Edit(record.form, record.id, "", {field: self._value(field)}))
        elif record and field == "@deleted" and record.deleted and chance.random() < 0.5:
            edits.append(Edit(record.form, record.id, "", {}, deleted=False))
        screens = {conflict.id: conflict} | ({record.id: record} if record else {})
        self._save(who, edits, screens, self._maybe_death(chance))

    def type_draft(self, chance):
        """Text being typed, which no exchange may touch."""
        who, key = self._anybody(chance), f"draft{chance.randrange(3)}"
        values = {"remark": self._value("remark")}
        self.devices[who].do(work.keep_draft, key, values)
        self._drafts[who, key] = values

    # -- what the network does, and who dies ------------------------------------------------------

    def sync(self, chance, who=None):
        """An exchange over a good link."""
        who = self._anybody(chance) if who is None else who
        self._whole()
        device = self.devices[who]
        before = device.do(work.standing)
        done = self._exchange(who)
        assert done.ok, done.code
        assert done.refused == 0
        self.witness.urgent_went_first(before, device.do(work.standing))

    def rough_sync(self, chance, who=None):
        """An exchange in which anything may happen."""
        who = self._anybody(chance) if who is None else who
        self._whole()
        self.link.set_plan([draw(chance, self._place.size, self._place.kinds) for _ in range(chance.randrange(4))])
        death = self._death(chance) if chance.random() < 0.3 else None
        if chance.random() < 0.3:
            self.county.die_at(self._death(chance))
        with self._beside(who, chance) if chance.random() < 0.3 else contextlib.nullcontext():
            self._exchange(who, tries=chance.randrange(1, 3), death=death)
        self.link.set_plan([])

    def urgent_during_upload(self, chance):
        """A roster is on its way up when something urgent is saved: that goes with the next frame."""
        who = self._anybody(chance)
        self._whole()
        self._import(who, self._area(chance, who), chance.randrange(30, 90))
        before = self.devices[who].do(work.standing)
        with self._beside(who, chance):
            done = self._exchange(who)
        assert done.ok, done.code
        after = self.devices[who].do(work.standing)
        if (before.incarnation, before.open_frames, after.changes) == (after.incarnation, (), ()):
            self.witness.went_next(self._saved_beside)

    def all_sync(self, chance):
        """All at once."""
        self._whole()
        failed = []

        def run(who):
            try:
                done = self._exchange(who, alone=False)
                assert done.ok, done.code
            except BaseException as bad:  # noqa: BLE001 - raised again below
                failed.append(bad)

        threads = [threading.Thread(target=run, args=(who,)) for who in range(len(self.devices))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    def refused_sync(self, chance):
        """Nobody listens."""
        self._whole()
        with self.link.refusing():
            done = self._exchange(self._anybody(chance), tries=1)
        assert done.code == "sync.unreachable"

    def county_ends(self, chance):
        """The county's server is stopped dead between exchanges."""
        self.county.stop()
        self.count.deaths += 1

    def device_ends(self, chance):
        """So is a device."""
        self.devices[self._anybody(chance)].revive()
        self.count.deaths += 1

    def give_frames_up(self, chance):
        """An answer is lost, and its frames are given up."""
        who = self._anybody(chance)
        self._lose_answer(chance, who)
        self.devices[who].do(work.give_up_frames)

    def begin_incarnation(self, chance):
        """An answer is lost, and a new incarnation begun."""
        who = self._anybody(chance)
        self._lose_answer(chance, who)
        self.devices[who].do(work.new_incarnation)

    def clock_jumps(self, chance):
        """A device's clock is set: minutes, days or years off."""
        self.devices[self._anybody(chance)].set_clock(chance.choice([0, 0, 300, -300, 86_400, -86_400, -500_000_000]))

    def late_ones_arrive(self, chance):
        """Old copies of requests turn up."""
        self._whole()
        self.link.deliver()

    # -- disks that are set back ------------------------------------------------------------------

    def back_up_county(self, chance):
        """As every night."""
        with self._county_down():
            self._place.back_up()

    def restore_county(self, chance):
        """It is set back to one of its backups, and nobody tells the devices."""
        if self._place.backups:
            with self._county_down():
                self._place.put_back(chance.randrange(len(self._place.backups)))
            self.witness.set_back = True

    @contextlib.contextmanager
    def _county_down(self):
        self.county.stop()
        self._seen_county.close()
        yield
        self._whole()

    def back_up_device(self, chance):
        """All that is on its disk."""
        who = self._anybody(chance)
        folder = self._place.folder / f"disk{len(self._device_backups)}"
        self._alive(self.devices[who]).back_up(folder)
        self._device_backups.append((who, folder))

    def restore_device(self, chance):
        """Its disk is set back, with its journal or without."""
        if not self._device_backups:
            return
        who, folder = chance.choice(self._device_backups)
        device, journal = self.devices[who], chance.random() < 0.5
        device.put_back(folder, journal=journal)
        device.do(work.moved, self.link.url)
        self._screens.pop(who, None)
        for one, key in [held for held in self._drafts if held[0] == who]:
            self._drafts[one, key] = device.do(work.draft, key)
        if journal:
            standings = [self._alive(device).do(work.standing) for device in self.devices]
            self.witness.went_with_the_disk(standings[who].device, standings)
            self._some = [record_id for record_id in self._some if record_id in self.witness.records]

    def clone_device(self, chance):
        """From now on two devices believe that they are the same one."""
        if len(self.devices) < _MOST_DEVICES:
            device = self.devices[self._anybody(chance)]
            clone = self._alive(device).clone(self._place.folder / f"clone{len(self.devices)}")
            self.devices.append(clone)

    # -- what must be true ------------------------------------------------------------------------

    def check(self):
        """What is true at any moment."""
        self.witness.nothing_is_lost([self._alive(device).do(work.standing) for device in self.devices])

    def settle(self):
        """The network is whole: it all comes to its end in a few exchanges, and everything is there."""
        self._whole()
        self.link.deliver()
        for _ in range(_SETTLE_ROUNDS):
            done = [self._exchange(who) for who in range(len(self.devices))]
            assert all(one.ok for one in done), [one.code for one in done]
            if all(one.in_agreement for one in done):
                break
        done = [self._exchange(who) for who in range(len(self.devices))]
        for one in done:
            assert (one.ok, one.left, one.refused, one.in_agreement) == (True, 0, 0, True), one
        self.check()
        self.witness.all_is_well(self.devices)
        for (who, key), values in self._drafts.items():
            assert self.devices[who].do(work.draft, key) == values

    # -- how --------------------------------------------------------------------------------------

    def _exchange(self, who, *, tries=3, death=None, alone=True):
        device = self.devices[who]
        self.count.exchanges += 1
        try:
            done = device.do(work.sync, tries=tries, death=death)
        except Killed:
            self.count.deaths += 1
            device.revive()
            return work.Outcome(False, "killed", 0, 0, False)
        if alone and not self.link.late:
            self.witness.agrees(device, done.in_agreement)
        assert not (done.in_agreement and done.left)
        # What a byte flipped on its way or a restore brings about may be mended; nothing else may make it necessary.
        assert not done.mended or self._disturbed, f"{device.user}: {done.mended} mended"
        return done

    @property
    def _disturbed(self):
        return self.witness.set_back or WORSE_THAN_TLS & self.link.met.keys()

    def _lose_answer(self, chance, who):
        self._whole()
        self.link.set_plan([draw(chance, self._place.size, ["cut_between", "gateway_timeout", "cut_down"])])
        self._exchange(who, tries=1)
        self.link.set_plan([])

    @contextlib.contextmanager
    def _beside(self, who, chance):
        """While an exchange runs, another process of the same device saves something urgent."""
        failed = []
        delay, area = chance.random() * self._place.patience, self._area(chance, who)

        def run():
            try:
                self._save_beside(who, delay, area)
            except BaseException as bad:  # noqa: BLE001 - raised again below
                failed.append(bad)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if failed:
            raise failed[0]

    def _save_beside(self, who, delay, area):
        time.sleep(delay)
        with self.devices[who].beside() as do:
            saved = do(work.save, self._event(area))
            standing = do(work.standing)
            self._saved_beside = (standing, saved.changes)
            self.witness.saved(who, standing.device, saved.changes, {})

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

    def _pick(self, chance):
        return self._some[chance.randrange(len(self._some))]

    def _whole(self):
        """Everybody is well, and the network too."""
        self.link.set_plan([])
        # In this order: what is still on its way may bring the county to its end at any moment.
        self.county.die_at(None)
        if not self.county.up:
            self.county.start()
        for device in self.devices:
            self._alive(device)

    def _alive(self, device):
        if device.dead:
            device.revive()
        return device

    def _maybe_death(self, chance):
        return self._death(chance) if chance.random() < 0.1 else None

    def _death(self, chance):
        return Death(
            chance.choice([None, chance.randrange(1, 12), chance.randrange(1, 120)]),
            chance.choice([None, chance.randrange(1, 6)]),
            chance.random() * self._place.patience,
        )

    def _anybody(self, chance):
        return chance.randrange(len(self.devices))

    def _area(self, chance, who):
        return chance.choice([area for area in VILLAGES if self.devices[who].holds(area)])

    def _new_id(self):
        return f"{self._ids.getrandbits(128):032x}"

    def _value(self, field):
        self._values += 1
        number = self._values
        if field == "birth_date":
            return f"{1900 + number // 336 % 120}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}"
        return f"{'甲乙丙丁戊己庚辛壬癸'[number % 10]}{''.join('零一二三四五六七八九'[int(d)] for d in str(number))}"


STEPS = {
    "make": 2, "report_event": 2, "step_event": 1, "import_some": 1, "edit": 5, "edit_apart": 3, "edit_and_delete_apart": 2,
    "delete_or_revive": 1, "move": 2, "open_form": 2, "save_form": 2, "decide_conflict": 2, "type_draft": 1, "sync": 4,
    "rough_sync": 10, "urgent_during_upload": 1, "all_sync": 2, "refused_sync": 1, "county_ends": 1, "device_ends": 1, "give_frames_up": 1,
    "begin_incarnation": 1, "clock_jumps": 1, "late_ones_arrive": 1,
}  # fmt: skip
"""The steps, and how often each comes."""
SET_BACK = {
    "back_up_county": 4, "restore_county": 2, "back_up_device": 4, "restore_device": 2,
    "clone_device": 1,
}  # fmt: skip
"""Those of schedules in which disks are set back, too."""

"""Three devices and a county, and everything that happens to them: what clerks do, what the network does, who dies when."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from dataclasses import dataclass

from tests.network.faults import WORSE_THAN_TLS, draw
from tests.network.proxy import BadLink
from tests.torture import work
from tests.torture.carriers import Carriers
from tests.torture.clerks import Clerks
from tests.torture.counties import opened
from tests.torture.devices import Death
from tests.torture.disks import Disks
from tests.torture.roads import Roads
from tests.torture.template import VILLAGES
from tests.torture.witness import Witness
from tests.torture.work import Killed

_SETTLE_ROUNDS = 4
_PATIENT = 3


@dataclass
class Count:
    """What a schedule came to."""

    faults: dict
    deaths: int = 0
    exchanges: int = 0


class World(Clerks, Disks, Carriers, Roads):
    """Every step takes a random.Random of its own, and nothing else decides what it does."""

    def __init__(self, place, speed=None):
        self._starting = threading.Lock()
        self._place = place
        self.forms = place.forms
        self.county = place.county
        self.county.start()
        self.link = BadLink(f"http://127.0.0.1:{self.county.port}", **(speed or {})).__enter__()
        self.devices = place.devices
        for device in self.devices:
            device.do(work.moved, self.link.url)
        self._seen_county = opened(place.database, self.forms, files=place.files)
        self.witness = Witness(self._seen_county, self.forms)
        self._device_backups = []
        self._backups_from = 0
        self.count = Count(self.link.met)
        self._ids = random.Random(0)
        self._values = 0
        self._some = []
        self._screens = {}
        self._drafts = {}
        self._carried = False

    def close(self):
        for device in self.devices:
            device.close()
        self.link.__exit__()
        self.county.stop()
        self._seen_county.close()

    def begin(self, *, carried=False):
        """Three records that all who may have, and a conflict-free start; *carried*: with what stands in ``Carriers``."""
        self._carried = carried
        if carried:
            self.begin_carried()
        for who in (0, 0, 1):
            self.make(random.Random(who), who=who)
        for who in (0, 1, 0, 2):
            self.sync(None, who=who)

    # -- what the network does, and who dies ------------------------------------------------------

    def sync(self, chance, who=None):
        """An exchange over a good link."""
        who = self._anybody(chance) if who is None else who
        self._whole()
        device = self.devices[who]
        before = device.do(work.standing)
        done = self._well(who)
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
            done = self._well(who)
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
                done = self._well(who, alone=False)
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

    def speak_old(self, chance):
        """A device begins an exchange as one of wire version 1; from the county's answer on it speaks the newest again."""
        who = self._anybody(chance)
        self._whole()
        self.devices[who].do(work.speak, 1)
        self.sync(chance, who=who)

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

    # -- what must be true ------------------------------------------------------------------------

    def check(self):
        """What is true at any moment."""
        self.witness.nothing_is_lost([self._alive(device).do(work.standing) for device in self.devices])

    def settle(self):
        """The network is whole: it all comes to its end in a few exchanges, and everything is there."""
        self._whole()
        self.link.deliver()
        for _ in range(_SETTLE_ROUNDS):
            done = [self._well(who) for who in range(len(self.devices))]
            assert all(one.ok for one in done), [one.code for one in done]
            if all(one.in_agreement for one in done):
                break
        done = [self._well(who) for who in range(len(self.devices))]
        for one in done:
            assert (one.ok, one.left, one.refused, one.in_agreement) == (True, 0, 0, True), one
        self.check()
        self.witness.all_is_well(self.devices)
        for (who, key), values in self._drafts.items():
            assert self.devices[who].do(work.draft, key) == values
        if self._carried:
            self.settle_carried()

    # -- how --------------------------------------------------------------------------------------

    def _well(self, who, *, alone=True):
        """An exchange over a good link: on a machine with much else to do, a county may be slower than devices are patient here."""
        for _ in range(_PATIENT):
            done = self._exchange(who, alone=alone)
            if done.code != "sync.unreachable":
                break
            # A request of before that was still at work may have come to the statement at which the county was to end.
            with self._starting:
                if not self.county.up:
                    self.county.start()
        return done

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
COPIED = {"copies_part": 3}
"""One more of these."""
SET_BACK = {
    "back_up_county": 4, "restore_county": 2, "back_up_device": 4, "restore_device": 2,
    "clone_device": 1,
}  # fmt: skip
"""Those of schedules in which disks are set back, too."""

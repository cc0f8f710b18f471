"""Disks that are set back, at the county and at devices, and one that is copied."""

from __future__ import annotations

import contextlib
import random

from tests.torture import work

_MOST_DEVICES = 4


class Disks:
    """The steps of backups and restores; a World is behind them."""

    def back_up_county(self, chance):
        """As every night."""
        with self._county_down():
            self._place.back_up()

    def restore_county(self, chance):
        """It is set back to one of its backups, and nobody tells the devices."""
        # A county that never heard of a device refuses its token: that one has to enrol again, which nobody does here.
        usable = len(self._place.backups) - self._backups_from
        if usable:
            with self._county_down():
                self._place.put_back(self._backups_from + chance.randrange(usable))
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
        folder = self._place.folder / f"disk{len(list(self._place.folder.glob('disk*')))}"
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
        if self._carried and not journal:
            self.disk_went(who)
        if journal:
            standings = [self._alive(device).do(work.standing) for device in self.devices]
            self.witness.went_with_the_disk(standings[who].device, standings)
            self._some = [record_id for record_id in self._some if record_id in self.witness.records]
            if self._carried:
                self.disk_went(who)

    def clone_device(self, chance):
        """From now on two devices believe that they are the same one."""
        if len(self.devices) < _MOST_DEVICES:
            device = self.devices[self._anybody(chance)]
            clone = self._alive(device).clone(self._place.folder / f"clone{len(self.devices)}")
            self.devices.append(clone)

    def copies_part(self, chance):
        """A disk is copied, and both change the same fields; one comes under a number that the other's frame did not have.

        Because it gave a number up that never left it, or because something urgent took its change along before a roster.
        """
        if len(self.devices) >= _MOST_DEVICES:
            return
        one, other = self._anybody(chance), len(self.devices)
        self._whole()
        if chance.random() < 0.5:
            self._exchange(one)
        self.devices.append(self.devices[one].clone(self._place.folder / f"clone{other}"))
        pair = [one, other] if chance.random() < 0.5 else [other, one]
        record_id, again = self._pick(chance), chance.random()
        for who in pair[: chance.randrange(3)]:
            # So that the counters are apart, one way or the other.
            self._import(who, self._area(chance, who), chance.randrange(1, 6))
        self._edit(random.Random(again), pair[0], record_id)
        first = chance.random() < 0.7
        if first:
            self._exchange(pair[0])
        if chance.random() < 0.5:
            self._edit(random.Random(again), pair[1], record_id)
            self.devices[pair[1]].do(work.frame_all)
            self.devices[pair[1]].do(work.give_up_frames)
        else:
            self._import(pair[1], self._area(chance, pair[1]), chance.randrange(20, 60))
            self.devices[pair[1]].do(work.frame_all)
            self._edit(random.Random(again), pair[1], record_id)
            self.report_event(chance, who=pair[1])
        if chance.random() < 0.3:
            self.rough_sync(chance, who=pair[1])
        self._exchange(pair[1])
        if not first:
            self._exchange(pair[0])

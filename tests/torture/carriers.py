"""What is carried beside the exchange: files on sticks, photos, restricted records, and devices that are put out of use."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import sqlalchemy as sa

from app.errors import KnownError
from app.store import retirement
from app.store.saving import Edit
from sync.county import aside, bundles, left, office
from sync.county.granting import grant
from tests.network.faults import WORSE_THAN_TLS, draw
from tests.torture import template, work
from tests.torture.counties import opened
from tests.torture.work import Fuse, Killed

ALL = (*office.DEFAULT_ROLES, "care_worker")
FEW = tuple(role for role in office.DEFAULT_ROLES if role != "mediator")
_ATTACHED = {"resident": "registry_attachment", "event": "cases_attachment", "mediation": "mediation_attachment"}
_LEFT_ALONE = {"bundle.not_for_us", "bundle.outdated", "sync.gap"}
"""Why a device may leave an answer alone: not its own, of its past, or beyond what it has."""
_UNREADABLE = {"bundle.county_restored", "sync.county_restored", "sync.other_past"}
"""Why a county that was set back may leave a device's file alone, and a device that county's answer."""
_MOST_STICKS = 30
_FILE_ROUNDS = 6


@dataclass(frozen=True)
class Photo:
    """Content that was attached: SHA-256 and size, and at which device."""

    sha256: str
    size: int
    who: int


class Carriers:
    """The steps; a World is behind them."""

    def begin_carried(self):
        """The village's device may see neither mediations nor care; everybody has heard what it needs for sticks."""
        self._going, self._coming, self._photos, self._at_risk = [], [], {}, set()
        for device, roles in zip(self.devices, (ALL, ALL, FEW), strict=True):
            grant(self._seen_county, device.do(work.standing).device, roles=roles)
        self.devices[2].closed = frozenset({"mediation", "care"})
        for who in (2, 0, 1):
            self.sync(None, who=who)

    # -- sticks -----------------------------------------------------------------------------------

    def write_stick(self, chance):
        """A file for the county; it may be lost."""
        who = self._anybody(chance)
        device = self._alive(self.devices[who])
        before = device.do(work.standing).changes
        try:
            content = device.do(work.write_bundle, death=self._maybe_death(chance))
        except Killed:
            self.count.deaths += 1
            device.revive()
            content = None
        assert device.do(work.standing).changes == before
        if content:
            self._going = [*self._going, content][-_MOST_STICKS:]

    def county_reads_stick(self, chance):
        """One of the last few, or an old one; read before or not; the reading may be killed in the middle."""
        if not self._going:
            return
        self._whole()
        content = self._one_of(chance, self._going)
        if chance.random() < 0.3:
            with self._dying(chance.randrange(1, 60)) as county, contextlib.suppress(Killed, KnownError):
                bundles.take(county, content)
        try:
            answer = bundles.take(self._seen_county, content).answer
        except KnownError as bad:
            if bad.code not in _UNREADABLE or not self.witness.set_back:
                raise
        else:
            self._coming = [*self._coming, answer][-_MOST_STICKS:]

    def county_answers_again(self, chance):
        """Another answer to the newest file of a device, with what has happened since."""
        self._whole()
        try:
            made = bundles.answer_again(self._seen_county, self.devices[self._anybody(chance)].do(work.standing).device)
        except KnownError as bad:
            if bad.code not in {"bundle.none_yet"} | (_UNREADABLE if self.witness.set_back else set()):
                raise
        else:
            self._coming = [*self._coming, made.answer][-_MOST_STICKS:]

    def device_reads_stick(self, chance):
        """An answer, whosoever's it is; read before or not."""
        if not self._coming:
            return
        device = self._alive(self.devices[self._anybody(chance)])
        before = device.do(work.standing)
        try:
            device.do(work.read_bundle, self._one_of(chance, self._coming), death=self._maybe_death(chance))
        except Killed:
            self.count.deaths += 1
            device.revive()
        except KnownError as bad:
            # A county that was set back says so over the network.
            allowed = _LEFT_ALONE | ({*_UNREADABLE, "bundle.forged"} if self.witness.set_back else set())
            if bad.code not in allowed:
                raise
            assert device.do(work.standing) == before

    def there_and_back(self, chance):
        """Written, read, answered and read, one after the other, for whoever it is."""
        who = self._anybody(chance)
        self._whole()
        device = self.devices[who]
        content = device.do(work.write_bundle)
        self._going = [*self._going, content][-_MOST_STICKS:]
        try:
            answer = bundles.take(self._seen_county, content).answer
            device.do(work.read_bundle, answer)
        except KnownError as bad:
            if bad.code not in _UNREADABLE | _LEFT_ALONE or not self.witness.set_back:
                raise
        else:
            kept, anew = device.do(work.digests)
            assert kept == anew

    # -- photos -----------------------------------------------------------------------------------

    def attach(self, chance, who=None):
        """A photo of any record that is known here, with a small picture or without."""
        who = self._anybody(chance) if who is None else who
        record = self._held(who, self._pick(chance))
        if record is None or record.deleted or record.form not in _ATTACHED:
            return
        device = self._alive(self.devices[who])
        content = chance.randbytes(chance.choice([2_000, 30_000, 90_000]))
        small = chance.randbytes(500) if chance.random() < 0.5 else b""
        values = {"owner_form": record.form, "owner": record.id, "kind": "photo", "name": self._value("name")}
        try:
            values |= device.do(work.keep_file, content, small, death=self._maybe_death(chance))
        except Killed:
            self.count.deaths += 1
            device.revive()
            return
        made = self._new_id()
        edit = Edit(_ATTACHED[record.form], made, record.area, values)
        self._save(who, [edit], {}, self._maybe_death(chance))
        if made in self.witness.records:
            self._photos[made] = Photo(values["sha256"], values["size"], who)

    def carry(self, chance):
        """Records, then files, over a good link."""
        who = self._anybody(chance)
        self.sync(chance, who=who)
        stopped, code = self.devices[who].do(work.carry)
        assert stopped in ("", "urgent"), (stopped, code)

    def rough_carry(self, chance):
        """Files over a link that cuts, with either end dying."""
        who = self._anybody(chance)
        self._whole()
        if chance.random() < 0.7:
            self._exchange(who)
        # No TLS is broken here: what a flipped byte does to a file is refused by its SHA-256, and set aside when that comes twice.
        kinds = [kind for kind in self._place.kinds if kind not in WORSE_THAN_TLS]
        size = chance.choice([self._place.size, 40_000])
        self.link.set_plan([draw(chance, size, kinds) for _ in range(chance.randrange(5))])
        if chance.random() < 0.2:
            self.county.die_at(self._death(chance))
        self._carry(who, self._death(chance) if chance.random() < 0.3 else None)
        self.link.set_plan([])

    def want_photo(self, chance):
        """Somebody opens a photo that another device took."""
        who = self._anybody(chance)
        for one in list(self._photos.values())[-3:]:
            self._alive(self.devices[who]).do(work.want, one.sha256, one.size)

    # -- restricted -------------------------------------------------------------------------------

    def accept_mediation(self, chance):
        """A new mediation, by one who may."""
        who = chance.randrange(2)
        record_id = self._new_id()
        area = self._area(chance, who)
        edit = Edit("mediation", record_id, area, {"title": self._value("title"), "facts": self._value("facts")})
        self._save(who, [edit], {}, self._maybe_death(chance))
        if record_id in self.witness.records:
            self._some.append(record_id)

    def tag_care(self, chance):
        """Somebody is in need of care; only who works for that may know."""
        who = chance.randrange(2)
        person = self._held(who, self._pick(chance))
        if person is None or person.deleted or person.form != "resident":
            return
        values = {
            "resident": person.id,
            "kind": "living_alone",
            "purpose": self._value("purpose"),
            "basis": "consent",
            "since": "2026-03-02",
            "review_on": "2027-03-01",
            "expires_on": "2027-03-01",
        }
        made = self._new_id()
        self._save(who, [Edit("care_tag", made, person.area, values)], {}, self._maybe_death(chance))
        if made in self.witness.records:
            self._some.append(made)

    def decide_restricted(self, chance):
        """A quarrel about a mediation, or about care."""
        self.decide_conflict(chance, chance.choice(["mediation_conflict", "care_conflict"]))

    # -- out of use -------------------------------------------------------------------------------

    def revoke_and_allow(self, chance):
        """It hears that it is out of use, over the network or by a file, saves nothing, and is taken back."""
        who = self._anybody(chance)
        self._whole()
        device = self.devices[who]
        name = device.do(work.standing).device
        content = device.do(work.write_bundle)
        office.revoke(self._seen_county, name)
        try:
            if chance.random() < 0.5:
                assert bundles.take(self._seen_county, content).changes == {}
            done = device.do(work.sync, tries=1)
            assert done.code == "sync.revoked", done
            with contextlib.suppress(KnownError):
                device.do(work.save, [Edit("resident", None, self._area(chance, who), {"name": "锁"})], False)
                raise AssertionError("saved on a locked device")
        finally:
            office.allow(self._seen_county, name)
        self.check()
        self._exchange(who)

    def replace_device(self, chance):
        """It is emptied by order of the county, what was only there comes by its sealed file, and its clerk gets a new one."""
        who = self._anybody(chance)
        self._whole()
        device = self.devices[who]
        name = device.do(work.standing).device
        twins = [other for other in self.devices if other.do(work.standing).device == name]
        # What only a device still knows of days that the county lost is offered, not sealed: no order comes before that is over.
        if self.witness.set_back or len(twins) > 1:
            return
        if chance.random() < 0.5:
            self.attach(chance, who)
            self.type_draft(chance, who)
        typed = [self._drafts.pop(key) for key in list(self._drafts) if key[0] == who]
        office.revoke(self._seen_county, name, wipe=True)
        sealed = self._wiped(device, chance)
        if sealed is not None:
            left.take(self._seen_county, sealed)
        kept = [one for one in left.texts(self._seen_county, name) if one.kind == "draft"]
        contents = [left.read(self._seen_county, one.key, "找回").content for one in kept]
        assert all(values in contents for values in typed), (typed, contents)
        self._let_in(name)
        self._screens.pop(who, None)
        self._device_backups = [held for held in self._device_backups if held[0] != who]
        self._backups_from = len(self._place.backups)
        device.close()
        folder = self._place.folder / f"new{len(list(self._place.folder.glob('new*')))}"
        roles = FEW if device.closed else ALL
        template.home(self._seen_county, folder, device.key, self.forms, device.user, device.areas, roles)
        self.devices[who] = device.at(folder)
        self.devices[who].do(work.moved, self.link.url)
        self.sync(chance, who=who)

    def _wiped(self, device, chance):
        """Its sealed file; None where nothing was only there. It may die over the sealing, and begins again."""
        done = device.do(work.sync, tries=1)
        assert done.code == "sync.wipe", done
        try:
            device.do(work.wipe, death=self._maybe_death(chance))
        except Killed:
            self.count.deaths += 1
            if retirement.note(device.folder) is None:
                device.revive()
                device.do(work.wipe)
        note = retirement.note(device.folder)
        assert note is not None
        return device.folder / note.file if note.file else None

    def _let_in(self, name):
        """A supervisor takes whatever waits of the device."""
        for _ in range(3):
            keys = [item.key for item in aside.tray(self._seen_county, name)]
            if not keys:
                return
            became = aside.accept(self._seen_county, keys)
            assert set(became.values()) <= {"accepted", "merged", "conflict", "waiting"}, became
        raise AssertionError("something of it still waits")

    # -- how --------------------------------------------------------------------------------------

    def settle_carried(self):
        """Every photo whose record is there is at the county and at every device that may see it."""
        for _ in range(_FILE_ROUNDS):
            for who, device in enumerate(self.devices):
                self._exchange(who)
                for one in self._due(device):
                    device.do(work.want, one.sha256, one.size)
                self._carry(who, None)
            if not any(device.do(work.files_waiting) for device in self.devices) and not self._lacking():
                break
        assert self._lacking() == []
        assert aside.tray(self._seen_county) == []

    def disk_went(self, who):
        """The disk of *who* was set back: a photo of his that the county hasn't is gone with it."""
        name = self.devices[who].user
        here = {key for key, one in self._photos.items() if self.devices[one.who].user == name}
        self._at_risk |= {key for key in here if not self._seen_county.files.has(self._photos[key].sha256)}
        for key in self._photos.keys() - self.witness.records.keys():
            del self._photos[key]

    def _due(self, device):
        mine = device.do(work.known, list(self._photos))
        return [self._photos[key] for key in mine]

    def _lacking(self):
        """[(whose, attachment)] of content that isn't where it should be, or isn't what it was."""
        found = []
        for key, one in self._photos.items():
            if not self._right_at_county(one):
                found += [] if key in self._at_risk else [("county", key)]
                continue
            for device in self.devices:
                if device.do(work.known, [key]) and device.do(work.hash_of, one.sha256) != one.sha256:
                    found.append((device.user, key))
        return found

    def _right_at_county(self, one):
        room = self._seen_county.files
        if not room.has(one.sha256):
            return False
        with room.reader(one.sha256) as reader:
            return reader.sha256() == one.sha256 and reader.size == one.size

    def _carry(self, who, death):
        device = self._alive(self.devices[who])
        try:
            device.do(work.carry, death=death)
        except Killed:
            self.count.deaths += 1
            device.revive()

    def _one_of(self, chance, held):
        return held[-1 - min(chance.randrange(len(held)), chance.randrange(len(held)))]

    @contextlib.contextmanager
    def _dying(self, statements):
        """The county as another process has it, which ends at the so manyth statement."""
        county, fuse = opened(self._place.database, self.forms, files=self._place.files), Fuse()
        sa.event.listen(county.database.engine, "before_cursor_execute", lambda *_: fuse.burn())
        sa.event.listen(county.database.engine, "commit", lambda _: fuse.burn())
        fuse.set(statements)
        try:
            yield county
        finally:
            county.close()


CARRIED = {
    "write_stick": 3, "county_reads_stick": 4, "county_answers_again": 1, "device_reads_stick": 4, "there_and_back": 2,
    "attach": 9, "carry": 2, "rough_carry": 9, "want_photo": 2, "accept_mediation": 3, "tag_care": 3, "decide_restricted": 1,
    "revoke_and_allow": 1, "replace_device": 2,
    "speak_old": 2,
}  # fmt: skip
"""The steps of this page, and how often each comes in the schedules that have them."""

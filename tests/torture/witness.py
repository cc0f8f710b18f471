"""What the clerks saw and did, and whether all of it is still there: kept from their screens, the merge's rules aren't repeated."""

from __future__ import annotations

import json
from collections import defaultdict

import sqlalchemy as sa

from sync.county import office
from sync.county.records import streams
from sync.county.tables import ASIDE, ENTRY, HISTORY
from sync.merge import content_hash
from tests.torture import work

FORMS = ("resident", "household", "event", "event_step")


class Witness:
    """``note`` what was done; the rest asserts."""

    def __init__(self, county, forms):
        self._county = county
        self._forms = forms
        self.records = {}
        self.changes = {}
        self._by = {}
        self.set_back = False
        """Whether the county was ever restored: it has the words again, not each change of the lost days by itself."""
        # (record, field) -> what was written, by whom; and what somebody knowingly wrote over.
        self._written = defaultdict(list)
        self._replaced = defaultdict(set)
        self._deletions = defaultdict(list)

    # -- what clerks did --------------------------------------------------------------------------

    def knows(self, device, change):
        return content_hash(device, change) in self.changes

    def saved(self, who, device, changes, screens):
        """*changes* were saved by *who*; *screens* are the records that he had before him, by id."""
        for change in changes:
            own = content_hash(device, change)
            self.changes[own] = change
            self._by[own] = device
            self.records.setdefault(change.id, change.form)
            shown = screens.get(change.id)
            for field, value in change.values.items():
                if field == "@deleted" and value:
                    self._deletions[change.id].append((who, set(shown.values.values()), own))
                elif not field.startswith("@"):
                    self._wrote(who, (change.id, field), value, shown, own)

    def _wrote(self, who, key, value, shown, own):
        if shown is not None:
            # What one device itself wrote before is its own to replace.
            self._replaced[key] |= {shown.values.get(key[1]), *(old for old, by, _ in self._written[key] if by == who)}
        self._written[key].append((value, who, own))

    def went_with_the_disk(self, device, standings):
        """*device* was set back with all it had: what it had not sent is gone, and nobody can know of it."""
        left = {content_hash(held.device, change) for held in standings for change in held.changes}
        left |= {row.hash for row in self._rows(HISTORY)}
        gone = {key for key in self.changes if key not in left and self._by[key] == device}
        for key in gone:
            change = self.changes.pop(key)
            if change.creates:
                self.records.pop(change.id)
        for some in (self._written, self._deletions):
            for key, lines in some.items():
                some[key] = [line for line in lines if line[-1] not in gone]

    # -- what is true at any moment ---------------------------------------------------------------

    def nothing_is_lost(self, standings):
        """Every saved change waits at its device or is at the county."""
        if self.set_back:
            return
        there = {row.hash for row in self._rows(HISTORY)}
        waiting = {content_hash(held.device, change) for held in standings for change in held.changes}
        lost = self.changes.keys() - there - waiting
        assert not lost, f"lost: {[self.changes[key] for key in lost]}"

    def agrees(self, device, said):
        """*said* was "in agreement": it is true."""
        kept, anew = device.do(work.digests)
        assert kept == anew, f"{device.user}: the kept digests are not those of the values: {apart(kept, anew)}"
        if said:
            with self._county.database.snapshot() as conn:
                areas = sorted(area.code for area in self._county.areas(conn) if device.holds(area.code))
                held = streams(conn, self._county.code, areas)
            told = {key: tuple(both) for key, both in held.items() if both[0] and device.holds(*key)}
            news = self._news_since(device) if kept != told else set()
            wrong = {key: both for key, both in apart(kept, told).items() if key not in news}
            assert not wrong, f"{device.user} said in agreement: {wrong}"

    def _news_since(self, device):
        """The streams in which something was entered beyond the device's cursor.

        What another device sent before it was cut may be committed when this one has had its answer already.
        """
        cursors = device.do(work.cursors)
        return {
            (row.area, row.stream)
            for row in self._rows(ENTRY)
            if row.rev > cursors.get(row.stream, {}).get(row.area, 0)
        }

    def urgent_went_first(self, before, after):
        """What was urgent and unframed before a quiet exchange came in no later frame than the rest, but for what it needs."""
        if self.set_back or before.incarnation != after.incarnation or before.open_frames or after.changes:
            return
        waited = {content_hash(before.device, change) for change in before.changes}
        frames = {
            row.counter: row.frame
            for row in self._rows(HISTORY)
            if row.hash in waited and row.incarnation == before.incarnation and row.frame > before.frame
        }
        urgent = [change for change in before.changes if change.counter in before.urgent]
        needed = self._needed(urgent, before.changes)
        last = max((frames[change.counter] for change in urgent if change.counter in frames), default=0)
        for change in before.changes:
            if change.counter not in needed and change.counter in frames:
                assert frames[change.counter] >= last, f"{change} went before what was urgent"

    def went_next(self, saved):
        """*saved*: what stood in the store right after something urgent was saved, and that; it went with the frame after."""
        standing, changes = saved
        wanted = {content_hash(standing.device, change) for change in changes}
        for row in self._rows(HISTORY):
            if row.hash in wanted and row.incarnation == standing.incarnation:
                assert row.frame <= standing.frame + 1, f"frame {row.frame}, not {standing.frame + 1}"

    def _needed(self, urgent, changes):
        found, fresh = set(), list(urgent)
        while fresh:
            change = fresh.pop()
            if change.counter in found:
                continue
            found.add(change.counter)
            wanted = {change.id, *(change.values.get(name) for name, _ in self._forms[change.form].references)}
            fresh += [other for other in changes if other.id in wanted]
        return found

    # -- what is true at the end ------------------------------------------------------------------

    def all_is_well(self, devices):
        """Nothing left to send, the network whole: zero lost, zero doubled, all the same, nobody's words gone."""
        self._nothing_lost_nothing_doubled()
        held = self._all_have_the_same(devices)
        self._nobodys_words_vanished(devices[0], held)
        self._no_two_cases_of_one_number()

    def _no_two_cases_of_one_number(self):
        cases = defaultdict(set)
        for row in self._rows(self._county.tables.by_form["event_step"]):
            if row.case_no:
                cases[row.case_no].add(row.event)
        assert all(len(found) == 1 for found in cases.values()), "two cases of one number"

    def _nothing_lost_nothing_doubled(self):
        taken = [row.hash for row in self._rows(HISTORY) if row.device]
        assert len(taken) == len(set(taken)), "doubled"
        assert self.set_back or set(taken) == self.changes.keys(), "lost, or nobody's"
        # What a supervisor let in stays there, with his decision.
        assert [row for row in self._rows(ASIDE) if row.decided != "accepted" and row.hash not in set(taken)] == []
        assert all(row.sound for row in office.digest(self._county)), "the county's digests are not those of its values"

    def _all_have_the_same(self, devices):
        by_form = defaultdict(list)
        for record_id, form in self.records.items():
            by_form[form].append(record_id)
        found = {}
        with self._county.database.snapshot() as conn:
            for form, ids in by_form.items():
                there = {key: item.record for key, item in self._county.records.get(conn, form, ids).items()}
                assert there.keys() == set(ids)
                found.update(there)
        for device in devices:
            for form, ids in by_form.items():
                mine = device.do(work.many, form, ids)
                due = {record_id for record_id in ids if device.holds(found[record_id].area, self._forms[form].stream)}
                assert mine.keys() == due, f"{device.user} lacks {due - mine.keys()}, has {mine.keys() - due}"
                for record_id in due:
                    self._same(device, mine[record_id], found[record_id])
        return found

    def _same(self, device, mine, there):
        derived = {name for name, item in self._forms[mine.form].fields.items() if item.derived}
        values = {name: value for name, value in mine.values.items() if value is not None and name not in derived}
        told = {name: value for name, value in there.values.items() if value is not None}
        assert (values, mine.area, mine.deleted) == (told, there.area, there.deleted), f"{device.user}: {mine.id}"
        assert mine.pending == 0

    def _nobodys_words_vanished(self, device, held):
        conflicts = [
            conflict
            for form in ("conflict", "mediation_conflict", "care_conflict")
            for conflict in device.do(work.select, form)
        ]
        kept = defaultdict(set)
        for conflict in conflicts:
            for part in ("mine", "theirs"):
                kept[conflict.values["record"]] |= _words(json.loads(conflict.values[part]))
        for (record_id, field), writes in self._written.items():
            if not writes:
                continue
            record = held[record_id]
            for value, who, _ in writes:
                known = value in self._replaced[record_id, field] or value in kept[record_id]
                assert known or record.values.get(field) == value, f"vanished: {record_id} {field} {value}"
                deletions = self._deletions[record_id]
                if record.deleted and len(deletions) == 1:
                    # An edit that the only deleter had not seen is shown to people.
                    deleter, screen, _ = deletions[0]
                    assert known or who == deleter or value in screen, f"unshown: {record_id} {field} {value}"
        assert len({conflict.id for conflict in conflicts}) == len(conflicts)

    def _rows(self, table):
        with self._county.database.snapshot() as conn:
            return conn.execute(sa.select(table).where(table.c.county == self._county.code)).all()


def apart(one, other):
    """The keys under which two dicts differ, with both values."""
    return {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def _words(value):
    return set(value.values()) if isinstance(value, dict) else {value}

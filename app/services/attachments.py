"""Photos, scans and signatures of any record: taken in, listed, opened and asked for, by the gate's leave."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import Denied, KnownError
from app.schema.record import Record
from app.schema.values import Fault, Value
from app.sealed import Reader
from app.services.gate import Gate
from app.services.records import Outcome, Records
from app.store.contents import pieces_of
from app.store.saving import Edit

if TYPE_CHECKING:
    from app.schema.form import Form
    from app.services.pictures import Intake
    from app.store.audit import AuditLine
    from app.store.store import Store

INTAKE = "files.intake"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a record. ``here``: the original can be opened now. ``sending``: none, waiting, sent or refused.

    ``step``: the step of the case with which it was handed in; empty for what belongs to the case itself.
    """

    form: str
    id: str
    area: str
    name: str
    kind: str
    media_type: str
    size: int
    sha256: str
    thumb: str
    taken_at: str
    by: str
    here: bool
    thumb_here: bool
    wanted: bool
    sending: str
    why: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that was taken in before the record to which it belongs is saved: the values of its own record."""

    values: Mapping[str, Value]

    @property
    def sha256(self) -> str:
        """What its content is named by."""
        return str(self.values["sha256"])

    @property
    def name(self) -> str:
        """What the clerk calls it."""
        return str(self.values.get("name") or "")


class Attachments:
    """The files of this desk's records."""

    def __init__(self, store: Store, gate: Gate, records: Records) -> None:
        self._store = store
        self._gate = gate
        self._records = records

    @property
    def intake(self) -> Intake:
        """How files are taken in on this device."""
        from app.services.pictures import Intake

        return Intake(**self._store.meta.get(INTAKE, {}))

    def set_intake(self, intake: Intake) -> None:
        """Change how files are taken in from now on."""
        with self._store.transaction():
            self._store.meta.set(INTAKE, dataclasses.asdict(intake))

    def form_of(self, owner: str) -> Form:
        """The form that names files of records of form *owner*: of the same rights and class; KnownError("files.not_for")."""
        shape = self._store.forms.get(owner)
        if shape is None:
            raise KnownError("forms.unknown", name=owner, known="、".join(sorted(self._store.forms)))
        name = f"{self._gate.permissions.whole_group(owner, shape.stream)}_attachment"
        form = self._store.forms.get(name)
        if form is None or form.stream != shape.stream or shape.system or shape in self._store.forms.attachments:
            raise KnownError("files.not_for", form=shape.title)
        return form

    def add(
        self,
        owner_form: str,
        owner: str,
        path: Path | bytes,
        *,
        kind: str | None = None,
        name: str = "",
        step: str = "",
    ) -> Outcome:
        """Attach the file at *path*, or a picture's bytes, to a record, to one *step* where it is a case.

        The same content twice is kept once; it is on the disk, sealed, before the record that names it is saved.
        Raises Denied and KnownError("files.…").
        """
        form = self.form_of(owner_form)
        held = self._records.get(owner_form, owner)
        line = self._gate.line("create", form.name, held.area, record=owner, fields="file", own=True)
        also: dict[str, Value] = {}
        if step:
            made = self._store.get("event_step", step)
            if made is None or made.values.get("event") != owner or "step" not in form.fields:
                raise KnownError("store.no_record", form=self._store.forms["event_step"].title, id=step)
            also["step"] = step
        clean, faults = self._kept(form, {"owner_form": owner_form, "owner": owner, **also}, path, kind, name)
        if faults:
            return Outcome(None, tuple(faults))
        saved = self._store.save([Edit(form.name, None, held.area, clean)], self._gate.session.user, audit=[line])
        return Outcome(self._store.get(form.name, saved.ids[0]))

    def stage(self, owner_form: str, owner: str, source: Path | bytes, name: str = "") -> Staged:
        """Take a file, or a picture's bytes, in for a record that is still being typed: sealed on the disk, named by nothing yet.

        ``beginning`` names it in the save of that record. Raises Denied and KnownError("files.…").
        """
        form = self.form_of(owner_form)
        decision = self._gate.decide("create", form.name, None, own=True)
        if not decision.allowed:
            raise Denied(f"rules.denied_{decision.reason_code}")
        values, faults = self._kept(form, {"owner_form": owner_form, "owner": owner}, source, None, name)
        if faults:
            raise KnownError("files.unreadable", name=name or getattr(source, "name", ""))
        return Staged(values)

    def small_of(self, staged: Staged) -> bytes | None:
        """The small picture of a file that was staged; None where it has none or it is no longer here."""
        try:
            return self._store.files.read(str(staged.values["thumb"])) if staged.values.get("thumb") else None
        except KnownError:
            return None

    def unstage(self, staged: Sequence[Staged]) -> None:
        """Remove files that were staged for what will never be saved; one that a record names by now stays."""
        self._store.files.forget(
            str(one.values[name]) for one in staged for name in ("sha256", "thumb") if one.values.get(name)
        )

    def beginning(
        self, owner_form: str, owner: str, area: str, staged: Sequence[Staged], *, step: str = ""
    ) -> tuple[list[Edit], list[AuditLine]]:
        """What names *staged* files in the save of a new record, or of one *step* of a case that stands.

        KnownError("files.staged_gone") where one is no longer here.
        """
        form = self.form_of(owner_form)
        here = self._store.files.many(one.sha256 for one in staged)
        of_step = {"step": step} if step else {}
        edits, lines = [], []
        for sha256, one in {one.sha256: one for one in staged}.items():
            if sha256 not in here or not here[sha256].here:
                raise KnownError("files.staged_gone", name=one.name)
            edits.append(
                Edit(form.name, None, area, {**one.values, "owner_form": owner_form, "owner": owner, **of_step})
            )
            lines.append(self._gate.line("create", form.name, area, record=owner, fields="file", own=True))
        return edits, lines

    def _kept(
        self, form: Form, values: Mapping[str, Value], source: Path | bytes, kind: str | None, name: str
    ) -> tuple[dict[str, Value], list[Fault]]:
        """The values of the record that names the file *source*, which is sealed on the disk by then."""
        # Pillow takes its time to load, and a window opens without it.
        from app.services.pictures import take_in, take_picture

        if isinstance(source, bytes):
            taken = take_picture(source, name, self.intake)
            content: Iterable[bytes] = [taken.content or source]
        else:
            name, taken = name or source.name, take_in(source, kind, self.intake)
            content = pieces_of(source) if taken.content is None else [taken.content]
        found: dict[str, object] = {
            **values,
            "kind": taken.kind,
            "name": name.strip()[-120:],
            "media_type": taken.media_type,
            "taken_at": taken.taken_at,
            "by": self._gate.session.name,
        }
        if faults := form.check(found | {"sha256": "0" * 64}):
            return {}, faults
        if taken.thumb:
            small = self._store.files.keep([taken.thumb], small=True)
            found |= {"thumb": small.sha256, "thumb_size": small.size}
        kept = self._store.files.keep(content)
        return form.clean(found | {"sha256": kept.sha256, "size": kept.size})

    def of(self, owner_form: str, owner: str) -> list[Attachment]:
        """The files of one record, in the order in which they were added."""
        form = self.form_of(owner_form)
        self._records.get(owner_form, owner, deleted=True)
        return self._read(self._store.select(form.name, {"owner": owner, "owner_form": owner_form}, order=["id"]))

    def get(self, attachment: str) -> Attachment:
        """One file by the id of its record; KnownError("files.no_attachment")."""
        for form in self._store.forms.attachments:
            found = self._store.get(form.name, attachment)
            if found is not None and not found.deleted:
                self._gate.require("read", form.name, found.area, record=found.id, own=self._owned(found))
                return self._read([found])[0]
        raise KnownError("files.no_attachment", id=attachment)

    def _owned(self, file: Record) -> bool:
        return self._records.owned(str(file.values.get("owner_form")), str(file.values.get("owner")))

    def thumbnail(self, one: Attachment) -> bytes | None:
        """A small JPEG of it, where it is here."""
        return self._store.files.read(one.thumb) if one.thumb and one.thumb_here else None

    @contextlib.contextmanager
    def opening(self, attachment: str) -> Iterator[Reader]:
        """The original, to be read; every look at one is in the audit, always.

        Where it isn't here KnownError("files.missing"), and the next exchange fetches it.
        """
        one = self.get(attachment)
        line = self._gate.line("read", one.form, one.area, record=one.id, fields="original", own=True)
        with self._store.transaction():
            self._store.audit.write([line])
        if not self._store.files.want(one.sha256, one.size):
            raise KnownError("files.missing")
        with self._store.files.reading(one.sha256) as reader:
            yield reader

    def write(self, attachment: str, out: Path) -> int:
        """Write the original to *out*, in clear, as the user asked; return its size."""
        made = out.with_name(f".{out.name}.part")
        try:
            with self.opening(attachment) as reader, made.open("wb") as file:
                for piece in reader.pieces():
                    file.write(piece)
            made.replace(out)
        finally:
            made.unlink(missing_ok=True)
        return out.stat().st_size

    def remove(self, attachment: str, reason: str) -> Record:
        """Take a file off its record; its history and, at the county, the file stay."""
        one = self.get(attachment)
        return self._records.delete(one.form, one.id, reason)

    def _read(self, records: list[Record]) -> list[Attachment]:
        names = [str(r.values.get(field)) for r in records for field in ("sha256", "thumb") if r.values.get(field)]
        known = self._store.files.many(names)
        found = []
        for record in records:
            text = {name: str(value) for name, value in record.values.items() if value is not None}
            file, thumb = known.get(text.get("sha256", "")), known.get(text.get("thumb", ""))
            found.append(
                Attachment(
                    record.form,
                    record.id,
                    record.area,
                    text.get("name", ""),
                    text.get("kind", ""),
                    text.get("media_type", ""),
                    int(text.get("size", 0)),
                    text.get("sha256", ""),
                    text.get("thumb", ""),
                    text.get("taken_at", ""),
                    text.get("by", ""),
                    bool(file and file.here),
                    bool(thumb and thumb.here),
                    bool(file and file.wanted),
                    file.sending if file else "none",
                    file.code if file else "",
                    text.get("step", ""),
                )
            )
        return found

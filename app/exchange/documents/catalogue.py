"""Which official documents there are, and what each one still lacks; declared in resources/documents/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.errors import KnownError
from app.exchange.documents.context import dotted
from app.paths import resource


@dataclass(frozen=True)
class Required:
    """One thing that a document needs: *path* in its context, the clerk's word for it, and when it counts."""

    path: str
    label: str
    other: str | None = None  # enough in its place
    when: tuple[str, tuple[str, ...]] | None = None  # path and the values for which it is needed
    of: str | None = None  # only parties of this kind
    least: int = 1

    def missing(self, context: object) -> list[str]:
        """The labels of what is missing: none, one, or one for each party that lacks it."""
        if self.when and not set(map(str, dotted(context, self.when[0]))) & set(self.when[1]):
            return []
        if self.path.startswith("parties."):
            parties = dotted(context, "parties")[0]
            assert isinstance(parties, tuple)
            name = self.path.partition(".")[2]
            lacking = [
                place
                for place, party in enumerate(parties, 1)
                if self.of in {None, party.kind} and not _given(getattr(party, name))
            ]
            return [f"{self.label}（第{place}方）" if len(parties) > 1 else self.label for place in lacking]
        values = [value for path in (self.path, self.other) if path for value in dotted(context, path)]
        return [] if any(_given(value, self.least) for value in values) else [self.label]


@dataclass(frozen=True)
class Document:
    """One kind of official document. ``built`` is False where only its name is known."""

    name: str
    title: str
    form: str
    number: int
    needed: Literal["must", "if", "frame"]
    built: bool
    per: Literal["case", "session"] = "case"
    wording: str | None = None
    paper: Literal["A4", "A3"] = "A4"
    size: str = "小四"
    required: tuple[Required, ...] = ()

    def missing(self, context: object) -> list[str]:
        """The labels of what *context* lacks, in the document's order; empty: it is ready to sign."""
        return [label for need in self.required for label in need.missing(context)]

    def status(self, context: object) -> dict[str, object]:
        """``{"name", "title", "ready", "missing"}`` for `township document ID --json`."""
        missing = self.missing(context)
        return {"name": self.name, "title": self.title, "ready": self.built and not missing, "missing": missing}


class Catalogue(Mapping[str, Document]):
    """Every document by name, in the order of the file."""

    def __init__(self, documents: list[Document]) -> None:
        self._documents = {document.name: document for document in documents}

    def __getitem__(self, name: str) -> Document:
        if name not in self._documents:
            raise KnownError("documents.unknown", name=name, names="、".join(one.name for one in self.built))
        return self._documents[name]

    def __contains__(self, name: object) -> bool:
        return name in self._documents

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def built(self) -> list[Document]:
        """Those that can be made now."""
        return [document for document in self._documents.values() if document.built]


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read the catalogue: a file a form, the file's name is the form's."""
    return Catalogue(
        [
            _document(name, page.stem, entry)
            for page in sorted((folder or resource("documents")).glob("*.toml"))
            for name, entry in tomllib.loads(page.read_text(encoding="utf-8")).items()
        ]
    )


def wording(document: Document, folder: Path | None = None) -> dict[str, str]:
    """The fixed sentences of *document*."""
    if document.wording is None:
        return {}
    page = (folder or resource("documents")) / "wording" / document.wording
    return tomllib.loads(page.read_text(encoding="utf-8"))


def _document(name: str, form: str, entry: Mapping[str, Any]) -> Document:
    needs = tuple(_required(need) for need in entry.get("required", ()))
    return Document(name=name, form=form, **{**entry, "required": needs})


def _required(need: Mapping[str, Any]) -> Required:
    path, _, values = need.get("when", "").partition("=")
    return Required(
        need["path"],
        need["label"],
        other=need.get("or"),
        when=(path, tuple(values.split("|"))) if path else None,
        of=need.get("of"),
        least=need.get("least", 1),
    )


def _given(value: object, least: int = 1) -> bool:
    # False is not given either: "rights told: no" keeps a record from being ready.
    if isinstance(value, (str, tuple)):
        return len(value.strip() if isinstance(value, str) else value) >= least
    return value is not None and value is not False

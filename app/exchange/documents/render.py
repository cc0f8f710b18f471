"""Making a document: from its name and context to a file, .docx or .pdf by the suffix."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.errors import KnownError
from app.exchange.documents.blocks import Block, Sheet, written_texts
from app.exchange.documents.catalogue import Document, wording
from app.exchange.documents.context import MediationContext, mediation_context
from app.exchange.documents.fonts import missing_glyphs
from app.exchange.documents.mediation_agreement import mediation_agreement
from app.exchange.documents.mediation_record import mediation_record

Builder = Callable[[MediationContext, Mapping[str, str]], tuple[Block, ...]]

_BUILDERS: dict[str, Builder] = {
    "mediation_record": mediation_record,
    "mediation_agreement": mediation_agreement,
}


def sheet(document: Document, context: MediationContext | Mapping[str, Any]) -> Sheet:
    """The pages of *document* in the neutral model; what is missing in *context* is a blank to fill by hand."""
    if not document.built:
        raise KnownError("documents.not_built", title=document.title)
    known = context if isinstance(context, MediationContext) else mediation_context(context)
    blocks = _BUILDERS[document.name](known, wording(document))
    return _fitted(Sheet(document.title, blocks, paper=document.paper, size=document.size))


def render(document: Document, context: MediationContext | Mapping[str, Any], out: Path) -> tuple[str, ...]:
    """Write *document* to *out* (.docx or .pdf); return the characters that a PDF can only show as code points.

    A .docx keeps them as they are and leaves them to the fonts of the reader, so they are told of in both cases.
    """
    made = sheet(document, context)
    write(out, sheet_bytes(made, suffix(out, ".docx", ".pdf")))
    return missing_glyphs("".join(written_texts(made.blocks)))


def _fitted(made: Sheet) -> Sheet:
    """The sheet with its lines a little closer where that saves a page: signatures stand with their text."""
    from app.exchange.documents.to_pdf import laid_out

    tight = replace(made, spacing=1.4)
    return tight if laid_out(tight) < laid_out(made) else made


def sheet_bytes(made: Sheet, kind: str) -> bytes:
    """*made* as ``.docx`` or ``.pdf``."""
    # The writers are heavy (lxml, fontTools): only the one asked for is loaded.
    if kind == ".pdf":
        from app.exchange.documents.to_pdf import pdf_bytes

        return pdf_bytes(made)
    from app.exchange.documents.to_docx import docx_bytes

    return docx_bytes(made)


def suffix(out: Path, *allowed: str) -> str:
    """The suffix of *out* in lower case, which must be one of *allowed*."""
    kind = out.suffix.lower()
    if kind not in allowed:
        raise KnownError("documents.bad_suffix", suffix=kind or out.name, allowed=" 或 ".join(allowed))
    return kind


def write(out: Path, held: bytes) -> None:
    """Put *held* at *out* in one step: a file that stood there stays whole until the new one is."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(held)
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)
            Path(name).replace(out)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise KnownError("documents.not_written", path=out) from error

"""The search index inside the encrypted store: keeping it current, and finding by it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.schema.ddl import from_row, table_name
from app.schema.form import Form, Forms
from app.schema.values import Value
from app.store.search_keys import LETTER_SIGNS, Document, document, join, split, tokens
from app.store.search_terms import LEAST_DIGITS, RANKS, Term, match, rank, terms

Connection = Any

Keys = tuple[Document, str]
"""What a record is found by, and the tokens of that."""
_BATCH = 400
_SCORES = {0: 1.0, 1: 0.7, 2: 0.4}

# The numbers of documents are the rowids of the index: one map, no second one to keep in step. What a document is found
# by stays beside it: a candidate is checked without reading its record, a change that touches none of it costs nothing.
_TABLES = (
    """CREATE TABLE IF NOT EXISTS search_document (
        number INTEGER PRIMARY KEY, form TEXT NOT NULL, id TEXT NOT NULL, area TEXT NOT NULL,
        names TEXT NOT NULL, numbers TEXT NOT NULL, places TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX IF NOT EXISTS search_document_record ON search_document (id, form)",
    f"""CREATE VIRTUAL TABLE IF NOT EXISTS search_token USING fts5(
        tokens, content='', contentless_delete=1, detail=none, tokenize="ascii tokenchars '{LETTER_SIGNS}'")""",
    # A larger part in memory before it is written: a first copy of a county is built twice as fast.
    "INSERT INTO search_token (search_token, rank) VALUES ('hashsize', 16777216)",
)
FIND_SQL = """SELECT d.number, d.form, d.id, d.area, d.names, d.numbers, d.places
    FROM search_token AS t CROSS JOIN search_document AS d ON d.number = t.rowid WHERE t.search_token MATCH ?"""
"""Asked once for each rank; the index leads, and the document is looked up by its number."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that fits; ``title`` and ``note`` are masked, ``score`` is 1.0 for a whole name or number, then less."""

    form: str
    id: str
    title: str
    note: str
    score: float


def create(conn: Connection) -> None:
    """Make the tables of the index; those that stand are left."""
    for statement in _TABLES:
        conn.execute(statement)


def index(
    conn: Connection,
    forms: Forms,
    rows: Iterable[tuple[str, str, str, Mapping[str, Value]]],
    keys: Mapping[str, Keys] = MappingProxyType({}),
    later: dict[int, str] | None = None,
) -> None:
    """Put (form, id, area, values) into the index, or replace what was there; the caller holds the transaction.

    *keys*: by id, those that ``keys_of`` has given for just these records. *later* collects the tokens instead, by the number
    of their document: ``write_tokens`` must follow in the same transaction, and no ``remove`` before it.
    """
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, _BATCH)):
        tokened: dict[int, str] = {} if later is None else later
        _index_batch(conn, forms, batch, keys, tokened)
        if later is None:
            write_tokens(conn, tokened)


def write_tokens(conn: Connection, tokened: Mapping[int, str]) -> None:
    """Put the tokens of new documents into the index, in one statement: the driver lets other threads go on all the while."""
    if tokened:
        # In the order of the numbers: each that is smaller than the one before begins a part of its own.
        marks = ",".join(["(?,?)"] * len(tokened))
        conn.execute(
            f"INSERT INTO search_token (rowid, tokens) VALUES {marks}",
            [*itertools.chain.from_iterable(sorted(tokened.items()))],
        )


def keys_of(form: Form, area: str, values: Mapping[str, Value]) -> Keys:
    """What a record is put into the index with."""
    found = document(form.searched, values)
    return found, "" if found.empty else tokens(form.name, area, found)


def _index_batch(
    conn: Connection,
    forms: Forms,
    batch: list[tuple[str, str, str, Mapping[str, Value]]],
    keys: Mapping[str, Keys],
    tokened: dict[int, str],
) -> None:
    fields = {name: forms[name].searched for name in {row[0] for row in batch}}
    found = {
        (form, record_id): (area, keys[record_id][0] if record_id in keys else document(fields[form], values))
        for form, record_id, area, values in batch
    }
    held = _held(conn, [record_id for _, record_id in found])
    gone: list[tuple[int]] = []
    documents: list[tuple[int, str, str, str, str, str, str]] = []
    following = _next(conn)
    for (form, record_id), (area, new) in found.items():
        old = held.get((form, record_id))
        if new.empty:
            if old:
                gone.append((old[0],))
                tokened.pop(old[0], None)
            continue
        columns = (area, join(new.names), join(new.numbers), join(new.places))
        if old and old[1:] == columns:
            continue
        number = old[0] if old else next(following)
        if old:
            gone.append((number,))
        documents.append((number, form, record_id, *columns))
        tokened[number] = keys[record_id][1] if record_id in keys else tokens(form, area, new)
    conn.executemany("DELETE FROM search_token WHERE rowid = ?", gone)
    conn.executemany("DELETE FROM search_document WHERE number = ?", gone)
    conn.executemany("INSERT INTO search_document VALUES (?, ?, ?, ?, ?, ?, ?)", documents)


def remove(conn: Connection, form: str, id: str) -> None:  # noqa: A002
    """Take one record out of the index; nothing happens where it isn't in it."""
    row = conn.execute("SELECT number FROM search_document WHERE id = ? AND form = ?", (id, form)).fetchone()
    if row:
        conn.execute("DELETE FROM search_token WHERE rowid = ?", row)
        conn.execute("DELETE FROM search_document WHERE number = ?", row)


def empty(conn: Connection) -> bool:
    """Whether no record at all is in the index."""
    return conn.execute("SELECT 1 FROM search_document LIMIT 1").fetchone() is None


def merge_seldom(conn: Connection) -> None:
    """Much is coming: twice as many parts of the index stand side by side before they are merged, and each is written less often."""
    conn.execute("INSERT INTO search_token (search_token, rank) VALUES ('automerge', 8)")


def merge_often(conn: Connection) -> None:
    """As always: few parts, so that little is looked through to find something."""
    conn.execute("INSERT INTO search_token (search_token, rank) VALUES ('automerge', 4)")


def settle(conn: Connection) -> None:
    """Merge the parts of the index into one; worth its time once, after the first copy of a county came in."""
    conn.execute("INSERT INTO search_token (search_token) VALUES ('optimize')")


def find(
    conn: Connection,
    forms: Forms,
    text: str,
    *,
    only: Collection[str] | None = None,
    areas: Collection[str] | None = None,
    limit: int = 50,
) -> list[Hit]:
    """The records that every word of *text* fits: whole names and numbers, then begins of names and ends of numbers.

    *only* names forms, *areas* begins of area codes; None stands for all. Within one rank the order is that in which
    records came in. A word of letters is a name's sound (initials or whole syllables, from any of its characters, in
    any reading); three or more digits are any part of a number; two or more characters any part of a place or title,
    where a fragment that begins with a digit begins a number.
    """
    return _hits(conn, forms, _chosen(conn, text, only, areas, limit), _digits(text))


def matching(
    conn: Connection,
    text: str,
    form: str,
    *,
    areas: Collection[str] | None = None,
    inside: Collection[str] | None = None,
    limit: int = 50,
) -> list[str]:
    """The ids of the records of *form* that ``find`` would give; *inside*: only of these, so that no other uses up *limit*."""
    return [record_id for _, record_id, _ in _chosen(conn, text, (form,), areas, limit, inside)]


def _chosen(
    conn: Connection,
    text: str,
    only: Collection[str] | None,
    areas: Collection[str] | None,
    limit: int,
    inside: Collection[str] | None = None,
) -> list[tuple[str, str, int]]:
    """(form, id, rank) of the best."""
    asked = terms(text)
    if not asked or limit < 1:
        return []
    chosen: dict[int, tuple[str, str, int]] = {}
    for tier in RANKS:
        query = match(asked, tier, only, areas)
        if not query:
            continue
        for number, form, record_id, found in _candidates(conn, query, areas):
            if number in chosen or (inside is not None and record_id not in inside):
                continue
            held = rank(asked, found)
            if held is not None and held <= tier:
                chosen[number] = (form, record_id, held)
                if len(chosen) >= limit:
                    break
        if len(chosen) >= limit:
            break
    return list(chosen.values())


def scan(
    conn: Connection, asked: list[Term], only: Collection[str] | None = None, areas: Collection[str] | None = None
) -> Iterator[tuple[int, str, str]]:
    """(rank, form, id) of every record that fits, looking at each one: what ``find`` must agree with, and slow."""
    for form, record_id, area, *columns in conn.execute(
        "SELECT form, id, area, names, numbers, places FROM search_document ORDER BY number"
    ):
        if (only is None or form in only) and _inside(area, areas):
            held = rank(asked, _document(columns))
            if held is not None:
                yield held, form, record_id


def _candidates(
    conn: Connection, query: str, areas: Collection[str] | None
) -> Iterator[tuple[int, str, str, Document]]:
    cursor = conn.execute(FIND_SQL, (query,))
    try:
        for number, form, record_id, area, *columns in cursor:
            if _inside(area, areas):
                yield number, form, record_id, _document(columns)
    finally:
        # A cursor that is left half-way would keep the store's read snapshot open.
        cursor.close()


def _digits(text: str) -> list[str]:
    return [term.number for term in terms(text) if len(term.number) >= LEAST_DIGITS]


def _hits(conn: Connection, forms: Forms, chosen: list[tuple[str, str, int]], digits: list[str]) -> list[Hit]:
    shown: dict[tuple[str, str], tuple[str, str]] = {}
    for name in dict.fromkeys(form for form, _, _ in chosen):
        form = forms[name]
        wanted = [record_id for each, record_id, _ in chosen if each == name]
        others = [item for item, kind in form.searched if kind == "number" and item not in form.note_fields]
        for record_id, values in _values(conn, form, wanted, others if digits else []):
            notes = [form.show(item, values.get(item), masked=True) for item in form.note_fields]
            title = form.record_title(values, masked=True)
            # Who typed the end of a phone number sees that it is the phone's: the number of the card says nothing about it.
            for item in others if digits else ():
                if any(
                    each in str(values.get(item) or "") and not any(each in note for note in notes) for each in digits
                ):
                    notes.append(f"{form.fields[item].label} {form.show(item, values.get(item), masked=True)}")
            shown[name, record_id] = (title, "　".join(note for note in notes if note))
    return [
        Hit(form, record_id, *shown[form, record_id], _SCORES[held])
        for form, record_id, held in chosen
        if (form, record_id) in shown
    ]


def _values(conn: Connection, form: Form, wanted: list[str], more: list[str]) -> Iterator[tuple[str, dict[str, Value]]]:
    names = list(dict.fromkeys((form.title_field, *form.note_fields, *more)))
    columns = ", ".join(f'"{name}"' for name in names)
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        marks = ",".join("?" * len(part))
        for record_id, *cells in conn.execute(
            f"SELECT id, {columns} FROM {table_name(form.name)} WHERE id IN ({marks})", part
        ):
            yield record_id, from_row(form, dict(zip(names, cells, strict=True)))


def _held(conn: Connection, ids: list[str]) -> dict[tuple[str, str], tuple[int, str, str, str, str]]:
    marks = ",".join("?" * len(ids))
    return {
        (form, record_id): (number, area, names, numbers, places)
        for number, form, record_id, area, names, numbers, places in conn.execute(
            f"SELECT number, form, id, area, names, numbers, places FROM search_document WHERE id IN ({marks})", ids
        )
    }


def _next(conn: Connection) -> Iterator[int]:
    return itertools.count(int(conn.execute("SELECT coalesce(max(number), 0) FROM search_document").fetchone()[0]) + 1)


def _document(columns: list[str]) -> Document:
    names, numbers, places = columns
    return Document(split(names), split(numbers), split(places))


def _inside(area: str, areas: Collection[str] | None) -> bool:
    return areas is None or any(area.startswith(prefix) for prefix in areas)

"""The county's tables: the fixed ones, and one for each form; every key begins with the county's code."""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa

from app.schema.ddl import columns, table_name
from app.schema.form import Forms

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {"text": sa.Text, "integer": sa.BigInteger, "real": sa.Double}
META = sa.MetaData()


def _county() -> sa.Column[str]:
    return sa.Column("county", sa.String(12), primary_key=True)


def _key(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True)


def _held(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=default is None, server_default=default)


# The counter that every rev comes from; whoever numbers holds this row's lock until the commit.
# ``least``: the oldest wire version that the office wants to be spoken; empty for whatever the program takes.
# ``watched``: the rev up to which the watch over due times has read, ``watched_rules``: by which rules.
COUNTY = sa.Table(
    "county",
    META,
    _county(),
    _held("epoch", sa.BigInteger),
    _held("rev", sa.BigInteger),
    sa.Column("least", sa.Integer),
    sa.Column("watched", sa.BigInteger),
    sa.Column("watched_rules", sa.Text),
)
# Cases to which the rules owe a step, and when, in milliseconds since 1970 UTC: follows from the steps, and is made anew from them.
WATCH = sa.Table(
    "watch",
    META,
    _county(),
    _key("event"),
    _held("next", sa.BigInteger),
    sa.Index("watch_next", "county", "next"),
)
# Rules and code lists as the county changed them, every version; ``number`` counts over all of them, ``rev``: the last rev before it.
RULE = sa.Table(
    "rule",
    META,
    _county(),
    _key("number", sa.Integer),
    _held("name"),
    _held("rev", sa.BigInteger),
    _held("text"),
    _held("note"),
    _held("at", sa.BigInteger),
)
# Each epoch by its first rev; a county that was restored begins a new one. ``begun`` is the tag of that rev.
EPOCH = sa.Table(
    "epoch",
    META,
    _county(),
    _key("epoch", sa.BigInteger),
    _held("rev", sa.BigInteger),
    _held("begun", sa.LargeBinary),
    _held("at", sa.BigInteger),
    _held("device"),
)
AREA = sa.Table("area", META, _county(), _key("code"), _held("name"), _held("level"), _held("parent"))
ACCOUNT = sa.Table(
    "account", META, _county(), _key("name"), _held("password"), _held("roles"), _held("made", sa.BigInteger)
)
DEVICE = sa.Table(
    "device",
    META,
    _county(),
    _key("id"),
    _held("public_key", sa.LargeBinary),
    _held("token", sa.LargeBinary),
    _held("areas"),
    _held("roles"),
    _held("account"),
    _held("state"),
    _held("made", sa.BigInteger),
    _held("seen", sa.BigInteger),
    sa.Column("program", sa.Text),
    sa.Column("version", sa.Integer),
    # Names of rules that its program can't read, with commas.
    sa.Column("unread", sa.Text),
    # JSON of the scope that the device was last told, and of what it lost since, with the time it was told of that.
    _held("told"),
    _held("past"),
    # The unit that the county gave to its user; none where nobody said one since it was enrolled.
    sa.Column("unit", sa.Text),
    sa.Index("device_token", "county", "token"),
)
# What the county opens and signs bundles with; private, so that whoever has the database has them.
SECRET = sa.Table("secret", META, _county(), _key("name"), _held("value"), _held("made", sa.BigInteger))
# The hello of the newest bundle that each device wrote: an answer can be made from it again at any time.
STICK = sa.Table(
    "stick",
    META,
    _county(),
    _key("device"),
    _held("label", sa.LargeBinary),
    _held("hello", sa.LargeBinary),
    _held("made", sa.BigInteger),
    _held("at", sa.BigInteger),
)
CODE = sa.Table(
    "code",
    META,
    _county(),
    _key("hash", sa.LargeBinary),
    _held("areas"),
    _held("roles"),
    _held("until", sa.BigInteger),
    _held("public_key", sa.LargeBinary),
    _held("used", sa.BigInteger),
    _held("device"),
    _held("unit"),
)
# One row a frame, inserted before its changes: a second delivery finds it. ``void``: the device gave the number up (2: and what
# stands there is its own). ``earlier``: marks of frames that its device had made before it, and that may come after it.
FRAME = sa.Table(
    "frame",
    META,
    _county(),
    _key("device"),
    _key("incarnation"),
    _key("number", sa.BigInteger),
    _held("hash", sa.LargeBinary),
    _held("receipts", sa.LargeBinary),
    _held("at", sa.BigInteger),
    _held("void", sa.Integer, "0"),
    _held("earlier", sa.LargeBinary),
)
# Every change that took effect, by its rev; ``body`` is msgpack of [values, bases, lost, results]. ``chain`` is the tag of all the
# past up to there. ``was``: the rev that it had before a restore, for what a device brought back. ``taken``: when the county took it,
# by its own clock; no line of before it was written down has it.
HISTORY = sa.Table(
    "history",
    META,
    _county(),
    _key("rev", sa.BigInteger),
    _held("form"),
    _held("id"),
    _held("device"),
    _held("incarnation"),
    _held("frame", sa.BigInteger),
    _held("counter", sa.BigInteger),
    _held("time", sa.BigInteger),
    _held("account"),
    _held("status"),
    _held("hash", sa.LargeBinary),
    _held("body", sa.LargeBinary),
    _held("chain", sa.LargeBinary),
    _held("was", sa.BigInteger),
    sa.Column("taken", sa.BigInteger),
    sa.Index("history_hash", "county", "hash"),
    sa.Index("history_record", "county", "id", "rev"),
    sa.Index("history_device", "county", "device", "incarnation", "rev"),
)
# What happened in each stream, in rev order: the way down reads it from a cursor on.
ENTRY = sa.Table(
    "entry",
    META,
    _county(),
    _key("rev", sa.BigInteger),
    _key("area"),
    _held("stream"),
    _held("form"),
    _held("id"),
    _held("gone", sa.Integer, "0"),
    _held("account"),
    _held("time", sa.BigInteger),
    sa.Index("entry_stream", "county", "stream", "rev"),
)
# Changes that were refused, or set aside after an unexpected error, with their bytes.
ASIDE = sa.Table(
    "aside",
    META,
    _county(),
    _key("hash", sa.LargeBinary),
    _held("device"),
    _held("counter", sa.BigInteger),
    _held("form"),
    _held("id"),
    _held("code"),
    _held("at", sa.BigInteger),
    _held("body", sa.LargeBinary),
    # What a supervisor decided: "accepted" or "dropped"; of an offer "taken", once it is in its place.
    _held("decided"),
)
# Case numbers that devices got to give, by the word of the request; a row of numbers is told by what stands before and after.
LEASE = sa.Table(
    "lease",
    META,
    _county(),
    _key("device"),
    _key("word"),
    _key("year", sa.Integer),
    _held("prefix"),
    _held("suffix"),
    _held("width", sa.Integer),
    _held("low", sa.BigInteger),
    _held("high", sa.BigInteger),
    _held("epoch", sa.BigInteger),
    _held("at", sa.BigInteger),
    sa.Index("lease_row", "county", "prefix", "suffix", "high"),
)
THROWN = 2
# Files that came whole; ``lost`` 2: to be thrown away with the person whom it shows; 1:
# somebody asked for it and it isn't in the folder, so whoever holds it is asked for it.
FILE = sa.Table(
    "file",
    META,
    _county(),
    _key("sha256"),
    _held("size", sa.BigInteger),
    _held("device"),
    _held("at", sa.BigInteger),
    _held("lost", sa.Integer, "0"),
)
# Texts that an emptied device left: what was being typed, what was refused, its log; ``body`` is msgpack in zstd.
LEFT = sa.Table(
    "left_text",
    META,
    _county(),
    _key("key"),
    _held("device"),
    _held("kind"),
    _held("form"),
    _held("id"),
    _held("code"),
    _held("time", sa.BigInteger),
    _held("at", sa.BigInteger),
    _held("body", sa.LargeBinary),
    _held("dropped", sa.Integer, "0"),
)
STREAM = sa.Table(
    "stream",
    META,
    _county(),
    _key("area"),
    _key("stream"),
    _held("records", sa.BigInteger),
    _held("digest", sa.LargeBinary),
)
AUDIT = sa.Table(
    "audit",
    META,
    _county(),
    _key("id"),
    _held("at", sa.BigInteger),
    _held("device"),
    _held("account"),
    _held("action"),
    _held("detail"),
)


class Tables:
    """One table a form, made from its declaration."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self._meta = sa.MetaData()
        self.by_form = {name: self._table(name) for name in forms}

    def create(self, engine: sa.Engine) -> None:
        """Make what is missing; a form's new fields become new columns."""
        tables = {table.name: table for table in (*META.tables.values(), *self.by_form.values())}
        looked = sa.inspect(engine)
        # What is made now is whole; only what stood before may be an older program's.
        stood = sorted(tables.keys() & set(looked.get_table_names()))
        # Asked for together: PostgreSQL answers for all of them at once.
        columns = looked.get_multi_columns(filter_names=stood) if stood else {}
        indexes = looked.get_multi_indexes(filter_names=stood) if stood else {}
        META.create_all(engine)
        self._meta.create_all(engine)
        with engine.begin() as conn:
            # A newer program's tables: columns are only ever added, and what was there before has nothing in them.
            for name in stood:
                have = {column["name"] for column in columns[None, name]}
                for column in tables[name].columns:
                    if column.name not in have:
                        kind = column.type.compile(engine.dialect)
                        conn.execute(sa.text(f'ALTER TABLE {name} ADD COLUMN "{column.name}" {kind}'))
                there = {index["name"] for index in indexes[None, name]}
                for index in tables[name].indexes:
                    if index.name not in there:
                        index.create(conn, checkfirst=True)

    @functools.cache  # noqa: B019 - lives as long as the county does
    def fields(self, form: str) -> tuple[str, ...]:
        """The fields of *form* that have a column here."""
        return tuple(column.name for column in columns(self._forms[form], derived=False))

    def _table(self, form: str) -> sa.Table:
        shape = columns(self._forms[form], derived=False)
        made = [sa.Column(item.name, _TYPES[item.storage]) for item in shape]
        looked_up = [
            sa.Index(f"{table_name(form)}_{item.name}", "county", item.name) for item in shape if item.everywhere
        ]
        parent = self._forms[form].parent
        # What hangs on a record is asked for when that record moves.
        found = [sa.Index(f"{table_name(form)}_{parent}", "county", parent)] if parent else []
        return sa.Table(
            table_name(form),
            self._meta,
            _county(),
            sa.Column("id", sa.String(32), primary_key=True),
            sa.Column("area", sa.String(12), nullable=False),
            sa.Column("rev", sa.BigInteger, nullable=False),
            sa.Column("revs", sa.LargeBinary),
            sa.Column("extra", sa.LargeBinary),
            sa.Column("deleted", sa.Integer, nullable=False),
            sa.Column("hash", sa.LargeBinary),
            *made,
            *looked_up,
            *found,
        )

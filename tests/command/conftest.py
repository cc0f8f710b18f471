"""A real county that answers on a free port, and homes over which the command runs as an administrator's script would."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import argon2
import pytest

from app.command import enrolling, parse
from app.paths import root
from app.schema.loading import load_forms
from app.store.keys import Cost
from sync.county import enrolment, office
from sync.county.county import County
from tests.serving import answering

TOWNSHIP, UPPER, LOWER = "990123101000", "990123101201", "990123101202"
AREAS = [
    {"code": TOWNSHIP, "name": "石板乡", "level": "township"},
    {"code": UPPER, "name": "上河村", "level": "village"},
    {"code": LOWER, "name": "下河村", "level": "village"},
]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)


def township(*words: object, user: str | None = None, password: str | None = None) -> Answer:
    """Run the command inside this process, with nothing of the tester's own environment."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("TOWNSHIP_")}
    env |= {"TOWNSHIP_USER": user} if user else {}
    env |= {"TOWNSHIP_PASSWORD": password} if password else {}
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, env, clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = parse.run([str(word) for word in words])
        except SystemExit as end:
            code = int(end.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def process(*words: object, **env: str) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    held = {key: value for key, value in os.environ.items() if not key.startswith("TOWNSHIP_")}
    return subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, words)],
        cwd=root(),
        env={**held, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def told(running: subprocess.Popen[str]) -> Any:
    """The JSON document that a serving process has printed by now; it goes on serving."""
    text = ""
    for line in running.stdout:
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(text + running.stderr.read())


@dataclasses.dataclass(frozen=True)
class Device:
    """A home with its user."""

    home: Path
    user: str
    password: str

    def __call__(self, *words: object) -> Answer:
        return township("--home", self.home, *words, user=self.user, password=self.password)

    def json(self, *words: object) -> Any:
        """What a run that is done says in JSON."""
        answer = self(*words, "--json")
        assert answer.code == 0, answer
        return answer.json

    def apply(self, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
        """Do *tasks*; the results, also of lines that failed."""
        file = self.home.parent / "tasks.jsonl"
        file.write_text("\n".join(json.dumps(task, ensure_ascii=False) for task in tasks), encoding="utf-8")
        return self("apply", file, "--json").json["results"]

    def save(self, form: str, record: str | None = None, area: str = UPPER, **values: Any) -> str:
        """Save one record, which must be taken; its id."""
        task = {"op": "save", "form": form, "id": record, **({} if record else {"area": area}), "values": values}
        result = self.apply(task)[0]
        assert result["ok"], result
        return str(result["id"])

    def values(self, form: str, record: str) -> dict[str, Any]:
        """The values of one record as `show` gives them."""
        return dict(self.json("show", form, record)["values"])


@dataclasses.dataclass
class Town:
    """A county with its address and the folder that devices may lie in."""

    folder: Path
    county: County
    url: str = ""

    @property
    def data(self) -> tuple[str, str]:
        """The option that names the county's data."""
        return "--data", str(self.folder / "county")

    def code(self, areas: str = f"{UPPER},{LOWER}", roles: str | None = None) -> str:
        """A one-time code, read as a script reads it: the last word."""
        answer = township(
            "county", "devices", "code", *self.data, "--areas", areas, *(("--roles", roles) if roles else ())
        )
        assert answer.code == 0, answer
        return answer.out.split()[-1]

    def device(self, name: str, user: str, *, areas: str = f"{UPPER},{LOWER}", roles: str | None = None) -> Device:
        """An enrolled device."""
        made = Device(self.folder / name, user, f"{user}-pw")
        answer = made("init", "--county", self.url, "--code", self.code(areas, roles))
        assert answer.code == 0, answer
        return made

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Answer for as long as the block lasts, the next time at the same address."""
        with answering(self.county, int(self.url.rpartition(":")[2] or 0)) as self.url:
            yield self.url


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Argon2 as it is, but not as slow: what it costs is not what is tested here."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    make = functools.partial(enrolling.make_office, cost=Cost(memory=64, passes=1, lanes=1))
    with (
        mock.patch.object(office, "HASHER", cheap),
        mock.patch.object(enrolment, "HASHER", cheap),
        mock.patch.object(enrolling, "make_office", make),
        # The grammar is the same for all of them, and takes longer to make than many a command takes.
        mock.patch.object(parse, "parser", functools.cache(parse.parser)),
    ):
        yield


@pytest.fixture(scope="session")
def forms():
    return load_forms()


@pytest.fixture(scope="session")
def made_county(tmp_path_factory) -> Path:
    """A county's data, made once by its commands."""
    folder = tmp_path_factory.mktemp("town")
    areas = folder / "areas.json"
    areas.write_text(json.dumps(AREAS, ensure_ascii=False), encoding="utf-8")
    assert township("county", "init", "--data", folder / "county").code == 0
    assert township("county", "areas", "import", areas, "--data", folder / "county").code == 0
    return folder / "county"


@pytest.fixture
def quiet_town(tmp_path, forms, made_county):
    """A county of its own that doesn't answer yet."""
    shutil.copytree(made_county, tmp_path / "county")
    county = County.open(tmp_path / "county" / "county.db", forms)
    yield Town(tmp_path, county)
    county.close()


@pytest.fixture
def town(quiet_town):
    with quiet_town.serving():
        yield quiet_town


@pytest.fixture
def clerk(town):
    """One device with the roles of a centre clerk."""
    return town.device("a", "lin")


@pytest.fixture
def pair(town, clerk):
    """Two devices of two people over the same villages; the second holds the whole township."""
    roles = "registrar,dispatcher,duty_officer,mediator,integrator,director"
    return clerk, town.device("b", "wang", areas=TOWNSHIP, roles=roles)

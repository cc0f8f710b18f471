"""The county over HTTP: status, enrolment and the exchange."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import anyio.to_thread
import uvicorn
from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from app.errors import KnownError
from app.schema.form import Forms
from sync.county import files
from sync.county.arriving import Arriving
from sync.county.coming_on import Requests
from sync.county.conversing import Answer, Conversation
from sync.county.county import County
from sync.county.enrolment import enrol
from sync.county.going_on import Answers
from sync.county.lanes import RETRY_AFTER, Door, Lanes, fit
from sync.county.office import wiped
from sync.county.received import Received
from sync.county.rights import Device
from sync.county.watermark import Watermark
from sync.wire import MEDIA_TYPE, VERSION

_log = logging.getLogger(__name__)
_TICKS = 600
"""Tenths of a second after which the mark of where the county stands is moved on."""
_STATUS = {
    "county.code_wrong": 403, "county.code_old": 403, "county.code_used": 409, "county.password_wrong": 403,
    "county.key_unproven": 403, "county.user_incomplete": 422, "sync.no_token": 401, "sync.revoked": 403, "sync.wipe": 403,
    "sync.not_ordered": 409, "sync.other_past": 409,
    "sync.foreign_county": 409, "sync.foreign_device": 403, "sync.county_restored": 409, "sync.version_unknown": 426,
    "sync.too_large": 413, "sync.busy": 503, "files.no_room": 501, "files.unknown": 404, "files.not_expected": 403,
    "files.size_wrong": 409, "files.county_full": 507,
}  # fmt: skip


class Status(BaseModel):
    """What anybody may know of a county's server."""

    county: str
    version: int
    epoch: int
    clock: int = Field(description="the county's time in milliseconds since 1970 UTC")
    recipient: str = Field(description="the age recipient that bundles for this county are sealed for")
    verify: str = Field(description="the Ed25519 public key that this county signs its bundles with, in hex")


class EnrolRequest(BaseModel):
    """A device asks to be known."""

    code: str = Field(max_length=64)
    key: str = Field(pattern="^[0-9a-f]{64}$", description="the device's Ed25519 public key, in hex")
    signature: str = Field(pattern="^[0-9a-f]{128}$", description="Ed25519, by that key; docs/sync.md says over what")
    user: str = Field(min_length=1, max_length=80)
    password: str = Field(min_length=1, max_length=1000)


class AreaAnswer(BaseModel):
    """One division."""

    code: str
    name: str
    level: str
    parent: str


class EnrolAnswer(BaseModel):
    """What a new device is told; the token comes only here."""

    device: str
    token: str
    county: str
    epoch: int
    user: str
    areas: list[AreaAnswer]
    held: list[str]
    roles: list[str]
    streams: list[tuple[str, str]]
    recipient: str
    verify: str
    begun: str = Field("", description="the tag of the epoch's beginning, in hex")
    mark: tuple[int, str] = Field((0, ""), description="where the county stands: a rev and its tag, in hex")
    clock: int = Field(description="the county's time in milliseconds since 1970 UTC")
    unit: str = Field("", description="the unit that the county gives this user; empty: he fills it in himself")


class WipedNotice(BaseModel):
    """A device tells that it has destroyed its keys, as it was told to."""

    changes: int = Field(ge=0, le=2**62, description="how many changes it had not sent")
    files: int = Field(default=0, ge=0, le=2**62, description="how many photos and scans it had not sent")
    drafts: int = Field(
        default=0, ge=0, le=2**62, description="how many texts were being typed, or refused and not settled"
    )
    hash: str = Field(
        default="", pattern="^([0-9a-f]{64})?$", description="SHA-256 of the file in which they lie sealed"
    )


class ErrorAnswer(BaseModel):
    """Why not."""

    code: str
    message: str
    least: int | None = Field(None, description="with sync.version_unknown: the oldest wire version that is taken here")
    version: int | None = Field(None, description="with sync.version_unknown: the newest that is known here")


def make_app(county: County) -> FastAPI:
    """The application over *county*."""
    errors = {status: {"model": ErrorAnswer} for status in (400, 401, 403, 409, 413, 422, 426, 503)}
    app = FastAPI(title="乡治通 county", version=str(VERSION), docs_url=None, redoc_url=None, responses=errors)  # type: ignore[arg-type]

    lanes, arriving, coming, answers = Lanes(), Arriving(), Requests(), Answers()
    app.add_middleware(Door, path="/v1/exchange", busy=lambda: _refusal(KnownError("sync.busy")))

    @app.exception_handler(KnownError)
    async def known(_request: Request, bad: KnownError) -> JSONResponse:
        return _refusal(bad)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, _bad: RequestValidationError) -> JSONResponse:
        # What was sent is not repeated: it may hold a password.
        return _refusal(KnownError("sync.request_wrong"), 422)

    @app.exception_handler(SQLAlchemyError)
    async def database(_request: Request, bad: SQLAlchemyError) -> JSONResponse:
        _log.error("database: %s", type(bad).__name__)
        return _refusal(KnownError("sync.busy"))

    @app.get("/v1/status")
    def status() -> Status:
        with county.database.snapshot() as conn:
            epoch, _ = county.standing(conn)
        keys = county.keys
        return Status(
            county=county.code,
            version=VERSION,
            epoch=epoch,
            clock=county.now_ms(),
            recipient=keys.recipient,
            verify=keys.verify,
        )

    @app.post("/v1/enrol", responses=errors)  # type: ignore[arg-type]
    def ask(asked: EnrolRequest) -> EnrolAnswer:
        made = enrol(
            county, asked.code, bytes.fromhex(asked.key), bytes.fromhex(asked.signature), asked.user, asked.password
        )
        areas = [AreaAnswer(code=a.code, name=a.name, level=a.level, parent=a.parent) for a in made.areas]
        return EnrolAnswer(
            device=made.device,
            token=made.token,
            county=made.county,
            epoch=made.epoch,
            user=made.user,
            areas=areas,
            held=list(made.held),
            roles=list(made.roles),
            streams=list(made.streams),
            recipient=made.recipient,
            verify=made.verify,
            begun=made.begun.hex(),
            mark=(made.mark[0], made.mark[1].hex()),
            unit=made.unit,
            clock=county.now_ms(),
        )

    @app.post("/v1/wiped", responses=errors)  # type: ignore[arg-type]
    def gone(told: WipedNotice, authorization: Annotated[str, Header()] = "") -> dict[str, bool]:
        device = _known(county, authorization)
        if device.state != "wipe":
            raise KnownError("sync.not_ordered")
        wiped(county, device, told.changes, told.hash, files=told.files, drafts=told.drafts)
        return {"ok": True}

    @app.post(
        "/v1/exchange",
        response_class=Response,
        responses={200: {"content": {MEDIA_TYPE: {}}}, **errors},  # type: ignore[dict-item]
        openapi_extra={"requestBody": {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
    )
    async def exchange(request: Request, authorization: Annotated[str, Header()] = "") -> Response:
        device = await lanes.read(_device, county, authorization)
        said = Conversation(county, lanes, arriving, coming, answers, device)
        try:
            await said.hear(request.stream())
        except ClientDisconnect:
            # What came whole before the cut is committed; the device asks after it next time.
            return Response(status_code=400)
        return Answer(said)

    files.mount(app, county, _device)
    return app


def _known(county: County, authorization: str) -> Device:
    """The device whose token it is, in whatever state."""
    scheme, _, token = authorization.partition(" ")
    device = county.device(token.strip()) if scheme.lower() == "bearer" and token else None
    if device is None:
        raise KnownError("sync.no_token")
    return device


def _device(county: County, authorization: str) -> Device:
    device = _known(county, authorization)
    if device.state != "active":
        county.note(device, "refused", code=device.state)
        raise KnownError("sync.wipe" if device.state == "wipe" else "sync.revoked")
    return device


def _refusal(bad: KnownError, status: int | None = None) -> JSONResponse:
    found = status or _STATUS.get(bad.code, 400)
    spoken = {name: bad.params[name] for name in ("least", "version") if name in bad.params}
    headers = {"Retry-After": f"{RETRY_AFTER}"} if found == 503 else {}
    if bad.params.get("close"):
        headers["Connection"] = "close"  # who sends without end is not listened to until he is tired
    return JSONResponse({"code": bad.code, "message": str(bad), **spoken}, found, headers)


def serve(
    database: str | Path,
    forms: Forms,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    files: Path | None = None,
    files_key: Path | None = None,
    code: str | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the county in *database* until stopped; *ready* gets the URL once it answers. Port 0: any free one.

    *code*: which county, where the database holds several.
    *files*: the folder of attached files, *files_key* their key (beside it where None); else beside an SQLite database.
    """
    county = County.open(database, forms, code=code)
    county.keep_files_at(files, files_key)
    try:
        with listening(host, port) as sock:
            server = Server(county, sock)
            server.on_ready = ready
            server.run(sockets=[sock])
    finally:
        county.close()


class Server(uvicorn.Server):
    """uvicorn over one county and a socket that is bound already; ``url`` is where it answers."""

    def __init__(self, county: County, sock: socket.socket) -> None:
        host, port = sock.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.on_ready: Callable[[str], None] | None = None
        self._county = county
        self._watched: asyncio.Task[None] | None = None
        self._watermark = Watermark(county)
        config = uvicorn.Config(
            Received(make_app(county)),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=30,
            server_header=False,
        )
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See whether the county was set back while nobody answered; begin to answer, then say so."""
        fit()
        await self._mark(self._watermark.begin)
        await super().startup(sockets)
        if self.started and self.on_ready:
            self.on_ready(self.url)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: now and then the mark is moved on."""
        if counter % _TICKS == _TICKS - 1:
            await self._mark(self._watermark.write)
            self._watched = self._watched or asyncio.create_task(self._watch())
        return await super().on_tick(counter)

    async def _watch(self) -> None:
        """Look what is late; beside everything else, for it may have much to read the first time."""
        try:
            await anyio.to_thread.run_sync(lambda: self._county.watching.look(stopped=lambda: self.should_exit))
        except Exception as bad:  # noqa: BLE001 - the county's edge: the next minute looks again
            _log.warning("the watch over due times comes later: %s", type(bad).__name__)
        finally:
            self._watched = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let everybody finish, then leave the mark where the county stands."""
        await super().shutdown(sockets)
        if self._watched:
            await self._watched
        await self._mark(self._watermark.write)

    @staticmethod
    async def _mark(work: Callable[[], object]) -> None:
        try:
            await anyio.to_thread.run_sync(work)
        except (OSError, SQLAlchemyError) as bad:
            # A county answers all the same: a device that knows more will show it.
            _log.warning("the county's mark was not kept: %s", type(bad).__name__)


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket; KnownError("county.port_taken") where another program has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named: asyncio sets TCP_NODELAY only then, and each answer would wait 40 ms for an ACK.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen(128)
        except OSError as bad:
            raise KnownError("county.port_taken", host=host, port=port) from bad
        yield sock
    finally:
        sock.close()

"""What came of a request before its connection was lost: uvicorn drops what its application hasn't read yet, up to 64 KB; here it is read."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Received:
    """*app*, which is told that a connection was lost only after it was given all that came."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server's own state of this request; a server that keeps none in this shape goes on as it is.
        cycle: Any = getattr(receive, "__self__", None)

        async def all_of_it() -> Message:
            message = await receive()
            if message["type"] != "http.disconnect" or getattr(cycle, "response_complete", True):
                return message
            left = bytes(getattr(cycle, "body", b""))
            if not left:
                return message
            cycle.body = bytearray()
            return {"type": "http.request", "body": left, "more_body": getattr(cycle, "more_body", True)}

        await self._app(scope, all_of_it if scope["type"] == "http" else receive, send)

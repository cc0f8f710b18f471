"""The two kinds of error: what the user can act on, and what is our own fault."""

from __future__ import annotations

from app.messages import sentence


class KnownError(Exception):
    """The environment or the data is at fault and the user can act.

    ``code`` names a sentence in resources/messages/*.toml; ``params`` fill its blanks.
    """

    exit_code = 3

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(code)

    def __str__(self) -> str:
        return sentence(self.code, **self.params)


class Denied(KnownError):  # noqa: N818 - the word people use
    """The user's roles do not allow the action."""

    exit_code = 4


class BugError(Exception):
    """We are at fault; nothing the user did could have avoided it."""

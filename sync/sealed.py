"""The shell of a bundle: the age format outside, a signature inside, and beneath it the messages of an exchange."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

import msgpack
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.errors import KnownError
from sync.wire import Message, Reader, WireError, Writer

VERSION = 1
MOST_BYTES = 512 << 20
"""What a bundle may weigh; a file beyond that is none of ours and is not taken into memory."""
MOST_UNFOLDED = 1 << 30
"""What the messages of one bundle may come to."""
_LEVEL = 9
_AGE = b"age-encryption.org/v1\n"
_MAGIC = b"XZTB"
_SIGNATURE = 64
_LENGTH = struct.Struct(">I")
_MOST_LABEL = 1 << 20
_TEXT = b"xiangzhitong bundle\0"


@dataclass(frozen=True, slots=True)
class Label:
    """What a bundle says of itself; it is signed together with everything in it.

    ``way``: "up" to the county, "down" to a device. ``made`` in milliseconds since 1970 UTC by its maker's clock. ``frames``:
    ranges of the frame numbers in it, or answered in it. ``recipient``: the age recipient that the answer is to be sealed for.
    ``answers``: the id of the bundle that this one answers; ``void``: the numbers that the county knows by now to be given up.
    """

    way: str
    id: str
    county: str
    device: str
    incarnation: str
    made: int
    epoch: int
    frames: tuple[tuple[int, int], ...] = ()
    recipient: str = ""
    answers: str = ""
    void: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A bundle that was opened with the right key. Nothing in it counts before ``verified``."""

    label: Label
    _signature: bytes
    _signed: bytes
    _messages: bytes

    def verified(self, public_key: bytes) -> bool:
        """Whether the owner of *public_key* (Ed25519, 32 bytes) wrote exactly this."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self._signature, _TEXT + self._signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    def messages(self) -> Iterator[Message]:
        """What an exchange over the network would have carried; kinds that this program doesn't know are passed over."""
        reader, total = Reader(), 0
        for message in reader.feed(self._messages):
            total += len(getattr(message, "content", b""))
            if total > MOST_UNFOLDED:
                raise KnownError("bundle.too_large", size=total >> 20)
            yield message
        if reader.pending:
            raise KnownError("bundle.torn")


def new_identity() -> tuple[str, str]:
    """A new age identity and its recipient, as the standard tool writes them."""
    made = pyrage.x25519.Identity.generate()
    return str(made), str(made.to_public())


def recipient_of(identity: str) -> str:
    """The age recipient that belongs to *identity*."""
    return str(pyrage.x25519.Identity.from_str(identity).to_public())


def seal(label: Label, messages: Iterable[Message], key: bytes, recipient: str) -> bytes:
    """The bundle, signed with *key* (Ed25519, 32 private bytes) and sealed for *recipient*."""
    body = msgpack.packb({"v": VERSION, **asdict(label)})
    writer = Writer(_LEVEL)
    signed = b"".join([_LENGTH.pack(len(body)), body, *(writer.write(message) for message in messages)])
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(_TEXT + signed)
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as bad:
        raise KnownError("bundle.recipient_wrong") from bad
    return bytes(pyrage.encrypt(_MAGIC + signature + signed, [to]))


def unseal(content: bytes, identity: str) -> Letter:
    """Open *content* with *identity*.

    KnownError("bundle.not_a_bundle", "bundle.torn", "bundle.not_for_us", "sync.version_unknown"): nothing of it can be used.
    """
    if not content.startswith(_AGE):
        raise KnownError("bundle.not_a_bundle")
    try:
        plain = bytes(pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(identity)]))
    except pyrage.DecryptError as bad:
        raise KnownError("bundle.not_for_us" if "No matching keys" in str(bad) else "bundle.torn") from bad
    start = len(_MAGIC) + _SIGNATURE
    if not plain.startswith(_MAGIC) or len(plain) < start + _LENGTH.size:
        raise KnownError("bundle.not_a_bundle")
    signed = plain[start:]
    (length,) = _LENGTH.unpack_from(signed)
    end = _LENGTH.size + length
    if length > _MOST_LABEL or len(signed) < end:
        raise KnownError("bundle.torn")
    label = _label(signed[_LENGTH.size : end])
    return Letter(label, plain[len(_MAGIC) : start], signed, signed[end:])


def _label(body: bytes) -> Label:
    try:
        raw = msgpack.unpackb(body)
        version = raw["v"]
        if version != VERSION:
            raise KnownError("sync.version_unknown", detail=f"{version}")
        held: dict[str, Any] = {item.name: raw[item.name] for item in fields(Label) if item.name in raw}
        held["frames"] = tuple((int(low), int(high)) for low, high in held.get("frames", ()))
        held["void"] = tuple(map(int, held.get("void", ())))
        label = Label(**held)
    except (ValueError, KeyError, TypeError, msgpack.UnpackException) as bad:
        raise KnownError("bundle.torn") from bad
    texts = (label.way, label.id, label.county, label.device, label.incarnation, label.recipient, label.answers)
    if not all(isinstance(text, str) for text in texts) or not all(
        isinstance(number, int) for number in (label.made, label.epoch)
    ):
        raise WireError("label")
    return label

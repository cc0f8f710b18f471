"""Where one HTTP/1.1 request ends and the next begins, seen from the bytes that pass by."""

from __future__ import annotations

_HEAD_END = b"\r\n\r\n"


class RequestsSeen:
    """The requests of one connection: ``begun`` and ``ended`` count them; a body has a length or comes in chunks."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self._held = bytearray()
        self._left = 0
        """Bytes of the body, or of the chunk and its line end, that are still to come."""
        self._place = "head"

    @property
    def within(self) -> bool:
        """Whether a request has begun and not ended."""
        return self.begun > self.ended

    def feed(self, data: bytes) -> int:
        """Look at the next bytes; return how many of them belong to requests up to the first one that ends (else all)."""
        for at in range(len(data)):
            # Runs of body are passed over at once; only heads and chunk sizes are looked at byte by byte.
            if self._place in {"body", "chunk"}:
                break
            if self._byte(data[at : at + 1]):
                return at + 1
        else:
            return len(data)
        passed = min(self._left, len(data) - at)
        self._left -= passed
        if not self._left and self._after_run():
            return at + passed
        return at + passed + (self.feed(data[at + passed :]) if at + passed < len(data) else 0)

    def _byte(self, byte: bytes) -> bool:
        """One byte of a head, of the line before a chunk or of the trailer; return whether the request ended with it."""
        if not self._held and self._place == "head":
            self.begun += 1
        self._held += byte
        if self._place == "head" and self._held.endswith(_HEAD_END):
            return self._headed()
        if self._place == "size" and self._held.endswith(b"\r\n"):
            size = int(self._held.split(b";")[0].strip() or b"0", 16)
            self._held.clear()
            self._left, self._place = (size + 2, "chunk") if size else (0, "trailer")
        elif self._place == "trailer" and self._held.endswith(b"\r\n"):
            empty = self._held == b"\r\n"
            self._held.clear()
            return empty and self._end()
        return False

    def _headed(self) -> bool:
        lines = [line.partition(b":") for line in bytes(self._held).lower().split(b"\r\n")[1:]]
        fields = {name.strip(): value.strip() for name, _, value in lines}
        self._held.clear()
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            self._place = "size"
            return False
        self._left = int(fields.get(b"content-length", b"0"))
        self._place = "body"
        return not self._left and self._end()

    def _after_run(self) -> bool:
        if self._place == "chunk":
            self._place = "size"
            return False
        return self._end()

    def _end(self) -> bool:
        self._place = "head"
        self.ended += 1
        return True

"""The content of offers: what a device brings back to a restored county, laid out like a frame going up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.schema.record import Change, Offer
from sync.columns import WireError, pack_ints, unpack_ints
from sync.frames import decode_up, encode_up


@dataclass(frozen=True, slots=True)
class OfferFrame:
    """Offers under one number of one recovery; ``common`` is the last rev that the county was found to have."""

    number: int
    common: int
    offers: tuple[Offer, ...]


def encode_offers(number: int, common: int, offers: Sequence[Offer], level: int = 3) -> bytes:
    """The content of offers; they keep their order."""
    # A frame going up is ordered by its counters: here these are the places, and the devices' own go beside them.
    changes = [replace(offer.change, counter=place) for place, offer in enumerate(offers, 1)]
    rest = [
        [place, list(offer.lost), list(offer.gone), dict(offer.results)]
        for place, offer in enumerate(offers)
        if offer.lost or offer.gone or offer.results
    ]
    more = {
        "common": common,
        "was": pack_ints([offer.was for offer in offers]),
        "own": pack_ints([offer.change.counter for offer in offers]),
        **({"rest": rest} if rest else {}),
    }
    return encode_up(number, changes, level, more)


def decode_offers(content: bytes) -> OfferFrame:
    """The inverse of ``encode_offers``; WireError for anything else."""
    frame = decode_up(content)
    count = len(frame.changes)
    try:
        if [change.counter for change in frame.changes] != list(range(1, count + 1)):
            raise WireError("places")
        was, own = unpack_ints(frame.more["was"], count), unpack_ints(frame.more["own"], count)
        common = frame.more["common"]
        if type(common) is not int or min(was, default=1) <= 0 or min(own, default=0) < 0:
            raise WireError("revs")
        rest = {place: (lost, gone, results) for place, lost, gone, results in frame.more.get("rest", ())}
        offers = tuple(
            _offer(replace(change, counter=own[place]), was[place], *rest.get(place, ((), (), {})))
            for place, change in enumerate(frame.changes)
        )
    except (KeyError, TypeError, ValueError) as bad:
        raise WireError(f"offers: {type(bad).__name__}") from bad
    return OfferFrame(frame.number, common, offers)


def _offer(change: Change, was: int, lost: Sequence[Any], gone: Sequence[Any], results: Any) -> Offer:
    names = (*lost, *gone, *results)
    if not all(isinstance(name, str) for name in names) or not isinstance(results, dict):
        raise WireError("names")
    if not all(value is None or isinstance(value, str | int | float) for value in results.values()):
        raise WireError("results")
    return Offer(change, was, tuple(lost), tuple(gone), results)

"""What an import of orders would do: new, changed, said before, to be decided, faulty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.exchange.orders.shape import NOTE, REOPEN, SKIP, Told
from app.exchange.roster.plan import Finding
from app.messages import sentence
from app.services.orders import Changed, Known, Order, Orders

if TYPE_CHECKING:
    from app.store.saving import Edit

Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class OrderPlan:
    """``rows`` = new + changed + same + waiting (closed here, open again there, nobody decided) + refused rows + left out."""

    source: str
    rows: int
    new: tuple[Order, ...]
    changed: tuple[Changed, ...]
    same: tuple[Order, ...]
    waiting: tuple[Changed, ...]
    left: int
    refused: tuple[Finding, ...]
    flagged: tuple[Finding, ...]
    dos: Mapping[tuple[str, int], str]

    def as_json(self) -> dict[str, Any]:
        """What `township import orders --json` prints."""
        return {
            "source": self.source,
            "rows": self.rows,
            "created": len(self.new),
            "updated": len(self.changed),
            "unchanged": len(self.same),
            "waiting": len(self.waiting),
            "left_out": self.left,
            "refused": [item.as_json() for item in self.refused],
            "flagged": [item.as_json() for item in self.flagged],
        }


def make_plan(
    orders: Iterable[Order],
    room: Orders,
    told: Told,
    source: str,
    rows: int,
    refused: list[Finding],
    flagged: list[Finding],
    tick: Tick,
) -> OrderPlan:
    """Compare *orders* with the cases that there are. Reads them all first: *refused* and *flagged* are filled by reading."""
    once: dict[str, Order] = {}
    same: list[Order] = []
    left = 0
    for order in orders:
        if told.rows.get((order.sheet, order.row)) == SKIP:
            left += 1
            continue
        before = once.setdefault(order.id, order)
        if before is order:
            continue
        if before.whole() == order.whole():
            same.append(order)
        else:
            message = sentence("orders.twice", row=before.row)
            refused.append(Finding(order.sheet, order.row, "number", "twice", message))
    known = room.known(once.values())
    new: list[Order] = []
    changed: list[Changed] = []
    waiting: list[Changed] = []
    for done, order in enumerate(once.values()):
        if done % 200 == 0:
            tick(done, len(once))
        held = known.get(order.id)
        if held is None:
            if room.elsewhere(order):
                flagged.append(Finding(order.sheet, order.row, "", "elsewhere", sentence("orders.elsewhere")))
                same.append(order)
            else:
                new.append(order)
        elif not room.reached(held):
            flagged.append(Finding(order.sheet, order.row, "", "elsewhere", sentence("orders.elsewhere")))
            same.append(order)
        elif held.event.deleted:
            flagged.append(Finding(order.sheet, order.row, "", "deleted", sentence("orders.deleted")))
            same.append(order)
        elif (found := room.changed(order, held)) is None:
            same.append(order)
        elif found.reopened and told.rows.get((order.sheet, order.row)) not in {REOPEN, NOTE}:
            waiting.append(found)
        else:
            changed.append(found)
    return OrderPlan(
        source, rows, tuple(new), tuple(changed), tuple(same), tuple(waiting), left, tuple(refused), tuple(flagged), told.rows
    )  # fmt: skip


def carry_out(
    plan: OrderPlan, room: Orders, tick: Tick, stopped: Callable[[], bool], size: int = 200
) -> tuple[int, int, list[Finding], bool]:
    """Save *plan*, each row whole or not at all: cases made, cases changed, what was refused meanwhile, whether it was stopped."""
    work: list[Order | Changed] = [*plan.new, *plan.changed]
    made = updated = 0
    refused: list[Finding] = []
    for start in range(0, len(work), size):
        if stopped():
            return made, updated, refused, True
        edits: list[Edit] = []
        again = 0
        part = work[start : start + size]
        # Somebody else at this store may have been quicker: what he did must not be written over.
        there = room.known(item if isinstance(item, Order) else item.order for item in part)
        for planned in part:
            item = planned if isinstance(planned, Order) else _by_now(planned, there, room, plan.dos)
            if item is None or (isinstance(item, Order) and item.id in there):
                continue
            order = item if isinstance(item, Order) else item.order
            reopen = isinstance(item, Changed) and item.reopened and plan.dos.get((order.sheet, order.row)) == REOPEN
            found, faults = room.new(item) if isinstance(item, Order) else room.update(item, reopen=reopen)
            if faults:
                refused.append(Finding(order.sheet, order.row, faults[0].field, faults[0].code, faults[0].message))
                continue
            edits += found
            again += reopen
            made += isinstance(item, Order)
            updated += isinstance(item, Changed)
        if edits:
            room.save(plan.source, edits, again)
        tick(min(start + size, len(work)), len(work))
    return made, updated, refused, False


def _by_now(
    item: Changed, there: Mapping[str, Known], room: Orders, dos: Mapping[tuple[str, int], str]
) -> Changed | None:
    """What the order of *item* brings to its case as that is by now; None where it is nothing, or where a person has to decide."""
    held = there.get(item.order.id)
    if held is None or held.event.deleted or not room.reached(held):
        return None
    found = room.changed(item.order, held)
    undecided = found is not None and found.reopened and (item.order.sheet, item.order.row) not in dos
    return None if undecided else found

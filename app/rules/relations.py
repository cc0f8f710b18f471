"""How the members of a household are related to a new head, as far as their relations to the old one tell (GB/T 4761-2008, one digit)."""

from __future__ import annotations

from collections.abc import Mapping

HEAD, SPOUSE, SON, DAUGHTER, GRANDCHILD, PARENT, GRANDPARENT, SIBLING, OTHER = (
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
)
CHILD = "child"
"""A son or a daughter, by the person's own sex."""

# new head's relation to the old one -> relation of each other member to the old head -> to the new head.
_TURNED: Mapping[str, Mapping[str, str]] = {
    SPOUSE: {HEAD: SPOUSE, SON: SON, DAUGHTER: DAUGHTER, GRANDCHILD: GRANDCHILD, PARENT: PARENT, GRANDPARENT: GRANDPARENT, SIBLING: SIBLING},
    CHILD: {HEAD: PARENT, SPOUSE: PARENT, CHILD: SIBLING, PARENT: GRANDPARENT, SIBLING: OTHER},
    PARENT: {HEAD: CHILD, SPOUSE: CHILD, CHILD: GRANDCHILD, PARENT: SPOUSE, SIBLING: CHILD, GRANDPARENT: PARENT},
    SIBLING: {HEAD: SIBLING, PARENT: PARENT, SIBLING: SIBLING, GRANDPARENT: GRANDPARENT},
    GRANDCHILD: {HEAD: GRANDPARENT, SPOUSE: GRANDPARENT, GRANDCHILD: SIBLING},
    GRANDPARENT: {HEAD: GRANDCHILD, SIBLING: GRANDCHILD, GRANDPARENT: SPOUSE, PARENT: CHILD},
}  # fmt: skip
_CHILDREN = frozenset({SON, DAUGHTER})


def proposed(members: Mapping[str, tuple[str | None, str | None]], head: str) -> dict[str, str | None]:
    """The relation of every member to the new *head*, to be looked over by a person; None where the old ones don't tell.

    *members*: id -> (relation to the old head, sex by GB/T 2261.1). Who was not related in a known way stays ``其他``.
    """
    old, _ = members[head]
    if old == HEAD:
        # Only a second head is one too many; the others are related to this one already.
        return {
            m: HEAD if m == head else None if relation == HEAD else relation for m, (relation, _) in members.items()
        }
    table = _TURNED.get(CHILD if old in _CHILDREN else str(old), {})
    found: dict[str, str | None] = {}
    for member, (relation, sex) in members.items():
        if member == head:
            found[member] = HEAD
            continue
        key = CHILD if relation in _CHILDREN and CHILD in table else str(relation)
        turned = OTHER if relation == OTHER else table.get(key)
        found[member] = {"1": SON, "2": DAUGHTER}.get(str(sex)) if turned == CHILD else turned
    return found

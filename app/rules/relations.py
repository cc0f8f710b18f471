"""How the members of a household are related to a new head, as far as their relations to the old one tell (GB/T 4761-2008, one digit)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
_BY_MARRIAGE = frozenset({"儿媳", "儿媳妇", "媳妇", "媳", "女婿", "婿", "上门女婿"})
"""Words for a child's wife or husband, who has the code of a daughter or a son."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's code of the relation to the old head, sex (GB/T 2261.1) and the word that stood in the roster."""

    relation: str | None
    sex: str | None = None
    word: str | None = None

    @property
    def married_in(self) -> bool:
        return self.relation in _CHILDREN and self.word in _BY_MARRIAGE


def proposed(members: Mapping[str, Member], head: str) -> dict[str, str | None]:
    """The relation of every member to the new *head*, by id, to be looked over by a person; None where the old ones don't tell.

    Who was not related in a known way stays ``其他``.
    """
    new = members[head]
    if new.relation == HEAD:
        # Only a second head is one too many; the others are related to this one already.
        return {
            key: HEAD if key == head else None if each.relation == HEAD else each.relation
            for key, each in members.items()
        }
    own = [key for key, each in members.items() if each.relation in _CHILDREN and not each.married_in]
    # Of an only child everybody knows whose wife the daughter-in-law is, and whose the grandchildren are.
    alone = len(own) == 1
    table = _TURNED.get(CHILD if new.relation in _CHILDREN else str(new.relation), {})
    found: dict[str, str | None] = {}
    for key, each in members.items():
        kind = CHILD if each.relation in _CHILDREN and CHILD in table else str(each.relation)
        turned = OTHER if each.relation == OTHER else table.get(kind)
        if new.relation in _CHILDREN and each.relation == GRANDCHILD:
            turned = CHILD if alone else None
        elif new.relation in _CHILDREN and each.relation in _CHILDREN and (new.married_in or each.married_in):
            turned = SPOUSE if alone and new.married_in != each.married_in else None
        elif new.married_in and each.relation in {PARENT, SIBLING}:
            turned = None
        found[key] = (
            HEAD if key == head else {"1": SON, "2": DAUGHTER}.get(str(each.sex)) if turned == CHILD else turned
        )
    return found

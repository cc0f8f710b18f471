"""Households of the demo: who lives together, how old they are, what they are called."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from app.demo.words import FEMALE, MALE, dotted_name, given_name, surname

_DOTTED_EVERY = 90


@dataclass(slots=True)
class Person:
    """One member: name, sex (GB/T 2261.1), birth date, code and word of the relation to the head."""

    name: str
    sex: str
    birth: dt.date
    relation: str = "0"
    relation_text: str = "户主"
    identity: str = ""
    phone: str = ""

    def age(self, today: dt.date) -> int:
        return today.year - self.birth.year - ((today.month, today.day) < (self.birth.month, self.birth.day))


class Families:
    """Makes households; every child has the surname of the father, every age fits its relation."""

    def __init__(self, chance: random.Random, today: dt.date) -> None:
        self._chance = chance
        self._today = today

    def tenants(self) -> list[Person]:
        """One to three people who rent: a worker, a couple, sometimes with a child."""
        return self._couple_with_children(self._chance.randint(22, 45), self._chance.choice((0, 0, 1)), alone=0.4)

    def household(self) -> list[Person]:
        """A household that belongs here, its head first; three people on average."""
        draw = self._chance.random()
        if draw < 0.11:
            return self._couple_with_children(self._chance.randint(62, 90), 0, alone=1)
        if draw < 0.27:
            return self._couple_with_children(self._chance.randint(55, 82), 0, alone=0.05)
        if draw < 0.60:
            children = self._chance.choice((1, 1, 2, 2, 3))
            return self._couple_with_children(self._chance.randint(26, 54), children, alone=0.08)
        if draw < 0.80:
            return self._three_generations()
        if draw < 0.94:
            members = self._couple_with_children(self._chance.randint(30, 52), self._chance.choice((1, 2)), alone=0.1)
            return members + self._parents(members[0])
        return self._siblings()

    def _couple_with_children(self, age: int, children: int, alone: float) -> list[Person]:
        chance = self._chance
        dotted = chance.random() < 1 / _DOTTED_EVERY
        sex = MALE if chance.random() < 0.78 else FEMALE
        head = self._person(sex, age, dotted=dotted)
        members = [head]
        if chance.random() >= alone:
            spouse_age = max(20, age + chance.randint(-5, 2) * (1 if sex == MALE else -1))
            spouse = self._person(FEMALE if sex == MALE else MALE, spouse_age, dotted=dotted)
            spouse.relation, spouse.relation_text = "1", "妻" if sex == MALE else "夫"
            members.append(spouse)
        father = next((person for person in members if person.sex == MALE), head)
        youngest_parent = min(person.age(self._today) for person in members)
        counts = {MALE: 0, FEMALE: 0}
        child_age = youngest_parent - chance.randint(21, 27)
        for _ in range(children):
            if child_age < 0:
                break
            members.append(self._child(father, child_age, counts))
            child_age -= chance.randint(2, 5)
        return members

    def _child(self, father: Person, age: int, counts: dict[str, int]) -> Person:
        sex = MALE if self._chance.random() < 0.52 else FEMALE
        child = self._person(sex, age, father=father)
        child.relation = "2" if sex == MALE else "3"
        counts[sex] += 1
        order = {1: "长", 2: "次", 3: "三"}[min(counts[sex], 3)]
        child.relation_text = order + ("子" if sex == MALE else "女")
        return child

    def _three_generations(self) -> list[Person]:
        chance = self._chance
        members = self._couple_with_children(chance.randint(54, 72), 0, alone=0.15)
        father = next((person for person in members if person.sex == MALE), members[0])
        young = min(person.age(self._today) for person in members)
        son = self._person(MALE, max(22, young - chance.randint(22, 27)), father=father)
        son.relation, son.relation_text = "2", "长子"
        wife = self._person(FEMALE, max(21, son.age(self._today) - chance.randint(0, 4)))
        wife.relation, wife.relation_text = "3", "儿媳"
        members += [son, wife]
        child_age = wife.age(self._today) - chance.randint(21, 26)
        for _ in range(chance.choice((0, 1, 1, 2))):
            if child_age < 0:
                break
            sex = MALE if chance.random() < 0.52 else FEMALE
            child = self._person(sex, child_age, father=son)
            child.relation, child.relation_text = "4", "孙子" if sex == MALE else "孙女"
            members.append(child)
            child_age -= chance.randint(2, 5)
        return members

    def _parents(self, head: Person) -> list[Person]:
        age = min(96, head.age(self._today) + self._chance.randint(22, 30))
        mother = self._person(FEMALE, age)
        mother.relation, mother.relation_text = "5", "母亲"
        if self._chance.random() < 0.5:
            return [mother]
        father = self._person(MALE, min(98, age + self._chance.randint(0, 4)))
        if "·" not in head.name and "·" not in father.name:
            father.name = _surname_of(head.name) + given_name(self._chance, MALE, father.birth.year)
        father.relation, father.relation_text = "5", "父亲"
        return [father, mother]

    def _siblings(self) -> list[Person]:
        head = self._person(MALE, self._chance.randint(45, 75))
        brother = self._person(MALE, max(30, head.age(self._today) - self._chance.randint(2, 9)), father=head)
        brother.relation, brother.relation_text = "7", "弟弟"
        return [head, brother]

    def _person(self, sex: str, age: int, *, father: Person | None = None, dotted: bool = False) -> Person:
        born = self._birthday(age)
        if dotted or (father is not None and "·" in father.name):
            name = dotted_name(self._chance, sex, father.name if father else "")
        else:
            family = _surname_of(father.name) if father else surname(self._chance)
            name = family + given_name(self._chance, sex, born.year)
        return Person(name, sex, born)

    def _birthday(self, age: int) -> dt.date:
        # Somebody of this age today has had the last birthday within the past year.
        days = age * 365.2425 + self._chance.randint(1, 364)
        return self._today - dt.timedelta(days=int(days))


def _surname_of(name: str) -> str:
    return name[:2] if name[:2] in {"欧阳", "尉迟"} else name[:1]

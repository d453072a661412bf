"""People: told apart by name, sending unit and month of birth, and numbered by us."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select

from visits.people.rows import Person
from visits.places import name_key, tidy_name
from visits.store import UnitOfWork, lock_for_transaction

_MONTH = re.compile(r"((?:19|20)[0-9]{2})[-./年]?(1[0-2]|0?[1-9])(?:月|[-./月][0-9]{1,2}日?)?")


@dataclass(frozen=True)
class PersonView:
    """A person as others see them."""

    id: UUID
    person_number: str
    county_code: str
    name: str
    birth_month: str
    sending_unit: str


def birth_month_of(value: date | str | None) -> str | None:
    """A month as ``1985-03`` from the ways rosters write it; ``None`` where it cannot be read."""
    if isinstance(value, date):
        return f"{value:%Y-%m}"
    found = _MONTH.fullmatch("".join((value or "").split()))
    return f"{found[1]}-{int(found[2]):02d}" if found else None


class PersonFinder:
    """The people of some counties, kept for one import."""

    def __init__(self, uow: UnitOfWork, county_codes: Iterable[str]) -> None:
        self._uow = uow
        conditions = [Person.county_code.startswith(code, autoescape=True) for code in county_codes]
        self._by_number: dict[str, PersonView] = {}
        self._by_name: dict[str, list[PersonView]] = defaultdict(list)
        for person in uow.session.scalars(select(Person).where(or_(*conditions))) if conditions else ():
            self._keep(_view(person))
        self._next_number: int | None = None

    def numbered(self, person_number: str) -> PersonView | None:
        """The person with this number."""
        return self._by_number.get(person_number.strip().upper())

    def named(self, name: str) -> list[PersonView]:
        """Everybody of this name, by number."""
        return sorted(self._by_name.get(name_key(name), []), key=lambda person: person.person_number)

    def exact(self, county_code: str, name: str, sending_unit: str, birth_month: str) -> PersonView | None:
        """The one person of this county, name, unit and month of birth."""
        return next(
            (
                person
                for person in self.named(name)
                if person.county_code == county_code
                and person.birth_month == birth_month
                and name_key(person.sending_unit) == name_key(sending_unit)
            ),
            None,
        )

    def add(self, county_code: str, name: str, sending_unit: str, birth_month: str, *, at_utc: datetime) -> PersonView:
        """Make a person and give them the next number."""
        row = Person(
            id=uuid4(),
            person_number=f"R{self._take_number():06d}",
            county_code=county_code,
            name=tidy_name(name),
            name_key=name_key(name),
            birth_month=birth_month,
            sending_unit=tidy_name(sending_unit),
            unit_key=name_key(sending_unit),
            created_utc=at_utc,
        )
        self._uow.session.add(row)
        self._uow.session.flush()
        made = _view(row)
        self._keep(made)
        return made

    def _keep(self, person: PersonView) -> None:
        self._by_number[person.person_number] = person
        self._by_name[name_key(person.name)].append(person)

    def _take_number(self) -> int:
        if self._next_number is None:
            lock_for_transaction(self._uow, "person_number")
            # Numbers are never given back, so there are as many as people.
            self._next_number = 1 + (self._uow.session.scalar(select(func.count()).select_from(Person)) or 0)
        self._next_number += 1
        return self._next_number - 1


def listed(people: Iterable[PersonView]) -> str:
    """People told apart for somebody who has to choose: number, name, unit, month of birth."""
    return "; ".join(f"{p.person_number} {p.name}, {p.sending_unit}, {p.birth_month}" for p in people)


def _view(person: Person) -> PersonView:
    return PersonView(
        person.id, person.person_number, person.county_code, person.name, person.birth_month, person.sending_unit
    )

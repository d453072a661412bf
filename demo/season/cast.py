"""Who plays in the season: inspectors, posted people of two counties, and the truth about them. All invented."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from demo.cast import NUMBERS, SURNAMES, DemoAccount, Posted
from demo.county import County, Village

INSPECTORS = "defghijklmnopqrstuvwx"
_STEMS = "丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地"
SECOND_OFFICE, SECOND_ORGANIZATION = "office.fa", "stranger"
SECOND_INSPECTORS = tuple(f"insp.fa{number}" for number in range(1, 5))
_KINDS = ("第一书记", "工作队长", "队员", "下派村党支部书记", "队员", "挂钩帮扶", "省驻村干部")
_UNITS = tuple(f"演示县{name}局" for name in ("财政", "水利", "教育", "林业", "交通", "住建", "医保", "民政", "文旅"))


class Truth(StrEnum):
    """How somebody lives, which nobody but the run knows. The software never says any of these words."""

    RESIDENT = "resident"
    COMMUTER = "commuter"
    NAME_ONLY = "name-only"


@dataclass(frozen=True)
class Away:
    """One time away as a leave book has it; who approved late did so after the first day."""

    book_zh: str
    kind_zh: str
    left: date
    back: date
    approved: date

    def covers(self, day: date) -> bool:
        return self.left <= day <= self.back


@dataclass(frozen=True)
class Person:
    """Somebody posted to a village, how they live, and when they were away."""

    posted: Posted
    truth: Truth
    aways: tuple[Away, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Village code and name: nobody in the season shares both."""
        return self.posted.village.code, self.posted.name

    def is_away(self, day: date) -> bool:
        return any(away.covers(day) for away in self.aways)


def inspector_accounts(county: County, count: int) -> list[DemoAccount]:
    """Inspectors beside the three of the story."""
    return [
        DemoAccount(f"insp.{letter}", f"演示·督查{stem}", "督查员", county.code, "演示县督查办")
        for letter, stem in list(zip(INSPECTORS, _STEMS, strict=True))[:count]
    ]


def second_accounts(county: County) -> list[DemoAccount]:
    """The second county's own office and inspectors; its organization department is the stranger of the story."""
    office = DemoAccount(SECOND_OFFICE, "演示·外县督办", "督查办", county.code, "外县督查办")
    return [office] + [
        DemoAccount(login, f"演示·外县督查{NUMBERS[number]}", "督查员", county.code, "外县督查办")
        for number, login in enumerate(SECOND_INSPECTORS)
    ]


def season_people(
    county: County, *, left_out: Collection[str], each: int, villages: int, first: date, last: date, seed: int
) -> list[Person]:
    """``each`` invented people in so many villages of the county, their truths and times away drawn from the seed."""
    dice = np.random.default_rng(seed)
    there = [village for village in county.villages if village.code not in left_out]
    chosen = sorted(dice.permutation(len(there))[:villages].tolist())
    people: list[Person] = []
    for place, village in enumerate(there[number] for number in chosen):
        for _ in range(each + (place % 16 == 0)):
            people.append(_person(len(people), village, first, last, dice))
    return people


def _person(number: int, village: Village, first: date, last: date, dice: np.random.Generator) -> Person:
    high, low = divmod(number // len(SURNAMES), 10)
    posted = Posted(
        name=f"演示·{SURNAMES[number % len(SURNAMES)]}{NUMBERS[high]}{NUMBERS[low]}",
        village=village,
        kind_zh=_KINDS[number % len(_KINDS)],
        unit=_UNITS[number % len(_UNITS)],
        birth=f"{1970 + number % 27}.{number % 12 + 1:02d}",
        begins=(first.year - 1 - number % 2, number % 12 + 1),
    )
    truth = Truth(dice.choice([truth.value for truth in Truth], p=(0.82, 0.1, 0.08)))
    return Person(posted, truth, _aways(first, last, dice))


def _aways(first: date, last: date, dice: np.random.Generator) -> tuple[Away, ...]:
    """A few times away in the season, apart from each other, one in eight approved only afterwards."""
    found: list[Away] = []
    day = first + timedelta(days=int(dice.integers(0, 60)))
    while day < last:
        back = day + timedelta(days=int(dice.integers(1, 6)))
        late = dice.random() < 0.12
        approved = back + timedelta(days=2) if late else day - timedelta(days=int(dice.integers(1, 4)))
        book_zh, kinds = (
            ("乡镇", ("事假", "病假", "轮休")) if dice.random() < 0.6 else ("组织部", ("培训", "公差", "年休"))
        )
        found.append(Away(book_zh, str(dice.choice(kinds)), day, back, approved))
        day = back + timedelta(days=int(dice.integers(25, 80)))
    return tuple(found)

"""Who plays in the demo: accounts, posted people, villages. Everybody is invented, and every name begins with 演示."""

from dataclasses import dataclass

from demo.county import County, Village

ADMIN_LOGIN = "admin"
VISITED_CODE = "350924106208"
NAMESAKE_CODE = "350924209201"
SURNAMES = "张李王赵钱孙周吴郑冯陈褚卫蒋沈韩杨朱秦尤许何吕施孔曹严华金魏"
NUMBERS = "一二三四五六七八九十"


@dataclass(frozen=True)
class DemoAccount:
    """A row of the accounts workbook; ``role_zh`` as the office writes it."""

    login: str
    name: str
    role_zh: str
    division_code: str
    unit: str


@dataclass(frozen=True)
class Posted:
    """One invented person and where they are posted."""

    name: str
    village: Village
    kind_zh: str
    unit: str
    birth: str
    begins: tuple[int, int]
    has_ended: bool = False


ACCOUNTS = (
    DemoAccount("insp.a", "演示·督查甲", "督查员", "350924", "演示县督查办"),
    DemoAccount("insp.b", "演示·督查乙", "督查员", "350924", "演示县督查办"),
    DemoAccount("insp.c", "演示·督查丙", "督查员", "350924", "演示县督查办"),
    DemoAccount("office", "演示·督办", "督查办", "350924", "演示县督查办"),
    DemoAccount("org.a", "演示·组工甲", "组织部", "350924", "演示县委组织部"),
    DemoAccount("org.b", "演示·组工乙", "组织部", "350924", "演示县委组织部"),
    DemoAccount("discipline", "演示·纪检", "纪委", "350924", "演示县纪委"),
    DemoAccount("leader", "演示·领导", "领导", "350924", "演示县"),
    DemoAccount("stranger", "演示·外县组工", "组织部", "350981", "外县委组织部"),
)

# The five people of the visited village, by the part they play in the story.
MET = "演示·张一"
AT_CANTEEN = "演示·李二"
ON_LEAVE = "演示·王三"
UNEXPLAINED = "演示·赵四"
FAR_FIX = "演示·钱五"
ENDED = "演示·孙六"
TOWN_APPROVER = "演示·镇长"
DEPARTMENT_APPROVER = "演示·部长"

_VISITED = (
    (MET, "第一书记", "演示县财政局", "1984.03"),
    (AT_CANTEEN, "队员", "演示县水利局", "1990年7月"),
    (ON_LEAVE, "工作队长", "演示县教育局", "1987-11"),
    (UNEXPLAINED, "下派村党支部书记", "演示县林业局", "1979.05"),
    (FAR_FIX, "省驻村干部", "演示省厅", "1992年12月"),
    (ENDED, "队员", "演示县农业农村局", "1988.09"),
)
_KINDS = ("第一书记", "工作队长", "队员", "挂钩帮扶")
_UNITS = (
    "演示县财政局",
    "演示县水利局",
    "演示县教育局",
    "演示县林业局",
    "演示县交通局",
    "演示县住建局",
    "演示县医保局",
)


def posted_villages(county: County) -> list[Village]:
    """The twelve villages that have somebody posted, the visited one and its namesake among them."""
    by_code = {village.code: village for village in county.villages}
    chosen = [by_code[VISITED_CODE], by_code[NAMESAKE_CODE]]
    taken_towns = {village.town_code for village in chosen}
    for village in county.villages:
        if len(chosen) < 12 and village.is_village and village.town_code not in taken_towns:
            chosen.append(village)
            taken_towns.add(village.town_code)
    return chosen


def posted_people(county: County) -> list[Posted]:
    """About forty invented people over twelve villages: six in the visited one, three in each of the others."""
    visited, *others = posted_villages(county)
    people = [
        Posted(name, visited, kind, unit, birth, (2024, 7), has_ended=name == ENDED)
        for name, kind, unit, birth in _VISITED
    ]
    for number in range(3 * len(others)):
        name = f"演示·{SURNAMES[6 + number % 24]}{NUMBERS[(6 + number) % 10]}"
        born = f"{1972 + number % 25}.{number % 9 + 1:02d}"
        begins = (2023 + number % 3, 3 + number % 7)
        kind, unit = _KINDS[number % len(_KINDS)], _UNITS[number % len(_UNITS)]
        people.append(Posted(name, others[number // 3], kind, unit, born, begins))
    return people

"""Rights and scope in one place."""

import re
from pathlib import Path

import pytest

from visits.access import Actor, NotAllowed, Right, Role, in_scope, require

DOC = Path(__file__).parents[3] / "docs" / "access.md"


def actor(role: Role, prefix: str = "350924") -> Actor:
    from uuid import UUID

    return Actor(UUID(int=1), "x", "x", role, prefix)


def test_the_documented_table_is_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", DOC.read_text(), flags=re.MULTILINE)
    documented = {name: [cell.strip() == "yes" for cell in cells.split("|")] for name, cells in rows}
    assert documented == {right.value: [actor(role).may(right) for role in Role] for right in Right}


def test_a_role_without_the_right_is_refused() -> None:
    with pytest.raises(NotAllowed):
        require(actor(Role.ADMIN), Right.READ_VISITS)
    require(actor(Role.ORGANIZATION), Right.READ_VISITS)


@pytest.mark.parametrize(("code", "inside"), [("350924106208", True), ("350924", True), ("350981100200", False)])
def test_scope_is_the_start_of_the_code(code: str, inside: bool) -> None:
    assert in_scope(actor(Role.OFFICE), code) is inside

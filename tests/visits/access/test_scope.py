"""Rights and scope in one place."""

import re
from pathlib import Path

import pytest
from sqlalchemy import literal, select, text

from tests.visits.world import XIPU, World
from visits import access
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


def test_what_became_of_a_code_is_followed_into_the_division_and_never_out_of_it(world: World) -> None:
    """350901… was renamed twice into this county; a village of this county was handed over to the next one."""
    chain = (("350901100201", "350902100201"), ("350902100201", XIPU), ("350924106299", "350981100201"))
    with world.store.writing() as uow:
        for code, successor in chain:
            uow.session.execute(
                text("INSERT INTO division (code, level, name, successor_code) VALUES (:code, 'village', 'x', :to)"),
                {"code": code, "to": successor},
            )
    with world.store.reading() as uow:
        office, stranger = (access.actor_named(uow, login) for login in ("office", "stranger"))
        assert office.predecessors == {"350901100201", "350902100201"}
        assert stranger.predecessors == {"350924106299"}
        for code, sees_office, sees_stranger in (
            ("350901100201", True, False),
            ("350901100202", False, False),
            (XIPU, True, False),
            ("350924106299", True, True),
        ):
            assert (in_scope(office, code), in_scope(stranger, code)) == (sees_office, sees_stranger), code
            for actor_, sees in ((office, sees_office), (stranger, sees_stranger)):
                found = uow.session.scalar(select(literal(code)).where(access.within(actor_, literal(code))))
                assert (found == code) is sees


@pytest.mark.parametrize(("code", "inside"), [("350924106208", True), ("350924", True), ("350981100200", False)])
def test_scope_is_the_start_of_the_code(code: str, inside: bool) -> None:
    assert in_scope(actor(Role.OFFICE), code) is inside

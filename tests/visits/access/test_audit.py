"""The audit chain: append only, unbroken, read by the discipline role of the division."""

import pytest
from sqlalchemy import text

from tests.visits.world import NOW, World
from visits import access


def test_the_chain_holds_and_is_read_by_the_discipline_role_only(world: World) -> None:
    with world.store.reading() as uow:
        assert access.audit_is_unbroken(uow) is None
        assert access.audit_trail(uow, world.actors["discipline"])
        for who in ("admin", "organization", "leader", "office", "first", "oversight"):
            with pytest.raises(access.NotAllowed):
                access.audit_trail(uow, world.actors[who])


def test_another_countys_lines_are_not_shown(world: World) -> None:
    with world.store.writing() as uow:
        access.note(uow, world.actors["stranger"], "person.read", about="posting:1", at_utc=NOW)
    with world.store.reading() as uow:
        assert access.audit_trail(uow, world.actors["discipline"], about="posting:1") == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET result = 'x'", "DELETE FROM audit"])
def test_no_line_can_be_changed_or_deleted(world: World, statement: str) -> None:
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.execute(text(statement))


def test_a_line_changed_behind_the_triggers_back_is_found(world: World) -> None:
    with world.store.writing() as uow:
        if world.store.is_sqlite:
            uow.session.execute(text("DROP TRIGGER keep_audit_update"))
        else:
            uow.session.execute(text("DROP TRIGGER keep_audit_update ON audit"))
        uow.session.execute(text("UPDATE audit SET result = 'x' WHERE number = 5"))
    with world.store.reading() as uow:
        assert access.audit_is_unbroken(uow) == 5

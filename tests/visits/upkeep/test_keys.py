"""The master key is exchanged: everything opens under the new one, nothing under the old one, nothing is lost."""

import base64
from contextlib import closing

import pytest
from sqlalchemy import select

from media.errors import SealBroken
from tests.visits.world import NOW, World
from visits import access, fieldwork, log, plans, upkeep
from visits.access import totp
from visits.intake import VisitKey
from visits.plans.codes import code_of
from visits.plans.rows import Assignment
from visits.store import Store

NEW_KEY = bytes(range(100, 132))


def with_key(store: Store, key: bytes) -> Store:
    return Store(store.engine.url.render_as_string(hide_password=False), master_key=key)


def test_everything_opens_under_the_new_key_and_nothing_under_the_old_one(world: World) -> None:
    phone, _ = world.open_visit()
    phone.arrive()
    phone.problem()
    world.send(phone)
    org, admin = world.actors["organization"], world.actors["admin"]
    with world.store.writing() as uow:
        secret = base64.b32decode(access.begin_app(uow, org).secret)
        access.confirm_app(uow, org, totp.code_of(secret, totp.step_at(NOW)), at_utc=NOW)
        access.begin_app(uow, org)
        made = upkeep.checkpoint_now(uow, at_utc=NOW)
        assignment_id = uow.session.scalars(select(Assignment.id)).one()
        slip_code = code_of(uow, assignment_id)
        before = {row.visit_id: row.wrapped_key for row in uow.session.scalars(select(VisitKey))}
        done = upkeep.exchange_master_key(uow, admin, NEW_KEY, at_utc=NOW)
    assert done["visits"] == len(before) > 0
    assert done["pairs"] > 0
    assert done["apps"] == 1
    with world.store.reading() as uow:
        assert not upkeep.opens(uow)
        with pytest.raises(SealBroken):
            access.app_being_set_up(uow, org)
    with closing(with_key(world.store, NEW_KEY)) as store:
        with store.writing() as uow:
            assert upkeep.opens(uow)
            assert access.app_being_set_up(uow, org) is not None
            next_code = totp.code_of(secret, totp.step_at(NOW) + 1)
            assert access.use_code(uow, org.account_id, next_code, at_utc=NOW) == "app"
            assert code_of(uow, assignment_id) == slip_code
            fieldwork.judge_visit(uow, phone.visit_id, at_utc=NOW)
            assert fieldwork.visit(uow, org, phone.visit_id, at_utc=NOW).summary.id == phone.visit_id
            assert log.checkpoint_file(uow, made.size).text
            for purpose in log.Purpose:
                log.current_key(uow, purpose, at_utc=NOW)
            signed = log.sign(uow, log.Purpose.CHECKPOINT, b"said", at_utc=NOW)
        with store.reading() as uow:
            assert signed.kid in {key.kid for key in log.public_keys(uow)}
            assert access.audit_is_unbroken(uow) is None


def test_nothing_sealed_under_the_master_key_is_forgotten(world: World) -> None:
    """Every verb that seals under it is one that is sealed anew: a new one makes this fail."""
    from pathlib import Path

    rooms = Path(access.__file__).parents[1]
    users = {
        path.parent.name + "/" + path.name
        for path in rooms.rglob("*.py")
        if "uow.master_key" in path.read_text("utf-8") and path.parent.name != "store"
    }
    assert users == {
        "access/factors.py",
        "access/outside.py",
        "draws/reading.py",
        "draws/verbs.py",
        "intake/sealing.py",
        "log/keys.py",
        "places/households.py",
        "plans/codes.py",
        "upkeep/keys.py",
    }
    assert plans.rewrap_codes


def test_only_who_maintains_the_server_does_it(world: World) -> None:
    with pytest.raises(access.NotAllowed), world.store.writing() as uow:
        upkeep.exchange_master_key(uow, world.actors["office"], NEW_KEY, at_utc=NOW)

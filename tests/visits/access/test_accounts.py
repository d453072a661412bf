"""Accounts: made by admins inside their division, signed in by passphrase, ended at once."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.visits.world import COUNTY, NOW, PASSPHRASE, World
from visits import access
from visits.access import NewAccount, Role
from visits.store import Store


def sign_in(
    world: World, login: str = "first", passphrase: str = PASSPHRASE, *, at_utc: datetime = NOW, **device: Any
) -> access.SignedIn:
    with world.store.reading() as uow:
        proven = access.prove_passphrase(uow, login=login, passphrase=passphrase, at_utc=at_utc)
    with world.store.writing() as uow:
        return access.sign_in(uow, proven, at_utc=at_utc, **device)


def test_the_first_admin_is_made_once(store: Store) -> None:
    with store.writing() as uow:
        made = access.bootstrap_admin(uow, login="admin", name="管理员", division_prefix="35", at_utc=NOW)
    assert made.account.role is Role.ADMIN
    with store.writing() as uow:
        proven = access.prove_passphrase(uow, login="admin", passphrase=made.passphrase, at_utc=NOW)
        signed = access.sign_in(uow, proven, at_utc=NOW)
    assert signed.actor.role is Role.ADMIN
    with pytest.raises(access.AlreadyBootstrapped), store.writing() as uow:
        access.bootstrap_admin(uow, login="other", name="x", division_prefix="35", at_utc=NOW)


def test_a_token_is_its_account_until_it_is_revoked(world: World) -> None:
    signed = sign_in(world)
    with world.store.reading() as uow:
        assert access.actor_of_token(uow, signed.token, at_utc=NOW) == signed.actor
    with world.store.writing() as uow:
        access.sign_out(uow, signed.token, at_utc=NOW)
    with world.store.reading() as uow, pytest.raises(access.NotSignedIn):
        access.actor_of_token(uow, signed.token, at_utc=NOW)


def test_a_token_ends_with_its_time(world: World) -> None:
    signed = sign_in(world)
    with world.store.reading() as uow, pytest.raises(access.NotSignedIn):
        access.actor_of_token(uow, signed.token, at_utc=signed.expires_utc)


def test_the_token_itself_is_not_stored(world: World) -> None:
    signed = sign_in(world)
    with world.store.reading() as uow:
        kept = uow.session.scalars(select(access.SessionToken.token_sha256)).all()
    assert kept
    assert all(signed.token.encode() not in digest for digest in kept)


@pytest.mark.parametrize(("login", "passphrase"), [("first", "wrong passphrase"), ("nobody", PASSPHRASE)])
def test_wrong_login_and_wrong_passphrase_are_told_alike(world: World, login: str, passphrase: str) -> None:
    with pytest.raises(access.SignInRefused, match="login or passphrase is wrong"):
        sign_in(world, login, passphrase)


def test_a_third_partys_account_ends_with_its_last_day(world: World) -> None:
    with world.store.writing() as uow:
        new = NewAccount(
            "agency", "评估机构", Role.INSPECTOR, COUNTY, approval_number="闽1号", ends_on=date(2026, 11, 18)
        )
        access.create_account(uow, world.actors["admin"], new, passphrase=PASSPHRASE, at_utc=NOW)
    token = sign_in(world, "agency").token
    tomorrow = NOW + timedelta(days=1)
    with pytest.raises(access.SignInRefused):
        sign_in(world, "agency", at_utc=tomorrow)
    with world.store.reading() as uow, pytest.raises(access.NotSignedIn):
        access.actor_of_token(uow, token, at_utc=tomorrow)


def test_accounts_are_made_by_admins_inside_their_division(world: World) -> None:
    with pytest.raises(access.NotAllowed), world.store.writing() as uow:
        access.create_account(uow, world.actors["office"], NewAccount("x", "x", Role.LEADER, COUNTY), at_utc=NOW)
    with pytest.raises(access.NotAllowed), world.store.writing() as uow:
        access.create_account(uow, world.actors["admin"], NewAccount("x", "x", Role.LEADER, "11"), at_utc=NOW)
    with pytest.raises(access.AccountExists), world.store.writing() as uow:
        access.create_account(uow, world.actors["admin"], NewAccount("first", "x", Role.LEADER, COUNTY), at_utc=NOW)


def test_a_short_passphrase_is_refused(world: World) -> None:
    with pytest.raises(access.WeakPassphrase), world.store.writing() as uow:
        access.create_account(
            uow, world.actors["admin"], NewAccount("x", "x", Role.LEADER, COUNTY), passphrase="short", at_utc=NOW
        )


def test_the_office_sees_the_inspectors_it_can_assign_and_nobody_else(world: World) -> None:
    with world.store.reading() as uow:
        seen = access.accounts_within(uow, world.actors["office"])
        assert {a.login for a in seen} == {"first", "second", "third"}
        with pytest.raises(access.NotAllowed):
            access.accounts_within(uow, world.actors["leader"])


def test_a_phone_is_registered_once_however_often_it_signs_in(world: World) -> None:
    actor, key = world.phone_actor("first")
    again = sign_in(world, device_label="again", device_key=key.public_jwk)
    assert again.actor.device_id == actor.device_id

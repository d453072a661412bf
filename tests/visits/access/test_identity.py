"""Who somebody is: wrong tries, passphrases, second factors, phones, and sign-ins that end."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from media.proof import new_device_key
from tests.visits.world import COUNTY, NOW, PASSPHRASE, World
from visits import access
from visits.access import Actor, NewAccount, Role, SignedIn, SignInRules, Stage, TooManyTries, passphrases, totp
from visits.access.rows import RecoveryCode, Totp
from visits.access.tries import network_of

MINUTE = timedelta(minutes=1)


def enter(world: World, login: str, *, at_utc: Any = NOW, rules: SignInRules = SignInRules(), **phone: Any) -> SignedIn:  # noqa: B008
    with world.store.reading() as uow:
        proven = access.prove_passphrase(uow, login=login, passphrase=PASSPHRASE, at_utc=at_utc)
    with world.store.writing() as uow:
        return access.sign_in(uow, proven, rules=rules, at_utc=at_utc, **phone)


def wrong(world: World, headings: Sequence[Any], *, times: int = 1, at_utc: Any = NOW) -> None:
    for _ in range(times):
        with world.store.writing() as uow:
            access.begin_try(uow, headings, at_utc=at_utc)


def with_app(world: World, login: str = "organization") -> tuple[Actor, bytes, list[str]]:
    """An account whose authenticator app is in use; its secret and its recovery codes."""
    actor = world.actors[login]
    with world.store.writing() as uow:
        secret = totp.base64.b32decode(access.begin_app(uow, actor).secret)
        codes = access.confirm_app(uow, actor, totp.code_of(secret, totp.step_at(NOW)), at_utc=NOW)
    return actor, secret, codes


# ---- Wrong tries ----


def test_five_wrong_tries_from_one_place_and_it_waits_a_quarter_of_an_hour(world: World) -> None:
    here = access.headings_of_sign_in("first", "10.0.0.7", None, None)
    wrong(world, here, times=5)
    with pytest.raises(TooManyTries) as told, world.store.writing() as uow:
        access.begin_try(uow, here, at_utc=NOW + MINUTE)
    assert told.value.retry_after_s == 14 * 60
    wrong(world, here, at_utc=NOW + 15 * MINUTE)


def test_a_strangers_guesses_shut_out_neither_other_places_nor_a_known_browser(world: World) -> None:
    account_id = world.actors["first"].account_id
    for n in range(10):
        wrong(world, access.headings_of_sign_in("first", f"10.0.0.{n}", account_id, None), times=5)
    elsewhere = access.headings_of_sign_in("first", "192.0.2.1", account_id, None)
    with pytest.raises(TooManyTries), world.store.writing() as uow:  # guessed from everywhere: strangers wait
        access.begin_try(uow, elsewhere, at_utc=NOW)
    with world.store.writing() as uow:
        token = access.remember_browser(uow, account_id, None, at_utc=NOW)
    with world.store.writing() as uow:
        known = access.known_place(uow, account_id, token, None, at_utc=NOW)
        assert known is not None
        access.begin_try(uow, access.headings_of_sign_in("first", "192.0.2.1", account_id, known), at_utc=NOW)


def test_a_known_browser_is_known_for_its_own_account_only_and_not_for_ever(world: World) -> None:
    first, second = (world.actors[name].account_id for name in ("first", "second"))
    with world.store.writing() as uow:
        token = access.remember_browser(uow, first, None, at_utc=NOW)
    with world.store.reading() as uow:
        assert access.known_place(uow, second, token, None, at_utc=NOW) is None
        assert access.known_place(uow, first, "x" * 43, None, at_utc=NOW) is None
        assert access.known_place(uow, first, token, None, at_utc=NOW + access.BROWSER_REMEMBERED) is None


def test_a_phone_that_is_known_has_a_count_of_its_own_until_it_is_lost(world: World) -> None:
    _, key = world.phone_actor("first")
    first = world.actors["first"]
    with world.store.writing() as uow:
        assert access.known_place(uow, first.account_id, None, key.public_jwk, at_utc=NOW) is not None
        [device] = access.devices_of(uow, first, first.account_id)
        access.revoke_device(uow, first, device.id, reason="lost", at_utc=NOW)
        assert access.known_place(uow, first.account_id, None, key.public_jwk, at_utc=NOW) is None


def test_a_right_try_clears_the_count_but_not_that_of_the_address(world: World) -> None:
    for n in range(15):  # guesses at fifteen accounts, each hidden behind a right sign-in of the guesser's own
        wrong(world, access.headings_of_sign_in(f"somebody{n}", "10.0.0.7", None, None), times=4)
        own = access.headings_of_sign_in("first", "10.0.0.7", world.actors["first"].account_id, None)
        with world.store.writing() as uow:
            try:
                access.begin_try(uow, own, at_utc=NOW)
            except TooManyTries:
                break
            access.forget_tries(uow, own)
    else:
        pytest.fail("sixty wrong tries from one address were all taken")


def test_tries_are_kept_without_the_login_that_was_typed_and_only_while_they_count(world: World) -> None:
    wrong(world, access.headings_of_sign_in("my-passphrase-in-the-wrong-field", "10.0.0.7", None, None))
    with world.store.reading() as uow:
        rows = uow.session.execute(text("SELECT * FROM tries")).all()
    assert len(rows) == 3
    assert "my-passphrase" not in str(rows)
    wrong(world, access.headings_of_sign_in("x", "10.0.0.8", None, None), at_utc=NOW + 16 * MINUTE)
    with world.store.reading() as uow:
        assert len(uow.session.execute(text("SELECT * FROM tries")).all()) == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("unix:", ""),
    ],
)
def test_an_address_is_counted_as_one_household_has_it(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_admin_lets_somebody_try_again(world: World) -> None:
    first, admin = world.actors["first"], world.actors["admin"]
    wrong(world, access.headings_of_sign_in("first", "10.0.0.7", first.account_id, None), times=5)
    with world.store.writing() as uow:
        assert access.account(uow, admin, first.account_id, at_utc=NOW).locked_until_utc == NOW + 15 * MINUTE
        access.let_try_again(uow, admin, first.account_id, at_utc=NOW)
        assert access.account(uow, admin, first.account_id, at_utc=NOW).locked_until_utc is None
    with pytest.raises(access.NotAllowed), world.store.writing() as uow:
        access.let_try_again(uow, world.actors["office"], first.account_id, at_utc=NOW)


# ---- Passphrases ----


@pytest.mark.parametrize(
    "passphrase",
    [
        "short",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "123456789012345",
        "qwertyuiop12345",
        "1qaz2wsx3edc4rfv",
        "Password12345!",
        "p@ssw0rd2026!!",
        "woaini5201314520",
        "first.first.first1",
        "x" * 201,
    ],
)
def test_what_is_guessed_early_is_refused(passphrase: str) -> None:
    with pytest.raises(access.WeakPassphrase):
        passphrases.must_be_good(passphrase, login="first", name="演示")


@pytest.mark.parametrize(
    "passphrase", [PASSPHRASE, "山高水长一路走来看见炊烟", "teapot gravel Monday", "kx9-pm2-vv7-t4q"]
)
def test_any_other_passphrase_is_taken_whatever_it_is_made_of(passphrase: str) -> None:
    passphrases.must_be_good(passphrase, login="first", name="演示")


def test_more_checks_than_places_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [passphrases._places.acquire(blocking=False) for _ in range(passphrases.MOST_WAITING)]
    try:
        assert all(taken)
        with pytest.raises(access.SignInBusy):
            passphrases.holds(None, PASSPHRASE)
    finally:
        for _ in taken:
            passphrases._places.release()


def test_a_changed_passphrase_ends_the_other_desks_and_leaves_the_phones_unless_asked(world: World) -> None:
    office = world.actors["office"]
    here, other = enter(world, "office"), enter(world, "office")
    phone = enter(world, "office", device_key=new_device_key().public_jwk)
    with world.store.reading() as uow:
        proven = access.prove_passphrase(uow, login="office", passphrase=PASSPHRASE, at_utc=NOW)
    for phones_too in (False, True):
        with world.store.writing() as uow:
            access.change_passphrase(
                uow,
                office,
                proven,
                f"an other one entirely {phones_too}",
                keep_token=here.token,
                phones_too=phones_too,
                at_utc=NOW,
            )
        with world.store.reading() as uow:
            access.actor_of_token(uow, here.token, at_utc=NOW)
            with pytest.raises(access.NotSignedIn):
                access.actor_of_token(uow, other.token, at_utc=NOW)
            if phones_too:
                with pytest.raises(access.NotSignedIn):
                    access.actor_of_token(uow, phone.token, at_utc=NOW)
            else:
                access.actor_of_token(uow, phone.token, at_utc=NOW)
            said = f"an other one entirely {phones_too}"
            proven = access.prove_passphrase(uow, login="office", passphrase=said, at_utc=NOW)
    with world.store.reading() as uow, pytest.raises(access.SignInRefused):
        access.prove_passphrase(uow, login="office", passphrase=PASSPHRASE, at_utc=NOW)


def test_a_drawn_passphrase_that_nobody_used_ends(world: World) -> None:
    new = NewAccount("newcomer", "新人", Role.INSPECTOR, COUNTY)
    with world.store.writing() as uow:
        made = access.create_account(uow, world.actors["admin"], new, at_utc=NOW)
    late = NOW + timedelta(days=14)
    with world.store.reading() as uow:
        access.prove_passphrase(uow, login="newcomer", passphrase=made.passphrase, at_utc=late - MINUTE)
        with pytest.raises(access.SignInRefused):
            access.prove_passphrase(uow, login="newcomer", passphrase=made.passphrase, at_utc=late)
    with world.store.writing() as uow:
        again = access.give_new_passphrase(uow, world.actors["admin"], made.account.id, at_utc=late)
        proven = access.prove_passphrase(uow, login="newcomer", passphrase=again.passphrase, at_utc=late)
        access.sign_in(uow, proven, at_utc=late)
        access.prove_passphrase(uow, login="newcomer", passphrase=again.passphrase, at_utc=late + timedelta(days=90))


# ---- Accounts ----


def test_a_third_party_has_approval_and_last_day_or_neither(world: World) -> None:
    admin = world.actors["admin"]
    for approval, last in (
        ("闽评〔2026〕3号", None),
        (None, date(2026, 12, 31)),
        ("闽评〔2026〕3号", date(2026, 11, 17)),
    ):
        new = NewAccount("assessor", "第三方", Role.INSPECTOR, COUNTY, None, approval, last)
        with pytest.raises(access.ThirdPartyIncomplete), world.store.writing() as uow:
            access.create_account(uow, admin, new, at_utc=NOW)


def test_a_closed_account_ends_at_once_and_is_never_ones_own(world: World) -> None:
    admin, signed = world.actors["admin"], enter(world, "office")
    with world.store.writing() as uow:
        access.close_account(uow, admin, world.actors["office"].account_id, at_utc=NOW)
    with world.store.reading() as uow:
        with pytest.raises(access.NotSignedIn):
            access.actor_of_token(uow, signed.token, at_utc=NOW)
        with pytest.raises(access.SignInRefused):
            access.prove_passphrase(uow, login="office", passphrase=PASSPHRASE, at_utc=NOW)
        with pytest.raises(access.NoSuchAccount):
            access.actor_named(uow, "office")
    with pytest.raises(access.NotOneself), world.store.writing() as uow:
        access.close_account(uow, admin, admin.account_id, at_utc=NOW)


# ---- Sign-ins ----


def test_a_desk_that_is_left_alone_signs_out_and_one_that_is_used_does_not(world: World) -> None:
    signed = enter(world, "office")
    for minutes in (29, 58, 87):
        with world.store.writing() as uow:
            access.actor_of_token(uow, signed.token, at_utc=NOW + minutes * MINUTE)
            access.keep_alive(uow, signed.token, at_utc=NOW + minutes * MINUTE)
    with world.store.reading() as uow, pytest.raises(access.NotSignedIn):
        access.actor_of_token(uow, signed.token, at_utc=NOW + 117 * MINUTE)


def test_a_phone_lives_on_by_use_but_not_for_ever(world: World) -> None:
    signed = enter(world, "first", device_key=new_device_key().public_jwk)
    days = 0
    with pytest.raises(access.NotSignedIn):
        for days in range(0, 400, 20):
            with world.store.writing() as uow:
                access.actor_of_token(uow, signed.token, at_utc=NOW + timedelta(days=days))
                access.keep_alive(uow, signed.token, at_utc=NOW + timedelta(days=days))
    assert days == 180


@pytest.mark.parametrize("login", ["office", "organization", "discipline", "leader", "oversight"])
def test_a_phone_of_a_desks_role_is_out_after_a_day_however_much_it_is_used(world: World, login: str) -> None:
    rules = SignInRules(second_factor_required=False)
    signed = enter(world, login, rules=rules, device_key=new_device_key().public_jwk)
    for hours in (3, 6, 9):
        with world.store.writing() as uow:
            access.actor_of_token(uow, signed.token, at_utc=NOW + timedelta(hours=hours))
            access.keep_alive(uow, signed.token, at_utc=NOW + timedelta(hours=hours))
    with world.store.reading() as uow, pytest.raises(access.NotSignedIn):
        access.actor_of_token(uow, signed.token, at_utc=NOW + timedelta(hours=10))


# ---- The second factor ----


def test_codes_are_those_of_rfc_6238() -> None:
    secret = b"12345678901234567890"
    for seconds, code in (
        (59, "94287082"),
        (1111111109, "07081804"),
        (1234567890, "89005924"),
        (20000000000, "65353130"),
    ):
        assert totp.code_of(secret, seconds // 30, figures=8) == code


@pytest.mark.parametrize("role", ["organization", "discipline"])
def test_who_reads_about_people_or_makes_accounts_owes_a_second_factor(world: World, role: str) -> None:
    signed = enter(world, role)
    assert signed.stage is Stage.SET_UP
    with world.store.reading() as uow, pytest.raises(access.SecondFactorMissing):
        access.actor_of_token(uow, signed.token, at_utc=NOW)
    assert enter(world, role, rules=SignInRules(second_factor_required=False)).stage is Stage.FULL


def test_an_app_is_in_use_from_its_first_code_and_each_code_is_taken_once(world: World) -> None:
    actor, secret, _ = with_app(world)
    signed = enter(world, "organization")
    assert signed.stage is Stage.FACTOR
    with world.store.reading() as uow, pytest.raises(access.SecondFactorNeeded):
        access.actor_of_token(uow, signed.token, at_utc=NOW)
    step = totp.step_at(NOW)
    for used in (step, step - 1, step + 2, step - 2):  # taken already, before that, too early, too late
        with pytest.raises(access.WrongCode), world.store.writing() as uow:
            access.use_code(uow, actor.account_id, totp.code_of(secret, used), at_utc=NOW)
    with world.store.writing() as uow:
        assert access.use_code(uow, actor.account_id, totp.code_of(secret, step + 1), at_utc=NOW) == "app"
        done = access.complete(uow, signed.token, how="app", address=None, at_utc=NOW)
    with world.store.reading() as uow:
        assert access.actor_of_token(uow, done.token, at_utc=NOW) == actor
        with pytest.raises(access.NotSignedIn):  # the token of the first step is worth nothing any more
            access.session_of_token(uow, signed.token, at_utc=NOW)


def test_a_recovery_code_works_once_however_it_is_written(world: World) -> None:
    actor, _, codes = with_app(world)
    assert len(set(codes)) == 10
    with world.store.writing() as uow:
        assert access.use_code(uow, actor.account_id, f" {codes[0].upper()} ", at_utc=NOW) == "recovery"
        assert access.factors_of(uow, actor.account_id).recovery_codes_left == 9
    with pytest.raises(access.WrongCode), world.store.writing() as uow:
        access.use_code(uow, actor.account_id, codes[0], at_utc=NOW)
    with pytest.raises(access.WrongCode), world.store.writing() as uow:  # another's code
        access.use_code(uow, world.actors["admin"].account_id, codes[1], at_utc=NOW)


def test_a_new_app_replaces_the_old_one_only_when_it_works(world: World) -> None:
    actor, secret, _ = with_app(world)
    step = totp.step_at(NOW)
    with world.store.writing() as uow:
        access.begin_app(uow, actor)
    with pytest.raises(access.WrongCode), world.store.writing() as uow:
        access.confirm_app(uow, actor, "000000", at_utc=NOW)
    with world.store.writing() as uow:
        assert access.use_code(uow, actor.account_id, totp.code_of(secret, step + 1), at_utc=NOW) == "app"


def test_neither_the_secret_nor_a_recovery_code_is_stored_in_the_open(world: World) -> None:
    actor, secret, codes = with_app(world)
    with world.store.reading() as uow:
        sealed_secret = uow.session.get_one(Totp, actor.account_id).sealed_secret
        kept = uow.session.scalars(select(RecoveryCode.code_sha256)).all()
    assert sealed_secret is not None
    assert secret not in sealed_secret
    assert not any(code.replace("-", "").encode() in digest for code in codes for digest in kept)


def test_an_admin_resets_a_lost_factor_and_the_next_sign_in_sets_one_up(world: World) -> None:
    actor, _, _ = with_app(world)
    with world.store.writing() as uow:
        access.reset_factors(uow, world.actors["admin"], actor.account_id, at_utc=NOW)
    assert enter(world, "organization").stage is Stage.SET_UP


# ---- Phones ----


def test_a_lost_phone_is_shut_out_with_all_its_sign_ins_and_stays_so(world: World) -> None:
    key = new_device_key()
    signed = enter(world, "first", device_key=key.public_jwk)
    other = enter(world, "first", device_key=new_device_key().public_jwk)
    assert signed.actor.device_id is not None
    with world.store.writing() as uow:
        access.revoke_device(uow, world.actors["office"], signed.actor.device_id, reason="lost", at_utc=NOW)
    with world.store.reading() as uow:
        with pytest.raises(access.DeviceRevoked):
            access.actor_of_token(uow, signed.token, at_utc=NOW)
        access.actor_of_token(uow, other.token, at_utc=NOW)
    with pytest.raises(access.DeviceRevoked):
        enter(world, "first", device_key=key.public_jwk)


@pytest.mark.parametrize("who", ["second", "organization", "discipline", "leader"])
def test_nobody_else_sees_or_revokes_a_phone(world: World, who: str) -> None:
    signed = enter(world, "first", device_key=new_device_key().public_jwk)
    assert signed.actor.device_id is not None
    with pytest.raises(access.NoSuchDevice), world.store.writing() as uow:
        access.revoke_device(uow, world.actors[who], signed.actor.device_id, reason="lost", at_utc=NOW)
    with pytest.raises(access.NoSuchAccount), world.store.writing() as uow:
        access.invite_device(uow, world.actors[who], signed.actor.account_id, at_utc=NOW)


def test_an_invitation_lets_one_phone_of_one_account_in_once_and_for_a_while(world: World) -> None:
    first, rules = world.actors["first"], SignInRules(phones_by_invitation=True)

    def invite() -> str:
        with world.store.writing() as uow:
            return access.invite_device(uow, world.actors["office"], first.account_id, at_utc=NOW).code

    def arrive(login: str, code: str | None, after: timedelta = timedelta(), key: Any = None) -> SignedIn:
        jwk = (key or new_device_key()).public_jwk
        return enter(world, login, rules=rules, device_key=jwk, enrolment=code, at_utc=NOW + after)

    replaced, code = invite(), invite()
    for login, given, after in (
        ("first", None, 0),
        ("first", "x" * 43, 0),
        ("first", replaced, 0),
        ("second", code, 0),
        ("first", code, 15),
    ):
        with pytest.raises(access.EnrolmentNeeded):
            arrive(login, given, after * MINUTE)
    key = new_device_key()
    arrive("first", code, key=key)
    with pytest.raises(access.EnrolmentNeeded):
        arrive("first", code)
    arrive("first", None, key=key)  # the phone is known from now on


# ---- Whence ----


def test_the_audit_says_from_where_and_old_lines_without_it_still_hold(world: World) -> None:
    with world.store.reading() as uow:
        proven = access.prove_passphrase(uow, login="office", passphrase=PASSPHRASE, at_utc=NOW)
    with world.store.writing() as uow:
        access.sign_in(uow, proven, address="10.0.0.7", at_utc=NOW)
        access.note_refused(uow, login="office", address="10.0.0.8", at_utc=NOW)
    with world.store.reading() as uow:
        refused, done = access.sign_ins_of(uow, world.actors["office"], limit=2)
        assert (refused.address, refused.result, refused.login) == ("10.0.0.8", "refused", None)
        assert (done.address, done.result, done.login) == ("10.0.0.7", "done", "office")
        assert access.audit_is_unbroken(uow) is None
        [line] = access.audit_trail(uow, world.actors["discipline"], login="office", act="sign_in")
        assert line.address == "10.0.0.7"

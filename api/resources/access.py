"""Sign-ins, accounts and the audit trail."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import request

from api.http.blueprint import RoomBlueprint
from api.http.fields import Day, DivisionCode, Id, Instant, Schema, Text, Whole, word
from api.http.house import house, now_utc
from api.http.signin import (
    check_csrf,
    complete_session,
    count_code_try,
    current_actor,
    current_session,
    current_token,
    open_session_at_once,
)
from visits.access import (
    REVOKED_BECAUSE,
    Actor,
    NewAccount,
    NothingToConfirm,
    Role,
    Stage,
    accounts_within,
    audit_trail,
    begin_app,
    confirm_app,
    create_account,
    devices_of,
    revoke_device,
    sign_out,
)
from visits.fieldwork import held_about_me


def _owes_set_up() -> None:
    """Let in a sign-in that may set up its first second factor; a cookie needs the token of our page besides."""
    session = current_session()
    if request.headers.get("Authorization") is None:
        check_csrf()
    if session.stage is not Stage.SET_UP:
        raise NothingToConfirm("this account has a second factor, or needs none; another one is set up at the desk")


sessions = RoomBlueprint("sessions", "Signing in", asks=None)
first_factor = RoomBlueprint("second-factor", "The first second factor of an account", asks=_owes_set_up)
accounts = RoomBlueprint("accounts", "Accounts and what they did")

LONGEST_LOGIN = 64


class PublicKeyIn(Schema):
    """The public half of a phone's P-256 key, as a JSON Web Key; further members a browser adds are left out."""

    class Meta:
        unknown = ma.EXCLUDE

    kty = Text(most=8, required=True)
    crv = Text(most=8, required=True)
    x = Text(most=64, required=True)
    y = Text(most=64, required=True)
    d = Text(most=64)  # a private key is recognised and refused by the domain


class DeviceIn(Schema):
    """A phone that will sign what it records."""

    label = Text(most=120, load_default="")
    # From the square code that lets a new phone in.
    invitation = Text(most=100, load_default=None, allow_none=True)
    public_key = ma.fields.Nested(PublicKeyIn, required=True)


class SignInIn(Schema):
    """Who wants to sign in."""

    login = Text(least=1, most=LONGEST_LOGIN, required=True)
    passphrase = Text(least=1, most=200, required=True)
    # The code of the second factor, where the account has one: of the app, or one for recovery.
    code = Text(least=1, most=60, load_default=None, allow_none=True)
    device = ma.fields.Nested(DeviceIn, load_default=None, allow_none=True)


class AccountOut(ma.Schema):
    """An account as others see it."""

    id = Id()
    login = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String()
    division_prefix = ma.fields.String()
    unit = ma.fields.String(allow_none=True)
    ends_on = ma.fields.Date(allow_none=True)


class MeOut(ma.Schema):
    """The account that asks."""

    id = Id()
    login = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String()
    division_prefix = ma.fields.String()
    device_id = Id(allow_none=True)


class SignedInOut(ma.Schema):
    """A fresh sign-in. The token is shown this once."""

    token = ma.fields.String()
    expires_utc = Instant()
    account = ma.fields.Nested(MeOut)
    device_id = Id(allow_none=True)
    # "full", or "set_up": then a second factor has to be set up before anything else is answered.
    stage = ma.fields.String()


class CodeIn(Schema):
    """A code of the authenticator app."""

    code = Text(least=1, most=60, required=True)


class AppOut(ma.Schema):
    """What an authenticator app needs to know."""

    secret = ma.fields.String()
    address = ma.fields.String()


class FactorOut(ma.Schema):
    """A second factor taken into use: its recovery codes, and the sign-in that goes on with it."""

    recovery_codes = ma.fields.List(ma.fields.String())
    token = ma.fields.String()
    expires_utc = Instant()


class DeviceOut(ma.Schema):
    """A phone of the account that asks."""

    id = Id()
    label = ma.fields.String()
    registered_utc = Instant()
    last_seen_utc = Instant(allow_none=True)
    revoked_utc = Instant(allow_none=True)
    revoked_reason = ma.fields.String(allow_none=True)


class DeviceListOut(ma.Schema):
    """All phones of an account; there are few, so this list has one page."""

    items = ma.fields.List(ma.fields.Nested(DeviceOut))
    next = ma.fields.String(allow_none=True)


class HeldOut(ma.Schema):
    """What is held about the account that asks, by section; others stand in it by role alone."""

    made_utc = Instant()
    account = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    second_factor = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    devices = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    sessions = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    known_browsers = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    sign_ins = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    acts = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    about_you = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    visits = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    calibrations = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))
    recusals = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()))


class RevocationIn(Schema):
    """Why a phone goes out of use."""

    reason = word(*REVOKED_BECAUSE, required=True)


class AccountIn(Schema):
    """A new account."""

    login = Text(least=1, most=LONGEST_LOGIN, pattern=r"\A[A-Za-z0-9._@-]+\Z", required=True)
    name = Text(least=1, most=64, required=True)
    role = word(*Role, required=True)
    division_prefix = DivisionCode(required=True)
    unit = Text(most=120, load_default=None, allow_none=True)
    approval_number = Text(most=80, load_default=None, allow_none=True)
    ends_on = Day(load_default=None, allow_none=True)


class InvitedOut(ma.Schema):
    """A new account with the passphrase that is shown this once."""

    account = ma.fields.Nested(AccountOut)
    passphrase = ma.fields.String()


class AccountQuery(Schema):
    """Which accounts."""

    role = word(*Role, load_default=None)


class AccountListOut(ma.Schema):
    """All accounts in reach; there are few, so this list has one page."""

    items = ma.fields.List(ma.fields.Nested(AccountOut))
    next = ma.fields.String(allow_none=True)


class AuditQuery(Schema):
    """Which lines of the audit trail."""

    about = Text(most=120, load_default=None)
    limit = Whole(least=1, most=1000, load_default=200)
    before = Whole(least=0, most=2**53, load_default=None)


class AuditEntryOut(ma.Schema):
    """One line."""

    number = ma.fields.Integer()
    at_utc = Instant()
    account_id = Id(allow_none=True)
    act = ma.fields.String()
    about = ma.fields.String()
    result = ma.fields.String()
    detail = ma.fields.Dict()
    login = ma.fields.String(allow_none=True)
    address = ma.fields.String(allow_none=True)
    device_id = Id(allow_none=True)


class AuditListOut(ma.Schema):
    """The newest lines, newest first."""

    items = ma.fields.List(ma.fields.Nested(AuditEntryOut))
    next = ma.fields.String(allow_none=True)


@sessions.post("/sessions")
@sessions.arguments(SignInIn)
@sessions.response(201, SignedInOut)
def create_session(wanted: dict[str, Any]) -> dict[str, Any]:
    """Sign in; a phone gives its public key along."""
    device = wanted["device"] or {}
    signed_in = open_session_at_once(
        wanted["login"],
        wanted["passphrase"],
        wanted["code"],
        device_label=device.get("label"),
        device_key=device.get("public_key"),
        enrolment=device.get("invitation"),
    )
    return {
        "token": signed_in.token,
        "expires_utc": signed_in.expires_utc,
        "account": _me(signed_in.actor),
        "device_id": signed_in.actor.device_id,
        "stage": signed_in.stage,
    }


@first_factor.post("/me/authenticator")
@first_factor.response(201, AppOut)
def begin_authenticator() -> Any:
    """Begin with the first second factor: a secret for an authenticator app. Later ones are set up at the desk."""
    with house().store.writing() as uow:
        return begin_app(uow, current_session().actor)


@first_factor.post("/me/authenticator/confirmation")
@first_factor.arguments(CodeIn)
@first_factor.response(200, FactorOut)
def confirm_authenticator(given: dict[str, Any]) -> dict[str, Any]:
    """Take the app into use by its first code; the token of before ends, and the answer has the next one."""
    session = current_session()
    with count_code_try(session.actor), house().store.writing() as uow:
        codes = confirm_app(uow, session.actor, given["code"], at_utc=now_utc())
    done = complete_session(current_token() or "", "set_up")
    return {"recovery_codes": codes, "token": done.token, "expires_utc": done.expires_utc}


@accounts.delete("/sessions/current")
@accounts.response(204)
def delete_session() -> None:
    """Sign out, at once."""
    with house().store.writing() as uow:
        sign_out(uow, current_token() or "", at_utc=now_utc())


@accounts.get("/me")
@accounts.response(200, MeOut)
def show_me() -> dict[str, Any]:
    """The account that asks."""
    return _me(current_actor())


@accounts.get("/me/devices")
@accounts.response(200, DeviceListOut)
def list_my_devices() -> dict[str, Any]:
    """The phones of the account that asks, newest first."""
    actor = current_actor()
    with house().store.reading() as uow:
        return {"items": devices_of(uow, actor, actor.account_id), "next": None}


@accounts.get("/me/held")
@accounts.response(200, HeldOut)
def show_what_is_held() -> dict[str, Any]:
    """Everything held about the account that asks: for its own copy. Each time is a line of the audit."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.writing() as uow:
        return {"made_utc": at_utc, **held_about_me(uow, actor, at_utc=at_utc)}


@accounts.post("/devices/<uuid:device_id>/revocation")
@accounts.arguments(RevocationIn)
@accounts.response(200, DeviceOut)
def revoke(given: dict[str, Any], device_id: UUID) -> Any:
    """Shut a phone out at once: one's own, or one that somebody in the caller's care has lost."""
    with house().store.writing() as uow:
        return revoke_device(uow, current_actor(), device_id, reason=given["reason"], at_utc=now_utc())


@accounts.get("/accounts")
@accounts.arguments(AccountQuery, location="query")
@accounts.response(200, AccountListOut)
def list_accounts(query: dict[str, Any]) -> dict[str, Any]:
    """Accounts of the own division, by login."""
    role = Role(query["role"]) if query["role"] else None
    with house().store.reading() as uow:
        return {"items": accounts_within(uow, current_actor(), role=role), "next": None}


@accounts.post("/accounts")
@accounts.arguments(AccountIn)
@accounts.response(201, InvitedOut)
def add_account(new: dict[str, Any]) -> Any:
    """Make an account; the answer holds its passphrase, which is stored nowhere."""
    with house().store.writing() as uow:
        return create_account(uow, current_actor(), NewAccount(**{**new, "role": Role(new["role"])}), at_utc=now_utc())


@accounts.get("/audit")
@accounts.arguments(AuditQuery, location="query")
@accounts.response(200, AuditListOut)
def list_audit(query: dict[str, Any]) -> dict[str, Any]:
    """Who did and read what, newest first."""
    with house().store.reading() as uow:
        found = audit_trail(uow, current_actor(), **query)
    return {"items": found, "next": None}


def _me(actor: Actor) -> dict[str, Any]:
    return {**asdict(actor), "id": actor.account_id}

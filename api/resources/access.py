"""Sign-ins, accounts and the audit trail."""

from dataclasses import asdict
from typing import Any

import marshmallow as ma

from api.http.blueprint import RoomBlueprint
from api.http.fields import Day, DivisionCode, Id, Instant, Schema, Text, Whole, word
from api.http.house import house, now_utc
from api.http.signin import current_actor, current_token, open_session
from visits.access import (
    Actor,
    NewAccount,
    Role,
    accounts_within,
    audit_trail,
    create_account,
    sign_out,
)

sessions = RoomBlueprint("sessions", "Signing in", signed_in=False)
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
    public_key = ma.fields.Nested(PublicKeyIn, required=True)


class SignInIn(Schema):
    """Who wants to sign in."""

    login = Text(least=1, most=LONGEST_LOGIN, required=True)
    passphrase = Text(least=1, most=200, required=True)
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


class AuditEntryOut(ma.Schema):
    """One line."""

    number = ma.fields.Integer()
    at_utc = Instant()
    account_id = Id(allow_none=True)
    act = ma.fields.String()
    about = ma.fields.String()
    result = ma.fields.String()
    detail = ma.fields.Dict()


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
    signed_in = open_session(
        wanted["login"],
        wanted["passphrase"],
        device_label=device.get("label"),
        device_key=device.get("public_key"),
    )
    return {
        "token": signed_in.token,
        "expires_utc": signed_in.expires_utc,
        "account": _me(signed_in.actor),
        "device_id": signed_in.actor.device_id,
    }


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
        found = audit_trail(uow, current_actor(), about=query["about"], limit=query["limit"])
    return {"items": found, "next": None}


def _me(actor: Actor) -> dict[str, Any]:
    return {**asdict(actor), "id": actor.account_id}

"""Passkeys (WebAuthn level 2) as a second factor: tied to the address of this installation, so no other site gets one.

The library is loaded where it is used: few processes ever see a passkey.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from visits.access.actor import Actor
from visits.access.audit import note
from visits.access.errors import PasskeyRefused
from visits.access.rows import Challenge, Passkey
from visits.access.sessions import digest
from visits.store import UnitOfWork

CHALLENGE_LIFETIME = timedelta(minutes=5)
MOST_PASSKEYS = 10


@dataclass(frozen=True)
class Site:
    """The one place passkeys are good for: its host name and its whole address."""

    host: str
    origin: str


def registration_options(uow: UnitOfWork, actor: Actor, token: str, site: Site, *, at_utc: datetime) -> str:
    """What a browser needs to make a passkey, as JSON; the challenge in it is good once and for five minutes."""
    import webauthn
    from webauthn.helpers.structs import AuthenticatorSelectionCriteria, UserVerificationRequirement

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Shidi 实地",
        user_name=actor.login,
        user_id=actor.account_id.bytes,
        user_display_name=actor.name,
        authenticator_selection=AuthenticatorSelectionCriteria(user_verification=UserVerificationRequirement.PREFERRED),
        exclude_credentials=_descriptors(uow, actor.account_id),
    )
    _ask(uow, token, options.challenge, at_utc)
    return webauthn.options_to_json(options)


def add_passkey(
    uow: UnitOfWork, actor: Actor, token: str, site: Site, *, answer: str, label: str, at_utc: datetime
) -> None:
    """Keep the public half of a passkey that was just made."""
    import webauthn

    challenge = _asked(uow, token, at_utc)
    try:
        made = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin
        )
    except Exception as reason:
        raise _refused(reason) from reason
    if uow.session.get(Passkey, made.credential_id) is not None:
        raise PasskeyRefused("this passkey is registered already")
    if len(_descriptors(uow, actor.account_id)) >= MOST_PASSKEYS:
        raise PasskeyRefused(f"an account has at most {MOST_PASSKEYS} passkeys")
    uow.session.add(
        Passkey(
            credential_id=made.credential_id,
            account_id=actor.account_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            label=label[:60],
            made_utc=at_utc,
            used_utc=None,
        )
    )
    uow.session.flush()
    note(uow, actor, "factor.passkey", about=f"account:{actor.login}", at_utc=at_utc)


def sign_in_options(uow: UnitOfWork, account_id: UUID, token: str, site: Site, *, at_utc: datetime) -> str:
    """What a browser needs to sign with one of the account's passkeys, as JSON."""
    import webauthn

    options = webauthn.generate_authentication_options(rp_id=site.host, allow_credentials=_descriptors(uow, account_id))
    _ask(uow, token, options.challenge, at_utc)
    return webauthn.options_to_json(options)


def use_passkey(uow: UnitOfWork, account_id: UUID, token: str, site: Site, *, answer: str, at_utc: datetime) -> None:
    """Return when the answer was signed by one of the account's passkeys over the challenge of this sign-in."""
    import webauthn
    from webauthn.helpers import parse_authentication_credential_json

    challenge = _asked(uow, token, at_utc)
    try:
        credential = parse_authentication_credential_json(answer)
        row = uow.session.get(Passkey, credential.raw_id)
        if row is None or row.account_id != account_id:
            raise PasskeyRefused("this passkey is not one of this account")
        done = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
        )
    except Exception as reason:
        raise _refused(reason) from reason
    row.sign_count, row.used_utc = done.new_sign_count, at_utc


def _descriptors(uow: UnitOfWork, account_id: UUID) -> list[Any]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    found = uow.session.scalars(select(Passkey.credential_id).where(Passkey.account_id == account_id))
    return [PublicKeyCredentialDescriptor(id=one) for one in found]


def _ask(uow: UnitOfWork, token: str, challenge: bytes, at_utc: datetime) -> None:
    uow.session.execute(delete(Challenge).where(Challenge.until_utc <= at_utc))
    uow.session.merge(
        Challenge(session_sha256=digest(token), challenge=challenge, until_utc=at_utc + CHALLENGE_LIFETIME)
    )


def _asked(uow: UnitOfWork, token: str, at_utc: datetime) -> bytes:
    """The challenge of this sign-in, which is spent by this."""
    row = uow.session.get(Challenge, digest(token))
    if row is None or row.until_utc <= at_utc:
        raise PasskeyRefused("this took too long; please begin again")
    uow.session.delete(row)
    return row.challenge


def _refused(reason: Exception) -> PasskeyRefused:
    """The library raises many kinds for what a caller sent; all of them mean the same here."""
    return (
        reason
        if isinstance(reason, PasskeyRefused)
        else PasskeyRefused(f"the passkey's answer does not hold: {reason}")
    )

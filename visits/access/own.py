"""What is held about the account that asks: itself, phones, sign-ins, and what the audit says it did and suffered."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from visits.access.actor import Actor
from visits.access.audit import sign_ins_of
from visits.access.devices import devices_of
from visits.access.factors import factors_of
from visits.access.rows import Account, Audit, KnownBrowser, OutsideIdentity, SessionToken
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

Section = list[dict[str, Any]]


def own_account(uow: UnitOfWork, actor: Actor) -> dict[str, Section]:
    """Everything this room holds about the caller, by section; times as they are kept, others by role alone.

    Secrets, and hashes of them, are left out: they say nothing of the person and open something.
    """
    account = uow.session.get_one(Account, actor.account_id)
    return {
        "account": [
            {
                "login": account.login,
                "name": account.name,
                "role": account.role,
                "division_prefix": account.division_prefix,
                "unit": account.unit,
                "approval_number": account.approval_number,
                "ends_on": account.ends_on,
                "created_utc": account.created_utc,
            }
        ],
        "second_factor": _factors(uow, actor),
        "devices": [
            {
                "label": one.label,
                "registered_utc": one.registered_utc,
                "last_seen_utc": one.last_seen_utc,
                "revoked_utc": one.revoked_utc,
                "revoked_reason": one.revoked_reason,
            }
            for one in devices_of(uow, actor, actor.account_id)
        ],
        "sessions": _sessions(uow, actor),
        "known_browsers": [
            {"used_utc": used}
            for used in uow.session.scalars(
                select(KnownBrowser.used_utc).where(KnownBrowser.account_id == actor.account_id).order_by("used_utc")
            )
        ],
        "sign_ins": [
            {"at_utc": line.at_utc, "act": line.act, "result": line.result, "address": line.address}
            for line in sign_ins_of(uow, actor, limit=None)
        ],
        "acts": _acts(uow, actor),
        "about_you": _about(uow, actor),
    }


def _factors(uow: UnitOfWork, actor: Actor) -> Section:
    has = factors_of(uow, actor.account_id)
    keys = [
        {"kind": "passkey", "label": k.label, "since_utc": k.made_utc, "used_utc": k.used_utc} for k in has.passkeys
    ]
    app = [{"kind": "app", "since_utc": has.app_since_utc}] if has.app_since_utc else []
    codes = [{"kind": "recovery_codes", "left": has.recovery_codes_left}] if has.recovery_codes_left else []
    linked = uow.session.scalars(select(OutsideIdentity).where(OutsideIdentity.account_id == actor.account_id))
    return [
        *app,
        *keys,
        *codes,
        *({"kind": "outside_identity", "issuer": one.issuer, "since_utc": one.linked_utc} for one in linked),
    ]


def _sessions(uow: UnitOfWork, actor: Actor) -> Section:
    query = select(SessionToken).where(SessionToken.account_id == actor.account_id)
    return [
        {
            "issued_utc": one.issued_utc,
            "last_seen_utc": one.last_seen_utc,
            "expires_utc": one.expires_utc,
            "ended_utc": one.revoked_utc,
            "on_phone": one.device_id is not None,
        }
        for one in uow.session.scalars(query.order_by(SessionToken.issued_utc.desc()))
    ]


def _acts(uow: UnitOfWork, actor: Actor) -> Section:
    """How often the caller did what in which month; of whom and what it was, the discipline organ reads."""
    lines = uow.session.execute(select(Audit.at_utc, Audit.act).where(Audit.account_id == actor.account_id))
    counted = Counter((f"{at_utc.astimezone(LOCAL_ZONE):%Y-%m}", act) for at_utc, act in lines)
    return [{"month": month, "act": act, "times": times} for (month, act), times in sorted(counted.items())]


def _about(uow: UnitOfWork, actor: Actor) -> Section:
    """What others did to or read of this account, by their role."""
    lines = uow.session.execute(
        select(Audit.at_utc, Audit.act, Account.role)
        .join(Account, Account.id == Audit.account_id)
        .where(Audit.about == f"account:{actor.login}", Audit.account_id != actor.account_id)
        .order_by(Audit.number)
    )
    return [{"at_utc": at_utc, "act": act, "role": role} for at_utc, act, role in lines]

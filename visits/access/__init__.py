"""Who asks: accounts, devices, rights, scope, and the trail of what was done and read."""

from visits.access.accounts import (
    AccountView,
    Invited,
    NewAccount,
    Proven,
    SignedIn,
    accounts_within,
    actor_named,
    actor_of_token,
    bootstrap_admin,
    create_account,
    prove_passphrase,
    sign_in,
    sign_out,
)
from visits.access.actor import Actor, Right, Role
from visits.access.audit import AuditEntry, audit_is_unbroken, audit_trail, note
from visits.access.errors import (
    AccessError,
    AccountExists,
    AlreadyBootstrapped,
    NoSuchAccount,
    NotAllowed,
    NotSignedIn,
    SignInRefused,
    WeakPassphrase,
)
from visits.access.rows import Account, Audit, Device, SessionToken
from visits.access.scope import in_scope, require, within

__all__ = [
    "AccessError",
    "Account",
    "AccountExists",
    "AccountView",
    "Actor",
    "AlreadyBootstrapped",
    "Audit",
    "AuditEntry",
    "Device",
    "Invited",
    "NewAccount",
    "NoSuchAccount",
    "NotAllowed",
    "NotSignedIn",
    "Proven",
    "Right",
    "Role",
    "SessionToken",
    "SignInRefused",
    "SignedIn",
    "WeakPassphrase",
    "accounts_within",
    "actor_named",
    "actor_of_token",
    "audit_is_unbroken",
    "audit_trail",
    "bootstrap_admin",
    "create_account",
    "in_scope",
    "note",
    "prove_passphrase",
    "require",
    "sign_in",
    "sign_out",
    "within",
]

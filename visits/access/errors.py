"""Errors of access."""

from visits.errors import VisitsError


class AccessError(VisitsError):
    """Somebody asked for what is not theirs."""


class NotSignedIn(AccessError):
    """The request carries no valid sign-in."""


class SignInRefused(AccessError):
    """Login or passphrase is wrong, or the account has ended; which of them is not told."""


class NotAllowed(AccessError):
    """The role of this account does not do this."""


class NoSuchAccount(AccessError):
    """There is no such account in the caller's division."""


class AccountExists(AccessError):
    """The login name is taken."""


class AlreadyBootstrapped(AccessError):
    """The first admin exists; further accounts are made by an admin."""


class WeakPassphrase(AccessError):
    """The passphrase is too short."""

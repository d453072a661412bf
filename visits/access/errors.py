"""Errors of access."""

from visits.errors import VisitsError


class AccessError(VisitsError):
    """Somebody asked for what is not theirs."""


class NotSignedIn(AccessError):
    """The request carries no valid sign-in."""


class SignInRefused(AccessError):
    """Login or passphrase is wrong, or the account has ended; which of them is not told."""


class SignInBusy(AccessError):
    """More sign-ins wait to be checked than the server works off at once."""


class TooManyTries(AccessError):
    """Too many wrong tries of late from this place; ``retry_after_s`` says when to try again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many wrong tries; try again in {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


class SecondFactorNeeded(AccessError):
    """The passphrase was right; the code of the authenticator, or a passkey, is still owed."""


class SecondFactorMissing(AccessError):
    """This role works with a second factor only, and the account has none yet: setting one up is all it may do."""


class WrongCode(AccessError):
    """The code is wrong, too old, or was used already."""


class NothingToConfirm(AccessError):
    """No second factor is being set up, or the one that was is confirmed already."""


class PasskeyRefused(AccessError):
    """What the passkey answered does not hold."""


class EnrolmentNeeded(AccessError):
    """A new phone is let in with a square code only, and this one brought none that is still good."""


class DeviceRevoked(AccessError):
    """This phone was reported lost or taken out of use."""


class NoSuchDevice(AccessError):
    """There is no such phone in the caller's reach."""


class NotAllowed(AccessError):
    """The role of this account does not do this."""


class NoSuchAccount(AccessError):
    """There is no such account in the caller's division."""


class AccountExists(AccessError):
    """The login name is taken."""


class AlreadyBootstrapped(AccessError):
    """The first admin exists; further accounts are made by an admin."""


class NotOneself(AccessError):
    """Somebody else has to do this for the caller."""


class ThirdPartyIncomplete(AccessError):
    """An account of a third party lacks its approval number or its last day, or that day is over."""


class WeakPassphrase(AccessError):
    """The passphrase is too short or easily guessed; ``why`` is ``short``, ``easy`` or ``same``."""

    def __init__(self, sentence: str, why: str = "short") -> None:
        super().__init__(sentence)
        self.why = why


class OutsideSignInFailed(AccessError):
    """The provider's answer does not hold, or belongs to no account here; which of them is not told."""

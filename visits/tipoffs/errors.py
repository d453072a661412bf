"""What may go wrong with tip-offs."""

from visits.errors import VisitsError


class TipOffError(VisitsError):
    """A tip-off could not be entered, read or ended."""


class NoSuchTipOff(TipOffError):
    """There is none of this id for whoever asks."""


class NotSealed(TipOffError):
    """What came as an identity is not sealed to the division's key in use; nothing of it was kept."""


class TipOffEnded(TipOffError):
    """It has its outcome already."""

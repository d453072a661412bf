"""Reports from the public: what they are about, and who made them under a key that this server does not hold."""

from visits.tipoffs.errors import NoSuchTipOff, NotSealed, TipOffEnded, TipOffError
from visits.tipoffs.removal import remove_tip_offs
from visits.tipoffs.rows import CHANNELS, IdentityKey, TipOff
from visits.tipoffs.verbs import (
    KeyView,
    NewTipOff,
    TipOffView,
    end_tip_off,
    enter_tip_off,
    file_identity_key,
    identity_key,
    sealed_identity,
    tip_off,
    tip_offs,
)

__all__ = [
    "CHANNELS",
    "IdentityKey",
    "KeyView",
    "NewTipOff",
    "NoSuchTipOff",
    "NotSealed",
    "TipOff",
    "TipOffEnded",
    "TipOffError",
    "TipOffView",
    "end_tip_off",
    "enter_tip_off",
    "file_identity_key",
    "identity_key",
    "remove_tip_offs",
    "sealed_identity",
    "tip_off",
    "tip_offs",
]

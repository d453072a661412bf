"""Codes of an authenticator app (RFC 6238): SHA-1, six figures, steps of thirty seconds, as every app makes them.

SHA-1 is what the apps agree on; as a keyed hash cut to six figures its known weakness does not matter (RFC 6238, 1.2).
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
FIGURES = 6
SECRET_BYTES = 20
# One step to either side: clocks of phones are off, and a code takes a while to type.
_DRIFT_STEPS = 1


def new_secret() -> bytes:
    """A fresh secret of 160 bits."""
    return secrets.token_bytes(SECRET_BYTES)


def step_at(at_utc: datetime) -> int:
    """The number of the step an instant lies in."""
    return int(at_utc.timestamp()) // STEP_S


def code_of(secret: bytes, step: int, *, figures: int = FIGURES) -> str:
    """The code of one step (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**figures).zfill(figures)


def step_of_code(secret: bytes, code: str, *, at_utc: datetime, after_step: int) -> int | None:
    """The step a code belongs to, if it is near and later than ``after_step``; every candidate is compared."""
    now, found = step_at(at_utc), None
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode()) and step > after_step:
            found = step
    return found


def written(secret: bytes) -> str:
    """The secret as it is typed into an app."""
    return base64.b32encode(secret).decode()


def address_of(secret: bytes, login: str) -> str:
    """What the square code says: ``otpauth://totp/…``."""
    return (
        f"otpauth://totp/Shidi:{quote(login)}?secret={written(secret)}&issuer=Shidi&algorithm=SHA1&digits=6&period=30"
    )

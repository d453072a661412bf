"""Exchange a key pair of the server: by a named person, noted, and without losing what the old one signed."""

from datetime import datetime

from visits.access import Actor, Right, note, require
from visits.log import PublicKey, Purpose, rotate_key
from visits.store import UnitOfWork


def rotate_server_key(uow: UnitOfWork, actor: Actor, purpose: Purpose, *, at_utc: datetime) -> PublicKey:
    """The new pair in use for a purpose; the old one stays, to check with."""
    require(actor, Right.MAINTAIN)
    made = rotate_key(uow, purpose, at_utc=at_utc)
    note(uow, actor, "server_key.rotate", about=f"key:{made.kid}", detail={"purpose": purpose}, at_utc=at_utc)
    return made

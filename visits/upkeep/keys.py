"""Exchange the server's keys: by a named person, noted, and without losing what the old ones signed or sealed."""

from datetime import datetime

from sqlalchemy import select

from media.errors import SealBroken
from media.proof import unwrap
from visits.access import Actor, Right, give_up_outside, note, require, rewrap_secrets
from visits.draws import rewrap_draw_secrets
from visits.intake import VisitKey, rewrap_visit_keys
from visits.log import PublicKey, Purpose, key_pair, public_keys, rewrap_server_keys, rotate_key
from visits.places import rewrap_households
from visits.plans import rewrap_codes
from visits.store import UnitOfWork


def rotate_server_key(uow: UnitOfWork, actor: Actor, purpose: Purpose, *, at_utc: datetime) -> PublicKey:
    """The new pair in use for a purpose; the old one stays, to check with."""
    require(actor, Right.MAINTAIN)
    made = rotate_key(uow, purpose, at_utc=at_utc)
    note(uow, actor, "server_key.rotate", about=f"key:{made.kid}", detail={"purpose": purpose}, at_utc=at_utc)
    return made


# Whose rows hold something sealed under the master key; written anew afterwards, so that the old wrappings are gone.
UNDER_THE_MASTER_KEY = ("assignment_code", "draw", "household", "outside_flow", "server_key", "totp", "visit_key")


def exchange_master_key(uow: UnitOfWork, actor: Actor, new_master_key: bytes, *, at_utc: datetime) -> dict[str, int]:
    """Seal under ``new_master_key`` whatever the old one sealed, and nothing else; how many of each there were.

    Visits' records stay under the keys of their visits, of which only the wrapping changes; signatures and the log do
    not hang on the master key. No server may run meanwhile: it would go on with the old one.
    """
    require(actor, Right.MAINTAIN)
    done = {
        "visits": rewrap_visit_keys(uow, new_master_key),
        "pairs": rewrap_server_keys(uow, new_master_key),
        "assignments": rewrap_codes(uow, new_master_key),
        "apps": rewrap_secrets(uow, new_master_key),
        "draws": rewrap_draw_secrets(uow, new_master_key),
        "households": rewrap_households(uow, new_master_key),
    }
    give_up_outside(uow)
    note(uow, actor, "master_key.exchange", about="master key", detail=dict(done), at_utc=at_utc)
    return done


def opens(uow: UnitOfWork) -> bool:
    """Whether the master key of this unit of work is the one that things here are sealed under."""
    try:
        visit = uow.session.scalars(select(VisitKey).limit(1)).first()
        if visit is not None:
            unwrap(uow.master_key, visit.wrapped_key, str(visit.visit_id).encode())
        for pair in public_keys(uow)[:1]:
            key_pair(uow, pair.kid, Purpose(pair.purpose))
    except SealBroken:
        return False
    return True

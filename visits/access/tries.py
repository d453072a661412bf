"""Wrong tries, counted in the database: five from one place, and this place waits fifteen minutes.

The account itself is never locked: whoever knows an inspector's name could keep them out of their own visit. What waits
is a place: a login from one address, a browser or phone that is known, an address with all its logins. Guessing one
login from many addresses at once closes it to strangers only; browsers and phones it was used from have a count of
their own.
"""

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select

from visits.access.errors import TooManyTries
from visits.access.rows import Tries
from visits.store import UnitOfWork, lock_for_transaction

WAIT = timedelta(minutes=15)
FROM_ONE_PLACE = 5
FOR_ONE_LOGIN = 50
FROM_ONE_ADDRESS = 60


@dataclass(frozen=True)
class Heading:
    """What tries are counted under, and how many wrong ones it bears."""

    text: str
    most: int
    account_id: UUID | None = None


def headings_of_sign_in(login: str, address: str, account_id: UUID | None, known: str | None) -> list[Heading]:
    """A known browser or phone is counted alone; a stranger by login and address, by login, and by address."""
    if known is not None:
        return [Heading(f"known\n{known}", FROM_ONE_PLACE, account_id)]
    network = network_of(address)
    return [
        Heading(f"pair\n{login.casefold()}\n{network}", FROM_ONE_PLACE, account_id),
        Heading(f"login\n{login.casefold()}", FOR_ONE_LOGIN, account_id),
        Heading(f"address\n{network}", FROM_ONE_ADDRESS),
    ]


def headings_of_factor(account_id: UUID, known: str | None) -> list[Heading]:
    """Whoever came this far knows the passphrase: their wrong codes do not shut out a browser that is known."""
    place = "stranger" if known is None else known
    return [Heading(f"factor\n{account_id}\n{place}", FROM_ONE_PLACE, account_id)]


def begin_try(uow: UnitOfWork, headings: Sequence[Heading], *, at_utc: datetime) -> None:
    """Count one try before it is judged, so that many at once are counted too; raises :class:`TooManyTries`.

    The caller commits this, judges, and then calls :func:`forget_tries` if the try was right.
    """
    lock_for_transaction(uow, "tries")
    uow.session.execute(
        delete(Tries).where(Tries.began_utc < at_utc - WAIT, or_(Tries.until_utc.is_(None), Tries.until_utc <= at_utc))
    )
    rows = {heading: uow.session.get(Tries, _digest(heading)) for heading in headings}
    waits = [row.until_utc for row in rows.values() if row is not None and row.until_utc and row.until_utc > at_utc]
    if waits:
        raise TooManyTries(math.ceil((max(waits) - at_utc).total_seconds()))
    for heading, row in rows.items():
        if row is None or row.began_utc < at_utc - WAIT or row.until_utc is not None:
            row = uow.session.merge(
                Tries(
                    heading_sha256=_digest(heading),
                    account_id=heading.account_id,
                    wrong=0,
                    began_utc=at_utc,
                    until_utc=None,
                )
            )
        row.wrong += 1
        if row.wrong >= heading.most:
            row.until_utc = at_utc + WAIT


def forget_tries(uow: UnitOfWork, headings: Sequence[Heading]) -> None:
    """A right try clears its counts, but not the address's: one own account there must not hide guesses at others."""
    gone = [_digest(heading) for heading in headings if heading.most != FROM_ONE_ADDRESS]
    uow.session.execute(delete(Tries).where(Tries.heading_sha256.in_(gone)))
    for heading in headings:
        row = uow.session.get(Tries, _digest(heading))
        if row is not None:
            row.wrong = max(row.wrong - 1, 0)
            row.until_utc = row.until_utc if row.wrong >= heading.most else None


def locked_until(uow: UnitOfWork, account_ids: Sequence[UUID], *, at_utc: datetime) -> dict[UUID, datetime]:
    """Until when some place waits, of those accounts for which one does."""
    found = uow.session.execute(
        select(Tries.account_id, Tries.until_utc).where(Tries.account_id.in_(account_ids), Tries.until_utc > at_utc)
    )
    latest: dict[UUID, datetime] = {}
    for account_id, until_utc in found:
        if account_id is not None and until_utc is not None:
            latest[account_id] = max(until_utc, latest.get(account_id, until_utc))
    return latest


def forget_tries_of(uow: UnitOfWork, account_id: UUID) -> None:
    """Let everybody try again at once for this account."""
    uow.session.execute(delete(Tries).where(Tries.account_id == account_id))


def network_of(address: str) -> str:
    """The address as one household has it: IPv6 gives each of them 2**64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _digest(heading: Heading) -> bytes:
    return hashlib.sha256(heading.text.encode("utf-8", "surrogatepass")).digest()

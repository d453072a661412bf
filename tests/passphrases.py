"""Passphrases of invented accounts, kept so that trying one is quick.

What a try costs is written in the stored hash, tens of milliseconds on purpose; nobody's secret depends on these.
"""

from argon2 import PasswordHasher
from sqlalchemy import update

from visits.access.rows import Account
from visits.store import UnitOfWork

_quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def make_quick_to_try(uow: UnitOfWork, passphrase: str) -> None:
    """Keep this passphrase, which every account has, under a hash that is quick to try."""
    uow.session.execute(update(Account).values(passphrase_hash=_quick.hash(passphrase)))

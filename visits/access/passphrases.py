"""Passphrases: what one must be, how one is kept, and how many are checked at once."""

import re
import secrets
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from visits.access.errors import SignInBusy, WeakPassphrase

SHORTEST, LONGEST = 12, 200
MOST_WAITING = 30
_FEWEST_DIFFERENT = 5
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
# What lies beside each other on a keyboard or in an alphabet; a walk along one of these is guessed early.
_WALKS = tuple(
    way
    for row in (
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "1q2w3e4r5t6y7u8i9o0p",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
        "qazwsxedcrfvtgbyhnujm",
        "!@#$%^&*()",
    )
    for way in (row, row[::-1])
)
# Beginnings of the passphrases that are tried first, in both languages of our users.
_COMMON = (
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "welcome",
    "letmein",
    "iloveyou",
    "administrator",
    "changeme",
    "default",
    "admin",
    "root",
    "test",
    "user",
    "guest",
    "woaini",
    "5201314",
    "1314520",
    "zhongguo",
    "china",
    "fujian",
    "shidi",
    "anfang",
    "zuzhibu",
    "mima",
    "dragon",
    "monkey",
    "sunshine",
    "princess",
    "football",
    "correcthorsebatterystaple",
)

# OWASP's setting for argon2id. Two threads of their own do the checks: a flood of sign-ins cannot take all memory, and
# the 19 MiB that a check needs stay with these two instead of with every thread of the server that ever did one.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_checkers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passphrase")
_places = threading.BoundedSemaphore(MOST_WAITING)


def drawn() -> str:
    """A passphrase nobody could guess (99 bits), easy to copy from paper."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def hashed(passphrase: str) -> str:
    """The passphrase as it is kept."""
    return _hasher.hash(passphrase)


def must_be_good(passphrase: str, *, login: str, name: str) -> None:
    """Raise :class:`WeakPassphrase` for what is guessed early; kinds of characters are nobody's business."""
    if not SHORTEST <= len(passphrase) <= LONGEST:
        raise WeakPassphrase(f"a passphrase has {SHORTEST} to {LONGEST} characters", "short")
    plain = re.sub(r"[\s._-]", "", passphrase.casefold())
    for word in (login.casefold(), name.casefold()):
        plain = plain.replace(word, "") if len(word) > 1 else plain
    left = _without_known_beginnings(plain)
    if len(set(plain)) < _FEWEST_DIFFERENT or len(left) < 6 or _is_a_walk(plain) or _repeats(plain):
        raise WeakPassphrase("this passphrase is guessed early; take several words that do not belong together", "easy")


def holds(stored_hash: str | None, passphrase: str) -> bool:
    """Compare in the same time whether there is a hash or not; raises :class:`SignInBusy` when too many wait."""
    if not _places.acquire(blocking=False):
        raise SignInBusy("too many sign-ins at once; try again in a moment")
    try:
        return _checkers.submit(_hasher.verify, stored_hash or _NOBODY, passphrase).result() and stored_hash is not None
    except VerificationError:
        return False
    finally:
        _places.release()


def _without_known_beginnings(plain: str) -> str:
    """What is left when everything that is tried first is taken away, with the figures and signs hung on to it."""
    for known in _COMMON:
        plain = plain.replace(known, "")
    return re.sub(r"^[\d\W_]+|[\d\W_]+$", "", plain)


def _is_a_walk(plain: str) -> bool:
    """Whether it is made of pieces, of four and more, of keyboard rows or of the alphabet."""
    left = plain
    while left:
        longest = max(len(_common_start(left, way)) for way in _WALKS)
        if longest < 4:
            return False
        left = left[longest:]
    return True


def _common_start(text: str, way: str) -> str:
    """The longest beginning of ``text`` that lies in ``way``."""
    length = 0
    while length < len(text) and text[: length + 1] in way:
        length += 1
    return text[:length]


def _repeats(plain: str) -> bool:
    """Whether it is one short piece said again and again."""
    return any(plain == (plain[:n] * (len(plain) // n + 1))[: len(plain)] for n in range(1, min(7, len(plain))))


def _of_nobody() -> str:
    """A hash that takes as long to try as any other and that no passphrase fits, since it is drawn and not worked out.

    Working one out would cost every start of the server, and every command, as much as a sign-in.
    """
    salt, drawn_hash = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${drawn_hash}"


_NOBODY = _of_nobody()

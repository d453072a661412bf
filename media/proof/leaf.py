"""What goes into the log: salted commitments, so that nothing guessable can be confirmed from a proof.

A bare hash of "village 350000000001 is drawn" could be found by trying every village. With 32 random bytes of salt
nobody can test a guess without the salt, and once the salt is deleted (removal by rule) nobody can at all, while
the log itself stays whole.
"""

from __future__ import annotations

import hmac
import secrets

from media.errors import BadKey, UnknownAlgorithm

SALT_BYTES = 32
LEAF_DIGEST = "sha256"
LEAF_DIGESTS = frozenset({LEAF_DIGEST})


def new_salt() -> bytes:
    """Return 32 fresh random bytes; every leaf has its own."""
    return secrets.token_bytes(SALT_BYTES)


def salted_leaf(salt: bytes, payload: bytes, *, digest: str = LEAF_DIGEST) -> bytes:
    """Return the leaf data that commits to ``payload`` and hides it: the HMAC of the payload under the salt.

    The length of the salt is fixed, because HMAC pads short keys with zeros: two salts of different length could
    otherwise stand for the same commitment.
    """
    if digest not in LEAF_DIGESTS:
        raise UnknownAlgorithm(f"leaf digest {digest!r} is not known; this version knows {sorted(LEAF_DIGESTS)}")
    if len(salt) != SALT_BYTES:
        raise BadKey(f"a leaf salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hmac.digest(salt, payload, digest)

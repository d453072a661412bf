"""Sealed packages: what a phone carries to a visit before it may know where that is, and the code that opens them.

The code is 128 bits, too many to guess from a copied package. It travels apart from the package, on paper. Whoever
holds both can open early, and nothing here can hinder that: the seal makes an early opening evident, not impossible.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from media.errors import BadCode, SealBroken
from media.proof.signature import b64url_text

PACKAGE_ALGORITHM = "HKDF-SHA256/A256GCM"
CODE_BYTES = 16
# Ciphertexts come in multiples of this, so that their length tells nothing about most villages.
PADDED_BYTES = 16 * 1024

_INFO = b"shidi sealed package"
_SALT_BYTES = 16
_IV_BYTES = 12
# Crockford's base 32: no I, L, O or U, so that what is read from paper is typed right; the last five only check.
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"
_CODE_SYMBOLS = 26
_GROUP = 5
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True)
class SealedPackage:
    """A package as it travels, each part base64url without padding."""

    alg: str
    salt: str
    iv: str
    ciphertext: str


def new_code() -> bytes:
    """Return a fresh random code for one assignment."""
    return secrets.token_bytes(CODE_BYTES)


def code_text(code: bytes) -> str:
    """Return the code as people type it: 26 symbols and a check symbol, in groups of five.

    >>> code_text(bytes(16))
    '00000-00000-00000-00000-00000-00'
    """
    if len(code) != CODE_BYTES:
        raise BadCode(f"a code has {CODE_BYTES} bytes, not {len(code)}")
    number = int.from_bytes(code)
    symbols = [_SYMBOLS[number >> 5 * place & 31] for place in reversed(range(_CODE_SYMBOLS))]
    text = "".join(symbols) + _SYMBOLS[number % 37]
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def read_code(typed: str) -> bytes:
    """Return the code that somebody typed, whatever the case, dashes and spaces, or raise :class:`BadCode`."""
    text = typed.upper().translate(_READ_AS)
    if len(text) != _CODE_SYMBOLS + 1:
        raise BadCode(f"a code has {_CODE_SYMBOLS + 1} symbols, not {len(text)}")
    number = 0
    for symbol in text[:-1]:
        value = _SYMBOLS.find(symbol)
        if not 0 <= value < 32:
            raise BadCode(f"{symbol!r} is no symbol of a code")
        number = number << 5 | value
    if number >> 8 * CODE_BYTES or _SYMBOLS[number % 37] != text[-1]:
        raise BadCode("the check symbol does not fit: a symbol is wrong or two are swapped")
    return number.to_bytes(CODE_BYTES)


def seal_package(code: bytes, plaintext: bytes, about: str) -> SealedPackage:
    """Return JSON ``plaintext`` padded with spaces and sealed under ``code`` (AES-256-GCM), bound to ``about``.

    Every sealing has a salt of its own, so two packages of one assignment cannot be told to be of one content.
    """
    padded = plaintext + b" " * (-len(plaintext) % PADDED_BYTES)
    salt, iv = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_IV_BYTES)
    ciphertext = AESGCM(_key(code, salt)).encrypt(iv, padded, about.encode())
    return SealedPackage(PACKAGE_ALGORITHM, *(b64url_text(part) for part in (salt, iv, ciphertext)))


def open_package(code: bytes, sealed: SealedPackage, about: str) -> bytes:
    """Return the plaintext with its padding, which JSON does not mind, or raise :class:`SealBroken`."""
    try:
        salt, iv, ciphertext = (_bytes(part) for part in (sealed.salt, sealed.iv, sealed.ciphertext))
        return AESGCM(_key(code, salt)).decrypt(iv, ciphertext, about.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken("the package was changed, or belongs to another code or assignment") from error


def _key(code: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, _INFO).derive(code)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

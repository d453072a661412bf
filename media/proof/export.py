"""A phone's unsent work as a file sealed to the server's key, read in pieces however large it is.

The file is JSON: ``shidi`` (the format), ``kid`` (which key of the server), ``epk`` (the phone's ephemeral key),
``salt``, ``iv`` and, last, ``ciphertext``, in base64url without padding. The key is ECDH on P-256, then HKDF-SHA256;
the cipher AES-256-GCM with ``kid`` as additional data and the tag at the end. Inside stand a manifest's length (4
bytes, big-endian), the manifest (JSON), and the bytes of the photos, one after the other.

A photo is never held as a whole, so the file is read twice: once to check the seal, and once to hand out what it holds.
Before the seal is known to be good nothing is handed out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import AEADDecryptionContext, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from media.errors import BadKey, UnreadableExport
from media.proof.signature import DeviceKey, read_public_jwk

EXPORT_FORMAT = "phone-export/1"
MOST_MANIFEST_BYTES = 8 * 1024 * 1024

_INFO = b"shidi phone export"
_TAG_BYTES = 16
_LENGTH_BYTES = 4
_MOST_HEAD_BYTES = 4096
_BLOCK_SYMBOLS = 4 * 16 * 1024
_CIPHERTEXT = re.compile(rb'"ciphertext"\s*:\s*"')
_KID = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")
_AFTER_CIPHERTEXT = re.compile(rb'"\s*\}\s*\Z')


@dataclass(frozen=True)
class ExportHead:
    """What stands in the open at the beginning of an export, and where the ciphertext begins."""

    kid: str
    epk: Mapping[str, object]
    salt: bytes
    iv: bytes
    ciphertext_at: int


class OpenedExport:
    """An export whose seal is good: its manifest, and then the photos' bytes in order, in pieces."""

    def __init__(self, plaintext: Iterator[bytes], size_bytes: int) -> None:
        """Read the manifest at the beginning of ``plaintext``, which has ``size_bytes`` in all."""
        self._plaintext = plaintext
        self._buffer = b""
        self.left_bytes = size_bytes
        manifest_bytes = int.from_bytes(self._exactly(_LENGTH_BYTES))
        if manifest_bytes > min(MOST_MANIFEST_BYTES, self.left_bytes):
            raise UnreadableExport("the manifest is longer than it may be")
        self.manifest = self._exactly(manifest_bytes)

    def read(self, size: int) -> bytes:
        """Return at most ``size`` of the next bytes; empty at the end."""
        if not self._buffer:
            self._buffer = next(self._plaintext, b"")
        piece, self._buffer = self._buffer[:size], self._buffer[size:]
        self.left_bytes -= len(piece)
        return piece

    def part(self, size_bytes: int) -> ExportPart:
        """Return the next ``size_bytes`` as a stream of their own."""
        return ExportPart(self, size_bytes)

    def _exactly(self, size_bytes: int) -> bytes:
        if size_bytes > self.left_bytes:
            raise UnreadableExport("the file ends before its manifest does")
        pieces, missing_bytes = [], size_bytes
        while missing_bytes:
            pieces.append(self.read(missing_bytes))
            missing_bytes -= len(pieces[-1])
        return b"".join(pieces)


class ExportPart:
    """One photo inside an export, as a stream; what is left of it must be skipped before the next one."""

    def __init__(self, export: OpenedExport, size_bytes: int) -> None:
        """Take the next ``size_bytes`` of ``export``."""
        self._export = export
        self._left_bytes = size_bytes

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` of the next bytes; empty at the end of this photo."""
        piece = self._export.read(min(size, self._left_bytes)) if self._left_bytes else b""
        self._left_bytes -= len(piece)
        return piece

    def skip(self) -> None:
        """Return once the rest of this photo has been passed over."""
        while self.read(_BLOCK_SYMBOLS):
            pass


def read_head(file: BinaryIO) -> ExportHead:
    """Return what the export says in the open, or raise :class:`UnreadableExport`."""
    file.seek(0)
    begin = file.read(_MOST_HEAD_BYTES)
    found = _CIPHERTEXT.search(begin)
    if found is None:
        raise UnreadableExport("this is no export of a phone")
    try:
        said = json.loads(begin[: found.end()] + b'"}')
        if said["shidi"] != EXPORT_FORMAT:
            raise UnreadableExport(f"this version reads {EXPORT_FORMAT} only")
        kid, epk, salt, iv = said["kid"], said["epk"], _decoded(said["salt"]), _decoded(said["iv"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableExport("the beginning of the file is not that of an export") from error
    if not (
        isinstance(kid, str) and _KID.match(kid) and isinstance(epk, dict) and 16 <= len(salt) <= 64 and len(iv) == 12
    ):
        raise UnreadableExport("the beginning of the file is not that of an export")
    return ExportHead(kid, epk, salt, iv, found.end())


def open_export(file: BinaryIO, head: ExportHead, key: DeviceKey) -> OpenedExport:
    """Return the opened export, once all of its seal is checked, or raise :class:`UnreadableExport`.

    ``file`` must stay as it is until everything has been read.
    """
    secret = _secret(head, key)
    checking = _decryptor(head, secret)
    size_bytes, held_back = 0, b""
    for block in _ciphertext(file, head.ciphertext_at):
        whole = held_back + block
        sealed, held_back = whole[:-_TAG_BYTES], whole[-_TAG_BYTES:]
        checking.update(sealed)
        size_bytes += len(sealed)
    try:
        checking.finalize_with_tag(held_back)
    except (InvalidTag, ValueError) as error:
        raise UnreadableExport("the file was cut off or changed on its way") from error
    return OpenedExport(_plaintext(file, head, secret, size_bytes), size_bytes)


def _plaintext(file: BinaryIO, head: ExportHead, secret: bytes, size_bytes: int) -> Iterator[bytes]:
    opening = _decryptor(head, secret)
    left_bytes = size_bytes
    for block in _ciphertext(file, head.ciphertext_at):
        piece = opening.update(block[:left_bytes])
        left_bytes -= len(piece)
        if piece:
            yield piece


def _secret(head: ExportHead, key: DeviceKey) -> bytes:
    try:
        shared = key.private_key.exchange(ec.ECDH(), read_public_jwk(head.epk))
    except BadKey as error:
        raise UnreadableExport("the phone's key in the file cannot be used") from error
    return HKDF(SHA256(), 32, head.salt, _INFO).derive(shared)


def _decryptor(head: ExportHead, secret: bytes) -> AEADDecryptionContext:
    decryptor = Cipher(AES256(secret), GCM(head.iv)).decryptor()
    decryptor.authenticate_additional_data(head.kid.encode())
    return decryptor


def _ciphertext(file: BinaryIO, start: int) -> Iterator[bytes]:
    """Yield the ciphertext in pieces; raises when it is no base64url or does not end as the format says."""
    file.seek(start)
    symbols = b""
    while block := file.read(_BLOCK_SYMBOLS):
        symbols += block
        if b'"' in block:
            break
        whole = len(symbols) // 4 * 4
        yield _decoded_block(symbols[:whole])
        symbols = symbols[whole:]
    ending = symbols.find(b'"')
    if ending < 0 or not _AFTER_CIPHERTEXT.match(symbols[ending:] + file.read(16)):
        raise UnreadableExport("the file was cut off, or more follows than belongs to it")
    yield _decoded_block(symbols[:ending])


def _decoded_block(symbols: bytes) -> bytes:
    try:
        return base64.b64decode(symbols + b"=" * (-len(symbols) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise UnreadableExport("the sealed part of the file is damaged") from error


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)

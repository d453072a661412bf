"""Time stamps of an outside authority (RFC 3161): that a text existed at a time the server had no say in.

The reader written in Rust is tried first. It refuses answers whose certificates stand in another order than DER asks
(``openssl ts -reply -chain`` writes such), and knows no other day than today for a certificate; there ``openssl ts``,
where the machine has it, has the last word.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from media.errors import AuthorityUnavailable, BadKey, ProofBroken

_OPENSSL_TIMEOUT_S = 20
_TIME_LINE = re.compile(rb"^Time stamp: (.+) GMT$", re.MULTILINE)


@dataclass(frozen=True)
class StampRequest:
    """What is sent to an authority, and the number its answer must repeat."""

    der: bytes
    nonce: int


def new_stamp_request(message: bytes) -> StampRequest:
    """Return a request for a stamp of ``message``; only its SHA-256 goes to the authority."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    request = (
        TimestampRequestBuilder()
        .data(message)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    if request.nonce is None:
        raise AuthorityUnavailable("the request for a stamp has no nonce")
    return StampRequest(request.as_bytes(), request.nonce)


def check_stamp_answer(request: StampRequest, message: bytes, response: bytes) -> None:
    """Return when an answer is a stamp of this message for this request; who signed it is for :func:`check_stamp`."""
    from rfc3161_client import decode_timestamp_response

    digest = hashlib.sha256(message).digest()
    try:
        said = decode_timestamp_response(response)
        fits = said.status == 0 and said.tst_info.message_imprint.message == digest
        fits = fits and said.tst_info.nonce == request.nonce
    except ValueError:
        # One of the answers that only openssl reads; a refusal holds neither the digest nor the number.
        fits = digest in response and request.nonce.to_bytes((request.nonce.bit_length() + 7) // 8) in response
    if not fits:
        raise AuthorityUnavailable("the answer of the timestamp authority is no stamp of what was sent")


def check_stamp(response: bytes, message: bytes, authority_pem: bytes) -> datetime:
    """Return the time an authority gave for ``message``; ``authority_pem`` holds the certificates one trusts.

    Raises :class:`ProofBroken` when the stamp is of another message or signed by nobody trusted.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        # The reader looks at a part only when it is asked for, and complains of it only then.
        said = decode_timestamp_response(response)
        stamped, at_utc = said.tst_info.message_imprint.message, said.tst_info.gen_time.astimezone(UTC)
    except ValueError as error:
        return _by_openssl(response, message, authority_pem, f"the time stamp cannot be read: {error}")
    if stamped != hashlib.sha256(message).digest():
        raise ProofBroken("the time stamp is of another text")
    builder = VerifierBuilder()
    for certificate in _certificates(authority_pem):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(said, message)
    except (VerificationError, ValueError) as error:
        return _by_openssl(response, message, authority_pem, f"the time stamp is not from this authority: {error}")
    return at_utc


def _certificates(authority_pem: bytes):  # type: ignore[no-untyped-def]
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(authority_pem)
    except ValueError as error:
        raise BadKey("the authority's file holds no certificate in PEM form") from error


def _by_openssl(response: bytes, message: bytes, authority_pem: bytes, complaint: str) -> datetime:
    """Return the time as ``openssl ts`` reads and checks it, on the day of the stamp itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ProofBroken(f"{complaint}; openssl, which might read it, is not installed")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, data in (("response", response), ("message", message), ("authority", authority_pem)):
            (place / name).write_bytes(data)
        shown = _run(openssl, "-reply", "-text", "-in", str(place / "response"))
        line = _TIME_LINE.search(shown.stdout)
        if line is None:
            raise ProofBroken(complaint)
        try:
            at_utc = datetime.strptime(line[1].decode().split(".")[0], "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        except ValueError as error:
            raise ProofBroken(complaint) from error
        held = _run(
            openssl,
            "-verify",
            *("-data", str(place / "message"), "-in", str(place / "response")),
            *("-CAfile", str(place / "authority"), "-attime", str(int(at_utc.timestamp()))),
        )
    if held.returncode:
        raise ProofBroken(complaint)
    return at_utc


def _run(openssl: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([openssl, "ts", *arguments], capture_output=True, check=False, timeout=_OPENSSL_TIMEOUT_S)

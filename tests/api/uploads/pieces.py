"""The photo that these tests send, and how its pieces are checked."""

import base64
import hashlib

DATA = bytes(range(256)) * 40
PIECE_TYPE = "application/offset+octet-stream"


def upload_checksum(algorithm: str, data: bytes) -> str:
    """The value of ``Upload-Checksum`` for a piece."""
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"

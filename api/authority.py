"""Ask a timestamp authority over HTTP; only the job that stamps checkpoints does, never a request."""

from urllib.error import URLError
from urllib.request import Request, urlopen

from media.errors import AuthorityUnavailable

ANSWER_WITHIN_S = 20
LARGEST_ANSWER_BYTES = 64 * 1024


def ask_authority(url: str, request_der: bytes) -> bytes:
    """The answer of the authority to a request of RFC 3161, not yet looked into."""
    asked = Request(url, data=request_der, headers={"Content-Type": "application/timestamp-query"})  # noqa: S310
    try:
        # The address is a setting that was read as http or https, never something a caller sent.
        with urlopen(asked, timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310
            said: bytes = answer.read(LARGEST_ANSWER_BYTES + 1)
    except (URLError, OSError, ValueError) as error:
        raise AuthorityUnavailable(f"the timestamp authority cannot be reached: {error}") from error
    if len(said) > LARGEST_ANSWER_BYTES:
        raise AuthorityUnavailable("the answer of the timestamp authority is too long to be a stamp")
    return said

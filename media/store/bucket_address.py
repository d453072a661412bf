"""Where a bucket is, as one line of a setting says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from media.errors import BadAddress


@dataclass(frozen=True)
class BucketAddress:
    """Where the bucket is, and with what to open it; without a key the machine's own identity is used."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)


def read_address(url: str, *, key_id: str | None = None, secret: str | None = None) -> BucketAddress:
    """Read ``s3://bucket/prefix?endpoint=https://…&region=…``; both options may be left out."""
    parts = urlsplit(url)
    options = parse_qs(parts.query, keep_blank_values=True)
    unknown = set(options) - {"endpoint", "region"}
    if parts.scheme != "s3" or not parts.netloc or unknown or any(len(said) > 1 for said in options.values()):
        raise BadAddress("an object store is written s3://bucket/prefix?endpoint=https://host&region=name")
    endpoint = options.get("endpoint", [None])[0]
    region = options.get("region", ["us-east-1"])[0]
    return BucketAddress(parts.netloc, parts.path.strip("/"), endpoint, region, key_id, secret)

"""The store: where are the bytes of a photo, and are they still the same?

The store in a bucket is loaded only when it is asked for: most installations have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.store.bucket_address import BucketAddress, read_address
from media.store.evidence import CHECKSUM_ALGORITHMS, Checksum, EvidenceStore, Readable, Stored
from media.store.inventory import Amiss, Inventory, bring, inventory_of, keep_only
from media.store.local import LocalStore

if TYPE_CHECKING:
    from media.store.s3 import S3Store

__all__ = [
    "CHECKSUM_ALGORITHMS",
    "Amiss",
    "BucketAddress",
    "Checksum",
    "EvidenceStore",
    "Inventory",
    "LocalStore",
    "Readable",
    "S3Store",
    "Stored",
    "bring",
    "inventory_of",
    "keep_only",
    "read_address",
]


def __getattr__(name: str) -> object:
    """Return the store that needs the object store's client, once somebody asks for it."""
    if name == "S3Store":
        from media.store.s3 import S3Store

        return S3Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

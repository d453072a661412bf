"""The store: where are the bytes of a photo, and are they still the same?"""

from media.store.evidence import CHECKSUM_ALGORITHMS, Checksum, EvidenceStore, Readable, Stored
from media.store.local import LocalStore

__all__ = ["CHECKSUM_ALGORITHMS", "Checksum", "EvidenceStore", "LocalStore", "Readable", "Stored"]

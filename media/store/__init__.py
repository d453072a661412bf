"""The store: where are the bytes of a photo, and are they still the same?"""

from media.store.evidence import EvidenceStore, Readable, Stored
from media.store.local import LocalStore

__all__ = ["EvidenceStore", "LocalStore", "Readable", "Stored"]

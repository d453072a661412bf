"""Media: what does this photo say, where are its bytes, and can it be proved?

This door opens the photo; ``media.store`` and ``media.proof`` are doors of their own. Pillow is loaded only when
``read_photo`` or ``fingerprints`` is asked for, and numpy with ``SeenPhotos``: ``inspect`` decodes in another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.errors import MediaError
from media.photo.facts import Box, Fingerprints, Inspection, PhotoFacts
from media.photo.inspector import Inspector, Limits, inspect, inspect_all
from media.photo.likeness import FINGERPRINT_VERSION, same_photo

if TYPE_CHECKING:
    from media.photo.picture import fingerprints
    from media.photo.reader import read_photo
    from media.photo.seen import Resemblance, Seen, SeenPhotos

__all__ = [
    "FINGERPRINT_VERSION",
    "Box",
    "Fingerprints",
    "Inspection",
    "Inspector",
    "Limits",
    "MediaError",
    "PhotoFacts",
    "Resemblance",
    "Seen",
    "SeenPhotos",
    "fingerprints",
    "inspect",
    "inspect_all",
    "read_photo",
    "same_photo",
]


def __getattr__(name: str) -> object:
    """Return the names that need Pillow or numpy, once somebody asks for them."""
    if name == "fingerprints":
        from media.photo.picture import fingerprints

        return fingerprints
    if name == "read_photo":
        from media.photo.reader import read_photo

        return read_photo
    if name in {"Resemblance", "Seen", "SeenPhotos"}:
        from media.photo import seen

        return getattr(seen, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

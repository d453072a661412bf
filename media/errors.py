"""The base error of ``media`` and everything it may raise: a sentence a person can act on, and no word of HTTP."""

from __future__ import annotations


class MediaError(Exception):
    """Something about a photo, its bytes or its proof that a person has to know."""


# -- what a photo says -------------------------------------------------------------------------------------------


class UnsupportedFormat(MediaError):
    """The bytes are no still picture of a kind that is accepted as evidence."""


class UnreadablePhoto(MediaError):
    """The bytes claim to be a picture, but cannot be read as one."""


class IncompletePhoto(UnreadablePhoto):
    """The picture ends before its end: it was cut off on the phone or on the way."""


class PhotoTooLarge(MediaError):
    """Reading the picture would take more memory or bytes than one photo is allowed."""


class PhotoTooSlow(MediaError):
    """Reading the picture took longer than one photo is allowed."""


class InspectionUnavailable(MediaError):
    """The process that reads photos does not start: nothing is known of the photo, ask again later."""


# -- where its bytes are -----------------------------------------------------------------------------------------


class StoreError(MediaError):
    """Something about keeping bytes went wrong."""


class BadName(StoreError):
    """An upload id, a hash or the name of a derived copy is not of the agreed form."""


class BadAddress(StoreError):
    """The address of an object store cannot be read; the text says how one is written."""


class UploadNotFound(StoreError):
    """There is no upload under this id."""


class UploadBusy(StoreError):
    """Another request is writing to this upload right now."""


class UploadComplete(StoreError):
    """All bytes of this upload are here and sealed; it takes no more, finish it (again)."""


class OffsetMismatch(StoreError):
    """The chunk does not continue where the upload stands; ``current_bytes`` says where that is."""

    def __init__(self, *, given_bytes: int, current_bytes: int) -> None:
        super().__init__(f"the upload stands at {current_bytes} bytes, not {given_bytes}; continue from there")
        self.current_bytes = current_bytes


class SizeMismatch(StoreError):
    """The upload holds another number of bytes than was announced."""

    def __init__(self, *, expected_bytes: int, received_bytes: int) -> None:
        super().__init__(f"{received_bytes} bytes have arrived where {expected_bytes} were announced")
        self.expected_bytes = expected_bytes
        self.received_bytes = received_bytes


class HashMismatch(StoreError):
    """The bytes hash to something else than was announced; they are kept aside under their real hash."""

    def __init__(self, *, expected_hex: str, actual_hex: str) -> None:
        super().__init__(f"the bytes hash to {actual_hex}, not to the announced {expected_hex}; they were kept aside")
        self.expected_hex = expected_hex
        self.actual_hex = actual_hex


class UnknownChecksum(StoreError):
    """The piece came with a checksum of a kind that is not known here."""


class ChecksumMismatch(StoreError):
    """The piece is not what its checksum says: it was spoiled on the way, and nothing of it is kept."""


class BytesNotFound(StoreError):
    """Nothing is stored under this hash and name."""


class StoreUnavailable(StoreError):
    """The disk refused (full, read-only, broken): nothing was acknowledged, try again later."""


# -- whether it can be proved ------------------------------------------------------------------------------------


class ProofError(MediaError):
    """Something about keys, seals or the log is wrong."""


class UnknownAlgorithm(ProofError):
    """The named digest or signature algorithm is not one this version knows."""


class BadKey(ProofError):
    """The key is not of the form its algorithm needs."""


class SealBroken(ProofError):
    """The sealed bytes were changed, or belong to another key or context."""


class BadCode(ProofError):
    """What was typed is no code of a sealed package; the text says where it goes wrong."""


class ProofBroken(ProofError):
    """What was handed over to prove something does not hold; the sentence names the first thing that is wrong."""


class NotComparable(ProofError):
    """The files at hand neither prove nor disprove it."""


class AuthorityUnavailable(ProofError):
    """The timestamp authority gave no answer that can be used; ask again later."""


class UnreadableExport(ProofError):
    """A phone's export cannot be opened, or not all of it is there; the text says what is wrong."""

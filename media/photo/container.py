"""What a file's first bytes and its skeleton say, before any picture library sees it.

The name of a file says nothing. Only four containers are accepted, found by content; each is walked from part to
part without decoding, which tells a cut file from a whole one and refuses moving pictures and swollen headers.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

from media.errors import IncompletePhoto, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from media.photo.facts import PhotoFormat

Buffer = bytes | mmap.mmap

# Camera apps put depth maps and previews of several megabytes before the picture; nothing honest needs more.
MAX_HEADER_BYTES = 16 * 1024 * 1024
MAX_PARTS = 50_000

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2"}
_HEIF_ESSENTIALS = {b"meta", b"mdat"}
_MOVING_BRANDS = {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}


def format_of(data: Buffer) -> PhotoFormat:
    """Return the container by its content, or raise :class:`UnsupportedFormat`."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == _PNG_SIGNATURE:
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and _is_heif(data):
        return "HEIF"
    raise UnsupportedFormat("this is not a photo in JPEG, PNG, WebP or HEIC; take it with the camera of the phone")


def check_skeleton(data: Buffer, photo_format: PhotoFormat) -> None:
    """Return when the file is one still picture that goes on to its end; raise what is wrong otherwise."""
    if photo_format == "JPEG":
        _check_jpeg(data)
    elif photo_format == "PNG":
        _check_png(data)
    elif photo_format == "WEBP":
        _check_webp(data)
    else:
        _check_heif(data)


def exif_of_png(data: Buffer) -> bytes | None:
    """Return a PNG's EXIF block, found without decoding the picture that may stand before it."""
    for kind, start, end in _png_chunks(data):
        if kind == b"eXIf":
            return data[start:end]
    return None


def _check_jpeg(data: Buffer) -> None:
    scan = _start_of_scan(data)
    if scan > MAX_HEADER_BYTES:
        raise PhotoTooLarge("the photo carries more additional data than any camera writes")
    # Inside a scan an FF is always followed by 00 or a restart marker, so the first FF D9 is the picture's end.
    # Thumbnails, which have an end of their own, lie before the scan.
    if data.find(b"\xff\xd9", scan) < 0:
        raise IncompletePhoto("the photo is cut off: its end is missing")


def _start_of_scan(data: Buffer) -> int:
    offset = 2
    for _ in range(MAX_PARTS):
        while data[offset : offset + 2] == b"\xff\xff":
            offset += 1
        head = data[offset : offset + 4]
        if len(head) < 4:
            raise IncompletePhoto("the photo is cut off before its picture begins")
        marker, length = head[1], int.from_bytes(head[2:])
        if head[0] != 0xFF or marker == 0xD9 or length < 2:
            raise UnreadablePhoto("the photo's parts do not follow each other as in a JPEG")
        if marker == 0xDA:
            return offset
        offset += 2 + length
    raise PhotoTooLarge("the photo is made of more parts than any camera writes")


def _check_png(data: Buffer) -> None:
    kinds = set()
    for kind, _, _ in _png_chunks(data):
        kinds.add(kind)
    if b"acTL" in kinds:
        raise UnsupportedFormat("this is a moving picture; evidence is a single photo")
    if b"IEND" not in kinds:
        raise IncompletePhoto("the photo is cut off: its end is missing")


def _png_chunks(data: Buffer) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the content of each chunk, up to the end chunk or the last whole one."""
    offset = len(_PNG_SIGNATURE)
    for _ in range(MAX_PARTS):
        head = data[offset : offset + 8]
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        start, end = offset + 8, offset + 8 + length
        if end + 4 > len(data):
            return
        yield kind, start, end
        if kind == b"IEND":
            return
        offset = end + 4
    raise PhotoTooLarge("the photo is made of more parts than any camera writes")


def _check_webp(data: Buffer) -> None:
    if int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise IncompletePhoto("the photo is cut off: its end is missing")
    if data[12:16] == b"VP8X" and len(data) > 20 and data[20] & 0x02:
        raise UnsupportedFormat("this is a moving picture; evidence is a single photo")


def _check_heif(data: Buffer) -> None:
    if data[8:12] in _MOVING_BRANDS:
        raise UnsupportedFormat("this is a moving picture; evidence is a single photo")
    offset = 0
    whole: set[bytes] = set()
    for _ in range(MAX_PARTS):
        head = data[offset : offset + 16]
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length == 0 and len(head) >= 8:
            # The last box may say "up to the end of the file".
            length = len(data) - offset
        if len(head) < 8 or offset + length > len(data):
            if not whole >= _HEIF_ESSENTIALS:
                raise IncompletePhoto("the photo is cut off: its end is missing")
            # Description and pixels are here; what some phones append behind them is no concern of the picture.
            return
        if length < 8:
            raise UnreadablePhoto("the photo's parts do not follow each other as in a HEIC")
        whole.add(head[4:8])
        offset += length
    raise PhotoTooLarge("the photo is made of more parts than any camera writes")


def _is_heif(data: Buffer) -> bool:
    """Return whether the main brand, or else a compatible one, is that of HEVC pictures (AVIF and video are not)."""
    main_brand = data[8:12]
    if main_brand in (b"avif", b"avis"):
        return False
    box_bytes = min(int.from_bytes(data[:4]), 256)
    compatible = {data[place : place + 4] for place in range(16, box_bytes, 4)}
    return bool(({main_brand} | compatible) & (_STILL_BRANDS | _MOVING_BRANDS))

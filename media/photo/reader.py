"""Read what a photo says about itself, without decoding the picture."""

from __future__ import annotations

import contextlib
import io
import mmap
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar, cast

from PIL import Image, WebPImagePlugin  # noqa: F401  importing the plugin is what registers WebP

from media.errors import MediaError, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from media.photo import container, exif
from media.photo.container import Buffer
from media.photo.facts import Oddity, PhotoFacts, PhotoFormat

MAX_PHOTO_BYTES = 64 * 1024 * 1024
MAX_PHOTO_PIXELS = 60_000_000

# Pillow only warns up to twice its limit, so the number of pixels is checked here again. Its other warnings are remarks
# on damaged EXIF, no concern of a log. Both are set once: to swap filters around each photo is not safe with threads.
Image.MAX_IMAGE_PIXELS = MAX_PHOTO_PIXELS
warnings.filterwarnings("ignore", module=r"PIL\.")

Photo = str | Path | bytes
T = TypeVar("T")


@dataclass(frozen=True)
class OpenPhoto:
    """A photo that is open but not decoded, and what it says; valid only while ``open_photo`` lasts."""

    image: Image.Image
    facts: PhotoFacts


def read_photo(photo: Photo) -> PhotoFacts:
    """Return what the photo (a path, or its bytes) says about itself; raise :class:`MediaError` and nothing else.

    The picture is not decoded, so a photo that is whole but spoiled inside passes here and fails in ``inspect``.
    """
    with open_photo(photo) as opened:
        return opened.facts


@contextlib.contextmanager
def open_photo(photo: Photo) -> Iterator[OpenPhoto]:
    """Yield an accepted photo, open and not decoded. Whatever goes wrong, in the block too, is a MediaError."""
    try:
        with _buffer_of(photo) as data:
            photo_format = container.format_of(data)
            container.check_skeleton(data, photo_format)
            with _open_image(data, photo_format) as image:
                yield OpenPhoto(image, _facts(image, data, photo_format))
    except MediaError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except MemoryError as error:
        raise PhotoTooLarge("the photo needs more memory than one photo is allowed; send it in fewer pixels") from error
    except Exception as error:
        # Odd files make picture libraries raise nearly anything: OSError, SyntaxError, ValueError, KeyError, EOFError,
        # struct.error. A photo that cannot be read is a result, not a crash.
        raise UnreadablePhoto("the photo cannot be read; its bytes are kept, please take it again") from error


def register_heif() -> None:
    """Return once HEIC can be opened; its library is large, so it is loaded with the first such photo."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


@contextlib.contextmanager
def _buffer_of(photo: Photo) -> Iterator[Buffer]:
    if isinstance(photo, bytes):
        _check_length(len(photo))
        yield photo
        return
    with Path(photo).open("rb") as file:
        _check_length(file.seek(0, io.SEEK_END))
        # A mapping lets the skeleton be walked without reading a large photo into memory.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
            yield mapping


def _check_length(size_bytes: int) -> None:
    if size_bytes == 0:
        raise UnsupportedFormat("the file is empty")
    if size_bytes > MAX_PHOTO_BYTES:
        raise PhotoTooLarge(f"the file has {size_bytes} bytes; a photo may have {MAX_PHOTO_BYTES}")


def _open_image(data: Buffer, photo_format: PhotoFormat) -> Image.Image:
    if photo_format == "HEIF":
        register_heif()
    # MPO, the double photos of many phones, opens through JPEG; to name it here would break every other file.
    image = Image.open(cast("IO[bytes]", io.BytesIO(data) if isinstance(data, bytes) else data), formats=[photo_format])
    if image.width * image.height > MAX_PHOTO_PIXELS:
        image.close()
        raise _too_many_pixels()
    return image


def _too_many_pixels() -> PhotoTooLarge:
    return PhotoTooLarge(f"the photo has more than {MAX_PHOTO_PIXELS // 1_000_000} million pixels")


def _facts(image: Image.Image, data: Buffer, photo_format: PhotoFormat) -> PhotoFacts:
    tags = _safely(lambda: _exif(image, data, photo_format))
    main = _safely(lambda: exif.main_tags(tags)) if tags is not None else None
    camera = _safely(lambda: exif.camera_tags(tags)) if tags is not None else None
    gps = _safely(lambda: exif.gps_tags(tags)) if tags is not None else None
    spoiled: tuple[Oddity, ...] = ("exif_unreadable",) if None in (main, camera, gps) else ()
    main, camera, gps = main or {}, camera or {}, gps or {}
    where = exif.position(gps)
    return PhotoFacts(
        format=photo_format,
        width_px=image.width,
        height_px=image.height,
        lon_deg=where.lon_deg,
        lat_deg=where.lat_deg,
        altitude_m=where.altitude_m,
        gps_at_utc=exif.gps_at_utc(gps),
        gps_datum=exif.gps_datum(gps),
        taken_at=exif.taken_at(camera),
        utc_offset=exif.utc_offset(camera),
        make=exif.make(main),
        model=exif.model(main),
        orientation=exif.orientation(main),
        flash_fired=exif.flash_fired(camera),
        light_lv=exif.light_lv(camera),
        oddities=where.oddities + spoiled,
    )


def _safely(read: Callable[[], T]) -> T | None:
    """Return what ``read`` returns. A broken EXIF block is no reason to refuse a picture that can be seen."""
    try:
        return read()
    except Exception:
        return None


def _exif(image: Image.Image, data: Buffer, photo_format: PhotoFormat) -> Image.Exif:
    if photo_format != "PNG":
        return image.getexif()
    # Pillow would decode the whole picture to look for EXIF behind it; the base class reads what is at hand.
    block = container.exif_of_png(data)
    if block is not None:
        image.info["exif"] = block
    return Image.Image.getexif(image)

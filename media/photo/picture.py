"""Decode a photo once: a small upright copy for people to see, and fingerprints of what it shows."""

from __future__ import annotations

import contextlib
import io

from PIL import Image, ImageCms

from media.photo.facts import Fingerprints, Inspection
from media.photo.hashes import fingerprints_of, within
from media.photo.reader import OpenPhoto, Photo, open_photo

DISPLAY_EDGE_PX = 1280
_JPEG_QUALITY = 80

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def inspect_here(photo: Photo) -> Inspection:
    """Return the inspection of a photo, decoded in this very process: for the limited worker."""
    with open_photo(photo) as opened:
        picture = _display_picture(opened)
        return Inspection(facts=opened.facts, prints=fingerprints_of(picture), display_jpeg=_jpeg(picture))


def fingerprints(photo: Photo) -> Fingerprints:
    """Return the fingerprints of a photo (a path, or its bytes); raise :class:`MediaError` and nothing else.

    The picture is decoded in this process, with the same refusals as ever but without a limit on memory and time:
    for research and batches over photos that were inspected before. A server uses ``inspect``.
    """
    with open_photo(photo) as opened:
        return fingerprints_of(_display_picture(opened))


def _display_picture(opened: OpenPhoto) -> Image.Image:
    """Return the picture in sRGB, upright, at most 1280 px long. It is made small first, to spare memory."""
    image = opened.image
    # A JPEG can be decoded at a half, a quarter or an eighth, whatever is still large enough.
    image.draft(None, (DISPLAY_EDGE_PX, DISPLAY_EDGE_PX))
    profile = image.info.get("icc_profile")
    picture = _in_srgb(_on_white(within(_in_eight_bits(image), DISPLAY_EDGE_PX)), profile)
    turn = _UPRIGHT.get(opened.facts.orientation) if opened.facts.format != "HEIF" else None
    return picture.transpose(turn) if turn is not None else picture


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be made smaller: no palette, no 16 bits per pixel."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    return image.convert("L") if image.mode in ("1", "F") else image


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("RGBA", "LA", "RGBa", "La"):
        return picture
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """Return the picture in sRGB; a profile that is broken or for other channels is left out of account."""
    if isinstance(profile, bytes) and profile and picture.mode in ("RGB", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _jpeg(picture: Image.Image) -> bytes:
    """Return the picture as JPEG and nothing else: no EXIF, no comment, no profile of the original is carried over."""
    bare = picture.copy()
    bare.info.clear()
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue()

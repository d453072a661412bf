"""The copy of a photo that may leave the house: bystanders covered, and lines below that say where it is from.

It is made from the display copy, which holds no metadata. What is covered is painted over before anything is encoded,
so nothing of it is left in the copy. The text stands on a strip of its own below the picture and hides nothing.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from media.photo.facts import Box
from media.photo.reader import open_photo

# Bitmaps of 16 points for every character of the Basic Multilingual Plane: no machine needs a Chinese font for it.
_FONT = Path(__file__).with_name("fonts") / "unifont-15.0.01.pcf.gz"
_LINE_PX, _MARGIN_PX = 18, 4
_COVER, _PAPER, _INK = (0, 0, 0), (255, 255, 255), (0, 0, 0)
_JPEG_QUALITY = 85


def leaving_copy(display_copy: Path, covers: Sequence[Box], lines: Sequence[str]) -> bytes:
    """Return the picture as JPEG with every box painted over, and the lines below it."""
    with open_photo(display_copy) as opened:
        picture = opened.image.convert("RGB")
    picture.info.clear()
    draw = ImageDraw.Draw(picture)
    for box in covers:
        draw.rectangle(_pixels(box, picture.size), fill=_COVER)
    out = io.BytesIO()
    _with_strip(picture, lines).save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue()


def _pixels(box: Box, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the first and last pixels of a box; a pixel that is touched is covered."""
    width_px, height_px = size_px
    right_px = max(int(box.left * width_px), -int(-box.right * width_px // 1) - 1)
    bottom_px = max(int(box.top * height_px), -int(-box.bottom * height_px // 1) - 1)
    return int(box.left * width_px), int(box.top * height_px), right_px, bottom_px


def _with_strip(picture: Image.Image, lines: Sequence[str]) -> Image.Image:
    if not lines:
        return picture
    # Unpacked first: from the packed file every letter would be sought from its beginning, seconds in all.
    font = ImageFont.truetype(io.BytesIO(gzip.decompress(_FONT.read_bytes())), 16)
    # Twice or three times the size on a large copy, by whole numbers, so that the strokes stay sharp.
    scale = max(1, picture.width // 600)
    room_px = picture.width // scale - 2 * _MARGIN_PX
    fitting = [part for line in lines for part in _broken(line, font, room_px)]
    strip = Image.new("L", (picture.width // scale, _LINE_PX * len(fitting) + 2 * _MARGIN_PX), 255)
    draw = ImageDraw.Draw(strip)
    draw.fontmode = "1"
    for number, line in enumerate(fitting):
        draw.text((_MARGIN_PX, _MARGIN_PX + number * _LINE_PX), line, font=font, fill=0)
    large = strip.resize((strip.width * scale, strip.height * scale), Image.Resampling.NEAREST)
    whole = Image.new("RGB", (picture.width, picture.height + large.height), _PAPER)
    whole.paste(picture, (0, 0))
    whole.paste(_INK, (0, picture.height), large.point(lambda value: 255 - value))
    return whole


def _broken(line: str, font: ImageFont.FreeTypeFont, room_px: int) -> list[str]:
    """Return the line in as many parts as it needs; Chinese may be broken anywhere."""
    parts = [""]
    for letter in line:
        if parts[-1] and font.getlength(parts[-1] + letter) > room_px:
            parts.append("")
        parts[-1] += letter
    return parts

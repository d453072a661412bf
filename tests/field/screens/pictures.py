"""Small photos for the phone page's tests."""

import io
from typing import TypedDict

from PIL import Image, ImageDraw


class Picked(TypedDict):
    """A file as a browser's file dialog gives it."""

    name: str
    mimeType: str
    buffer: bytes


def jpeg(colour: str, words: str) -> Picked:
    """A photo with a text on it."""
    image = Image.new("RGB", (800, 600), colour)
    ImageDraw.Draw(image).text((40, 40), words, fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}

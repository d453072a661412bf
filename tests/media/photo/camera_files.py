"""Files that real cameras wrote; where they are from and what is odd about them stands in ``files/SOURCES.md``."""

from __future__ import annotations

from pathlib import Path

from tests.media.photo.pictures import encoded

FILES = Path(__file__).with_name("files")


def camera_files() -> dict[str, bytes]:
    """Every file by name; one that ends behind its EXIF block gets a picture of our own."""
    whole = {path.name: path.read_bytes() for path in sorted((FILES / "whole").iterdir())}
    heads = {path.name: _with_picture(path.read_bytes()) for path in sorted((FILES / "heads").iterdir())}
    return whole | heads


def _with_picture(head: bytes) -> bytes:
    """The head up to the last whole segment, and behind it all of a picture but its own beginning."""
    place = 2
    while place + 4 <= len(head) and (end := place + 2 + int.from_bytes(head[place + 2 : place + 4])) <= len(head):
        place = end
    return head[:place] + encoded()[2:]

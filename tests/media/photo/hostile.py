"""Files made to hurt, or merely broken, each with the line that says how."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache

from PIL import Image

from tests.media.photo.pictures import encoded, some_scene


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of_zeros(width_px: int, height_px: int, *, colour_type: int = 2, samples: int = 3) -> bytes:
    """A PNG that is small as a file and enormous once decoded."""
    packer = zlib.compressobj(9, strategy=zlib.Z_RLE)  # which finds the zeros three times as fast
    row = b"\0" * (1 + width_px * samples)
    packed = b"".join(packer.compress(row) for _ in range(height_px)) + packer.flush()
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


def jpeg_that_claims(width_px: int, height_px: int) -> bytes:
    """A tiny JPEG whose frame header lies about its size."""
    data = bytearray(encoded())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height_px, width_px)
    return bytes(data)


def with_segments(count: int, content: bytes, marker: int = 0xE1) -> bytes:
    """A JPEG with more APP segments than it needs."""
    data = encoded()
    segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    return data[:2] + segment * count + data[2:]


def moving(kind: str) -> bytes:
    frames = [some_scene(seed, 32, 32) for seed in range(3)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def with_zip_tail(data: bytes) -> bytes:
    tail = io.BytesIO()
    with zipfile.ZipFile(tail, "w") as archive:
        archive.writestr("index.html", "<script>alert(1)</script>")
    return data + tail.getvalue()


def zip_bomb_text() -> bytes:
    """A PNG whose text chunk unpacks to 250 MB."""
    packer = zlib.compressobj(9, strategy=zlib.Z_RLE)  # which finds the zeros three times as fast
    packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(250)) + packer.flush()
    plain = encoded(kind="PNG")
    return plain[:33] + png_chunk(b"zTXt", b"Comment\0\0" + packed) + plain[33:]


def profile_bomb() -> bytes:
    """A PNG whose colour profile unpacks to 200 MB."""
    packer = zlib.compressobj(9, strategy=zlib.Z_RLE)  # which finds the zeros three times as fast
    packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(200)) + packer.flush()
    plain = encoded(kind="PNG")
    return plain[:33] + png_chunk(b"iCCP", b"x\0\0" + packed) + plain[33:]


def exif_that_points_at_itself() -> bytes:
    """EXIF whose directory names itself as the next one and as its own sub-directory."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8)
    block = b"Exif\0\0II*\0" + struct.pack("<I", 8) + struct.pack("<H", 2) + entry + struct.pack("<I", 8)
    return encoded(exif=block)


def jpeg_of_endless_scans(scans: int = 20_000) -> bytes:
    """A progressive JPEG of some kB that refines the same 16 million pixels again and again."""
    data = encoded(Image.new("L", (4000, 4000), 128), progressive=True, quality=60)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last_scan * scans + data[-2:]


@cache
def not_pictures() -> dict[str, bytes]:
    """What is no still picture of an accepted kind, whatever its name says."""
    return {
        "empty file": b"",
        "one byte": b"\xff",
        "SVG named .jpg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "HTML named .jpg": b"<!DOCTYPE html><script>alert(1)</script>",
        "EPS named .jpg, would start an interpreter": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
        "PDF": b"%PDF-1.7\n",
        "GIF of several frames": moving("GIF"),
        "TIFF": encoded(kind="TIFF"),
        "BMP": encoded(kind="BMP"),
        "AVIF brand": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
        "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
        "moving PNG": moving("PNG"),
        "moving WebP": moving("WEBP"),
        "HEIC sequence": b"\0\0\0\x18ftyphevc\0\0\0\0hevcheic",
        "zip": with_zip_tail(b""),
    }


@cache
def too_large() -> dict[str, bytes]:
    """What would take more memory or parts than one photo is allowed."""
    return {
        "PNG of 144 million pixels in some kB": png_of_zeros(12_000, 12_000, colour_type=0, samples=1),
        "JPEG that claims 65500 x 65500": jpeg_that_claims(65_500, 65_500),
        "JPEG that claims 61 million pixels": jpeg_that_claims(10_000, 6_100),
        "JPEG with 60 000 tiny segments": with_segments(60_000, b""),
        "JPEG with 20 MB of APP1": with_segments(320, b"\0" * 65_000),
    }


@cache
def broken() -> dict[str, bytes]:
    """What claims to be a picture and cannot be read as one."""
    noise = bytes(range(256)) * 8
    return {
        "JPEG magic and noise": b"\xff\xd8\xff" + noise,
        "JPEG magic, end at once": b"\xff\xd8\xff\xd9",
        "PNG magic and noise": b"\x89PNG\r\n\x1a\n" + noise,
        "WebP magic and noise": b"RIFF\x10\0\0\0WEBP" + noise,
        "HEIC magic and noise": b"\0\0\0\x14ftypheic\0\0\0\0mif1" + noise,
        "HEIC with a box of length 3": b"\0\0\0\x14ftypheic\0\0\0\0mif1\0\0\0\x03free",
        "HEIC of nothing but its name": b"\0\0\0\x14ftypheic\0\0\0\0mif1",
        "PNG of no width": encoded(kind="PNG").replace(struct.pack(">I", 64), struct.pack(">I", 0), 1),
    }


@cache
def cut() -> dict[str, bytes]:
    """Whole pictures, cut at a tenth, a half, and close to the end."""
    files: dict[str, bytes] = {}
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        whole = encoded(some_scene(3), kind)
        for share in (0.1, 0.5, 0.95):
            files[f"{kind} cut at {share:.0%}"] = whole[: int(len(whole) * share)]
    return files


@cache
def odd_but_honest() -> dict[str, bytes]:
    """What looks strange and is a readable photo all the same."""
    frames = [some_scene(seed) for seed in (1, 2)]
    return {
        "MPO, two pictures in one JPEG, as Xiaomi and Huawei write": encoded(
            frames[0], "MPO", save_all=True, append_images=frames[1:]
        ),
        "JPEG with a zip behind it": with_zip_tail(encoded()),
        "JPEG with 10 MB behind it": encoded() + b"\0" * 10_000_000,
        "JPEG with HTML in its comment": encoded(comment=b"<script>alert(1)</script>"),
        "JPEG with 13 MB of APP1": with_segments(200, b"\0" * 65_000),
        "JPEG with EXIF that points at itself": exif_that_points_at_itself(),
        "JPEG in CMYK": encoded(some_scene().convert("CMYK")),
        "JPEG in grey": encoded(some_scene().convert("L")),
        "progressive JPEG": encoded(some_scene(), progressive=True),
        "PNG with palette": encoded(some_scene().convert("P"), "PNG"),
        "PNG with alpha": encoded(some_scene().convert("RGBA"), "PNG"),
        "PNG in black and white": encoded(some_scene().convert("1"), "PNG"),
        "PNG of 16 bits": encoded(Image.new("I;16", (64, 48), 30_000), "PNG"),
        "PNG of one pixel": encoded(Image.new("RGB", (1, 1)), "PNG"),
        "PNG of 1 x 50 000": encoded(Image.new("RGB", (1, 50_000)), "PNG"),
        "HEIC": encoded(some_scene(), "HEIF"),
        "WebP": encoded(some_scene(), "WEBP"),
        "WebP without loss and with alpha": encoded(some_scene().convert("RGBA"), "WEBP", lossless=True),
    }

"""Two hashes of what a picture looks like, in numpy: dHash (64 bits) and PDQ (256 bits).

PDQ follows its published description (Meta's ThreatExchange, "The TMK+PDQF video-hashing algorithm and the PDQ
image-hashing algorithm", 2019): luminance, two passes of a box filter in each direction, 64 x 64 samples, the
lowest 16 x 16 cosine coefficients without the constant one, one bit for each above their median.

Of the same luminance plane it makes the same bits as the reference program; its answers for pictures made from numbers
lie beside the tests. A photo is first made upright and small in our own way, so hashes of photos may differ by a few
bits from what another program makes of the same file.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media.photo.facts import TURNS, Fingerprints

Plane = NDArray[np.float64]

# Blank and dark pictures look alike to every hash: below this quality they get none.
MIN_PDQ_QUALITY = 50
HASHED_EDGE_PX = 512

_SAMPLES = 64
_FREQUENCIES = 16
_LUMA = (0.299, 0.587, 0.114)


def fingerprints_of(picture: Image.Image) -> Fingerprints:
    """Return the fingerprints of an upright picture in RGB."""
    small = within(picture, HASHED_EDGE_PX)
    pdqs, quality = pdq(luma(small))
    if quality < MIN_PDQ_QUALITY:
        return Fingerprints(dhash64=None, pdq256=None, pdq_quality=quality)
    dhashes = dhash(small)
    turned = tuple(dhash64 + pdq256 for dhash64, pdq256 in zip(dhashes[1:], pdqs[1:], strict=True))
    return Fingerprints(dhash64=dhashes[0], pdq256=pdqs[0], pdq_quality=quality, turned=turned)


def within(picture: Image.Image, edge_px: int) -> Image.Image:
    """Return the picture at most so long and wide, the same one if it is; far too large ones are halved first."""
    scale = edge_px / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.5)


def dhash(picture: Image.Image) -> list[bytes]:
    """Return for each of ``TURNS`` 64 bits: whether each of 9 x 8 grey samples is darker than the one to its right."""
    grey = picture.convert("L")
    lying, standing = (
        np.asarray(grey.resize(size, Image.Resampling.LANCZOS)).astype(np.int16) for size in ((9, 8), (8, 9))
    )
    hashes = []
    for turn in TURNS:
        samples = standing.T if turn.transposed else lying
        samples = samples[:: -1 if turn.upside_down else 1, :: -1 if turn.left_to_right else 1]
        hashes.append(np.packbits(samples[:, 1:] > samples[:, :-1]).tobytes())
    return hashes


def luma(picture: Image.Image) -> Plane:
    """Return the luminance of a picture, rows first, 0 to 255."""
    rgb: NDArray[Any] = np.asarray(picture.convert("RGB"), dtype=np.float64)
    plane: Plane = rgb @ np.array(_LUMA)
    return plane


def pdq(plane: Plane) -> tuple[list[bytes], int]:
    """Return for each of ``TURNS`` the 256 bits, and the quality (0 to 100), of a luminance plane.

    To mirror a picture changes the sign of every other wave along that direction, and nothing else.
    """
    height, width = plane.shape
    samples = _sampler(height) @ plane @ _sampler(width).T
    coefficients = _DCT @ samples @ _DCT.T
    hashes = []
    for turn in TURNS:
        waves = coefficients.T if turn.transposed else coefficients
        waves = waves * _EVERY_OTHER[:, np.newaxis] if turn.upside_down else waves
        waves = waves * _EVERY_OTHER if turn.left_to_right else waves
        hashes.append(_above_the_middle(waves))
    return hashes, _quality(samples)


def _above_the_middle(waves: Plane) -> bytes:
    # The lower of the two middle values: of 256 bits, 128 are set unless coefficients are equal.
    middle = np.partition(waves, waves.size // 2 - 1, axis=None)[waves.size // 2 - 1]
    # Written as the reference does, the last coefficient first.
    return np.packbits((waves > middle).ravel()[::-1]).tobytes()


@lru_cache(maxsize=64)
def _sampler(length: int) -> Plane:
    """Return the matrix that blurs ``length`` values twice and takes 64 of them, each from the middle of its cell.

    Blurring rows and blurring columns do not disturb each other, so a plane needs one such matrix from either side; to
    blur the whole plane and then look at one value in fifty takes ten times as long.
    """
    places = np.arange(length)
    window = math.ceil(length / (2 * _SAMPLES))
    # Windows shrink at the borders.
    first = np.maximum(places - (window - 1) // 2, 0)[:, np.newaxis]
    last = np.minimum(places + window // 2, length - 1)[:, np.newaxis]
    box = ((places >= first) & (places <= last)) / (last - first + 1)
    taken = (2 * np.arange(_SAMPLES) + 1) * length // (2 * _SAMPLES)
    sampler: Plane = box[taken] @ box
    return sampler


def _quality(samples: Plane) -> int:
    """Return how much the samples change from one to the next: the sum of steps in per cent of white, over 90."""
    steps = sum(int(np.abs(np.trunc(np.diff(samples, axis=axis) * 100 / 255)).sum()) for axis in (0, 1))
    return min(100, steps // 90)


def _dct_matrix() -> Plane:
    """Return the 16 lowest cosines over 64 samples, without the constant one."""
    frequencies = np.arange(1, _FREQUENCIES + 1)[:, np.newaxis]
    places = 2 * np.arange(_SAMPLES) + 1
    matrix: Plane = math.sqrt(2 / _SAMPLES) * np.cos(math.pi / (2 * _SAMPLES) * frequencies * places)
    return matrix


_DCT = _dct_matrix()
_EVERY_OTHER: Plane = np.where(np.arange(1, _FREQUENCIES + 1) % 2 == 1, -1.0, 1.0)

"""Two hashes of what a picture looks like, in numpy: dHash (64 bits) and PDQ (256 bits).

PDQ follows its published description (Meta's ThreatExchange, "The TMK+PDQF video-hashing algorithm and the PDQ
image-hashing algorithm", 2019): luminance, two passes of a box filter in each direction, 64 x 64 samples, the
lowest 16 x 16 cosine coefficients without the constant one, one bit for each above their median.

Checked here: each stage against a slow transcription of that description, and what the hash is for (the same picture
smaller, brighter, re-compressed; other pictures). Not checked here: equality, bit by bit, with the reference program
on a reference picture, since none is at hand. Hashes are therefore only to be compared with hashes made here
(``FINGERPRINT_VERSION``), not with lists from elsewhere.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media.photo.facts import Fingerprints

Plane = NDArray[np.float64]

# Blank and dark pictures look alike to every hash: below this quality they get none.
MIN_PDQ_QUALITY = 50
HASHED_EDGE_PX = 512

_SAMPLES = 64
_FREQUENCIES = 16
_LUMA = (0.299, 0.587, 0.114)


def fingerprints_of(picture: Image.Image) -> Fingerprints:
    """Return the fingerprints of an upright picture in RGB."""
    small = picture.copy()
    small.thumbnail((HASHED_EDGE_PX, HASHED_EDGE_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    pdq256, quality = pdq(luma(small))
    if quality < MIN_PDQ_QUALITY:
        return Fingerprints(dhash64=None, pdq256=None, pdq_quality=quality)
    return Fingerprints(dhash64=dhash(picture), pdq256=pdq256, pdq_quality=quality)


def dhash(picture: Image.Image) -> bytes:
    """Return 64 bits: whether each of 9 x 8 grey samples is darker than the one to its right."""
    grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.LANCZOS))
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes()


def luma(picture: Image.Image) -> Plane:
    """Return the luminance of a picture, rows first, 0 to 255."""
    rgb: NDArray[Any] = np.asarray(picture.convert("RGB"), dtype=np.float64)
    plane: Plane = rgb @ np.array(_LUMA)
    return plane


def pdq(plane: Plane) -> tuple[bytes, int]:
    """Return the 256 bits and the quality (0 to 100) of a luminance plane."""
    samples = _sampled(_blurred(plane))
    coefficients = _DCT @ samples @ _DCT.T
    # The lower of the two middle values: of 256 bits, 128 are set unless coefficients are equal.
    middle = np.partition(coefficients, coefficients.size // 2 - 1, axis=None)[coefficients.size // 2 - 1]
    bits = (coefficients > middle).ravel()
    # Written as the reference does, the last coefficient first.
    return np.packbits(bits[::-1]).tobytes(), _quality(samples)


def _blurred(plane: Plane) -> Plane:
    """Return the plane after two rounds of a box filter along rows and columns: nearly a tent filter."""
    for _ in range(2):
        plane = _box_filtered(plane, axis=1)
        plane = _box_filtered(plane, axis=0)
    return plane


def _box_filtered(plane: Plane, axis: int) -> Plane:
    """Return running means along ``axis``, over a window of half a sample's width; windows shrink at the borders."""
    length = plane.shape[axis]
    window = math.ceil(length / (2 * _SAMPLES))
    behind, ahead = (window - 1) // 2, window // 2
    places = np.arange(length)
    first = np.maximum(places - behind, 0)
    last = np.minimum(places + ahead + 1, length)
    zero_shape = [1 if dimension == axis else size for dimension, size in enumerate(plane.shape)]
    sums = np.concatenate([np.zeros(zero_shape), np.cumsum(plane, axis=axis)], axis=axis)
    counts = (last - first).reshape([-1 if dimension == axis else 1 for dimension in range(2)])
    means: Plane = (sums.take(last, axis=axis) - sums.take(first, axis=axis)) / counts
    return means


def _sampled(plane: Plane) -> Plane:
    """Return 64 x 64 samples, each from the middle of its cell."""
    rows, columns = ((2 * np.arange(_SAMPLES) + 1) * length // (2 * _SAMPLES) for length in plane.shape)
    return plane[np.ix_(rows, columns)]


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

"""The fingerprints of all photos seen so far, in memory, and which of them a new one looks like.

A look-up goes over every photo, in whole columns: a million take a few milliseconds and 48 MB, an exact answer, and
nothing to build or keep in balance. Only the last step, over the few that are near, follows the rules themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from media.photo.facts import TURNS, Fingerprints
from media.photo.likeness import DHASH_FARTHEST_BITS, PDQ_NEAR_BITS, Likeness, likeness_of

BLOCK = 65_536
_WORDS = 5  # one of dHash, four of PDQ

Words = NDArray[np.uint64]
TurnWord = Literal["as_is", "turned", "mirrored"]


@dataclass(frozen=True)
class Seen:
    """One photo to keep in mind: the number it is called by, and its hashes as they are."""

    number: int
    dhash64: bytes
    pdq256: bytes


@dataclass(frozen=True)
class Resemblance:
    """A photo seen before that looks like the one asked for, laid as it is or otherwise."""

    number: int
    likeness: Likeness
    turn: TurnWord
    dhash_bits: int
    pdq_bits: int


class SeenPhotos:
    """Grows as photos come; numbers are given in rising order. For one thread at a time."""

    def __init__(self) -> None:
        self._blocks: list[tuple[NDArray[np.int64], Words]] = []
        self._count = 0
        self._last_number = 0
        self._edition = 0
        self._scratch = np.empty(BLOCK, np.uint64)
        self._bits = np.empty((2, BLOCK), np.uint8)

    def __len__(self) -> int:
        return self._count

    @property
    def last_number(self) -> int:
        """The highest number added so far; 0 when there is none."""
        return self._last_number

    def as_of(self, edition: int) -> None:
        """Forget everything unless what is kept elsewhere is of the edition it was last taken from."""
        if edition != self._edition:
            self._blocks.clear()
            self._count = self._last_number = 0
            self._edition = edition

    def add(self, photos: Iterable[Seen]) -> None:
        """Keep these in mind as well."""
        waiting = list(photos)
        while waiting:
            place = self._count % BLOCK
            if place == 0:
                self._blocks.append((np.empty(BLOCK, np.int64), np.empty((_WORDS, BLOCK), np.uint64)))
            numbers, words = self._blocks[-1]
            fitting, waiting = waiting[: BLOCK - place], waiting[BLOCK - place :]
            end = place + len(fitting)
            numbers[place:end] = [photo.number for photo in fitting]
            joined = b"".join(photo.dhash64 + photo.pdq256 for photo in fitting)
            words[:, place:end] = np.frombuffer(joined, np.uint64).reshape(-1, _WORDS).T
            self._count += len(fitting)
            self._last_number = fitting[-1].number

    def find(self, prints: Fingerprints) -> list[Resemblance]:
        """Return what looks like the picture in any of the eight ways to lay it, each photo once, nearest first."""
        if prints.dhash64 is None or prints.pdq256 is None:
            return []
        laid = [(prints.dhash64, prints.pdq256), *((both[:8], both[8:]) for both in prints.turned)]
        nearest: dict[int, Resemblance] = {}
        for turn, (dhash64, pdq256) in zip(TURNS, laid, strict=False):
            word: TurnWord = "as_is" if turn == TURNS[0] else "mirrored" if turn.mirrors else "turned"
            for found in self._like(_words(dhash64, pdq256), word):
                if found.number not in nearest or _nearness(found) < _nearness(nearest[found.number]):
                    nearest[found.number] = found
        return sorted(nearest.values(), key=_nearness)

    def _like(self, asked: Words, turn: TurnWord) -> Iterable[Resemblance]:
        for start, (numbers, words) in enumerate(self._blocks):
            length = min(BLOCK, self._count - start * BLOCK)
            for place in self._near(words, asked, length):
                dhash_bits, *pdq_bits = np.bitwise_count(words[:, place] ^ asked).tolist()
                likeness = likeness_of(dhash_bits, sum(pdq_bits))
                if likeness is not None:
                    yield Resemblance(int(numbers[place]), likeness, turn, dhash_bits, sum(pdq_bits))

    def _near(self, words: Words, asked: Words, length: int) -> list[int]:
        """Places that may be alike: near by dHash, or with few enough bits off in one half of PDQ.

        Whoever is off by few bits in all of PDQ is so in its first half too, so nothing is missed.
        """
        by_dhash = self._differing(words[0], asked[0], 0, length)
        near = np.flatnonzero(by_dhash <= DHASH_FARTHEST_BITS) if by_dhash.min() <= DHASH_FARTHEST_BITS else _NOWHERE
        by_half = self._differing(words[1], asked[1], 0, length)
        by_half += self._differing(words[2], asked[2], 1, length)
        if by_half.min() <= PDQ_NEAR_BITS:
            near = np.union1d(near, np.flatnonzero(by_half <= PDQ_NEAR_BITS))
        places: list[int] = near.tolist()
        return places

    def _differing(self, column: Words, word: np.uint64, row: int, length: int) -> NDArray[np.uint8]:
        np.bitwise_xor(column[:length], word, out=self._scratch[:length])
        counted: NDArray[np.uint8] = np.bitwise_count(self._scratch[:length], out=self._bits[row, :length])
        return counted


_NOWHERE = np.empty(0, np.int64)


def _words(dhash64: bytes, pdq256: bytes) -> Words:
    return np.frombuffer(dhash64 + pdq256, np.uint64)


def _nearness(found: Resemblance) -> tuple[bool, int, int]:
    return found.likeness != "match", found.pdq_bits, found.dhash_bits

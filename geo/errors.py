"""What can go wrong in ``geo``: one base error, and a sentence somebody can act on in each."""

from __future__ import annotations

from dataclasses import dataclass


class GeoError(Exception):
    """The base of every error that ``geo`` raises on purpose."""


class UnknownDatum(GeoError):
    """A position came without a datum we know, so it can be compared with nothing."""


class BadZooms(GeoError):
    """No zoom was asked for, or one that no web map has."""


class BadDisc(GeoError):
    """A disc was asked for around no position, with no radius, or farther than it can be drawn truly."""


class NoOutline(GeoError):
    """An area was to be drawn that has no extent, or in fewer bytes than any drawing needs."""


class UnknownName(GeoError):
    """A visit names a place or a slot that is not among those listed, so it would count for nothing."""


class UnreadableAreas(GeoError):
    """The whole file cannot be read as areas: not the format its name says, no features, or one we would have to guess
    at: which layer, which encoding."""


class MissingCrs(GeoError):
    """Neither the file nor the caller says what the coordinates are counted in. It is never guessed."""


class UnknownCrs(GeoError):
    """A coordinate system nobody knows, or one without a way to WGS 84 whose accuracy is known."""


class ContradictedDatum(GeoError):
    """The file itself names another coordinate system than the caller did; one of the two is wrong."""


class UnwritableLayer(GeoError):
    """A layer cannot be written, because a column of it is of no one kind."""


@dataclass(frozen=True)
class Refusal:
    """Why one feature cannot be taken as an area.

    ``feature_number`` counts from 1, the way a person counts rows; ``name`` is what the file calls it, or ``None``.
    """

    feature_number: int
    name: str | None
    reason: str

    def __str__(self) -> str:
        called = f" ({self.name})" if self.name else ""
        return f"feature {self.feature_number}{called}: {self.reason}"


class AreasRefused(GeoError):
    """Some features are no areas. Nothing of the file was taken; ``refusals`` lists every one of them."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__("nothing was read, because of: " + "; ".join(str(refusal) for refusal in refusals))
        self.refusals = refusals


class BadLog(GeoError):
    """A log of positions, or a list that goes with it, is not what it should be; the sentence says where."""


class SwappedAxes(GeoError):
    """The positions lie where the areas are only when latitude and longitude change places."""

"""How far a place can be trusted, by how it was come by. Pure."""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from geo import Datum


class Quality(StrEnum):
    """How a point or a boundary was come by; ``synthetic`` was made up for a demonstration."""

    SURVEYED = "surveyed"
    MAP = "map"
    SYNTHETIC = "synthetic"
    UNKNOWN = "unknown"


class SiteKind(StrEnum):
    """What a site is to the people posted there."""

    OFFICE = "office"
    QUARTERS = "quarters"
    HAMLET = "hamlet"
    SEASONAL = "seasonal"
    OTHER = "other"


POINT_KINDS = (SiteKind.OFFICE, SiteKind.HAMLET, SiteKind.OTHER, SiteKind.SEASONAL)
"""Which site stands for a village on the map, the best first. Where people posted there sleep is never on it."""

SITE_KIND_WORDS: Mapping[str, SiteKind] = MappingProxyType(
    {
        **{kind.value: kind for kind in SiteKind},
        **dict.fromkeys(("村部", "村委会", "办公点", "村办公楼"), SiteKind.OFFICE),
        **dict.fromkeys(("驻点", "住宿", "住宿点", "宿舍"), SiteKind.QUARTERS),
        **dict.fromkeys(("自然村", "村民小组"), SiteKind.HAMLET),
        **dict.fromkeys(("季节性居住点", "临时居住点"), SiteKind.SEASONAL),
        "其他": SiteKind.OTHER,
    }
)

QUALITY_WORDS: Mapping[str, Quality] = MappingProxyType(
    {
        **{quality.value: quality for quality in Quality},
        "实测": Quality.SURVEYED,
        "测绘": Quality.SURVEYED,
        "地图": Quality.MAP,
        "模拟": Quality.SYNTHETIC,
        "不详": Quality.UNKNOWN,
    }
)

DATUM_WORDS: Mapping[str, Datum] = MappingProxyType(
    {
        **{datum.value: datum for datum in Datum},
        **dict.fromkeys(("国家2000", "2000国家大地坐标系", "天地图"), Datum.CGCS2000),
        **dict.fromkeys(("火星坐标", "火星坐标系", "高德", "腾讯"), Datum.GCJ02),
        **dict.fromkeys(("百度", "百度坐标系"), Datum.BD09),
    }
)
"""What a column 坐标系 may say, without hyphens."""

DEFAULT_RADIUS_M: Mapping[SiteKind, float] = MappingProxyType(
    {
        SiteKind.OFFICE: 300.0,
        SiteKind.QUARTERS: 300.0,
        SiteKind.HAMLET: 400.0,
        SiteKind.SEASONAL: 500.0,
        SiteKind.OTHER: 300.0,
    }
)
"""A generous circle, since people who work in a village are seldom in its office."""

SMALLEST_RADIUS_M = 10.0
LARGEST_RADIUS_M = 20_000.0

SITE_ERROR_M: Mapping[Quality, float] = MappingProxyType(
    {Quality.SURVEYED: 10.0, Quality.MAP: 30.0, Quality.SYNTHETIC: 0.0, Quality.UNKNOWN: 100.0}
)
"""How wrong a site's point may be. Judgements, not measurements; a made-up point is exactly where it was put."""

BOUNDARY_ERROR_M: Mapping[Quality, float] = MappingProxyType(
    {Quality.SURVEYED: 10.0, Quality.MAP: 100.0, Quality.SYNTHETIC: 0.0, Quality.UNKNOWN: 500.0}
)
"""How wrong a boundary may be when its source does not say. Judgements too."""

_SEASON = re.compile(
    r"(?P<from_month>[0-9]{1,2})(?:月|-|/|\.)(?:(?P<from_day>[0-9]{1,2})[日号]?)?(?:至|到|~|—|–|-)+"
    r"(?P<to_month>[0-9]{1,2})(?:月|-|/|\.)(?:(?P<to_day>[0-9]{1,2})[日号]?)?"
)


@dataclass(frozen=True)
class Season:
    """A part of each year, both days included; it may go over the turn of the year."""

    first: str  # month and day, "05-01"
    last: str

    def holds(self, day: date) -> bool:
        """Whether a day lies in the season."""
        at = day.strftime("%m-%d")
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


def season_of(text: str) -> Season | None:
    """The season that a cell speaks of: ``5月-10月``, ``5月1日至10月15日``, ``11-15~03-31``; ``None`` if unreadable.

    A month alone is the whole month.
    """
    found = _SEASON.fullmatch("".join(unicodedata.normalize("NFKC", text).split()))
    if found is None:
        return None
    try:
        from_month, to_month = int(found["from_month"]), int(found["to_month"])
        # In a leap year, so that 29 February is a day.
        first = date(2024, from_month, int(found["from_day"] or 1))
        last = date(2024, to_month, int(found["to_day"] or monthrange(2024, to_month)[1]))
    except ValueError:
        return None
    return Season(first.strftime("%m-%d"), last.strftime("%m-%d"))


_WORST_FIRST = (Quality.UNKNOWN, Quality.SYNTHETIC, Quality.MAP, Quality.SURVEYED)


def worst(qualities: list[Quality]) -> Quality:
    """The quality that a picture made of several parts can claim."""
    return next((quality for quality in _WORST_FIRST if quality in qualities), Quality.UNKNOWN)

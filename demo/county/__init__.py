"""The two sample counties as open data has them; see SOURCES.md for what comes from where."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shapely import MultiPolygon
from shapely.geometry import shape


@dataclass(frozen=True)
class Town:
    """A town and the position of its seat, where open data has one (WGS 84)."""

    code: str
    name: str
    seat: tuple[float, float] | None


@dataclass(frozen=True)
class Village:
    """A village-level unit: its 12-digit code and its name. No open data has its position."""

    code: str
    name: str
    is_village: bool

    @property
    def town_code(self) -> str:
        return self.code[:9]

    @property
    def short_name(self) -> str:
        """The name as the offices write it: without 村委会 or 居委会."""
        return self.name.removesuffix("委会").removesuffix("居")


@dataclass(frozen=True)
class County:
    """A county with its towns and villages; the boundary is in WGS 84 degrees, longitude first."""

    code: str
    name: str
    boundary: MultiPolygon
    towns: tuple[Town, ...]
    villages: tuple[Village, ...]


def sample_county() -> County:
    """Shouning (寿宁县, 350924), where the story happens."""
    return _county("shouning.json")


def second_county() -> County:
    """Fu'an (福安市, 350981), more than twice as large: for size, and for what one county may see of another."""
    return _county("fuan.json")


@cache
def _county(file_name: str) -> County:
    data = json.loads((Path(__file__).parent / file_name).read_text(encoding="utf-8"))
    return County(
        data["code"],
        data["name"],
        shape(data["boundary"]),
        tuple(
            Town(t["code"], t["name"], (t["seat"]["lon_deg"], t["seat"]["lat_deg"]) if t["seat"] else None)
            for t in data["towns"]
        ),
        tuple(Village(v["code"], v["name"], v["kind"] == "village") for v in data["villages"]),
    )

"""Small makers: an actor, villages, sites and areas with defaults that show only what matters."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from geo import Area, Datum, disc
from visits.access import Actor, Role
from visits.places import ImportReport, Quality, SiteRow, VillageRow, import_areas, import_sites, import_villages
from visits.store import Store

COUNTY = "350924"
VILLAGE = "350924106208"
OTHER_VILLAGE = "350924106201"
NAMESAKE = "350924209201"
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def some_actor(role: Role = Role.ADMIN, division_prefix: str = COUNTY) -> Actor:
    return Actor(uuid4(), "someone", "某人", role, division_prefix)


def village_row(row_number: int = 1, village_code: str = VILLAGE, **said: Any) -> VillageRow:
    row = VillageRow(row_number, village_code, village_name="下党村委会", town_name="南阳镇")
    return replace(row, **said)


def three_villages() -> list[VillageRow]:
    return [
        village_row(1, VILLAGE),
        village_row(2, OTHER_VILLAGE, village_name="溪源村委会"),
        village_row(3, NAMESAKE, town_name="下党乡"),
    ]


def load_villages(store: Store, rows: list[VillageRow] | None = None) -> ImportReport:
    with store.writing() as uow:
        return import_villages(uow, some_actor(), rows or three_villages(), county_name="寿宁县", at_utc=NOW)


def site_row(row_number: int = 1, **said: Any) -> SiteRow:
    row = SiteRow(row_number, name="村部", kind="村部", lon_deg=119.31, lat_deg=27.41, village_code=VILLAGE)
    return replace(row, **said)


def load_sites(store: Store, *rows: SiteRow, datum: Datum | None = Datum.WGS84, at_utc: datetime = NOW) -> ImportReport:
    with store.writing() as uow:
        return import_sites(uow, some_actor(), rows, datum=datum, source="测试", at_utc=at_utc)


def some_area(code: object = VILLAGE, *, radius_m: float = 2000.0, feature_number: int = 1) -> Area:
    return Area(feature_number, {"code": code}, disc(119.31, 27.41, radius_m), None)


def load_areas(store: Store, *areas: Area, at_utc: datetime = NOW, **said: Any) -> ImportReport:
    options: dict[str, Any] = {"datum": Datum.WGS84, "quality": Quality.MAP, "source": "测试", "licence": "CC0", **said}
    with store.writing() as uow:
        return import_areas(uow, some_actor(), areas, at_utc=at_utc, **options)

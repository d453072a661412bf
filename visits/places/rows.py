"""Tables of places: divisions by code, what is known of a village, sites and boundaries with their versions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class Division(Base):
    """A county, town or village by its code. Codes end and have successors; old visits keep the old code."""

    __tablename__ = "division"
    __table_args__ = (CheckConstraint("level IN ('county', 'town', 'village')", name="level"),)

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    level: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    parent_code: Mapped[str | None] = mapped_column(String(12), ForeignKey("division.code"), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successor_code: Mapped[str | None] = mapped_column(String(12), index=True)


class VillageFacts(Base):
    """What the list of villages says beyond code and name."""

    __tablename__ = "village_facts"

    village_code: Mapped[str] = mapped_column(String(12), ForeignKey("division.code"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    former_name: Mapped[str | None] = mapped_column(String(80))
    poor_village: Mapped[bool | None]
    left_list_year: Mapped[int | None]
    programme_round: Mapped[int | None] = mapped_column(index=True)


class Site(Base):
    """One version of a named place in a village. A changed site is a new version; the old one is kept."""

    __tablename__ = "site"
    __table_args__ = (
        Index(
            "uq_site_current",
            "id",
            unique=True,
            sqlite_where=text("superseded_utc IS NULL"),
            postgresql_where=text("superseded_utc IS NULL"),
        ),
        Index("ix_site_box", "west_deg", "east_deg", "south_deg", "north_deg"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    village_code: Mapped[str] = mapped_column(String(12), ForeignKey("division.code"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    lon_deg: Mapped[float]
    lat_deg: Mapped[float]
    radius_m: Mapped[float]
    shape: Mapped[bytes]
    west_deg: Mapped[float]
    south_deg: Mapped[float]
    east_deg: Mapped[float]
    north_deg: Mapped[float]
    quality: Mapped[str] = mapped_column(String(10))
    # When people are there: between two days, and each year in a season ("05-01" to "10-15").
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    season_from: Mapped[str | None] = mapped_column(String(5))
    season_to: Mapped[str | None] = mapped_column(String(5))
    # The pair as received and what it was declared to be; the WGS 84 pair above is derived from them.
    datum: Mapped[str] = mapped_column(String(10))
    raw_lon_deg: Mapped[float]
    raw_lat_deg: Mapped[float]
    source: Mapped[str] = mapped_column(String(200))
    recorded_utc: Mapped[datetime]
    superseded_utc: Mapped[datetime | None]


class AreaBoundary(Base):
    """One version of the polygon of a division, and how far it can be trusted."""

    __tablename__ = "area_boundary"
    __table_args__ = (
        Index(
            "uq_area_boundary_current",
            "division_code",
            unique=True,
            sqlite_where=text("superseded_utc IS NULL"),
            postgresql_where=text("superseded_utc IS NULL"),
        ),
    )

    division_code: Mapped[str] = mapped_column(String(12), ForeignKey("division.code"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shape: Mapped[bytes]
    west_deg: Mapped[float]
    south_deg: Mapped[float]
    east_deg: Mapped[float]
    north_deg: Mapped[float]
    quality: Mapped[str] = mapped_column(String(10))
    boundary_error_m: Mapped[float]
    datum: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(200))
    licence: Mapped[str] = mapped_column(String(200))
    recorded_utc: Mapped[datetime]
    superseded_utc: Mapped[datetime | None]


class MapNumber(Base):
    """The number a division goes by on the map. Given once and never to another: tiles are kept for years."""

    __tablename__ = "map_number"

    number: Mapped[int] = mapped_column(primary_key=True)
    division_code: Mapped[str] = mapped_column(String(12), ForeignKey("division.code"), unique=True)


class TileSet(Base):
    """Which file of tiles shows a county now, and which did before (pages that are open still ask for it)."""

    __tablename__ = "tile_set"

    county_code: Mapped[str] = mapped_column(String(6), ForeignKey("division.code"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    sha256_before: Mapped[str | None] = mapped_column(String(64))
    drawn_utc: Mapped[datetime]


class Household(Base):
    """One household of a village's list, by the number that list gives it. Nothing is held of it but whom to ask for.

    The name is sealed under the master key and wiped when a newer list leaves the household out; no visit keeps it.
    """

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("village_code", "serial"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    village_code: Mapped[str] = mapped_column(String(12), ForeignKey("division.code"), index=True)
    serial: Mapped[str] = mapped_column(String(20))
    group_name: Mapped[str] = mapped_column(String(40))
    standing: Mapped[str] = mapped_column(String(10))  # left_list, watched, other
    sealed_name: Mapped[bytes | None]
    recorded_utc: Mapped[datetime]
    gone_utc: Mapped[datetime | None]


class Project(Base):
    """A project of the county's project store, by its code there. No amount of money is held."""

    __tablename__ = "project"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    county_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    village_code: Mapped[str] = mapped_column(String(12), ForeignKey("division.code"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))  # planned, under_way, finished, paid
    lon_deg: Mapped[float | None]
    lat_deg: Mapped[float | None]
    datum: Mapped[str | None] = mapped_column(String(10))
    raw_lon_deg: Mapped[float | None]
    raw_lat_deg: Mapped[float | None]
    recorded_utc: Mapped[datetime]

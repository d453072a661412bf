"""Tables of fieldwork: what the records of a visit amount to. The records themselves stay in intake."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from visits.store import Base


class Visit(Base):
    """One visit, as the union of what its phones sent says."""

    __tablename__ = "visit"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    village_code: Mapped[str] = mapped_column(String(12), index=True)
    announced: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10))  # open, closed, aborted
    began_utc: Mapped[datetime] = mapped_column(index=True)
    closed_utc: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    slot: Mapped[str] = mapped_column(String(10))
    local_date: Mapped[date]
    escorted: Mapped[bool | None]
    warned_beforehand: Mapped[bool | None]
    inspectors: Mapped[int]
    complete: Mapped[bool]
    missing: Mapped[list[dict[str, Any]]]
    whereabouts: Mapped[str] = mapped_column(String(12))
    judged_utc: Mapped[datetime]

    @property
    def unannounced_indeed(self) -> bool:
        """Escorted, or told of in the village beforehand, it was not unannounced, whatever it was planned as."""
        return not (self.announced or self.escorted or self.warned_beforehand)


class FixJudgement(Base):
    """What one fix says about being in the village, by one version of the village's extent. Holds no position."""

    __tablename__ = "fix_judgement"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    extent_version: Mapped[str] = mapped_column(String(80), primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visit.id"), index=True)
    answer: Mapped[str] = mapped_column(String(12))
    probability_inside: Mapped[float | None]
    signed_distance_m: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    datum: Mapped[str] = mapped_column(String(10))
    datum_how: Mapped[str] = mapped_column(String(20))
    extent_basis: Mapped[str] = mapped_column(String(10))
    judged_utc: Mapped[datetime]


class Sighting(Base):
    """What a visit established about one posting: one row however many inspectors recorded it."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("visit_id", "posting_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visit.id"), index=True)
    posting_id: Mapped[UUID] = mapped_column(index=True)
    village_code: Mapped[str] = mapped_column(String(12), index=True)
    at_utc: Mapped[datetime]
    local_date: Mapped[date]
    slot: Mapped[str] = mapped_column(String(10))
    required: Mapped[bool]


class SightingJudgement(Base):
    """How a sighting reads with what was known at one time. A later look adds a row, none is changed."""

    __tablename__ = "sighting_judgement"

    number: Mapped[int] = mapped_column(primary_key=True)
    sighting_id: Mapped[UUID] = mapped_column(ForeignKey("sighting.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(12))  # inside, outside, cannot_tell: where the person was met
    met_by: Mapped[int]
    villagers_asked: Mapped[int]
    villagers_know: Mapped[int]
    sign: Mapped[str | None] = mapped_column(String(20))  # room_in_use, landline
    record_ids: Mapped[list[str]]
    leave_ids: Mapped[list[str]]
    books_asked: Mapped[list[str]]
    approved_late: Mapped[bool]
    reasons: Mapped[list[str]]
    known_utc: Mapped[datetime]


class Hint(Base):
    """A sound or weak signal for a person to look at; never a verdict."""

    __tablename__ = "hint"
    __table_args__ = (UniqueConstraint("visit_id", "code", "about"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visit.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(100))
    strength: Mapped[str] = mapped_column(String(10))  # sound, medium, weak
    values: Mapped[dict[str, Any]]
    raised_utc: Mapped[datetime]


class PhotoFact(Base):
    """What a photo says by itself, or why it could not be read. Its place is sealed under the visit's key."""

    __tablename__ = "photo_fact"

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    readable: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(300))
    sealed_facts: Mapped[bytes | None]
    inspected_utc: Mapped[datetime]


class PhotoPrint(Base):
    """The fingerprints of a photo that shows enough to be told apart; numbered in the order of commits."""

    __tablename__ = "photo_print"
    __table_args__ = (UniqueConstraint("visit_id", "sha256"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    dhash64: Mapped[bytes]
    pdq256: Mapped[bytes]


class PhotoResemblance(Base):
    """Two photos of two visits that look alike, found when the later one was read; one row for each side."""

    __tablename__ = "photo_resemblance"

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    other_visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    likeness: Mapped[str] = mapped_column(String(5))  # match, look
    turn: Mapped[str] = mapped_column(String(8))  # as_is, turned, mirrored
    dhash_bits: Mapped[int]
    pdq_bits: Mapped[int]
    found_utc: Mapped[datetime]


class DeviceReading(Base):
    """What a phone's own visits say of the datum it gives, and on which visits that rests. Never changed."""

    __tablename__ = "device_reading"

    number: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id"), index=True)
    declared: Mapped[str] = mapped_column(String(10))
    misread: Mapped[bool]
    datum: Mapped[str] = mapped_column(String(10))
    swapped: Mapped[bool]
    fixes: Mapped[int]
    fitting_before: Mapped[int | None]
    fitting_after: Mapped[int | None]
    shift_east_m: Mapped[float | None]
    shift_north_m: Mapped[float | None]
    visit_ids: Mapped[list[str]]
    method: Mapped[str] = mapped_column(String(20))
    found_utc: Mapped[datetime]


class DeviceCalibration(Base):
    """What a phone gave at a known point, who stood there, and how its numbers are to be read by that. Never changed.

    ``datum`` is missing where no reading fits.
    """

    __tablename__ = "device_calibration"

    number: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id"), index=True)
    # The point as it was told, in its own datum.
    point: Mapped[str] = mapped_column(String(120))
    point_lon_deg: Mapped[float]
    point_lat_deg: Mapped[float]
    point_datum: Mapped[str] = mapped_column(String(10))
    point_error_m: Mapped[float]
    declared: Mapped[str] = mapped_column(String(10))
    fixes: Mapped[list[dict[str, Any]]]  # as received, in the datum that is asked for
    datum: Mapped[str | None] = mapped_column(String(10))
    swapped: Mapped[bool]
    distance_m: Mapped[float | None]
    declared_distance_m: Mapped[float | None]
    method: Mapped[str] = mapped_column(String(20))
    calibrated_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    calibrated_utc: Mapped[datetime]


class PhotoCover(Base):
    """What a reviewer had covered in the copies of a photo that leave the house; the newest counts, none is changed."""

    __tablename__ = "photo_cover"

    number: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    boxes: Mapped[list[dict[str, Any]]]  # left, top, right, bottom, as shares of the display copy
    covered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    covered_utc: Mapped[datetime]

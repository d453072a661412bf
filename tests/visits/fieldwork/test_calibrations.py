"""A phone tried out at a known point: kept with who and when, told as a hint, and never a reason to move a position."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from geo import Datum, convert
from tests.visits.world import NOW, OFFICE_SITE, World, fix
from visits.access import NotAllowed
from visits.fieldwork import (
    CalibrationRefused,
    CalibrationView,
    DeviceCalibration,
    FixJudgement,
    KnownPoint,
    NoSuchDevice,
    PhoneFix,
    calibrate_phone,
    phone,
    phones,
)
from visits.store import Job

POINT = (119.5044, 27.4555)
KNOWN = KnownPoint("县政府控制点，自然资源局测", *POINT, Datum.CGCS2000, 1.0)
IN_GCJ = convert(*POINT, source=Datum.WGS84, target=Datum.GCJ02)
SHIFTED = convert(*OFFICE_SITE, source=Datum.WGS84, target=Datum.GCJ02)


def given(pair: tuple[float, float], *, count: int = 3, accuracy_m: float = 12.0) -> list[PhoneFix]:
    # A few metres apart, as fixes are.
    return [
        PhoneFix(pair[0] + step * 2e-5, pair[1] - step * 2e-5, accuracy_m, NOW + timedelta(seconds=10 * step))
        for step in range(count)
    ]


def tried(
    world: World,
    device_id: UUID,
    pair: tuple[float, float],
    *,
    declared: str = "wgs84",
    who: str = "office",
    days: int = 0,
) -> CalibrationView:
    with world.store.writing() as uow:
        at = NOW + timedelta(days=days)
        return calibrate_phone(uow, world.actors[who], device_id, KNOWN, declared, given(pair), at_utc=at)


def visited(world: World, **place: object) -> tuple[UUID, UUID]:
    """One visit, the phone arriving like this; the phone's id and the visit's."""
    [team_phone] = world.open_visit("first")
    team_phone.arrive(fix(**place))  # type: ignore[arg-type]
    world.send(team_phone)
    world.judge(team_phone.visit_id)
    assert team_phone.actor.device_id is not None
    return team_phone.actor.device_id, team_phone.visit_id


@pytest.mark.parametrize(
    ("pair", "declared", "datum", "swapped", "agrees"),
    [
        (POINT, "wgs84", "wgs84", False, True),
        (POINT, "cgcs2000", "wgs84", False, True),
        (POINT, "unknown", "wgs84", False, False),
        (IN_GCJ, "wgs84", "gcj02", False, False),
        (IN_GCJ, "gcj02", "gcj02", False, True),
        (IN_GCJ[::-1], "wgs84", "gcj02", True, False),
        ((119.6, 27.5), "wgs84", None, False, False),
    ],
    ids=["right", "cgcs2000", "undeclared", "shifted", "declared gcj", "swapped", "elsewhere"],
)
def test_what_a_phone_gives_at_a_known_point_is_kept(
    world: World, pair: tuple[float, float], declared: str, datum: str | None, swapped: bool, agrees: bool
) -> None:
    device_id, _ = visited(world)
    tried(world, device_id, pair, declared=declared)
    with world.store.reading() as uow:
        seen = phone(uow, world.actors["office"], device_id)
    [one] = seen.calibrations
    assert (one.datum, one.swapped, one.agrees, one.fixes) == (datum, swapped, agrees, 3)
    assert (one.calibrated_by, one.calibrated_utc, one.point) == (world.actors["office"].name, NOW, KNOWN.name)
    assert (one.distance_m is None) == (datum is None)
    if one.distance_m is not None:
        assert one.distance_m < 10
    if (pair, declared) == (IN_GCJ, "wgs84"):
        assert one.declared_distance_m == pytest.approx(590, abs=30)


def test_the_newest_counts_and_none_is_changed(world: World) -> None:
    device_id, _ = visited(world)
    tried(world, device_id, IN_GCJ)
    tried(world, device_id, POINT, days=3)
    with world.store.reading() as uow:
        [seen] = [one for one in phones(uow, world.actors["office"]) if one.id == device_id]
    assert [one.datum for one in seen.calibrations] == ["wgs84", "gcj02"]
    for change in (update(DeviceCalibration).values(datum="bd09"), delete(DeviceCalibration)):
        with pytest.raises(DatabaseError), world.store.writing() as uow:
            uow.session.execute(change)


def test_a_phone_that_gives_another_datum_is_told_and_not_converted(world: World) -> None:
    device_id, visit_id = visited(world, lon_lat=SHIFTED)
    before = world.look(visit_id).summary.whereabouts
    tried(world, device_id, IN_GCJ)
    with world.store.reading() as uow:
        waiting = select(Job.subject).where(Job.kind == "judge_visit", Job.state == "waiting")
        assert str(visit_id) in uow.session.scalars(waiting).all(), "its visits are looked at again"
    world.judge(visit_id)
    hint = next(h for h in world.look(visit_id).hints if h.code == "calibrated_other_datum")
    assert (hint.about, hint.strength) == (f"phone:{device_id}", "medium")
    assert (hint.values["datum"], hint.values["on"]) == ("gcj02", "2026-11-18")
    assert world.look(visit_id).summary.whereabouts == before != "inside"
    with world.store.reading() as uow:
        assert {row.datum for row in uow.session.scalars(select(FixJudgement))} == {"wgs84"}


def test_a_phone_that_gives_its_axes_the_wrong_way_round_is_told(world: World) -> None:
    device_id, visit_id = visited(world)
    tried(world, device_id, POINT[::-1])
    world.judge(visit_id)
    hint = next(h for h in world.look(visit_id).hints if h.code == "calibrated_swapped")
    assert (hint.about, hint.strength, hint.values["datum"]) == (f"phone:{device_id}", "medium", "wgs84")


def test_a_right_phone_takes_the_innocent_explanation_away_where_it_is_looked_for(world: World) -> None:
    device_id, visit_id = visited(world, lon_lat=SHIFTED)
    tried(world, device_id, POINT)
    world.judge(visit_id)
    assert {"fix_other_datum", "calibrated_right"} <= world.hints(visit_id)


def test_a_right_phone_where_nothing_is_suspected_is_not_worth_a_word(world: World) -> None:
    device_id, visit_id = visited(world)
    tried(world, device_id, POINT)
    world.judge(visit_id)
    assert not any(code.startswith("calibrated") for code in world.hints(visit_id))


def test_a_position_without_a_datum_is_read_as_the_phone_was_found_to_give_it(world: World) -> None:
    device_id, visit_id = visited(world, lon_lat=SHIFTED, datum="unknown")
    assert world.look(visit_id).summary.whereabouts == "cannot_tell"
    assert "datum_unknown" in world.hints(visit_id)
    tried(world, device_id, IN_GCJ, declared="unknown")
    world.judge(visit_id)
    assert world.look(visit_id).summary.whereabouts == "inside"
    assert "datum_by_calibration" in world.hints(visit_id)
    assert "datum_unknown" not in world.hints(visit_id)
    [seen] = world.look(visit_id).records[0].fixes
    assert (seen.datum, seen.datum_how) == ("gcj02", "device_profile")
    assert (seen.lon_deg, seen.lat_deg) == SHIFTED, "the pair stays as it was received"
    with world.store.reading() as uow:
        rows = uow.session.scalars(select(FixJudgement)).all()
        kept = sorted((row.datum, row.datum_how, "+calibration:1" in row.extent_version) for row in rows)
    assert kept == [("gcj02", "device_profile", True), ("unknown", "declared", False)]


@pytest.mark.parametrize("pair", [IN_GCJ[::-1], (119.6, 27.5)], ids=["swapped", "nothing fits"])
def test_what_is_not_known_reads_nothing(world: World, pair: tuple[float, float]) -> None:
    device_id, visit_id = visited(world, lon_lat=SHIFTED, datum="unknown")
    tried(world, device_id, pair, declared="unknown")
    world.judge(visit_id)
    assert world.look(visit_id).summary.whereabouts == "cannot_tell"
    assert "datum_unknown" in world.hints(visit_id)


def test_what_is_not_good_enough_is_refused(world: World) -> None:
    device_id, _ = visited(world)
    bad: list[tuple[KnownPoint, str, list[PhoneFix]]] = [
        (KNOWN, "wgs84", given(POINT, count=2)),
        (KNOWN, "wgs84", [given(POINT)[0]] * 5),
        (KNOWN, "wgs84", given(POINT, count=51)),
        (KNOWN, "wgs84", given(POINT, accuracy_m=80.0)),
        (KNOWN, "wgs84", given(POINT, accuracy_m=float("nan"))),
        (KNOWN, "wgs84", given((float("nan"), 27.0))),
        (KNOWN, "mars", given(POINT)),
        (KnownPoint("", *POINT, Datum.WGS84, 1.0), "wgs84", given(POINT)),
        (KnownPoint("p", *POINT, Datum.WGS84, 80.0), "wgs84", given(POINT)),
        (KnownPoint("p", 27.0, 119.0, Datum.WGS84, 1.0), "wgs84", given(POINT)),
        (KnownPoint("p", 0.0, 0.0, Datum.WGS84, 1.0), "wgs84", given(POINT)),
    ]
    for point, declared, fixes in bad:
        with pytest.raises(CalibrationRefused), world.store.writing() as uow:
            calibrate_phone(uow, world.actors["office"], device_id, point, declared, fixes, at_utc=NOW)
    with pytest.raises(NoSuchDevice):
        tried(world, UUID(int=7), POINT)
    for who in ("first", "organization", "admin"):
        with pytest.raises(NotAllowed):
            tried(world, device_id, POINT, who=who)

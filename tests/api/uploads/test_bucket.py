"""A visit whose photos are kept in a bucket: the same answers, and nothing acknowledged before the bucket has it."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.app import create_app
from api.evidence import open_evidence
from api.settings import BadSetting, read_settings
from media.store import S3Store
from tests.api.uploads.pieces import DATA
from tests.api.world import TUS, World, a_photo, begin_upload, photo_body, send_piece
from tests.buckets import administrator, bucket_url, new_bucket, object_store
from visits.upkeep import check


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with object_store() as address:
        yield address


@pytest.fixture
def bucket(endpoint: str) -> str:
    return new_bucket(endpoint)


@pytest.fixture
def in_a_bucket(world: World, endpoint: str, bucket: str) -> World:
    """The small county, its photos in a bucket."""
    settings = replace(
        world.settings,
        evidence_url=bucket_url(endpoint, bucket),
        evidence_key_id="tests",
        evidence_key_secret="secret",
    )
    app = create_app(settings, world.store, clock=world.clock)
    app.testing = world.app.testing
    return replace(world, app=app, settings=settings)


def test_a_visit_from_the_first_piece_to_the_picture_on_the_desk(in_a_bucket: World) -> None:
    world = in_a_bucket
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    photo = a_photo()
    sha256 = hashlib.sha256(photo).hexdigest()
    lin.deliver(visit_id, lin.record(visit_id, "photo", photo_body(photo)))
    location = begin_upload(lin, visit_id, photo).headers["Location"]
    half = len(photo) // 2
    assert send_piece(lin, location, 0, photo[:half]).headers["Upload-Offset"] == str(half)
    assert send_piece(lin, location, half, photo[half:]).status_code == 204
    assert lin.ask("HEAD", location, headers=TUS).headers["Upload-Offset"] == str(len(photo))
    assert begin_upload(lin, visit_id, photo).headers["Upload-Offset"] == str(len(photo))
    world.work()
    org = world.phone("org")
    original = org.get(f"visits/{visit_id}/photos/{sha256}/original")
    assert (original.status_code, original.data) == (200, photo)
    shown = org.get(f"visits/{visit_id}/photos/{sha256}/display")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert isinstance(world.house.evidence, S3Store)
    assert not (world.settings.data_dir / "evidence" / "sha256").exists() or not any(
        path.is_file() for path in (world.settings.data_dir / "evidence" / "sha256").rglob("*")
    )
    assert check(world.store, world.house.evidence).findings == ()


def test_a_bucket_that_is_away_is_said_plainly_and_the_photo_waits(
    in_a_bucket: World, endpoint: str, bucket: str
) -> None:
    world = in_a_bucket
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    lin.deliver(visit_id, lin.record(visit_id, "photo", photo_body(DATA)))
    location = begin_upload(lin, visit_id, DATA).headers["Location"]
    administrator(endpoint).delete_bucket(Bucket=bucket)
    answer = send_piece(lin, location, 0, DATA)
    assert answer.status_code == 507
    assert answer.get_json()["type"] == "/problems/evidence-store-unavailable"
    assert endpoint not in answer.text
    assert answer.headers["Retry-After"]
    assert world.client().get("/readyz").status_code == 503
    administrator(endpoint).create_bucket(Bucket=bucket)
    done = lin.ask("HEAD", location, headers=TUS)
    assert done.headers["Upload-Offset"] == str(len(DATA)), "nothing has to be sent again"
    assert world.house.evidence.verify(hashlib.sha256(DATA).hexdigest())


@pytest.mark.parametrize("url", ["evidence", "s3://evidence?x=1", "https://evidence"])
def test_an_address_that_cannot_be_read_names_the_setting(tmp_path: Path, url: str) -> None:
    settings = read_settings({"SHIDI_EVIDENCE_URL": url}, data_dir=tmp_path)
    with pytest.raises(BadSetting, match="SHIDI_EVIDENCE_URL"):
        open_evidence(settings)


def test_the_key_of_the_bucket_is_not_shown_with_the_settings(tmp_path: Path) -> None:
    said = {"SHIDI_EVIDENCE_KEY_ID": "county", "SHIDI_EVIDENCE_KEY_SECRET": "hush hush"}
    settings = read_settings(said, data_dir=tmp_path)
    assert (settings.evidence_key_id, settings.evidence_key_secret) == ("county", "hush hush")
    assert "hush" not in repr(settings)

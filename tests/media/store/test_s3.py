"""What only the store in a bucket can get wrong: names, addresses, a bucket that is away, spoiled objects."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import media
from media.errors import BadAddress, BytesNotFound, HashMismatch, StoreUnavailable
from media.store import EvidenceStore, S3Store, read_address
from media.store.bucket_address import BucketAddress
from tests.buckets import administrator, bucket_url, new_bucket
from tests.media.store.photo import OTHER, PHOTO, PHOTO_HEX, UPLOAD, content, upload

ORIGINAL = f"county/photos/sha256/{PHOTO_HEX[:2]}/{PHOTO_HEX[2:4]}/{PHOTO_HEX}"


@dataclass(frozen=True)
class Bucket:
    """A bucket as its administrator sees it."""

    endpoint: str
    name: str

    @property
    def address(self) -> BucketAddress:
        return read_address(bucket_url(self.endpoint, self.name), key_id="tests", secret="secret")

    def read(self, key: str) -> bytes:
        found: bytes = administrator(self.endpoint).get_object(Bucket=self.name, Key=key)["Body"].read()
        return found

    def spoil(self, key: str, data: bytes) -> None:
        administrator(self.endpoint).put_object(Bucket=self.name, Key=key, Body=data)


@pytest.fixture
def bucket(endpoint: str) -> Bucket:
    return Bucket(endpoint, new_bucket(endpoint))


@pytest.fixture
def store(bucket: Bucket, tmp_path: Path) -> S3Store:
    return S3Store(bucket.address, tmp_path / "uploads")


def test_the_store_in_a_bucket_is_an_evidence_store(store: S3Store) -> None:
    # The type checker compares the signatures here.
    promised: EvidenceStore = store
    offered = {name for name in dir(promised) if not name.startswith("_")}
    assert {name for name in vars(EvidenceStore) if not name.startswith("_")} == offered


def test_an_original_lies_where_its_hash_says_and_nothing_stays_on_the_disk(
    store: S3Store, bucket: Bucket, tmp_path: Path
) -> None:
    upload(store)
    assert bucket.read(ORIGINAL) == PHOTO
    assert list((tmp_path / "uploads").iterdir()) == []


def test_other_bytes_are_put_aside_under_their_real_hash(store: S3Store, bucket: Bucket) -> None:
    for _ in range(2):
        with pytest.raises(HashMismatch):
            upload(store, announced="0" * 64)
    assert bucket.read(f"county/photos/quarantine/{PHOTO_HEX}") == PHOTO


def test_a_spoiled_original_is_found_and_healed_when_its_bytes_are_sent_again(store: S3Store, bucket: Bucket) -> None:
    upload(store)
    spoiled = b"?" + PHOTO[1:]
    bucket.spoil(ORIGINAL, spoiled)
    assert not store.verify(PHOTO_HEX)
    upload(store, upload_id=OTHER)
    assert content(store, PHOTO_HEX) == PHOTO
    aside = hashlib.sha256(spoiled).hexdigest()
    assert bucket.read(f"county/photos/quarantine/{aside}") == spoiled


def test_a_server_that_died_before_or_after_the_bucket_had_the_photo_finishes_it(
    store: S3Store, bucket: Bucket, tmp_path: Path
) -> None:
    class Died(BaseException):
        """The process ends here."""

    def die_after(last_step: str) -> S3Store:
        def step(name: str) -> None:
            if name == last_step:
                raise Died

        return S3Store(bucket.address, tmp_path / "uploads", step=step)

    for last_step in ("hashed", "sealed", "placed", "linked", "kept", "unlinked"):
        with pytest.raises(Died):
            upload(die_after(last_step))
        assert store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO)).sha256_hex == PHOTO_HEX
        assert content(store, PHOTO_HEX) == PHOTO
        store.remove(PHOTO_HEX)


def test_a_bucket_that_goes_away_is_not_lost_evidence_and_acknowledges_nothing(
    store: S3Store, bucket: Bucket, tmp_path: Path
) -> None:
    store.begin(UPLOAD)
    store.append(UPLOAD, 0, PHOTO)
    administrator(bucket.endpoint).delete_bucket(Bucket=bucket.name)
    for act in (
        lambda: store.has(PHOTO_HEX),
        lambda: store.open(PHOTO_HEX),
        lambda: store.size_bytes(PHOTO_HEX),
        lambda: list(store.walk()),
        lambda: store.put_derived(PHOTO_HEX, "display.jpg", b"x"),
        lambda: store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO)),
    ):
        with pytest.raises(StoreUnavailable):
            act()
    assert store.received_bytes(UPLOAD) == len(PHOTO), "the bytes wait on the server's disk"
    administrator(bucket.endpoint).create_bucket(Bucket=bucket.name)
    assert store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO)).sha256_hex == PHOTO_HEX
    assert content(store, PHOTO_HEX) == PHOTO


def test_an_object_store_nobody_answers_for_is_refused_at_the_start(tmp_path: Path) -> None:
    # Port 9 is the port of silence; nothing listens there.
    with pytest.raises(StoreUnavailable) as caught:
        S3Store(read_address("s3://evidence?endpoint=http://127.0.0.1:9", key_id="k", secret="s"), tmp_path / "uploads")
    assert "127.0.0.1" not in str(caught.value)


def test_http_is_only_spoken_where_the_address_says_so(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(StoreUnavailable):
        address = endpoint.replace("http://", "https://")
        S3Store(read_address(f"s3://evidence?endpoint={address}"), tmp_path / "uploads")


def test_what_is_missing_is_named_as_missing(store: S3Store) -> None:
    with pytest.raises(BytesNotFound, match=PHOTO_HEX):
        store.open(PHOTO_HEX)
    with pytest.raises(BytesNotFound, match="display"):
        store.open_derived(PHOTO_HEX, "display.jpg")


def test_an_address_is_read_and_its_secret_is_not_shown() -> None:
    url = "s3://evidence/county/2026/?endpoint=https://oss.example.cn&region=cn-1"
    address = read_address(url, key_id="k", secret="hush")
    assert address == BucketAddress("evidence", "county/2026", "https://oss.example.cn", "cn-1", "k", "hush")
    assert "hush" not in repr(address)
    assert read_address("s3://evidence") == BucketAddress("evidence", "", None, "us-east-1")


@pytest.mark.parametrize(
    "url", ["", "evidence", "http://x", "s3:///prefix", "s3://b?unknown=1", "s3://b?region=a&region=b", "s3://b?x"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadAddress, match="s3://bucket"):
        read_address(url)


def test_a_server_without_a_bucket_does_not_load_the_client_of_one() -> None:
    program = "import sys, media.store; sys.exit('obstore' in sys.modules)"
    checkout = Path(str(media.__file__)).parent.parent
    assert subprocess.run([sys.executable, "-c", program], cwd=checkout, check=False, timeout=60).returncode == 0


def test_a_photo_that_is_there_is_not_put_over_it_again(store: S3Store, bucket: Bucket) -> None:
    client = administrator(bucket.endpoint)
    client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(3):
        store.put(PHOTO)
    assert len(client.list_object_versions(Bucket=bucket.name, Prefix=ORIGINAL)["Versions"]) == 1


def test_what_the_administrator_locks_outlives_the_servers_own_key(endpoint: str, tmp_path: Path) -> None:
    name = f"locked-{PHOTO_HEX[:12]}"
    client = administrator(endpoint)
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    bucket = Bucket(endpoint, name)
    store = S3Store(bucket.address, tmp_path / "uploads")
    store.put(PHOTO)
    until = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=30)}
    client.put_object_retention(Bucket=name, Key=ORIGINAL, Retention=until)
    store.remove(PHOTO_HEX)
    assert not store.has(PHOTO_HEX)
    (version,) = client.list_object_versions(Bucket=name, Prefix=ORIGINAL)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=name, Key=ORIGINAL, VersionId=version["VersionId"])
    kept = client.get_object(Bucket=name, Key=ORIGINAL, VersionId=version["VersionId"])["Body"].read()
    assert hashlib.sha256(kept).hexdigest() == PHOTO_HEX
    assert store.put(PHOTO).sha256_hex == PHOTO_HEX, "it may come again beside it"

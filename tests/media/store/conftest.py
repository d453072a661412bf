"""The two kinds of store, each empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media.store import EvidenceStore, LocalStore, S3Store, read_address
from tests.buckets import bucket_url, new_bucket, object_store


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of an object store."""
    with object_store() as address:
        yield address


@pytest.fixture
def bucket_store(endpoint: str, tmp_path: Path) -> S3Store:
    """A store in a bucket of its own."""
    address = read_address(bucket_url(endpoint, new_bucket(endpoint)), key_id="tests", secret="secret")
    return S3Store(address, tmp_path / "evidence" / "uploads")


@pytest.fixture(params=["local", "bucket"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    """An empty store, once of each kind."""
    if request.param == "local":
        return LocalStore(tmp_path / "evidence")
    store: S3Store = request.getfixturevalue("bucket_store")
    return store

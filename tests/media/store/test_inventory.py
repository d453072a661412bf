"""What a store holds as a list, and the same things in another store."""

import hashlib
import io
from pathlib import Path

import pytest

from media.errors import BytesNotFound, HashMismatch
from media.store import EvidenceStore, Inventory, LocalStore, bring, inventory_of, keep_only

PHOTO, OTHER, WRONG = b"the bytes of a photo", b"of another", b"announced as something else"


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def filled(any_store: EvidenceStore) -> EvidenceStore:
    """Two originals, a copy of one, and something that was announced as something else."""
    any_store.put(PHOTO)
    any_store.put(OTHER)
    any_store.put_derived(sha256_of(PHOTO), "display.jpg", b"small")
    any_store.take(io.BytesIO(WRONG), sha256_of(WRONG), set_aside=True)
    return any_store


def test_everything_comes_over_and_a_second_time_nothing_has_to(filled: EvidenceStore, tmp_path: Path) -> None:
    other = LocalStore(tmp_path / "other")
    wanted = inventory_of(filled)
    assert bring(wanted, filled, other) == (2, [])
    assert inventory_of(other) == wanted
    assert all(other.verify(sha256) for sha256 in wanted.originals)
    with other.open_set_aside(sha256_of(WRONG)) as file:
        assert file.read() == WRONG
    assert bring(wanted, filled, other) == (0, [])


def test_it_comes_into_a_store_of_either_kind(any_store: EvidenceStore, tmp_path: Path) -> None:
    source = LocalStore(tmp_path / "source")
    source.put(PHOTO)
    source.put_derived(sha256_of(PHOTO), "display.jpg", b"small")
    source.take(io.BytesIO(WRONG), sha256_of(WRONG), set_aside=True)
    assert bring(inventory_of(source), source, any_store) == (1, [])
    assert inventory_of(any_store) == inventory_of(source)


def test_a_missing_and_a_spoiled_original_are_named_and_the_rest_comes(tmp_path: Path) -> None:
    source, target = LocalStore(tmp_path / "source"), LocalStore(tmp_path / "target")
    for data in (PHOTO, OTHER, WRONG):
        source.put(data)
    wanted = inventory_of(source)
    spoiled = next((tmp_path / "source" / "sha256").glob(f"*/*/{sha256_of(PHOTO)}"))
    spoiled.chmod(0o600)
    spoiled.write_bytes(PHOTO[::-1])
    source.remove(sha256_of(OTHER))
    brought, amiss = bring(wanted, source, target)
    assert brought == 1
    assert {(one.sha256_hex, one.is_missing) for one in amiss} == {
        (sha256_of(PHOTO), False),
        (sha256_of(OTHER), True),
    }
    assert inventory_of(target).hashes == {sha256_of(WRONG)}
    assert not any((tmp_path / "target" / "uploads").iterdir())


def test_what_is_taken_must_be_what_it_is_named_by(any_store: EvidenceStore) -> None:
    with pytest.raises(HashMismatch):
        any_store.take(io.BytesIO(PHOTO), sha256_of(OTHER))
    assert inventory_of(any_store).hashes == frozenset()
    with pytest.raises(BytesNotFound):
        any_store.open_set_aside(sha256_of(PHOTO))


def test_only_what_is_wanted_is_kept(filled: EvidenceStore) -> None:
    wanted = Inventory(frozenset({sha256_of(PHOTO)}), frozenset({(sha256_of(PHOTO), "display.jpg")}), frozenset())
    assert keep_only(wanted, filled) == 2
    assert inventory_of(filled) == wanted


def test_an_inventory_is_read_as_it_was_written(filled: EvidenceStore) -> None:
    held = inventory_of(filled)
    assert Inventory.from_text(held.as_text()) == held
    for line in ("photo abc", "original", "copy abc", "original a b"):
        with pytest.raises(ValueError, match="no line of an inventory"):
            Inventory.from_text(line)

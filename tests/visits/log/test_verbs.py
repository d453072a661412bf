"""The log: every entry can be proved, a proof tells nothing that could be guessed, a change is found."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from media.proof import canonical, leaf_hash, salted_leaf, verify_inclusion
from visits import log
from visits.store import Store

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def fill(store: Store, count: int) -> list[log.LogEntry]:
    with store.writing() as uow:
        return [log.append(uow, "records", {"n": n}, at_utc=NOW) for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 7, 8, 21])
def test_every_entry_is_proved_under_the_root(store: Store, count: int) -> None:
    fill(store, count)
    with store.reading() as uow:
        root = log.head(uow)
        for index in range(count):
            proof = log.prove(uow, index)
            assert proof.root_hex == root.root_hex
            said = log.opening(uow, index)
            assert said is not None
            leaf = leaf_hash(salted_leaf(bytes.fromhex(said.salt_hex), said.payload.encode()))
            assert leaf.hex() == proof.leaf_hash_hex
            assert (said.kind, said.said["n"]) == ("records", index)
            assert verify_inclusion(
                leaf,
                index,
                count,
                [bytes.fromhex(h) for h in proof.path_hex],
                bytes.fromhex(proof.root_hex),
            )


def test_an_old_size_is_proved_by_an_old_root(store: Store) -> None:
    fill(store, 5)
    with store.reading() as uow:
        then = log.head(uow)
    fill(store, 9)
    with store.reading() as uow:
        assert log.prove(uow, 3, size=5).root_hex == then.root_hex
        assert log.prove(uow, 3).root_hex != then.root_hex


def test_equal_payloads_have_unequal_leaves(store: Store) -> None:
    with store.writing() as uow:
        leaves = {
            log.append(uow, "draw.commit", {"village": "350924106208"}, at_utc=NOW).leaf_hash_hex for _ in range(5)
        }
    assert len(leaves) == 5


def test_what_is_not_there_has_no_proof(store: Store) -> None:
    fill(store, 2)
    with store.reading() as uow:
        for index, size in ((2, None), (0, 3), (1, 1), (-1, None)):
            with pytest.raises(log.NotInLog):
                log.prove(uow, index, size=size)


def test_a_proof_tells_nothing_of_its_entry(store: Store) -> None:
    with store.writing() as uow:
        log.append(uow, "assignment", {"village_code": "350924106208"}, at_utc=NOW)
    with store.reading() as uow:
        assert "350924106208" not in repr(log.prove(uow, 0))


def test_what_is_not_there_has_no_opening(store: Store) -> None:
    with store.reading() as uow, pytest.raises(log.NotInLog):
        log.opening(uow, 0)


def test_a_changed_payload_changes_the_recomputed_root(store: Store) -> None:
    fill(store, 6)
    with store.writing() as uow:
        leaf = uow.session.scalars(select(log.LogLeaf).where(log.LogLeaf.index == 4)).one()
        leaf.payload = b'{"n":400}'
    with store.reading() as uow:
        assert log.recompute_root(uow).root_hex != log.head(uow).root_hex


def test_removal_by_rule_keeps_the_root(store: Store) -> None:
    fill(store, 6)
    with store.reading() as uow:
        before = log.head(uow)
    with store.writing() as uow:
        leaf = uow.session.scalars(select(log.LogLeaf).where(log.LogLeaf.index == 4)).one()
        leaf.payload = None
        leaf.salt = None
    with store.reading() as uow:
        assert log.recompute_root(uow) == before
        assert log.opening(uow, 4) is None


def test_no_entry_can_be_deleted(store: Store) -> None:
    fill(store, 3)
    with pytest.raises(Exception, match="keeps what it holds"), store.writing() as uow:
        uow.session.delete(uow.session.get_one(log.LogLeaf, 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8) | st.none(), max_size=6))
def test_one_value_has_one_text(value: dict[str, object]) -> None:
    shuffled = dict(reversed(value.items()))
    assert canonical(value) == canonical(shuffled)
    assert json.loads(canonical(value)) == value

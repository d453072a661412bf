"""Checkpoints: each covers all before it, a kept one fits every later one, nothing of them can be changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from media.errors import ProofBroken
from media.proof import (
    ES256,
    Cosignature,
    Link,
    check_checkpoint_file,
    check_same_log,
    new_device_key,
    read_checkpoint_file,
    sign_p256,
    verify_consistency,
    write_checkpoint_file,
)
from visits import log
from visits.log import Purpose
from visits.store import Store

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
AUDIT_HEAD = {"number": 7, "hash": "ab" * 32}


def add(store: Store, count: int) -> None:
    with store.writing() as uow:
        for n in range(count):
            log.append(uow, "records", {"n": n}, at_utc=NOW)


def make(store: Store, *, at_utc: datetime = NOW) -> log.CheckpointView:
    with store.writing() as uow:
        return log.make_checkpoint(uow, AUDIT_HEAD, at_utc=at_utc)


def kept(store: Store, size: int | None = None) -> bytes:
    with store.reading() as uow:
        return write_checkpoint_file(log.checkpoint_file(uow, size))


def test_a_checkpoint_is_the_log_with_the_audit_head_in_it(store: Store) -> None:
    add(store, 5)
    made = make(store)
    with store.reading() as uow:
        assert log.head(uow) == log.LogHead(made.size, made.root_hex)
        file = log.checkpoint_file(uow)
        said = check_checkpoint_file(file)
        entry = log.opening(uow, said.audit_index)
        [key] = log.public_keys(uow, Purpose.CHECKPOINT)
    assert (said.size, said.root_hex, said.kid) == (made.size, made.root_hex, key.kid)
    assert entry is not None
    assert {name: entry.said[name] for name in AUDIT_HEAD} == AUDIT_HEAD


def test_every_kept_checkpoint_fits_every_later_one_through_a_change_of_keys(store: Store) -> None:
    files = []
    for day, more in enumerate((0, 3, 1, 9, 30)):
        add(store, more)
        if day == 3:
            with store.writing() as uow:
                log.rotate_key(uow, Purpose.CHECKPOINT, at_utc=NOW)
        made = make(store, at_utc=NOW + timedelta(days=day))
        files.append(read_checkpoint_file(kept(store, made.size)))
    for file in files:
        check_checkpoint_file(file)
        for other in files:
            check_same_log(file, other)
    assert len({file.said.kid for file in files}) == 2
    with store.reading() as uow:
        assert [one.size for one in log.checkpoints(uow)] == [file.said.size for file in files[::-1]]
        assert [one.size for one in log.checkpoints(uow, below_size=files[3].said.size, limit=1)] == [
            files[2].said.size
        ]


def test_growth_is_proved_between_any_two_sizes(store: Store) -> None:
    add(store, 13)
    with store.reading() as uow:
        for first in range(1, 14):
            for second in range(first, 14):
                proof = log.prove_growth(uow, first, second)
                path = [bytes.fromhex(h) for h in proof.path_hex]
                roots = bytes.fromhex(proof.first_root_hex), bytes.fromhex(proof.second_root_hex)
                assert verify_consistency(first, second, *roots, path)
        for sizes in ((0, 3), (4, 3), (3, 14)):
            with pytest.raises(log.NotInLog):
                log.prove_growth(uow, *sizes)


def test_a_log_rewritten_by_its_operator_contradicts_a_kept_checkpoint(store: Store) -> None:
    add(store, 6)
    make(store)
    before = read_checkpoint_file(kept(store))
    # Whoever holds the database can do this; it is what a witness is for.
    with store.writing() as uow:
        for table in ("log_leaf", "checkpoint", "server_key"):
            on = "" if store.is_sqlite else f" ON {table}"
            for act in ("update", "delete"):
                uow.session.execute(text(f"DROP TRIGGER IF EXISTS keep_{table}_{act}{on}"))
        for table in ("checkpoint", "log_node"):
            uow.session.execute(text(f"DELETE FROM {table}"))
        uow.session.execute(text('DELETE FROM log_leaf WHERE "index" > 0'))
        first = uow.session.get_one(log.LogLeaf, 0).leaf_hash
        uow.session.add(log.LogNode(level=0, index=0, hash=first))
    add(store, 8)
    make(store)
    after = read_checkpoint_file(kept(store))
    check_checkpoint_file(after)
    with pytest.raises(ProofBroken):
        check_same_log(before, replace(after, links=(*log_links(store, before.said.size), *after.links)))


def log_links(store: Store, size: int) -> tuple[Link, ...]:
    """What the rewritten log would have to show for the size that was kept."""
    with store.reading() as uow:
        now = log.head(uow).size
        proof = log.prove_growth(uow, size, now)
    return (Link(size, proof.first_root_hex, proof.path_hex),)


def test_a_witness_signs_and_the_server_cannot_be_its_own(store: Store) -> None:
    add(store, 1)
    made = make(store)
    with store.reading() as uow:
        text_signed = log.checkpoint_file(uow).text.encode()
    witness = new_device_key()
    signed = Cosignature("县纪委", ES256, witness.public_jwk, sign_p256(witness, text_signed).hex())
    with store.writing() as uow:
        assert log.keep_cosignature(uow, made.size, signed, at_utc=NOW)
        assert not log.keep_cosignature(uow, made.size, signed, at_utc=NOW)
        with pytest.raises(log.BadCosignature):
            log.keep_cosignature(uow, made.size, replace(signed, signature_hex="00" * 64), at_utc=NOW)
        with pytest.raises(log.NotInLog):
            log.keep_cosignature(uow, made.size + 1, signed, at_utc=NOW)
        pair = log.key_pair(uow, made.kid, Purpose.CHECKPOINT)
        own = Cosignature("自己", ES256, pair.public_jwk, sign_p256(pair, text_signed).hex())
        with pytest.raises(log.BadCosignature, match="own witness"):
            log.keep_cosignature(uow, made.size, own, at_utc=NOW)
    file = read_checkpoint_file(kept(store, made.size))
    check_checkpoint_file(file)
    assert [one.witness for one in file.cosignatures] == ["县纪委"]
    with store.reading() as uow:
        newest = log.newest_checkpoint(uow)
    assert newest is not None
    assert newest.witnesses == ("县纪委",)


def test_what_waits_for_a_stamp_is_known_and_why(store: Store) -> None:
    made = make(store)
    later = make(store, at_utc=NOW + timedelta(days=1))
    with store.writing() as uow:
        log.keep_stamp(uow, made.size, authority="http://a", response=None, complaint="no answer", at_utc=NOW)
    with store.reading() as uow:
        assert [size for size, _ in log.unstamped(uow)] == [made.size, later.size]
        assert [one.stamp_complaint for one in log.checkpoints(uow)] == ["", "no answer"]
    with store.writing() as uow:
        log.keep_stamp(uow, made.size, authority="http://a", response=b"stamp", at_utc=NOW)
    with store.reading() as uow:
        assert [size for size, _ in log.unstamped(uow)] == [later.size]
        assert [one.stamp_complaint for one in log.checkpoints(uow)] == ["", ""]
        assert log.checkpoint_file(uow, made.size).stamps[0].response_hex == b"stamp".hex()


@pytest.mark.parametrize("statement", ["UPDATE checkpoint SET text = 'x'", "DELETE FROM checkpoint"])
def test_no_checkpoint_can_be_changed(store: Store, statement: str) -> None:
    make(store)
    with pytest.raises(Exception, match="keeps what it holds"), store.writing() as uow:
        uow.session.execute(text(statement))


def test_before_the_first_there_is_none(store: Store) -> None:
    with store.reading() as uow:
        assert log.newest_checkpoint(uow) is None
        with pytest.raises(log.NotInLog):
            log.checkpoint_file(uow)

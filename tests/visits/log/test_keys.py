"""The server's keys: one in use for each purpose, none ever lost, none used for what it was not made for."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from media.errors import SealBroken
from media.proof import key_id, verify_signature
from visits import log
from visits.log import Purpose
from visits.store import Store, UnitOfWork

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_pair_is_made_once_and_named_by_its_public_half(store: Store, purpose: Purpose) -> None:
    with store.writing() as uow:
        made = log.current_key(uow, purpose, at_utc=NOW)
    with store.writing() as uow:
        again = log.current_key(uow, purpose, at_utc=NOW + timedelta(days=1))
    assert again == made
    assert made.kid == key_id(made.public_jwk)
    assert made.algorithm == log.ALGORITHMS[purpose]


def test_a_signature_of_a_retired_key_is_still_checked(store: Store) -> None:
    with store.writing() as uow:
        signed = log.sign(uow, Purpose.CHECKPOINT, b"root", at_utc=NOW)
        later = log.rotate_key(uow, Purpose.CHECKPOINT, at_utc=NOW + timedelta(days=1))
        signed_later = log.sign(uow, Purpose.CHECKPOINT, b"root", at_utc=NOW + timedelta(days=1))
    assert signed_later.kid == later.kid != signed.kid
    with store.reading() as uow:
        keys = {key.kid: key for key in log.public_keys(uow, Purpose.CHECKPOINT)}
    assert keys[signed.kid].retired_utc == NOW + timedelta(days=1)
    for one in (signed, signed_later):
        assert verify_signature(one.algorithm, keys[one.kid].public_jwk, b"root", one.signature)


def test_making_and_retiring_a_key_stand_in_the_log(store: Store) -> None:
    with store.writing() as uow:
        made = log.current_key(uow, Purpose.RECEIPT, at_utc=NOW)
        log.rotate_key(uow, Purpose.RECEIPT, at_utc=NOW)
    with store.reading() as uow:
        said = [log.opening(uow, index) for index in range(log.head(uow).size)]
    assert [entry.kind for entry in said if entry] == ["server_key.make", "server_key.retire", "server_key.make"]
    assert said[0] is not None
    assert said[0].said["public_jwk"] == made.public_jwk


def test_a_key_is_given_out_for_its_purpose_only(store: Store) -> None:
    with store.writing() as uow:
        kid = log.current_key(uow, Purpose.RECEIPT, at_utc=NOW).kid
        assert log.key_pair(uow, kid, Purpose.RECEIPT)
        with pytest.raises(log.NoSuchKey):
            log.key_pair(uow, kid, Purpose.CHECKPOINT)
        with pytest.raises(log.NoSuchKey):
            log.key_pair(uow, "no such key", Purpose.RECEIPT)


def test_a_private_half_is_sealed_under_the_master_key(store: Store) -> None:
    with store.writing() as uow:
        kid = log.current_key(uow, Purpose.RECEIPT, at_utc=NOW).kid
    with store.reading() as uow, pytest.raises(SealBroken):
        log.key_pair(UnitOfWork(uow.session, bytes(32)), kid, Purpose.RECEIPT)


def test_no_key_can_be_deleted(store: Store) -> None:
    with store.writing() as uow:
        log.current_key(uow, Purpose.RECEIPT, at_utc=NOW)
    with pytest.raises(Exception, match="keeps what it holds"), store.writing() as uow:
        uow.session.execute(text("DELETE FROM server_key"))


def test_many_at_once_make_one_pair(store: Store) -> None:
    kids: list[str] = []

    def need() -> None:
        with store.writing() as uow:
            kids.append(log.current_key(uow, Purpose.CHECKPOINT, at_utc=NOW).kid)

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kids) == 8
    assert len(set(kids)) == 1
    with store.reading() as uow:
        assert uow.session.scalar(select(func.count()).select_from(log.ServerKey)) == 1


def test_many_appending_at_once_leave_no_gap_and_no_fork(store: Store) -> None:
    """Numbers without a gap, and a tree that is the one worked out anew, on PostgreSQL as on SQLite."""

    def add(worker: int) -> None:
        for n in range(12):
            with store.writing() as uow:
                log.append(uow, "records", {"worker": worker, "n": n}, at_utc=NOW)
                log.append(uow, "records", {"worker": worker, "n": n, "second": True}, at_utc=NOW)

    threads = [threading.Thread(target=add, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as uow:
        assert list(uow.session.scalars(select(log.LogLeaf.index).order_by(log.LogLeaf.index))) == list(range(192))
        assert log.recompute_root(uow) == log.head(uow)
        said = [log.opening(uow, index) for index in range(192)]
    # What one transaction adds stands together: nobody came between.
    pairs = [(a.said, b.said) for a, b in zip(said[::2], said[1::2], strict=True) if a and b]
    assert all(b == {**a, "second": True} for a, b in pairs)

"""What every evidence store promises, asked of the one on disk and of the one in a bucket."""

from __future__ import annotations

import hashlib
import io
import threading
from datetime import UTC, datetime, timedelta

import pytest

from media.errors import (
    BadName,
    BytesNotFound,
    ChecksumMismatch,
    HashMismatch,
    OffsetMismatch,
    SizeMismatch,
    UnknownChecksum,
    UploadBusy,
    UploadNotFound,
)
from media.store import Checksum, EvidenceStore, Stored
from tests.media.store.photo import OTHER, PHOTO, PHOTO_HEX, UPLOAD, content, upload


def test_a_photo_sent_in_chunks_is_stored_under_its_hash(any_store: EvidenceStore) -> None:
    any_store.begin(UPLOAD)
    assert any_store.append(UPLOAD, 0, PHOTO[:100_000]) == 100_000
    assert any_store.received_bytes(UPLOAD) == 100_000
    assert any_store.append(UPLOAD, 100_000, io.BytesIO(PHOTO[100_000:])) == len(PHOTO)
    assert any_store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO)) == Stored(PHOTO_HEX, len(PHOTO))
    assert content(any_store, PHOTO_HEX) == PHOTO
    assert any_store.size_bytes(PHOTO_HEX) == len(PHOTO)
    assert any_store.has(PHOTO_HEX)
    assert any_store.verify(PHOTO_HEX)


def test_finishing_again_is_success(any_store: EvidenceStore) -> None:
    assert upload(any_store) == any_store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO))


def test_beginning_again_keeps_what_has_arrived(any_store: EvidenceStore) -> None:
    any_store.begin(UPLOAD)
    any_store.append(UPLOAD, 0, b"half")
    any_store.begin(UPLOAD)
    assert any_store.received_bytes(UPLOAD) == 4


def test_an_empty_file_is_a_file(any_store: EvidenceStore) -> None:
    assert upload(any_store, b"") == Stored(hashlib.sha256(b"").hexdigest(), 0)


def test_put_stores_small_things_at_once(any_store: EvidenceStore) -> None:
    stored = any_store.put(b"a capture record")
    assert content(any_store, stored.sha256_hex) == b"a capture record"
    assert any_store.put(b"a capture record") == stored


def test_walk_yields_every_original_in_order(any_store: EvidenceStore) -> None:
    hashes = [any_store.put(bytes([number])).sha256_hex for number in range(20)]
    assert list(any_store.walk()) == sorted(hashes)


def test_derived_copies_live_apart_and_may_be_replaced(any_store: EvidenceStore) -> None:
    upload(any_store)
    any_store.put_derived(PHOTO_HEX, "display.jpg", b"old copy")
    any_store.put_derived(PHOTO_HEX, "display.jpg", b"new copy")
    with any_store.open_derived(PHOTO_HEX, "display.jpg") as file:
        assert file.read() == b"new copy"
    assert list(any_store.walk()) == [PHOTO_HEX]
    with pytest.raises(BytesNotFound, match=r"thumb\.jpg"):
        any_store.open_derived(PHOTO_HEX, "thumb.jpg")


def test_uploads_that_nobody_continues_can_be_found_and_discarded(any_store: EvidenceStore) -> None:
    any_store.begin(UPLOAD)
    now = datetime.now(UTC)
    assert any_store.idle_uploads(now - timedelta(hours=1)) == []
    assert any_store.idle_uploads(now + timedelta(hours=1)) == [UPLOAD]
    any_store.discard(UPLOAD)
    assert any_store.idle_uploads(now + timedelta(hours=1)) == []
    with pytest.raises(UploadNotFound):
        any_store.received_bytes(UPLOAD)


def test_uploads_may_end_while_the_idle_ones_are_looked_for(any_store: EvidenceStore) -> None:
    def come_and_go() -> None:
        for _ in range(150):
            any_store.put(b"small")

    phones = [threading.Thread(target=come_and_go) for _ in range(2)]
    for phone in phones:
        phone.start()
    while any(phone.is_alive() for phone in phones):
        any_store.idle_uploads(datetime.now(UTC) + timedelta(hours=1))
    for phone in phones:
        phone.join()
    assert any_store.idle_uploads(datetime.now(UTC) + timedelta(hours=1)) == []


def test_a_chunk_at_the_wrong_place_is_refused_and_told_the_right_one(any_store: EvidenceStore) -> None:
    any_store.begin(UPLOAD)
    any_store.append(UPLOAD, 0, b"12345")
    for wrong in (0, 4, 6, -1):
        with pytest.raises(OffsetMismatch) as caught:
            any_store.append(UPLOAD, wrong, b"x")
        assert caught.value.current_bytes == 5
    assert any_store.received_bytes(UPLOAD) == 5


def test_a_stream_that_breaks_off_keeps_what_had_arrived(any_store: EvidenceStore) -> None:
    class Cut:
        def __init__(self) -> None:
            self.blocks = iter([b"a" * 1000, b"b" * 1000])

        def read(self, size: int, /) -> bytes:
            for block in self.blocks:
                return block
            raise ConnectionResetError("the phone went behind a hill")

    any_store.begin(UPLOAD)
    with pytest.raises(ConnectionResetError):
        any_store.append(UPLOAD, 0, Cut())
    assert any_store.received_bytes(UPLOAD) == 2000
    assert any_store.append(UPLOAD, 2000, b"c") == 2001


def test_a_stream_is_read_in_small_blocks_and_never_as_a_whole(any_store: EvidenceStore) -> None:
    asked: list[int] = []

    class Counting:
        def __init__(self) -> None:
            self.bytes_left = 5_000_000

        def read(self, size: int, /) -> bytes:
            asked.append(size)
            self.bytes_left -= (given := min(size, self.bytes_left))
            return bytes(given)

    any_store.begin(UPLOAD)
    assert any_store.append(UPLOAD, 0, Counting()) == 5_000_000
    assert 0 < min(asked) <= max(asked) <= 256 * 1024


@pytest.mark.parametrize("announced_bytes", [len(PHOTO) - 1, len(PHOTO) + 1])
def test_another_length_than_announced_leaves_the_upload_open(any_store: EvidenceStore, announced_bytes: int) -> None:
    any_store.begin(UPLOAD)
    any_store.append(UPLOAD, 0, PHOTO)
    with pytest.raises(SizeMismatch, match=str(len(PHOTO))):
        any_store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=announced_bytes)
    assert any_store.received_bytes(UPLOAD) == len(PHOTO)
    assert any_store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO)).sha256_hex == PHOTO_HEX


def test_what_is_not_there_is_named_as_missing(any_store: EvidenceStore) -> None:
    for act in (
        lambda: any_store.append(UPLOAD, 0, b"x"),
        lambda: any_store.received_bytes(UPLOAD),
        lambda: any_store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=1),
        lambda: any_store.discard(UPLOAD),
    ):
        with pytest.raises(UploadNotFound):
            act()
    for look in (any_store.open, any_store.size_bytes, any_store.verify):
        with pytest.raises(BytesNotFound):
            look(PHOTO_HEX)
    assert not any_store.has(PHOTO_HEX)


def test_only_one_request_writes_to_an_upload_at_a_time(any_store: EvidenceStore) -> None:
    writing, may_end = threading.Event(), threading.Event()

    class Slow:
        def read(self, size: int, /) -> bytes:
            if writing.is_set():
                return b""
            writing.set()
            may_end.wait(20)
            return b"slow"

    any_store.begin(UPLOAD)
    first = threading.Thread(target=any_store.append, args=(UPLOAD, 0, Slow()))
    first.start()
    assert writing.wait(20)
    try:
        for act in (
            lambda: any_store.append(UPLOAD, 0, b"quick"),
            lambda: any_store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=0),
            lambda: any_store.discard(UPLOAD),
        ):
            with pytest.raises(UploadBusy):
                act()
    finally:
        may_end.set()
        first.join()
    assert any_store.received_bytes(UPLOAD) == 4


def test_two_requests_that_finish_one_upload_both_end_well_or_ask_for_patience(any_store: EvidenceStore) -> None:
    for _ in range(20):
        any_store.begin(UPLOAD)
        any_store.append(UPLOAD, 0, PHOTO)
        outcomes: list[str] = []

        def finish(outcomes: list[str] = outcomes) -> None:
            try:
                outcomes.append(any_store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO)).sha256_hex)
            except UploadBusy:
                outcomes.append("busy")

        both = [threading.Thread(target=finish) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert PHOTO_HEX in outcomes
        assert set(outcomes) <= {PHOTO_HEX, "busy"}
    assert any_store.verify(PHOTO_HEX)


# -- checksums of pieces --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_chunk_that_is_not_what_its_checksum_says_leaves_nothing(any_store: EvidenceStore, algorithm: str) -> None:
    any_store.begin(UPLOAD)
    any_store.append(UPLOAD, 0, b"good")
    checksum = Checksum(algorithm, hashlib.new(algorithm, b"more").digest())
    with pytest.raises(ChecksumMismatch, match=algorithm):
        any_store.append(UPLOAD, 4, b"m0re", checksum=checksum)
    assert any_store.received_bytes(UPLOAD) == 4
    assert any_store.append(UPLOAD, 4, b"more", checksum=checksum) == 8


def test_a_checked_chunk_that_breaks_off_leaves_nothing(any_store: EvidenceStore) -> None:
    class Cut:
        def __init__(self) -> None:
            self.blocks = iter([b"half"])

        def read(self, size: int, /) -> bytes:
            for block in self.blocks:
                return block
            raise ConnectionResetError("the phone went behind a hill")

    any_store.begin(UPLOAD)
    with pytest.raises(ConnectionResetError):
        any_store.append(UPLOAD, 0, Cut(), checksum=Checksum("sha1", b""))
    assert any_store.received_bytes(UPLOAD) == 0


def test_an_unknown_kind_of_checksum_takes_nothing(any_store: EvidenceStore) -> None:
    any_store.begin(UPLOAD)
    with pytest.raises(UnknownChecksum, match="sha1 or sha256"):
        any_store.append(UPLOAD, 0, b"x", checksum=Checksum("md5", b""))
    assert any_store.received_bytes(UPLOAD) == 0


# -- originals, copies, and what is put aside -----------------------------------------------------------------------


def test_other_bytes_than_announced_are_no_original_and_may_be_sent_again(any_store: EvidenceStore) -> None:
    announced = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(HashMismatch) as caught:
        upload(any_store, announced=announced)
    assert (caught.value.expected_hex, caught.value.actual_hex) == (announced, PHOTO_HEX)
    assert not any_store.has(announced)
    assert not any_store.has(PHOTO_HEX)
    assert upload(any_store) == Stored(PHOTO_HEX, len(PHOTO)), "sent again it is judged anew"


def test_the_same_photo_twice_is_one_original(any_store: EvidenceStore) -> None:
    assert upload(any_store, upload_id=UPLOAD) == upload(any_store, upload_id=OTHER)
    assert list(any_store.walk()) == [PHOTO_HEX]


def test_when_an_upload_was_written_to_is_known(any_store: EvidenceStore) -> None:
    any_store.begin(UPLOAD)
    any_store.append(UPLOAD, 0, b"x")
    assert abs(datetime.now(UTC) - any_store.touched_utc(UPLOAD)) < timedelta(minutes=5)
    with pytest.raises(UploadNotFound):
        any_store.touched_utc(OTHER)


def test_derived_copies_are_listed_and_may_be_removed(any_store: EvidenceStore) -> None:
    other_hex = any_store.put(b"another").sha256_hex
    upload(any_store)
    for sha256_hex, name in ((PHOTO_HEX, "display.jpg"), (PHOTO_HEX, "small.jpg"), (other_hex, "display.jpg")):
        any_store.put_derived(sha256_hex, name, b"a copy")
    listed = sorted([(PHOTO_HEX, "display.jpg"), (PHOTO_HEX, "small.jpg"), (other_hex, "display.jpg")])
    assert list(any_store.walk_derived()) == listed
    for _ in range(2):
        any_store.remove_derived(PHOTO_HEX, "small.jpg")
    assert list(any_store.walk_derived()) == [copy for copy in listed if copy[1] != "small.jpg"]
    assert any_store.has(PHOTO_HEX)


def test_removal_by_rule_takes_copies_and_original_and_may_be_repeated(any_store: EvidenceStore) -> None:
    other_hex = any_store.put(b"another").sha256_hex
    upload(any_store)
    any_store.put_derived(PHOTO_HEX, "display.jpg", b"a copy")
    assert any_store.holds_any(PHOTO_HEX)
    for _ in range(2):
        any_store.remove(PHOTO_HEX)
        assert not any_store.holds_any(PHOTO_HEX)
        assert list(any_store.walk()) == [other_hex]
        assert list(any_store.walk_derived()) == []


@pytest.mark.parametrize("left", ["copy", "set aside"])
def test_removal_by_rule_takes_what_is_left_without_an_original(any_store: EvidenceStore, left: str) -> None:
    if left == "copy":
        any_store.put_derived(PHOTO_HEX, "display.jpg", b"a copy")
    else:
        any_store.begin(UPLOAD)
        any_store.append(UPLOAD, 0, PHOTO)
        with pytest.raises(HashMismatch):
            any_store.finish(UPLOAD, sha256_hex="0" * 64, size_bytes=len(PHOTO))
    assert any_store.holds_any(PHOTO_HEX)
    any_store.remove(PHOTO_HEX)
    assert not any_store.holds_any(PHOTO_HEX)


@pytest.mark.parametrize("name", ["", "..", "a/b", "A.jpg", "照片"])
def test_a_copy_is_called_by_a_plain_name(any_store: EvidenceStore, name: str) -> None:
    for act in (
        lambda: any_store.put_derived(PHOTO_HEX, name, b"x"),
        lambda: any_store.open_derived(PHOTO_HEX, name),
        lambda: any_store.remove_derived(PHOTO_HEX, name),
    ):
        with pytest.raises(BadName):
            act()


@pytest.mark.parametrize("sha256_hex", ["", "..", "A" * 64, "0" * 63, "0" * 64 + "/"])
def test_a_name_that_is_no_hash_is_refused(any_store: EvidenceStore, sha256_hex: str) -> None:
    for look in (any_store.open, any_store.has, any_store.size_bytes, any_store.verify, any_store.remove):
        with pytest.raises(BadName):
            look(sha256_hex)

"""Bytes go in once, stay as they are, and survive the process being ended at any step."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import media
from media.errors import (
    BadName,
    BytesNotFound,
    HashMismatch,
    OffsetMismatch,
    SizeMismatch,
    StoreError,
    StoreUnavailable,
    UploadBusy,
    UploadComplete,
    UploadNotFound,
)
from media.store import LocalStore, Stored
from tests.media.store.photo import OTHER, PHOTO, PHOTO_HEX, UPLOAD, content, upload

CHECKOUT = Path(str(media.__file__)).parent.parent

FINISH_STEPS = ["hashed", "sealed", "placed", "linked", "kept", "unlinked", "finished"]


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


def files_in(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


# -- the straight way ---------------------------------------------------------------------------------------------


def test_an_original_lies_where_its_hash_says_and_is_read_only(store: LocalStore, tmp_path: Path) -> None:
    upload(store)
    path = tmp_path / "evidence" / "sha256" / PHOTO_HEX[:2] / PHOTO_HEX[2:4] / PHOTO_HEX
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert path.stat().st_nlink == 1
    assert files_in(tmp_path / "evidence" / "uploads") == []


def test_the_same_photo_from_two_phones_is_kept_once(store: LocalStore, tmp_path: Path) -> None:
    assert upload(store, upload_id=UPLOAD) == upload(store, upload_id=OTHER)
    assert list(store.walk()) == [PHOTO_HEX]
    assert len(files_in(tmp_path / "evidence")) == 1


# -- what does not fit --------------------------------------------------------------------------------------------


def test_other_bytes_than_announced_are_kept_aside_under_their_real_hash(store: LocalStore, tmp_path: Path) -> None:
    announced = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(HashMismatch) as caught:
        upload(store, announced=announced)
    assert (caught.value.expected_hex, caught.value.actual_hex) == (announced, PHOTO_HEX)
    assert (tmp_path / "evidence" / "quarantine" / PHOTO_HEX).read_bytes() == PHOTO
    assert not store.has(announced)
    assert not store.has(PHOTO_HEX)
    assert upload(store) == Stored(PHOTO_HEX, len(PHOTO)), "sent again it is judged anew"


@pytest.mark.parametrize(
    "upload_id",
    ["", "..", "../sha256", "/etc/passwd", UPLOAD.upper(), UPLOAD + "\n", UPLOAD + "\0", "{" + UPLOAD + "}", "a" * 36],
)
def test_an_upload_id_that_is_no_uuid_touches_nothing(store: LocalStore, tmp_path: Path, upload_id: str) -> None:
    for act in (
        lambda: store.begin(upload_id),
        lambda: store.append(upload_id, 0, b"x"),
        lambda: store.received_bytes(upload_id),
        lambda: store.finish(upload_id, sha256_hex=PHOTO_HEX, size_bytes=1),
        lambda: store.discard(upload_id),
    ):
        with pytest.raises(BadName):
            act()
    assert files_in(tmp_path) == []


@given(st.text(max_size=70))
def test_a_hash_that_is_none_is_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    store = LocalStore(tmp_path_factory.getbasetemp() / "names")
    for look in (store.open, store.has, store.size_bytes, store.verify):
        with pytest.raises(BadName):
            look(text)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/a", ".hidden", "A.jpg", "a.jpg\n", "照片"])
def test_a_derived_name_cannot_leave_its_place(store: LocalStore, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        store.put_derived(PHOTO_HEX, name, b"x")
    assert files_in(tmp_path) == []


def test_a_link_planted_among_the_uploads_is_not_followed(store: LocalStore, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    (tmp_path / "evidence" / "uploads" / UPLOAD).symlink_to(victim)
    with pytest.raises(StoreUnavailable):
        store.append(UPLOAD, 9, b"!")
    assert victim.read_bytes() == b"untouched"


# -- spoiled disks ------------------------------------------------------------------------------------------------


def spoil(root: Path, sha256_hex: str) -> Path:
    path = root / "evidence" / "sha256" / sha256_hex[:2] / sha256_hex[2:4] / sha256_hex
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff")
    return path


def test_one_changed_byte_is_found(store: LocalStore, tmp_path: Path) -> None:
    upload(store)
    spoil(tmp_path, PHOTO_HEX)
    assert not store.verify(PHOTO_HEX)


def test_a_spoiled_original_is_healed_when_its_bytes_are_sent_again(store: LocalStore, tmp_path: Path) -> None:
    upload(store)
    spoiled = spoil(tmp_path, PHOTO_HEX).read_bytes()
    upload(store, upload_id=OTHER)
    assert content(store, PHOTO_HEX) == PHOTO
    aside = tmp_path / "evidence" / "quarantine" / hashlib.sha256(spoiled).hexdigest()
    assert aside.read_bytes() == spoiled


def test_an_unmounted_store_says_so_instead_of_saying_no(store: LocalStore, tmp_path: Path) -> None:
    upload(store)
    (tmp_path / "evidence").rename(tmp_path / "unmounted")
    for act in (
        lambda: store.has(PHOTO_HEX),
        lambda: store.open(PHOTO_HEX),
        lambda: list(store.walk()),
        lambda: store.begin(UPLOAD),
        lambda: store.received_bytes(UPLOAD),
        lambda: store.append(UPLOAD, 0, b"x"),
        lambda: store.put_derived(PHOTO_HEX, "display.jpg", b"x"),
    ):
        with pytest.raises(StoreUnavailable):
            act()


def test_a_store_that_must_be_there_is_not_begun_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "mount point").mkdir()
    with pytest.raises(StoreUnavailable, match="not reachable"):
        LocalStore(tmp_path / "mount point", create=False)
    assert files_in(tmp_path) == []
    LocalStore(tmp_path / "mount point")
    LocalStore(tmp_path / "mount point", create=False)


def test_a_place_that_cannot_hold_a_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(StoreUnavailable):
        LocalStore(tmp_path / "file")


def in_another_process(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program against the real package, as a server process would."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_full_disk_acknowledges_nothing_and_keeps_what_was_durable(tmp_path: Path) -> None:
    # The kernel's limit on file size refuses the write half way, as a full disk does.
    program = """
        import resource, sys
        from pathlib import Path
        from media.errors import StoreUnavailable
        from media.store import LocalStore
        store = LocalStore(Path(sys.argv[1]))
        store.begin(sys.argv[2])
        store.append(sys.argv[2], 0, b"a" * 100_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
        for act in (lambda: store.append(sys.argv[2], 100_000, b"b" * 100_000),
                    lambda: store.put(b"c" * 200_000),
                    lambda: store.put_derived("0" * 64, "display.jpg", b"d" * 200_000)):
            try:
                act()
            except StoreUnavailable as error:
                print(type(error.__cause__).__name__, store.received_bytes(sys.argv[2]))
    """
    done = in_another_process(program, str(tmp_path / "evidence"), UPLOAD)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["OSError 100000"] * 3
    store = LocalStore(tmp_path / "evidence")
    assert store.append(UPLOAD, 100_000, b"b" * 100_000) == 200_000
    assert list(store.walk()) == []
    with pytest.raises(BytesNotFound):
        store.open_derived("0" * 64, "display.jpg")


# -- many at once -------------------------------------------------------------------------------------------------


def test_another_process_is_kept_out_too(store: LocalStore, tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from media.errors import UploadBusy
        from media.store import LocalStore
        try:
            LocalStore(Path(sys.argv[1])).append(sys.argv[2], 0, b"x")
        except UploadBusy:
            print("busy")
    """
    outputs: list[str] = []

    class Asking:
        def read(self, size: int, /) -> bytes:
            if not outputs:
                outputs.append(in_another_process(program, str(tmp_path / "evidence"), UPLOAD).stdout)
            return b""

    store.begin(UPLOAD)
    store.append(UPLOAD, 0, Asking())
    assert outputs == ["busy\n"]


def test_eight_phones_with_one_photo_all_succeed(store: LocalStore, tmp_path: Path) -> None:
    results: list[Stored] = []
    phones = [
        threading.Thread(target=lambda: results.append(upload(store, upload_id=str(uuid.uuid4())))) for _ in range(8)
    ]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    assert results == [Stored(PHOTO_HEX, len(PHOTO))] * 8
    assert len(files_in(tmp_path / "evidence")) == 1


# -- the process ends at a step -----------------------------------------------------------------------------------

DYING = """
    import os, sys
    from pathlib import Path
    from media.errors import HashMismatch
    from media.store import LocalStore

    root, upload_id, announced, last_step = sys.argv[1:]
    photo = bytes(range(256)) * 1000

    def die_after(name):
        if name == last_step:
            os._exit(9)

    store = LocalStore(Path(root), step=die_after)
    store.begin(upload_id)
    print(store.append(upload_id, 0, photo), flush=True)
    try:
        store.finish(upload_id, sha256_hex=announced, size_bytes=len(photo))
    except HashMismatch:
        pass
    store.put_derived(announced, "display.jpg", b"copy")
"""


def test_the_steps_named_here_are_those_taken(tmp_path: Path) -> None:
    steps: list[str] = []
    store = LocalStore(tmp_path / "evidence", step=steps.append)
    upload(store, b"one block")
    assert steps == ["begun", "written", "appended", *FINISH_STEPS]
    steps.clear()
    with pytest.raises(HashMismatch):
        upload(store, b"one block", announced=PHOTO_HEX)
    assert steps[3:] == ["hashed", "sealed", "set aside", "unlinked", "finished"]


@pytest.mark.parametrize("last_step", ["begun", "written", "appended", *FINISH_STEPS, "drafted", "replaced"])
def test_a_photo_survives_the_server_dying_after(last_step: str, tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    died = in_another_process(DYING, str(root), UPLOAD, PHOTO_HEX, last_step)
    assert (died.returncode, died.stderr) == (9, "")
    store = LocalStore(root)
    acknowledged_bytes = int(died.stdout or 0)

    # The phone asks where it stands and goes on from there, as after any cut.
    try:
        received_bytes = store.received_bytes(UPLOAD)
        assert received_bytes >= acknowledged_bytes
    except UploadNotFound:
        assert store.has(PHOTO_HEX), "an upload may only be gone once its original is in place"
    else:
        if received_bytes < len(PHOTO):
            store.append(UPLOAD, received_bytes, PHOTO[received_bytes:])
    assert store.finish(UPLOAD, sha256_hex=PHOTO_HEX, size_bytes=len(PHOTO)) == Stored(PHOTO_HEX, len(PHOTO))
    assert content(store, PHOTO_HEX) == PHOTO
    assert list(store.walk()) == [PHOTO_HEX]
    store.put_derived(PHOTO_HEX, "display.jpg", b"copy")
    with store.open_derived(PHOTO_HEX, "display.jpg") as file:
        assert file.read() == b"copy"
    path = root / "sha256" / PHOTO_HEX[:2] / PHOTO_HEX[2:4] / PHOTO_HEX
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_nlink) == (0o444, 1)


@pytest.mark.parametrize("last_step", ["sealed", "placed", "linked", "kept"])
def test_a_sealed_upload_takes_no_more_bytes(last_step: str, tmp_path: Path) -> None:
    # After "linked" the upload and the original are one file: a further chunk would change the original.
    in_another_process(DYING, str(tmp_path / "evidence"), UPLOAD, PHOTO_HEX, last_step)
    store = LocalStore(tmp_path / "evidence")
    store.begin(UPLOAD)
    with pytest.raises(UploadComplete):
        store.append(UPLOAD, len(PHOTO), b"one byte more")
    assert store.received_bytes(UPLOAD) == len(PHOTO)


@pytest.mark.parametrize("last_step", ["hashed", "sealed", "set aside", "unlinked", "finished"])
def test_bytes_of_another_hash_survive_the_server_dying_after(last_step: str, tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    announced = hashlib.sha256(b"something else").hexdigest()
    assert in_another_process(DYING, str(root), UPLOAD, announced, last_step).returncode == 9
    store = LocalStore(root)
    with pytest.raises((HashMismatch, UploadNotFound)):
        store.finish(UPLOAD, sha256_hex=announced, size_bytes=len(PHOTO))
    assert (root / "quarantine" / PHOTO_HEX).read_bytes() == PHOTO
    assert not store.has(announced)


def test_every_error_of_the_store_is_one_of_its_own() -> None:
    for error in (BadName, BytesNotFound, HashMismatch, OffsetMismatch, SizeMismatch, StoreUnavailable, UploadBusy):
        assert issubclass(error, StoreError)


def test_the_store_runs_as_an_ordinary_user_too() -> None:
    if os.geteuid() != 0:
        pytest.skip("the other tests already run as an ordinary user")
    program = """
        import os, sys
        from pathlib import Path
        root = Path(sys.argv[1])
        os.chmod(root, 0o777)
        from media.errors import StoreUnavailable, UploadComplete
        from media.store import LocalStore
        os.setgid(65534); os.setuid(65534)

        class Stop(Exception):
            pass

        def stop_when_sealed(name):
            if name == "sealed":
                raise Stop

        store = LocalStore(root / "evidence", step=stop_when_sealed)
        store.begin(sys.argv[2])
        store.append(sys.argv[2], 0, b"photo")
        import hashlib
        digest = hashlib.sha256(b"photo").hexdigest()
        try:
            store.finish(sys.argv[2], sha256_hex=digest, size_bytes=5)
        except Stop:
            pass
        store = LocalStore(root / "evidence")
        store.begin(sys.argv[2])
        try:
            store.append(sys.argv[2], 5, b"more")
        except UploadComplete:
            print("complete")
        print(store.finish(sys.argv[2], sha256_hex=digest, size_bytes=5).size_bytes)
        os.chmod(root / "evidence" / "uploads", 0o555)
        try:
            store.begin(sys.argv[2])
        except StoreUnavailable as error:
            print(type(error.__cause__).__name__)
    """
    # The directories that pytest makes are closed to other accounts.
    with tempfile.TemporaryDirectory() as open_root:
        done = in_another_process(program, open_root, UPLOAD)
    assert (done.stderr, done.stdout.split()) == ("", ["complete", "5", "PermissionError"])

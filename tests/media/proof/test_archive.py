"""An archive has one spelling: what zip programs may do besides is refused, and no byte outside the members is free."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import ProofBroken
from media.proof import Archive, Member, archive_size_bytes, whole, write_archive

MEMBERS = [whole("a.json", b"{}"), whole("photos/b.jpg", b"\xff\xd8" + b"x" * 300), whole("empty", b"")]
DATA = b"".join(write_archive(MEMBERS))


def opened(data: bytes) -> Archive:
    return Archive(io.BytesIO(data))


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """The same by another program."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def test_what_was_written_is_read_and_its_length_was_known() -> None:
    archive = opened(DATA)
    assert archive.names == [member.name for member in MEMBERS]
    for member in MEMBERS:
        assert archive.read(member.name, most_bytes=1000) == b"".join(member.read())
    assert archive_size_bytes(MEMBERS) == len(DATA)
    with zipfile.ZipFile(io.BytesIO(DATA)) as other:
        assert other.testzip() is None


def test_every_flipped_byte_outside_the_members_is_told() -> None:
    inside: set[int] = set()
    for member in MEMBERS:
        data = b"".join(member.read())
        start = DATA.index(data) if data else 0
        inside |= set(range(start, start + len(data)))
    for place in set(range(len(DATA))) - inside:
        for bit in range(8):
            spoiled = bytearray(DATA)
            spoiled[place] ^= 1 << bit
            with pytest.raises(ProofBroken):
                opened(bytes(spoiled))


@pytest.mark.parametrize(
    "data",
    [
        zipped(("a.json", b"{}")),
        zipped(("a.json", b"x" * 10_000_000), how=zipfile.ZIP_DEFLATED),
        b"",
        b"PK",
        DATA[:-1],
        DATA + b"\x00",
        b"\x00" + DATA,
        DATA + DATA,
    ],
)
def test_what_another_program_packed_or_cut_is_refused(data: bytes) -> None:
    with pytest.raises(ProofBroken):
        opened(data)


@pytest.mark.parametrize(
    "names", [("../a",), ("/etc/a",), ("a/../b",), ("a", "a"), ("a.json", "A.JSON"), ("a b",), ("暗",)]
)
def test_names_that_lead_elsewhere_or_come_twice_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises((ProofBroken, UnicodeEncodeError)):
        opened(b"".join(write_archive([whole(name, b"1") for name in names])))


def test_a_member_that_is_not_as_long_as_it_was_said_is_refused() -> None:
    with pytest.raises(ProofBroken, match="not the 5"):
        list(write_archive([Member("a", 5, lambda: (b"1234",))]))


def test_a_large_member_is_not_read_whole() -> None:
    with pytest.raises(ProofBroken, match="larger"):
        opened(DATA).read("photos/b.jpg", most_bytes=10)
    with pytest.raises(ProofBroken, match="missing"):
        opened(DATA).read("c", most_bytes=10)


@given(st.binary(max_size=400))
def test_nonsense_is_no_archive(data: bytes) -> None:
    with pytest.raises(ProofBroken):
        opened(data)

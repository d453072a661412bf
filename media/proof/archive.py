"""Zip archives that have exactly one spelling: any unzip program reads them, and no byte of them can differ unseen.

Members are stored, not packed; times, flags and order are fixed. So a reader can say of every byte outside the members
what it must be, and a member cannot be a bomb, a way out of the folder, or there twice.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from media.errors import ProofBroken

MOST_MEMBERS = 5_000
LARGEST_ARCHIVE_BYTES = 2**32 - 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,99})?")
_BLOCK_BYTES = 256 * 1024
# Sizes come after the data (bit 3), so that a member can be sent before it was read to its end; names are UTF-8.
_VERSION, _FLAGS, _STORED, _TIME, _DATE = 20, 0x0808, 0, 0, 0x21
_LOCAL = struct.Struct("<4s5H3L2H")
_AFTER = struct.Struct("<4s3L")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


@dataclass(frozen=True)
class Member:
    """One file of an archive; ``read`` gives its bytes in blocks, once asked for."""

    name: str
    size_bytes: int
    read: Callable[[], Iterable[bytes]]


def whole(name: str, data: bytes) -> Member:
    """Return a member whose bytes are at hand."""
    return Member(name, len(data), lambda: (data,))


def archive_size_bytes(members: Iterable[Member]) -> int:
    """Return how long the archive of these members will be."""
    each = (_LOCAL.size + _AFTER.size + _CENTRAL.size + 2 * len(m.name) + m.size_bytes for m in members)
    return sum(each) + _END.size


def write_archive(members: list[Member]) -> Iterator[bytes]:
    """Yield the archive in blocks; a member is read only when its turn comes."""
    if len(members) > MOST_MEMBERS or archive_size_bytes(members) > LARGEST_ARCHIVE_BYTES:
        raise ProofBroken("this is too much for one archive (4 GiB, 5000 members)")
    at_byte, written = 0, []
    for member in members:
        yield _local(member.name)
        crc, size_bytes = 0, 0
        for block in member.read():
            crc, size_bytes = zlib.crc32(block, crc), size_bytes + len(block)
            yield block
        if size_bytes != member.size_bytes:
            raise ProofBroken(f"{member.name} has {size_bytes} bytes, not the {member.size_bytes} it was said to have")
        yield _AFTER.pack(b"PK\x07\x08", crc, size_bytes, size_bytes)
        written.append(_Entry(member.name, size_bytes, crc, at_byte))
        at_byte = written[-1].end_byte
    directory = b"".join(entry.central() for entry in written)
    yield directory
    yield _END.pack(b"PK\x05\x06", 0, 0, len(written), len(written), len(directory), at_byte, 0)


class Archive:
    """An archive that was found to be spelt right; what its members hold is still to be looked at."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the structure of ``file``, or raise :class:`ProofBroken` naming the first byte that is not right."""
        self._file = file
        self._entries = {entry.name: entry for entry in self._structure()}

    @property
    def names(self) -> list[str]:
        """The members, in their order."""
        return list(self._entries)

    def size_bytes(self, name: str) -> int:
        """Return the length of a member."""
        return self._entries[name].size_bytes

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member."""
        entry = self._entries[name]
        self._file.seek(entry.data_byte)
        left = entry.size_bytes
        while left:
            block = self._file.read(min(left, _BLOCK_BYTES))
            if not block:
                raise ProofBroken(f"the archive ends inside {name}")
            left -= len(block)
            yield block

    def read(self, name: str, *, most_bytes: int) -> bytes:
        """Return a member that must not be large."""
        if name not in self._entries:
            raise ProofBroken(f"{name} is missing from the bundle")
        if self.size_bytes(name) > most_bytes:
            raise ProofBroken(f"{name} is larger than such a file can be")
        return b"".join(self.blocks(name))

    def _structure(self) -> list[_Entry]:
        file_bytes = self._file.seek(0, 2)
        if not _END.size <= file_bytes <= LARGEST_ARCHIVE_BYTES:
            raise ProofBroken("this is no bundle: it is too short or too long to be one")
        end = self._take(file_bytes - _END.size, _END.size)
        _, _, _, _, count, directory_bytes, directory_byte, _ = _END.unpack(end)
        expected = _END.pack(b"PK\x05\x06", 0, 0, count, count, directory_bytes, directory_byte, 0)
        if end != expected or directory_byte + directory_bytes + _END.size != file_bytes or count > MOST_MEMBERS:
            raise ProofBroken("the end of the bundle is not as Shidi writes it: cut off, changed, or packed anew")
        entries = self._directory(directory_byte, directory_bytes, count)
        at_byte = 0
        for entry in entries:
            if entry.at_byte != at_byte or entry.end_byte > directory_byte:
                raise ProofBroken(f"the bundle has bytes that belong to no member, before {entry.name}")
            if self._take(at_byte, len(_local(entry.name))) != _local(entry.name):
                raise ProofBroken(f"the head of {entry.name} in the bundle was changed")
            if self._take(entry.end_byte - _AFTER.size, _AFTER.size) != entry.after():
                raise ProofBroken(f"the bytes after {entry.name} in the bundle were changed")
            at_byte = entry.end_byte
        if at_byte != directory_byte:
            raise ProofBroken("the bundle has bytes that belong to no member")
        return entries

    def _directory(self, at_byte: int, size_bytes: int, count: int) -> list[_Entry]:
        directory, place, entries = self._take(at_byte, size_bytes), 0, []
        seen: set[str] = set()
        for number in range(count):
            head = directory[place : place + _CENTRAL.size]
            if len(head) < _CENTRAL.size:
                raise ProofBroken("the list of members in the bundle is cut off")
            said = _CENTRAL.unpack(head)
            crc, length, name_bytes, local_byte = said[7], said[8], said[10], said[16]
            raw = directory[place + _CENTRAL.size : place + _CENTRAL.size + name_bytes]
            name = raw.decode("ascii", "replace")
            if not _NAME.fullmatch(name):
                raise ProofBroken(f"member {number + 1} of the bundle has a name that no member has")
            if name.lower() in seen:
                raise ProofBroken(f"the bundle holds {name} twice")
            seen.add(name.lower())
            entry = _Entry(name, length, crc, local_byte)
            if directory[place : place + _CENTRAL.size + name_bytes] != entry.central():
                raise ProofBroken(f"the entry of {name} in the bundle's list is not as Shidi writes it")
            entries.append(entry)
            place += _CENTRAL.size + name_bytes
        if place != size_bytes:
            raise ProofBroken("the list of members in the bundle has bytes too many")
        return entries

    def _take(self, at_byte: int, count: int) -> bytes:
        self._file.seek(at_byte)
        return self._file.read(count)


@dataclass(frozen=True)
class _Entry:
    name: str
    size_bytes: int
    crc: int
    at_byte: int

    @property
    def data_byte(self) -> int:
        return self.at_byte + len(_local(self.name))

    @property
    def end_byte(self) -> int:
        return self.data_byte + self.size_bytes + _AFTER.size

    def after(self) -> bytes:
        return _AFTER.pack(b"PK\x07\x08", self.crc, self.size_bytes, self.size_bytes)

    def central(self) -> bytes:
        name = self.name.encode("ascii")
        sizes = (self.crc, self.size_bytes, self.size_bytes)
        shape = (_VERSION, _VERSION, _FLAGS, _STORED, _TIME, _DATE)
        return _CENTRAL.pack(b"PK\x01\x02", *shape, *sizes, len(name), 0, 0, 0, 0, 0, self.at_byte) + name


def _local(name: str) -> bytes:
    raw = name.encode("ascii")
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, _FLAGS, _STORED, _TIME, _DATE, 0, 0, 0, len(raw), 0) + raw

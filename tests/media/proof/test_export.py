"""An export opens with the server's key only, whole or not at all, and in pieces."""

import io
import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.errors import UnreadableExport
from media.proof import DeviceKey, OpenedExport, key_id, new_device_key, open_export, private_bytes, read_head
from tests.phone_exports import container, sealed

KEY = new_device_key()
KID = key_id(KEY.public_jwk)
MANIFEST = {"visits": []}
PHOTOS = [b"first", b"second " * 30_000]
WHOLE = sealed(KID, KEY.public_jwk, container(MANIFEST, PHOTOS))


def opened(data: bytes, key: DeviceKey = KEY) -> OpenedExport:
    file = io.BytesIO(data)
    return open_export(file, read_head(file), key)


def read_all(export: OpenedExport, *sizes: int) -> list[bytes]:
    found = []
    for size_bytes in sizes:
        part, pieces = export.part(size_bytes), []
        while piece := part.read(1000):
            pieces.append(piece)
        found.append(b"".join(pieces))
    return found


def test_what_was_sealed_comes_out() -> None:
    export = opened(WHOLE)
    assert json.loads(export.manifest) == MANIFEST
    assert export.left_bytes == sum(map(len, PHOTOS))
    assert read_all(export, *map(len, PHOTOS)) == PHOTOS
    assert export.left_bytes == 0


def test_a_photo_can_be_passed_over() -> None:
    export = opened(WHOLE)
    export.part(len(PHOTOS[0])).skip()
    assert read_all(export, len(PHOTOS[1])) == [PHOTOS[1]]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=200_000), max_size=3))
def test_photos_of_any_length_come_out(photos: list[bytes]) -> None:
    export = opened(sealed(KID, KEY.public_jwk, container({}, photos)))
    assert read_all(export, *map(len, photos)) == photos


def test_white_space_between_its_parts_does_no_harm() -> None:
    spaced = json.dumps(json.loads(WHOLE), indent=2).encode() + b"\n"
    assert json.loads(opened(spaced).manifest) == MANIFEST


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(UnreadableExport):
        opened(WHOLE, new_device_key())


def test_another_name_of_the_key_does_not_open_it() -> None:
    other = key_id(new_device_key().public_jwk)
    with pytest.raises(UnreadableExport):
        opened(WHOLE.replace(KID.encode(), other.encode()))


@pytest.mark.parametrize("kept", [0, 10, 300, 1000, len(WHOLE) // 2, len(WHOLE) - 3, len(WHOLE) - 2, len(WHOLE) - 1])
def test_a_file_that_was_cut_off_does_not_open(kept: int) -> None:
    with pytest.raises(UnreadableExport):
        opened(WHOLE[:kept])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_flipped_byte_never_gives_anything_else_than_what_was_sealed(place: int, flip: int) -> None:
    changed = bytearray(WHOLE)
    changed[place] ^= flip
    try:
        export = opened(bytes(changed))
    except UnreadableExport:
        return
    # A space changed into another space, or the unused bits at the end of a base64 text.
    assert json.loads(export.manifest) == MANIFEST
    assert read_all(export, *map(len, PHOTOS)) == PHOTOS


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 5000,
        b'{"shidi": "phone-export/2", "ciphertext": ""}',
        b'{"shidi": "phone-export/1", "ciphertext": ""}',
        b'["ciphertext": "',
        b"[" * 3000 + b'"ciphertext":"',
        WHOLE + b"more",
        WHOLE.replace(b'"ciphertext": "', b'"ciphertext": "!!!!'),
        WHOLE.replace(b'"iv": "', b'"iv": "AAAA'),
        WHOLE.replace(b'"crv": "P-256"', b'"crv": "P-521"'),
        WHOLE.replace(KID.encode(), b"\\u0000" * 43),
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_is_no_export_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UnreadableExport):
        opened(data)


@pytest.mark.parametrize("plaintext", [b"", b"\x00\x00", b"\x00\x00\x00\x09{}", b"\xff\xff\xff\xff{}"])
def test_a_manifest_that_lies_about_its_length_is_refused(plaintext: bytes) -> None:
    with pytest.raises(UnreadableExport):
        opened(sealed(KID, KEY.public_jwk, plaintext))


def test_the_rest_of_a_part_beyond_the_end_is_empty() -> None:
    export = opened(sealed(KID, KEY.public_jwk, container({}, [b"abc"])))
    assert read_all(export, 10) == [b"abc"]


MEASURE = """
import resource, sys
from media.proof import open_export, read_head, read_private
key = read_private(bytes.fromhex(sys.argv[2]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[1], "rb") as file:
    export = open_export(file, read_head(file), key)
    size_bytes = sum(len(piece) for piece in iter(lambda: export.read(65536), b""))
print(size_bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_export_is_never_held_as_a_whole(tmp_path: Path) -> None:
    photo = secrets.token_bytes(1024 * 1024)
    path = tmp_path / "large.shidi"
    path.write_bytes(sealed(KID, KEY.public_jwk, container({}, [photo] * 60)))
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), private_bytes(KEY).hex()], capture_output=True, text=True, check=True
    )
    size_bytes, growth_kib = map(int, told.stdout.split())
    assert size_bytes == 60 * len(photo)
    assert growth_kib < 8 * 1024

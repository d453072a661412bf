"""exiftool as the referee: on real camera files it and ``read_photo`` say the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from media import PhotoFacts, read_photo
from tests.media.photo.camera_files import camera_files
from tests.media.photo.pictures import encoded

TAGS = (
    "Composite:GPSLatitude",
    "Composite:GPSLongitude",
    "Composite:GPSAltitude",
    "ExifIFD:DateTimeOriginal",
    "ExifIFD:OffsetTimeOriginal",
    "IFD0:Make",
    "IFD0:Model",
)

# Where we know better on purpose, with the reason we give.
OTHERWISE = {
    "2011-05-07.jpg": ("gps_stripped", {"GPSLatitude": 0, "GPSLongitude": 0, "GPSAltitude": 0}),
    "geodegrees_as_string.jpg": ("gps_unreadable", {"GPSLatitude": 52.0138888888889, "GPSLongitude": 11.0027777777778}),
    "all_ones.jpg": ("gps_unreadable", {}),
}


@pytest.fixture(scope="module")
def referee() -> str:
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("exiftool is missing (Debian: libimage-exiftool-perl)")
    return program


def told_by(program: str, paths: list[Path]) -> dict[str, dict[str, Any]]:
    """What exiftool says of each file, numbers as numbers, without the names of the files."""
    asked = subprocess.run(
        [program, "-quiet", "-json", "-n", *(f"-{tag}" for tag in TAGS), *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    rows = {Path(row.pop("SourceFile")).name: row for row in json.loads(asked.stdout)}
    assert len(rows) == len(paths), asked.stderr
    return rows


def written(folder: Path, files: dict[str, bytes]) -> list[Path]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def as_exiftool_would(facts: PhotoFacts) -> dict[str, Any]:
    """Our facts under exiftool's names; what is not known is left out, as there."""
    offset = facts.utc_offset
    minutes = None if offset is None else round(offset.total_seconds() / 60)
    said = {
        "GPSLatitude": facts.lat_deg,
        "GPSLongitude": facts.lon_deg,
        "GPSAltitude": facts.altitude_m,
        "DateTimeOriginal": facts.taken_at and f"{facts.taken_at:%Y:%m:%d %H:%M:%S}",
        "OffsetTimeOriginal": None
        if minutes is None
        else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}",
        "Make": facts.make,
        "Model": facts.model,
    }
    return {name: value for name, value in said.items() if value is not None}


def test_real_files_are_read_as_exiftool_reads_them(referee: str, tmp_path: Path) -> None:
    files = camera_files()
    told = told_by(referee, written(tmp_path, files))
    positions = 0
    for name, data in files.items():
        facts = read_photo(data)
        # A model called 6350 is written as a number.
        texts = {tag: str(told[name].get(tag, "")).strip() for tag in ("Make", "Model")}
        trimmed = {**told[name], **texts}
        expected = {tag: value for tag, value in trimmed.items() if value != ""}
        if name in OTHERWISE:
            oddity, theirs = OTHERWISE[name]
            assert oddity in facts.oddities, name
            for tag, value in theirs.items():
                assert expected.pop(tag) == pytest.approx(value), name
        else:
            assert facts.oddities == (), name
        assert as_exiftool_would(facts) == pytest.approx(expected, abs=1e-6), name
        positions += facts.lat_deg is not None
    assert (len(files), positions) == (37, 4)


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("north", "east", "altitude_m"), [("26.0751234", "119.2961", "123.4"), ("-33.8567", "-151.215", "-5.25")]
)
def test_what_exiftool_writes_is_read_in_every_format(
    referee: str, tmp_path: Path, kind: str, north: str, east: str, altitude_m: str
) -> None:
    path = tmp_path / f"photo.{kind.lower()}"
    # exiftool adds to a HEIC only what it can hang on an EXIF block that is there.
    path.write_bytes(encoded(kind=kind, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"))
    tags = {
        "EXIF:GPSLatitude": north.lstrip("-"),
        "EXIF:GPSLatitudeRef": "S" if north.startswith("-") else "N",
        "EXIF:GPSLongitude": east.lstrip("-"),
        "EXIF:GPSLongitudeRef": "W" if east.startswith("-") else "E",
        "EXIF:GPSAltitude": altitude_m.lstrip("-"),
        "EXIF:GPSAltitudeRef": "1" if altitude_m.startswith("-") else "0",
        "EXIF:GPSProcessingMethod": "GPS",
        "EXIF:DateTimeOriginal": "2026:11:18 10:00:00",
        "EXIF:OffsetTimeOriginal": "+08:00",
        "EXIF:Make": "华为",
        "EXIF:Model": "ALN-AL00",
    }
    subprocess.run(
        [referee, "-quiet", "-n", "-overwrite_original", *(f"-{k}={v}" for k, v in tags.items()), str(path)], check=True
    )
    [told] = told_by(referee, [path]).values()
    facts = read_photo(path)
    assert as_exiftool_would(facts) == pytest.approx(told, abs=1e-6)
    assert (facts.lat_deg, facts.lon_deg) == (pytest.approx(float(north)), pytest.approx(float(east)))
    assert (facts.make, facts.altitude_m) == ("华为", pytest.approx(float(altitude_m)))

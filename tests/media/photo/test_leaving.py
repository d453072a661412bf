"""The copy that leaves: what is covered is gone, what is written hides nothing, and no metadata goes along."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media import Box, Inspector, MediaError
from media.photo.leaving import leaving_copy
from tests.media.photo.pictures import MAKE, ascii_tag, encoded, exif_block, some_gps, some_scene

SHARES = Box(0.25, 0.5, 0.5, 0.75)


@pytest.fixture
def display_copy(tmp_path: Path) -> Path:
    path = tmp_path / "display.jpg"
    path.write_bytes(encoded(some_scene(1, 1280, 960), quality=90))
    return path


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_nothing_of_what_is_covered_is_left(display_copy: Path, tmp_path: Path) -> None:
    """Two pictures that differ only below the box make the same copy, byte for byte."""
    other = Image.open(display_copy).convert("RGB")
    other.paste((250, 20, 20), (330, 490, 630, 710))
    paths = [tmp_path / "one.png", tmp_path / "two.png"]
    Image.open(display_copy).convert("RGB").save(paths[0])
    other.save(paths[1])
    one, two = (leaving_copy(path, [SHARES], []) for path in paths)
    assert one == two
    assert leaving_copy(paths[0], [], []) != leaving_copy(paths[1], [], [])


def test_the_box_is_black_to_its_last_pixel_and_the_rest_is_as_it_was(display_copy: Path) -> None:
    before, after = (
        np.asarray(Image.open(display_copy).convert("RGB")),
        np.asarray(opened(leaving_copy(display_copy, [SHARES], []))),
    )
    assert after.shape == before.shape
    assert after[480:720, 320:640].max() < 48, "only the colours beside it, spread by JPEG"
    assert np.abs(after[:460].astype(int) - before[:460]).mean() < 4


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(0.999, 0.999, 1, 1), Box(0, 0, 0.0001, 0.0001)])
def test_boxes_at_the_edges_cover_at_least_a_pixel(tmp_path: Path, box: Box) -> None:
    path = tmp_path / "white.png"
    Image.new("RGB", (400, 300), "white").save(path)
    copy = np.asarray(opened(leaving_copy(path, [box], [])))
    assert copy.min() < 128


def test_the_lines_stand_below_the_picture(display_copy: Path) -> None:
    bare = opened(leaving_copy(display_copy, [], []))
    written = opened(leaving_copy(display_copy, [], ["寿宁县 下党乡 下党村", "2026-11-18 10:00"]))
    assert (written.width, written.height > bare.height) == (bare.width, True)
    strip = np.asarray(written.convert("L"))[bare.height + 8 :]
    assert 0.01 < (strip < 100).mean() < 0.3, "black on white"
    above = np.asarray(written)[: bare.height - 16].astype(int) - np.asarray(bare)[: bare.height - 16]
    assert np.abs(above).mean() < 1


def test_other_names_make_other_strips_and_rare_characters_are_drawn(display_copy: Path) -> None:
    strips = {leaving_copy(display_copy, [], [name]) for name in ("下党村", "上党村", "厝墘村", "䓖坑村", "〇村")}
    assert len(strips) == 5


def test_a_long_line_is_broken_and_a_small_picture_survives_it(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    some_scene(1, 60, 40).save(path)
    copy = opened(leaving_copy(path, [], ["0123456789" * 8]))
    assert copy.width == 60
    assert copy.height > 40 + 10 * 18


def test_no_metadata_goes_along(tmp_path: Path) -> None:
    path = tmp_path / "told.jpg"
    path.write_bytes(encoded(some_scene(1), exif=exif_block({MAKE: ascii_tag("HUAWEI")}, gps=some_gps()), comment=b"x"))
    copy = Image.open(io.BytesIO(leaving_copy(path, [], [])))
    assert dict(copy.getexif()) == {}
    assert set(copy.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_the_limited_process_makes_it(display_copy: Path, tmp_path: Path) -> None:
    with Inspector() as inspector:
        made = inspector.leaving_copy(display_copy, [SHARES], ["下党村"])
        assert made == leaving_copy(display_copy, [SHARES], ["下党村"])
        (tmp_path / "bad.jpg").write_bytes(b"<svg/>")
        with pytest.raises(MediaError):
            inspector.leaving_copy(tmp_path / "bad.jpg", [], [])
        assert inspector.inspect(display_copy).facts.width_px == 1280

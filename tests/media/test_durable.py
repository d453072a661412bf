"""Directories are made with their parents, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from media.durable import fsync_directory, make_directory


def test_a_directory_is_made_with_its_parents_and_may_be_there_already(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c"
    make_directory(path)
    make_directory(path)
    assert path.is_dir()


def test_only_directories_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        fsync_directory(tmp_path / "file")
    with pytest.raises(FileExistsError):
        make_directory(tmp_path / "file")

"""``shidi backup`` and ``shidi restore``: an installation in another folder is the same one, and keys travel apart."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import shidi
from tests.api.cli.folder import Folder


@pytest.fixture
def data(folder: Folder) -> Path:
    """A small installation."""
    return folder.data


def run(data: Path, *said: object) -> Result:
    return CliRunner().invoke(shidi, ["--data", str(data), *map(str, said)], obj={})


def root_told(output: str) -> str:
    (line,) = (line for line in output.splitlines() if "root " in line)
    return line.rpartition("root ")[2]


def test_backed_up_and_restored_with_the_key_that_was_kept_apart(data: Path, tmp_path: Path) -> None:
    made = run(data, "backup", tmp_path / "backup")
    assert made.exit_code == 0, made.output
    assert str(data / "master.key") in made.output
    key = shutil.copyfile(data / "master.key", tmp_path / "key-on-a-stick")
    elsewhere = tmp_path / "elsewhere"
    without = run(elsewhere, "restore", tmp_path / "backup")
    assert without.exit_code == 1
    assert "--key" in without.output
    assert not elsewhere.exists(), "no key of its own, which would open nothing"
    done = run(elsewhere, "restore", tmp_path / "backup", "--key", key)
    assert done.exit_code == 0, done.output
    assert root_told(done.output) == root_told(made.output)
    assert (elsewhere / "master.key").stat().st_mode & 0o777 == 0o600
    checked = run(elsewhere, "check")
    assert checked.exit_code == 0, checked.output
    assert root_told(checked.output) == root_told(made.output)


def test_nothing_is_overwritten_and_a_wrong_key_is_no_key(data: Path, tmp_path: Path) -> None:
    run(data, "backup", tmp_path / "backup")
    before = (data / "shidi.sqlite").read_bytes()
    again = run(data, "restore", tmp_path / "backup")
    assert again.exit_code == 1
    assert "never overwritten" in again.output
    assert (data / "shidi.sqlite").read_bytes() == before
    (tmp_path / "wrong").write_bytes(bytes(32))
    (tmp_path / "short").write_bytes(b"short")
    for name, sentence in (("wrong", "another master key"), ("short", "no master key")):
        refused = run(tmp_path / "elsewhere", "restore", tmp_path / "backup", "--key", tmp_path / name)
        assert refused.exit_code == 1
        assert sentence in refused.output
    assert not (tmp_path / "elsewhere").exists()


def test_a_backup_lies_outside_the_data_folder_and_of_something(data: Path, tmp_path: Path) -> None:
    inside = run(data, "backup", data / "backup")
    assert inside.exit_code == 2
    assert not (data / "backup").exists()
    nothing = run(tmp_path / "mistyped", "backup", tmp_path / "backup")
    assert nothing.exit_code == 1
    assert "nothing to back up" in nothing.output
    assert not (tmp_path / "mistyped").exists()
    for folder in (tmp_path / "nowhere", tmp_path):
        no_backup = run(tmp_path / "elsewhere", "restore", folder, "--key", data / "master.key")
        assert no_backup.exit_code == 1
        assert "Error: there is no" in no_backup.output

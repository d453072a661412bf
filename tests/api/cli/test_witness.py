"""What a second department does with nothing but the files it kept."""

from pathlib import Path

import pytest

from tests.api.cli.folder import Folder


def kept(folder: Folder, name: str) -> Path:
    path = folder.path / name
    answer = folder.run("checkpoint", "--out", path, login="root")
    assert answer.exit_code == 0, answer.output
    return path


def test_kept_files_are_proved_to_be_of_one_log(folder: Folder) -> None:
    first, second, third = (kept(folder, f"{n}.json") for n in range(3))
    answer = folder.run("witness", "check", third, first, "--against", second)
    assert answer.exit_code == 0, answer.output
    assert answer.output.count(": holds") == 3
    assert "nothing that an earlier one covers was changed" in answer.output


def test_a_changed_file_is_named(folder: Folder) -> None:
    first, second = (kept(folder, f"{n}.json") for n in range(2))
    second.write_bytes(second.read_bytes().replace(b"size ", b"sise ", 1))
    answer = folder.run("witness", "check", first, second)
    assert answer.exit_code == 1
    assert "1.json" in answer.output


def test_a_checkpoint_of_another_installation_contradicts(folder: Folder, tmp_path: Path) -> None:
    first = kept(folder, "first.json")
    other = Folder(tmp_path / "other")
    other.path.mkdir()
    other.run("bootstrap", "--login", "root", "--name", "管理员", "--division", "350924")
    answer = folder.run("witness", "check", first, kept(other, "second.json"))
    assert answer.exit_code == 1
    assert "two different logs" in answer.output


def test_a_witness_signs_with_a_key_of_its_own(folder: Folder) -> None:
    first = kept(folder, "first.json")
    said = [
        folder.run(
            *("witness", "sign", first, "--name", "县纪委"),
            *("--key", folder.path / "own.key", "--out", folder.path / "signed.json"),
        )
        for _ in range(2)
    ]
    assert [one.exit_code for one in said] == [0, 0]
    assert said[0].output == said[1].output, "the key is made once"
    assert (folder.path / "own.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("arguments", [("checkpoint",), ("checkpoint", "--as", "nobody")])
def test_a_checkpoint_is_asked_for_by_name(folder: Folder, arguments: tuple[str, ...]) -> None:
    assert folder.run(*arguments).exit_code != 0

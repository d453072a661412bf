"""The server's keys on the command line: exchanged by a named admin, never lost."""

from tests.api.cli.test_cli import Folder, folder

__all__ = ["folder"]


def test_an_exchanged_key_is_listed_beside_the_new_one(folder: Folder) -> None:
    first = folder.run("keys", "rotate", "--purpose", "checkpoint", login="root")
    assert first.exit_code == 0, first.output
    second = folder.run("keys", "rotate", "--purpose", "checkpoint", login="root")
    listed = folder.run("keys", "list").output.splitlines()
    assert [line.split()[0] for line in listed] == [one.output.split()[0] for one in (first, second)]
    assert [line.endswith("in use") for line in listed] == [False, True]


def test_nobody_exchanges_a_key_without_a_name(folder: Folder) -> None:
    answer = folder.run("keys", "rotate", "--purpose", "receipt")
    assert answer.exit_code == 2
    assert folder.run("keys", "list").output == ""

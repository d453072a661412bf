"""The server's keys on the command line: exchanged by a named admin, never lost."""

from tests.api.cli.folder import Folder


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


def test_a_new_master_key_takes_the_place_of_the_old_one_and_a_cut_run_is_finished(folder: Folder) -> None:
    assert folder.run("keys", "rotate", "--purpose", "checkpoint", login="root").exit_code == 0
    key, old_key = folder.data / "master.key", folder.data / "master.key.old"
    before, listed = key.read_bytes(), folder.run("keys", "list").output
    done = folder.run("keys", "exchange-master", login="root")
    assert done.exit_code == 0, done.output
    made = key.read_bytes()
    assert made != before == old_key.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    assert folder.run("keys", "list").output == listed
    assert folder.run("checkpoint", login="root").exit_code == 0, "the pair still signs"
    # As if the machine had stopped after the database, before the files.
    key.rename(folder.data / "master.key.new")
    old_key.rename(key)
    again = folder.run("keys", "exchange-master", login="root")
    assert again.exit_code == 0, again.output
    assert "sealed anew" not in again.output
    assert key.read_bytes() == made
    assert folder.run("checkpoint", login="root").exit_code == 0

"""A backup while two phones send, killed on its way and run again: elsewhere it is the same installation."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from demo.server import Server, environment, shidi
from tests.reliability.quick import CHECKOUT
from tests.reliability.rig import Load, incomplete_visits, tally, wait_until_judged

VISITS_MEANWHILE = 4
KILLED_AT = ("records-*", "evidence/sha256/*/*/*")


def test_a_backup_that_is_killed_under_load_and_run_again_is_whole(server: Server, tmp_path: Path) -> None:
    load = Load(server.data_dir, server, tmp_path / "phones")
    load.make_visit()
    enough = threading.Event()

    def keep_busy() -> None:
        for _ in range(VISITS_MEANWHILE):
            if not enough.is_set():
                load.make_visit()

    folder = tmp_path / "backup"
    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        for seen in KILLED_AT:
            kill_a_backup(server.data_dir, folder, once_there_is=seen)
            assert not (folder / "backup.json").exists()
        acknowledged = {receipt["sha256"] for phone in list(load.phones) for receipt in phone.receipts().values()}
        shidi(server.data_dir, "backup", str(folder))
    finally:
        enough.set()
        busy.join()
    assert load.errors == []
    server.kill()
    said = json.loads((folder / "backup.json").read_text())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copyfile(server.data_dir / "assignments", elsewhere / "assignments")
    shidi(elsewhere, "restore", str(folder), "--key", str(server.data_dir / "master.key"))
    checked = shidi(elsewhere, "check").text
    assert f"root {said['log_root']}" in checked
    assert "all is there and unchanged" in checked
    assert acknowledged, "there was something to lose"
    # What came after the backup is still on the phones, which send it to the restored server.
    with Server(elsewhere, server.port):
        for phone in load.phones:
            results = phone.send_records(phone.records())
            before = [one for one in results if one["sha256"] in acknowledged]
            assert {one["outcome"] for one in before} <= {"same"}, "what was acknowledged before is in the backup"
            phone.send_photos(phone.delivered_photos())
        wait_until_judged(elsewhere, at_most_s=300)
        assert incomplete_visits(elsewhere, load.phones) == []
        told = tally(elsewhere, [])
        assert (told.doubles, told.findings) == ((), ())


def kill_a_backup(data_dir: Path, folder: Path, *, once_there_is: str) -> None:
    """Start a backup and kill it once the folder has something like this."""
    command = [sys.executable, "-m", "wsgi", "backup", str(folder)]
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment(data_dir), stdout=subprocess.DEVNULL) as backup:
        give_up_at = time.monotonic() + 120
        while not any(folder.glob(once_there_is)):
            assert backup.poll() is None, "the backup ended before it could be killed"
            assert time.monotonic() < give_up_at
            time.sleep(0.001)
        os.kill(backup.pid, signal.SIGKILL)

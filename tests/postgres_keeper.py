"""Runs one throw-away PostgreSQL for a test run, until the last process of that run is gone.

Started by ``tests.components`` as a process of its own. Every test process holds a shared lock on ``users``; the
kernel drops it however that process ends. Once this keeper gets the lock exclusively, nobody is left: it stops the
server by its process id and removes the folder. So a killed worker or a killed test run leaves no server behind.
"""

import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg

START_SECONDS = 60


def keep(programs: Path, folder: Path) -> None:
    """Start a server in ``folder``, write its address or its failure there, stop it when its users are gone."""
    # Opened before anything else: the process that started us holds its own lock until we have said how it went.
    with (folder / "users").open("a") as users:
        server = None
        try:
            server, address = _start(programs, folder / "cluster")
            _publish(folder / "address", address)
        except Exception as reason:
            _publish(folder / "failure", f"{type(reason).__name__}: {reason}")
        fcntl.flock(users, fcntl.LOCK_EX)
        if server is not None:
            server.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _start(programs: Path, cluster: Path) -> tuple["subprocess.Popen[bytes]", str]:
    account = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root.
    if account is not None:
        owner = pwd.getpwnam(account)
        os.chown(cluster, owner.pw_uid, owner.pw_gid)
    log = (cluster.parent / "log").open("wb")
    data = cluster / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "shidi", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
        check=True,
        cwd=cluster,
        stdout=log,
        stderr=log,
        user=account,
        group=account,
        extra_groups=[] if account else None,
    )
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 200,
        "shared_buffers": "64MB",
        "autovacuum": "off",
        # What it writes stays small where the folder is in memory.
        "max_wal_size": "256MB",
    }
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
        cwd=cluster,
        stdout=log,
        stderr=log,
        user=account,
        group=account,
        extra_groups=[] if account else None,
        preexec_fn=_end_with_parent,
    )
    address = f"postgresql://shidi@127.0.0.1:{port}/postgres"
    try:
        _wait_until_it_answers(server, address)
        _make_template(address)
    except BaseException:
        server.kill()
        raise
    return server, address


def _end_with_parent() -> None:
    """Ask Linux to stop the server if the keeper itself is killed; elsewhere there is no such request."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # 1 is PR_SET_PDEATHSIG


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(server: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(address, connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _make_template(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("create database shidi_template")
    with psycopg.connect(address.rsplit("/", 1)[0] + "/shidi_template", autocommit=True) as template:
        template.execute("create extension postgis")
        # Its table of 8,500 reference systems would be copied into every database.
        template.execute("delete from spatial_ref_sys where srid not in (4326, 4490)")
        template.execute("vacuum full spatial_ref_sys")


def _publish(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.rename(path)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), Path(sys.argv[2]))

"""The bad network: it cuts where it was told to, as often as it was told to, and then lets everything through."""

import socket
import threading
from collections.abc import Iterator

import pytest

from demo.cutter import Cutter


@pytest.fixture
def sink() -> Iterator[tuple[int, list[bytes]]]:
    """A server that keeps what each connection brought, and says ``ok`` when a connection's sender is done."""
    kept: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                data = b""
                try:
                    while piece := connection.recv(65536):
                        data += piece
                    connection.sendall(b"ok")
                except OSError:
                    pass
                kept.append(data)

    thread = threading.Thread(target=serve)
    thread.start()
    yield int(listener.getsockname()[1]), kept
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def send(port: int, data: bytes, *, timeout_s: float = 5.0) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(10)


def test_it_cuts_after_so_many_bytes_and_then_no_more(sink: tuple[int, list[bytes]]) -> None:
    port, kept = sink
    with Cutter(port, cut_after_bytes=[100_000, 50_000]) as cutter:
        for _ in range(2):
            with pytest.raises(OSError):
                send(cutter.port, bytes(5_000_000))
        assert cutter.cuts == 2
        assert send(cutter.port, bytes(300_000)) == b"ok"
    assert len(kept[-1]) == 300_000
    assert [len(data) for data in kept[:-1]] <= [100_000, 50_000]


def test_it_passes_answers_back_unchanged(sink: tuple[int, list[bytes]]) -> None:
    port, kept = sink
    with Cutter(port, cut_after_bytes=[]) as cutter:
        assert send(cutter.port, b"hello") == b"ok"
    assert kept == [b"hello"]
    assert cutter.cuts == 0


def test_it_is_gone_when_its_block_ends(sink: tuple[int, list[bytes]]) -> None:
    port, _ = sink
    with Cutter(port, cut_after_bytes=[]) as cutter:
        gone = cutter.port
    with pytest.raises(OSError):
        send(gone, b"hello")


def test_it_stops_by_itself_after_its_time(sink: tuple[int, list[bytes]]) -> None:
    port, kept = sink
    with Cutter(port, cut_after_bytes=[], lifetime_s=0.0) as cutter, pytest.raises(OSError):
        send(cutter.port, b"hello", timeout_s=0.5)
    assert kept == []

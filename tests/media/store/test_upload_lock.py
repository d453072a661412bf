"""The lock of an upload ends with the request that held it."""

import contextlib
import io
import os
from pathlib import Path

from media.store import LocalStore

UPLOAD = "0192f3a4-5b6c-7d8e-9f00-112233445566"


def test_a_process_that_is_started_meanwhile_does_not_keep_an_upload_busy(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "evidence")
    copies: list[int] = []

    class Stream(io.BytesIO):
        """Copies every descriptor of the upload while the store reads, as a fork in another thread does."""

        def read(self, size: int | None = -1, /) -> bytes:
            for number in Path("/proc/self/fd").iterdir():
                with contextlib.suppress(OSError):
                    if number.readlink().name == UPLOAD:
                        copies.append(os.dup(int(number.name)))
            return super().read(size)

    store.begin(UPLOAD)
    try:
        store.append(UPLOAD, 0, Stream(b"first"))
        assert copies
        assert store.append(UPLOAD, 5, b"second") == 11
    finally:
        for copy in copies:
            os.close(copy)

"""The front door is cheap to open, and everything it names is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import media

CHECKOUT = Path(str(media.__file__)).parent.parent


def modules_after(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sorted(sys.modules), sep='\\n')"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("statement", "not_loaded"),
    [
        ("import media", {"PIL", "pillow_heif", "cryptography", "numpy", "scipy", "pandas"}),
        ("import media.store, media.proof", {"PIL", "pillow_heif", "numpy", "scipy", "pandas"}),
        ("from media import read_photo", {"pillow_heif", "numpy", "scipy", "pandas"}),
        ("from media import fingerprints", {"scipy", "pandas"}),
    ],
)
def test_a_door_loads_only_what_stands_behind_it(statement: str, not_loaded: set[str]) -> None:
    assert not modules_after(statement) & not_loaded


def test_every_public_name_is_there() -> None:
    for name in media.__all__:
        assert getattr(media, name) is not None
    with pytest.raises(AttributeError):
        media.no_such_name  # noqa: B018

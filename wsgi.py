"""Builds Shidi from the environment: ``application`` for a WSGI server, ``command_line`` for the ``shidi`` command.

This is the only module that reads the environment.
"""

import gc
import os
from typing import TYPE_CHECKING

# Before numpy is loaded: the threads of its matrix products wait for each other in busy loops, which on a busy machine
# takes several times the processor time of the products themselves. Whoever has cores to spare may set another number.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What is loaded stays; to search it for cycles again and again while it comes is a fifth of the time until it is here.
gc.disable()

from api.app import create_app  # noqa: E402
from api.settings import read_settings  # noqa: E402

gc.enable()

if TYPE_CHECKING:
    from flask import Flask


def __getattr__(name: str) -> "Flask":
    """Make ``application`` when a server asks for it; importing this module alone opens no database."""
    if name not in ("application", "app"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = create_app(read_settings(os.environ))
    globals().update(application=made, app=made)
    return made


def command_line() -> None:
    """The ``shidi`` command."""
    from api.cli import shidi

    shidi(obj=dict(os.environ))


if __name__ == "__main__":
    command_line()

"""Builds Shidi from the environment: ``application`` for a WSGI server, ``command_line`` for the ``shidi`` command.

This is the only module that reads the environment.
"""

import os
from typing import TYPE_CHECKING

from api.app import create_app
from api.settings import read_settings

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

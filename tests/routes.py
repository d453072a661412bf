"""The routes of the application, joined up once for a process: that takes longer than most tests."""

from functools import cache

from flask import Flask

from api.app import with_routes


@cache
def shared_routes() -> Flask:
    """An application without a house; one test at a time furnishes it (``api.app.furnish``)."""
    return with_routes()

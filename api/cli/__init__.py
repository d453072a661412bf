"""``shidi`` on the command line: thin callers of the same verbs, acting as a named account."""

from api.cli.main import shidi

__all__ = ["shidi"]
